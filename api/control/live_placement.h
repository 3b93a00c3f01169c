// Places the ingests of live streams when their proxies ask, without waiting for the leader: what holds back a failover is the
// question, the statement that leases, and nothing else.
#pragma once

#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "api/control/session_table.h"
#include "api/control/shared.h"
#include "api/domain/live_control.h"

namespace lectern::api {

// Thread-safe; blocks on the database.
class LivePlacement final : public LiveControl {
 public:
  LivePlacement(Shared& shared, SessionTable& sessions);

  absl::StatusOr<IngestLease> AcquireIngest(const IngestRequest& request) override;
  absl::Status Move(int64_t stream, absl::string_view why) override;
  absl::Status End(absl::Span<const int64_t> streams, absl::string_view reason, bool by_hand) override;

 private:
  absl::StatusOr<IngestLease> Acquire(const IngestRequest& request);
  // Absent: somebody else placed it meanwhile, or the resource has changed; look again.
  absl::StatusOr<std::optional<IngestLease>> Place(const IngestPlace& place);
  absl::StatusOr<CandidateResource> Choose(const IngestPlace& place, int64_t except);
  absl::StatusOr<std::optional<IngestLease>> Assign(const IngestPlace& place, const CandidateResource& resource);
  absl::Status Release(const IngestPlace& place, const std::string& outcome, const std::string& reason);
  absl::StatusOr<OrganizationTree> Tree();
  IngestLease LeaseOf(int64_t job, int64_t epoch, int64_t worker, const std::string& host, const std::string& url) const;
  void Push(const AssignedJob& job);

  Shared& shared_;
  SessionTable& sessions_;
  const std::unique_ptr<AllocationPolicy> policy_;
  absl::Mutex mu_;
  OrganizationTree tree_ ABSL_GUARDED_BY(mu_);
  absl::Duration tree_read_at_ ABSL_GUARDED_BY(mu_) = -absl::InfiniteDuration();
};

}  // namespace lectern::api
