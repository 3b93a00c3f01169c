#include "api/control/scheduler.h"

#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "api/control/link_session.h"
#include "common/base/status.h"
#include "common/log/log.h"

namespace lectern::api {
namespace {

constexpr int kMostJobs = 500;             // looked at in one round
constexpr absl::Duration kTreeAge = absl::Seconds(1);
// A look over everything that waits costs a pass over it, which must not come with every job that ends behind a heap. Well
// below the poll, so that each poll may look.
constexpr absl::Duration kSpreadPause = absl::Milliseconds(300);

}  // namespace

Scheduler::Scheduler(Shared& shared, Leader& leader, SessionTable& sessions)
    : shared_(shared), leader_(leader), sessions_(sessions), policy_(RecursiveOrganizationPolicy()) {}

Scheduler::~Scheduler() { Stop(); }

void Scheduler::Start(NotifyHub& hub) {
  hub_ = &hub;
  loop_ = std::make_unique<PeriodicLoop>("scheduler", shared_.config.poll, [this] { Pass(); });
}

void Scheduler::Stop() {
  if (loop_) loop_->Stop();
}

void Scheduler::Wake() {
  if (loop_) loop_->Wake();
}

void Scheduler::Pass() {
  if (!leader_.IsLeader()) return;
  absl::StatusOr<bool> more = true;
  while (more.ok() && *more && leader_.IsLeader()) more = Place();
  if (!more.ok()) log::Warn("jobs could not be placed", {{"error", more.status().ToString()}});
}

absl::StatusOr<bool> Scheduler::Place() {
  const absl::Duration now = shared_.clock.Steady();
  if (now - promoted_at_ >= shared_.config.poll / 2) {
    RETURN_IF_ERROR(shared_.jobs.Promote().status());
    promoted_at_ = now;
  }
  ASSIGN_OR_RETURN(std::vector<WaitingJob> jobs, shared_.jobs.ListReady(kMostJobs));
  if (jobs.empty()) return false;
  ASSIGN_OR_RETURN(std::vector<CandidateResource> resources, shared_.links.ListCandidates(shared_.link_times()));
  if (now - tree_read_at_ >= kTreeAge) RETURN_IF_ERROR(RefreshTree());
  const bool full = jobs.size() >= kMostJobs;
  ASSIGN_OR_RETURN(std::vector<AssignedJob> assigned, Assign(jobs, resources));
  if (assigned.empty() && full && now >= spread_again_) {
    // The first ones can go nowhere; they must not hide others that can.
    ASSIGN_OR_RETURN(jobs, shared_.jobs.ListReady(kMostJobs, /*spread=*/true));
    ASSIGN_OR_RETURN(assigned, Assign(jobs, resources));
    if (assigned.empty()) spread_again_ = now + kSpreadPause;
  }
  Push(assigned);
  return !assigned.empty() && full;
}

absl::Status Scheduler::RefreshTree() {
  ASSIGN_OR_RETURN(tree_, shared_.links.LoadTree());
  tree_read_at_ = shared_.clock.Steady();
  return absl::OkStatus();
}

absl::StatusOr<std::vector<AssignedJob>> Scheduler::Assign(const std::vector<WaitingJob>& jobs,
                                                          const std::vector<CandidateResource>& resources) {
  const std::vector<Assignment> wishes = policy_->Allocate({jobs, resources, &tree_});
  absl::flat_hash_set<int64_t> live_jobs;
  for (const WaitingJob& job : jobs) {
    if (IsLive(job)) live_jobs.insert(job.id);
  }
  // Apart, since a resource takes all of a statement's jobs or none: a live stream must not wait for an ordinary slot.
  std::vector<Assignment> live, others;
  for (const Assignment& wish : wishes) (live_jobs.contains(wish.job) ? live : others).push_back(wish);
  std::vector<AssignedJob> all;
  for (const std::vector<Assignment>& part : {live, others}) {
    if (part.empty()) continue;
    ASSIGN_OR_RETURN(std::vector<AssignedJob> assigned, shared_.jobs.Assign(part, shared_.config.accept_timeout));
    all.insert(all.end(), std::make_move_iterator(assigned.begin()), std::make_move_iterator(assigned.end()));
  }
  return all;
}

void Scheduler::Push(const std::vector<AssignedJob>& jobs) {
  std::set<std::string> others;
  for (const AssignedJob& job : jobs) {
    shared_.metrics.ObserveStart(job.job_class, job.waited);
    std::shared_ptr<LinkSession> session =
        job.api_instance == shared_.config.instance ? sessions_.Find(job.resource) : nullptr;
    if (session != nullptr && session->epoch() == job.epoch) {
      session->Assign(job);
    } else {
      others.insert(job.api_instance);
    }
  }
  // Also this instance itself, where a stream is about to enter the table.
  for (const std::string& instance : others) hub_->NotifyPush(instance);
}

}  // namespace lectern::api
