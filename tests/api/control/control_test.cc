#include "tests/api/control/control_fixture.h"

namespace lectern::api {
namespace {

using ::testing::HasSubstr;
using Message = v1::ServerMessage;

class ControlTest : public ControlFixture {};

TEST_F(ControlTest, AWorkerAttachesGetsAJobAcceptsAndEndsIt) {
  std::unique_ptr<Instance> api = Start("a");
  const int64_t id = Join("worker", 3);
  FakeResource worker(api->address(), id);
  const v1::Welcome welcome = worker.Attach("one");
  EXPECT_EQ(welcome.resource(), absl::StrCat("resources/", id));
  EXPECT_EQ(welcome.organization(), 3);
  EXPECT_TRUE(worker.Next(Message::kReconcile).has_value());
  EXPECT_TRUE(worker.Next(Message::kDirectory).has_value());
  const InsertedTask task = Submit(*api, {Noop()});
  const v1::Assign assign = worker.NextAssign();
  EXPECT_EQ(assign.job(), task.jobs[0]);
  EXPECT_EQ(assign.spec().noop().duration_ms(), 1);
  EXPECT_EQ(assign.job_token(), "");   // there is no recording to reach
  worker.Accept(assign);
  EXPECT_TRUE(EventuallyState(task.jobs[0], "running"));
  worker.Done(assign.job(), assign.token());
  EXPECT_TRUE(worker.NextRecorded().accepted());
  EXPECT_EQ(State(task.jobs[0]), "done");
  EXPECT_EQ(TaskState(task.task), "done");
}

TEST_F(ControlTest, BeatsRenewTheLeaseAndSayHowTheResourceIs) {
  std::unique_ptr<Instance> api = Start("a");
  const int64_t id = Join("worker", 3);
  FakeResource worker(api->address(), id);
  worker.Attach("one");
  v1::ResourceMessage message;
  message.mutable_beat()->set_seq(7);
  message.mutable_beat()->mutable_load()->set_cpu(0.25);
  worker.Send(message);
  std::optional<v1::ServerMessage> renewed = worker.Next(Message::kRenewed);
  ASSERT_TRUE(renewed.has_value());
  EXPECT_EQ(renewed->renewed().seq(), 7u);
  EXPECT_EQ(renewed->renewed().lease().seconds(), 10);
  EXPECT_EQ(Text(absl::StrCat("select load ->> 'cpu' as t from resource_sessions where resource_id = ", id)), "0.25");
}

TEST_F(ControlTest, NoMoreJobsAreGivenThanSlotsAreOffered) {
  std::unique_ptr<Instance> api = Start("a");
  const int64_t id = Join("worker", 3);
  FakeResource worker(api->address(), id);
  worker.Attach("one", 1);
  const InsertedTask task = Submit(*api, {Noop(), Noop()});
  const v1::Assign first = worker.NextAssign();
  EXPECT_EQ(Number("select count(*) as n from jobs where state = 'leased'"), 1);
  worker.Accept(first);
  worker.Done(first.job(), first.token());
  const v1::Assign second = worker.NextAssign();
  EXPECT_NE(second.job(), first.job());
  v1::ResourceMessage credit;
  credit.mutable_credit()->set_slots(3);
  worker.Send(credit);
  Submit(*api, {Noop()});
  EXPECT_NE(worker.NextAssign().job(), 0);
}

TEST_F(ControlTest, AnotherInstanceInsertsWorkAndTheHolderOfTheStreamPushesIt) {
  std::unique_ptr<Instance> one = Start("a");
  ASSERT_TRUE(EventuallyLeader(*one));
  std::unique_ptr<Instance> two = Start("b");
  const int64_t id = Join("worker", 3);
  FakeResource worker(two->address(), id);
  worker.Attach("one");
  Submit(*two, {Noop()});
  const v1::Assign assign = worker.NextAssign();
  worker.Accept(assign);
  worker.Done(assign.job(), assign.token());
  EXPECT_TRUE(worker.NextRecorded().accepted());
}

TEST_F(ControlTest, AReconnectToTheOtherInstanceAdoptsWhatRuns) {
  std::unique_ptr<Instance> one = Start("a"), two = Start("b");
  const int64_t id = Join("worker", 3);
  auto worker = std::make_unique<FakeResource>(one->address(), id);
  const v1::Welcome before = worker->Attach("same");
  const InsertedTask task = Submit(*one, {Noop()});
  const v1::Assign assign = worker->NextAssign();
  worker->Accept(assign);
  ASSERT_TRUE(EventuallyState(task.jobs[0], "running"));
  FakeResource again(two->address(), id);
  const v1::Welcome after = again.Attach("same", 2, {{assign.job(), assign.token()}});
  EXPECT_EQ(after.epoch(), before.epoch());
  std::optional<v1::ServerMessage> reconcile = again.Next(Message::kReconcile);
  ASSERT_TRUE(reconcile.has_value());
  EXPECT_EQ(reconcile->reconcile().keep_size(), 1);
  EXPECT_EQ(reconcile->reconcile().stop_size(), 0);
  // The old stream is of no use any more and is ended, without a word about a lost resource.
  EXPECT_EQ(worker->WaitEnd().error_code(), grpc::StatusCode::ABORTED);
  again.Done(assign.job(), assign.token());
  EXPECT_TRUE(again.NextRecorded().accepted());
  EXPECT_EQ(Number("select count(*) as n from job_attempts"), 1);
}

TEST_F(ControlTest, AResetStreamGivesTheJobToAnotherWorkerAfterTheGrace) {
  std::unique_ptr<Instance> api = Start("a");
  const int64_t dying = Join("worker", 3), living = Join("worker", 2);
  auto first = std::make_unique<FakeResource>(api->address(), dying);
  first->Attach("one");
  FakeResource second(api->address(), living);
  second.Attach("two");
  const InsertedTask task = Submit(*api, {Noop()});
  const v1::Assign lost = first->NextAssign();   // the nearer one
  first->Accept(lost);
  ASSERT_TRUE(EventuallyState(task.jobs[0], "running"));
  first->Reset();
  const v1::Assign taken = second.NextAssign();
  EXPECT_EQ(taken.job(), lost.job());
  EXPECT_GT(taken.token(), lost.token());
  second.Accept(taken);
  ASSERT_TRUE(EventuallyState(task.jobs[0], "running"));
  // It comes back and knows nothing of its loss: told to stop, and its result is refused.
  FakeResource back(api->address(), dying);
  back.Attach("one", 2, {{lost.job(), lost.token()}});
  std::optional<v1::ServerMessage> reconcile = back.Next(Message::kReconcile);
  ASSERT_TRUE(reconcile.has_value());
  EXPECT_EQ(reconcile->reconcile().stop_size(), 1);
  back.Done(lost.job(), lost.token());
  EXPECT_FALSE(back.NextRecorded().accepted());
  second.Done(taken.job(), taken.token());
  EXPECT_TRUE(second.NextRecorded().accepted());
  EXPECT_EQ((*jobs_.Get(task.jobs[0])).attempt, 2);
}

TEST_F(ControlTest, ANewIncarnationLosesTheJobsOfTheOldOneAtOnce) {
  std::unique_ptr<Instance> api = Start("a");
  const int64_t id = Join("worker", 3);
  auto old = std::make_unique<FakeResource>(api->address(), id);
  const v1::Welcome before = old->Attach("one");
  const InsertedTask task = Submit(*api, {Noop()});
  const v1::Assign assign = old->NextAssign();
  old->Accept(assign);
  ASSERT_TRUE(EventuallyState(task.jobs[0], "running"));
  FakeResource fresh(api->address(), id);
  EXPECT_GT(fresh.Attach("two").epoch(), before.epoch());
  const v1::Assign again = fresh.NextAssign();
  EXPECT_EQ(again.job(), assign.job());
  EXPECT_GT(again.token(), assign.token());
}

TEST_F(ControlTest, AJobThatIsNotAcceptedInTimeGoesElsewhereWithoutCounting) {
  ControlConfig config = TestConfig("a", database_.url());
  config.accept_timeout = absl::Milliseconds(300);
  Instance api(config);
  const int64_t deaf = Join("worker", 3), other = Join("worker", 2);
  FakeResource first(api.address(), deaf), second(api.address(), other);
  first.Attach("one", 1);
  second.Attach("two", 1);
  const InsertedTask task = Submit(api, {Noop()});
  v1::Assign ignored = first.NextAssign();
  // It is taken back again and again until the deaf one, which is nearer, is in quarantine.
  const v1::Assign assign = second.NextAssign();
  EXPECT_EQ(assign.job(), ignored.job());
  second.Accept(assign);
  ASSERT_TRUE(EventuallyState(task.jobs[0], "running"));
  EXPECT_EQ((*jobs_.Get(task.jobs[0])).attempt, 1);
  first.Accept(ignored);   // late
  EXPECT_EQ(first.NextStopped(), ignored.token());
}

TEST_F(ControlTest, AnOutcomeThatIsToldTwiceIsRecordedOnce) {
  std::unique_ptr<Instance> api = Start("a");
  const int64_t id = Join("worker", 3);
  FakeResource worker(api->address(), id);
  worker.Attach("one");
  Submit(*api, {Noop()});
  const v1::Assign assign = worker.NextAssign();
  worker.Accept(assign);
  worker.Done(assign.job(), assign.token());
  EXPECT_TRUE(worker.NextRecorded().accepted());
  worker.Done(assign.job(), assign.token());
  EXPECT_TRUE(worker.NextRecorded().accepted());
  EXPECT_EQ(Number("select count(*) as n from jobs_ended"), 1);
}

TEST_F(ControlTest, OutcomesOfUnknownJobsAndWithForgedTokensAreRefused) {
  std::unique_ptr<Instance> api = Start("a");
  const int64_t id = Join("worker", 3);
  FakeResource worker(api->address(), id);
  worker.Attach("one");
  const InsertedTask task = Submit(*api, {Noop()});
  const v1::Assign assign = worker.NextAssign();
  worker.Done(424242, 1);
  EXPECT_FALSE(worker.NextRecorded().accepted());
  worker.Done(assign.job(), assign.token() + 1);
  EXPECT_FALSE(worker.NextRecorded().accepted());
  EXPECT_EQ(State(task.jobs[0]), "leased");
  v1::Assign forged = assign;
  forged.set_token(assign.token() + 1);
  worker.Accept(forged);
  EXPECT_EQ(worker.NextStopped(), assign.token() + 1);
}

TEST_F(ControlTest, MisuseOfTheLinkEndsTheStream) {
  std::unique_ptr<Instance> api = Start("a");
  const int64_t id = Join("worker", 3), other = Join("worker", 3);
  FakeResource silent(api->address(), id);
  silent.Beat();
  EXPECT_EQ(silent.WaitEnd().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  FakeResource twice(api->address(), id);
  twice.Attach("one");
  twice.Hello("one");
  EXPECT_EQ(twice.WaitEnd().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  FakeResource uploader(api->address(), other);
  uploader.Attach("one");
  v1::ResourceMessage upload;
  upload.mutable_upload()->set_kind(v1::UploadEvent::COMPLETED);
  uploader.Send(upload);
  EXPECT_EQ(uploader.WaitEnd().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(ControlTest, ForeignAndWithdrawnCredentialsAreRefused) {
  std::unique_ptr<Instance> api = Start("a");
  const int64_t id = Join("worker", 3);
  FakeResource old(api->address(), id, 0);
  old.Hello("one");
  EXPECT_EQ(old.WaitEnd().error_code(), grpc::StatusCode::UNAUTHENTICATED);
  FakeResource unknown(api->address(), 999);
  unknown.Hello("one");
  EXPECT_EQ(unknown.WaitEnd().error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(ControlTest, ARemovedResourceIsSentAwayForGoodAndItsJobRunsElsewhere) {
  std::unique_ptr<Instance> api = Start("a");
  const int64_t removed = Join("worker", 3), other = Join("worker", 2);
  FakeResource first(api->address(), removed), second(api->address(), other);
  first.Attach("one");
  second.Attach("two");
  Submit(*api, {Noop()});
  const v1::Assign assign = first.NextAssign();
  first.Accept(assign);
  database_.Execute(absl::StrCat("update resources set removed_at = now() where id = ", removed));
  api->control().hints().push("");
  std::optional<v1::ServerMessage> away = first.Next(Message::kGoAway);
  ASSERT_TRUE(away.has_value());
  EXPECT_TRUE(away->go_away().removed());
  EXPECT_EQ(first.WaitEnd().error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(second.NextAssign().job(), assign.job());
}

TEST_F(ControlTest, DrainIsToldAndStopsNewWork) {
  std::unique_ptr<Instance> api = Start("a");
  const int64_t id = Join("worker", 3);
  FakeResource worker(api->address(), id);
  worker.Attach("one");
  database_.Execute(absl::StrCat("update resources set draining = true where id = ", id));
  api->control().hints().push("a");
  std::optional<v1::ServerMessage> drain = worker.Next(Message::kDrain);
  ASSERT_TRUE(drain.has_value());
  EXPECT_TRUE(drain->drain().draining());
  const InsertedTask task = Submit(*api, {Noop()});
  database_.Execute(absl::StrCat("update resources set draining = false where id = ", id));
  api->control().hints().work();
  EXPECT_EQ(worker.NextAssign().job(), task.jobs[0]);
}

TEST_F(ControlTest, CancelReachesTheHolderAndWinsOverNothingThatWasCommitted) {
  std::unique_ptr<Instance> api = Start("a");
  const int64_t id = Join("worker", 3);
  FakeResource worker(api->address(), id);
  worker.Attach("one");
  const InsertedTask task = Submit(*api, {Noop()});
  const v1::Assign assign = worker.NextAssign();
  worker.Accept(assign);
  absl::StatusOr<CancelRequest> cancel = jobs_.RequestCancel(task.jobs[0]);
  ASSERT_OK(cancel);
  api->control().hints().push(cancel->api_instance);
  std::optional<v1::ServerMessage> told = worker.Next(Message::kCancel);
  ASSERT_TRUE(told.has_value());
  EXPECT_EQ(told->cancel().token(), assign.token());
  v1::ResourceMessage cancelled;
  cancelled.mutable_cancelled()->set_job(assign.job());
  cancelled.mutable_cancelled()->set_token(assign.token());
  worker.Send(cancelled);
  EXPECT_TRUE(worker.NextRecorded().accepted());
  EXPECT_EQ(State(task.jobs[0]), "cancelled");
  EXPECT_EQ(Busy(id), 0);
}

TEST_F(ControlTest, AJobThatABeatNoLongerListsIsTakenBackAndAnUnknownOneIsStopped) {
  std::unique_ptr<Instance> api = Start("a");
  const int64_t id = Join("worker", 3);
  FakeResource worker(api->address(), id);
  worker.Attach("one");
  const InsertedTask task = Submit(*api, {Noop()});
  const v1::Assign assign = worker.NextAssign();
  worker.Accept(assign);
  ASSERT_TRUE(EventuallyState(task.jobs[0], "running"));
  // Past the grace for beats that were under way when the Accept was.
  database_.Execute("update job_attempts set accepted_at = now() - interval '1 minute'");
  worker.Beat({{4711, 99}});
  EXPECT_EQ(worker.NextStopped(), 99);
  EXPECT_GT(worker.NextAssign().token(), assign.token());
}

TEST_F(ControlTest, AnInstanceThatShutsDownSendsItsResourcesAwayAndTheirJobsGoOn) {
  std::unique_ptr<Instance> one = Start("a"), two = Start("b");
  const int64_t id = Join("worker", 3);
  FakeResource worker(one->address(), id);
  worker.Attach("same");
  const InsertedTask task = Submit(*one, {Noop()});
  const v1::Assign assign = worker.NextAssign();
  worker.Accept(assign);
  ASSERT_TRUE(EventuallyState(task.jobs[0], "running"));
  std::thread stopping([&] { one->Stop(); });
  std::optional<v1::ServerMessage> away = worker.Next(Message::kGoAway);
  EXPECT_TRUE(away.has_value());
  worker.Leave();
  stopping.join();
  EXPECT_EQ(Number("select count(*) as n from resource_sessions where disconnected_at is not null"), 0);
  FakeResource again(two->address(), id);
  again.Attach("same", 2, {{assign.job(), assign.token()}});
  ASSERT_TRUE(EventuallyLeader(*two));
  again.Done(assign.job(), assign.token());
  EXPECT_TRUE(again.NextRecorded().accepted());
  EXPECT_EQ(Number("select count(*) as n from job_attempts"), 1);
}

TEST_F(ControlTest, WorkersGetNoKeysAndEdgesGetOriginsWithTheirChanges) {
  std::unique_ptr<Instance> api = Start("a");
  const int64_t worker_id = Join("worker", 3), edge_id = Join("edge", 3);
  FakeResource worker(api->address(), worker_id), edge(api->address(), edge_id);
  worker.Attach("one", 0);
  edge.Attach("one", 0);
  std::optional<v1::ServerMessage> of_worker = worker.Next(Message::kDirectory), of_edge = edge.Next(Message::kDirectory);
  ASSERT_TRUE(of_worker && of_edge);
  EXPECT_EQ(of_worker->directory().keys_size(), 0);
  EXPECT_EQ(of_edge->directory().keys_size(), 1);
  const int64_t vod = Join("vod_service", 3);
  database_.Execute(absl::StrCat("update resources set public_url = 'http://vod' where id = ", vod));
  api->control().hints().directory();
  // A round that began before the change may send the old state once more.
  std::optional<v1::ServerMessage> changed = edge.Next(Message::kDirectory);
  while (changed && changed->directory().origins_size() == 0) changed = edge.Next(Message::kDirectory);
  ASSERT_TRUE(changed.has_value());
  ASSERT_EQ(changed->directory().origins_size(), 1);
  EXPECT_EQ(changed->directory().origins(0).url(), "http://vod");
  EXPECT_GT(changed->directory().generation(), of_edge->directory().generation());
}

}  // namespace
}  // namespace lectern::api
