// One Attach stream: a gRPC reactor that only hands over, behind an interface without gRPC.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/link/mailbox.h"

namespace lectern::v1 {
class ResourceMessage;
class ServerMessage;
}  // namespace lectern::v1

namespace lectern::link {

// All are called on the thread that empties the mailbox.
class StreamEvents {
 public:
  virtual ~StreamEvents() = default;
  virtual void OnMessage(const v1::ServerMessage& message) = 0;
  virtual void OnWritable() = 0;
  // Last, exactly once; the stream may be destroyed in it.
  virtual void OnStreamEnd(const absl::Status& status) = 0;
};

struct StreamTarget {
  std::string address;      // HOST:PORT
  std::string ca_file;
  bool plaintext = false;
  std::string credential;   // secret
};

// For the mailbox' thread only.
class Stream {
 public:
  // Starts to connect; writes are taken at once. `mailbox` and `events` outlive the stream. Errors: as rpc::MakeChannel.
  static absl::StatusOr<std::unique_ptr<Stream>> Open(const StreamTarget& target, Mailbox& mailbox, StreamEvents& events);
  // After OnStreamEnd only.
  virtual ~Stream() = default;

  // One write at a time: false until OnWritable, which means that the transport took it.
  virtual bool writable() const = 0;
  virtual void Write(const v1::ResourceMessage& message) = 0;

  // Nothing more is written; the server ends the stream when it has read everything.
  virtual void HalfClose() = 0;
  // Ends it now.
  virtual void Cancel() = 0;
};

}  // namespace lectern::link
