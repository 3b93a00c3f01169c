// Placing live streams, losing their workers, and what is reported of them, with control rooms on a real database.
#include <algorithm>
#include <thread>

#include "tests/api/control/control_fixture.h"
#include "tests/api/store/live_fixture.h"

namespace lectern::api {
namespace {

using testing::StatusIs;

class LiveTest : public LiveFixture<ControlFixture> {
 protected:
  absl::StatusOr<IngestLease> Acquire(Instance& instance, const LiveStreamRow& stream, int64_t failed_epoch = 0,
                                      const std::string& session = "s1") {
    return instance.control().live().AcquireIngest({stream.id, proxy_, session, failed_epoch, "connection reset"});
  }
  int64_t Token(const LiveStreamRow& stream) { return Number(absl::StrCat("select token as n from jobs where id = ", stream.job_id)); }
  int64_t Failovers(const LiveStreamRow& stream) {
    return Number(absl::StrCat("select failovers as n from live_streams where id = ", stream.id));
  }
};

TEST_F(LiveTest, AStreamIsPlacedAtOnceBesideFullSlotsAndItsWorkerHoldsTheKeyOfTheProxy) {
  auto api = Start("a");
  ASSERT_TRUE(EventuallyLeader(*api));
  const int64_t worker = Join("worker", 3);
  FakeResource resource(api->address(), worker);
  resource.AttachLive("w1", /*live_slots=*/1, /*slots=*/1);
  Submit(*api, {Noop()});
  resource.NextAssign();
  const LiveStreamRow stream = Open(NewLecture()).stream;

  absl::StatusOr<IngestLease> lease = Acquire(*api, stream);
  ASSERT_OK(lease);
  const v1::Assign assign = resource.NextAssign();
  EXPECT_EQ(assign.job(), stream.job_id);
  EXPECT_EQ(assign.token(), lease->epoch);
  EXPECT_EQ(assign.spec().live_ingest().start_time_ms(), absl::ToUnixMillis(stream.started_at));
  EXPECT_EQ(assign.ingest_key(), lease->key);
  EXPECT_EQ(lease->url, absl::StrCat("rtmp://w1:1935/ingest/", stream.job_id, "-", lease->epoch));
  EXPECT_EQ(lease->worker, worker);
  EXPECT_EQ(Busy(worker), 1);
  EXPECT_EQ(LiveBusy(worker), 1);
}

TEST_F(LiveTest, ALiveStreamTakesNoSlotFromOtherJobs) {
  auto api = Start("a");
  ASSERT_TRUE(EventuallyLeader(*api));
  FakeResource resource(api->address(), Join("worker", 3));
  resource.AttachLive("w1", /*live_slots=*/1, /*slots=*/1);
  ASSERT_OK(Acquire(*api, Open(NewLecture()).stream));
  resource.NextAssign();
  const InsertedTask task = Submit(*api, {Noop()});
  EXPECT_EQ(resource.NextAssign().job(), task.jobs[0]);
}

TEST_F(LiveTest, WithoutAFreeWorkerTheAnswerSaysWhy) {
  auto api = Start("a");
  ASSERT_TRUE(EventuallyLeader(*api));
  FakeResource resource(api->address(), Join("worker", 3));
  resource.AttachLive("w1", /*live_slots=*/1, /*slots=*/5);
  ASSERT_OK(Acquire(*api, Open(NewLecture()).stream));
  absl::StatusOr<IngestLease> second = Acquire(*api, Open(NewLecture(), "s2").stream, 0, "s2");
  EXPECT_THAT(second, StatusIs(absl::StatusCode::kResourceExhausted, "NO_FREE_WORKER"));
  EXPECT_THAT(std::string(second.status().message()), ::testing::HasSubstr("is full (1 of 1 live streams)"));
}

TEST_F(LiveTest, AStreamWhoseWorkerFailedGoesToAnotherAndTheOldOneIsStopped) {
  auto api = Start("a");
  ASSERT_TRUE(EventuallyLeader(*api));
  const int64_t first_id = Join("worker", 3), second_id = Join("worker", 1);
  FakeResource first(api->address(), first_id), second(api->address(), second_id);
  first.AttachLive("w1", 5);
  second.AttachLive("w2", 5);
  const LiveStreamRow stream = Open(NewLecture()).stream;
  absl::StatusOr<IngestLease> lease = Acquire(*api, stream);
  ASSERT_OK(lease);
  ASSERT_EQ(lease->worker, first_id) << "the nearest organization's";
  const v1::Assign old = first.NextAssign();
  first.Accept(old);
  ASSERT_TRUE(EventuallyState(stream.job_id, "running"));

  absl::StatusOr<IngestLease> next = Acquire(*api, stream, lease->epoch);
  ASSERT_OK(next);
  EXPECT_EQ(next->worker, second_id);
  EXPECT_GT(next->epoch, lease->epoch);
  EXPECT_EQ(first.NextStopped(), lease->epoch);
  EXPECT_EQ(Failovers(stream), 1);
  EXPECT_EQ(LiveBusy(first_id), 0);
  EXPECT_EQ(LiveBusy(second_id), 1);

  // The old one is fenced off, whatever it says.
  first.Report(old, 8000);
  first.Done(old.job(), old.token());
  EXPECT_FALSE(first.NextRecorded().accepted());
  const v1::Assign now = second.NextAssign();
  second.Accept(now);
  second.Report(now, 2000);
  ASSERT_TRUE(Eventually([&] { return StreamState(stream.id) == "live"; }));
  EXPECT_EQ(Number(absl::StrCat("select end_ms as n from live_streams where id = ", stream.id)), 2000);
  EXPECT_TRUE(Eventually(
      [&] { return Text(absl::StrCat("select label as t from renditions where asset_id = ", stream.asset_id)) == "1080p"; }));
}

TEST_F(LiveTest, TwentyFailuresInARowEachEndAtAWorkerOtherThanTheOneThatFailed) {
  auto api = Start("a");
  ASSERT_TRUE(EventuallyLeader(*api));
  FakeResource first(api->address(), Join("worker", 3)), second(api->address(), Join("worker", 3));
  first.AttachLive("w1", 1);
  second.AttachLive("w2", 1);
  const LiveStreamRow stream = Open(NewLecture()).stream;
  absl::StatusOr<IngestLease> lease = Acquire(*api, stream);
  ASSERT_OK(lease);
  std::vector<double> took_ms;
  for (int i = 0; i < 20; ++i) {
    const absl::Time before = absl::Now();
    absl::StatusOr<IngestLease> next = Acquire(*api, stream, lease->epoch);
    took_ms.push_back(absl::ToDoubleMilliseconds(absl::Now() - before));
    ASSERT_OK(next);
    ASSERT_NE(next->worker, lease->worker);
    ASSERT_GT(next->epoch, lease->epoch);
    lease = next;
  }
  std::sort(took_ms.begin(), took_ms.end());
  RecordProperty("acquire_median_ms", absl::StrCat(took_ms[10]));
  RecordProperty("acquire_worst_ms", absl::StrCat(took_ms[19]));
  EXPECT_EQ(Failovers(stream), 20);
}

TEST_F(LiveTest, TheOnlyWorkerIsTakenAgainRatherThanNone) {
  auto api = Start("a");
  ASSERT_TRUE(EventuallyLeader(*api));
  FakeResource resource(api->address(), Join("worker", 3));
  resource.AttachLive("w1", 1);
  const LiveStreamRow stream = Open(NewLecture()).stream;
  absl::StatusOr<IngestLease> lease = Acquire(*api, stream);
  ASSERT_OK(lease);
  absl::StatusOr<IngestLease> again = Acquire(*api, stream, lease->epoch);
  ASSERT_OK(again);
  EXPECT_GT(again->epoch, lease->epoch);
}

TEST_F(LiveTest, ManyWhoAskAtOnceGetOneEpoch) {
  auto a = Start("a");
  auto b = Start("b");
  ASSERT_TRUE(Eventually([&] { return a->control().is_leader() || b->control().is_leader(); }));
  FakeResource first(a->address(), Join("worker", 3)), second(b->address(), Join("worker", 3));
  first.AttachLive("w1", 5);
  second.AttachLive("w2", 5);
  const LiveStreamRow stream = Open(NewLecture()).stream;
  int64_t epoch = 0;
  for (int round = 0; round < 5; ++round) {
    std::vector<absl::StatusOr<IngestLease>> leases(8, absl::UnknownError("not asked"));
    std::vector<std::thread> askers;
    for (int i = 0; i < 8; ++i) {
      // The leader is woken meanwhile, and may be the one that places it.
      askers.emplace_back([&, i] {
        (i % 2 == 0 ? a : b)->control().hints().work();
        leases[i] = Acquire(i % 2 == 0 ? *a : *b, stream, epoch);
      });
    }
    for (std::thread& asker : askers) asker.join();
    for (const absl::StatusOr<IngestLease>& lease : leases) {
      ASSERT_OK(lease);
      EXPECT_EQ(lease->epoch, leases[0]->epoch);
      EXPECT_EQ(lease->url, leases[0]->url);
    }
    EXPECT_GT(leases[0]->epoch, epoch);
    EXPECT_EQ(Token(stream), leases[0]->epoch);
    epoch = leases[0]->epoch;
  }
  EXPECT_EQ(Failovers(stream), 4);
  EXPECT_EQ(Number("select sum(live_busy) as n from resource_sessions"), 1);
}

TEST_F(LiveTest, AnAssignmentReachesAWorkerThatAnotherInstanceHolds) {
  auto a = Start("a");
  auto b = Start("b");
  FakeResource resource(b->address(), Join("worker", 3));
  resource.AttachLive("w1", 1);
  const LiveStreamRow stream = Open(NewLecture()).stream;
  absl::StatusOr<IngestLease> lease = Acquire(*a, stream);
  ASSERT_OK(lease);
  EXPECT_EQ(resource.NextAssign().token(), lease->epoch);
}

TEST_F(LiveTest, AKilledWorkersStreamIsTakenOverThoughNobodyAsks) {
  auto api = Start("a");
  ASSERT_TRUE(EventuallyLeader(*api));
  const int64_t second_id = Join("worker", 3), first_id = Join("worker", 3);
  auto first = std::make_unique<FakeResource>(api->address(), first_id);
  first->AttachLive("w1", 1);
  const LiveStreamRow stream = Open(NewLecture()).stream;
  ASSERT_OK(Acquire(*api, stream));
  const v1::Assign old = first->NextAssign();
  first->Accept(old);
  ASSERT_TRUE(EventuallyState(stream.job_id, "running"));
  FakeResource second(api->address(), second_id);
  second.AttachLive("w2", 1);
  first->Reset();
  const v1::Assign taken = second.NextAssign();
  EXPECT_EQ(taken.job(), stream.job_id);
  EXPECT_GT(taken.token(), old.token());
  EXPECT_EQ(Failovers(stream), 1);
  // The proxy, which comes late, is sent there.
  absl::StatusOr<IngestLease> lease = Acquire(*api, stream, old.token());
  ASSERT_OK(lease);
  EXPECT_EQ(lease->epoch, taken.token());
}

TEST_F(LiveTest, AWorkerThatFailsOrHandsBackIsFollowedByAnotherAtOnceHoweverOften) {
  auto api = Start("a");
  ASSERT_TRUE(EventuallyLeader(*api));
  FakeResource first(api->address(), Join("worker", 3)), second(api->address(), Join("worker", 3));
  first.AttachLive("w1", 1);
  second.AttachLive("w2", 1);
  const LiveStreamRow stream = Open(NewLecture()).stream;
  absl::StatusOr<IngestLease> lease = Acquire(*api, stream);
  ASSERT_OK(lease);
  for (int i = 0; i < 8; ++i) {
    FakeResource& holder = absl::StrContains(lease->url, "w1") ? first : second;
    const v1::Assign assign = holder.NextAssign();
    ASSERT_EQ(assign.token(), lease->epoch);
    holder.Accept(assign);
    holder.Fail(assign, v1::MEDIA, "the lens cap was on");
    ASSERT_TRUE(holder.NextRecorded().accepted());
    lease = Acquire(*api, stream, lease->epoch);
    ASSERT_OK(lease);
  }
  EXPECT_EQ(Failovers(stream), 8);
}

TEST_F(LiveTest, ASupersededSessionAndAnotherProxyGetNothing) {
  auto api = Start("a");
  FakeResource resource(api->address(), Join("worker", 3));
  resource.AttachLive("w1", 1);
  const int64_t lecture = NewLecture();
  const LiveStreamRow stream = Open(lecture, "s1").stream;
  ASSERT_OK(Acquire(*api, stream));
  Open(lecture, "s2");
  EXPECT_THAT(Acquire(*api, stream, 0, "s1"), StatusIs(absl::StatusCode::kAborted, "SUPERSEDED"));
  EXPECT_OK(Acquire(*api, stream, 0, "s2"));
  const int64_t other = Join("rtmp_proxy", 1);
  EXPECT_THAT(api->control().live().AcquireIngest({stream.id, other, "s2", 0, ""}), StatusIs(absl::StatusCode::kAborted, "SUPERSEDED"));
  EXPECT_THAT(api->control().live().AcquireIngest({999, proxy_, "s2", 0, ""}), StatusIs(absl::StatusCode::kNotFound, "STREAM_NOT_FOUND"));
}

TEST_F(LiveTest, MovingTakesAnotherWorkerAndIsNoFailover) {
  auto api = Start("a");
  ASSERT_TRUE(EventuallyLeader(*api));
  FakeResource first(api->address(), Join("worker", 3));
  first.AttachLive("w1", 1);
  const LiveStreamRow stream = Open(NewLecture()).stream;
  absl::StatusOr<IngestLease> lease = Acquire(*api, stream);
  ASSERT_OK(lease);
  EXPECT_THAT(api->control().live().Move(stream.id, "moved by a person"), StatusIs(absl::StatusCode::kResourceExhausted, "NO_FREE_WORKER"));
  EXPECT_EQ(Token(stream), lease->epoch) << "it stays where it is";
  FakeResource second(api->address(), Join("worker", 1));
  second.AttachLive("w2", 1);
  ASSERT_OK(api->control().live().Move(stream.id, "moved by a person"));
  const v1::Assign moved = second.NextAssign();
  EXPECT_EQ(moved.job(), stream.job_id);
  EXPECT_EQ(first.NextStopped(), lease->epoch);
  EXPECT_EQ(Failovers(stream), 0);
  EXPECT_EQ(Say(stream, true).epoch, moved.token()) << "so that the proxy asks where it is now";
}

TEST_F(LiveTest, StreamsOfADrainedWorkerGoWhereverThereIsRoom) {
  auto api = Start("a");
  ASSERT_TRUE(EventuallyLeader(*api));
  const int64_t first_id = Join("worker", 3), second_id = Join("worker", 1);
  FakeResource first(api->address(), first_id), second(api->address(), second_id);
  first.AttachLive("w1", 3);
  second.AttachLive("w2", 1);
  const LiveStreamRow stays = Open(NewLecture(), "s1").stream, goes = Open(NewLecture(), "s2").stream;
  ASSERT_OK(Acquire(*api, stays, 0, "s1"));
  ASSERT_OK(Acquire(*api, goes, 0, "s2"));
  ASSERT_EQ(LiveBusy(first_id), 2);
  database_.Execute(absl::StrCat("update resources set draining = true where id = ", first_id));
  EXPECT_TRUE(Eventually([&] { return LiveBusy(second_id) == 1; }));
  EXPECT_EQ(second.NextAssign().job(), stays.job_id) << "the oldest first";
  EXPECT_EQ(LiveBusy(first_id), 1) << "what has no other place stays";
  EXPECT_EQ(Failovers(stays), 0);
  FakeResource third(api->address(), Join("worker", 1));
  third.AttachLive("w3", 1);
  EXPECT_EQ(third.NextAssign().job(), goes.job_id);
  EXPECT_EQ(LiveBusy(first_id), 0);
}

TEST_F(LiveTest, ManyStreamsThatFailMoveAndReportAtOnceLeaveTrueCountsAndMeetInNoDeadlock) {
  auto a = Start("a");
  auto b = Start("b");
  ASSERT_TRUE(Eventually([&] { return a->control().is_leader() || b->control().is_leader(); }));
  std::vector<std::unique_ptr<FakeResource>> workers;
  for (int i = 0; i < 4; ++i) {
    workers.push_back(std::make_unique<FakeResource>((i % 2 == 0 ? a : b)->address(), Join("worker", 3)));
    workers.back()->AttachLive(absl::StrCat("w", i), 8, 8);
  }
  std::vector<LiveStreamRow> streams;
  for (int i = 0; i < 6; ++i) streams.push_back(Open(NewLecture()).stream);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < streams.size(); ++i) {
    threads.emplace_back([&, i] {
      Instance& api = i % 2 == 0 ? *a : *b;
      int64_t epoch = 0;
      for (int round = 0; round < 15; ++round) {
        absl::StatusOr<IngestLease> lease = Acquire(api, streams[i], epoch);
        ASSERT_OK(lease);
        epoch = lease->epoch;
        std::vector<WorkerReport> reports;
        std::vector<ProxyReport> said;
        for (const LiveStreamRow& stream : streams) {
          reports.push_back({lease->worker, stream.job_id, epoch, 1000 * (round + 1), true, "{}", "[]", ""});
          said.push_back({stream.id, "s1", true, epoch, 0, "", "{}"});
        }
        std::reverse(said.begin(), said.end());
        ASSERT_OK(live_.ReportWorkers(reports));
        ASSERT_OK(live_.ReportProxy(proxy_, said));
        if (round % 4 == 3) ASSERT_OK(api.control().live().Move(streams[i].id, "moved by a person"));
        Submit(api, {Noop()});
      }
      if (i % 2 == 0) ASSERT_OK(api.control().live().End(absl::MakeConstSpan(&streams[i].id, 1), "enough", true));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Number(R"sql(
    select count(*) as n from resource_sessions s
    where s.live_busy <> (select count(*) from jobs j where j.resource_id = s.resource_id and j.kind = 'live_ingest'
                            and j.state in ('leased', 'running', 'cancelling')))sql"), 0);
  EXPECT_EQ(Number("select deadlocks as n from pg_stat_database where datname = current_database()"), 0);
}

TEST_F(LiveTest, ARestartOfTheApiLeavesAStreamWhereItIs) {
  const int64_t worker = Join("worker", 3);
  auto a = Start("a");
  auto resource = std::make_unique<FakeResource>(a->address(), worker);
  resource->AttachLive("w1", 1);
  const LiveStreamRow stream = Open(NewLecture()).stream;
  absl::StatusOr<IngestLease> lease = Acquire(*a, stream);
  ASSERT_OK(lease);
  resource->Accept(resource->NextAssign());
  ASSERT_TRUE(EventuallyState(stream.job_id, "running"));
  std::thread leaving([&] { resource->WaitEnd(); });
  a.reset();
  leaving.join();
  auto b = Start("b");
  ASSERT_TRUE(EventuallyLeader(*b));
  FakeResource again(b->address(), worker);
  again.AttachLive("w1", 1, 0, {{stream.job_id, lease->epoch}});
  std::optional<v1::ServerMessage> reconcile = again.Next(v1::ServerMessage::kReconcile);
  ASSERT_TRUE(reconcile.has_value());
  EXPECT_EQ(reconcile->reconcile().keep_size(), 1);
  EXPECT_EQ(LiveBusy(worker), 1);
  absl::StatusOr<IngestLease> same = Acquire(*b, stream);
  ASSERT_OK(same);
  EXPECT_EQ(same->epoch, lease->epoch);
  EXPECT_EQ(Failovers(stream), 0);
}

}  // namespace
}  // namespace lectern::api
