// HTTP/1.1 server on Asio (RFC 9112). This header includes Asio: keep it out of other headers.
//
// One io_context, `threads` threads, one coroutine a connection. A handler is a coroutine that gets the head and a body
// reader and returns the response. A handler must not block for long (page-cache reads and writes are fine); blocking
// work goes to a ThreadPool through RunBlocking.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/exec/thread_pool.h"
#include "common/http/message.h"

namespace lectern::http {

template <typename T>
using Awaitable = boost::asio::awaitable<T>;

// The request's body. Decodes chunked transfer coding; answers `Expect: 100-continue` at the first Read.
class BodyReader {
 public:
  virtual ~BodyReader() = default;
  // Fills some of `buffer`; 0 at the end. Errors: kAborted where the client broke off or was too slow, kInvalidArgument
  // for broken framing.
  virtual Awaitable<absl::StatusOr<size_t>> Read(absl::Span<char> buffer) = 0;
  // The whole body. kResourceExhausted over `max_bytes`.
  virtual Awaitable<absl::StatusOr<std::string>> ReadAll(size_t max_bytes) = 0;
  // Ends the connection from another thread; a waiting Read returns kAborted.
  virtual void Abort() = 0;
};

// A response body that is not there yet.
class BodySource {
 public:
  virtual ~BodySource() = default;
  // The next bytes; empty at the end. The view stays valid until the next call. An error breaks the connection off, so
  // that the client sees a short body.
  virtual Awaitable<absl::StatusOr<absl::string_view>> Next() = 0;
};

using Handler = std::function<Awaitable<Response>(const RequestHead& head, BodyReader& body)>;
// Answers at once, without a coroutine frame; never with a BodySource. Absent: ask the Handler.
using FastHandler = std::function<std::optional<Response>(const RequestHead& head)>;

struct ServerOptions {
  std::string address = "127.0.0.1";
  uint16_t port = 0;  // 0: the kernel chooses
  int threads = 1;
  size_t max_header_bytes = 16 * 1024;
  int max_connections = 10000;
  absl::Duration idle_timeout = absl::Seconds(75);  // between requests
  absl::Duration header_timeout = absl::Seconds(10);
  absl::Duration body_timeout = absl::Seconds(60);   // without a byte received
  absl::Duration write_timeout = absl::Seconds(60);  // without a byte taken by the client
  FastHandler fast;                                  // may be empty
  std::function<void()> on_break;                    // called when Stop's grace is over: wake what handlers wait for
};

struct ServerCounters {
  int64_t connections_open = 0;
  int64_t requests = 0;
  int64_t bytes_out = 0;
};

// Thread-safe.
class Server {
 public:
  // Listens at once. Errors: kUnavailable where the port is taken (the message names it).
  static absl::StatusOr<std::unique_ptr<Server>> Start(ServerOptions options, Handler handler);
  virtual ~Server() = default;

  virtual uint16_t port() const = 0;
  virtual boost::asio::io_context& io() = 0;
  virtual ServerCounters counters() const = 0;

  // No new connections and requests; running ones may end within `grace`, then they are broken off. Waits.
  virtual void Stop(absl::Duration grace) = 0;
};

// Runs `work` on the pool and resumes on the caller's executor. kResourceExhausted where the pool's queue is full.
Awaitable<absl::Status> RunBlocking(ThreadPool& pool, std::function<absl::Status()> work);

}  // namespace lectern::http
