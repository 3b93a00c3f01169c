// Applies the rules of docs/live.md that follow from the clock while this instance is the leader: streams that go silent or whose
// publisher has gone, workers that are drained, lecture halls by their schedule, rehearsals that are over.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "api/control/leader.h"
#include "api/control/shared.h"
#include "api/domain/live_control.h"
#include "common/exec/periodic_loop.h"

namespace lectern::api {

class LiveLoop {
 public:
  LiveLoop(Shared& shared, Leader& leader, LiveControl& live);
  ~LiveLoop();

  void Start();
  void Stop();

 private:
  void Run();
  absl::Status Apply(absl::Duration well_for);
  absl::Status EndDue(absl::Duration well_for);
  absl::Status EmptyDraining();
  absl::Status StartHalls();
  absl::Status StartHall(const DueHall& due);
  absl::Status DeleteRehearsals();
  absl::Status DeleteRehearsal(int64_t lecture);
  void Report();

  Shared& shared_;
  Leader& leader_;
  LiveControl& live_;
  // Touched by the loop's thread only.
  absl::Duration well_since_ = -absl::InfiniteDuration();   // leader, running and with the database without a gap
  absl::Duration last_run_ = -absl::InfiniteDuration();
  absl::Duration reported_at_ = -absl::InfiniteDuration();
  absl::Duration swept_at_ = -absl::InfiniteDuration();
  absl::Duration moved_none_at_ = -absl::InfiniteDuration();  // no stream on a draining worker could be moved
  absl::flat_hash_map<int64_t, absl::Duration> complained_;   // when a lecture whose hall could not start was last logged
  std::unique_ptr<PeriodicLoop> loop_;
};

}  // namespace lectern::api
