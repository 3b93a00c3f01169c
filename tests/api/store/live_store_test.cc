#include "api/store/live_store.h"

#include <gmock/gmock.h>

#include <thread>

#include "tests/api/store/live_fixture.h"

namespace lectern::api {
namespace {

using testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LiveStoreTest : public LiveFixture<JobFixture> {
 protected:
  // Leased to a worker that takes live streams.
  int64_t Hold(const LiveStreamRow& stream) {
    if (worker_ == 0) {
      worker_ = Join("worker", 3);
      AttachRequest request;
      request.resource = worker_;
      request.credential_serial = 1;
      request.incarnation = "first";
      request.api_instance = "a";
      request.slots = 1;
      request.live_slots = 3;
      EXPECT_OK(links_.Attach(request, absl::Seconds(10)));
    }
    return Run(stream.job_id, worker_);
  }
  std::vector<int64_t> Store(const LiveStreamRow& stream, int64_t token, int64_t end_ms, bool receiving = true) {
    const WorkerReport report{worker_, stream.job_id, token, end_ms, receiving, R"({"videoCodec":"h264"})", R"([{"code":"SILENCE"}])", "slow"};
    absl::StatusOr<std::vector<int64_t>> counted = live_.ReportWorkers(absl::MakeConstSpan(&report, 1));
    EXPECT_OK(counted);
    return counted.value_or(std::vector<int64_t>());
  }
  std::vector<int64_t> Listed(LiveFilter filter) {
    absl::StatusOr<std::vector<LiveStreamRow>> rows = live_.List(filter);
    EXPECT_OK(rows);
    std::vector<int64_t> ids;
    for (const LiveStreamRow& row : *rows) ids.push_back(row.id);
    return ids;
  }
  std::vector<DueEnd> DueEnds(absl::Duration grace, absl::Duration well_for) {
    absl::StatusOr<std::vector<DueEnd>> due = live_.ListDueEnds({grace, well_for});
    EXPECT_OK(due);
    return due.value_or(std::vector<DueEnd>());
  }
  LiveStreamRow Get(int64_t stream) { return live_.Get(stream).value(); }
  void Set(int64_t stream, const std::string& what) {
    database_.Execute(absl::StrCat("update live_streams set ", what, " where id = ", stream));
  }

  int64_t worker_ = 0;
};

TEST_F(LiveStoreTest, OpeningMakesRecordingTaskAndIngestAndIsIdempotentBySession) {
  const int64_t lecture = NewLecture();
  const OpenedLive opened = Open(lecture);
  EXPECT_TRUE(opened.first);
  const LiveStreamRow& stream = opened.stream;
  EXPECT_EQ(stream.state, "starting");
  EXPECT_TRUE(stream.publishing);
  EXPECT_EQ(stream.lecture_title, "Lenses");
  EXPECT_EQ(stream.course_title, "Optics");
  EXPECT_EQ(stream.organization_name, "chair");
  EXPECT_EQ(stream.vod_resource_id, vod_);
  EXPECT_EQ(absl::ToUnixMicros(stream.started_at) % 1000, 0);
  EXPECT_EQ(AssetState(stream.asset_id), "live");
  EXPECT_EQ(State(stream.job_id), "ready");
  EXPECT_EQ(Text(absl::StrCat("select spec -> 'liveIngest' ->> 'startTimeMs' as t from jobs where id = ", stream.job_id)),
            absl::StrCat(absl::ToUnixMillis(stream.started_at)));
  const OpenedLive again = Open(lecture);
  EXPECT_FALSE(again.first);
  EXPECT_EQ(again.stream.id, stream.id);
  EXPECT_EQ(again.stream.job_id, stream.job_id);
  absl::StatusOr<std::optional<LiveStreamRow>> found = live_.FindBySession("s1");
  ASSERT_OK(found);
  ASSERT_TRUE(found->has_value());
  EXPECT_EQ((*found)->id, stream.id);
  EXPECT_FALSE(live_.FindBySession("unknown")->has_value());
  EXPECT_FALSE(live_.FindBySession("")->has_value());
  EXPECT_NE(Open(lecture, "s3", "pres").stream.id, stream.id) << "another view";
  EXPECT_THAT(live_.Open(Request(999)), StatusIs(absl::StatusCode::kNotFound, "LECTURE_NOT_FOUND"));
  OpenLive nowhere = Request(NewLecture());
  nowhere.vod_resource_id = proxy_;
  EXPECT_THAT(live_.Open(nowhere), StatusIs(absl::StatusCode::kNotFound, "RESOURCE_NOT_FOUND"));
}

TEST_F(LiveStoreTest, TheNewestSessionOwnsTheStream) {
  const int64_t lecture = NewLecture();
  const LiveStreamRow stream = Open(lecture, "s1").stream;
  Say(stream, false, 700);
  const LiveStreamRow taken = Open(lecture, "s2").stream;
  EXPECT_EQ(taken.id, stream.id);
  EXPECT_EQ(taken.job_id, stream.job_id);
  EXPECT_EQ(taken.session, "s2");
  EXPECT_TRUE(taken.publishing);
  const ReportedStream old = Say(stream, true, 0, "s1");
  EXPECT_TRUE(old.known);
  EXPECT_FALSE(old.mine);
  EXPECT_TRUE(Say(stream, true, 0, "s2").mine);
  Say(stream, false, 5, "s1");
  EXPECT_TRUE(Get(stream.id).publishing) << "the older one says nothing about it any more";
}

TEST_F(LiveStoreTest, ARepeatedOpeningOfASupersededSessionDoesNotTakeTheStreamBack) {
  const int64_t lecture = NewLecture();
  const LiveStreamRow stream = Open(lecture, "s1").stream;
  Open(lecture, "s2");
  EXPECT_THAT(live_.Open(Request(lecture, "s1")), StatusIs(absl::StatusCode::kAborted, "SUPERSEDED"));
  EXPECT_THAT(live_.Open(Request(NewLecture(), "s1")), StatusIs(absl::StatusCode::kAborted, "SUPERSEDED")) << "nor another one";
  EXPECT_EQ(Get(stream.id).session, "s2");
  EXPECT_EQ(Open(lecture, "s2").stream.id, stream.id);
  Set(stream.id, "state = 'ended', ended_at = now()");
  EXPECT_TRUE(Open(lecture, "s3").resumed);
  EXPECT_THAT(live_.Open(Request(lecture, "s2")), StatusIs(absl::StatusCode::kAborted, "SUPERSEDED")) << "of before it ended";
  ASSERT_OK(live_.ForgetSuperseded(absl::Hours(1)));
  EXPECT_EQ(Number("select count(*) as n from live_sessions_superseded"), 2);
  ASSERT_OK(live_.ForgetSuperseded(absl::ZeroDuration()));
  EXPECT_EQ(Number("select count(*) as n from live_sessions_superseded"), 0);
}

TEST_F(LiveStoreTest, NothingIsOpenedForALectureThatIsEndedMeanwhile) {
  const int64_t lecture = NewLecture();
  absl::StatusOr<OpenedLive> opened;
  std::thread opener;
  ASSERT_OK(pool_.Transaction([&](pg::Session& session) -> absl::Status {
    RETURN_IF_ERROR(session.Run({"test_end", "update lectures set ended_at = now() where id = $1"}, lecture).status());
    opener = std::thread([&] { opened = live_.Open(Request(lecture)); });
    const absl::Time give_up = absl::Now() + absl::Seconds(30);
    int64_t waiting = 0;
    while (waiting == 0 && absl::Now() < give_up) {
      waiting = Number("select count(*) as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'");
    }
    EXPECT_GT(waiting, 0) << "it does not wait for what is being done to its lecture";
    return absl::OkStatus();
  }));
  opener.join();
  EXPECT_THAT(opened, StatusIs(absl::StatusCode::kFailedPrecondition, "STREAM_ENDED"));
  EXPECT_EQ(Number("select count(*) as n from live_streams"), 0);
  EXPECT_EQ(Number("select count(*) as n from assets"), 0);
}

TEST_F(LiveStoreTest, AStreamThatAPersonEndedIsNotTakenUpAgain) {
  const int64_t lecture = NewLecture();
  const LiveStreamRow stream = Open(lecture).stream;
  EXPECT_OK(live_.End(stream.id, "the lecturer ended it", true));
  EXPECT_EQ(Get(stream.id).end_reason, "the lecturer ended it");
  EXPECT_THAT(live_.Open(Request(lecture, "s2")), StatusIs(absl::StatusCode::kFailedPrecondition, "STREAM_ENDED"));
}

TEST_F(LiveStoreTest, EndingAWaitingIngestIsFollowedByItsFinalisation) {
  const LiveStreamRow stream = Open(NewLecture()).stream;
  absl::StatusOr<std::string> instance = live_.End(stream.id, "enough", false);
  ASSERT_OK(instance);
  EXPECT_EQ(*instance, "");
  EXPECT_EQ(StreamState(stream.id), "ending");
  EXPECT_EQ(State(stream.job_id), "cancelled");
  EXPECT_EQ(Number(absl::StrCat("select pinned_resource_id as n from jobs where kind = 'finalise' and task_id = ", stream.task_id)), vod_);
  EXPECT_EQ(TaskState(stream.task_id), "open");
  ASSERT_OK(live_.End(stream.id, "again", true));
  EXPECT_EQ(Get(stream.id).end_reason, "enough");
  EXPECT_TRUE(Get(stream.id).by_hand);
  EXPECT_EQ(Number("select count(*) as n from jobs where kind = 'finalise'"), 1);
  EXPECT_THAT(live_.End(999, "", false), StatusIs(absl::StatusCode::kNotFound, "STREAM_NOT_FOUND"));
}

TEST_F(LiveStoreTest, TheIngestOfAnEndedStreamCannotBeRetried) {
  const LiveStreamRow stream = Open(NewLecture()).stream;
  ASSERT_OK(live_.End(stream.id, "enough", false));
  EXPECT_THAT(jobs_.Retry(stream.job_id), StatusIs(absl::StatusCode::kFailedPrecondition, "STREAM_ENDED"));
}

TEST_F(LiveStoreTest, LiveSlotsAreCountedApartThroughAllThatCanHappen) {
  const LiveStreamRow stream = Open(NewLecture()).stream;
  Hold(stream);
  const InsertedTask other = NewTaskOf({Noop()});
  const int64_t noop = Run(other.jobs[0], worker_);
  EXPECT_EQ(Busy(worker_), 1);
  EXPECT_EQ(LiveBusy(worker_), 1);
  Attach(worker_, "first", "a", 1);   // resumed: counted anew
  EXPECT_EQ(Busy(worker_), 1);
  EXPECT_EQ(LiveBusy(worker_), 1);
  End(worker_, other.jobs[0], noop);
  EXPECT_EQ(Busy(worker_), 0);
  EXPECT_EQ(LiveBusy(worker_), 1);
  const int64_t token = Number(absl::StrCat("select token as n from jobs where id = ", stream.job_id));
  EXPECT_TRUE(jobs_.Release(worker_, stream.job_id, token, "leg_failed", "reset").value());
  EXPECT_FALSE(jobs_.Release(worker_, stream.job_id, token, "leg_failed", "reset").value()) << "once";
  EXPECT_EQ(LiveBusy(worker_), 0);
  EXPECT_EQ(Get(stream.id).failovers, 1);
  Attach(worker_, "first", "a", 1);
  EXPECT_THAT(Assign(stream.job_id, worker_), IsEmpty()) << "no live slots are offered any more";
  ASSERT_OK(links_.SetSlots(worker_, Epoch(worker_), 0, 1));
  const std::vector<AssignedJob> assigned = Assign(stream.job_id, worker_);
  ASSERT_EQ(assigned.size(), 1);
  EXPECT_TRUE(jobs_.Reject(worker_, stream.job_id, assigned[0].token, "DRAINING").value());
  EXPECT_EQ(State(stream.job_id), "ready");
  EXPECT_EQ(LiveBusy(worker_), 0);
  EXPECT_EQ(Busy(worker_), 0);
}

TEST_F(LiveStoreTest, NoMoreStreamsAreLeasedThanThereAreLiveSlots) {
  const LiveStreamRow first = Open(NewLecture()).stream, second = Open(NewLecture(), "s2").stream;
  Hold(first);
  ASSERT_OK(links_.SetSlots(worker_, Epoch(worker_), 5, 1));
  EXPECT_THAT(Assign(second.job_id, worker_), IsEmpty());
  ASSERT_OK(links_.SetSlots(worker_, Epoch(worker_), 0, 2));
  EXPECT_EQ(Assign(second.job_id, worker_).size(), 1);
}

TEST_F(LiveStoreTest, OnlyTheHolderWithTheNewestTokenIsBelieved) {
  const LiveStreamRow stream = Open(NewLecture()).stream;
  const int64_t token = Hold(stream);
  EXPECT_THAT(Store(stream, token - 1, 9000), IsEmpty());
  EXPECT_EQ(StreamState(stream.id), "starting");
  EXPECT_THAT(Store(stream, token, 0), ElementsAre(stream.job_id));
  EXPECT_EQ(StreamState(stream.id), "starting") << "nothing is stored yet";
  Store(stream, token, 4000);
  const LiveStreamRow live = Get(stream.id);
  EXPECT_EQ(live.state, "live");
  EXPECT_EQ(live.end_ms, 4000);
  EXPECT_EQ(live.epoch, token);
  EXPECT_EQ(live.worker_id, worker_);
  EXPECT_EQ(live.reason, "slow");
  EXPECT_NE(live.first_media_at, absl::InfinitePast());
  EXPECT_EQ(Text(absl::StrCat("select facts ->> 'videoCodec' as t from live_streams where id = ", stream.id)), "h264");
  Store(stream, token, 2000);
  EXPECT_EQ(Get(stream.id).end_ms, 4000) << "it never goes back";
  ASSERT_OK(live_.SetRenditions(stream.job_id, token - 1, {{"480p", 854, 480, 1000, "avc1"}}));
  ASSERT_OK(live_.SetRenditions(stream.job_id, token, {{"1080p", 1920, 1080, 1000, "avc1"}, {"audio", 0, 0, 10, "mp4a"}}));
  ASSERT_OK(live_.SetRenditions(stream.job_id, token, {{"1080p", 1920, 1080, 2000, "avc1"}}));
  EXPECT_EQ(Text("select string_agg(label || bandwidth_bps, ',') as t from renditions"), "1080p2000");
}

TEST_F(LiveStoreTest, ABacklogThatIsStoredAfterThePublisherHasGoneIsNotOnAir) {
  const LiveStreamRow stream = Open(NewLecture()).stream;
  const int64_t token = Hold(stream);
  Store(stream, token, 4000);
  Say(stream, false, 1000);
  EXPECT_EQ(StreamState(stream.id), "interrupted");
  Store(stream, token, 6000);
  EXPECT_EQ(StreamState(stream.id), "interrupted");
  Say(stream, true);
  Store(stream, token, 8000);
  EXPECT_EQ(StreamState(stream.id), "live");
}

TEST_F(LiveStoreTest, WhatIsDueToEndFollowsFromTheClockAndFromWhatCouldBeHeard) {
  const absl::Duration minute = absl::Minutes(1);
  const LiveStreamRow stream = Open(NewLecture()).stream;
  EXPECT_THAT(DueEnds(minute, absl::Hours(1)), IsEmpty());
  Set(stream.id, "publishing = false, gone_at = now() - interval '2 minutes'");
  EXPECT_THAT(DueEnds(minute, absl::Seconds(1)), IsEmpty()) << "the proxy could not say yet that it is back";
  EXPECT_EQ(DueEnds(minute, absl::Seconds(5)).size(), 1);
  Set(stream.id, "pending_bytes = 1");
  EXPECT_THAT(DueEnds(minute, absl::Hours(1)), IsEmpty()) << "it is still being delivered";
  Set(stream.id, "pending_bytes = 0, gone_at = now() - interval '50 seconds'");
  EXPECT_THAT(DueEnds(minute, absl::Hours(1)), IsEmpty());
  Set(stream.id, "publishing = true, gone_at = null, reported_at = now() - interval '2 minutes'");
  EXPECT_THAT(DueEnds(minute, absl::Seconds(59)), IsEmpty()) << "this API was not well for as long";
  EXPECT_EQ(DueEnds(minute, minute).size(), 1);
  Set(stream.id, "reported_at = now()");
  EXPECT_THAT(DueEnds(minute, minute), IsEmpty());
  database_.Execute("update lectures set ends_at = now() - interval '1 second'");
  EXPECT_THAT(DueEnds(minute, minute), IsEmpty()) << "an encoder ends its lecture itself";
  database_.Execute("update lectures set ended_at = now()");
  ASSERT_EQ(DueEnds(minute, absl::ZeroDuration()).size(), 1);
  EXPECT_TRUE(DueEnds(minute, absl::ZeroDuration())[0].by_hand);
}

TEST_F(LiveStoreTest, ARehearsalIsToldToOpenAnewWhenItsLecturersLectureBegins) {
  const int64_t rehearsal = NewLecture(-1, 100'000);
  database_.Execute(absl::StrCat("update lectures set rehearsal_of = 1, starts_at = null, ends_at = null where id = ", rehearsal));
  const LiveStreamRow stream = Open(rehearsal).stream;
  EXPECT_TRUE(stream.rehearsal);
  Set(stream.id, "started_at = now() - interval '10 minutes'");
  EXPECT_FALSE(Say(stream, true).reopen);
  const int64_t earlier = NewLecture(-1200, 10'000);
  EXPECT_FALSE(Say(stream, true).reopen) << "that one had begun before the rehearsal did";
  const int64_t due = NewLecture(-5);
  EXPECT_TRUE(Say(stream, true).reopen);
  Open(due, "s2");
  EXPECT_FALSE(Say(stream, true).reopen) << "somebody else is on air in it";
  database_.Execute(absl::StrCat("delete from lectures where id in (", earlier, ")"));
}

TEST_F(LiveStoreTest, ListsShowRunningStreamsFirstAndOnlyWhatAPersonMaySee) {
  std::vector<int64_t> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(Open(NewLecture(), absl::StrCat("s", i)).stream.id);
  Set(ids[0], "state = 'ended'");
  Set(ids[4], "state = 'ended'");
  EXPECT_THAT(Listed({}), ElementsAre(ids[3], ids[2], ids[1]));
  LiveFilter all;
  all.include_ended = true;
  EXPECT_THAT(Listed(all), ElementsAre(ids[3], ids[2], ids[1], ids[4], ids[0]));
  all.limit = 2;
  EXPECT_THAT(Listed(all), ElementsAre(ids[3], ids[2]));
  all.before = ids[2];
  EXPECT_THAT(Listed(all), ElementsAre(ids[1], ids[4]));
  all.before = ids[4];
  all.after_ended = true;
  EXPECT_THAT(Listed(all), ElementsAre(ids[0]));
  LiveFilter below;
  below.organization = 2;
  EXPECT_EQ(Listed(below).size(), 3);
  below.organization = 4;
  EXPECT_THAT(Listed(below), IsEmpty());
  LiveFilter seen;
  seen.user = 1;
  EXPECT_EQ(Listed(seen).size(), 3) << "a lecturer of the course";
  database_.Execute("insert into users (email, display_name, role) values ('bob@example.org', 'Bob', 'lecturer')");
  seen.user = 2;
  EXPECT_THAT(Listed(seen), IsEmpty());
  database_.Execute("insert into maintainers (organization_id, user_id) values (1, 2)");
  EXPECT_EQ(Listed(seen).size(), 3);
  seen.user = 1;
  database_.Execute("update lectures set rehearsal_of = 2");
  EXPECT_THAT(Listed(seen), IsEmpty()) << "the rehearsals of a colleague";
}

TEST_F(LiveStoreTest, AnEndingIngestIsGivenUpOnlyWhenItsWorkerSaysNothing) {
  const LiveStreamRow stream = Open(NewLecture()).stream;
  const int64_t token = Hold(stream);
  ASSERT_OK(live_.End(stream.id, "enough", false));
  database_.Execute("update jobs set cancel_requested_at = now() - interval '1 minute'");
  Store(stream, token, 4000);
  EXPECT_THAT(jobs_.ListTroubled(absl::Seconds(10), absl::Hours(1), 10).value(), IsEmpty());
  Set(stream.id, "worker_at = now() - interval '20 seconds'");
  EXPECT_EQ(jobs_.ListTroubled(absl::Seconds(10), absl::Hours(1), 10)->size(), 1);
}

TEST_F(LiveStoreTest, ManyWhoOpenAtOnceGetOneStream) {
  const int64_t lecture = NewLecture();
  std::vector<std::thread> openers;
  for (int i = 0; i < 6; ++i) {
    openers.emplace_back([&, i] { EXPECT_OK(live_.Open(Request(lecture, absl::StrCat("s", i)))); });
  }
  for (std::thread& opener : openers) opener.join();
  EXPECT_EQ(Number("select count(*) as n from live_streams"), 1);
  EXPECT_EQ(Number("select count(*) as n from assets"), 1);
  EXPECT_EQ(Number("select count(*) as n from jobs"), 1);
}

}  // namespace
}  // namespace lectern::api
