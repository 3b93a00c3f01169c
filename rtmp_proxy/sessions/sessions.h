// The publishers of this proxy and the live streams that they feed: asks the API where each belongs, keeps them while the API is
// away, reports, and does what the API says. docs/live.md has the rules.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/metrics/metrics.h"
#include "rtmp_proxy/front/front.h"
#include "rtmp_proxy/sessions/live_api.h"

namespace lectern::proxy {

struct SessionsOptions {
  std::string state_dir;                            // its folders "sessions", "spool" and "held" are used
  size_t ring_bytes = 32 << 20;                     // in memory, a stream
  int64_t spool_bytes = int64_t{32} << 30;          // on disk, all streams together
  absl::Duration report_interval = absl::Seconds(1);
};

struct SessionsCounts {
  int publishers = 0;
  int held = 0;                 // of them, for which the API has not said yet where they belong
  int streams = 0;
};

// Thread-safe.
class Sessions {
 public:
  // All outlive it.
  static std::unique_ptr<Sessions> Create(SessionsOptions options, LiveApi& api, TokenBook& tokens, Clock& clock,
                                          Metrics& metrics);
  // After the front has been destroyed.
  virtual ~Sessions() = default;

  // For Front::Start. Publishers wait in on_publish until Run.
  virtual FrontHandlers Handlers() = 0;
  // Takes up the publishers that the front already has and that an earlier proxy knew, drops the others, and begins to report.
  virtual void Run(Front& front) = 0;

  virtual SessionsCounts Counts() const = 0;

  // Waits until all publishers have gone, at most `patience`; then drops the others and delivers what is pending, for a moment.
  // No publisher is let in any more. The front may be destroyed afterwards.
  virtual void Drain(absl::Duration patience) = 0;
};

}  // namespace lectern::proxy
