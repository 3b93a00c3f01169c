// Metrics: one Prometheus registry a process, served by the admin port.
//
// Names: lectern_<building>_<noun>_<unit>, base units, label values from closed sets only (never ids, names or URLs).
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"

namespace lectern {

// Thread-safe.
class Metrics {
 public:
  Metrics();

  prometheus::Family<prometheus::Counter>& Counter(const std::string& name, const std::string& help);
  prometheus::Family<prometheus::Gauge>& Gauge(const std::string& name, const std::string& help);
  prometheus::Family<prometheus::Histogram>& Histogram(const std::string& name, const std::string& help);

  // Called before each collection, to set gauges that are read from elsewhere.
  void BeforeCollect(std::function<void()> refresh);

  // The text exposition format, version 0.0.4.
  std::string Text();

 private:
  std::shared_ptr<prometheus::Registry> registry_;
  absl::Mutex mu_;
  std::vector<std::function<void()>> refreshers_ ABSL_GUARDED_BY(mu_);
};

// Upper bounds in seconds for latencies from 0.25 ms to 30 s.
const prometheus::Histogram::BucketBoundaries& LatencyBuckets();

}  // namespace lectern
