// What the edge counts (lectern_edge_*).
#pragma once

#include <array>
#include <functional>
#include <optional>

#include "absl/time/time.h"
#include "common/metrics/metrics.h"

namespace lectern::edge {

enum class CacheUse { kHit, kMiss, kRevalidated, kStale };

// Figures that live elsewhere, read before each collection.
struct EdgeFigures {
  int64_t connections = 0;
  int64_t bytes_out = 0;
  int64_t bytes_in = 0;
  int64_t origin_requests = 0;
  int64_t origin_failures = 0;
  int64_t cache_bytes = 0;
  int64_t cache_objects = 0;
};

// Thread-safe.
class EdgeMetrics {
 public:
  // `figures` is called from the admin port's thread for as long as `metrics` lives; it returns nothing after the
  // server's end.
  EdgeMetrics(Metrics& metrics, std::function<std::optional<EdgeFigures>()> figures);

  void CountRequest(int status);
  void CountUse(CacheUse use) { uses_[static_cast<size_t>(use)]->Increment(); }
  void ObserveOrigin(absl::Duration latency);

 private:
  std::array<prometheus::Counter*, 600> requests_{};  // by status; those that are not expected share one
  std::array<prometheus::Counter*, 4> uses_{};
  prometheus::Histogram* origin_latency_ = nullptr;
};

}  // namespace lectern::edge
