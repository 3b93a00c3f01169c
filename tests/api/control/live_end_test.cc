// What the clock, the schedule and people do to live streams, and what becomes of their recordings.
#include <algorithm>
#include <set>

#include "tests/api/control/control_fixture.h"
#include "tests/api/store/live_fixture.h"

namespace lectern::api {
namespace {

using testing::StatusIs;

// One worker and one VOD service, attached to one instance.
class LiveEndTest : public LiveFixture<ControlFixture> {
 protected:
  void Begin(absl::Duration grace = absl::Hours(1)) {
    ControlConfig config = TestConfig("a", database_.url());
    config.live_grace = grace;
    config.rehearsal_age = absl::Seconds(1);
    api_ = std::make_unique<Instance>(config);
    ASSERT_TRUE(EventuallyLeader(*api_));
    worker_ = std::make_unique<FakeResource>(api_->address(), Join("worker", 3));
    worker_->AttachLive("w1", 4, 4);
    keeper_ = std::make_unique<FakeResource>(api_->address(), vod_);
    keeper_->Attach("v1", 4);
  }

  // On air, with four seconds stored.
  v1::Assign GoLive(const LiveStreamRow& stream, const std::string& session = "s1") {
    EXPECT_OK(api_->control().live().AcquireIngest({stream.id, proxy_, session, 0, ""}));
    return TakeIn(stream);
  }
  v1::Assign TakeIn(const LiveStreamRow& stream, int64_t end_ms = 4000) {
    const v1::Assign assign = worker_->NextAssign();
    worker_->Accept(assign);
    worker_->Report(assign, end_ms);
    EXPECT_TRUE(Eventually([&] { return StreamState(stream.id) == "live" && Renditions(stream) > 0; }));
    return assign;
  }
  int64_t Renditions(const LiveStreamRow& stream) {
    return Number(absl::StrCat("select count(*) as n from renditions where asset_id = ", stream.asset_id));
  }
  // The ingest stores the rest and ends.
  void WindUp(const v1::Assign& ingest) {
    std::optional<v1::ServerMessage> cancel = worker_->Next(v1::ServerMessage::kCancel);
    ASSERT_TRUE(cancel.has_value()) << "the worker was not told to end";
    EXPECT_EQ(cancel->cancel().token(), ingest.token());
    worker_->Done(ingest.job(), ingest.token());
    EXPECT_TRUE(worker_->NextRecorded().accepted());
  }
  v1::Assign NextFinalise() {
    v1::Assign assign = keeper_->NextAssign();
    EXPECT_TRUE(assign.spec().has_finalise());
    keeper_->Accept(assign);
    return assign;
  }
  static v1::JobResult Finalised(bool continuous, double seconds = 4) {
    v1::JobResult result;
    v1::FinaliseResult& finalise = *result.mutable_finalise();
    finalise.set_duration_seconds(seconds);
    finalise.set_continuous(continuous);
    if (seconds <= 0) return result;
    finalise.set_size_bytes(123456);
    finalise.set_sha256("abcd");
    v1::RenditionInfo& rendition = *finalise.add_renditions();
    rendition.set_label("1080p");
    rendition.set_bandwidth_bps(4'000'000);
    rendition.set_codecs("avc1.640028");
    return result;
  }
  static v1::JobResult Probed() {
    v1::JobResult result;
    v1::MediaInfo& media = *result.mutable_probe();
    media.set_duration_seconds(3.9);
    media.mutable_video()->set_codec("h264");
    media.mutable_video()->set_width(1920);
    media.mutable_video()->set_height(1080);
    media.mutable_video()->set_copyable(true);
    media.mutable_video()->set_max_gop_seconds(2);
    media.mutable_audio()->set_codec("aac");
    media.mutable_audio()->set_copyable(true);
    return result;
  }
  // Kinds and labels of the task's jobs.
  std::set<std::string> Jobs(const LiveStreamRow& stream) {
    absl::StatusOr<pg::Rows> rows = Query(absl::StrCat(
        "select j.kind || ' ' || j.label as t from all_jobs j join live_streams s on s.task_id = j.task_id where s.id = ", stream.id));
    EXPECT_OK(rows);
    std::set<std::string> jobs;
    for (int i = 0; i < rows->size(); ++i) jobs.insert((*rows)[i].Text("t"));
    return jobs;
  }

