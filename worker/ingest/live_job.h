// One run of a live ingest: from what comes in to what is stored at the VOD service.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/link/link.h"
#include "worker/ingest/intake.h"
#include "worker/ingest/live_metrics.h"
#include "worker/ingest/look.h"
#include "worker/ingest/spool.h"
#include "worker/ingest/uploader.h"
#include "worker/live/pipeline.h"

namespace lectern::v1 {
class Assign;
class LiveReport;
class LiveStored;
}  // namespace lectern::v1

namespace lectern::worker {

using PipelineFactory = std::function<std::unique_ptr<Pipeline>(PipelineOptions, Pipeline::OnSet)>;

// What all live jobs of a worker share. Everything outlives the jobs.
struct LiveServices {
  PipelineFactory create_pipeline;
  SpoolBudget& budget;
  LiveMetrics& metrics;
  Clock& clock;
  std::function<void(const v1::LiveReport&)> report;       // thread-safe
  std::function<bool()> hurry;                             // the process is told to stop: what takes long is left
  int max_renditions = 2;
  int threads = 0;
};

// Thread-safe: Run on the link's thread, the intake's Serve on the connection's.
class LiveJob : public std::enable_shared_from_this<LiveJob> {
 public:
  // `scratch_dir` exists, of this run alone.
  LiveJob(const v1::Assign& assign, std::string scratch_dir, LiveServices& services);
  ~LiveJob();

  // Until the stream is ended (kDone), handed back, or given to another worker (kCancelled). kFailed, INFRASTRUCTURE: this worker
  // cannot go on; another one should. Call once.
  link::Outcome Run(link::JobContext& context);

  int64_t job() const { return vod_.job; }
  int64_t epoch() const { return vod_.fence; }
  const VodTarget& vod() const { return vod_; }
  Intake& intake() { return intake_; }

  // Whether `key` is the one of this epoch. Takes the same time for every wrong key of one length.
  bool Admits(absl::string_view key) const;

  // For looks: one is due at `next_look`; Peek sets what TakeLook needs, and is false where there is nothing to see or hear.
  absl::Duration next_look() const;
  bool Peek(std::string& sample, bool& video, bool& audio) const;
  void SetLook(const absl::StatusOr<Look>& look, absl::Duration next);
  const std::string& scratch_dir() const { return scratch_dir_; }

 private:
  // Absent: it goes on.
  std::optional<link::Outcome> CheckEnd(link::JobContext& context);
  link::Outcome End(link::JobContext& context);
  link::Outcome HandBack(link::JobContext& context);
  void Flush(absl::Duration patience, link::JobContext& context);
  // Until `done`, or there is no sense in waiting any longer.
  void WaitFor(const std::function<bool()>& done, absl::Duration patience, link::JobContext& context);
  void Wake();
  void OnStored(const v1::LiveStored& stored, const SegmentSet* set);
  void MakePipeline(const v1::LiveStored& stored, int64_t end_ms);
  void Report();
  PipelineFacts Facts() const;

  const VodTarget vod_;
  const std::string key_;          // secret
  const std::string pull_url_;     // secret
  const std::string view_;
  const bool pull_;
  const int64_t start_time_ms_;
  const int64_t end_time_ms_;      // of a hall, since 1970; 0: none
  const std::string scratch_dir_;
  LiveServices& services_;
  Spool spool_;
  Intake intake_;

  mutable absl::Mutex mu_;
  bool woken_ ABSL_GUARDED_BY(mu_) = false;
  std::shared_ptr<Pipeline> pipeline_ ABSL_GUARDED_BY(mu_);          // made by the opening
  std::shared_ptr<const v1::LiveReport> stored_ ABSL_GUARDED_BY(mu_);   // the part of a report that comes from storing
  struct Looks {
    absl::Duration next;
    Look last;
    absl::Duration silent_since = absl::InfiniteDuration();
    absl::Duration black_since = absl::InfiniteDuration();
  } looks_ ABSL_GUARDED_BY(mu_);

  // Of the run's thread only.
  int64_t late_events_ = 0;
  absl::Duration late_at_ = -absl::InfiniteDuration();
  std::unique_ptr<Uploader> uploader_;
};

}  // namespace lectern::worker
