// What is counted of one method. Internal to this room.
#pragma once

#include <array>
#include <atomic>
#include <string>

#include "absl/status/status.h"
#include "api/calls/invoker.h"
#include "common/metrics/metrics.h"

namespace lectern::api {

// Thread-safe once it is filled.
struct Invoker::MethodMetrics {
  static constexpr size_t kCodes = 17;

  void Count(absl::StatusCode code);

  std::string name;
  prometheus::Family<prometheus::Counter>* family = nullptr;
  prometheus::Histogram* latency = nullptr;
  // Of methods that stream.
  prometheus::Histogram* turns = nullptr;
  prometheus::Gauge* watchers = nullptr;
  // Series that never come are not made: most methods answer with few of the codes.
  std::array<std::atomic<prometheus::Counter*>, kCodes> requests{};
};

}  // namespace lectern::api
