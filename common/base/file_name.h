// Names of files that people save.
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace lectern {

// `name` as every file system takes it and as it looks: without control characters, characters that are not seen or change the
// direction of reading, and bytes that are no UTF-8; those that separate folders or mean something to Windows are a '-', white
// space is one space, and none of it or of dots stands at an end. At most `max_bytes`, cut before the extension. Empty where
// nothing is left.
std::string CleanFileName(absl::string_view name, size_t max_bytes);

// "mp4" of "talk.MP4": lower case, 1 to 5 letters and digits after the last dot that is not the first character. Empty: none.
std::string FileExtension(absl::string_view name);

}  // namespace lectern
