#include "api/control/live_placement.h"

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "api/control/link_session.h"
#include "common/base/status.h"
#include "common/log/log.h"

namespace lectern::api {
namespace {

// Each round that fails means that somebody else was faster; the next one sees what they did.
constexpr int kRounds = 20;
constexpr absl::Duration kRoundPause = absl::Milliseconds(5);
constexpr absl::Duration kTreeAge = absl::Seconds(1);

absl::Status Ended() {
  return WithReason(absl::FailedPreconditionError("the live stream has ended"), "STREAM_ENDED");
}

absl::Status CheckRunning(const IngestPlace& place) {
  const bool over = place.stream.state == "ending" || place.stream.state == "ended" || IsEnded(place.job_state) ||
                    place.job_state == JobState::kCancelling;
  return over ? Ended() : absl::OkStatus();
}

absl::Status CheckOwner(const IngestPlace& place, const IngestRequest& request) {
  if (place.stream.proxy_id == request.proxy && place.stream.session == request.session) return absl::OkStatus();
  return WithReason(absl::AbortedError("a newer connection with this token owns the live stream"), "SUPERSEDED");
}

}  // namespace

LivePlacement::LivePlacement(Shared& shared, SessionTable& sessions)
    : shared_(shared), sessions_(sessions), policy_(RecursiveOrganizationPolicy()) {}

absl::StatusOr<IngestLease> LivePlacement::AcquireIngest(const IngestRequest& request) {
  const absl::Duration started = shared_.clock.Steady();
  absl::StatusOr<IngestLease> lease = Acquire(request);
  shared_.metrics.ObserveAcquire(shared_.clock.Steady() - started, lease.ok());
  if (lease.ok()) {
    log::Info("live stream placed",
              {{"stream", request.stream}, {"job", lease->job}, {"epoch", lease->epoch}, {"resource", lease->worker},
               {"failed_epoch", request.failed_epoch}, {"reason", request.reason}});
  } else {
    log::Warn("live stream not placed", {{"stream", request.stream}, {"failed_epoch", request.failed_epoch},
                                         {"reason", request.reason}, {"error", lease.status().ToString()}});
  }
  return lease;
}

absl::StatusOr<IngestLease> LivePlacement::Acquire(const IngestRequest& request) {
  for (int round = 0; round < kRounds; ++round) {
    if (round > 1) absl::SleepFor(kRoundPause);
    ASSIGN_OR_RETURN(IngestPlace place, shared_.live.Locate(request.stream));
    RETURN_IF_ERROR(CheckOwner(place, request));
    RETURN_IF_ERROR(CheckRunning(place));
    if (IsHeld(place.job_state)) {
      if (place.holder_alive && place.token != request.failed_epoch) {
        return LeaseOf(place.stream.job_id, place.token, place.resource, place.stream.worker_host, place.holder_url);
      }
      RETURN_IF_ERROR(Release(place, place.holder_alive ? "leg_failed" : "lost", request.reason));
      continue;
    }
    if (place.job_state == JobState::kRetryWait) RETURN_IF_ERROR(shared_.jobs.MakeReady(place.stream.job_id));
    ASSIGN_OR_RETURN(std::optional<IngestLease> lease, Place(place));
    if (lease) return *std::move(lease);
  }
  return absl::UnavailableError("the live stream is being placed by others; ask again");
}

absl::StatusOr<std::optional<IngestLease>> LivePlacement::Place(const IngestPlace& place) {
  ASSIGN_OR_RETURN(CandidateResource chosen, Choose(place, 0));
  return Assign(place, chosen);
}

absl::StatusOr<CandidateResource> LivePlacement::Choose(const IngestPlace& place, int64_t except) {
  ASSIGN_OR_RETURN(std::vector<CandidateResource> resources, shared_.links.ListCandidates(shared_.link_times()));
  ASSIGN_OR_RETURN(const OrganizationTree tree, Tree());
  const Snapshot all{{place.waiting}, std::move(resources), &tree};
  Snapshot others{all.jobs, {}, &tree};
  for (const CandidateResource& resource : all.resources) {
    if (resource.id != except) others.resources.push_back(resource);
  }
  const std::vector<Assignment> wishes = policy_->Allocate(others);
  for (const CandidateResource& resource : others.resources) {
    if (!wishes.empty() && resource.id == wishes[0].resource) return resource;
  }
  const Explanation why = Explain(place.waiting, except == 0 ? all : others);
  const std::string reasons = why.details.empty() ? why.summary : absl::StrJoin(why.details, "; ");
  return WithReason(absl::ResourceExhaustedError(absl::StrCat("no worker takes the live stream: ", reasons)), "NO_FREE_WORKER");
}

absl::StatusOr<std::optional<IngestLease>> LivePlacement::Assign(const IngestPlace& place, const CandidateResource& resource) {
  const ::lectern::api::Assignment wish{place.stream.job_id, resource.id, resource.epoch};
  ASSIGN_OR_RETURN(std::vector<AssignedJob> assigned,
                   shared_.jobs.Assign(absl::MakeConstSpan(&wish, 1), shared_.config.accept_timeout));
  if (assigned.empty()) return std::nullopt;
  shared_.metrics.ObserveStart(assigned[0].job_class, assigned[0].waited);
  Push(assigned[0]);
  return LeaseOf(assigned[0].job, assigned[0].token, resource.id, resource.host, resource.public_url);
}

// The old holder is told at once where its stream is here; else the answer to its next beat does.
absl::Status LivePlacement::Release(const IngestPlace& place, const std::string& outcome, const std::string& reason) {
  ASSIGN_OR_RETURN(const bool released,
                   shared_.jobs.Release(place.resource, place.stream.job_id, place.token, outcome, reason));
  if (!released) return absl::OkStatus();
  shared_.metrics.CountAttempt(kLiveIngestKind, outcome);
  if (outcome != "moved") shared_.metrics.CountFailover();
  if (std::shared_ptr<LinkSession> holder = sessions_.Find(place.resource)) holder->Stop(place.stream.job_id, place.token);
  return absl::OkStatus();
}

void LivePlacement::Push(const AssignedJob& job) {
  std::shared_ptr<LinkSession> session = job.api_instance == shared_.config.instance ? sessions_.Find(job.resource) : nullptr;
  if (session != nullptr && session->epoch() == job.epoch) return session->Assign(job);
  shared_.hints.push(job.api_instance);
}

absl::StatusOr<OrganizationTree> LivePlacement::Tree() {
  const absl::Duration now = shared_.clock.Steady();
  {
    absl::MutexLock lock(&mu_);
    if (now - tree_read_at_ < kTreeAge) return tree_;
  }
  ASSIGN_OR_RETURN(OrganizationTree tree, shared_.links.LoadTree());
  absl::MutexLock lock(&mu_);
  tree_ = tree;
  tree_read_at_ = now;
  return tree;
}

IngestLease LivePlacement::LeaseOf(int64_t job, int64_t epoch, int64_t worker, const std::string& host,
                                   const std::string& url) const {
  IngestLease lease{job, epoch, worker, host, "", ""};
  lease.url = absl::StrCat(absl::StripSuffix(url, "/"), "/ingest/", job, "-", epoch);
  lease.key = shared_.keys.ingest_key ? shared_.keys.ingest_key(job, epoch) : "";
  return lease;
}

absl::Status LivePlacement::Move(int64_t stream, absl::string_view why) {
  ASSIGN_OR_RETURN(IngestPlace place, shared_.live.Locate(stream));
  RETURN_IF_ERROR(CheckRunning(place));
  ASSIGN_OR_RETURN(CandidateResource chosen, Choose(place, place.resource));
  if (IsHeld(place.job_state)) RETURN_IF_ERROR(Release(place, "moved", std::string(why)));
  if (place.job_state == JobState::kRetryWait) RETURN_IF_ERROR(shared_.jobs.MakeReady(place.stream.job_id));
  ASSIGN_OR_RETURN(const std::optional<IngestLease> lease, Assign(place, chosen));
  // Taken by somebody else meanwhile: it is on its way to another worker all the same.
  if (!lease) shared_.hints.work();
  log::Info("live stream moved", {{"stream", stream}, {"from", place.resource}, {"to", chosen.id}, {"reason", std::string(why)}});
  return absl::OkStatus();
}

absl::Status LivePlacement::End(absl::Span<const int64_t> streams, absl::string_view reason, bool by_hand) {
  absl::Status first;
  for (const int64_t stream : streams) {
    absl::StatusOr<std::string> instance = shared_.live.End(stream, reason, by_hand);
    if (!instance.ok()) {
      first.Update(instance.status());
      continue;
    }
    log::Info("live stream ends", {{"stream", stream}, {"reason", std::string(reason)}, {"by_hand", by_hand}});
    if (!instance->empty()) shared_.hints.push(*instance);
  }
  shared_.hints.work();
  return first;
}

}  // namespace lectern::api
