// Content coding of answers (RFC 9110 8.4, 12.5.3).
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace lectern::api {

// Below it, coding saves less than its header and its time cost.
inline constexpr size_t kWorthCompressing = 1024;

// Whether an Accept-Encoding header names `coding`, or "*", with a weight above 0. An absent header accepts nothing coded.
bool Accepts(absl::string_view accept_encoding, absl::string_view coding);

// `level` 1 to 9. Reproducible: the same text gives the same bytes.
std::string Gzip(absl::string_view text, int level);

}  // namespace lectern::api
