// Text that the protocol can carry.
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace lectern::link {

// The last `max_bytes` of `text`, with '?' for each byte that is not UTF-8, and for NUL. A peer refuses a message with other text
// and ends the stream, a database refuses NUL, and a program's output may be anything.
std::string WireText(absl::string_view text, size_t max_bytes);

}  // namespace lectern::link
