// Bits a second over the last few seconds. Pure; not thread-safe. Private to the room.
#pragma once

#include <array>
#include <cstdint>

#include "absl/time/time.h"

namespace lectern::proxy {

class RateMeter {
 public:
  static constexpr int kSeconds = 5;

  // `now` is a monotonic clock's.
  void Add(int64_t bytes, absl::Duration now) {
    int64_t second = absl::ToInt64Seconds(now);
    Slot& slot = slots_[second % slots_.size()];
    if (slot.second != second) slot = {second, 0};
    slot.bytes += bytes;
  }

  // Of the last kSeconds whole seconds; a stream that is younger than that seems slower.
  int64_t BitsPerSecond(absl::Duration now) const {
    int64_t second = absl::ToInt64Seconds(now);
    int64_t bytes = 0;
    for (const Slot& slot : slots_) {
      if (slot.second < second && slot.second >= second - kSeconds) bytes += slot.bytes;
    }
    return bytes * 8 / kSeconds;
  }

 private:
  struct Slot {
    int64_t second = -1;
    int64_t bytes = 0;
  };
  std::array<Slot, kSeconds + 1> slots_;
};

}  // namespace lectern::proxy
