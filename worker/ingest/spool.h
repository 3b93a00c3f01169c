// Sets that wait to be stored, in their order: a few in memory, more on disk. docs/live.md, "Storing".
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "worker/live/pipeline.h"

namespace lectern::worker {

// What the spools of all streams may hold together. Thread-safe.
class SpoolBudget {
 public:
  explicit SpoolBudget(int64_t limit_bytes) : limit_bytes_(limit_bytes) {}
  void Add(int64_t bytes, bool in_memory) {
    used_bytes_ += bytes;
    if (in_memory) memory_bytes_ += bytes;
  }
  int64_t used_bytes() const { return used_bytes_; }
  // Also where a disk that takes nothing leaves too much in memory.
  bool full() const { return used_bytes_ >= limit_bytes_ || memory_bytes_ >= kMaxMemoryBytes; }

 private:
  static constexpr int64_t kMaxMemoryBytes = 512 << 20;
  const int64_t limit_bytes_;
  std::atomic<int64_t> used_bytes_ = 0;
  std::atomic<int64_t> memory_bytes_ = 0;
};

// Of one stream. Thread-safe, for one reader.
class Spool {
 public:
  // `directory` exists; with more than `memory_bytes` waiting, newer sets are written there.
  Spool(std::string directory, SpoolBudget& budget, int64_t memory_bytes);
  // What still waits is dropped, and its files removed.
  ~Spool();

  // Never refuses: a full budget is for the caller to respect before it makes more. Where the disk takes nothing, memory does.
  void Push(SegmentSet set);

  // The oldest set, which stays until Pop. Waits at most `patience`: kDeadlineExceeded. kDataLoss where the disk gives it back
  // damaged or not at all.
  absl::StatusOr<SegmentSet> Front(absl::Duration patience);
  void Pop();
  // Ends waiting in Front for good: kCancelled.
  void Close();

  bool empty() const;
  // Arrival of the oldest set; infinite future where none waits.
  absl::Time oldest() const;

 private:
  struct Entry {
    SegmentSet set;             // without the segments' bytes where they are in a file
    std::string file;
    int64_t size_bytes = 0;
    std::vector<size_t> sizes;  // of the segments in the file; 0: a gap
  };
  static absl::StatusOr<SegmentSet> Load(const Entry& entry);

  const std::string directory_;
  SpoolBudget& budget_;
  const int64_t memory_bytes_;
  mutable absl::Mutex mu_;
  std::deque<std::shared_ptr<Entry>> entries_ ABSL_GUARDED_BY(mu_);
  int64_t in_memory_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t files_ ABSL_GUARDED_BY(mu_) = 0;
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace lectern::worker
