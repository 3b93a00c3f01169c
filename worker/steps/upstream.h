// Reads a recording from the VOD service that keeps it, through its restarts. Private to the room.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "common/http/client.h"
#include "worker/steps/source_proxy.h"

namespace lectern::worker {

// Thread-safe; each caller brings its own client.
class Upstream {
 public:
  explicit Upstream(SourceOptions options) : options_(std::move(options)) {}

  // The recording's size. Asks once.
  absl::StatusOr<uint64_t> Size(http::Client& client);

  // Hands `length` bytes from `first` on to `sink`, in order, each once. Asks for one window after the other, so that no connection
  // waits for a slow encoder, and again for what is missing when one breaks off.
  // Errors: kCancelled (sink, should_stop or Close said so), else what status() keeps from then on.
  absl::Status Read(http::Client& client, uint64_t first, uint64_t length, const std::function<bool(absl::string_view)>& sink);

  // Ends all reading, now and later.
  void Close();
  bool closed() const { return closed_.HasBeenNotified(); }

  absl::Status status() const;
  int64_t bytes_read() const { return bytes_read_.load(); }
  bool empty() const;   // as far as is known

 private:
  struct Patience;
  absl::Status Attempt(http::Client& client, uint64_t first, uint64_t last, uint64_t& done,
                       const std::function<bool(absl::string_view)>& sink);
  absl::StatusOr<http::ClientResponse> Ask(http::Client& client, http::ClientRequest request);
  // OK: try again; else the error that ends it.
  absl::Status WaitToRetry(const absl::Status& failure, Patience& patience);
  bool Stopped() const;
  absl::Status Fail(const absl::Status& status);

  const SourceOptions options_;
  absl::Notification closed_;
  std::atomic<int64_t> bytes_read_ = 0;
  mutable absl::Mutex mu_;
  absl::Status failed_ ABSL_GUARDED_BY(mu_);
  int64_t size_ ABSL_GUARDED_BY(mu_) = -1;
};

}  // namespace lectern::worker
