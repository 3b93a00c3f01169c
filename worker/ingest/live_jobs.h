// The live jobs of a worker and the RTMP server at which their proxies publish. docs/live.md, "The leg".
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/link/link.h"
#include "common/metrics/metrics.h"
#include "common/rtmp/server.h"
#include "worker/ingest/live_job.h"

namespace lectern::worker {

struct LiveConfig {
  std::string rtmp_address;                         // --rtmp_listen; empty: no RTMP
  int64_t rtmp_port = 0;                            // --rtmp_port; 0: the kernel chooses
  int64_t spool_bytes = int64_t{2} << 30;           // --live_spool_bytes; of all streams together
  int64_t max_renditions = 2;                       // --live_renditions
  absl::Duration preview_interval = absl::Seconds(10);    // --live_preview_interval
  int threads = 0;                                  // of an encoder; 0: FFmpeg chooses
  int max_connections = 500;
};

// Thread-safe.
class LiveJobs {
 public:
  // Listens at once. Errors: kUnavailable where the port is taken.
  static absl::StatusOr<std::unique_ptr<LiveJobs>> Start(LiveConfig config, PipelineFactory create_pipeline, Clock& clock,
                                                         Metrics& metrics);
  // After all runs have ended.
  ~LiveJobs();

  // One live_ingest job; see LiveJob::Run. `scratch_dir` exists, of this run alone.
  link::Outcome Run(const v1::Assign& assign, const std::string& scratch_dir, link::JobContext& context);

  // Where reports go from now on; none are made before. It outlives the runs.
  void SetReporter(std::function<void(const v1::LiveReport&)> report);
  // The process is told to stop: what is left of streams that end is waited for a few seconds only.
  void Hurry() { hurry_ = true; }

  uint16_t rtmp_port() const { return server_ == nullptr ? 0 : server_->port(); }

 private:
  LiveJobs(LiveConfig config, PipelineFactory create_pipeline, Clock& clock, Metrics& metrics);

  absl::StatusOr<rtmp::Feedback> Authorize(const rtmp::PublishRequest& request);
  void Serve(const rtmp::PublishRequest& request, rtmp::PublisherConnection& connection);
  // The run that a publish request names, where its key is right.
  absl::StatusOr<std::shared_ptr<LiveJob>> Find(const rtmp::PublishRequest& request, absl::Duration patience);
  void LookLoop();
  void LookAt(LiveJob& job);
  std::shared_ptr<LiveJob> NextLook(absl::Duration& wait);

  const LiveConfig config_;
  Clock& clock_;
  LiveMetrics metrics_;
  SpoolBudget budget_;
  LiveServices services_;
  std::atomic<bool> hurry_ = false;
  absl::Mutex mu_;
  std::map<std::pair<int64_t, int64_t>, std::shared_ptr<LiveJob>> jobs_ ABSL_GUARDED_BY(mu_);   // by job and epoch
  std::function<void(const v1::LiveReport&)> report_ ABSL_GUARDED_BY(mu_);
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::unique_ptr<rtmp::Server> server_;
  std::thread looks_;       // one at a time: pictures must not cost the streams anything
};

}  // namespace lectern::worker
