// Records how attempts end, with all that follows from it, each in one transaction: facts about the recording, the jobs
// that come next, a retry, or the end of the task.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "api/control/shared.h"

namespace lectern::v1 {
class Failed;
class JobResult;
}  // namespace lectern::v1

namespace lectern::api {

// Thread-safe; blocks on the database.
class Outcomes {
 public:
  explicit Outcomes(Shared& shared) : shared_(shared) {}

  // What a resource reports. True: recorded, now or before; false: fenced off. Errors are those of the database: ask
  // again.
  absl::StatusOr<bool> Done(int64_t resource, int64_t job, int64_t token, const v1::JobResult& result);
  // Several results of one resource that change nothing but their jobs, in one transaction; true for each that is
  // recorded by this call. kFailedPrecondition where one of the jobs owes a real result.
  absl::StatusOr<std::vector<bool>> DoneTogether(const std::vector<HeldJob>& jobs);
  absl::StatusOr<bool> Failed(int64_t resource, const v1::Failed& failed);
  absl::StatusOr<bool> Cancelled(int64_t resource, int64_t job, int64_t token);

  // What the reaper finds. A job that has been helped meanwhile is left alone.
  absl::Status Rescue(const TroubledJob& troubled);
  absl::Status Expire(int64_t job);
  // A job that waits for a resource that was removed.
  absl::Status GiveUp(int64_t job);
  // A resource did something that a healthy one does not, within seconds of getting the job.
  void NoteFastFailure(int64_t resource, int64_t epoch, int64_t task);

 private:
  absl::StatusOr<bool> AnswerForUnheld(int64_t resource, int64_t job, int64_t token);
  absl::StatusOr<bool> RefuseResult(int64_t resource, int64_t job, int64_t token, const absl::Status& why);
  absl::Status EndTroubled(pg::Session& session, LockedJob job, Trouble trouble, JobStore::Ending ending);
  absl::Status End(pg::Session& session, const LockedJob& job, const JobStore::Ending& ending);
  absl::Status EndWaiting(int64_t job, JobState state, absl::string_view why);
  absl::StatusOr<int> CountEligible(pg::Session& session, const LockedJob& job);
  void NoteSuccess(int64_t resource, int64_t epoch);

  Shared& shared_;
  absl::Mutex mu_;
  // What this instance knows of a resource's record: the task that last failed there fast; 0: the database knows of no
  // failure.
  struct Record {
    int64_t task = 0;
    absl::Duration at;   // when the database was told
  };
  absl::flat_hash_map<int64_t, Record> last_fast_failure_ ABSL_GUARDED_BY(mu_);
};

}  // namespace lectern::api
