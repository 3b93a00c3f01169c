// Outcomes of jobs on disk until the API has recorded them. docs/link.md, rule 5.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace lectern::v1 {
class ResourceMessage;
class RunningJob;
}  // namespace lectern::v1

namespace lectern::link {

// What a message says the end of: a Done, Failed or Cancelled.
v1::RunningJob JobOf(const v1::ResourceMessage& outcome);

// One file an outcome, "<job>-<token>". Thread-safe.
class Journal {
 public:
  // Makes `directory` (mode 0700) where it is absent.
  static absl::StatusOr<Journal> Open(const std::string& directory);

  // Everything not forgotten, ordered by job and token. A file that cannot be read back is logged and removed: it was never
  // whole, so its outcome was never sent.
  std::vector<v1::ResourceMessage> Load();

  // Returns when it is on disk. A second outcome of the same run replaces the first.
  absl::Status Write(const v1::ResourceMessage& outcome);

  // Absent is fine. Not synced: an outcome that comes back after a crash is sent again, which does no harm.
  void Forget(int64_t job, int64_t token);

  // All of them, for a resource that joins anew.
  void Clear();

 private:
  explicit Journal(std::string directory) : directory_(std::move(directory)) {}
  std::string PathOf(int64_t job, int64_t token) const;

  std::string directory_;
};

}  // namespace lectern::link
