#include "api/control/leader.h"

#include <utility>

#include "common/base/status.h"
#include "common/log/log.h"

namespace lectern::api {
namespace {

constexpr char kRole[] = "placement";
// Between the end of trust here and the end of the lease in the database, for statements that are under way.
constexpr absl::Duration kTrustMargin = absl::Seconds(1);
// How often an instance that does not lead looks whether the lease is free.
constexpr absl::Duration kLook = absl::Milliseconds(500);

}  // namespace

Leader::Leader(Shared& shared, std::function<void()> on_gained) : shared_(shared), on_gained_(std::move(on_gained)) {}

Leader::~Leader() {
  Stop();
}

void Leader::Start() {
  loop_ = std::make_unique<PeriodicLoop>("leader", std::min(kLook, shared_.config.leader_renew), [this] { Renew(); });
}

void Leader::Stop() {
  if (!loop_) return;
  loop_->Stop();
  loop_.reset();
  std::optional<int64_t> term;
  {
    absl::MutexLock lock(&mu_);
    term = std::exchange(term_, std::nullopt);
  }
  shared_.metrics.SetLeader(false);
  if (term && shared_.leaders.Resign(kRole, shared_.config.instance, *term).ok())
    log::Info("leadership handed over", {{"term", *term}});
}

bool Leader::IsLeader() const {
  absl::MutexLock lock(&mu_);
  return term_.has_value() && shared_.clock.Steady() < trusted_until_;
}

void Leader::Renew() {
  const absl::Duration now = shared_.clock.Steady();
  std::optional<int64_t> held;
  {
    absl::MutexLock lock(&mu_);
    held = term_;
    if (held && now < next_renewal_) return;
  }
  absl::StatusOr<std::optional<int64_t>> term =
      shared_.leaders.Acquire(kRole, shared_.config.instance, shared_.config.leader_ttl);
  bool gained = false, lost = false;
  {
    absl::MutexLock lock(&mu_);
    if (term.ok()) {
      term_ = *term;
      // Counted from before the statement was sent, so that trust ends first.
      trusted_until_ = now + shared_.config.leader_ttl - kTrustMargin;
      next_renewal_ = now + shared_.config.leader_renew;
    }
    gained = term.ok() && *term && *term != held;
    lost = held && (!term_ || now >= trusted_until_);
  }
  shared_.metrics.SetLeader(IsLeader());
  if (!term.ok()) return log::Warn("the leader lease could not be renewed", {{"error", term.status().ToString()}});
  if (lost) log::Warn("leadership lost", {{"term", *held}});
  if (!gained) return;
  log::Info("leadership gained", {{"term", **term}});
  on_gained_();
}

}  // namespace lectern::api
