#include "api/store/link_store.h"

#include <thread>

#include "common/base/status.h"
#include "tests/api/store/job_fixture.h"

namespace lectern::api {
namespace {

using ::lectern::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class LinkStoreTest : public JobFixture {
 protected:
  CandidateResource Candidate(int64_t id) {
    const std::vector<CandidateResource> all = links_.ListCandidates({}).value();
    for (const CandidateResource& candidate : all) {
      if (candidate.id == id) return candidate;
    }
    ADD_FAILURE() << "resources/" << id << " is no candidate";
    return {};
  }
  bool SomebodyWaitsForALock() {
    const absl::Time give_up = absl::Now() + absl::Seconds(30);
    const std::string waiting =
        "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
    while (database_.Query(waiting) == "0") {
      if (absl::Now() > give_up) return false;
      absl::SleepFor(absl::Milliseconds(5));
    }
    return true;
  }
  std::vector<int64_t> Beat(int64_t resource, int64_t epoch, const std::string& instance = "a") {
    const BeatRow beat{resource, epoch, R"({"cpu": 0.5, "text": "a \"quoted\" {word}, \\"})"};
    return links_.Beat(instance, absl::MakeConstSpan(&beat, 1), absl::Seconds(10)).value();
  }
};

TEST_F(LinkStoreTest, TheSameIncarnationKeepsItsEpochAndItsJobs) {
  const int64_t worker = NewWorker();
  const int64_t epoch = Epoch(worker);
  const InsertedTask task = NewTaskOf({Noop()});
  Run(task.jobs[0], worker);
  database_.Execute("update resource_sessions set busy = 17");  // whatever went wrong with it
  const Attached again = Attach(worker, "first", "b");
  EXPECT_TRUE(again.resumed);
  EXPECT_EQ(again.epoch, epoch);
  EXPECT_EQ(again.organization, 3);
  EXPECT_EQ(again.kind, "worker");
  EXPECT_EQ(Busy(worker), 1);
}

TEST_F(LinkStoreTest, AJobThatEndsWhileItsResourceAttachesKeepsNoSlot) {
  const int64_t worker = NewWorker();
  const InsertedTask task = NewTaskOf({Noop()});
  const int64_t token = Run(task.jobs[0], worker);
  std::thread attaching;
  ASSERT_OK(pool_.Transaction([&](pg::Session& session) -> absl::Status {
    ASSIGN_OR_RETURN(std::optional<LockedJob> job, jobs_.Lock(session, worker, task.jobs[0], token));
    JobStore::Ending ending;
    ending.attempt_outcome = "done";
    RETURN_IF_ERROR(jobs_.End(session, *job, ending));
    attaching = std::thread([&] { EXPECT_TRUE(Attach(worker, "first", "b").resumed); });
    EXPECT_TRUE(SomebodyWaitsForALock());
    return absl::OkStatus();
  }));
  attaching.join();
  EXPECT_EQ(Busy(worker), 0);
}

TEST_F(LinkStoreTest, ADisconnectOfAnOlderStreamCanBeUndoneByItsInstance) {
  const int64_t worker = NewWorker();
  ASSERT_OK(links_.Disconnect(worker, Epoch(worker), "a"));
  ASSERT_OK(links_.UndoDisconnect(worker, Epoch(worker), "b"));
  ASSERT_OK(links_.UndoDisconnect(worker, Epoch(worker) - 1, "a"));
  EXPECT_EQ(Candidate(worker).health, ResourceHealth::kDisconnected);
  ASSERT_OK(links_.UndoDisconnect(worker, Epoch(worker), "a"));
  EXPECT_EQ(Candidate(worker).health, ResourceHealth::kAlive);
}

TEST_F(LinkStoreTest, ANewIncarnationGetsANewEpochAndNoJobs) {
  const int64_t worker = NewWorker();
  const int64_t epoch = Epoch(worker);
  Run(NewTaskOf({Noop()}).jobs[0], worker);
  const Attached again = Attach(worker, "second");
  EXPECT_FALSE(again.resumed);
  EXPECT_GT(again.epoch, epoch);
  EXPECT_EQ(Busy(worker), 0);
  EXPECT_THAT(*jobs_.ListTroubled(absl::Seconds(10), absl::Hours(1), 10), SizeIs(1));
}

TEST_F(LinkStoreTest, OldCredentialsAndRemovedResourcesDoNotAttach) {
  const int64_t worker = Join("worker", 3);
  AttachRequest request;
  request.resource = worker;
  request.credential_serial = 2;
  EXPECT_THAT(links_.Attach(request, absl::Seconds(10)),
              StatusIs(absl::StatusCode::kUnauthenticated, "CREDENTIAL_REVOKED"));
  request.credential_serial = 1;
  database_.Execute("update resources set removed_at = now()");
  EXPECT_THAT(links_.Attach(request, absl::Seconds(10)),
              StatusIs(absl::StatusCode::kUnauthenticated, "CREDENTIAL_REVOKED"));
}

TEST_F(LinkStoreTest, BeatsRenewOnlyTheHoldersCurrentSession) {
  const int64_t worker = NewWorker();
  const int64_t epoch = Epoch(worker);
  ASSERT_OK(links_.Disconnect(worker, epoch, "a"));
  EXPECT_THAT(Beat(worker, epoch), ElementsAre(worker));
  EXPECT_EQ(Candidate(worker).health, ResourceHealth::kDisconnected);  // it was under way when the stream broke
  database_.Execute("update resource_sessions set disconnected_at = now() - interval '1 s'");
  EXPECT_THAT(Beat(worker, epoch), ElementsAre(worker));
  EXPECT_EQ(Candidate(worker).health, ResourceHealth::kAlive);  // it is heard, so it is connected
  EXPECT_EQ(Candidate(worker).load, 0.5);
  EXPECT_THAT(Beat(worker, epoch - 1), IsEmpty());
  EXPECT_THAT(Beat(worker, epoch, "b"), IsEmpty());
}

TEST_F(LinkStoreTest, OnlyTheInstanceThatHoldsTheStreamCanReportItsEnd) {
  const int64_t worker = NewWorker();
  ASSERT_OK(links_.Disconnect(worker, Epoch(worker), "b"));
  ASSERT_OK(links_.Disconnect(worker, Epoch(worker) - 1, "a"));
  EXPECT_EQ(Candidate(worker).health, ResourceHealth::kAlive);
  ASSERT_OK(links_.Disconnect(worker, Epoch(worker), "a"));
  EXPECT_EQ(Candidate(worker).health, ResourceHealth::kDisconnected);
}

TEST_F(LinkStoreTest, AClosedStreamIsLostAfterTheGraceASilentOneOnlyWhereSilenceCounts) {
  const int64_t closed = NewWorker(), silent = NewWorker(), well = NewWorker();
  ASSERT_OK(links_.Disconnect(closed, Epoch(closed), "a"));
  LinkTimes times;
  EXPECT_THAT(*links_.MarkLost(times, true), IsEmpty());
  database_.Execute(absl::StrCat(
      "update resource_sessions set disconnected_at = now() - interval '3 s' where resource_id = ", closed));
  database_.Execute(
      absl::StrCat("update resource_sessions set last_beat_at = now() - interval '31 s' where resource_id = ", silent));
  const int64_t epoch = Epoch(closed);
  absl::StatusOr<std::vector<LostSession>> lost = links_.MarkLost(times, false);
  ASSERT_OK(lost);
  ASSERT_THAT(*lost, SizeIs(1));
  EXPECT_EQ((*lost)[0].resource, closed);
  EXPECT_EQ((*lost)[0].why, "closed");
  EXPECT_GT(Epoch(closed), epoch);
  lost = links_.MarkLost(times, true);
  ASSERT_OK(lost);
  ASSERT_THAT(*lost, SizeIs(1));
  EXPECT_EQ((*lost)[0].resource, silent);
  EXPECT_EQ(Candidate(well).health, ResourceHealth::kAlive);
  EXPECT_FALSE(Attach(silent, "first").resumed);  // it was given up
}

TEST_F(LinkStoreTest, SilenceMakesSuspectBeforeItMakesLost) {
  const int64_t worker = NewWorker();
  database_.Execute("update resource_sessions set last_beat_at = now() - interval '6 s'");
  EXPECT_EQ(Candidate(worker).health, ResourceHealth::kSuspect);
}

TEST_F(LinkStoreTest, TheThirdFastFailureInARowIsQuarantinedForAWhile) {
  const int64_t worker = NewWorker();
  const int64_t epoch = Epoch(worker);
  EXPECT_FALSE(*links_.NoteFastFailure(worker, epoch, absl::Minutes(1)));
  ASSERT_OK(links_.NoteSuccess(worker, epoch));
  EXPECT_FALSE(*links_.NoteFastFailure(worker, epoch, absl::Minutes(1)));
  EXPECT_FALSE(*links_.NoteFastFailure(worker, epoch, absl::Minutes(1)));
  EXPECT_FALSE(Candidate(worker).quarantined);
  EXPECT_TRUE(*links_.NoteFastFailure(worker, epoch, absl::Minutes(1)));
  EXPECT_TRUE(Candidate(worker).quarantined);
  database_.Execute("update resource_sessions set quarantined_until = now() - interval '1 s'");
  EXPECT_FALSE(Candidate(worker).quarantined);
  EXPECT_TRUE(*links_.NoteFastFailure(worker, epoch, absl::Minutes(1)));  // it has not mended
  ASSERT_OK(links_.NoteSuccess(worker, epoch));
  EXPECT_FALSE(Candidate(worker).quarantined);
}

TEST_F(LinkStoreTest, CandidatesAreWorkersAndVodServicesThatAreNotRemoved) {
  const int64_t worker = NewWorker(), never = Join("worker", 3);
  Join("edge", 3);
  const int64_t vod = Join("vod_service", 3, true), removed = Join("worker", 3);
  database_.Execute(absl::StrCat("update resources set removed_at = now() where id = ", removed));
  const std::vector<CandidateResource> all = links_.ListCandidates({}).value();
  ASSERT_THAT(all, SizeIs(3));
  EXPECT_EQ(all[0].id, worker);
  EXPECT_EQ(all[1].id, never);
  EXPECT_EQ(all[1].health, ResourceHealth::kNeverAttached);
  EXPECT_EQ(all[2].id, vod);
  EXPECT_TRUE(all[2].shared);
}

TEST_F(LinkStoreTest, TheTreeKnowsTheParents) {
  const OrganizationTree tree = links_.LoadTree().value();
  EXPECT_EQ(tree.Distance(1, 3), 2);
  EXPECT_EQ(tree.Distance(4, 3), -1);
}

TEST_F(LinkStoreTest, LeavingAndSlotsAreTheSessionsOwn) {
  const int64_t worker = NewWorker();
  ASSERT_OK(links_.SetSlots(worker, Epoch(worker) - 1, 9));
  EXPECT_EQ(Candidate(worker).slots, 2);
  ASSERT_OK(links_.SetSlots(worker, Epoch(worker), 9));
  EXPECT_EQ(Candidate(worker).slots, 9);
  ASSERT_OK(links_.SetLeaving(worker, Epoch(worker)));
  EXPECT_TRUE(Candidate(worker).draining);
  Attach(worker, "first");
  EXPECT_FALSE(Candidate(worker).draining);
}

}  // namespace
}  // namespace lectern::api
