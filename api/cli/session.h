// The signed-in session of each endpoint, kept between calls in $XDG_CONFIG_HOME/lectern (or ~/.config/lectern).
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace lectern::cli {

// <folder>/session-<endpoint>; characters other than letters, digits, '.' and '-' become '_'.
std::string SessionFile(absl::string_view endpoint);

// Readable by its owner only.
absl::Status KeepSession(absl::string_view endpoint, absl::string_view token);

// Empty where nobody is signed in.
std::string LoadSession(absl::string_view endpoint);

void ForgetSession(absl::string_view endpoint);

}  // namespace lectern::cli
