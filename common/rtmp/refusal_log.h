// Who was refused, without a line for each of hundreds a second. Private to the room.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace lectern::rtmp {

// Thread-safe. Memory is bounded.
class RefusalLog {
 public:
  static constexpr absl::Duration kInterval = absl::Seconds(10);
  static constexpr size_t kMaxPeers = 1000;

  // Absent: no line is due. Else how many of this peer had none since its last line. `now` is a monotonic clock's.
  std::optional<int> Take(const std::string& peer, absl::Duration now);

 private:
  struct Peer {
    absl::Duration since;
    int unsaid = 0;
  };

  absl::Mutex mu_;
  std::map<std::string, Peer> peers_ ABSL_GUARDED_BY(mu_);
};

}  // namespace lectern::rtmp
