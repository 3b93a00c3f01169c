// Status helpers that Debian's Abseil lacks: macros, context, and a machine-readable reason beside the message.
#pragma once

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace lectern {

// The same status with "<where>: " before its message. OK stays OK; the reason is kept.
absl::Status Annotate(const absl::Status& status, absl::string_view where);

// The same status carrying `reason`, an upper-case word for programs ("COURSE_NOT_FOUND").
absl::Status WithReason(absl::Status status, absl::string_view reason);

// The reason word; empty where none was given.
std::string ReasonOf(const absl::Status& status);

// From errno, with the code that fits (ENOENT: kNotFound, ENOSPC and EDQUOT: kResourceExhausted with reason DISK_FULL,
// EACCES: kPermissionDenied, else kInternal). Message: "<what>: <strerror>".
absl::Status ErrnoStatus(int error, absl::string_view what);

}  // namespace lectern

#define LECTERN_CONCAT_(a, b) a##b
#define LECTERN_CONCAT(a, b) LECTERN_CONCAT_(a, b)

#define RETURN_IF_ERROR(expression)                                          \
  do {                                                                       \
    if (absl::Status lectern_status_ = (expression); !lectern_status_.ok()) { \
      return lectern_status_;                                                \
    }                                                                        \
  } while (false)

#define ASSIGN_OR_RETURN(target, expression) \
  LECTERN_ASSIGN_OR_RETURN_(LECTERN_CONCAT(lectern_result_, __LINE__), target, expression)
#define LECTERN_ASSIGN_OR_RETURN_(result, target, expression) \
  auto result = (expression);                                 \
  if (!result.ok()) return std::move(result).status();        \
  target = *std::move(result)
