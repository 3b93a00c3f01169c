#include "worker/live/meter.h"

#include <algorithm>
#include <cmath>

#include "common/media/h264.h"

namespace lectern::worker {
namespace {

constexpr int64_t kWindowMs = 5000;
constexpr size_t kKeys = 5;            // four distances
constexpr size_t kPictures = 120;

}  // namespace

void RateMeter::Note(int64_t timestamp_ms, size_t bytes) {
  // A step back: another connection of the publisher.
  if (!pieces_.empty() && timestamp_ms < pieces_.front().timestamp_ms) {
    pieces_.clear();
    bytes_ = 0;
  }
  pieces_.push_back({timestamp_ms, bytes});
  bytes_ += bytes;
  while (pieces_.front().timestamp_ms <= timestamp_ms - kWindowMs) {
    bytes_ -= pieces_.front().bytes;
    pieces_.pop_front();
  }
}

int64_t RateMeter::bits_per_second() const {
  if (pieces_.size() < 2) return 0;
  int64_t span_ms = std::max<int64_t>(500, pieces_.back().timestamp_ms - pieces_.front().timestamp_ms);
  return static_cast<int64_t>(bytes_) * 8 * 1000 / span_ms;
}

void Meter::Note(const Parsed& parsed, const FrameReader& reader, int64_t timestamp_ms, size_t bytes) {
  facts_.video_codec = reader.video_codec();
  facts_.audio_codec = reader.audio_codec();
  switch (parsed.kind) {
    case Parsed::kBroken:
      ++facts_.frames_dropped;
      break;
    case Parsed::kVideoConfig:
      facts_.video_profile = media::ProfileName(reader.video()->avc.sps);
      facts_.width = reader.video()->avc.sps.width;
      facts_.height = reader.video()->avc.sps.height;
      break;
    case Parsed::kSoundConfig:
      facts_.sample_rate = reader.sound()->aac.sample_rate;
      facts_.channels = reader.sound()->aac.channels;
      break;
    case Parsed::kPicture:
      video_.Note(timestamp_ms, bytes);
      padding_.Note(timestamp_ms, parsed.padding_bytes);
      NotePicture(parsed);
      break;
    case Parsed::kForeignVideo:
      video_.Note(timestamp_ms, bytes);
      break;
    case Parsed::kSound:
    case Parsed::kForeignSound:
      audio_.Note(timestamp_ms, bytes);
      break;
    case Parsed::kNothing:
      break;
  }
}

void Meter::NotePicture(const Parsed& parsed) {
  int64_t shown = parsed.picture.pts_ms;
  if (newest_ms_ >= 0 && std::abs(shown - newest_ms_) > 2000) {
    decoded_ms_.clear();
    keys_ms_.clear();
  }
  newest_ms_ = std::max(newest_ms_, shown);
  decoded_ms_.push_back(parsed.picture.dts_ms);
  if (decoded_ms_.size() > kPictures) decoded_ms_.pop_front();
  if (!parsed.picture.key || (!keys_ms_.empty() && shown <= keys_ms_.back())) return;
  keys_ms_.push_back(shown);
  if (keys_ms_.size() > kKeys) keys_ms_.pop_front();
}

int64_t Meter::longest_gop_ms() const {
  if (keys_ms_.empty()) return 0;
  int64_t longest = newest_ms_ - keys_ms_.back();
  for (size_t i = 1; i < keys_ms_.size(); ++i) longest = std::max(longest, keys_ms_[i] - keys_ms_[i - 1]);
  return longest;
}

PipelineFacts Meter::facts() const {
  PipelineFacts facts = facts_;
  facts.video_bitrate_bps = video_.bits_per_second();
  facts.padding_bitrate_bps = padding_.bits_per_second();
  facts.audio_bitrate_bps = audio_.bits_per_second();
  facts.keyframe_interval_seconds = static_cast<double>(longest_gop_ms()) / 1000;
  if (decoded_ms_.size() > 2) {
    auto [first, last] = std::minmax_element(decoded_ms_.begin(), decoded_ms_.end());
    double span = static_cast<double>(std::max<int64_t>(1, *last - *first)) / 1000;
    facts.frame_rate = std::round(static_cast<double>(decoded_ms_.size() - 1) / span * 10) / 10;
  }
  return facts;
}

}  // namespace lectern::worker
