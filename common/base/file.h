// Files: RAII descriptor, whole-file reading, and writing that survives a crash.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace lectern {

// Owns a file descriptor. Movable; closes on destruction.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept;
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd();

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

// Errors: kNotFound; kResourceExhausted where the file is larger than `max_bytes`.
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t max_bytes = 64 << 20);

// Writes to a temporary neighbour, syncs it, renames it over `path` and syncs the folder: afterwards the whole content is
// there, or, after an error or a crash, the old one.
absl::Status WriteFileAtomically(const std::string& path, absl::string_view content, int mode = 0644);

// Syncs a folder, so that renames and removals in it survive a power loss.
absl::Status SyncDirectory(const std::string& path);

// Creates the folder and its parents.
absl::Status MakeDirectories(const std::string& path, int mode = 0755);

}  // namespace lectern
