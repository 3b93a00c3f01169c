// The viewers' side of the edge: tokens, cache, origin and HTTP put together.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/metrics/metrics.h"
#include "edge/playback/directory.h"

namespace lectern::edge {

struct EdgeOptions {
  std::string listen = "127.0.0.1";
  uint16_t port = 0;  // 0: the kernel chooses
  int threads = 1;
  std::string cache_dir;
  int64_t cache_bytes = int64_t{10} << 30;
  size_t cache_open_files = 4096;
  std::string upstream;  // base URL; empty: the origin of the token
  int max_connections = 20'000;
  absl::Duration origin_timeout = absl::Seconds(10);
};

// Thread-safe.
class EdgeServer {
 public:
  // Opens the cache and listens. Until SetDirectory brings keys every request is answered 503.
  static absl::StatusOr<std::unique_ptr<EdgeServer>> Start(EdgeOptions options, Clock& clock, Metrics& metrics);
  // Stops (see Stop) without grace.
  virtual ~EdgeServer() = default;

  virtual void SetDirectory(const Directory& directory) = 0;
  virtual bool has_keys() const = 0;
  virtual uint16_t port() const = 0;

  // No new requests; running ones may end within `grace`. Waits.
  virtual void Stop(absl::Duration grace) = 0;
};

}  // namespace lectern::edge
