// Answers the front's hooks: who may publish, and who is gone.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/clock.h"
#include "common/metrics/metrics.h"
#include "rtmp_proxy/front/front.h"
#include "rtmp_proxy/front/token_book.h"

namespace lectern::proxy {

struct HookHandlers {
  std::function<absl::StatusOr<std::string>(const Knock& knock)> on_publish;   // as FrontHandlers::on_publish
  // An accepted publisher: the front's number of its connection, and its name.
  std::function<void(absl::string_view client, const std::string& name)> on_accepted;
  std::function<void(absl::string_view client)> on_done;                       // that publisher is gone
};

// Thread-safe.
class HookServer {
 public:
  // On loopback. `port` 0: the kernel chooses. Errors: kUnavailable where the port is taken.
  static absl::StatusOr<std::unique_ptr<HookServer>> Start(uint16_t port, const std::string& secret, HookHandlers handlers,
                                                           const TokenBook& tokens, Clock& clock, Metrics& metrics);
  // Waits for handlers that run.
  virtual ~HookServer() = default;

  virtual uint16_t port() const = 0;
  // Refuses all publishers from now on.
  virtual void Close() = 0;
};

}  // namespace lectern::proxy
