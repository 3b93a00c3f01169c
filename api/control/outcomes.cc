#include "api/control/outcomes.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "api/control/effects.h"
#include "common/base/status.h"
#include "common/log/log.h"
#include "lectern/v1/link.pb.h"

namespace lectern::api {
namespace {

// A job that fails sooner than that was not worked on.
constexpr absl::Duration kFastFailure = absl::Seconds(5);
// So long a resource is taken for clean without asking the database.
constexpr absl::Duration kCleanFor = absl::Seconds(5);

FailureClass FromProto(v1::FailureClass failure) {
  switch (failure) {
    case v1::MEDIA: return FailureClass::kMedia;
    case v1::RESOURCE_SHORT: return FailureClass::kResourceShort;
    case v1::REJECTED_INPUT: return FailureClass::kRejectedInput;
    default: return FailureClass::kInfrastructure;   // poison is ours to find
  }
}

std::string OutcomeWord(Trouble trouble) {
  switch (trouble) {
    case Trouble::kFailed: return "failed";
    case Trouble::kLost: return "lost";
    case Trouble::kOverdue: return "overdue";
    case Trouble::kStalled: return "stalled";
  }
  return "failed";
}

std::string TroubleSentence(Trouble trouble) {
  switch (trouble) {
    case Trouble::kLost: return "the resource that ran it was lost";
    case Trouble::kOverdue: return "it ran longer than it may";
    case Trouble::kStalled: return "it made no progress for too long";
    case Trouble::kFailed: break;
  }
  return "it failed";
}

double Random() {
  thread_local absl::BitGen generator;
  return absl::Uniform(generator, 0.0, 1.0);
}

std::string ResultJson(const v1::JobResult& result) {
  std::string json;
  return google::protobuf::util::MessageToJsonString(result, &json).ok() ? json : std::string();
}

void LogEnd(const LockedJob& job, const JobStore::Ending& ending) {
  log::Info("job ended", {{"job", job.id}, {"kind", job.kind}, {"label", job.label}, {"task", job.task}, {"resource", job.resource},
                          {"state", std::string(JobStateWord(ending.state))}, {"error", ending.error}});
}

}  // namespace

absl::StatusOr<bool> Outcomes::Done(int64_t resource, int64_t id, int64_t token, const v1::JobResult& result) {
  std::optional<LockedJob> job;
  const absl::Status ended = shared_.pool.Transaction([&](pg::Session& session) -> absl::Status {
    ASSIGN_OR_RETURN(job, shared_.jobs.Lock(session, resource, id, token));
    if (!job) return absl::OkStatus();
    RETURN_IF_ERROR(ApplyResult(shared_, session, *job, result));
    JobStore::Ending ending;
    ending.attempt_outcome = "done";
    ending.result_json = ResultJson(result);
    return End(session, *job, ending);
  });
  if (absl::IsInvalidArgument(ended)) return RefuseResult(resource, id, token, ended);
  RETURN_IF_ERROR(ended);
  if (!job) return AnswerForUnheld(resource, id, token);
  shared_.metrics.CountAttempt(job->kind, "done");
  NoteSuccess(resource, job->epoch);
  shared_.hints.work();
  return true;
}

absl::StatusOr<std::vector<bool>> Outcomes::DoneTogether(const std::vector<HeldJob>& jobs) {
  std::vector<size_t> order(jobs.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return jobs[a].job < jobs[b].job; });
  std::vector<std::optional<LockedJob>> locked(jobs.size());
  RETURN_IF_ERROR(shared_.pool.Transaction([&](pg::Session& session) -> absl::Status {
    std::set<int64_t> tasks;
    for (const size_t i : order) {
      ASSIGN_OR_RETURN(locked[i], shared_.jobs.Lock(session, jobs[i].resource, jobs[i].job, jobs[i].token));
      if (!locked[i]) continue;
      if (locked[i]->kind != "noop" && locked[i]->kind != "delete_media") return absl::FailedPreconditionError("it owes a result");
      JobStore::Ending ending;
      ending.attempt_outcome = "done";
      RETURN_IF_ERROR(shared_.jobs.End(session, *locked[i], ending));
      tasks.insert(locked[i]->task);
    }
    for (const int64_t task : tasks) RETURN_IF_ERROR(shared_.jobs.EndTask(session, task).status());
    return absl::OkStatus();
  }));
  std::vector<bool> recorded;
  for (const std::optional<LockedJob>& job : locked) {
    recorded.push_back(job.has_value());
    if (!job) continue;
    shared_.metrics.CountAttempt(job->kind, "done");
    NoteSuccess(job->resource, job->epoch);
  }
  shared_.hints.work();
  return recorded;
}

