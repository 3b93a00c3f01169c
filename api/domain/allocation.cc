#include "api/domain/allocation.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <tuple>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace lectern::api {
namespace {

constexpr int kDeepestTree = 64;  // the database allows 16; a bound against cycles in a torn read

bool Contains(const std::vector<int64_t>& list, int64_t value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// 0 where it need not be avoided; else the higher the later it failed.
int64_t AvoidRank(const std::vector<int64_t>& avoid, int64_t resource) {
  const auto found = std::find(avoid.rbegin(), avoid.rend(), resource);
  return avoid.rend() - found;
}

bool HasCapability(const CandidateResource& resource, const std::string& capability) {
  return capability.empty() || std::find(resource.capabilities.begin(), resource.capabilities.end(), capability) !=
                                   resource.capabilities.end();
}

std::string HealthWords(ResourceHealth health) {
  switch (health) {
    case ResourceHealth::kAlive:
      return "";
    case ResourceHealth::kSuspect:
      return "has not been heard for a moment";
    case ResourceHealth::kDisconnected:
      return "has lost its connection";
    case ResourceHealth::kDead:
      return "is dead";
    case ResourceHealth::kNeverAttached:
      return "has never been attached";
  }
  return "";
}

bool HasLiveRoom(const CandidateResource& resource) {
  return resource.health == ResourceHealth::kAlive && !resource.draining && resource.live_busy < resource.live_slots &&
         absl::StartsWith(resource.public_url, "rtmp://");
}

std::string WhyNoLiveRoom(const CandidateResource& resource) {
  if (resource.live_slots <= 0) return "takes no live streams";
  if (!absl::StartsWith(resource.public_url, "rtmp://")) return "has no address for live streams";
  if (resource.live_busy >= resource.live_slots) {
    return absl::StrCat("is full (", resource.live_busy, " of ", resource.live_slots, " live streams)");
  }
  return "";
}

int RoomFor(const WaitingJob& job, const CandidateResource& resource) {
  return resource.slots + (IsFinalise(job) ? kFinaliseSlots : 0) - resource.busy;
}

// Why it does not take the job although it may; empty where it can.
std::string WhyNotNow(const WaitingJob& job, const CandidateResource& resource) {
  if (resource.health != ResourceHealth::kAlive) return HealthWords(resource.health);
  if (resource.draining) return "is draining";
  if (IsLive(job)) return WhyNoLiveRoom(resource);
  if (resource.quarantined) return "is in quarantine after failures in a row";
  if (resource.slots <= 0) return "offers no slots";
  if (RoomFor(job, resource) <= 0) {
    return absl::StrCat("is full (", resource.busy, " of ", resource.slots, " slots in use)");
  }
  return "";
}

// It takes work in general, though it may be full at the moment.
bool TakesWork(const CandidateResource& resource) {
  return resource.health == ResourceHealth::kAlive && !resource.draining && !resource.quarantined && resource.slots > 0;
}

bool HasRoom(const WaitingJob& job, const CandidateResource& resource) {
  return TakesWork(resource) && RoomFor(job, resource) > 0;
}

double SlotShare(const CandidateResource& resource) {
  return static_cast<double>(resource.busy) / resource.slots;
}

// Which jobs of this snapshot may run where, without looking at every resource again for every job of the same kind.
struct GroupKey {
  int64_t organization;
  int64_t pinned;
  std::string capability;
  bool operator==(const GroupKey&) const = default;
  template <typename H>
  friend H AbslHashValue(H state, const GroupKey& key) {
    return H::combine(std::move(state), key.organization, key.pinned, key.capability);
  }
};
struct Option {
  int resource;  // index
  int tier;
};

class Placement {
 public:
  explicit Placement(const Snapshot& snapshot) : snapshot_(snapshot), resources_(snapshot.resources) {
    for (const CandidateResource& resource : resources_) {
      if (TakesWork(resource)) free_ += std::max(resource.slots - resource.busy, 0);
    }
  }

  std::vector<Assignment> Run() {
    std::vector<const WaitingJob*> order;
    order.reserve(snapshot_.jobs.size());
    for (const WaitingJob& job : snapshot_.jobs) order.push_back(&job);
    std::stable_sort(order.begin(), order.end(), [](const WaitingJob* a, const WaitingJob* b) {
      return std::tie(a->job_class, a->priority, a->ready_at, a->id) <
             std::tie(b->job_class, b->priority, b->ready_at, b->id);
    });
    std::vector<Assignment> assignments;
    for (const WaitingJob* job : order) {
      const bool live = IsLive(*job);
      if (!live && !IsFinalise(*job) && free_ <= 0) continue;
      std::optional<int> index = live ? BestLive(*job) : Best(*job);
      if (!index) continue;
      CandidateResource& resource = resources_[*index];
      assignments.push_back({job->id, resource.id, resource.epoch});
      if (!live && resource.busy < resource.slots) --free_;
      ++(live ? resource.live_busy : resource.busy);
    }
    return assignments;
  }

 private:
  const std::vector<Option>& Options(const WaitingJob& job) {
    auto [found, inserted] = options_.try_emplace(GroupKey{job.organization, job.pinned_resource, job.capability});
    if (inserted) {
      for (int i = 0; i < static_cast<int>(resources_.size()); ++i) {
        if (!MayEverRun(job, resources_[i], *snapshot_.tree)) continue;
        found->second.push_back({i, Tier(job.organization, resources_[i], *snapshot_.tree)});
      }
    }
    return found->second;
  }

  std::optional<int> Best(const WaitingJob& job) {
    const std::vector<Option>& options = Options(job);
    const bool elsewhere = std::any_of(options.begin(), options.end(), [&](const Option& option) {
      const CandidateResource& resource = resources_[option.resource];
      return !Contains(job.avoid, resource.id) && TakesWork(resource);
    });
    std::optional<int> best;
    auto best_rank = std::make_tuple(0, 0.0, 0.0, int64_t{0});
    for (const Option& option : options) {
      const CandidateResource& resource = resources_[option.resource];
      if (!HasRoom(job, resource) || (elsewhere && Contains(job.avoid, resource.id))) continue;
      auto rank = std::make_tuple(option.tier, SlotShare(resource), resource.load, resource.id);
      if (!best || rank < best_rank) {
        best = option.resource;
        best_rank = rank;
      }
    }
    return best;
  }

  std::optional<int> BestLive(const WaitingJob& job) {
    std::optional<int> best;
    auto best_rank = std::make_tuple(false, int64_t{0}, 0, 0, 0.0, int64_t{0});
    for (const Option& option : Options(job)) {
      const CandidateResource& resource = resources_[option.resource];
      if (!HasLiveRoom(resource)) continue;
      auto rank = std::make_tuple(resource.quarantined, AvoidRank(job.avoid, resource.id), option.tier,
                                  resource.live_busy, resource.load, resource.id);
      if (!best || rank < best_rank) {
        best = option.resource;
        best_rank = rank;
      }
    }
    return best;
  }

  const Snapshot& snapshot_;
  std::vector<CandidateResource> resources_;  // busy grows with what is placed
  absl::flat_hash_map<GroupKey, std::vector<Option>> options_;
  int64_t free_ = 0;
};

class RecursiveOrganization final : public AllocationPolicy {
 public:
  absl::string_view name() const override { return "recursive_organization"; }
  std::vector<Assignment> Allocate(const Snapshot& snapshot) const override { return Placement(snapshot).Run(); }
};

std::string TierWords(int tier) {
  if (tier == 0) return "of the same organization";
  if (tier == kTierShared) return "shared";
  return absl::StrCat("of the organization ", tier, tier == 1 ? " level up" : " levels up");
}

// True where another resource that the job need not avoid takes work, so that it waits for that one.
bool IsAvoided(const WaitingJob& job, const CandidateResource& resource, const Snapshot& snapshot) {
  if (IsLive(job) || !Contains(job.avoid, resource.id)) return false;
  return std::any_of(snapshot.resources.begin(), snapshot.resources.end(), [&](const CandidateResource& other) {
    return !Contains(job.avoid, other.id) && TakesWork(other) && MayEverRun(job, other, *snapshot.tree);
  });
}

std::string Summarize(int eligible, int able, int foreign) {
  if (able > 0) return "It waits for its turn: a resource is free and takes it within a moment.";
  if (eligible > 0) {
    return absl::StrCat("It waits because none of the ", eligible, " resources that may run it takes work now.");
  }
  if (foreign > 0) {
    return "It waits because its organization, the ones above it and the shared resources have none that may run it.";
  }
  return "It waits because no resource that may run it has joined.";
}

}  // namespace

bool IsLive(const WaitingJob& job) {
  return job.kind == kLiveIngestKind;
}

bool IsFinalise(const WaitingJob& job) {
  return job.kind == kFinaliseKind;
}

int OrganizationTree::Distance(int64_t ancestor, int64_t descendant) const {
  int64_t at = descendant;
  for (int steps = 0; steps < kDeepestTree; ++steps) {
    if (at == ancestor) return steps;
    const auto found = parents_.find(at);
    if (found == parents_.end() || found->second == 0) return -1;
    at = found->second;
  }
  return -1;
}

int Tier(int64_t job_organization, const CandidateResource& resource, const OrganizationTree& tree) {
  const int distance = tree.Distance(resource.organization, job_organization);
  if (distance >= 0) return distance;
  return resource.shared ? kTierShared : kTierForeign;
}

bool MayEverRun(const WaitingJob& job, const CandidateResource& resource, const OrganizationTree& tree) {
  if (job.pinned_resource != 0) return resource.id == job.pinned_resource;
  return resource.kind == "worker" && HasCapability(resource, job.capability) &&
         Tier(job.organization, resource, tree) != kTierForeign;
}

std::string WhyNot(const WaitingJob& job, const CandidateResource& resource, const OrganizationTree& tree) {
  if (job.pinned_resource != 0 && resource.id != job.pinned_resource) return "does not keep this recording";
  if (job.pinned_resource == 0) {
    if (resource.kind != "worker") return "is no worker";
    if (Tier(job.organization, resource, tree) == kTierForeign)
      return "belongs to another organization and is not shared";
    if (!HasCapability(resource, job.capability)) return absl::StrCat("cannot do ", job.capability);
  }
  return WhyNotNow(job, resource);
}

std::unique_ptr<AllocationPolicy> RecursiveOrganizationPolicy() {
  return std::make_unique<RecursiveOrganization>();
}

Explanation Explain(const WaitingJob& job, const Snapshot& snapshot) {
  struct Line {
    int tier;
    int64_t id;
    std::string text;
  };
  std::vector<Line> lines;
  int eligible = 0, able = 0, foreign = 0;
  for (const CandidateResource& resource : snapshot.resources) {
    const bool kind_fits = job.pinned_resource != 0 ? resource.id == job.pinned_resource : resource.kind == "worker";
    if (!kind_fits) continue;
    const int tier = job.pinned_resource != 0 ? 0 : Tier(job.organization, resource, *snapshot.tree);
    if (tier == kTierForeign) {
      ++foreign;
      continue;
    }
    std::string why = WhyNot(job, resource, *snapshot.tree);
    if (why.empty() && IsAvoided(job, resource, snapshot)) why = "is avoided, since the job failed there";
    if (MayEverRun(job, resource, *snapshot.tree)) ++eligible;
    if (why.empty()) ++able;
    const std::string role = job.pinned_resource != 0 ? "keeps the recording" : TierWords(tier);
    lines.push_back({tier, resource.id,
                     absl::StrCat("resources/", resource.id, " (", resource.host, ", ", role, ") ",
                                  why.empty() ? "can take it" : why)});
  }
  std::sort(lines.begin(), lines.end(),
            [](const Line& a, const Line& b) { return std::tie(a.tier, a.id) < std::tie(b.tier, b.id); });
  Explanation explanation{Summarize(eligible, able, foreign), {}};
  for (Line& line : lines) explanation.details.push_back(std::move(line.text));
  if (foreign > 0) {
    explanation.details.push_back(absl::StrCat(foreign, foreign == 1
                                                            ? " worker of another organization is not shared"
                                                            : " workers of other organizations are not shared"));
  }
  return explanation;
}

}  // namespace lectern::api
