// What client and server share above the chunks: commands, and media messages. Private to the room.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/rtmp/amf.h"
#include "common/rtmp/chunks.h"
#include "common/rtmp/client.h"
#include "common/rtmp/message.h"

namespace lectern::rtmp {

// The AMF0 string "@setDataFrame", with which publishers mark metadata that a server is to keep for later players.
inline constexpr absl::string_view kSetDataFrame("\x02\x00\x0d@setDataFrame", 16);

struct Command {
  std::string name;
  double transaction = 0;
  std::vector<AmfValue> arguments;    // after name and transaction; the first is the command object

  // The argument as text; empty where it is none.
  std::string Text(size_t index) const;
  // Of the last argument of onStatus, _error and the like.
  std::string StatusField(absl::string_view name) const;
};

// Errors: kInvalidArgument where a command message is broken. Absent: it is no command.
absl::StatusOr<std::optional<Command>> ParseCommand(const RawMessage& message);

std::vector<AmfValue> FeedbackCommand(const Feedback& feedback);
// Absent: it is another command.
std::optional<Feedback> ParseFeedback(const Command& command);

// Takes audio, video, data and aggregate messages to MediaMessages, with times unwrapped. Not thread-safe.
class MediaSorter {
 public:
  // Where times of 32 bit begin to be unwrapped; else the first message's own time.
  void SetReference(int64_t timestamp_ms) { reference_ms_ = timestamp_ms; }
  // Other messages, and broken parts of aggregates, are passed over.
  void Take(RawMessage message);
  bool Next(MediaMessage& message);

 private:
  void TakeOne(uint8_t type, uint32_t timestamp, std::string payload);
  void TakeAggregate(const RawMessage& message);
  int64_t Unwrap(uint8_t type, uint32_t timestamp);

  std::optional<int64_t> reference_ms_;
  std::deque<MediaMessage> ready_;
};

}  // namespace lectern::rtmp
