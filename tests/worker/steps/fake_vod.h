// A VOD service of one recording, for tests of steps, and a job context that a test controls.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/link/link.h"

namespace lectern::testing {

// Serves /jobs/7/3/source, takes outputs and commits, and can fail in the ways that a real one does. Thread-safe.
class FakeVod {
 public:
  static constexpr int kJob = 7, kToken = 3;
  static constexpr char kBearer[] = "job-token";

  explicit FakeVod(std::string recording_path);
  ~FakeVod();

  std::string url() const;
  // The next start listens at the same port.
  void Stop();
  void Start();

  // Answers this status to everything instead (0: works).
  std::atomic<int> answer = 0;
  std::atomic<int> answer_to_put = 0;
  // Answers 503 to so many requests first.
  std::atomic<int> busy = 0;
  // Breaks each response to a read off after so many bytes (0: does not).
  std::atomic<int64_t> break_after = 0;
  std::atomic<int> reads = 0;

  std::map<std::string, std::string> committed() const;
  // Writes what was committed under `name` to a file.
  void Save(const std::string& name, const std::string& path) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

class FakeJobContext final : public link::JobContext {
 public:
  void Progress(double fraction) override;
  bool ShouldStop() const override { return stopped_; }
  void OnStop(std::function<void()> callback) override;
  bool MayPublish() const override { return may_publish; }

  void Stop();
  std::vector<double> progress() const;

  std::atomic<bool> may_publish = true;
  std::function<void(double)> on_progress;    // may be empty; set before the step runs

 private:
  mutable absl::Mutex mu_;
  std::vector<double> progress_ ABSL_GUARDED_BY(mu_);
  std::function<void()> callback_ ABSL_GUARDED_BY(mu_);
  std::atomic<bool> stopped_ = false;
};

}  // namespace lectern::testing
