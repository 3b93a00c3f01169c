// Where nobody speaks. Private to the room.
#pragma once

#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace lectern::worker {

// The level below which sound counts as silence, in dB of full scale, for a recording of this loudness: a soft voice's peaks stay
// above it, a room's noise below.
double SilenceThreshold(double integrated_lufs);

// Collects what the filter silencedetect logs.
class SilenceLog {
 public:
  // "[silencedetect @ 0x1] [info] silence_start: 3.01" and "... silence_end: 6.0 | silence_duration: 2.99"; others are ignored.
  void AddLine(absl::string_view line);
  // Begin and end in seconds, in order; those with less than a moment between them joined; short ones left out.
  std::vector<std::pair<double, double>> Finish(double duration_seconds) const;

 private:
  std::vector<std::pair<double, double>> found_;   // end < 0: still going on
};

}  // namespace lectern::worker
