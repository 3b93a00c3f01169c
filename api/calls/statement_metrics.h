// Duration and errors of database statements by name.
#pragma once

#include <functional>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/metrics/metrics.h"

namespace lectern::api {

// For pg::PoolOptions::observe. `metrics` must outlive the function. Thread-safe.
std::function<void(absl::string_view name, absl::Duration took, bool ok)> StatementObserver(Metrics& metrics);

}  // namespace lectern::api
