// Child processes: argv only (never a shell), own process group, dies with its parent, graceful then hard stop.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace lectern {

struct ProcessOptions {
  std::vector<std::string> argv;                 // argv[0] is looked up in PATH
  std::vector<std::string> environment;          // "NAME=value", added to a minimal one (PATH, HOME, LANG=C.UTF-8)
  std::string directory;                         // working folder; empty: the parent's
  int niceness = 0;
  int64_t memory_limit_bytes = 0;                // RLIMIT_AS; 0: none
  int64_t file_limit_bytes = 0;                  // RLIMIT_FSIZE; 0: none
  // Descriptors of ours that the child gets: as its standard input (-1: /dev/null), and as its descriptors 3, 4 ... (at most 16).
  // We keep our own, and should close them after Start, or nobody ever sees the end of a pipe.
  int stdin_descriptor = -1;
  std::vector<int> descriptors;
  size_t stderr_tail_bytes = 4096;               // kept for error messages
  std::function<void(absl::string_view)> on_stdout_line;   // called from the waiting thread
  std::function<void(absl::string_view)> on_stderr_line;   // same; the tail is kept as well
  std::function<void(absl::string_view)> on_stdout_bytes;  // same, as they come; for children that write data
};

struct ProcessExit {
  int code = 0;          // exit status, or 128 + signal
  int signal = 0;        // 0: it exited by itself
  std::string stderr_tail;
  bool ok() const { return code == 0; }
};

// A running child. Stop may be called from any thread; Wait from one.
class Process {
 public:
  // Errors: kNotFound where the program does not exist, kInternal.
  static absl::StatusOr<std::unique_ptr<Process>> Start(ProcessOptions options);
  // Kills the whole group and waits.
  virtual ~Process() = default;

  virtual int pid() const = 0;

  // Reads the outputs until the child has ended and closed them. Call once.
  virtual ProcessExit Wait() = 0;

  // SIGTERM to the group now, SIGKILL (sent by Wait) after `grace`. Returns at once; Wait reports the end.
  virtual void Stop(absl::Duration grace) = 0;

  // Any signal to the group (SIGSTOP, SIGCONT).
  virtual void Signal(int signal) = 0;
};

// Starts, waits, and returns what it wrote to stdout (at most `max_stdout_bytes`). A time-out stops it: kDeadlineExceeded.
// An exit status other than 0 is kInternal with the last lines of its stderr.
absl::StatusOr<std::string> RunProcess(ProcessOptions options, absl::Duration timeout, size_t max_stdout_bytes = 8 << 20);

}  // namespace lectern
