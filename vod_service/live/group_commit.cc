#include "vod_service/live/group_commit.h"

#include <utility>

namespace lectern::vod {

absl::Status GroupCommit::Commit(const LiveCommit& commit) {
  Waiting mine{&commit, absl::OkStatus()};
  absl::MutexLock lock(&mu_);
  waiting_.push_back(&mine);
  auto my_turn = [this, &mine]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return mine.done || !busy_; };
  mu_.Await(absl::Condition(&my_turn));
  if (!mine.done) Lead();
  return mine.status;
}

void GroupCommit::Lead() {
  busy_ = true;
  const std::vector<Waiting*> group = std::exchange(waiting_, {});
  std::vector<const LiveCommit*> commits;
  for (const Waiting* waiting : group) commits.push_back(waiting->commit);
  mu_.Unlock();
  std::vector<absl::Status> statuses = catalog_.CommitLiveSets(commits);
  mu_.Lock();
  for (size_t i = 0; i < group.size(); ++i) {
    group[i]->status = std::move(statuses[i]);
    group[i]->done = true;
  }
  busy_ = false;
}

}  // namespace lectern::vod
