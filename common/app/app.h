// What every long-running program does in the same way: common flags, logging, metrics, admin port, signals, ordered
// drain.
//
//   int main(int argc, char** argv) {
//     App app("lectern-edge", "Serves lectures to viewers.");
//     EdgeConfig config; DefineFlags(app.flags(), config);
//     return app.Run(argc, argv, [&]() -> absl::Status {
//       ... build objects top to bottom ...
//       app.SetReady("");
//       app.WaitForStop();          // SIGTERM or SIGINT
//       ... drain within app.drain_timeout() ...
//       return absl::OkStatus();
//     });
//   }
//
// Common flags: --admin_address, --admin_port (0: none... the kernel chooses), --log_level, --drain_timeout.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/config/flags.h"
#include "common/metrics/metrics.h"

namespace lectern {

class App {
 public:
  App(absl::string_view program, absl::string_view description);
  ~App();

  Flags& flags();
  Metrics& metrics();
  absl::Duration drain_timeout() const;

  // Parses, starts the admin server (/healthz, /readyz, /metrics), runs `body`. Exit status: 0 clean, 2 for wrong usage
  // or a `body` that returns kInvalidArgument (one clear line), 1 for any other error.
  int Run(int argc, char** argv, const std::function<absl::Status()>& body);

  // /readyz answers 200 where `reason` is empty, else 503 with the reason. Starts as "starting".
  void SetReady(absl::string_view reason);

  // Blocks until SIGTERM, SIGINT or RequestStop. A second signal ends the process at once with status 1.
  void WaitForStop();
  void RequestStop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lectern
