// A look at a live stream: a picture for its page, and whether there is anything to see and to hear.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace lectern::worker {

struct Look {
  std::string jpeg;          // 640 pixels wide; empty: no picture
  double luma = -1;          // mean brightness, 0..1; negative: no picture
  double level_dbfs = 0;     // RMS, -100 for digital silence; 0: no sound
};

// `sample` is a little FLV (Pipeline::Sample). Runs one short FFmpeg at a low priority; its files are in `directory`, which exists.
// Blocks; a few tenths of a second. Errors: kInternal, kDeadlineExceeded.
absl::StatusOr<Look> TakeLook(const std::string& sample, bool video, bool audio, const std::string& directory);

// Of signed 16-bit samples, in the machine's byte order.
double LevelOf(absl::string_view pcm);
// Of 8-bit luma in video range (16..235).
double LumaOf(absl::string_view luma);

}  // namespace lectern::worker
