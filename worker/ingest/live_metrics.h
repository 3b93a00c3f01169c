// What a worker measures of its live streams.
#pragma once

#include "common/metrics/metrics.h"

namespace lectern::worker {

// Thread-safe.
class LiveMetrics {
 public:
  explicit LiveMetrics(Metrics& metrics)
      : streams(metrics.Gauge("lectern_worker_live_streams", "Live streams that this worker ingests now.").Add({})),
        received_bytes(metrics.Counter("lectern_worker_live_received_bytes_total", "Media that came in.").Add({})),
        segment_delay(metrics.Histogram("lectern_worker_live_segment_delay_seconds",
                                        "From the arrival of a segment's last frame until it was stored.")
                          .Add({}, prometheus::Histogram::BucketBoundaries{0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 6, 15, 60, 600})),
        stored_sets(metrics.Counter("lectern_worker_live_stored_sets_total", "Sets of segments that were stored.").Add({})),
        spool_bytes(metrics.Gauge("lectern_worker_live_spool_bytes", "Segments that wait to be stored.").Add({})),
        failures_(metrics.Counter("lectern_worker_live_failures_total", "Attempts that failed, by what was tried.")) {}

  // `what`: "store", "pull", "look".
  void CountFailure(const char* what) { failures_.Add({{"what", what}}).Increment(); }

  prometheus::Gauge& streams;
  prometheus::Counter& received_bytes;
  prometheus::Histogram& segment_delay;
  prometheus::Counter& stored_sets;
  prometheus::Gauge& spool_bytes;

 private:
  prometheus::Family<prometheus::Counter>& failures_;
};

}  // namespace lectern::worker
