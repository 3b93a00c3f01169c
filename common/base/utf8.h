// Characters in bytes (RFC 3629).
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/strings/string_view.h"

namespace lectern {

// The character at the beginning of `text`, which is not empty, and its bytes; 0 bytes where it is no UTF-8.
std::pair<uint32_t, size_t> FirstCharacter(absl::string_view text);

bool IsUtf8(absl::string_view text);

}  // namespace lectern
