// What the services ask of the control room about live streams: a worker for one, another worker, its end.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace lectern::api {

struct IngestRequest {
  int64_t stream = 0;
  int64_t proxy = 0;               // resource that asks
  std::string session;             // of the publisher that it holds
  int64_t failed_epoch = 0;        // whose worker does not work for it; 0: none
  std::string reason;              // how it failed
};

// Where the stream goes now.
struct IngestLease {
  int64_t job = 0;
  int64_t epoch = 0;               // fencing token of the job's lease
  int64_t worker = 0;
  std::string worker_host;
  std::string url;                 // rtmp://HOST:PORT/ingest/JOB-EPOCH, without the key
  std::string key;                 // secret, good for this epoch only
};

// Thread-safe; blocks on the database, on nothing else.
class LiveControl {
 public:
  virtual ~LiveControl() = default;

  // The worker that holds the stream; placed at once where none does, and away from the one that held `failed_epoch`. The worker
  // may hear of it a moment after the caller.
  // Errors: kNotFound/STREAM_NOT_FOUND, kAborted/SUPERSEDED (another session or proxy owns it), kFailedPrecondition/STREAM_ENDED
  // (or it is ending), kResourceExhausted/NO_FREE_WORKER with the reasons in words.
  virtual absl::StatusOr<IngestLease> AcquireIngest(const IngestRequest& request) = 0;

  // To another worker; its proxy hears of it with its next report (the epoch has changed). `why` is for people.
  // Errors: kNotFound/STREAM_NOT_FOUND, kFailedPrecondition/STREAM_ENDED, kResourceExhausted/NO_FREE_WORKER (it stays where it is).
  virtual absl::Status Move(int64_t stream, absl::string_view why) = 0;

  // Each goes to `ending` (its ingest stores what has arrived) and from there to `ended`; those that are there already stay.
  // `by_hand`: a person did it, so that nobody and no schedule takes it up again.
  virtual absl::Status End(absl::Span<const int64_t> streams, absl::string_view reason, bool by_hand) = 0;
};

}  // namespace lectern::api
