// Which resource runs which waiting job: policies as pure functions over a snapshot. Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace lectern::api {

// The tree of organizations, parents by id. Unknown organizations have no ancestors but themselves.
class OrganizationTree {
 public:
  // `parent` 0: a root. A cycle (that the database refuses) is cut.
  void Set(int64_t organization, int64_t parent) { parents_[organization] = parent; }

  // Steps from `descendant` up to `ancestor`: 0 for itself; -1 where it is no ancestor.
  int Distance(int64_t ancestor, int64_t descendant) const;

 private:
  absl::flat_hash_map<int64_t, int64_t> parents_;
};

enum class ResourceHealth { kAlive, kSuspect, kDisconnected, kDead, kNeverAttached };

struct CandidateResource {
  int64_t id = 0;
  int64_t organization = 0;
  std::string kind;                    // "worker", "vod_service", "edge", "rtmp_proxy"
  std::string host;
  bool shared = false;
  ResourceHealth health = ResourceHealth::kAlive;
  bool draining = false;               // by a maintainer or by itself
  bool quarantined = false;
  int slots = 0;
  int busy = 0;
  int live_slots = 0;                  // live streams beside them
  int live_busy = 0;
  std::string public_url;              // workers: rtmp://HOST:PORT, where proxies publish
  double load = 0;                     // 0..1, share of its processors
  std::vector<std::string> capabilities;
  int64_t epoch = 0;                   // of its session, for the guarded assignment
  std::string api_instance;            // that holds its stream
};

struct WaitingJob {
  int64_t id = 0;
  int64_t organization = 0;
  std::string kind;
  int job_class = 3;                   // 0 first
  int priority = 0;                    // within the class, lower first
  absl::Time ready_at;                 // database clock; older first
  std::string capability;              // empty: none needed
  int64_t pinned_resource = 0;         // 0: any worker
  std::vector<int64_t> avoid;          // failed there, oldest first; others are preferred
};

// The ingest of a live stream: takes a live slot, never an ordinary one.
inline constexpr char kLiveIngestKind[] = "live_ingest";
inline constexpr char kLiveCapability[] = "live";
bool IsLive(const WaitingJob& job);

// So many more than its slots a resource takes of jobs that end a recording: nobody waits for the end of a lecture until something
// else is packaged. Known to the link (common/link/job_table.cc) and to the statement that leases (api/store/job_store.cc).
inline constexpr int kFinaliseSlots = 4;
inline constexpr char kFinaliseKind[] = "finalise";
bool IsFinalise(const WaitingJob& job);

struct Snapshot {
  std::vector<WaitingJob> jobs;
  std::vector<CandidateResource> resources;
  const OrganizationTree* tree = nullptr;
};

struct Assignment {
  int64_t job = 0;
  int64_t resource = 0;
  int64_t epoch = 0;
};

// How far a resource's organization is from the job's: 0 its own, n the n-th ancestor, kTierShared where only the shared flag
// opens it, kTierForeign where nothing does.
inline constexpr int kTierShared = 1000;
inline constexpr int kTierForeign = -1;
int Tier(int64_t job_organization, const CandidateResource& resource, const OrganizationTree& tree);

// True where the resource could run the job if it were healthy and had room: right kind, organization and capability.
bool MayEverRun(const WaitingJob& job, const CandidateResource& resource, const OrganizationTree& tree);

// Why the resource does not take the job now, as half a sentence ("is draining"); empty where it can.
std::string WhyNot(const WaitingJob& job, const CandidateResource& resource, const OrganizationTree& tree);

// A policy. Same snapshot, same answer; never a resource for which WhyNot answers, never more jobs than free slots and
// those for finalising.
// Live streams have slots of their own: the two kinds neither take room from each other nor wait for each other.
class AllocationPolicy {
 public:
  virtual ~AllocationPolicy() = default;
  virtual absl::string_view name() const = 0;
  virtual std::vector<Assignment> Allocate(const Snapshot& snapshot) const = 0;
};

// Jobs by class, priority, age, id; each takes the nearest tier (own, ancestors upwards, shared), there one that it need not
// avoid, then the lowest share of busy slots, then the lowest load, then the lowest id. A job that can go nowhere does not hold
// up the ones behind it. A resource to be avoided is used only where no other that may run the job is alive and takes work.
// A live stream does not wait for a better place: the resources that it should avoid come last, of those the one that failed it
// longest ago first, ones in quarantine last of all; else nearest tier, fewest live streams, lowest load, lowest id.
std::unique_ptr<AllocationPolicy> RecursiveOrganizationPolicy();

// Why a ready job waits.
struct Explanation {
  std::string summary;                  // one sentence
  std::vector<std::string> details;     // one resource a line, nearest first; foreign private ones are counted, not named
};
Explanation Explain(const WaitingJob& job, const Snapshot& snapshot);

}  // namespace lectern::api
