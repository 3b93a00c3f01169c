#include "api/store/job_store.h"

#include <algorithm>
#include <limits>
#include <set>
#include <thread>

#include "tests/api/store/job_fixture.h"

namespace lectern::api {
namespace {

using ::lectern::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class JobStoreTest : public JobFixture {};

TEST_F(JobStoreTest, InsertMakesJobsWithoutNeedsReadyAndOthersBlocked) {
  const InsertedTask task = NewTaskOf({Noop(), Noop({0}), Noop({0, 1})});
  ASSERT_THAT(task.jobs, SizeIs(3));
  EXPECT_EQ(State(task.jobs[0]), "ready");
  EXPECT_EQ(State(task.jobs[1]), "blocked");
  EXPECT_EQ(Number(absl::StrCat("select deps_left as n from jobs where id = ", task.jobs[2])), 2);
}

TEST_F(JobStoreTest, TheSameIdempotencyKeyGivesTheSameTask) {
  const InsertedTask first = NewTaskOf({Noop(), Noop()}, 3, "upload/1");
  const InsertedTask second = NewTaskOf({Noop(), Noop()}, 3, "upload/1");
  EXPECT_EQ(second.task, first.task);
  EXPECT_EQ(second.jobs, first.jobs);
  EXPECT_TRUE(second.existed);
  EXPECT_EQ(Number("select count(*) as n from jobs"), 2);
}

TEST_F(JobStoreTest, ReadyJobsComeByClassPriorityAndAge) {
  NewJob late = Noop(), early = Noop(), urgent = Noop();
  early.priority = -1;
  urgent.job_class = 1;
  const InsertedTask task = NewTaskOf({late, early, urgent});
  absl::StatusOr<std::vector<WaitingJob>> ready = jobs_.ListReady(10);
  ASSERT_OK(ready);
  ASSERT_THAT(*ready, SizeIs(3));
  EXPECT_EQ((*ready)[0].id, task.jobs[2]);
  EXPECT_EQ((*ready)[1].id, task.jobs[1]);
  EXPECT_EQ((*ready)[2].id, task.jobs[0]);
}

TEST_F(JobStoreTest, SpreadListsJobsOfEveryOrganizationBehindAHeap) {
  NewTaskOf(std::vector<NewJob>(200, Noop()), 4);
  const InsertedTask other = NewTaskOf({Noop()}, 3);
  absl::StatusOr<std::vector<WaitingJob>> ready = jobs_.ListReady(100, /*spread=*/true);
  ASSERT_OK(ready);
  EXPECT_EQ(ready->size(), 51u);
  EXPECT_TRUE(
      std::any_of(ready->begin(), ready->end(), [&](const WaitingJob& job) { return job.id == other.jobs[0]; }));
}

TEST_F(JobStoreTest, AssignLeasesWithATokenThatGrows) {
  const int64_t worker = NewWorker();
  const InsertedTask task = NewTaskOf({Noop(), Noop()});
  const std::vector<AssignedJob> first = Assign(task.jobs[0], worker), second = Assign(task.jobs[1], worker);
  ASSERT_THAT(first, SizeIs(1));
  ASSERT_THAT(second, SizeIs(1));
  EXPECT_GT(second[0].token, first[0].token);
  EXPECT_EQ(first[0].api_instance, "a");
  EXPECT_THAT(first[0].spec_json, HasSubstr("noop"));
  EXPECT_EQ(State(task.jobs[0]), "leased");
  EXPECT_EQ(Busy(worker), 2);
}

TEST_F(JobStoreTest, AssignRefusesAFullResourceAnOldEpochADrainingAndADisconnectedOne) {
  const int64_t full = NewWorker(3, 0), old = NewWorker(), draining = NewWorker(), gone = NewWorker();
  const InsertedTask task = NewTaskOf({Noop()});
  EXPECT_THAT(Assign(task.jobs[0], full), IsEmpty());
  const Assignment stale{task.jobs[0], old, Epoch(old) - 1};
  EXPECT_THAT(*jobs_.Assign(absl::MakeConstSpan(&stale, 1), absl::Seconds(5)), IsEmpty());
  database_.Execute(absl::StrCat("update resources set draining = true where id = ", draining));
  EXPECT_THAT(Assign(task.jobs[0], draining), IsEmpty());
  ASSERT_OK(links_.Disconnect(gone, Epoch(gone), "a"));
  EXPECT_THAT(Assign(task.jobs[0], gone), IsEmpty());
  EXPECT_EQ(State(task.jobs[0]), "ready");
  EXPECT_EQ(Busy(old) + Busy(draining) + Busy(gone), 0);
}

TEST_F(JobStoreTest, TwoLeadersNeverStartAJobTwiceNorOverfillAResource) {
  const int64_t one = NewWorker(3, 10), two = NewWorker(3, 10);
  const InsertedTask task = NewTaskOf(std::vector<NewJob>(40, Noop()));
  std::vector<std::vector<AssignedJob>> got(4);
  std::vector<std::thread> leaders;
  for (int leader = 0; leader < 4; ++leader) {
    leaders.emplace_back([&, leader] {
      for (const int64_t job : task.jobs) {
        const int64_t resource = (job + leader) % 2 == 0 ? one : two;
        for (AssignedJob& assigned : Assign(job, resource)) got[leader].push_back(std::move(assigned));
      }
    });
  }
  for (std::thread& leader : leaders) leader.join();
  std::set<int64_t> started;
  for (const std::vector<AssignedJob>& list : got) {
    for (const AssignedJob& job : list)
      EXPECT_TRUE(started.insert(job.job).second) << "jobs/" << job.job << " started twice";
  }
  EXPECT_EQ(started.size(), 20u);
  EXPECT_EQ(Busy(one), 10);
  EXPECT_EQ(Busy(two), 10);
}

TEST_F(JobStoreTest, AcceptStartsTheJobAndCountsTheAttemptOnce) {
  const int64_t worker = NewWorker();
  const InsertedTask task = NewTaskOf({Noop()});
  const int64_t token = Run(task.jobs[0], worker);
  const HeldJob again{worker, task.jobs[0], token}, foreign{worker + 1, task.jobs[0], token},
      forged{worker, task.jobs[0], token + 1};
  EXPECT_THAT(*jobs_.Accept(absl::MakeConstSpan(&again, 1)), SizeIs(1));
  EXPECT_THAT(*jobs_.Accept(absl::MakeConstSpan(&foreign, 1)), IsEmpty());
  EXPECT_THAT(*jobs_.Accept(absl::MakeConstSpan(&forged, 1)), IsEmpty());
  EXPECT_EQ(State(task.jobs[0]), "running");
  EXPECT_EQ(Number(absl::StrCat("select attempt as n from jobs where id = ", task.jobs[0])), 1);
}

TEST_F(JobStoreTest, AnUnacceptedLeaseIsTakenBackWithoutCountingAndItsTokenIsBurnt) {
  const int64_t worker = NewWorker();
  const InsertedTask task = NewTaskOf({Noop()});
  const int64_t token = Assign(task.jobs[0], worker, absl::Milliseconds(-1))[0].token;
  absl::StatusOr<std::vector<UnacceptedSession>> deaf = jobs_.ReleaseUnaccepted();
  ASSERT_OK(deaf);
  ASSERT_THAT(*deaf, SizeIs(1));
  EXPECT_EQ((*deaf)[0].resource, worker);
  EXPECT_EQ(State(task.jobs[0]), "ready");
  EXPECT_EQ(Busy(worker), 0);
  EXPECT_EQ(Number(absl::StrCat("select attempt as n from jobs where id = ", task.jobs[0])), 0);
  const HeldJob late{worker, task.jobs[0], token};
  EXPECT_THAT(*jobs_.Accept(absl::MakeConstSpan(&late, 1)), IsEmpty());
  EXPECT_FALSE(End(worker, task.jobs[0], token));
}

TEST_F(JobStoreTest, RejectGivesTheJobBackWithoutCountingAndAvoidsTheResource) {
  const int64_t worker = NewWorker();
  const InsertedTask task = NewTaskOf({Noop()});
  const int64_t token = Run(task.jobs[0], worker);
  EXPECT_FALSE(*jobs_.Reject(worker, task.jobs[0], token + 1, "disk nearly full"));
  EXPECT_TRUE(*jobs_.Reject(worker, task.jobs[0], token, "disk nearly full"));
  EXPECT_EQ(State(task.jobs[0]), "retry_wait");
  EXPECT_EQ(Busy(worker), 0);
  EXPECT_EQ(Number(absl::StrCat("select attempt as n from jobs where id = ", task.jobs[0])), 0);
  EXPECT_THAT((*jobs_.Get(task.jobs[0])).waiting.avoid, ElementsAre(worker));
}

TEST_F(JobStoreTest, PromoteMakesOnlyDueJobsReady) {
  const InsertedTask task = NewTaskOf({Noop(), Noop()});
  database_.Execute(absl::StrCat("update jobs set state = 'retry_wait', run_at = now() + interval '1 hour' where id = ",
                                 task.jobs[0]));
  database_.Execute(absl::StrCat("update jobs set state = 'retry_wait', run_at = now() where id = ", task.jobs[1]));
  EXPECT_EQ(*jobs_.Promote(), 1);
  EXPECT_EQ(State(task.jobs[0]), "retry_wait");
  EXPECT_EQ(State(task.jobs[1]), "ready");
}

TEST_F(JobStoreTest, DoneIsFencedByTokenAndResourceAndFreesTheSlot) {
  const int64_t worker = NewWorker(), other = NewWorker();
  const InsertedTask task = NewTaskOf({Noop()});
  const int64_t token = Run(task.jobs[0], worker);
  EXPECT_FALSE(End(other, task.jobs[0], token));
  EXPECT_FALSE(End(worker, task.jobs[0], token - 1));
  EXPECT_TRUE(End(worker, task.jobs[0], token));
  EXPECT_FALSE(End(worker, task.jobs[0], token));
  EXPECT_EQ(*jobs_.ReportedOutcome(worker, task.jobs[0], token), "done");
  EXPECT_EQ(*jobs_.ReportedOutcome(other, task.jobs[0], token), "");
  EXPECT_EQ(State(task.jobs[0]), "done");
  EXPECT_EQ(TaskState(task.task), "done");
  EXPECT_EQ(Busy(worker), 0);
  EXPECT_EQ(Number("select count(*) as n from jobs"), 0);
}

TEST_F(JobStoreTest, ChildrenBecomeReadyWithTheLastOfTheirParents) {
  const int64_t worker = NewWorker();
  const InsertedTask task = NewTaskOf({Noop(), Noop(), Noop({0, 1})});
  const int64_t first = Run(task.jobs[0], worker), second = Run(task.jobs[1], worker);
  ASSERT_TRUE(End(worker, task.jobs[0], first));
  EXPECT_EQ(State(task.jobs[2]), "blocked");
  ASSERT_TRUE(End(worker, task.jobs[1], second));
  EXPECT_EQ(State(task.jobs[2]), "ready");
  EXPECT_EQ(TaskState(task.task), "open");
}

TEST_F(JobStoreTest, JobsThatEndAtTheSameMomentEndTheirTaskOnce) {
  const int64_t worker = NewWorker(3, 16);
  for (int round = 0; round < 5; ++round) {
    const InsertedTask task = NewTaskOf({Noop(), Noop(), Noop({0, 1}), Noop()});
    std::vector<int64_t> tokens = {Run(task.jobs[0], worker), Run(task.jobs[1], worker), 0, Run(task.jobs[3], worker)};
    std::vector<std::thread> threads;
    for (const int i : {0, 1, 3}) threads.emplace_back([&, i] { EXPECT_TRUE(End(worker, task.jobs[i], tokens[i])); });
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(State(task.jobs[2]), "ready");
    ASSERT_TRUE(End(worker, task.jobs[2], Run(task.jobs[2], worker)));
    EXPECT_EQ(TaskState(task.task), "done");
  }
}

TEST_F(JobStoreTest, AFailedJobSkipsEverythingThatNeedsIt) {
  const int64_t worker = NewWorker();
  const InsertedTask task = NewTaskOf({Noop(), Noop({0}), Noop({1}), Noop()});
  ASSERT_TRUE(End(worker, task.jobs[0], Run(task.jobs[0], worker), JobState::kFailed));
  EXPECT_EQ(State(task.jobs[1]), "skipped");
  EXPECT_EQ(State(task.jobs[2]), "skipped");
  EXPECT_EQ(State(task.jobs[3]), "ready");
  EXPECT_THAT((*jobs_.Get(task.jobs[2])).error, HasSubstr(absl::StrCat("jobs/", task.jobs[0])));
  ASSERT_TRUE(End(worker, task.jobs[3], Run(task.jobs[3], worker)));
  EXPECT_EQ(TaskState(task.task), "failed");
}

TEST_F(JobStoreTest, RetryBringsBackTheJobAndWhatWasSkippedBecauseOfIt) {
  const int64_t worker = NewWorker();
  const InsertedTask task = NewTaskOf({Noop(), Noop({0}), Noop({1}), Noop()});
  ASSERT_TRUE(End(worker, task.jobs[3], Run(task.jobs[3], worker)));
  ASSERT_TRUE(End(worker, task.jobs[0], Run(task.jobs[0], worker), JobState::kFailed));
  ASSERT_EQ(TaskState(task.task), "failed");
  EXPECT_THAT(jobs_.Retry(task.jobs[1]), StatusIs(absl::StatusCode::kFailedPrecondition, "PARENT_NOT_DONE"));
  EXPECT_THAT(jobs_.Retry(task.jobs[3]), StatusIs(absl::StatusCode::kFailedPrecondition, "JOB_DONE"));
  EXPECT_THAT(jobs_.Retry(999), StatusIs(absl::StatusCode::kNotFound, "JOB_NOT_FOUND"));
  ASSERT_OK(jobs_.Retry(task.jobs[0]));
  EXPECT_THAT(jobs_.Retry(task.jobs[0]), StatusIs(absl::StatusCode::kFailedPrecondition, "JOB_NOT_ENDED"));
  EXPECT_EQ(State(task.jobs[0]), "ready");
  EXPECT_EQ(State(task.jobs[1]), "blocked");
  EXPECT_EQ(State(task.jobs[2]), "blocked");
  EXPECT_EQ(TaskState(task.task), "open");
  for (const int i : {0, 1, 2}) ASSERT_TRUE(End(worker, task.jobs[i], Run(task.jobs[i], worker)));
  EXPECT_EQ(TaskState(task.task), "done");
}

TEST_F(JobStoreTest, RetryLeavesSkippedWhatAnotherFailedJobStillHoldsBack) {
  const int64_t worker = NewWorker();
  const InsertedTask task = NewTaskOf({Noop(), Noop(), Noop({0, 1}), Noop({2})});
  ASSERT_TRUE(End(worker, task.jobs[0], Run(task.jobs[0], worker), JobState::kFailed));
  ASSERT_TRUE(End(worker, task.jobs[1], Run(task.jobs[1], worker), JobState::kFailed));
  ASSERT_OK(jobs_.Retry(task.jobs[0]));
  EXPECT_EQ(State(task.jobs[2]), "skipped");
  EXPECT_EQ(State(task.jobs[3]), "skipped");
  ASSERT_TRUE(End(worker, task.jobs[0], Run(task.jobs[0], worker)));
  ASSERT_OK(jobs_.Retry(task.jobs[1]));
  EXPECT_EQ(State(task.jobs[2]), "blocked");
  ASSERT_TRUE(End(worker, task.jobs[1], Run(task.jobs[1], worker)));
  EXPECT_EQ(State(task.jobs[2]), "ready");
}

TEST_F(JobStoreTest, CancelEndsAWaitingJobAtOnceAndAsksTheHolderOfARunningOne) {
  const int64_t worker = NewWorker();
  const InsertedTask task = NewTaskOf({Noop(), Noop({0}), Noop()});
  const int64_t token = Run(task.jobs[2], worker);
  absl::StatusOr<CancelRequest> waiting = jobs_.RequestCancel(task.jobs[0]);
  ASSERT_OK(waiting);
  EXPECT_EQ(waiting->state, JobState::kCancelled);
  EXPECT_EQ(State(task.jobs[1]), "skipped");
  absl::StatusOr<CancelRequest> running = jobs_.RequestCancel(task.jobs[2]);
  ASSERT_OK(running);
  EXPECT_EQ(running->state, JobState::kCancelling);
  EXPECT_EQ(running->api_instance, "a");
  ASSERT_THAT(*jobs_.ListCancelling("a"), SizeIs(1));
  EXPECT_THAT(*jobs_.ListCancelling("b"), IsEmpty());
  ASSERT_TRUE(End(worker, task.jobs[2], token, JobState::kCancelled));
  EXPECT_EQ(TaskState(task.task), "cancelled");
  EXPECT_THAT(jobs_.RequestCancel(task.jobs[2]), StatusIs(absl::StatusCode::kFailedPrecondition, "JOB_ENDED"));
}

TEST_F(JobStoreTest, CancelLosesToADoneThatWasCommittedBefore) {
  const int64_t worker = NewWorker();
  const InsertedTask task = NewTaskOf({Noop()});
  const int64_t token = Run(task.jobs[0], worker);
  ASSERT_TRUE(End(worker, task.jobs[0], token));
  EXPECT_THAT(jobs_.RequestCancel(task.jobs[0]), StatusIs(absl::StatusCode::kFailedPrecondition, "JOB_ENDED"));
  EXPECT_EQ(State(task.jobs[0]), "done");
}

TEST_F(JobStoreTest, TroubledAreJobsOfLostSessionsOverdueAndStalledOnes) {
  const int64_t lost = NewWorker(), slow = NewWorker(3, 4);
  const InsertedTask task = NewTaskOf({Noop(), Noop(), Noop(), Noop()});
  Run(task.jobs[0], lost);
  Run(task.jobs[1], slow);
  Run(task.jobs[2], slow);
  Run(task.jobs[3], slow);
  EXPECT_THAT(*jobs_.ListTroubled(absl::Seconds(10), absl::Hours(1), 10), IsEmpty());
  Attach(lost, "second");  // a new process knows nothing of the old one's jobs
  database_.Execute(absl::StrCat("update jobs set run_by = now() - interval '1 s' where id = ", task.jobs[1]));
  database_.Execute(absl::StrCat("update jobs set progress_at = now() - interval '61 s' where id = ", task.jobs[2]));
  absl::StatusOr<std::vector<TroubledJob>> troubled = jobs_.ListTroubled(absl::Seconds(10), absl::Hours(1), 10);
  ASSERT_OK(troubled);
  ASSERT_THAT(*troubled, SizeIs(3));
  EXPECT_EQ((*troubled)[0].trouble, Trouble::kLost);
  EXPECT_EQ((*troubled)[1].trouble, Trouble::kOverdue);
  EXPECT_EQ((*troubled)[2].trouble, Trouble::kStalled);
  // Right after an outage of ours a stall proves nothing.
  EXPECT_THAT(*jobs_.ListTroubled(absl::Seconds(10), absl::Seconds(30), 10), SizeIs(2));
}

TEST_F(JobStoreTest, OnlyGrowingProgressCountsAgainstTheStallLimit) {
  const int64_t worker = NewWorker();
  const InsertedTask task = NewTaskOf({Noop()});
  const int64_t token = Run(task.jobs[0], worker);
  database_.Execute("update jobs set progress = 0.5, progress_at = now() - interval '61 s'");
  HeldJob progress{worker, task.jobs[0], token, 0.4};
  ASSERT_OK(jobs_.Progress(absl::MakeConstSpan(&progress, 1)));
  EXPECT_THAT(*jobs_.ListTroubled(absl::Seconds(10), absl::Hours(1), 10), SizeIs(1));
  progress.progress = 0.6;
  ASSERT_OK(jobs_.Progress(absl::MakeConstSpan(&progress, 1)));
  EXPECT_THAT(*jobs_.ListTroubled(absl::Seconds(10), absl::Hours(1), 10), IsEmpty());
  EXPECT_NEAR((*jobs_.Get(task.jobs[0])).progress, 0.6, 1e-6);
}

TEST_F(JobStoreTest, ProgressThatIsNoNumberIsNoProgress) {
  const int64_t worker = NewWorker();
  const InsertedTask task = NewTaskOf({Noop()});
  const int64_t token = Run(task.jobs[0], worker);
  for (const double odd : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(), 1.5}) {
    const HeldJob progress{worker, task.jobs[0], token, odd};
    ASSERT_OK(jobs_.Progress(absl::MakeConstSpan(&progress, 1)));
    EXPECT_EQ((*jobs_.Get(task.jobs[0])).progress, 0);
  }
}

TEST_F(JobStoreTest, CompareStopsUnknownAndTakenBackJobsAndFindsForgottenOnes) {
  const int64_t worker = NewWorker(3, 4);
  const InsertedTask task = NewTaskOf({Noop(), Noop(), Noop(), Noop()});
  const int64_t kept = Run(task.jobs[0], worker), ended = Run(task.jobs[1], worker),
                forgotten = Run(task.jobs[2], worker);
  const int64_t burnt = Assign(task.jobs[3], worker, absl::Milliseconds(-1))[0].token;
  ASSERT_OK(jobs_.ReleaseUnaccepted());
  ASSERT_TRUE(End(worker, task.jobs[1], ended));
  const std::vector<HeldJob> listed = {
      {worker, task.jobs[0], kept}, {worker, task.jobs[1], ended}, {worker, task.jobs[3], burnt}, {worker, 777, 1}};
  absl::StatusOr<JobStore::Comparison> comparison = jobs_.Compare({worker}, listed, absl::ZeroDuration());
  ASSERT_OK(comparison);
  ASSERT_THAT(comparison->stop, SizeIs(2));
  EXPECT_EQ(comparison->stop[0].job + comparison->stop[1].job, task.jobs[3] + 777);
  ASSERT_THAT(comparison->missing, SizeIs(1));
  EXPECT_EQ(comparison->missing[0].token, forgotten);
  EXPECT_THAT((*jobs_.Compare({worker}, {}, absl::Minutes(1))).missing, IsEmpty());
}

TEST_F(JobStoreTest, RequeueKeepsWhereItFailedAndWhatWentWrong) {
  const int64_t worker = NewWorker();
  const InsertedTask task = NewTaskOf({Noop()});
  const int64_t token = Run(task.jobs[0], worker);
  ASSERT_OK(pool_.Transaction([&](pg::Session& session) -> absl::Status {
    ASSIGN_OR_RETURN(std::optional<LockedJob> job, jobs_.Lock(session, worker, task.jobs[0], token));
    Verdict verdict{JobState::kRetryWait, FailureClass::kMedia, absl::Seconds(30), 0, 1, true, ""};
    JobStore::Ending ending;
    ending.attempt_outcome = "failed";
    ending.error = "no key frame";
    return jobs_.Requeue(session, *job, verdict, ending);
  }));
  absl::StatusOr<JobRow> job = jobs_.Get(task.jobs[0]);
  ASSERT_OK(job);
  EXPECT_EQ(job->state, JobState::kRetryWait);
  EXPECT_EQ(job->error, "no key frame");
  EXPECT_THAT(job->waiting.avoid, ElementsAre(worker));
  EXPECT_EQ(Busy(worker), 0);
  EXPECT_FALSE(End(worker, task.jobs[0], token));
  absl::StatusOr<std::vector<JobAttemptRow>> attempts = jobs_.ListAttempts(task.jobs[0]);
  ASSERT_OK(attempts);
  ASSERT_THAT(*attempts, SizeIs(1));
  EXPECT_EQ((*attempts)[0].outcome, "failed");
  EXPECT_EQ((*attempts)[0].failure, FailureClass::kMedia);
}

TEST_F(JobStoreTest, AFailureThatOvertakesItsAcceptCountsAsAnAttempt) {
  const int64_t worker = NewWorker();
  const InsertedTask task = NewTaskOf({Noop()});
  for (const std::string outcome : {"failed", "not_accepted"}) {
    const int64_t token = Assign(task.jobs[0], worker)[0].token;
    ASSERT_OK(pool_.Transaction([&](pg::Session& session) -> absl::Status {
      ASSIGN_OR_RETURN(std::optional<LockedJob> job, jobs_.Lock(session, worker, task.jobs[0], token));
      JobStore::Ending ending;
      ending.attempt_outcome = outcome;
      return jobs_.Requeue(session, *job, Verdict{}, ending);
    }));
    EXPECT_EQ(jobs_.Get(task.jobs[0])->attempt, 1) << outcome;
    database_.Execute("update jobs set state = 'ready'");
  }
}

TEST_F(JobStoreTest, WaitingJobsOfARemovedResourceAreHomeless) {
  const int64_t vod = Join("vod_service", 3), worker = NewWorker();
  NewJob pinned = Noop(), later = Noop({1});
  pinned.pinned_resource = later.pinned_resource = vod;
  const InsertedTask task = NewTaskOf({pinned, Noop(), later});
  Run(task.jobs[1], worker);
  EXPECT_THAT(*jobs_.ListHomeless(10), IsEmpty());
  database_.Execute(absl::StrCat("update resources set removed_at = now() where id = ", vod));
  EXPECT_THAT(*jobs_.ListHomeless(10), ElementsAre(task.jobs[0], task.jobs[2]));
}

TEST_F(JobStoreTest, HistoryCountsDifferentResourcesThatWereLost) {
  const int64_t one = NewWorker(), two = NewWorker();
  const InsertedTask task = NewTaskOf({Noop()});
  for (const int64_t worker : {one, one, two}) {
    const int64_t token = Run(task.jobs[0], worker);
    ASSERT_OK(pool_.Transaction([&](pg::Session& session) -> absl::Status {
      ASSIGN_OR_RETURN(std::optional<LockedJob> job, jobs_.Lock(session, 0, task.jobs[0], token));
      EXPECT_EQ(job->history.lost_resources, worker == one ? 1 : 2);
      JobStore::Ending ending;
      ending.attempt_outcome = "lost";
      return jobs_.Requeue(session, *job, Judge(job->history, Trouble::kLost, FailureClass::kNone, 0), ending);
    }));
    database_.Execute("update jobs set state = 'ready' where state = 'retry_wait'");
  }
}

TEST_F(JobStoreTest, UnstartedJobsExpireByTheirDeadline) {
  NewJob soon = Noop();
  soon.start_within = absl::Milliseconds(-1);
  const InsertedTask task = NewTaskOf({soon, Noop()});
  EXPECT_THAT(*jobs_.ListUnstarted(10), ElementsAre(task.jobs[0]));
}

TEST_F(JobStoreTest, ListShowsOnlyWhatThePersonMaintainsOrTeaches) {
  database_.Execute(R"sql(
    insert into users (email, display_name, role) values ('m@x.y', 'm', 'lecturer'), ('l@x.y', 'l', 'lecturer'), ('o@x.y', 'o', 'student');
    insert into maintainers (organization_id, user_id) values (2, 1);
    insert into courses (organization_id, title, visibility) values (4, 'c', 'public');
    insert into enrolments (course_id, user_id, role) values (1, 2, 'lecturer'), (1, 3, 'student');
    insert into lectures (course_id, title) values (1, 'l'))sql");
  const InsertedTask chair = NewTaskOf({Noop()}, 3);
  const InsertedTask foreign = NewTaskOf({Noop()}, 4);
  database_.Execute(absl::StrCat("update tasks set lecture_id = 1 where id = ", foreign.task));
  const auto seen = [&](int64_t user) {
    JobFilter filter;
    filter.user = user;
    std::vector<int64_t> ids;
    const std::vector<JobRow> rows = jobs_.List(filter).value();
    for (const JobRow& row : rows) ids.push_back(row.id);
    return ids;
  };
  EXPECT_THAT(seen(0), ElementsAre(foreign.jobs[0], chair.jobs[0]));
  EXPECT_THAT(seen(1), ElementsAre(chair.jobs[0]));
  EXPECT_THAT(seen(2), ElementsAre(foreign.jobs[0]));
  EXPECT_THAT(seen(3), IsEmpty());
}

TEST_F(JobStoreTest, ListPagesDownwardsAndFilters) {
  const InsertedTask task = NewTaskOf({Noop(), Noop({0}), Noop()});
  JobFilter filter;
  filter.limit = 2;
  absl::StatusOr<std::vector<JobRow>> page = jobs_.List(filter);
  ASSERT_OK(page);
  ASSERT_THAT(*page, SizeIs(2));
  filter.before = page->back().id;
  EXPECT_THAT(*jobs_.List(filter), SizeIs(1));
  filter = {};
  filter.states = {JobState::kBlocked};
  EXPECT_THAT(*jobs_.List(filter), SizeIs(1));
  filter = {};
  filter.organization = 1;  // the subtree
  EXPECT_THAT(*jobs_.List(filter), SizeIs(3));
  filter.organization = 4;
  EXPECT_THAT(*jobs_.List(filter), IsEmpty());
}

TEST_F(JobStoreTest, GetSaysWhatABlockedJobWaitsFor) {
  const InsertedTask task = NewTaskOf({Noop(), Noop({0})});
  EXPECT_THAT((*jobs_.Get(task.jobs[1])).waits_for, ElementsAre(absl::StrCat("jobs/", task.jobs[0], " (noop, ready)")));
}

// A claim must read the partial index of ready jobs only, however many rows have ended or wait (and whatever is in
// their way).
TEST_F(JobStoreTest, TheReadyQueryUsesTheIndexOfReadyJobs) {
  NewTaskOf(std::vector<NewJob>(3000, Noop()));
  database_.Execute("update jobs set state = 'blocked' where id % 50 <> 0; analyze jobs");
  absl::StatusOr<pg::Rows> rows =
      pool_.Run({"explain_ready",
                 "explain select id, organization_id, kind, class, priority, run_at, capability, pinned_resource_id, "
                 "avoid_resources "
                 "from jobs where state = 'ready' order by class, priority, run_at, id limit $1"},
                500);
  ASSERT_OK(rows);
  std::string text;
  for (int i = 0; i < rows->size(); ++i) absl::StrAppend(&text, (*rows)[i].Text("\"QUERY PLAN\""), "\n");
  EXPECT_THAT(text, HasSubstr("jobs_ready"));
}

}  // namespace
}  // namespace lectern::api
