// RTMP chunks (Adobe RTMP 1.0, 5.3): messages cut into pieces of several interleaved chunk streams. Pure; not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace lectern::rtmp {

enum MessageType : uint8_t {
  kSetChunkSize = 1,
  kAbort = 2,
  kAcknowledgement = 3,
  kUserControl = 4,
  kWindowAckSize = 5,
  kSetPeerBandwidth = 6,
  kAudioType = 8,
  kVideoType = 9,
  kDataAmf3 = 15,
  kCommandAmf3 = 17,
  kDataAmf0 = 18,
  kCommandAmf0 = 20,
  kAggregate = 22,
};

// One message as it is on the wire. The timestamp counts modulo 2^32 milliseconds.
struct RawMessage {
  uint8_t type = 0;
  uint32_t stream_id = 0;
  uint32_t timestamp = 0;
  uint32_t chunk_stream = 3;
  std::string payload;
};

// Takes a connection's bytes apart. Obeys Set Chunk Size and Abort itself, and passes them on.
//
// Extended timestamps are repeated in the chunks that continue a message by some encoders and not by others; both are understood.
// Hostile bytes are safe: memory grows with bytes that came, never with lengths that were only announced.
class ChunkReader {
 public:
  explicit ChunkReader(size_t max_message_bytes) : max_message_bytes_(max_message_bytes) {}

  void set_max_message_bytes(size_t bytes) { max_message_bytes_ = bytes; }

  // Errors: kInvalidArgument (broken), kResourceExhausted (a message is larger than max_message_bytes, all begun ones than
  // twice that, or there are too many chunk streams). After an error the connection is of no use.
  absl::Status Feed(absl::string_view bytes);
  // The next complete message; false: more bytes are needed.
  bool Next(RawMessage& message);
  size_t ready_count() const { return ready_.size(); }
  void DropOldest() { ready_.pop_front(); }

 private:
  // What a chunk stream's next message may take from the one before.
  struct Head {
    uint8_t type = 0;
    uint32_t stream_id = 0;
    uint32_t timestamp = 0;
    uint32_t length = 0;
    uint32_t delta = 0;
    uint32_t extended = 0;            // the timestamp field as sent last
    bool has_extended = false;
    bool absolute = false;            // it was complete (format 0)
  };
  struct Stream {
    Head head;
    bool begun = false;               // the payload is incomplete
    std::string payload;
  };
  struct Header {
    int format = 0;
    uint32_t id = 0;
    size_t size = 0;                  // of basic and message header, without the extended timestamp
  };

  std::optional<Header> ParseBasic(absl::string_view bytes) const;
  absl::Status FeedHeader(absl::string_view& bytes);
  absl::Status FeedPayload(absl::string_view& bytes);
  absl::Status StartChunk(absl::string_view& bytes, bool& more);
  absl::StatusOr<Stream> Lookup(const Header& header) const;
  absl::Status Extended(const Header& header, Head& head, absl::string_view& rest, bool& more);
  absl::Status BeginMessage(const Header& header, Head& head) const;
  absl::Status Complete();
  absl::Status Obey(const RawMessage& message);

  size_t max_message_bytes_;
  size_t chunk_size_ = 128;
  std::map<uint32_t, Stream> streams_;
  std::string pending_;               // an incomplete chunk header
  Stream* current_ = nullptr;         // whose chunk is being read
  uint32_t current_id_ = 0;
  size_t chunk_left_ = 0;
  size_t begun_bytes_ = 0;            // of all incomplete payloads
  std::optional<bool> repeats_extended_;
  std::deque<RawMessage> ready_;
};

// Cuts messages into chunks. Every message gets a complete header: that costs a few bytes and needs no memory of the one before.
class ChunkWriter {
 public:
  // Takes effect with the next message; the Set Chunk Size message is the caller's to send before.
  void set_chunk_size(size_t bytes) { chunk_size_ = bytes; }

  void Append(uint8_t type, uint32_t stream_id, uint32_t timestamp, uint32_t chunk_stream, absl::string_view payload,
              std::string& out) const;

 private:
  size_t chunk_size_ = 128;
};

}  // namespace lectern::rtmp
