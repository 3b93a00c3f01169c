#include "common/rtmp/message.h"

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace lectern::rtmp {
namespace {

// FLV 10.1 annex E.4.3.1 and E.4.2.1.
constexpr int kAvc = 7;
constexpr int kAac = 10;

uint8_t At(const MediaMessage& message, size_t index) { return static_cast<uint8_t>((*message.payload)[index]); }

// Whether it is AVC with this packet type. Bit 7 of the first byte marks enhanced RTMP, whose lower bits mean something else.
bool IsAvc(const MediaMessage& message, uint8_t packet_type) {
  return message.kind == MediaMessage::kVideo && message.payload && message.size() >= 2 && (At(message, 0) & 0x80) == 0 &&
         (At(message, 0) & 0x0f) == kAvc && At(message, 1) == packet_type;
}

}  // namespace

bool IsKeyFrame(const MediaMessage& message) { return IsAvc(message, 1) && At(message, 0) >> 4 == 1; }

bool IsVideoHeader(const MediaMessage& message) { return IsAvc(message, 0); }

bool IsVideoEnd(const MediaMessage& message) { return IsAvc(message, 2); }

bool IsMetadata(const MediaMessage& message) {
  constexpr absl::string_view kOnMetaData("\x02\x00\x0aonMetaData", 13);
  return message.kind == MediaMessage::kData && message.payload && absl::StartsWith(*message.payload, kOnMetaData);
}

bool IsAudioHeader(const MediaMessage& message) {
  return message.kind == MediaMessage::kAudio && message.payload && message.size() >= 2 && At(message, 0) >> 4 == kAac &&
         At(message, 1) == 0;
}

}  // namespace lectern::rtmp
