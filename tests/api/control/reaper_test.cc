#include <atomic>

#include "tests/api/control/control_fixture.h"

namespace lectern::api {
namespace {

using Message = v1::ServerMessage;

class ReaperTest : public ControlFixture {};

TEST_F(ReaperTest, ASilentWorkerIsLostAndItsLateResultRefused) {
  ControlConfig config = TestConfig("a", database_.url());
  config.suspect_after = absl::Milliseconds(300);
  config.lost_after = absl::Seconds(1);
  Instance api(config);
  const int64_t frozen = Join("worker", 3), other = Join("worker", 2);
  FakeResource first(api.address(), frozen), second(api.address(), other);
  first.Attach("one");
  const InsertedTask task = Submit(api, {Noop()});
  const v1::Assign assign = first.NextAssign();
  first.Accept(assign);
  ASSERT_TRUE(EventuallyState(task.jobs[0], "running"));
  // Nothing is heard of the first any more, although its connection stands.
  std::atomic<bool> stop{false};
  second.Attach("two");
  std::thread beats([&] {
    while (!stop) {
      second.Beat();
      absl::SleepFor(absl::Milliseconds(100));
    }
  });
  const v1::Assign again = second.NextAssign();
  stop = true;
  beats.join();
  EXPECT_EQ(again.job(), assign.job());
  EXPECT_GT(again.token(), assign.token());
  first.Done(assign.job(), assign.token());
  std::optional<v1::ServerMessage> recorded = first.Next(Message::kRecorded);
  EXPECT_TRUE(!recorded || !recorded->recorded().accepted());
  EXPECT_NE(State(task.jobs[0]), "done");
}

TEST_F(ReaperTest, AStreamThatBreaksAfterSilenceIsNotTakenForAReset) {
  ControlConfig config = TestConfig("a", database_.url());
  config.suspect_after = absl::Milliseconds(100);
  Instance api(config);
  const int64_t id = Join("worker", 3);
  FakeResource worker(api.address(), id);
  const v1::Welcome before = worker.Attach("same");
  absl::SleepFor(absl::Milliseconds(300));  // it is silent for longer than makes it suspect: time itself is the event
  worker.Reset();
  ASSERT_TRUE(Eventually([&] { return api.metrics().Text().find("lectern_api_link_streams 0") != std::string::npos; }));
  EXPECT_EQ(Number("select count(*) as n from resource_sessions where disconnected_at is not null"), 0);
  FakeResource again(api.address(), id);
  EXPECT_EQ(again.Attach("same").epoch(), before.epoch());
}

TEST_F(ReaperTest, AStalledAndAnOverdueJobAreTakenBackAndTheirHolderStopped) {
  std::unique_ptr<Instance> api = Start("a");
  const int64_t id = Join("worker", 3);
  FakeResource worker(api->address(), id);
  worker.Attach("one");
  NewJob quick = Noop();
  quick.stall_seconds = 0;
  const InsertedTask task = Submit(*api, {quick});
  const v1::Assign assign = worker.NextAssign();
  worker.Accept(assign);
  // The job itself may be leased again before anybody looks.
  ASSERT_TRUE(Eventually([&] { return (*jobs_.ListAttempts(task.jobs[0]))[0].outcome == "stalled"; }));
  worker.Beat({{assign.job(), assign.token()}});
  EXPECT_EQ(worker.NextStopped(), assign.token());
  EXPECT_EQ((*jobs_.ListAttempts(task.jobs[0]))[0].outcome, "stalled");
}

TEST_F(ReaperTest, AJobThatIsNotStartedInTimeExpiresAndSkipsItsChildren) {
  std::unique_ptr<Instance> api = Start("a");
  NewJob late = Noop();
  late.start_within = absl::Milliseconds(1);
  const InsertedTask task = Submit(*api, {late, Noop({0})});
  EXPECT_TRUE(EventuallyState(task.jobs[0], "expired"));
  EXPECT_TRUE(EventuallyState(task.jobs[1], "skipped"));
  EXPECT_EQ(TaskState(task.task), "failed");
}

TEST_F(ReaperTest, AJobThatOnlyARemovedResourceCouldRunFailsAndEndsItsTask) {
  const int64_t vod = Join("vod_service", 3);
  database_.Execute("update resources set removed_at = now()");
  std::unique_ptr<Instance> api = Start("a");
  NewJob pinned = Noop();
  pinned.pinned_resource = vod;
  const InsertedTask task = Submit(*api, {pinned, Noop({0})});
  EXPECT_TRUE(EventuallyState(task.jobs[0], "failed"));
  EXPECT_TRUE(EventuallyState(task.jobs[1], "skipped"));
  EXPECT_EQ(TaskState(task.task), "failed");
}

TEST_F(ReaperTest, ACancelThatNobodyAnswersIsEndedAfterTheGrace) {
  ControlConfig config = TestConfig("a", database_.url());
  config.cancel_grace = absl::Milliseconds(200);
  Instance api(config);
  const int64_t id = Join("worker", 3);
  FakeResource worker(api.address(), id);
  worker.Attach("one");
  const InsertedTask task = Submit(api, {Noop()});
  const v1::Assign assign = worker.NextAssign();
  worker.Accept(assign);
  ASSERT_OK(jobs_.RequestCancel(task.jobs[0]));
  EXPECT_TRUE(EventuallyState(task.jobs[0], "cancelled"));
  worker.Done(assign.job(), assign.token());
  EXPECT_FALSE(worker.NextRecorded().accepted());
  EXPECT_EQ(Busy(id), 0);
}

TEST_F(ReaperTest, AWorkerThatFailsEverythingAtOnceIsQuarantinedAfterThreeTasks) {
  std::unique_ptr<Instance> api = Start("a");
  const int64_t broken = Join("worker", 3);
  FakeResource worker(api->address(), broken);
  worker.Attach("one", 1);
  for (int i = 0; i < 3; ++i) {
    Submit(*api, {Noop()});
    const v1::Assign assign = worker.NextAssign();
    worker.Accept(assign);
    worker.Fail(assign, v1::INFRASTRUCTURE, "exit status 1");
    EXPECT_TRUE(worker.NextRecorded().accepted());
    database_.Execute("update jobs set run_at = now() + interval '1 hour' where state = 'retry_wait'");
  }
  EXPECT_TRUE(Eventually([&] {
    return Number(absl::StrCat(
               "select count(*) as n from resource_sessions where quarantined_until > now() and resource_id = ",
               broken)) == 1;
  }));
}

TEST_F(ReaperTest, AnotherInstanceTakesOverWhenTheLeaderIsGone) {
  std::unique_ptr<Instance> one = Start("a");
  ASSERT_TRUE(EventuallyLeader(*one));
  std::unique_ptr<Instance> two = Start("b");
  const int64_t id = Join("worker", 3);
  FakeResource worker(two->address(), id);
  worker.Attach("one");
  one->Stop();
  Submit(*two, {Noop()});
  EXPECT_NE(worker.NextAssign().job(), 0);
  EXPECT_TRUE(two->control().is_leader());
}

TEST_F(ReaperTest, BeatsAreBufferedWhileTheDatabaseIsAwayAndNobodyIsLost) {
  ControlConfig config = TestConfig("a", database_.url());
  config.suspect_after = absl::Milliseconds(500);
  config.lost_after = absl::Seconds(2);
  Instance api(config);
  const int64_t id = Join("worker", 3);
  FakeResource worker(api.address(), id);
  const v1::Welcome before = worker.Attach("one");
  worker.Beat();
  ASSERT_TRUE(worker.Next(Message::kRenewed).has_value());  // all that follows Hello is done
  // An outage in which every statement on sessions fails, longer than it takes to be lost.
  database_.Execute("alter table resource_sessions rename to resource_sessions_away");
  bool company = false;
  for (int i = 0; i < 30; ++i) {
    worker.Beat();
    company |= worker.Next(Message::MESSAGE_NOT_SET, absl::Milliseconds(100)).has_value();
  }
  EXPECT_TRUE(company);
  database_.Execute("alter table resource_sessions_away rename to resource_sessions");
  worker.Beat();
  EXPECT_TRUE(worker.Next(Message::kRenewed).has_value());
  EXPECT_EQ(Epoch(id), before.epoch());
}

}  // namespace
}  // namespace lectern::api
