#include "api/control/reaper.h"

#include <algorithm>
#include <string>
#include <utility>

#include "common/base/status.h"
#include "common/log/log.h"

namespace lectern::api {
namespace {

constexpr absl::Duration kInterval = absl::Milliseconds(200);
// A gap between two runs longer than this is an outage of this process (frozen, starved).
constexpr absl::Duration kGap = absl::Seconds(2);
constexpr absl::Duration kReportInterval = absl::Seconds(5);
constexpr int kMostAtOnce = 500;

// One job that cannot be ended must not keep all others, and the sessions, from being looked after.
absl::Status Tolerated(int64_t job, const absl::Status& status) {
  if (status.ok() || absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) || absl::IsResourceExhausted(status)) {
    return status;
  }
  log::Error("a job could not be taken back", {{"job", job}, {"error", status.ToString()}});
  return absl::OkStatus();
}

}  // namespace

Reaper::Reaper(Shared& shared, Leader& leader, Outcomes& outcomes)
    : shared_(shared), leader_(leader), outcomes_(outcomes) {}

Reaper::~Reaper() {
  Stop();
}

void Reaper::Start() {
  loop_ = std::make_unique<PeriodicLoop>("reaper", kInterval, [this] { Run(); });
}

void Reaper::Stop() {
  if (loop_) loop_->Stop();
}

// Silence counts only as far as this instance could have heard: whatever kept it, or the database, from working is
// forgiven to all resources alike.
void Reaper::Run() {
  const absl::Duration now = shared_.clock.Steady();
  const bool gap = now - std::exchange(last_run_, now) > kGap;
  if (!leader_.IsLeader()) {
    well_since_ = absl::InfiniteDuration();
    return;
  }
  if (gap || well_since_ > now) well_since_ = now;
  const absl::Status reaped = Reap(now - well_since_);
  last_run_ = shared_.clock.Steady();
  if (reaped.ok()) return;
  well_since_ = last_run_;
  log::Warn("the reaper could not work", {{"error", reaped.ToString()}});
}

absl::Status Reaper::Reap(absl::Duration well_for) {
  RETURN_IF_ERROR(ReapSessions(well_for));
  RETURN_IF_ERROR(ReapJobs(well_for));
  const absl::Duration now = shared_.clock.Steady();
  if (now - reported_at_ >= kReportInterval) {
    reported_at_ = now;
    RETURN_IF_ERROR(EndHomeless());
    Report();
  }
  return absl::OkStatus();
}

absl::Status Reaper::ReapSessions(absl::Duration well_for) {
  if (well_for <= shared_.config.reconnect_grace) return absl::OkStatus();
  ASSIGN_OR_RETURN(std::vector<LostSession> lost,
                   shared_.links.MarkLost(shared_.link_times(), well_for >= shared_.config.lost_after));
  for (const LostSession& session : lost) {
    shared_.metrics.CountLost(session.why);
    log::Warn("resource lost", {{"resource", session.resource}, {"host", session.host}, {"why", session.why}});
  }
  return absl::OkStatus();
}

absl::Status Reaper::ReapJobs(absl::Duration well_for) {
  std::vector<UnacceptedSession> deaf;
  if (well_for >= shared_.config.accept_timeout) {
    ASSIGN_OR_RETURN(deaf, shared_.jobs.ReleaseUnaccepted());
  }
  for (const UnacceptedSession& session : deaf) {
    log::Warn("a job was not accepted in time", {{"resource", session.resource}});
    shared_.metrics.CountAttempt("any", "not_accepted");
    outcomes_.NoteFastFailure(session.resource, session.epoch, -absl::ToUnixNanos(shared_.clock.Now()));
  }
  ASSIGN_OR_RETURN(std::vector<TroubledJob> troubled,
                   shared_.jobs.ListTroubled(shared_.config.cancel_grace, well_for, kMostAtOnce));
  for (const TroubledJob& job : troubled) RETURN_IF_ERROR(Tolerated(job.job, outcomes_.Rescue(job)));
  ASSIGN_OR_RETURN(std::vector<int64_t> unstarted, shared_.jobs.ListUnstarted(kMostAtOnce));
  for (const int64_t job : unstarted) RETURN_IF_ERROR(Tolerated(job, outcomes_.Expire(job)));
  if (!deaf.empty() || !troubled.empty()) shared_.hints.work();
  return absl::OkStatus();
}

absl::Status Reaper::EndHomeless() {
  ASSIGN_OR_RETURN(std::vector<int64_t> homeless, shared_.jobs.ListHomeless(kMostAtOnce));
  for (const int64_t job : homeless) RETURN_IF_ERROR(Tolerated(job, outcomes_.GiveUp(job)));
  return absl::OkStatus();
}

void Reaper::Report() {
  absl::StatusOr<std::vector<QueueDepth>> depths = shared_.jobs.ListDepths();
  if (depths.ok()) shared_.metrics.SetDepths(*depths);
  absl::StatusOr<std::vector<CandidateResource>> resources = shared_.links.ListCandidates(shared_.link_times());
  if (!resources.ok()) return;
  int used = 0, free = 0;
  for (const CandidateResource& resource : *resources) {
    if (resource.health != ResourceHealth::kAlive) continue;
    used += resource.busy;
    free += std::max(resource.slots - resource.busy, 0);
  }
  shared_.metrics.SetSlots(used, free);
}

}  // namespace lectern::api
