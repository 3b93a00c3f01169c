// Metrics of the publishers and their streams.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/metrics/metrics.h"
#include "rtmp_proxy/sessions/live_api.h"
#include "rtmp_proxy/sessions/sessions.h"

namespace lectern::proxy {

// Thread-safe.
class SessionsMetrics {
 public:
  explicit SessionsMetrics(Metrics& metrics);
  void Set(const SessionsCounts& counts, const std::vector<StreamHealth>& streams);

 private:
  struct Counted {
    int64_t failovers = 0;
    int64_t dropped_frames = 0;
    int64_t received_bytes = 0;
  };

  prometheus::Gauge& publishers_;
  prometheus::Gauge& held_;
  prometheus::Gauge& streams_;
  prometheus::Gauge& without_worker_;
  prometheus::Gauge& bitrate_;
  prometheus::Gauge& pending_;
  prometheus::Counter& failovers_;
  prometheus::Counter& dropped_frames_;
  prometheus::Counter& received_bytes_;
  absl::Mutex mu_;
  std::map<std::string, Counted> counted_ ABSL_GUARDED_BY(mu_);   // by stream, so far
};

}  // namespace lectern::proxy
