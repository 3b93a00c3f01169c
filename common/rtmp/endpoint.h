// One RTMP connection: socket, handshake, chunks, and the protocol's own messages. Blocking, with deadlines. Private to the room.
//
// Used on one thread, but for Break and Wake. Deadlines are times of RealClock().Steady().
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/file.h"
#include "common/rtmp/amf.h"
#include "common/rtmp/chunks.h"

namespace lectern::rtmp {

enum UserControl : uint16_t { kStreamBegin = 0, kStreamEof = 1, kPingRequest = 6, kPingResponse = 7 };

struct EndpointOptions {
  size_t max_message_bytes = 32 << 20;
  absl::Duration write_timeout = absl::Seconds(5);   // without a byte taken
  bool read_while_writing = false;                   // else what comes waits in the kernel meanwhile
};

// RealClock().Steady() in `patience` from now; saturates.
absl::Duration DeadlineIn(absl::Duration patience);

class Endpoint {
 public:
  // Resolves, connects and shakes hands. Errors: kUnavailable, kDeadlineExceeded, kInvalidArgument.
  static absl::StatusOr<std::unique_ptr<Endpoint>> Connect(const std::string& host, uint16_t port, EndpointOptions options,
                                                           absl::Duration deadline);
  // A connection that was accepted.
  Endpoint(Fd socket, EndpointOptions options);

  absl::Status ShakeAsClient(absl::Duration deadline);
  absl::Status ShakeAsServer(absl::Duration deadline);

  // The next message that is not about chunks, windows or pings: those are dealt with here. Errors: kDeadlineExceeded (nothing
  // came, it was woken, or the silence limit: nothing is lost), kUnavailable (closed), kInvalidArgument and kResourceExhausted
  // (hostile or broken), kCancelled.
  absl::Status Receive(RawMessage& message, absl::Duration deadline);
  // The same without waiting for more than is there. False: nothing.
  absl::StatusOr<bool> TryReceive(RawMessage& message);

  // Writes all of it. Errors: kDeadlineExceeded, kUnavailable, kCancelled.
  absl::Status Send(uint8_t type, uint32_t stream_id, uint32_t timestamp, uint32_t chunk_stream, absl::string_view payload);
  absl::Status SendCommand(uint32_t stream_id, const std::vector<AmfValue>& values);
  absl::Status SendUserControl(UserControl event, uint32_t value);
  absl::Status SendChunkSize(uint32_t bytes);
  absl::Status SendWindow(uint32_t bytes);

  // Bytes that the other side may send, from now on, in all; -1: any number.
  void LimitInput(int64_t bytes) { input_left_ = bytes; }
  void LimitMessages(size_t bytes) { reader_.set_max_message_bytes(bytes); }
  // Nothing heard for so long is kDeadlineExceeded in Send and Receive.
  void SetSilenceLimit(absl::Duration limit);
  // Whether it has been exceeded. Read first: what waits in the kernel has been said.
  absl::Status CheckSilence() const;

  int64_t unacknowledged_bytes() const;
  // No more is written; what was still arrives.
  void ShutDownWriting();
  std::string PeerName() const;

  // From any thread. After Break everything is kCancelled; after Wake a waiting Receive returns kDeadlineExceeded once.
  void Break();
  void Wake();

 private:
  enum Readiness { kRead = 1, kWrite = 2 };
  // What is possible now; 0 at the deadline or after Wake.
  absl::StatusOr<int> WaitFor(int what, absl::Duration deadline);
  // Takes in what is there. False: nothing was.
  absl::StatusOr<bool> ReadSome();
  absl::Status ReadBytes(size_t count, bool hello, std::string& bytes, absl::Duration deadline);
  absl::Status Flush(absl::string_view bytes);
  // True: the message was one of the protocol's own.
  bool HandleControl(const RawMessage& message);
  void Acknowledge();

  EndpointOptions options_;
  Fd socket_;
  Fd wake_;                             // an eventfd
  std::atomic<bool> broken_{false};
  ChunkReader reader_;
  absl::Status failed_;                 // of what was read: no more is
  ChunkWriter writer_;
  std::string out_;
  int64_t input_left_ = -1;
  uint64_t received_bytes_ = 0;
  uint64_t acknowledged_bytes_ = 0;
  uint32_t window_ = 0;                 // of the other side; 0: it wants no acknowledgements
  absl::Duration silence_limit_ = absl::InfiniteDuration();
  absl::Duration heard_;
};

}  // namespace lectern::rtmp
