// Starts child processes from a thread that never ends, and sees to it that none of them outlives this process. Private to
// the room.
//
// Two nets, since each has a hole: PR_SET_PDEATHSIG kills the direct child when the thread that started it ends (hence a thread of
// its own), and a guard process, which holds one end of a socket, kills the whole process groups when this process is gone.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"

namespace lectern::exec_internal {

struct SpawnRequest {
  const char* path = nullptr;             // of the program, absolute
  char* const* argv = nullptr;
  char* const* environment = nullptr;
  const char* directory = nullptr;        // null: the parent's
  int stdin_fd = -1;
  int stdout_fd = -1;
  int stderr_fd = -1;
  const int* extra_fds = nullptr;         // become 3, 4 ...; each above 2 + their number, like the three before
  int extra_count = 0;
  int niceness = 0;
  int64_t memory_limit_bytes = 0;
  int64_t file_limit_bytes = 0;
};

// The child's pid, which is also its process group. Blocks until the child runs the program. Thread-safe.
absl::StatusOr<int> Spawn(const SpawnRequest& request);

// Call before the child is reaped: its group is no longer guarded.
void ForgetGroup(int pid);

}  // namespace lectern::exec_internal
