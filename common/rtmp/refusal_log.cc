#include "common/rtmp/refusal_log.h"

#include <utility>

namespace lectern::rtmp {

std::optional<int> RefusalLog::Take(const std::string& peer, absl::Duration now) {
  absl::MutexLock lock(&mu_);
  auto found = peers_.find(peer);
  if (found == peers_.end()) {
    if (peers_.size() >= kMaxPeers) std::erase_if(peers_, [&](const auto& entry) { return now - entry.second.since >= kInterval; });
    // So many addresses at once are a flood.
    if (peers_.size() >= kMaxPeers) return std::nullopt;
    peers_[peer] = {now, 0};
    return 0;
  }
  Peer& known = found->second;
  if (now - known.since < kInterval) {
    ++known.unsaid;
    return std::nullopt;
  }
  known.since = now;
  return std::exchange(known.unsaid, 0);
}

}  // namespace lectern::rtmp
