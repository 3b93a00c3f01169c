// Finds what went wrong without anybody saying so: resources that are gone, jobs that nobody accepted, that run too long or do
// not advance, that were not started in time or that nothing can run any more. Works while this instance is the leader.
#pragma once

#include <memory>

#include "absl/time/time.h"
#include "api/control/leader.h"
#include "api/control/outcomes.h"
#include "api/control/shared.h"
#include "common/exec/periodic_loop.h"

namespace lectern::api {

class Reaper {
 public:
  Reaper(Shared& shared, Leader& leader, Outcomes& outcomes);
  ~Reaper();

  void Start();
  void Stop();

 private:
  void Run();
  absl::Status Reap(absl::Duration well_for);
  absl::Status ReapSessions(absl::Duration well_for);
  absl::Status ReapJobs(absl::Duration well_for);
  absl::Status EndHomeless();
  void Report();

  Shared& shared_;
  Leader& leader_;
  Outcomes& outcomes_;
  // Touched by the loop's thread only.
  absl::Duration well_since_ = -absl::InfiniteDuration();   // leader, running and with the database without a gap
  absl::Duration last_run_ = -absl::InfiniteDuration();
  absl::Duration reported_at_ = -absl::InfiniteDuration();
  std::unique_ptr<PeriodicLoop> loop_;
};

}  // namespace lectern::api