// A result that cannot be used is a failure, of the input where no retry can help, else of the resource.
absl::StatusOr<bool> Outcomes::RefuseResult(int64_t resource, int64_t job, int64_t token, const absl::Status& why) {
  v1::Failed failed;
  failed.set_job(job);
  failed.set_token(token);
  failed.set_failure_class(ReasonOf(why) == "NOTHING_USABLE" ? v1::REJECTED_INPUT : v1::INFRASTRUCTURE);
  failed.set_error(std::string(why.message()));
  return Failed(resource, failed);
}

absl::Status Outcomes::End(pg::Session& session, const LockedJob& job, const JobStore::Ending& ending) {
  RETURN_IF_ERROR(shared_.jobs.End(session, job, ending));
  ASSIGN_OR_RETURN(std::optional<TaskEnd> task, shared_.jobs.EndTask(session, job.task));
  if (!task && ending.state == JobState::kFailed && job.asset != 0) {
    return shared_.assets.SetError(session, job.asset, ending.error);
  }
  return absl::OkStatus();
}

// Applies the retry rules; `ending.failure` is the class that was reported.
absl::Status Outcomes::EndTroubled(pg::Session& session, LockedJob job, Trouble trouble, JobStore::Ending ending) {
  ASSIGN_OR_RETURN(job.history.eligible, CountEligible(session, job));
  const Verdict verdict = Judge(job.history, trouble, ending.failure, Random());
  ending.attempt_outcome = OutcomeWord(trouble);
  ending.failure = verdict.failure;
  if (ending.error.empty()) ending.error = TroubleSentence(trouble);
  if (job.history.live) shared_.metrics.CountFailover();
  if (verdict.next != JobState::kFailed) return shared_.jobs.Requeue(session, job, verdict, ending);
  ending.state = JobState::kFailed;
  if (!verdict.reason.empty()) absl::StrAppend(&ending.error, " (", verdict.reason, ")");
  LogEnd(job, ending);
  return End(session, job, ending);
}

absl::StatusOr<bool> Outcomes::Failed(int64_t resource, const v1::Failed& failed) {
  std::optional<LockedJob> job;
  int eligible = 1;
  const FailureClass failure = FromProto(failed.failure_class());
  RETURN_IF_ERROR(shared_.pool.Transaction([&](pg::Session& session) -> absl::Status {
    ASSIGN_OR_RETURN(job, shared_.jobs.Lock(session, resource, failed.job(), failed.token()));
    if (!job) return absl::OkStatus();
    ASSIGN_OR_RETURN(eligible, CountEligible(session, *job));
    JobStore::Ending ending;
    ending.failure = failure;
    ending.error = failed.error();
    ending.log_tail = failed.log_tail();
    if (!job->cancel_requested) return EndTroubled(session, *job, Trouble::kFailed, std::move(ending));
    ending.state = JobState::kCancelled;
    ending.attempt_outcome = "failed";
    return End(session, *job, ending);
  }));
  if (!job) return AnswerForUnheld(resource, failed.job(), failed.token());
  shared_.metrics.CountAttempt(job->kind, "failed");
  log::Warn("attempt failed", {{"job", job->id}, {"kind", job->kind}, {"resource", resource}, {"attempt", job->history.attempt},
                               {"class", std::string(FailureClassWord(failure))}, {"error", failed.error()}});
  // Bad input is the resource's fault only where others could show that it is.
  const bool suspicious = failure == FailureClass::kInfrastructure || (failure == FailureClass::kMedia && eligible > 1);
  // Live streams come back whatever happens; what is wrong with one must not keep a worker from all others.
  const bool fast = job->ran < kFastFailure && !job->cancel_requested && !job->history.live;
  if (suspicious && fast) NoteFastFailure(resource, job->epoch, job->task);
  shared_.hints.work();
  return true;
}

absl::StatusOr<bool> Outcomes::Cancelled(int64_t resource, int64_t id, int64_t token) {
  std::optional<LockedJob> job;
  RETURN_IF_ERROR(shared_.pool.Transaction([&](pg::Session& session) -> absl::Status {
    ASSIGN_OR_RETURN(job, shared_.jobs.Lock(session, resource, id, token));
    if (!job) return absl::OkStatus();
    JobStore::Ending ending;
    // Nobody asked for it: the resource stopped it for reasons of its own.
    if (!job->cancel_requested) {
      ending.error = "the resource stopped it";
      return EndTroubled(session, *job, Trouble::kFailed, std::move(ending));
    }
    ending.state = JobState::kCancelled;
    ending.attempt_outcome = "cancelled";
    ending.error = "cancelled by a person";
    return End(session, *job, ending);
  }));
  if (!job) return AnswerForUnheld(resource, id, token);
  shared_.metrics.CountAttempt(job->kind, "cancelled");
  shared_.hints.work();
  return true;
}

