// The API's HTTP side: the web pages.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lectern::api {

struct GatewayOptions {
  std::string listen;        // HOST:PORT; port 0: the kernel chooses
  std::string web_dir;       // what api/web's build wrote
};

class Gateway {
 public:
  // Listens at once. Errors: kInvalidArgument for a broken address or a folder without pages, kUnavailable for a taken port.
  static absl::StatusOr<std::unique_ptr<Gateway>> Start(const GatewayOptions& options);
  virtual ~Gateway() = default;

  virtual uint16_t port() const = 0;

  // No new requests; running ones may end within `grace`. Waits.
  virtual void Stop(absl::Duration grace) = 0;
};

}  // namespace lectern::api
