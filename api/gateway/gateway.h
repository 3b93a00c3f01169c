// The API's HTTP side: JSON for every RPC under /v1/, made from the definitions, and the web pages.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/calls/invoker.h"
#include "api/calls/registry.h"
#include "common/exec/thread_pool.h"

namespace lectern::api {

struct GatewayOptions {
  std::string listen;        // HOST:PORT; port 0: the kernel chooses
  std::string web_dir;       // what api/web's build wrote
  std::string openapi;       // served as /openapi.json; empty: not
  std::string trusted_proxies;   // see TrustedProxies
  absl::Duration heartbeat = absl::Seconds(15);   // of streams that have nothing to say
};

class Gateway {
 public:
  // Listens at once; calls run on `calls`. The references must outlive the gateway. Errors: kInvalidArgument for a broken address,
  // a broken list of proxies or a folder without pages, kUnavailable for a taken port, kInternal where the definitions' HTTP
  // options contradict each other.
  static absl::StatusOr<std::unique_ptr<Gateway>> Start(const GatewayOptions& options, const Registry& registry, Invoker& invoker,
                                                        ThreadPool& calls);
  virtual ~Gateway() = default;

  virtual uint16_t port() const = 0;

  // No new requests; running ones may end within `grace`. Waits for them, but not for ever: before the gateway goes, `calls` must
  // have stopped, or have nothing to do.
  virtual void Stop(absl::Duration grace) = 0;
};

}  // namespace lectern::api