absl::Status Outcomes::Rescue(const TroubledJob& troubled) {
  std::optional<LockedJob> job;
  RETURN_IF_ERROR(shared_.pool.Transaction([&](pg::Session& session) -> absl::Status {
    ASSIGN_OR_RETURN(job, shared_.jobs.Lock(session, 0, troubled.job, troubled.token));
    if (!job) return absl::OkStatus();
    JobStore::Ending ending;
    if (job->cancel_requested) {
      ending.state = JobState::kCancelled;
      ending.attempt_outcome = OutcomeWord(troubled.trouble);
      ending.error = "cancelled by a person";
      return End(session, *job, ending);
    }
    if (job->state == JobState::kLeased) {   // it never started there
      Verdict again{JobState::kReady, FailureClass::kNone, absl::ZeroDuration(), job->history.losses, job->history.media_failures,
                    /*avoid=*/job->history.live, ""};
      ending.attempt_outcome = "not_accepted";
      if (job->history.live) shared_.metrics.CountFailover();
      return shared_.jobs.Requeue(session, *job, again, ending);
    }
    return EndTroubled(session, *job, troubled.trouble, std::move(ending));
  }));
  if (!job) return absl::OkStatus();
  shared_.metrics.CountAttempt(job->kind, OutcomeWord(troubled.trouble));
  log::Warn("job taken back", {{"job", job->id}, {"kind", job->kind}, {"resource", job->resource}, {"token", job->token},
                               {"reason", OutcomeWord(troubled.trouble)}});
  return absl::OkStatus();
}

absl::Status Outcomes::Expire(int64_t id) {
  return EndWaiting(id, JobState::kExpired, "it was not started in time");
}

absl::Status Outcomes::GiveUp(int64_t id) {
  return EndWaiting(id, JobState::kFailed, "the resource that alone could run it was removed");
}

absl::Status Outcomes::EndWaiting(int64_t id, JobState state, absl::string_view why) {
  return shared_.pool.Transaction([&](pg::Session& session) -> absl::Status {
    ASSIGN_OR_RETURN(std::optional<LockedJob> job, shared_.jobs.Lock(session, id));
    if (!job || IsHeld(job->state)) return absl::OkStatus();
    JobStore::Ending ending;
    ending.state = state;
    ending.error = std::string(why);
    LogEnd(*job, ending);
    return End(session, *job, ending);
  });
}

// An outcome that was recorded before, and whose Recorded was lost, is recorded; anything else is fenced off.
absl::StatusOr<bool> Outcomes::AnswerForUnheld(int64_t resource, int64_t job, int64_t token) {
  ASSIGN_OR_RETURN(std::string outcome, shared_.jobs.ReportedOutcome(resource, job, token));
  if (!outcome.empty()) return true;
  shared_.metrics.CountAttempt("unknown", "fenced");
  log::Warn("late result refused", {{"job", job}, {"token", token}, {"resource", resource}});
  return false;
}

absl::StatusOr<int> Outcomes::CountEligible(pg::Session& session, const LockedJob& job) {
  ASSIGN_OR_RETURN(std::vector<CandidateResource> candidates, shared_.links.ListCandidates(session, shared_.link_times()));
  ASSIGN_OR_RETURN(OrganizationTree tree, shared_.links.LoadTree(session));
  WaitingJob waiting;
  waiting.organization = job.organization;
  waiting.capability = job.capability;
  waiting.pinned_resource = job.pinned_resource;
  const auto able = [&](const CandidateResource& resource) {
    const bool works = resource.health == ResourceHealth::kAlive && !resource.draining && resource.slots > 0;
    return (works || resource.id == job.resource) && MayEverRun(waiting, resource, tree);
  };
  return std::max(static_cast<int>(std::count_if(candidates.begin(), candidates.end(), able)), 1);
}

void Outcomes::NoteFastFailure(int64_t resource, int64_t epoch, int64_t task) {
  {
    absl::MutexLock lock(&mu_);
    auto [found, inserted] = last_fast_failure_.try_emplace(resource);
    if (!inserted && found->second.task == task) return;   // the same task again says more about the task
    found->second = {task, shared_.clock.Steady()};
  }
  absl::StatusOr<bool> quarantined = shared_.links.NoteFastFailure(resource, epoch, shared_.config.quarantine);
  if (!quarantined.ok() || !*quarantined) return;
  log::Warn("resource in quarantine: jobs of different tasks failed there within seconds",
            {{"resource", resource}, {"for", shared_.config.quarantine}});
}

void Outcomes::NoteSuccess(int64_t resource, int64_t epoch) {
  {
    absl::MutexLock lock(&mu_);
    const absl::Duration now = shared_.clock.Steady();
    auto [found, inserted] = last_fast_failure_.try_emplace(resource);
    // Another instance may have noted a failure since: the leader notes what was not accepted.
    if (!inserted && found->second.task == 0 && now - found->second.at < kCleanFor) return;
    found->second = {0, now};
  }
  const absl::Status noted = shared_.links.NoteSuccess(resource, epoch);
  if (!noted.ok()) log::Warn("a success was not noted", {{"resource", resource}, {"error", noted.ToString()}});
}

}  // namespace lectern::api
