#include "common/rtmp/session.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "common/base/status.h"
#include "common/rtmp/bytes.h"

namespace lectern::rtmp {
namespace {

// Servers tell players with it what they may look at; it is nothing of the stream.
constexpr absl::string_view kSampleAccess("\x02\x00\x11|RtmpSampleAccess", 20);
// Metadata often has the time 0 in the middle of a stream; further off than this it is no time.
constexpr int64_t kDataTimeSlackMs = 1000;
// What a double holds exactly.
constexpr double kMaxExact = 9007199254740992.0;

int64_t ToMs(double number) {
  if (!std::isfinite(number) || number < 0 || number > kMaxExact) return -1;
  return static_cast<int64_t>(number);
}

}  // namespace

std::string Command::Text(size_t index) const {
  return index < arguments.size() && arguments[index].type == AmfValue::kString ? arguments[index].text : "";
}

std::string Command::StatusField(absl::string_view field) const {
  return arguments.empty() ? "" : arguments.back().FindText(field);
}

absl::StatusOr<std::optional<Command>> ParseCommand(const RawMessage& message) {
  absl::string_view payload = message.payload;
  if (message.type != kCommandAmf0 && message.type != kCommandAmf3) return std::nullopt;
  // A byte before the values says that they are AMF0 after all; encoders send nothing else.
  if (message.type == kCommandAmf3) payload = payload.substr(payload.empty() ? 0 : 1);
  ASSIGN_OR_RETURN(std::vector<AmfValue> values, DecodeAmf(payload));
  if (values.empty() || values[0].type != AmfValue::kString) return absl::InvalidArgumentError("a command without a name");
  Command command;
  command.name = std::move(values[0].text);
  if (values.size() > 1 && values[1].type == AmfValue::kNumber) command.transaction = values[1].number;
  for (size_t i = 2; i < values.size(); ++i) command.arguments.push_back(std::move(values[i]));
  return command;
}

std::vector<AmfValue> FeedbackCommand(const Feedback& feedback) {
  return {AmfValue::String("lectern"), AmfValue::Number(0), AmfValue::Null(),
          AmfValue::Object({{"resumeMs", AmfValue::Number(static_cast<double>(feedback.resume_ms))},
                            {"confirmedMs", AmfValue::Number(static_cast<double>(feedback.confirmed_ms))}})};
}

std::optional<Feedback> ParseFeedback(const Command& command) {
  if (command.name != "lectern" || command.arguments.empty()) return std::nullopt;
  const AmfValue& object = command.arguments.back();
  return Feedback{ToMs(object.FindNumber("resumeMs", -1)), ToMs(object.FindNumber("confirmedMs", -1))};
}

void MediaSorter::Take(RawMessage message) {
  if (message.type == kAggregate) return TakeAggregate(message);
  TakeOne(message.type, message.timestamp, std::move(message.payload));
}

void MediaSorter::TakeOne(uint8_t type, uint32_t timestamp, std::string payload) {
  MediaMessage message;
  switch (type) {
    case kAudioType:
      message.kind = MediaMessage::kAudio;
      break;
    case kVideoType:
      message.kind = MediaMessage::kVideo;
      break;
    case kDataAmf3:
      if (!payload.empty()) payload.erase(0, 1);
      [[fallthrough]];
    case kDataAmf0:
      message.kind = MediaMessage::kData;
      if (absl::StartsWith(payload, kSampleAccess)) return;
      if (absl::StartsWith(payload, kSetDataFrame)) payload.erase(0, kSetDataFrame.size());
      break;
    default:
      return;
  }
  if (payload.empty()) return;
  message.timestamp_ms = Unwrap(message.kind == MediaMessage::kData ? kDataAmf0 : type, timestamp);
  payload.shrink_to_fit();
  message.payload = std::make_shared<const std::string>(std::move(payload));
  ready_.push_back(std::move(message));
}

int64_t MediaSorter::Unwrap(uint8_t type, uint32_t timestamp) {
  if (!reference_ms_) {
    if (type != kDataAmf0) reference_ms_ = timestamp;
    return timestamp;
  }
  int64_t unwrapped = UnwrapMs(timestamp, *reference_ms_);
  if (type != kDataAmf0) return *reference_ms_ = unwrapped;
  return std::abs(unwrapped - *reference_ms_) > kDataTimeSlackMs ? *reference_ms_ : unwrapped;
}

// FLV tags, one after the other, whose times count from that of the first (Adobe RTMP 1.0, 7.1.6).
void MediaSorter::TakeAggregate(const RawMessage& message) {
  constexpr size_t kTagHeader = 11;
  constexpr size_t kBackPointer = 4;
  absl::string_view rest = message.payload;
  std::optional<uint32_t> first;
  while (rest.size() >= kTagHeader) {
    size_t size = ReadBig(rest.substr(1, 3));
    if (rest.size() < kTagHeader + size) return;
    uint32_t timestamp = static_cast<uint32_t>(ReadBig(rest.substr(7, 1)) << 24 | ReadBig(rest.substr(4, 3)));
    if (!first) first = timestamp;
    uint8_t type = static_cast<uint8_t>(rest[0]) & 0x1f;
    TakeOne(type, message.timestamp + (timestamp - *first), std::string(rest.substr(kTagHeader, size)));
    rest.remove_prefix(std::min(rest.size(), kTagHeader + size + kBackPointer));
  }
}

bool MediaSorter::Next(MediaMessage& message) {
  if (ready_.empty()) return false;
  message = std::move(ready_.front());
  ready_.pop_front();
  return true;
}

}  // namespace lectern::rtmp
