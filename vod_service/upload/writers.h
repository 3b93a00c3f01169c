// Who is writing to which upload in this process: at most one request an upload.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"

namespace lectern::vod {

// One request that writes. Thread-safe.
class Writer {
 public:
  Writer(std::string upload, Clock& clock) : upload_(std::move(upload)), clock_(clock) { Touch(); }

  const std::string& upload() const { return upload_; }

  // Bytes came.
  void Touch() { last_byte_ns_.store(absl::ToInt64Nanoseconds(clock_.Steady()), std::memory_order_relaxed); }
  // How long none came.
  absl::Duration Silence() const {
    return clock_.Steady() - absl::Nanoseconds(last_byte_ns_.load(std::memory_order_relaxed));
  }

  // Somebody asks for the offset: make it durable soon.
  void WantCheckpoint() { checkpoint_wanted_.store(true, std::memory_order_relaxed); }
  void CheckpointDone() { checkpoint_wanted_.store(false, std::memory_order_relaxed); }
  bool checkpoint_wanted() const { return checkpoint_wanted_.load(std::memory_order_relaxed); }

  // How to wake the request from waiting for bytes; nullptr before it ends. Called at most once, from any thread, at
  // once where Stop was called before.
  void SetAbort(std::function<void()> abort);
  // The request is to end: what it has received is kept.
  void Stop();
  bool stopped() const;

 private:
  const std::string upload_;
  Clock& clock_;
  std::atomic<int64_t> last_byte_ns_{0};
  std::atomic<bool> checkpoint_wanted_{false};
  mutable absl::Mutex mu_;
  std::function<void()> abort_ ABSL_GUARDED_BY(mu_);
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
};

using WriterClaim = std::unique_ptr<Writer, std::function<void(Writer*)>>;

// Thread-safe.
class Writers {
 public:
  explicit Writers(Clock& clock) : clock_(clock) {}

  // The place of the upload's writer, free again when the pointer is dropped; nullptr while somebody has it or after
  // Close.
  WriterClaim TryClaim(absl::string_view upload);
  // Calls `f` with the upload's writer, if there is one, while it cannot go away. `f` must not block.
  bool WithHolder(absl::string_view upload, const std::function<void(Writer&)>& f);
  bool IsHeld(absl::string_view upload);
  std::vector<std::string> Held();

  // Stops all writers; nobody can claim a place any more.
  void Close();
  bool closed();

 private:
  void Release(Writer* writer);

  Clock& clock_;
  absl::Mutex mu_;
  absl::flat_hash_map<std::string, Writer*> held_ ABSL_GUARDED_BY(mu_);
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace lectern::vod
