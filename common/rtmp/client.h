// RTMP clients: playing a stream from a server, publishing one to a server. Blocking; one thread each, but for Break.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/rtmp/message.h"

namespace lectern::rtmp {

struct Target {
  std::string host;
  uint16_t port = 1935;
  std::string app;                 // "live"
  std::string name;                // of the stream; may carry a query
};

// rtmp://HOST[:PORT]/APP/NAME[?QUERY]. Errors: kInvalidArgument, without the query in the message.
absl::StatusOr<Target> ParseUrl(absl::string_view url);

struct ClientOptions {
  absl::Duration connect_timeout = absl::Seconds(3);   // until the server has accepted the stream
  absl::Duration write_timeout = absl::Seconds(5);     // without a byte taken; infinite where a silence limit is set afterwards
  size_t max_message_bytes = 32 << 20;
};

// Plays a live stream.
class Player {
 public:
  // Returns when the server has accepted the request to play (NetStream.Play.Start): whatever is published from then on comes.
  // Errors: kUnavailable (no connection), kDeadlineExceeded, kPermissionDenied (refused), kInvalidArgument (no RTMP).
  static absl::StatusOr<std::unique_ptr<Player>> Open(const Target& target, const ClientOptions& options);
  virtual ~Player() = default;

  // Errors: kDeadlineExceeded where nothing came within `patience` (nothing is lost); kOutOfRange where the publisher has gone;
  // kUnavailable where the connection is gone; kInvalidArgument for broken chunks; kCancelled after Break.
  virtual absl::StatusOr<MediaMessage> Next(absl::Duration patience) = 0;

  // From any thread: a waiting Next returns.
  virtual void Break() = 0;
};

// What a worker tells its publisher (see docs/live.md, "The leg").
struct Feedback {
  int64_t resume_ms = -1;       // send everything from the key frame at or before this timeline position; -1: from the oldest
  int64_t confirmed_ms = -1;    // stored up to there; -1: nothing yet
};

// Publishes a stream.
class Publisher {
 public:
  // Returns when the server has accepted the stream (NetStream.Publish.Start). Errors: as Player; kPermissionDenied: the key is
  // wrong or the lease is not there (any more).
  static absl::StatusOr<std::unique_ptr<Publisher>> Open(const Target& target, const ClientOptions& options);
  virtual ~Publisher() = default;

  // Blocks while the server takes nothing. Errors: kUnavailable (gone), kDeadlineExceeded (write_timeout, or the server has said
  // nothing for longer than `silence_limit`), kAborted where it has ended the stream (NetStream.Publish.BadName, ...), kCancelled.
  virtual absl::Status Send(const MediaMessage& message) = 0;
  // Reads what the server has said, waiting at most `patience` for something to do. Same errors.
  virtual absl::Status Poll(absl::Duration patience) = 0;

  virtual Feedback feedback() const = 0;
  // How often the server has told; 0: feedback() means nothing yet.
  virtual int64_t feedback_count() const = 0;
  // A server that has said nothing for so long counts as gone; infinite for servers that are no Lectern workers.
  virtual void SetSilenceLimit(absl::Duration limit) = 0;
  virtual int64_t unacknowledged_bytes() const = 0;   // in the kernel's send queue

  // Says that the stream is over (FCUnpublish, deleteStream) and closes.
  virtual void Finish() = 0;
  // From any thread: a waiting Poll returns, OK.
  virtual void Wake() = 0;
  // From any thread.
  virtual void Break() = 0;
};

}  // namespace lectern::rtmp
