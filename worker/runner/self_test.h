// What FFmpeg can do here, and whether it works at all: a worker that cannot encode must attract no work.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace lectern::worker {

// Of the encoders that jobs may need, those that `ffmpeg -encoders` lists, sorted.
std::vector<std::string> EncodersIn(absl::string_view listing);
absl::StatusOr<std::vector<std::string>> FindCapabilities();

// Encodes a test picture and a tone of two seconds in `directory` (which must exist), decodes the file again and counts the frames.
// Leaves nothing there. The message says in words what does not work.
absl::Status SelfTest(const std::string& directory);

}  // namespace lectern::worker
