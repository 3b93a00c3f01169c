// Places ready jobs on resources while this instance is the leader.
#pragma once

#include <functional>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "api/control/leader.h"
#include "api/control/notify_hub.h"
#include "api/control/session_table.h"
#include "api/control/shared.h"
#include "common/exec/periodic_loop.h"

namespace lectern::api {

// Thread-safe.
class Scheduler {
 public:
  Scheduler(Shared& shared, Leader& leader, SessionTable& sessions);
  ~Scheduler();

  // `hub` tells other instances about jobs for the resources that they hold.
  void Start(NotifyHub& hub);
  void Stop();
  void Wake();

 private:
  void Pass();
  // One round; true where another one may place more.
  absl::StatusOr<bool> Place();
  absl::Status RefreshTree();
  absl::StatusOr<std::vector<AssignedJob>> Assign(const std::vector<WaitingJob>& jobs,
                                                  const std::vector<CandidateResource>& resources);
  void Push(const std::vector<AssignedJob>& jobs);

  Shared& shared_;
  Leader& leader_;
  SessionTable& sessions_;
  NotifyHub* hub_ = nullptr;
  const std::unique_ptr<AllocationPolicy> policy_;
  // Touched by the loop's thread only.
  OrganizationTree tree_;
  absl::Duration tree_read_at_ = -absl::InfiniteDuration();
  absl::Duration spread_again_ = -absl::InfiniteDuration();
  absl::Duration promoted_at_ = -absl::InfiniteDuration();
  std::unique_ptr<PeriodicLoop> loop_;
};

}  // namespace lectern::api
