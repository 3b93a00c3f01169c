#include "api/control/dones.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "api/control/link_session.h"
#include "lectern/v1/link.pb.h"

namespace lectern::api {
namespace {

// Bounds how long one transaction holds the locks of its tasks.
constexpr size_t kMostAtOnce = 100;

}  // namespace

struct Dones::Entry {
  std::shared_ptr<LinkSession> session;
  std::unique_ptr<v1::ResourceMessage> message;
};

Dones::Dones(Outcomes& outcomes, ThreadPool& pool) : outcomes_(outcomes), pool_(pool) {}
Dones::~Dones() = default;

void Dones::Add(std::shared_ptr<LinkSession> session, std::unique_ptr<v1::ResourceMessage> message) {
  {
    absl::MutexLock lock(&mu_);
    waiting_.push_back({std::move(session), std::move(message)});
  }
  Flush();
}

void Dones::Flush() {
  {
    absl::MutexLock lock(&mu_);
    if (flushing_ || waiting_.empty()) return;
    flushing_ = true;
  }
  if (pool_.TryRun([this] { Write(); })) return;
  absl::MutexLock lock(&mu_);
  flushing_ = false;
}

void Dones::Write() {
  while (true) {
    std::vector<Entry> batch;
    {
      absl::MutexLock lock(&mu_);
      const size_t count = std::min(waiting_.size(), kMostAtOnce);
      std::move(waiting_.begin(), waiting_.begin() + count, std::back_inserter(batch));
      waiting_.erase(waiting_.begin(), waiting_.begin() + count);
      flushing_ = !batch.empty();
      if (batch.empty()) return;
    }
    // One resource a transaction: it locks one session's row, and so cannot meet an assignment, which locks several, in a
    // deadlock.
    std::map<int64_t, std::vector<Entry>> by_resource;
    for (Entry& entry : batch) by_resource[entry.session->resource()].push_back(std::move(entry));
    for (auto& [resource, entries] : by_resource) Record(std::move(entries));
  }
}

void Dones::Record(std::vector<Entry> batch) {
  std::vector<HeldJob> jobs;
  for (const Entry& entry : batch) {
    jobs.push_back({entry.session->resource(), entry.message->done().job(), entry.message->done().token()});
  }
  absl::StatusOr<std::vector<bool>> recorded = outcomes_.DoneTogether(jobs);
  for (size_t i = 0; i < batch.size(); ++i) {
    if (recorded.ok() && (*recorded)[i]) {
      batch[i].session->Recorded(jobs[i].job, jobs[i].token, true);
    } else {
      batch[i].session->RecordOutcome(std::move(batch[i].message));   // alone, so that one does not stand in for another
    }
  }
}

}  // namespace lectern::api
