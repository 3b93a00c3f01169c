#include "common/rtmp/flv.h"

#include <cstdint>
#include <memory>

#include "common/rtmp/bytes.h"

namespace lectern::rtmp {
namespace {

constexpr size_t kFileHeader = 9;
constexpr size_t kTagHeader = 11;
constexpr size_t kBackPointer = 4;

enum TagType : uint8_t { kAudioTag = 8, kVideoTag = 9, kScriptTag = 18 };

uint8_t TypeOf(MediaMessage::Kind kind) {
  switch (kind) {
    case MediaMessage::kAudio:
      return kAudioTag;
    case MediaMessage::kVideo:
      return kVideoTag;
    default:
      return kScriptTag;
  }
}

}  // namespace

std::string FlvHeader() { return std::string("FLV\x01\x05\0\0\0\x09\0\0\0\0", kFileHeader + kBackPointer); }

void AppendFlvTag(const MediaMessage& message, std::string& out) {
  uint32_t timestamp = static_cast<uint32_t>(message.timestamp_ms);
  out.push_back(static_cast<char>(TypeOf(message.kind)));
  AppendBig(message.size(), 3, out);
  AppendBig(timestamp & 0xffffff, 3, out);
  AppendBig(timestamp >> 24, 1, out);
  AppendBig(0, 3, out);
  out += *message.payload;
  AppendBig(kTagHeader + message.size(), 4, out);
}

absl::Status FlvReader::Feed(absl::string_view bytes) {
  // What was taken is thrown away in large pieces: once per tag would copy the rest again and again.
  if (used_ > buffer_.size() / 2 && used_ <= buffer_.size()) {
    buffer_.erase(0, used_);
    used_ = 0;
  }
  buffer_.append(bytes.data(), bytes.size());
  if (!header_seen_ && buffer_.size() >= kFileHeader) {
    absl::string_view header = buffer_;
    uint64_t length = ReadBig(header.substr(5, 4));
    if (header.substr(0, 3) != "FLV" || length < kFileHeader || length > 64) return absl::InvalidArgumentError("no FLV");
    used_ = length + kBackPointer;
    header_seen_ = true;
  }
  return absl::OkStatus();
}

bool FlvReader::Next(MediaMessage& message) {
  while (header_seen_ && buffer_.size() >= used_ + kTagHeader) {
    absl::string_view tag = absl::string_view(buffer_).substr(used_);
    size_t size = ReadBig(tag.substr(1, 3));
    if (tag.size() < kTagHeader + size + kBackPointer) return false;
    used_ += kTagHeader + size + kBackPointer;
    uint8_t type = static_cast<uint8_t>(tag[0]) & 0x1f;
    if (type != kAudioTag && type != kVideoTag && type != kScriptTag) continue;
    message.kind = type == kAudioTag ? MediaMessage::kAudio : type == kVideoTag ? MediaMessage::kVideo : MediaMessage::kData;
    message.timestamp_ms = static_cast<int64_t>(ReadBig(tag.substr(7, 1)) << 24 | ReadBig(tag.substr(4, 3)));
    message.payload = std::make_shared<const std::string>(tag.substr(kTagHeader, size));
    return true;
  }
  return false;
}

}  // namespace lectern::rtmp