  absl::Status End(const LiveStreamRow& stream, bool by_hand = true) {
    return api_->control().live().End(absl::MakeConstSpan(&stream.id, 1), "the lecturer ended it", by_hand);
  }
  int64_t NewHallLecture(int starts_in, int lasts = 3600) {
    const int64_t lecture = NewLecture(starts_in, lasts);
    database_.Execute(absl::StrCat("update lectures set hall_id = 1 where id = ", lecture));
    return lecture;
  }
  void NewHall() {
    database_.Execute(R"sql(
      insert into halls (organization_id, display_name) values (3, 'MI HS 1');
      insert into hall_sources (hall_id, view, sealed_url, shown_url) values (1, 'cam', 'rtsp', 'rtsp://***'), (1, 'pres', 'rtmp', ''))sql");
  }
  int64_t Streams(int64_t lecture, const std::string& state) {
    return Number(absl::StrCat("select count(*) as n from live_streams where lecture_id = ", lecture, " and state = '", state, "'"));
  }

  std::unique_ptr<Instance> api_;
  std::unique_ptr<FakeResource> worker_, keeper_;
};

TEST_F(LiveEndTest, ARecordingIsPlayableAsSoonAsItsPlaylistsAreEndedAndIsThenImproved) {
  Begin();
  const LiveStreamRow stream = Open(NewLecture()).stream;
  const v1::Assign ingest = GoLive(stream);
  ASSERT_OK(End(stream));
  EXPECT_EQ(StreamState(stream.id), "ending");
  WindUp(ingest);
  const v1::Assign finalise = NextFinalise();
  EXPECT_EQ(finalise.spec().upload_id(), stream.upload_id);
  EXPECT_EQ(AssetState(stream.asset_id), "live");
  keeper_->Progress(finalise, 0.2);
  ASSERT_TRUE(Eventually([&] { return AssetState(stream.asset_id) == "playable"; }));
  EXPECT_EQ(StreamState(stream.id), "ended");

  keeper_->Done(finalise.job(), finalise.token(), Finalised(/*continuous=*/true, 5));
  EXPECT_TRUE(keeper_->NextRecorded().accepted());
  const v1::Assign probe = worker_->NextAssign();
  ASSERT_TRUE(probe.spec().has_probe());
  EXPECT_EQ(Number(absl::StrCat("select size_bytes as n from assets where id = ", stream.asset_id)), 123456);
  worker_->Accept(probe);
  worker_->Done(probe.job(), probe.token(), Probed());
  ASSERT_TRUE(worker_->NextRecorded().accepted());
  EXPECT_EQ(Number(absl::StrCat("select duration_ms as n from assets where id = ", stream.asset_id)), 5000) << "gaps included";
  const std::set<std::string> jobs = Jobs(stream);
  EXPECT_TRUE(jobs.contains("transcode_video 720p"));
  EXPECT_TRUE(jobs.contains("package 720p"));
  EXPECT_TRUE(jobs.contains("thumbnails "));
  EXPECT_TRUE(jobs.contains("silence "));
  EXPECT_FALSE(jobs.contains("package source")) << "the best picture is there already";
  EXPECT_FALSE(jobs.contains("transcode_audio audio"));
}

TEST_F(LiveEndTest, TheEndOfALectureDoesNotWaitForWhatItsVodServicePackages) {
  Begin();
  const LiveStreamRow stream = Open(NewLecture()).stream;
  const v1::Assign ingest = GoLive(stream);
  keeper_->Reset();
  FakeResource keeper(api_->address(), vod_);
  keeper.Attach("v1", 1);
  database_.Execute(absl::StrCat("update resource_sessions set slots = 1, busy = 1 where resource_id = ", vod_));
  ASSERT_OK(api_->control().live().End({stream.id}, "enough", true));
  WindUp(ingest);
  EXPECT_TRUE(keeper.NextAssign().spec().has_finalise());
}

TEST_F(LiveEndTest, ARecordingWithAGapKeepsItsLiveRenditions) {
  Begin();
  const LiveStreamRow stream = Open(NewLecture()).stream;
  const v1::Assign ingest = GoLive(stream);
  ASSERT_OK(End(stream));
  WindUp(ingest);
  const v1::Assign finalise = NextFinalise();
  keeper_->Done(finalise.job(), finalise.token(), Finalised(/*continuous=*/false));
  ASSERT_TRUE(keeper_->NextRecorded().accepted());
  EXPECT_EQ(AssetState(stream.asset_id), "playable") << "also where its progress was never heard";
  EXPECT_EQ(StreamState(stream.id), "ended");
  const v1::Assign probe = worker_->NextAssign();
  worker_->Accept(probe);
  worker_->Done(probe.job(), probe.token(), Probed());
  ASSERT_TRUE(worker_->NextRecorded().accepted());
  EXPECT_EQ(Jobs(stream),
            (std::set<std::string>{"live_ingest ", "finalise ", "probe ", "thumbnails ", "loudness ", "silence "}));
}

TEST_F(LiveEndTest, AStreamThatStoredNothingLeavesNothing) {
  Begin();
  const LiveStreamRow stream = Open(NewLecture()).stream;
  ASSERT_OK(api_->control().live().AcquireIngest({stream.id, proxy_, "s1", 0, ""}));
  const v1::Assign ingest = worker_->NextAssign();
  worker_->Accept(ingest);
  ASSERT_OK(End(stream));
  WindUp(ingest);
  const v1::Assign finalise = NextFinalise();
  keeper_->Progress(finalise, 0.5);
  keeper_->Done(finalise.job(), finalise.token(), Finalised(true, /*seconds=*/0));
  ASSERT_TRUE(keeper_->NextRecorded().accepted());
  EXPECT_EQ(AssetState(stream.asset_id), "removed");
  EXPECT_EQ(StreamState(stream.id), "ended");
  EXPECT_EQ(TaskState(stream.task_id), "done");
}

TEST_F(LiveEndTest, AStreamThatNobodyHoldsIsFinalisedAllTheSame) {
  Begin();
  const LiveStreamRow stream = Open(NewLecture()).stream;
  const v1::Assign ingest = GoLive(stream);
  worker_->Reset();
  ASSERT_TRUE(EventuallyState(stream.job_id, "ready"));
  ASSERT_OK(End(stream));
  const v1::Assign finalise = NextFinalise();
  keeper_->Done(finalise.job(), finalise.token(), Finalised(true));
  ASSERT_TRUE(keeper_->NextRecorded().accepted());
  EXPECT_EQ(AssetState(stream.asset_id), "playable");
  EXPECT_EQ(State(stream.job_id), "cancelled");
}

TEST_F(LiveEndTest, WhatWasPlayableStaysSoWhereFinalisingFailsForGood) {
  Begin();
  const LiveStreamRow stream = Open(NewLecture()).stream;
  const v1::Assign ingest = GoLive(stream);
  ASSERT_OK(End(stream));
  WindUp(ingest);
  const v1::Assign finalise = NextFinalise();
  keeper_->Fail(finalise, v1::REJECTED_INPUT, "the disk is gone");
  ASSERT_TRUE(keeper_->NextRecorded().accepted());
  EXPECT_EQ(StreamState(stream.id), "ended");
  EXPECT_EQ(AssetState(stream.asset_id), "complete");
  EXPECT_EQ(Text(absl::StrCat("select error as t from assets where id = ", stream.asset_id)), "the disk is gone");
}

TEST_F(LiveEndTest, APublisherThatIsGoneForLongerThanTheGraceEndsItsStreamOnceAllIsDelivered) {
  Begin(/*grace=*/absl::Seconds(1));
  const LiveStreamRow stream = Open(NewLecture()).stream;
  const v1::Assign ingest = GoLive(stream);
  database_.Execute(absl::StrCat("update live_streams set gone_at = now() - interval '1 hour' where id = ", stream.id));
  Say(stream, false, /*pending=*/1000);
  EXPECT_EQ(StreamState(stream.id), "interrupted");
  // It still delivers, for many passes of the rules.
  for (int i = 0; i < 20; ++i) {
    Say(stream, false, 1000);
    absl::SleepFor(absl::Milliseconds(100));
    ASSERT_EQ(StreamState(stream.id), "interrupted");
  }
  Say(stream, false, 0);
  WindUp(ingest);
  EXPECT_EQ(Text(absl::StrCat("select end_reason as t from live_streams where id = ", stream.id)), "the encoder has gone");
  NextFinalise();
}

TEST_F(LiveEndTest, AProxyThatIsSilentForLongerThanTheGraceEndsItsStreams) {
  Begin(/*grace=*/absl::Seconds(1));
  const LiveStreamRow stream = Open(NewLecture()).stream;
  const v1::Assign ingest = GoLive(stream);
  WindUp(ingest);
  EXPECT_EQ(Text(absl::StrCat("select end_reason as t from live_streams where id = ", stream.id)),
            "the RTMP proxy has not been heard any more");
}

TEST_F(LiveEndTest, APublisherWhoComesBackGoesOnWithTheSameRecordingAndStopsItsImprovement) {
  Begin();
  const int64_t lecture = NewLecture();
  const LiveStreamRow stream = Open(lecture).stream;
  WindUp([&] {
    const v1::Assign ingest = GoLive(stream);
    EXPECT_OK(End(stream, /*by_hand=*/false));
    return ingest;
  }());
  const v1::Assign finalise = NextFinalise();
  keeper_->Progress(finalise, 0.2);
  ASSERT_TRUE(Eventually([&] { return AssetState(stream.asset_id) == "playable"; }));

  const OpenedLive again = Open(lecture, "s2");
  EXPECT_TRUE(again.resumed);
  EXPECT_EQ(again.stream.id, stream.id);
  EXPECT_EQ(again.stream.upload_id, stream.upload_id);
  EXPECT_EQ(again.stream.started_at, stream.started_at);
  EXPECT_EQ(again.instances, std::vector<std::string>{"a"});
  EXPECT_EQ(AssetState(stream.asset_id), "live");
  for (const std::string& instance : again.instances) api_->control().hints().push(instance);
  std::optional<v1::ServerMessage> cancel = keeper_->Next(v1::ServerMessage::kCancel);
  ASSERT_TRUE(cancel.has_value());
  EXPECT_EQ(cancel->cancel().token(), finalise.token());
  // It was done before it heard of that: too late all the same.
  keeper_->Done(finalise.job(), finalise.token(), Finalised(true));
  ASSERT_TRUE(keeper_->NextRecorded().accepted());
  EXPECT_EQ(AssetState(stream.asset_id), "live");
  ASSERT_OK(api_->control().live().AcquireIngest({stream.id, proxy_, "s2", 0, ""}));
  const v1::Assign next = TakeIn(again.stream, 60'000);
  EXPECT_NE(next.job(), stream.job_id);
  ASSERT_OK(End(stream));
  WindUp(next);
  NextFinalise();
}

TEST_F(LiveEndTest, TheIngestOfAnEndingStreamThatIsTakenUpAgainEndsWithoutConsequences) {
  Begin();
  const int64_t lecture = NewLecture();
  const LiveStreamRow stream = Open(lecture).stream;
  const v1::Assign old = GoLive(stream);
  ASSERT_OK(End(stream, /*by_hand=*/false));
  const LiveStreamRow again = Open(lecture, "s2").stream;
  ASSERT_NE(again.job_id, stream.job_id);
  ASSERT_OK(api_->control().live().AcquireIngest({stream.id, proxy_, "s2", 0, ""}));
  const v1::Assign next = worker_->NextAssign();
  EXPECT_EQ(next.job(), again.job_id);
  WindUp(old);
  EXPECT_EQ(Number("select count(*) as n from all_jobs where kind = 'finalise'"), 0);
  EXPECT_EQ(StreamState(stream.id), "starting");
}

TEST_F(LiveEndTest, HallsGoLiveWithTheirLectureAlsoLateAndEndWithIt) {
  NewHall();
  const int64_t late = NewHallLecture(-1800);
  NewHallLecture(1800);
  Begin();
  std::set<std::string> urls;
  std::vector<v1::Assign> ingests;
  for (int i = 0; i < 2; ++i) {
    ingests.push_back(worker_->NextAssign());
    EXPECT_EQ(ingests.back().spec().lecture(), late);
    EXPECT_TRUE(ingests.back().spec().live_ingest().pull());
    EXPECT_TRUE(ingests.back().ingest_key().empty());
    worker_->Accept(ingests.back());
    urls.insert(ingests.back().pull_url());
  }
  EXPECT_EQ(urls, (std::set<std::string>{"opened:rtsp", "opened:rtmp"}));
  EXPECT_EQ(Number("select count(*) as n from live_streams"), 2) << "the other lecture is not due";
  EXPECT_THAT(live_.Open(Request(late, "s1", "cam")), StatusIs(absl::StatusCode::kFailedPrecondition, "ON_AIR_FROM_HALL"));
  database_.Execute(absl::StrCat("update lectures set ends_at = now() where id = ", late));
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(worker_->Next(v1::ServerMessage::kCancel).has_value());
  EXPECT_EQ(Streams(late, "ending"), 2);
}

TEST_F(LiveEndTest, AHallWhoseIngestEndedComesBackUnlessAPersonEndedIt) {
  NewHall();
  database_.Execute("delete from hall_sources where view = 'pres'");
  const int64_t lecture = NewHallLecture(-10);
  Begin();
  const v1::Assign first = worker_->NextAssign();
  worker_->Accept(first);
  worker_->Report(first, 4000);
  ASSERT_TRUE(Eventually([&] { return Streams(lecture, "live") == 1; }));
  worker_->Done(first.job(), first.token());
  v1::Assign finalise = NextFinalise();
  keeper_->Done(finalise.job(), finalise.token(), Finalised(true));
  v1::Assign second = worker_->NextAssign();
  while (!second.spec().has_live_ingest()) second = worker_->NextAssign();   // the probe may come before it
  EXPECT_NE(second.job(), first.job());
  EXPECT_EQ(second.spec().upload_id(), first.spec().upload_id());
  worker_->Accept(second);
  ASSERT_TRUE(EventuallyState(second.job(), "running"));
  LiveStreamRow stream;
  stream.id = Number("select id as n from live_streams");
  ASSERT_OK(End(stream));
  while (std::optional<v1::ServerMessage> cancel = worker_->Next(v1::ServerMessage::kCancel)) {
    if (cancel->cancel().token() == second.token()) break;
  }
  worker_->Done(second.job(), second.token());
  finalise = NextFinalise();
  keeper_->Done(finalise.job(), finalise.token(), Finalised(true));
  ASSERT_TRUE(Eventually([&] { return Streams(lecture, "ended") == 1; }));
  const absl::StatusOr<std::vector<DueHall>> due = live_.ListDueHalls();
  ASSERT_OK(due);
  EXPECT_EQ(due->size(), 0);
}

TEST_F(LiveEndTest, AStreamThatStoresNothingForAWhileIsInterruptedAndComesBack) {
  Begin();
  const LiveStreamRow stream = Open(NewLecture()).stream;
  const v1::Assign ingest = GoLive(stream);
  database_.Execute(absl::StrCat("update live_streams set segment_at = now() - interval '1 minute' where id = ", stream.id));
  ASSERT_TRUE(Eventually([&] { return StreamState(stream.id) == "interrupted"; }));
  worker_->Report(ingest, 90'000);
  EXPECT_TRUE(Eventually([&] { return StreamState(stream.id) == "live"; }));
}

TEST_F(LiveEndTest, ADeletedLectureTakesItsStreamAlongWithoutARecording) {
  Begin();
  const int64_t lecture = NewLecture();
  const LiveStreamRow stream = Open(lecture).stream;
  const v1::Assign ingest = GoLive(stream);
  std::vector<std::string> instances;
  ASSERT_OK(pool_.Transaction([&](pg::Session& session) -> absl::Status {
    ASSIGN_OR_RETURN(instances, jobs_.CancelAll(session, lecture, 0));
    return absl::OkStatus();
  }));
  database_.Execute(absl::StrCat("delete from lectures where id = ", lecture));
  for (const std::string& instance : instances) api_->control().hints().push(instance);
  WindUp(ingest);
  EXPECT_EQ(StreamState(stream.id), "ended");
  EXPECT_EQ(Number("select count(*) as n from all_jobs where kind = 'finalise'"), 0);
}

TEST_F(LiveEndTest, RehearsalsAreDeletedAfterTheirTime) {
  Begin();
  const int64_t lecture = NewLecture();
  const LiveStreamRow stream = Open(lecture).stream;
  database_.Execute(absl::StrCat("update live_streams set state = 'ended' where id = ", stream.id,
                                 "; delete from jobs; update assets set state = 'complete'; update lectures set rehearsal_of = 1, "
                                 "created_at = now() - interval '1 day' where id = ", lecture));
  ASSERT_TRUE(Eventually([&] { return Number("select count(*) as n from lectures") == 0; }));
  const v1::Assign deletion = keeper_->NextAssign();
  EXPECT_TRUE(deletion.spec().has_delete_media());
  EXPECT_EQ(deletion.spec().upload_id(), stream.upload_id);
}

}  // namespace
}  // namespace lectern::api
