#include "common/rtmp/timeline.h"

#include <algorithm>

namespace lectern::rtmp {
namespace {

const int64_t kBackMs = Timeline::kBack / absl::Milliseconds(1);
const int64_t kAheadMs = Timeline::kAhead / absl::Milliseconds(1);

}  // namespace

Timeline::Position Timeline::Map(int64_t raw_ms, int64_t clock_ms) {
  bool jumped = !anchored_;
  if (anchored_) {
    // Against the furthest time seen, not the message before: small steps back must not add up.
    int64_t step = raw_ms - last_raw_ms_;
    int64_t passed = std::max<int64_t>(0, clock_ms - last_clock_ms_);
    jumped = step < -kBackMs || step - passed > kAheadMs;
  }
  if (jumped) {
    // Never before what was there, also where the publisher's clock runs ahead of ours.
    offset_ms_ = std::max(clock_ms, last_ms_) - raw_ms;
    last_raw_ms_ = raw_ms;
    anchored_ = true;
  }
  last_raw_ms_ = std::max(last_raw_ms_, raw_ms);
  last_clock_ms_ = clock_ms;
  Position position{raw_ms + offset_ms_, jumped};
  last_ms_ = std::max(last_ms_, position.ms);
  return position;
}

}  // namespace lectern::rtmp
