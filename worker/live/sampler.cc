#include "worker/live/sampler.h"

#include <algorithm>
#include <vector>

#include "common/rtmp/flv.h"

namespace lectern::worker {
namespace {

constexpr int64_t kSoundMs = 5000;
constexpr size_t kMostSounds = 1000;

}  // namespace

void Sampler::Note(const rtmp::MediaMessage& message) {
  using rtmp::MediaMessage;
  if (rtmp::IsVideoHeader(message)) video_header_ = message;
  if (rtmp::IsKeyFrame(message) && video_header_.payload != nullptr) {
    key_frame_ = message;
    key_header_ = video_header_;
  }
  if (message.kind != MediaMessage::kAudio) return;
  if (rtmp::IsAudioHeader(message)) {
    audio_header_ = message;
    sounds_.clear();
    return;
  }
  if (!sounds_.empty() && message.timestamp_ms < sounds_.back().timestamp_ms) sounds_.clear();
  sounds_.push_back(message);
  while (sounds_.front().timestamp_ms < message.timestamp_ms - kSoundMs || sounds_.size() > kMostSounds) sounds_.pop_front();
}

std::string Sampler::Flv() const {
  std::vector<rtmp::MediaMessage> messages;
  if (key_frame_.payload != nullptr) messages.push_back(key_frame_);
  messages.insert(messages.end(), sounds_.begin(), sounds_.end());
  if (messages.empty()) return "";
  std::stable_sort(messages.begin(), messages.end(),
                   [](const auto& left, const auto& right) { return left.timestamp_ms < right.timestamp_ms; });
  int64_t base = messages.front().timestamp_ms;
  std::string flv = rtmp::FlvHeader();
  for (rtmp::MediaMessage header : {key_header_, audio_header_}) {
    header.timestamp_ms = 0;
    if (header.payload != nullptr) rtmp::AppendFlvTag(header, flv);
  }
  for (rtmp::MediaMessage& message : messages) {
    message.timestamp_ms -= base;
    rtmp::AppendFlvTag(message, flv);
  }
  return flv;
}

}  // namespace lectern::worker
