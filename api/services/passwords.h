// Passwords: Argon2id with OWASP's parameters (19 MiB, 2 passes), by libsodium.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace lectern::api {

inline constexpr size_t kMaxPasswordBytes = 1024;

// kInvalidArgument/BAD_FIELD, which names the field, where it has fewer than 10 or more than kMaxPasswordBytes bytes.
absl::Status CheckPassword(absl::string_view password, absl::string_view field = "password");

// In libsodium's text form, which holds the parameters and the salt. Takes about 15 ms and 19 MiB. Any thread.
// Error: kResourceExhausted where there is no memory.
absl::StatusOr<std::string> HashPassword(absl::string_view password);

// Takes as long as HashPassword, also for an empty `hash` (nobody's), which fits no password.
bool VerifyPassword(absl::string_view hash, absl::string_view password);

}  // namespace lectern::api
