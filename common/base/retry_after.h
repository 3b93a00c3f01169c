// How long to wait before trying again, carried in a status.
#pragma once

#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace lectern {

// The same status saying after how long trying again makes sense. OK stays OK.
absl::Status WithRetryAfter(absl::Status status, absl::Duration wait);

// Absent where none was given. Annotate and WithReason keep it.
std::optional<absl::Duration> RetryAfterOf(const absl::Status& status);

}  // namespace lectern
