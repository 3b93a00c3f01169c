// Stores the sets of one stream in their order, through restarts of the VOD service. A thread of its own.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "worker/ingest/live_metrics.h"
#include "worker/ingest/spool.h"
#include "worker/ingest/vod_live.h"

namespace lectern::v1 {
class LiveSet;
class LiveStored;
class LiveTrack;
}  // namespace lectern::v1

namespace lectern::worker {

class Uploader {
 public:
  struct Events {
    // What is stored: after the opening (`set` is null), then after each set. On the uploader's thread.
    std::function<void(const v1::LiveStored& stored, const SegmentSet* set)> on_stored;
    // The trouble that it is in, in words, has begun, changed or (empty) ended, or it has failed for good.
    std::function<void()> on_change;
  };

  // Opens the stream at once and goes on until it is fenced or fails for good. Everything outlives the uploader.
  Uploader(VodTarget target, int64_t start_time_ms, Spool& spool, Events events, LiveMetrics& metrics);
  // Breaks off.
  ~Uploader();

  // OK while it works or tries again. kAborted: a higher fence was seen. Anything else: it cannot go on (the spool is damaged, the
  // recording is unknown to the VOD service).
  absl::Status status() const;
  std::string trouble() const;
  int64_t sets() const;               // stored by this run
  absl::Duration delay() const;       // of the newest set, from the arrival of its last message until it was stored

 private:
  void Loop();
  absl::Status Open();
  absl::Status Store(const SegmentSet& set);
  absl::Status StoreOnce(const SegmentSet& set);
  absl::Status PutTracks(const SegmentSet& set, v1::LiveSet& message);
  // Repeats `attempt` until it succeeds or fails for good.
  absl::Status Repeat(const std::function<absl::Status()>& attempt);
  void SetTrouble(const absl::Status& status);

  const VodTarget target_;
  const int64_t start_time_ms_;
  Spool& spool_;
  const Events events_;
  LiveMetrics& metrics_;
  std::atomic<bool> stopped_ = false;
  VodLive vod_;

  // Of the thread only.
  int64_t number_ = 0;                            // of the last set that this fence has stored
  int64_t files_ = 0;                             // names that were used
  std::map<std::string, std::string> inits_;      // stored: label and digest to name

  mutable absl::Mutex mu_;
  absl::Status status_ ABSL_GUARDED_BY(mu_);
  std::string trouble_ ABSL_GUARDED_BY(mu_);
  int64_t sets_ ABSL_GUARDED_BY(mu_) = 0;
  absl::Duration delay_ ABSL_GUARDED_BY(mu_);
  std::thread thread_;
};

}  // namespace lectern::worker
