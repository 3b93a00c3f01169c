// The worker's scratch space: a folder for each run, bounded, and gone when the run is over, whatever happened to it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "common/base/file.h"

namespace lectern::worker {

class Scratch;

// A run's folder; removed with everything in it on destruction. Movable.
class ScratchFolder {
 public:
  ScratchFolder(ScratchFolder&& other) noexcept
      : owner_(std::exchange(other.owner_, nullptr)), path_(std::move(other.path_)), limit_bytes_(other.limit_bytes_) {}
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder();

  const std::string& path() const { return path_; }
  // What the run may write.
  int64_t limit_bytes() const { return limit_bytes_; }

 private:
  friend class Scratch;
  ScratchFolder(Scratch* owner, std::string path, int64_t limit_bytes)
      : owner_(owner), path_(std::move(path)), limit_bytes_(limit_bytes) {}

  Scratch* owner_;
  std::string path_;
  int64_t limit_bytes_;
};

// Thread-safe. Outlives its folders.
class Scratch {
 public:
  // Makes `directory` (mode 0700) where it is absent and removes what runs of an earlier process left there: folders named
  // "<job>-<token>" and nothing else. `limit_bytes` is for all runs together.
  // Errors: kFailedPrecondition where another process uses the folder, kInvalidArgument for a limit that is not positive.
  static absl::StatusOr<std::unique_ptr<Scratch>> Open(const std::string& directory, int64_t limit_bytes);

  // `need_bytes` is what the run is expected to write: it is set aside until the folder is gone. Errors: kResourceExhausted where
  // the limit or the disk has less.
  absl::StatusOr<ScratchFolder> Make(int64_t job, int64_t token, int64_t need_bytes);

  // Left on the file system for this user; 0 where it cannot be read.
  int64_t free_bytes() const;
  const std::string& directory() const { return directory_; }

 private:
  friend class ScratchFolder;
  Scratch(std::string directory, Fd lock, int64_t limit_bytes)
      : directory_(std::move(directory)), lock_(std::move(lock)), limit_bytes_(limit_bytes) {}
  void Sweep();
  void Release(int64_t bytes);

  const std::string directory_;
  const Fd lock_;
  const int64_t limit_bytes_;
  absl::Mutex mu_;
  int64_t set_aside_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace lectern::worker
