#include "api/domain/allocation.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <random>
#include <tuple>

#include "absl/strings/str_cat.h"

namespace lectern::api {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// 1 root, 2 school, 3 chair, 4 another school
OrganizationTree Tree() {
  OrganizationTree tree;
  tree.Set(1, 0);
  tree.Set(2, 1);
  tree.Set(3, 2);
  tree.Set(4, 1);
  return tree;
}

CandidateResource Worker(int64_t id, int64_t organization, bool shared = false) {
  CandidateResource worker;
  worker.id = id;
  worker.organization = organization;
  worker.kind = "worker";
  worker.host = absl::StrCat("host", id);
  worker.shared = shared;
  worker.slots = 2;
  worker.epoch = id * 10;
  return worker;
}

WaitingJob Job(int64_t id, int64_t organization) {
  WaitingJob job;
  job.id = id;
  job.organization = organization;
  job.ready_at = absl::FromUnixSeconds(id);
  return job;
}

std::vector<int64_t> Placed(const std::vector<WaitingJob>& jobs, const std::vector<CandidateResource>& resources) {
  const OrganizationTree tree = Tree();
  std::map<int64_t, int64_t> by_job;
  for (const Assignment& assignment : RecursiveOrganizationPolicy()->Allocate({jobs, resources, &tree})) {
    by_job[assignment.job] = assignment.resource;
  }
  std::vector<int64_t> placed;
  for (const WaitingJob& job : jobs) placed.push_back(by_job.count(job.id) ? by_job[job.id] : 0);
  return placed;
}

TEST(AllocationTest, TierCountsLevelsUpwards) {
  const OrganizationTree tree = Tree();
  EXPECT_EQ(Tier(3, Worker(1, 3), tree), 0);
  EXPECT_EQ(Tier(3, Worker(1, 1), tree), 2);
  EXPECT_EQ(Tier(3, Worker(1, 4), tree), kTierForeign);
  EXPECT_EQ(Tier(3, Worker(1, 4, true), tree), kTierShared);
  EXPECT_EQ(Tier(1, Worker(1, 3), tree), kTierForeign);  // below is not above
}

TEST(AllocationTest, ACycleInTheTreeIsCut) {
  OrganizationTree tree;
  tree.Set(1, 2);
  tree.Set(2, 1);
  EXPECT_EQ(tree.Distance(3, 1), -1);
}

TEST(AllocationTest, NearestTierComesFirstThenTheSharedOnes) {
  EXPECT_EQ(Placed({Job(1, 3)}, {Worker(1, 4, true), Worker(2, 1), Worker(3, 2), Worker(4, 3)}),
            std::vector<int64_t>{4});
  EXPECT_EQ(Placed({Job(1, 3)}, {Worker(1, 4, true), Worker(2, 1), Worker(3, 2)}), std::vector<int64_t>{3});
  EXPECT_EQ(Placed({Job(1, 3)}, {Worker(1, 4, true)}), std::vector<int64_t>{1});
  EXPECT_EQ(Placed({Job(1, 3)}, {Worker(1, 4)}), std::vector<int64_t>{0});
}

TEST(AllocationTest, WithinATierTheLeastLoadedThenTheLowestId) {
  CandidateResource busy = Worker(1, 3), loaded = Worker(2, 3), idle = Worker(3, 3), same = Worker(4, 3);
  busy.busy = 1;
  loaded.load = 0.9;
  EXPECT_EQ(Placed({Job(1, 3)}, {busy, loaded, idle, same}), std::vector<int64_t>{3});
}

TEST(AllocationTest, NothingGoesToResourcesThatTakeNoWork) {
  std::vector<CandidateResource> resources(7, Worker(0, 3));
  for (int i = 0; i < 7; ++i) resources[i].id = i + 1;
  resources[0].health = ResourceHealth::kDead;
  resources[1].health = ResourceHealth::kSuspect;
  resources[2].draining = true;
  resources[3].quarantined = true;
  resources[4].busy = 2;
  resources[5].slots = 0;
  resources[6].kind = "edge";
  EXPECT_EQ(Placed({Job(1, 3)}, resources), std::vector<int64_t>{0});
}

TEST(AllocationTest, APinnedJobGoesToItsResourceOnly) {
  CandidateResource vod = Worker(2, 4);
  vod.kind = "vod_service";
  WaitingJob job = Job(1, 3);
  job.pinned_resource = 2;
  EXPECT_EQ(Placed({job}, {Worker(1, 3), vod}), std::vector<int64_t>{2});
  EXPECT_EQ(Placed({job}, {Worker(1, 3)}), std::vector<int64_t>{0});
  EXPECT_EQ(Placed({Job(1, 4)}, {vod}), std::vector<int64_t>{0});  // VOD services take pinned work only
}

TEST(AllocationTest, CapabilitiesMustBeThere) {
  WaitingJob job = Job(1, 3);
  job.capability = "gpu";
  CandidateResource able = Worker(2, 1);
  able.capabilities = {"gpu"};
  EXPECT_EQ(Placed({job}, {Worker(1, 3), able}), std::vector<int64_t>{2});
}

TEST(AllocationTest, WhereItFailedIsAvoidedWhileAnotherTakesWork) {
  WaitingJob job = Job(1, 3);
  job.avoid = {1};
  EXPECT_EQ(Placed({job}, {Worker(1, 3), Worker(2, 1)}), std::vector<int64_t>{2});
  EXPECT_EQ(Placed({job}, {Worker(1, 3)}), std::vector<int64_t>{1});
  CandidateResource full = Worker(2, 1);
  full.busy = 2;
  EXPECT_EQ(Placed({job}, {Worker(1, 3), full}), std::vector<int64_t>{0});  // worth waiting for
  full.quarantined = true;
  EXPECT_EQ(Placed({job}, {Worker(1, 3), full}), std::vector<int64_t>{1});  // not for that one
}

TEST(AllocationTest, ClassComesBeforePriorityBeforeAge) {
  CandidateResource one = Worker(1, 3);
  one.slots = 1;
  WaitingJob old = Job(1, 3), urgent = Job(2, 3), preferred = Job(3, 3);
  urgent.job_class = 1;
  preferred.priority = -1;
  EXPECT_EQ(Placed({old, urgent, preferred}, {one}), (std::vector<int64_t>{0, 1, 0}));
  EXPECT_EQ(Placed({old, preferred}, {one}), (std::vector<int64_t>{0, 1}));
  EXPECT_EQ(Placed({Job(2, 3), old}, {one}), (std::vector<int64_t>{0, 1}));
}

TEST(AllocationTest, AJobThatCanGoNowhereHoldsNobodyUp) {
  WaitingJob stuck = Job(1, 3);
  stuck.job_class = 0;
  stuck.capability = "gpu";
  EXPECT_EQ(Placed({stuck, Job(2, 3)}, {Worker(1, 3)}), (std::vector<int64_t>{0, 1}));
}

TEST(AllocationTest, ExplainNamesEachCandidateAndCountsForeignOnes) {
  const OrganizationTree tree = Tree();
  CandidateResource full = Worker(1, 3), draining = Worker(2, 1), dead = Worker(3, 4, true);
  full.busy = 2;
  draining.draining = true;
  dead.health = ResourceHealth::kDead;
  const Explanation explanation = Explain(Job(1, 3), {{}, {dead, draining, full, Worker(4, 4)}, &tree});
  EXPECT_THAT(explanation.summary, HasSubstr("none of the 3"));
  ASSERT_THAT(explanation.details, SizeIs(4));
  EXPECT_THAT(explanation.details[0], HasSubstr("resources/1 (host1, of the same organization) is full (2 of 2"));
  EXPECT_THAT(explanation.details[1], HasSubstr("2 levels up) is draining"));
  EXPECT_THAT(explanation.details[2], HasSubstr("shared) is dead"));
  EXPECT_THAT(explanation.details[3], HasSubstr("1 worker of another organization is not shared"));
  EXPECT_THAT(explanation.details, ::testing::Not(Contains(HasSubstr("host4"))));
}

TEST(AllocationTest, ExplainSaysWhenNobodyHasJoined) {
  const OrganizationTree tree = Tree();
  const Explanation explanation = Explain(Job(1, 3), {{}, {}, &tree});
  EXPECT_THAT(explanation.summary, HasSubstr("no resource"));
  EXPECT_THAT(explanation.details, IsEmpty());
}

// ---- against brute force on random trees ----

struct Random {
  explicit Random(int seed) : engine(seed) {}
  int operator()(int below) { return static_cast<int>(engine() % below); }
  std::mt19937 engine;
};

struct World {
  std::map<int64_t, int64_t> parents;
  OrganizationTree tree;
  std::vector<WaitingJob> jobs;
  std::vector<CandidateResource> resources;
};

World RandomWorld(int seed) {
  Random random(seed);
  World world;
  const int organizations = 1 + random(12);
  for (int id = 1; id <= organizations; ++id) {
    world.parents[id] = id == 1 || random(5) == 0 ? 0 : 1 + random(id - 1);
    world.tree.Set(id, world.parents[id]);
  }
  for (int id = 1, n = random(10); id <= n; ++id) {
    CandidateResource resource = Worker(id, 1 + random(organizations), random(4) == 0);
    resource.kind = random(6) == 0 ? "vod_service" : "worker";
    resource.health = static_cast<ResourceHealth>(random(8) == 0 ? 1 + random(4) : 0);
    resource.draining = random(10) == 0;
    resource.quarantined = random(10) == 0;
    resource.slots = random(4);
    resource.busy = random(3);
    resource.load = random(3) / 2.0;
    if (random(2) == 0) resource.capabilities = {"gpu"};
    world.resources.push_back(resource);
  }
  for (int id = 1, n = random(16); id <= n; ++id) {
    WaitingJob job = Job(id, 1 + random(organizations));
    job.job_class = random(4);
    job.priority = random(2);
    job.ready_at = absl::FromUnixSeconds(random(5));
    if (random(4) == 0) job.capability = "gpu";
    if (random(6) == 0) job.pinned_resource = 1 + random(10);
    if (random(4) == 0) job.avoid = {1 + random(10)};
    world.jobs.push_back(job);
  }
  return world;
}

// Written again from the rules, without looking at the policy: walks the parents by hand and tries every resource.
std::map<int64_t, int64_t> BruteForce(World world) {
  const auto tier = [&](const WaitingJob& job, const CandidateResource& resource) {
    int steps = 0;
    for (int64_t at = job.organization; at != 0; at = world.parents[at], ++steps) {
      if (at == resource.organization) return steps;
    }
    return resource.shared ? 1'000'000 : -1;
  };
  const auto may = [&](const WaitingJob& job, const CandidateResource& resource) {
    if (job.pinned_resource != 0) return job.pinned_resource == resource.id;
    const bool capable = job.capability.empty() || !resource.capabilities.empty();
    return resource.kind == "worker" && capable && tier(job, resource) >= 0;
  };
  const auto works = [](const CandidateResource& r) {
    return r.health == ResourceHealth::kAlive && !r.draining && !r.quarantined && r.slots > 0;
  };
  std::vector<WaitingJob> jobs = world.jobs;
  std::sort(jobs.begin(), jobs.end(), [](const WaitingJob& a, const WaitingJob& b) {
    return std::make_tuple(a.job_class, a.priority, a.ready_at, a.id) <
           std::make_tuple(b.job_class, b.priority, b.ready_at, b.id);
  });
  std::map<int64_t, int64_t> placed;
  for (const WaitingJob& job : jobs) {
    const auto avoided = [&](const CandidateResource& r) {
      return std::count(job.avoid.begin(), job.avoid.end(), r.id) > 0;
    };
    bool others = false;
    for (const CandidateResource& r : world.resources) others |= may(job, r) && works(r) && !avoided(r);
    CandidateResource* best = nullptr;
    for (CandidateResource& r : world.resources) {
      if (!may(job, r) || !works(r) || r.busy >= r.slots || (others && avoided(r))) continue;
      const auto rank = [&](const CandidateResource& x) {
        return std::make_tuple(tier(job, x), static_cast<double>(x.busy) / x.slots, x.load, x.id);
      };
      if (best == nullptr || rank(r) < rank(*best)) best = &r;
    }
    if (best == nullptr) continue;
    placed[job.id] = best->id;
    ++best->busy;
  }
  return placed;
}

TEST(AllocationTest, AgreesWithBruteForceOnRandomTrees) {
  for (int seed = 0; seed < 3000; ++seed) {
    const World world = RandomWorld(seed);
    const Snapshot snapshot{world.jobs, world.resources, &world.tree};
    const std::vector<Assignment> assignments = RecursiveOrganizationPolicy()->Allocate(snapshot);
    std::map<int64_t, int64_t> placed;
    for (const Assignment& assignment : assignments) {
      EXPECT_EQ(assignment.epoch, assignment.resource * 10);
      EXPECT_TRUE(placed.emplace(assignment.job, assignment.resource).second) << "placed twice, seed " << seed;
    }
    ASSERT_EQ(placed, BruteForce(world)) << "seed " << seed;
    const std::vector<Assignment> again = RecursiveOrganizationPolicy()->Allocate(snapshot);
    ASSERT_EQ(again.size(), assignments.size());
    for (const Assignment& assignment : assignments) {
      const auto job = std::find_if(world.jobs.begin(), world.jobs.end(),
                                    [&](const WaitingJob& j) { return j.id == assignment.job; });
      const auto resource = std::find_if(world.resources.begin(), world.resources.end(),
                                         [&](const CandidateResource& r) { return r.id == assignment.resource; });
      EXPECT_EQ(WhyNot(*job, *resource, world.tree), "") << "seed " << seed;
    }
  }
}

CandidateResource LiveWorker(int64_t id, int64_t organization, int live_slots = 2) {
  CandidateResource worker = Worker(id, organization);
  worker.live_slots = live_slots;
  worker.public_url = absl::StrCat("rtmp://host", id, ":1935");
  worker.capabilities = {kLiveCapability};
  return worker;
}

WaitingJob LiveJob(int64_t id, int64_t organization, std::vector<int64_t> avoid = {}) {
  WaitingJob job = Job(id, organization);
  job.kind = kLiveIngestKind;
  job.capability = kLiveCapability;
  job.job_class = 0;
  job.avoid = std::move(avoid);
  return job;
}

TEST(AllocationTest, WhatEndsARecordingFindsRoomBesideFullSlots) {
  CandidateResource keeper = Worker(1, 3);
  keeper.kind = "vod_service";
  keeper.busy = keeper.slots;
  std::vector<WaitingJob> jobs;
  for (int64_t id = 1; id <= kFinaliseSlots + 1; ++id) {
    jobs.push_back(Job(id, 3));
    jobs.back().kind = kFinaliseKind;
    jobs.back().pinned_resource = 1;
  }
  WaitingJob package = Job(100, 3);
  package.pinned_resource = 1;
  package.job_class = 0;
  jobs.push_back(package);
  std::vector<int64_t> expected(kFinaliseSlots, 1);
  expected.insert(expected.end(), {0, 0});
  EXPECT_EQ(Placed(jobs, {keeper}), expected);
  EXPECT_EQ(WhyNot(jobs[0], keeper, Tree()), "");
  EXPECT_NE(WhyNot(package, keeper, Tree()), "");
  keeper.draining = true;
  EXPECT_EQ(WhyNot(jobs[0], keeper, Tree()), "is draining");
}

TEST(LiveAllocationTest, LiveStreamsAndOtherJobsTakeNoRoomFromEachOther) {
  CandidateResource full = LiveWorker(1, 3, 1);
  full.busy = full.slots;
  EXPECT_EQ(Placed({LiveJob(1, 3), Job(2, 3), LiveJob(3, 3)}, {full}), (std::vector<int64_t>{1, 0, 0}));
  CandidateResource on_air = LiveWorker(1, 3, 1);
  on_air.live_busy = 1;
  EXPECT_EQ(Placed({LiveJob(1, 3), Job(2, 3), Job(3, 3)}, {on_air}), (std::vector<int64_t>{0, 1, 1}));
}

TEST(LiveAllocationTest, AStreamNeedsTheCapabilityAndAnAddress) {
  CandidateResource without = LiveWorker(1, 3), unable = LiveWorker(2, 3), page = LiveWorker(3, 3);
  without.public_url = "";
  unable.capabilities = {};
  page.public_url = "https://host3";
  EXPECT_EQ(Placed({LiveJob(1, 3)}, {without, unable, page}), (std::vector<int64_t>{0}));
  EXPECT_EQ(WhyNot(LiveJob(1, 3), without, Tree()), "has no address for live streams");
  EXPECT_EQ(WhyNot(LiveJob(1, 3), unable, Tree()), "cannot do live");
}

TEST(LiveAllocationTest, TheNearestTierThenTheFewestStreamsDecide) {
  CandidateResource own = LiveWorker(1, 3), quiet = LiveWorker(2, 3), up = LiveWorker(3, 1);
  own.live_busy = 1;
  quiet.load = 0.9;
  EXPECT_EQ(Placed({LiveJob(1, 3)}, {own, quiet, up}), (std::vector<int64_t>{2}));
  quiet.live_busy = 2;
  EXPECT_EQ(Placed({LiveJob(1, 3)}, {own, quiet, up}), (std::vector<int64_t>{1}));
}

TEST(LiveAllocationTest, TheWorkerThatFailedLastIsTheLastThatIsTaken) {
  const std::vector<CandidateResource> workers = {LiveWorker(1, 3), LiveWorker(2, 3), LiveWorker(3, 1)};
  EXPECT_EQ(Placed({LiveJob(1, 3, {1, 2})}, workers), (std::vector<int64_t>{3})) << "though it is farther away";
  EXPECT_EQ(Placed({LiveJob(1, 3, {3, 2, 1})}, workers), (std::vector<int64_t>{3})) << "which failed longest ago";
  EXPECT_EQ(Placed({LiveJob(1, 3, {1})}, {LiveWorker(1, 3)}), (std::vector<int64_t>{1})) << "better than none";
}

TEST(LiveAllocationTest, AStreamWaitsForNoAvoidableWorkerThatIsFull) {
  CandidateResource full = LiveWorker(2, 3, 1);
  full.live_busy = 1;
  EXPECT_EQ(Placed({LiveJob(1, 3, {1})}, {LiveWorker(1, 3), full}), (std::vector<int64_t>{1}));
}

TEST(LiveAllocationTest, QuarantineIsTheLastResort) {
  CandidateResource ill = LiveWorker(1, 3);
  ill.quarantined = true;
  EXPECT_EQ(Placed({LiveJob(1, 3, {2})}, {ill, LiveWorker(2, 1)}), (std::vector<int64_t>{2}));
  EXPECT_EQ(Placed({LiveJob(1, 3)}, {ill}), (std::vector<int64_t>{1}));
}

}  // namespace
}  // namespace lectern::api
