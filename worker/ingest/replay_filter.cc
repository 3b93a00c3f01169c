#include "worker/ingest/replay_filter.h"

#include <algorithm>

namespace lectern::worker {

bool ReplayFilter::Track::Had(int64_t ms) {
  // Afterwards nothing is compared: within a connection two messages may have the same time.
  if (!caught_up && ms <= newest_ms) {
    replayed = true;
    return true;
  }
  caught_up = true;
  newest_ms = std::max(newest_ms, ms);
  return false;
}

void ReplayFilter::Restart() {
  for (Track* track : {&video_, &audio_}) track->replayed = track->caught_up = false;
  needs_key_ = false;
}

bool ReplayFilter::Take(const rtmp::MediaMessage& message) {
  if (message.kind == rtmp::MediaMessage::kData || rtmp::IsVideoHeader(message) || rtmp::IsAudioHeader(message)) return true;
  if (message.kind == rtmp::MediaMessage::kAudio) return !audio_.Had(message.timestamp_ms);
  bool first = !video_.caught_up;
  int64_t newest_ms = video_.newest_ms;
  if (video_.Had(message.timestamp_ms)) return false;
  // Where the replay reaches back to what was taken, the next picture follows on it; else pictures in between are missing.
  if (first) needs_key_ = !video_.replayed;
  if (needs_key_ && !rtmp::IsKeyFrame(message)) {
    video_.newest_ms = newest_ms;
    return false;
  }
  needs_key_ = false;
  return true;
}

}  // namespace lectern::worker
