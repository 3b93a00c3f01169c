#include "worker/live/frames.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace lectern::worker {
namespace {

constexpr size_t kVideoHead = 5, kSoundHead = 2;
constexpr int kKeyFrame = 1, kAvc = 7, kAac = 10;
constexpr int kHeaderPacket = 0, kFramePacket = 1;

int Byte(const std::string& payload, size_t at) { return static_cast<uint8_t>(payload[at]); }

// FLV 10.1 E.4.3.1; 12 and 13 are in wide use without a standard.
std::string VideoCodecName(const std::string& payload) {
  int first = Byte(payload, 0);
  // Enhanced RTMP: the codec's four characters follow.
  if ((first & 0x80) != 0) {
    std::string name = payload.substr(1, 4);
    if (name == "hvc1") return "hevc";
    if (name == "av01") return "av1";
    if (name == "vp09") return "vp9";
    if (name == "avc1") return "h264 (enhanced RTMP)";
    return "unknown";
  }
  static constexpr const char* kNames[] = {"unknown", "jpeg", "flv1", "flashsv", "vp6f",    "vp6a", "flashsv2", "h264",
                                           "unknown", "h263", "mpeg4", "unknown", "hevc",    "av1",  "vp9",      "unknown"};
  return kNames[first & 0x0f];
}

// E.4.2.1
std::string AudioCodecName(const std::string& payload) {
  static constexpr const char* kNames[] = {"pcm",        "adpcm",    "mp3",       "pcm",           "nellymoser", "nellymoser",
                                           "nellymoser", "pcm_alaw", "pcm_mulaw", "enhanced RTMP", "aac",        "speex",
                                           "unknown",    "unknown",  "mp3",       "unknown"};
  return kNames[Byte(payload, 0) >> 4];
}

}  // namespace

Parsed FrameReader::Read(const rtmp::MediaMessage& message) {
  if (message.kind == rtmp::MediaMessage::kVideo && message.size() > 0) return ReadVideo(message);
  if (message.kind == rtmp::MediaMessage::kAudio && message.size() > 0) return ReadAudio(message);
  return {};
}

Parsed FrameReader::ReadVideo(const rtmp::MediaMessage& message) {
  const std::string& payload = *message.payload;
  Parsed parsed;
  bool avc = (Byte(payload, 0) & 0x80) == 0 && (Byte(payload, 0) & 0x0f) == kAvc;
  video_codec_ = VideoCodecName(payload);
  if (!avc) {
    parsed.kind = Parsed::kForeignVideo;
    return parsed;
  }
  int type = payload.size() < 2 ? -1 : Byte(payload, 1);
  if (type == kFramePacket) return ReadPicture(message);
  if (type != kHeaderPacket) return parsed;
  if (video_ != nullptr && *video_->payload == payload) return parsed;
  absl::StatusOr<media::AvcConfig> avc_config =
      media::ParseAvcConfig(absl::string_view(payload).substr(std::min(payload.size(), kVideoHead)));
  if (!avc_config.ok()) {
    parsed.kind = Parsed::kBroken;
    return parsed;
  }
  video_ = std::make_shared<VideoConfig>(VideoConfig{message.payload, *std::move(avc_config)});
  parsed.kind = Parsed::kVideoConfig;
  return parsed;
}

Parsed FrameReader::ReadPicture(const rtmp::MediaMessage& message) {
  Parsed parsed;
  parsed.kind = Parsed::kBroken;
  const std::string& payload = *message.payload;
  if (video_ == nullptr || payload.size() <= kVideoHead) return parsed;
  absl::string_view unit = absl::string_view(payload).substr(kVideoHead);
  absl::StatusOr<media::NalSurvey> survey = media::SurveyNals(unit, video_->avc.length_size);
  if (!survey.ok()) return parsed;
  parsed.padding_bytes = survey->padding_bytes;
  parsed.kind = survey->picture ? Parsed::kPicture : Parsed::kNothing;
  // The offset is a signed number of 24 bits.
  int32_t offset = Byte(payload, 2) << 16 | Byte(payload, 3) << 8 | Byte(payload, 4);
  if (offset >= 1 << 23) offset -= 1 << 24;
  Picture& picture = parsed.picture;
  picture.dts_ms = message.timestamp_ms;
  picture.pts_ms = message.timestamp_ms + offset;
  picture.key = Byte(payload, 0) >> 4 == kKeyFrame;
  picture.idr = survey->idr;
  picture.payload = message.payload;
  if (survey->padding_bytes == 0) return parsed;
  std::string stripped = payload.substr(0, kVideoHead);
  stripped.reserve(payload.size() - survey->padding_bytes);
  media::AppendWithoutPadding(unit, video_->avc.length_size, stripped);
  picture.payload = std::make_shared<const std::string>(std::move(stripped));
  return parsed;
}

Parsed FrameReader::ReadAudio(const rtmp::MediaMessage& message) {
  const std::string& payload = *message.payload;
  Parsed parsed;
  audio_codec_ = AudioCodecName(payload);
  if (Byte(payload, 0) >> 4 != kAac) {
    parsed.kind = Parsed::kForeignSound;
    return parsed;
  }
  parsed.kind = Parsed::kBroken;
  if (payload.size() <= kSoundHead) return parsed;
  if (Byte(payload, 1) != kHeaderPacket) {
    if (sound_ == nullptr) return parsed;
    parsed.kind = Parsed::kSound;
    parsed.sound = {message.timestamp_ms, message.payload, sound_};
    return parsed;
  }
  if (sound_ != nullptr && *sound_->payload == payload) {
    parsed.kind = Parsed::kNothing;
    return parsed;
  }
  absl::StatusOr<media::AacConfig> aac = media::ParseAacConfig(absl::string_view(payload).substr(kSoundHead));
  if (!aac.ok()) return parsed;
  sound_ = std::make_shared<SoundConfig>(SoundConfig{message.payload, *aac});
  parsed.kind = Parsed::kSoundConfig;
  return parsed;
}

}  // namespace lectern::worker
