// Accepts RTMP publishers; nobody can play. One thread a connection, bounded in number.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/rtmp/client.h"
#include "common/rtmp/message.h"

namespace lectern::rtmp {

// A publisher that asks to be let in.
struct PublishRequest {
  std::string app;
  std::string name;      // without the query
  std::string query;     // "key=..."; secret
  std::string peer;
  std::string encoder;   // flashVer
};

// An accepted publisher's connection. Used on its own thread, but for Break and SendFeedback.
class PublisherConnection {
 public:
  virtual ~PublisherConnection() = default;
  // Errors: as Player::Next; kOutOfRange: the publisher said that it is done.
  virtual absl::StatusOr<MediaMessage> Next(absl::Duration patience) = 0;
  // Goes out with the next chance, and in any case every `feedback_interval`, so that the other side knows that we live. It is sent
  // by the connection's own thread from within Next: a process that does not call Next says nothing.
  virtual void SendFeedback(const Feedback& feedback) = 0;
  virtual void Break() = 0;
};

struct ServerOptions {
  std::string address = "127.0.0.1";                      // IPv4
  uint16_t port = 0;                                      // 0: the kernel chooses
  int max_connections = 500;                              // beyond: closed at once
  absl::Duration handshake_timeout = absl::Seconds(5);    // until the stream is named
  absl::Duration feedback_interval = absl::Milliseconds(250);
  size_t max_message_bytes = 32 << 20;
  size_t max_early_bytes = 64 << 10;                      // before the publisher is let in
};

struct ServerHandlers {
  // Whether to let it in, and what to tell it first (resume_ms). An error refuses it (NetStream.Publish.BadName with the message).
  // On the connection's thread; may block for a moment.
  std::function<absl::StatusOr<Feedback>(const PublishRequest& request)> authorize;
  // The accepted connection, on its thread; it is over when this returns.
  std::function<void(const PublishRequest& request, PublisherConnection& connection)> serve;
};

// Thread-safe.
class Server {
 public:
  // Listens at once. Errors: kUnavailable where the port is taken (the message names it).
  static absl::StatusOr<std::unique_ptr<Server>> Start(ServerOptions options, ServerHandlers handlers);
  // Breaks all connections and waits for their threads.
  virtual ~Server() = default;
  virtual uint16_t port() const = 0;
};

}  // namespace lectern::rtmp
