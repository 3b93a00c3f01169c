// What is particular to the jobs of live streams.
#include "api/store/job_store.h"
#include "common/base/status.h"

namespace lectern::api {
namespace {

// A stream that was taken up again meanwhile has another ingest, and one whose lecture is deleted has ended.
constexpr char kIngestEnded[] = R"sql(
update live_streams set state = 'ending', end_reason = case when end_reason = '' then left($2, 500) else end_reason end
where job_id = $1 and state <> 'ended' returning id)sql";

// What could be played while it was live can be played for ever.
constexpr char kFinaliseFailed[] = R"sql(
with s as (
  update live_streams set state = 'ended', ended_at = now() where task_id = $1 and state = 'ending' returning asset_id, end_ms
)
update assets a set duration_ms = s.end_ms, playable_at = coalesce(a.playable_at, now()),
  state = case when exists (select 1 from renditions r where r.asset_id = a.id) then 'playable'
               when s.end_ms > 0 then 'failed' else 'removed' end
from s where a.id = s.asset_id and a.state = 'live')sql";

constexpr char kMakeReady[] = R"sql(update jobs set state = 'ready' where id = $1 and state = 'retry_wait')sql";

std::string EndReason(const JobStore::Ending& ending) {
  return ending.error.empty() ? "the worker has ended it" : ending.error;
}

}  // namespace

absl::Status JobStore::FollowLive(pg::Session& session, const LockedJob& job, const Ending& ending) {
  if (job.kind == kFinaliseKind && ending.state != JobState::kDone) {
    return session.Run({"finalise_failed", kFinaliseFailed}, job.task).status();
  }
  if (job.kind != kLiveIngestKind) return absl::OkStatus();
  ASSIGN_OR_RETURN(pg::Rows rows, session.Run({"ingest_ended", kIngestEnded}, job.id, EndReason(ending)));
  if (rows.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(std::vector<int64_t> ids, AllocateIds(session, 1));
  const PlannedJob finalise = PlanFinalise({job.upload_id, job.lecture, job.view});
  const NewJob next = ToNewJob(finalise, ids, ids[0], job.vod_resource);
  return AddJobs(session, job.task, absl::MakeConstSpan(&next, 1));
}

absl::StatusOr<bool> JobStore::Release(int64_t resource, int64_t id, int64_t token, const std::string& outcome,
                                       const std::string& reason) {
  bool released = false;
  RETURN_IF_ERROR(pool_.Transaction([&](pg::Session& session) -> absl::Status {
    ASSIGN_OR_RETURN(std::optional<LockedJob> job, Lock(session, resource, id, token));
    released = job.has_value() && job->state != JobState::kCancelling;
    if (!released) return absl::OkStatus();
    Verdict again{JobState::kReady, FailureClass::kNone, absl::ZeroDuration(), job->history.losses,
                  job->history.media_failures, /*avoid=*/true, ""};
    Ending ending;
    ending.attempt_outcome = outcome;
    ending.error = reason;
    return Requeue(session, *job, again, ending);
  }));
  return released;
}

absl::Status JobStore::MakeReady(int64_t job) { return pool_.Run({"make_ready", kMakeReady}, job).status(); }

NewJob ToNewJob(const PlannedJob& planned, absl::Span<const int64_t> ids, int64_t id, int64_t vod_resource) {
  NewJob job;
  job.id = id;
  job.kind = planned.kind;
  job.label = planned.label;
  job.job_class = planned.job_class;
  job.priority = planned.priority;
  job.capability = planned.capability;
  job.pinned_resource = planned.at_vod_service ? vod_resource : 0;
  job.run_limit_seconds = planned.run_limit_seconds;
  job.stall_seconds = planned.stall_seconds;
  job.spec_json = SpecJson(planned, ids);
  job.needs = planned.needs;
  return job;
}

}  // namespace lectern::api
