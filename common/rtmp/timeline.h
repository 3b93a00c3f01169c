// From a publisher's timestamps to the stream's timeline. Pure; not thread-safe.
#pragma once

#include <cstdint>

#include "absl/time/time.h"

namespace lectern::rtmp {

// The timeline counts milliseconds since the stream's time zero. Sound and picture are interleaved, so that neighbours may step
// back by up to kBack; more never happens. Within one connection it follows the publisher's own timestamps, since they are exact;
// where a connection begins, or its timestamps jump (back by more than kBack, ahead by more than kAhead against the time that has
// passed), it goes on where the clock says.
class Timeline {
 public:
  static constexpr absl::Duration kBack = absl::Milliseconds(500);
  static constexpr absl::Duration kAhead = absl::Seconds(5);

  // `floor_ms`: everything before it is taken (stored, or sent by a connection before).
  explicit Timeline(int64_t floor_ms = 0) : last_ms_(floor_ms) {}

  // A new connection: its first message is placed by the clock.
  void Restart() { anchored_ = false; }

  struct Position {
    int64_t ms = 0;
    bool jumped = false;    // placed by the clock: the message does not follow the one before it
  };
  // `raw_ms` is the publisher's, `clock_ms` what the stream's clock says now (time since its time zero).
  Position Map(int64_t raw_ms, int64_t clock_ms);

  int64_t last_ms() const { return last_ms_; }

 private:
  bool anchored_ = false;
  int64_t offset_ms_ = 0;
  int64_t last_ms_ = 0;
  int64_t last_raw_ms_ = 0;
  int64_t last_clock_ms_ = 0;
};

}  // namespace lectern::rtmp
