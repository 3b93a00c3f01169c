// One stream from its publisher to the worker that has its lease: keeps what is not stored yet, replaces the worker when it fails,
// and never makes the publisher wait.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/rtmp/message.h"

namespace lectern::proxy {

// What of a stream is kept (docs/live.md, "The ring").
struct RingLimits {
  size_t memory_bytes = 32 << 20;              // a stream
  absl::Duration memory_time = absl::Seconds(60);
  int64_t disk_bytes = int64_t{8} << 30;       // a stream; insurance for while no worker takes it. 0: none
  std::string spool_dir;                       // of this stream alone; empty: none
};

struct IngestAddress {
  int64_t epoch = 0;
  std::string url;
  std::string key;       // secret
};

struct RelayState {
  int64_t epoch = 0;               // of the worker that takes it now; 0: none
  int64_t received_ms = 0;
  int64_t confirmed_ms = 0;        // stored up to there
  int64_t pending_bytes = 0;       // kept and not confirmed
  bool delivered = false;          // the worker that takes it now was given everything
  int64_t dropped_frames = 0;      // lost since the ring and the disk were full
  int64_t received_bytes = 0;
  int64_t bitrate_bps = 0;         // over the last seconds
  int failovers = 0;
  std::string reason;              // why no worker takes it, in words; empty: one does
};

struct RelayOptions {
  std::string stream;                              // "liveStreams/12", for logs
  RingLimits ring;
  absl::Duration silence_limit = absl::Milliseconds(1500);   // of the worker
  // Where to publish; called on the relay's thread, blocks. `failed_epoch` as in AcquireIngest. After kFailedPrecondition with the
  // reason STREAM_ENDED it is not asked again, until Reopen or Reacquire.
  std::function<absl::StatusOr<IngestAddress>(int64_t failed_epoch, absl::string_view reason)> acquire;
};

// Thread-safe. A thread of its own speaks with the worker.
class Relay {
 public:
  static std::unique_ptr<Relay> Start(RelayOptions options, Clock& clock);
  // Breaks off; the spool's files are removed.
  virtual ~Relay() = default;

  // From the publisher, with timeline timestamps. Never blocks on the worker or on the network.
  virtual void Push(const rtmp::MediaMessage& message) = 0;
  // The publisher is gone (it may come back): tells nothing to the worker, which sees that nothing comes.
  virtual void Pause() = 0;

  // The lease has moved: ask anew.
  virtual void Reacquire(absl::string_view reason) = 0;
  // The API has let a publisher in: a stream that had ended may have been taken up again. Without effect on one that goes on.
  virtual void Reopen() = 0;
  // No more messages: delivers what is pending within `patience`, then says goodbye to the worker. Waits. True: all was confirmed.
  virtual bool Finish(absl::Duration patience) = 0;

  virtual RelayState state() const = 0;
};

}  // namespace lectern::proxy
