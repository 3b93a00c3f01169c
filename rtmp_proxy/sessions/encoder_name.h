// What an encoder calls itself. Pure.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace lectern::proxy {

// The property "encoder" of an onMetaData message (AMF0), as text of at most 100 printable characters; absent where there is none.
std::optional<std::string> EncoderName(absl::string_view metadata);

}  // namespace lectern::proxy
