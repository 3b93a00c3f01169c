// The nginx-rtmp front: its configuration, its process, and the hooks with which it asks whether a publisher may come in. It
// outlives a killed proxy: the next one finds it by the folder in which it runs and takes it over; lecturers stay connected.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/metrics/metrics.h"
#include "common/rtmp/client.h"
#include "rtmp_proxy/front/token_book.h"

namespace lectern::proxy {

struct FrontOptions {
  std::string listen = "127.0.0.1";
  uint16_t port = 1935;                  // 0: any free one, the same at each start
  std::string state_dir;                 // its folder "front" has nginx.conf, sockets and logs; mode 0700
  std::string nginx = "nginx";           // looked up in PATH and the sbin folders
  absl::Duration idle_publisher = absl::Seconds(10);
  size_t max_message_bytes = 16 << 20;
};

// A publisher that knocks.
struct Knock {
  std::string token;       // the stream key up to '?'; secret
  bool known = false;      // the token was good within the last 30 days
  std::string view;        // "view" of the key's query: "comb" where absent
  std::string peer;
  std::string encoder;
};

struct FrontHandlers {
  // Decides. Answer: the name under which the front is to keep the stream (random, no secret). Blocking, on a pool thread, for at
  // most 8 s. The front is answered after it returns, so that the stream's player is attached before the first frame.
  // kUnauthenticated and kPermissionDenied are remembered for 10 s: the same token is then refused without asking.
  std::function<absl::StatusOr<std::string>(const Knock& knock)> on_publish;
  // The publisher of this name is gone. May come more than once, or never (a dead front).
  std::function<void(const std::string& name)> on_publish_done;
};

// Thread-safe.
class Front {
 public:
  // Starts nginx or takes over the one that runs, and keeps it running. Errors: kNotFound without nginx or its RTMP module,
  // kUnavailable where the port is taken (the message names it). `state_dir` is this process' alone; `tokens`, `clock` outlive it.
  static absl::StatusOr<std::unique_ptr<Front>> Start(FrontOptions options, FrontHandlers handlers, const TokenBook& tokens,
                                                      Clock& clock, Metrics& metrics);
  // Ends nginx. Handlers are not called any more.
  virtual ~Front() = default;

  virtual std::string NotReadyReason() const = 0;
  virtual uint16_t port() const = 0;
  // Where to play a stream of this name.
  virtual rtmp::Target PlayTarget(absl::string_view name) const = 0;
  // Names of the streams that have a publisher now.
  virtual absl::StatusOr<std::vector<std::string>> ListPublishers() = 0;
  // Closes the publisher's connection. kNotFound where there is none.
  virtual absl::Status Drop(absl::string_view name) = 0;
  // New publishers are refused from now on (OBS tries again, at another proxy); running ones stay.
  virtual void Close() = 0;
};

}  // namespace lectern::proxy
