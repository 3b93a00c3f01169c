// Streams a request's body to the disk with one buffer. Includes Asio: keep it out of other headers.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/exec/thread_pool.h"
#include "common/http/server.h"

namespace lectern::vod {

class BodySink {
 public:
  virtual ~BodySink() = default;
  // On the I/O thread: into the page cache only.
  virtual absl::Status Take(absl::string_view bytes) = 0;
  // Whether Sync should run now, on the pool.
  virtual bool SyncDue() { return false; }
  virtual absl::Status Sync() { return absl::OkStatus(); }
};

struct ReceiveLimits {
  // A client that stays below `min_bytes` in a whole `window` holds a connection and a place for nothing.
  absl::Duration window = absl::Seconds(60);
  uint64_t min_bytes = 16 * 1024;
};

// Until the body's end. Errors: the body's own (kAborted: the client broke off), the sink's,
// kDeadlineExceeded/TOO_SLOW. The sink keeps what it took.
http::Awaitable<absl::Status> ReceiveBody(http::BodyReader& body, BodySink& sink, ThreadPool& pool, Clock& clock,
                                          ReceiveLimits limits);

}  // namespace lectern::vod
