#include "api/control/accepts.h"

#include <memory>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "api/control/link_session.h"
#include "common/base/status.h"
#include "common/log/log.h"

namespace lectern::api {

void Accepts::Add(const HeldJob& accepted) {
  {
    absl::MutexLock lock(&mu_);
    waiting_.push_back(accepted);
  }
  Flush();
}

void Accepts::Flush() {
  {
    absl::MutexLock lock(&mu_);
    if (flushing_ || waiting_.empty()) return;
    flushing_ = true;
  }
  if (pool_.TryRun([this] { Write(); })) return;
  absl::MutexLock lock(&mu_);
  flushing_ = false;
}

void Accepts::Write() {
  while (true) {
    std::vector<HeldJob> batch;
    {
      absl::MutexLock lock(&mu_);
      batch.swap(waiting_);
      flushing_ = !batch.empty();
      if (batch.empty()) return;
    }
    absl::StatusOr<std::vector<JobToken>> running = shared_.jobs.Accept(batch);
    if (!running.ok()) {
      log::Warn("accepts could not be written", {{"jobs", batch.size()}, {"error", running.status().ToString()}});
      absl::MutexLock lock(&mu_);
      waiting_.insert(waiting_.begin(), batch.begin(), batch.end());
      flushing_ = false;
      return;
    }
    absl::flat_hash_set<int64_t> tokens;
    for (const JobToken& token : *running) tokens.insert(token.token);
    for (const HeldJob& job : batch) {
      if (tokens.contains(job.token)) continue;
      absl::StatusOr<std::string> reported = shared_.jobs.ReportedOutcome(job.resource, job.job, job.token);
      if (!reported.ok() || !reported->empty()) continue;   // it was so quick that its end came first
      if (std::shared_ptr<LinkSession> session = sessions_.Find(job.resource)) session->Stop(job.job, job.token);
    }
  }
}

}  // namespace lectern::api
