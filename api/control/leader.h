// Whether this instance is the one that places jobs. The lease is a row with a term; this side trusts it a little shorter than
// the database does, by the monotonic clock.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "api/control/shared.h"
#include "common/exec/periodic_loop.h"

namespace lectern::api {

// Thread-safe.
class Leader {
 public:
  // `on_gained` is called from the renewing thread after each change to leader.
  Leader(Shared& shared, std::function<void()> on_gained);
  ~Leader();

  void Start();
  // Stops renewing and hands the lease over.
  void Stop();

  bool IsLeader() const;

 private:
  void Renew();

  Shared& shared_;
  const std::function<void()> on_gained_;
  mutable absl::Mutex mu_;
  std::optional<int64_t> term_ ABSL_GUARDED_BY(mu_);
  absl::Duration trusted_until_ ABSL_GUARDED_BY(mu_);
  absl::Duration next_renewal_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<PeriodicLoop> loop_;
};

}  // namespace lectern::api
