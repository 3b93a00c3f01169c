// One run of a job: what the runner's thread and the link's thread share.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/link/lease.h"
#include "common/link/link.h"

namespace lectern::link {

// What is to become of a run's outcome.
enum class Fate {
  kReport,
  kCancel,    // as kReport, but a failure counts as cancelled
  kRelease,   // only success is reported; anything else hands the job back
  kDrop,      // nothing is reported: the API gave the job away
};

// Thread-safe.
class Run final : public JobContext {
 public:
  // `on_progress` is called on the runner's thread for the first progress after each TakeProgress.
  Run(const Lease& lease, std::function<void()> on_progress) : lease_(lease), on_progress_(std::move(on_progress)) {}

  void Progress(double fraction) override;
  bool ShouldStop() const override { return stopped_; }
  StopReason stop_reason() const override;
  void OnStop(std::function<void()> callback) override;
  bool MayPublish() const override { return confirmed_ && !stopped_ && lease_.Alive(); }

  // Asks the runner to end. A fate only grows: what was dropped is not reported again.
  void Stop(Fate fate);
  Fate fate() const { return fate_; }

  // Whether the API has said, since the stream was attached, that this run is still the holder.
  void SetConfirmed(bool confirmed) { confirmed_ = confirmed; }

  // The newest fraction, where one came since the last call.
  std::optional<double> TakeProgress();
  bool HasProgress() const { return fresh_progress_; }

  // The runner has returned: no callback is called from now on.
  void Close();

 private:
  const Lease& lease_;
  const std::function<void()> on_progress_;
  std::atomic<bool> stopped_ = false;
  std::atomic<bool> confirmed_ = true;
  std::atomic<bool> fresh_progress_ = false;
  std::atomic<double> progress_ = 0;
  std::atomic<Fate> fate_ = Fate::kReport;
  absl::Mutex mu_;
  std::vector<std::function<void()>> callbacks_ ABSL_GUARDED_BY(mu_);
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace lectern::link
