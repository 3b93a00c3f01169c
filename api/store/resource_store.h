// Workers, VOD services, edges and proxies: what they are and who may use them. Their sessions are written elsewhere
// (session_lease.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "api/domain/access.h"
#include "api/store/page.h"
#include "common/pg/pool.h"

namespace lectern::api {

// A job that a resource holds. Who may not look at the job itself sees only its kind, label and progress.
struct HeldJobRow {
  int64_t id = 0;                            // 0: not for the reader to see, as the next two
  int64_t lecture_id = 0;                    // 0: none
  std::string lecture_title;
  std::string kind;
  std::string label;
  double progress = 0;                       // 0..1
};

struct ResourceRow {
  int64_t id = 0;
  int64_t organization_id = 0;
  std::string organization_name;
  std::string kind;                          // "worker", "vod_service", "edge", "rtmp_proxy"
  std::string host;
  std::string public_url;
  bool shared = false;
  bool draining = false;                     // asked for by a maintainer
  absl::Time created_at;
  // Of its session.
  std::string session_state = "never";       // "never", "alive", "lost"
  bool attached = false;                     // holds a stream now
  bool leaving = false;                      // drains on its own wish
  bool quarantined = false;
  std::optional<absl::Time> last_beat_at;
  absl::Duration silence;                    // since the last beat, by the database's clock; infinite: never one
  std::string version;
  std::vector<std::string> capabilities;
  std::string load_json;                     // ResourceLoad; "{}": none yet
  int slots = 0;
  int busy = 0;
  int live_slots = 0;
  int live_busy = 0;
  std::vector<HeldJobRow> jobs;              // that it holds, oldest first
};

// As the proto's ResourceState, with the reason in words where it is not alive.
struct ResourceCondition {
  std::string state;                         // "alive", "suspect", "dead", "draining", "never_attached"
  std::string reason;
};
// Suspect: silent for longer than `suspect_after`, or its stream is gone and nobody gave it up yet. How long it is silent is said the
// more roughly the longer it lasts, so that watchers of a dead resource are not told every second. Pure.
ResourceCondition ConditionOf(const ResourceRow& resource, absl::Duration suspect_after);

struct NewResource {
  int64_t organization_id = 0;
  std::string kind;
  std::string instance_key;                  // 16..64 characters
  std::string host;
  std::string public_url;
  std::string version;
  std::vector<std::string> capabilities;
  int slots = 0;
};

struct JoinedResource {
  int64_t id = 0;
  int64_t credential_serial = 0;             // of the credential to issue; lower ones are refused from now on
};

struct ResourceIdentity {
  int64_t id = 0;
  int64_t organization_id = 0;
  std::string kind;
  bool draining = false;
};

struct ResourceFilter {
  std::optional<int64_t> organization_id;    // it and its subtree
  std::string kind;                          // empty: all
};

// A resource that may serve an organization now.
struct EligibleResource {
  int64_t id = 0;
  int64_t organization_id = 0;
  std::string public_url;
  int tier = 0;                              // 0: the organization's own, n: of the ancestor n levels up, kSharedTier: shared
  int64_t disk_free_bytes = 0;               // 0: unknown
  double load = 0;                           // share of the processor in use, 0..1
};
inline constexpr int kSharedTier = 1000;

// Thread-safe. One statement a call. NOT_FOUND has the reason RESOURCE_NOT_FOUND; removed resources are not found. `reader` is who
// will see the row: jobs are named to maintainers of their organization and to administrators.
class ResourceStore {
 public:
  explicit ResourceStore(pg::Pool& pool) : pool_(pool) {}

  // Idempotent by organization, kind and instance key: the same resource with a grown serial.
  // Errors: kFailedPrecondition/ORGANIZATION_GONE, kInvalidArgument/BAD_RESOURCE.
  absl::StatusOr<JoinedResource> Join(const NewResource& resource);
  // Errors: kUnauthenticated/CREDENTIAL_WITHDRAWN when it was removed or joined again since.
  absl::StatusOr<ResourceIdentity> CheckCredential(int64_t id, int64_t serial) const;
  absl::StatusOr<ResourceRow> Get(int64_t id, const Caller& reader = Caller()) const;
  // Of organizations that the caller maintains (all, for an administrator), by id.
  absl::StatusOr<Page<ResourceRow>> List(const Caller& caller, const ResourceFilter& filter, const PageRequest& page) const;
  absl::StatusOr<ResourceRow> SetShared(int64_t id, bool shared, const Caller& reader = Caller());
  absl::StatusOr<ResourceRow> SetDraining(int64_t id, bool draining, const Caller& reader = Caller());
  // Withdraws the credential. Its session and its jobs are the caller's to end, in the same transaction.
  // Errors: kFailedPrecondition/HOLDS_MEDIA for a VOD service with recordings, unless `force`.
  absl::Status Remove(pg::Session& session, int64_t id, bool force);

  // Those that may serve the organization and are alive, heard of within `max_silence`, neither draining nor leaving: its own,
  // its ancestors' nearest first, then shared ones; within a tier most free disk first for VOD services, else least load.
  absl::StatusOr<std::vector<EligibleResource>> ListEligible(int64_t organization_id, absl::string_view kind,
                                                             absl::Duration max_silence, int limit = 50) const;

 private:
  pg::Pool& pool_;
};

}  // namespace lectern::api
