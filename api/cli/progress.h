// How far a long command is: a bar on a terminal, a line now and then elsewhere.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/clock.h"

namespace lectern::cli {

// A speed that forgets: exponentially weighted over about ten seconds.
class Speed {
 public:
  // Bytes in all, so far, at a moment of a monotonic clock.
  void Sample(uint64_t bytes, absl::Duration now);
  // 0 until it is known.
  double bytes_per_second() const { return value_; }

 private:
  bool started_ = false;
  uint64_t bytes_ = 0;
  absl::Duration at_;
  double value_ = 0;
};

// "[####>>----]  42 %  21 MiB/s  ETA 0:31". '#' is acknowledged by the server, '>' only sent. At the end the speed
// gives way to "verifying", since the server still syncs and checks.
std::string BarText(uint64_t acknowledged, uint64_t sent, uint64_t size, double bytes_per_second, int width);

// Writes to stderr, so that stdout stays for results.
class Progress {
 public:
  Progress(Clock& clock, bool terminal) : clock_(clock), terminal_(terminal) {}

  void Bytes(uint64_t acknowledged, uint64_t sent, uint64_t size);
  // A changing line of words: on a terminal the last one is overwritten, elsewhere it is printed where it differs.
  void Words(absl::string_view words);
  // A line that stays.
  void Note(absl::string_view line);
  double bytes_per_second() const { return speed_.bytes_per_second(); }

 private:
  void Show(const std::string& line);
  void Clear();

  Clock& clock_;
  const bool terminal_;
  Speed speed_;
  std::string shown_;
  absl::Duration shown_at_ = -absl::InfiniteDuration();
};

}  // namespace lectern::cli
