// One object on its way from the origin into the cache, with everybody who waits for it. Includes Asio.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "common/http/server.h"
#include "edge/cache/disk_cache.h"

namespace lectern::edge {

enum class FillPhase {
  kAsking,   // no answer yet
  kFilling,  // the head is known, bytes are coming
  kDone,     // the object is in the cache (or was confirmed by the origin)
  kFailed,
};

enum class FillFailure { kNone, kNotFound, kDenied, kUnavailable, kTimeout };

// What is known at one moment.
struct FillView {
  FillPhase phase = FillPhase::kAsking;
  FillFailure failure = FillFailure::kNone;
  std::shared_ptr<const ObjectMeta> meta;  // from kFilling on; the size is right where `has_size`
  bool has_size = false;
  std::shared_ptr<const Fd> file;      // from kFilling on; the body is at kBodyOffset
  uint64_t filled = 0;                 // bytes of the body that are there
  std::optional<CachedObject> object;  // kDone
  bool confirmed = false;              // kDone without a transfer: not modified
};

// Thread-safe. One coroutine writes, any number wait.
class Fill {
 public:
  explicit Fill(std::string token) : token_(std::move(token)) {}

  // With whose token the origin is asked.
  const std::string& token() const { return token_; }
  FillView View() const;

  // Return when there is more to see than kAsking; more than `filled` bytes or a final phase; a final phase.
  http::Awaitable<void> WaitForHead() { return Wait(0, FillPhase::kFilling); }
  http::Awaitable<void> WaitForBytes(uint64_t filled) { return Wait(filled, FillPhase::kDone); }
  http::Awaitable<void> WaitForEnd() { return Wait(UINT64_MAX, FillPhase::kDone); }

  void StartBody(std::shared_ptr<const ObjectMeta> meta, bool has_size, std::shared_ptr<const Fd> file);
  void Advance(uint64_t filled);
  // Only the first of these two counts.
  void Complete(CachedObject object, bool confirmed);
  void Fail(FillFailure failure);
  // Forgets the waiters without waking them, which breaks the circle between them and this; for the end of the process.
  void DropWaiters();

 private:
  struct Waiter {
    uint64_t filled;
    FillPhase phase;
    std::function<void()> wake;
  };

  http::Awaitable<void> Wait(uint64_t filled, FillPhase phase);
  bool IsDue(uint64_t filled, FillPhase phase) const ABSL_SHARED_LOCKS_REQUIRED(mu_);
  std::vector<std::function<void()>> TakeDue() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const std::string token_;
  mutable absl::Mutex mu_;
  FillView view_ ABSL_GUARDED_BY(mu_);
  std::vector<Waiter> waiters_ ABSL_GUARDED_BY(mu_);
};

}  // namespace lectern::edge
