// What of a new connection's messages an ingest has had already. Pure; not thread-safe.
#pragma once

#include <cstdint>
#include <limits>

#include "common/rtmp/message.h"

namespace lectern::worker {

// A publisher that comes back sends from two key frames before the stored end (docs/live.md, "The leg"), which this ingest has
// received; one that lost its ring begins later, and then its picture must begin with a key frame.
class ReplayFilter {
 public:
  // A new connection.
  void Restart();
  // Whether the message is to be used. Headers and data always are.
  bool Take(const rtmp::MediaMessage& message);

 private:
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::min();

  struct Track {
    int64_t newest_ms = kNever;    // that was taken
    bool replayed = false;         // this connection has brought something that was taken before
    bool caught_up = false;        // and now what is new
    // Whether the message was taken before.
    bool Had(int64_t ms);
  };
  Track video_;
  Track audio_;
  bool needs_key_ = false;
};

}  // namespace lectern::worker
