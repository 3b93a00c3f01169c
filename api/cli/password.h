// Where a password comes from; never from a flag, which other people on the machine could read.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace lectern::cli {

// The first line of `file` where one is given, else LECTERN_PASSWORD, else asked at the terminal without echo.
// Errors: kInvalidArgument where none of these has one.
absl::StatusOr<std::string> ReadPassword(const std::string& file, const std::string& prompt);

}  // namespace lectern::cli
