#include "common/exec/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/exec/spawn.h"

namespace lectern {
namespace {

constexpr size_t kMaxLineBytes = 64 * 1024;

std::string Variable(const char* name, const char* otherwise) {
  const char* value = getenv(name);
  return value != nullptr ? value : otherwise;
}

bool IsProgram(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && access(path.c_str(), X_OK) == 0;
}

absl::StatusOr<std::string> FindProgram(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    if (IsProgram(name)) return name;
  } else {
    for (absl::string_view folder : absl::StrSplit(Variable("PATH", "/usr/bin:/bin"), ':', absl::SkipEmpty())) {
      std::string path = absl::StrCat(folder, "/", name);
      if (IsProgram(path)) return path;
    }
  }
  return absl::NotFoundError(absl::StrCat("the program ", name, " is not installed"));
}

struct Pipe {
  Fd read;
  Fd write;
};

constexpr int kMostDescriptors = 16;
// Above all places that a child's descriptors are moved to.
constexpr int kLifted = 3 + kMostDescriptors;

absl::StatusOr<Fd> Lift(Fd fd) {
  if (fd.get() >= kLifted) return fd;
  Fd lifted(fcntl(fd.get(), F_DUPFD_CLOEXEC, kLifted));
  if (!lifted.valid()) return ErrnoStatus(errno, "duplicate a descriptor");
  return lifted;
}

absl::StatusOr<Pipe> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return ErrnoStatus(errno, "pipe of a child");
  Pipe pipe{Fd(ends[0]), Fd()};
  ASSIGN_OR_RETURN(pipe.write, Lift(Fd(ends[1])));
  return pipe;
}

std::vector<char*> Pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Cuts a stream of bytes into lines.
class LineBuffer {
 public:
  void Add(absl::string_view bytes, const std::function<void(absl::string_view)>& on_line) {
    if (!on_line) return;
    pending_.append(bytes.data(), bytes.size());
    size_t begin = 0;
    for (size_t end; (end = pending_.find('\n', begin)) != std::string::npos; begin = end + 1) {
      on_line(absl::string_view(pending_).substr(begin, end - begin));
    }
    pending_.erase(0, begin);
    if (pending_.size() > kMaxLineBytes) Flush(on_line);
  }
  void Flush(const std::function<void(absl::string_view)>& on_line) {
    if (on_line && !pending_.empty()) on_line(pending_);
    pending_.clear();
  }

 private:
  std::string pending_;
};

class ChildProcess final : public Process {
 public:
  ChildProcess(ProcessOptions options, int pid, Fd pidfd, Fd out, Fd err, Fd wake)
      : options_(std::move(options)), pid_(pid), pidfd_(std::move(pidfd)), out_(std::move(out)), err_(std::move(err)),
        wake_(std::move(wake)) {}

  ~ChildProcess() override {
    Signal(SIGKILL);
    Reap();
  }

  int pid() const override { return pid_; }

  ProcessExit Wait() override {
    while (!ended_ || out_.valid() || err_.valid()) Step();
    out_lines_.Flush(options_.on_stdout_line);
    err_lines_.Flush(options_.on_stderr_line);
    Reap();
    exit_.stderr_tail = tail_;
    return exit_;
  }

  void Stop(absl::Duration grace) override {
    Signal(SIGTERM);
    // A stopped group would only see the SIGTERM when it is continued.
    Signal(SIGCONT);
    KillAt(RealClock().Steady() + grace);
  }

  // By the steady clock.
  void KillAt(absl::Duration at) {
    absl::MutexLock lock(&mu_);
    kill_at_ = kill_at_.has_value() ? std::min(*kill_at_, at) : at;
    uint64_t one = 1;
    if (write(wake_.get(), &one, sizeof one) < 0) return;
  }

  void Signal(int signal) override {
    absl::MutexLock lock(&mu_);
    if (!reaped_) kill(-pid_, signal);
  }

 private:
  // Milliseconds until the group is killed for good; -1: not planned.
  int KillDelay() {
    absl::MutexLock lock(&mu_);
    if (!kill_at_.has_value()) return -1;
    absl::Duration left = *kill_at_ - RealClock().Steady();
    if (left <= absl::ZeroDuration()) {
      if (!reaped_) kill(-pid_, SIGKILL);
      return 1000;
    }
    return static_cast<int>(absl::ToInt64Milliseconds(left)) + 1;
  }

  void Step() {
    struct pollfd fds[4] = {{out_.get(), POLLIN, 0},
                            {err_.get(), POLLIN, 0},
                            {ended_ ? -1 : pidfd_.get(), POLLIN, 0},
                            {wake_.get(), POLLIN, 0}};
    if (poll(fds, 4, KillDelay()) <= 0) return;
    if (fds[3].revents != 0) {
      uint64_t ignored;
      if (read(wake_.get(), &ignored, sizeof ignored) < 0) return;
    }
    if (fds[0].revents != 0) Drain(out_, true);
    if (fds[1].revents != 0) Drain(err_, false);
    if (fds[2].revents != 0) {
      ended_ = true;
      // What the program left behind would keep the pipes open.
      Signal(SIGKILL);
    }
  }

  void Drain(Fd& fd, bool is_stdout) {
    char buffer[64 * 1024];
    ssize_t got = read(fd.get(), buffer, sizeof buffer);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (got <= 0) {
      fd = Fd();
      return;
    }
    absl::string_view bytes(buffer, static_cast<size_t>(got));
    if (is_stdout) {
      if (options_.on_stdout_bytes) options_.on_stdout_bytes(bytes);
      out_lines_.Add(bytes, options_.on_stdout_line);
      return;
    }
    err_lines_.Add(bytes, options_.on_stderr_line);
    tail_.append(bytes.data(), bytes.size());
    if (tail_.size() > options_.stderr_tail_bytes) tail_.erase(0, tail_.size() - options_.stderr_tail_bytes);
  }

  // Blocks until the child has ended. The pid stays taken until then, so that no signal can reach a stranger.
  void Reap() {
    {
      absl::MutexLock lock(&mu_);
      if (reaped_) return;
    }
    siginfo_t info = {};
    while (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
    }
    exec_internal::ForgetGroup(pid_);
    absl::MutexLock lock(&mu_);
    kill(-pid_, SIGKILL);
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    reaped_ = true;
    exit_.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    exit_.code = WIFSIGNALED(status) ? 128 + exit_.signal : WEXITSTATUS(status);
  }

  const ProcessOptions options_;
  const int pid_;
  Fd pidfd_;
  Fd out_;
  Fd err_;
  Fd wake_;
  LineBuffer out_lines_;
  LineBuffer err_lines_;
  std::string tail_;
  bool ended_ = false;
  ProcessExit exit_;
  absl::Mutex mu_;
  bool reaped_ ABSL_GUARDED_BY(mu_) = false;
  std::optional<absl::Duration> kill_at_ ABSL_GUARDED_BY(mu_);
};

absl::StatusOr<Fd> Copy(int fd) {
  Fd copy(fcntl(fd, F_DUPFD_CLOEXEC, kLifted));
  if (!copy.valid()) return ErrnoStatus(errno, "duplicate a descriptor");
  return copy;
}

absl::StatusOr<Fd> StandardInput(const ProcessOptions& options) {
  if (options.stdin_descriptor >= 0) return Copy(options.stdin_descriptor);
  Fd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!null.valid()) return ErrnoStatus(errno, "open /dev/null");
  return Lift(std::move(null));
}

absl::StatusOr<int> SpawnWith(const ProcessOptions& options, int out, int err) {
  ASSIGN_OR_RETURN(std::string program, FindProgram(options.argv[0]));
  if (options.descriptors.size() > kMostDescriptors) return absl::InvalidArgumentError("too many descriptors for a child");
  ASSIGN_OR_RETURN(Fd input, StandardInput(options));
  std::vector<Fd> copies;
  std::vector<int> extra;
  for (int fd : options.descriptors) {
    ASSIGN_OR_RETURN(Fd copy, Copy(fd));
    extra.push_back(copy.get());
    copies.push_back(std::move(copy));
  }
  std::vector<std::string> words = options.argv;
  std::vector<std::string> environment = {absl::StrCat("PATH=", Variable("PATH", "/usr/bin:/bin")),
                                          absl::StrCat("HOME=", Variable("HOME", "/")), "LANG=C.UTF-8"};
  environment.insert(environment.end(), options.environment.begin(), options.environment.end());
  std::vector<char*> argv = Pointers(words);
  std::vector<char*> envp = Pointers(environment);
  exec_internal::SpawnRequest request;
  request.path = program.c_str();
  request.argv = argv.data();
  request.environment = envp.data();
  request.directory = options.directory.empty() ? nullptr : options.directory.c_str();
  request.stdin_fd = input.get();
  request.extra_fds = extra.data();
  request.extra_count = static_cast<int>(extra.size());
  request.stdout_fd = out;
  request.stderr_fd = err;
  request.niceness = options.niceness;
  request.memory_limit_bytes = options.memory_limit_bytes;
  request.file_limit_bytes = options.file_limit_bytes;
  return exec_internal::Spawn(request);
}

absl::StatusOr<std::unique_ptr<ChildProcess>> StartChild(ProcessOptions options) {
  if (options.argv.empty()) return absl::InvalidArgumentError("no program to start");
  Fd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return ErrnoStatus(errno, "event descriptor of a child");
  ASSIGN_OR_RETURN(Pipe out, MakePipe());
  ASSIGN_OR_RETURN(Pipe err, MakePipe());
  ASSIGN_OR_RETURN(int pid, SpawnWith(options, out.write.get(), err.write.get()));
  Fd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd.valid()) {
    absl::Status status = ErrnoStatus(errno, "watch a child");
    kill(-pid, SIGKILL);
    exec_internal::ForgetGroup(pid);
    waitpid(pid, nullptr, 0);
    return status;
  }
  return std::make_unique<ChildProcess>(std::move(options), pid, std::move(pidfd), std::move(out.read),
                                        std::move(err.read), std::move(wake));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Process>> Process::Start(ProcessOptions options) { return StartChild(std::move(options)); }

absl::StatusOr<std::string> RunProcess(ProcessOptions options, absl::Duration timeout, size_t max_stdout_bytes) {
  std::string name = options.argv.empty() ? "" : options.argv[0];
  std::string output;
  options.on_stdout_bytes = [&output, max_stdout_bytes](absl::string_view bytes) {
    size_t room = max_stdout_bytes - output.size();
    output.append(bytes.data(), std::min(room, bytes.size()));
  };
  absl::Duration deadline = RealClock().Steady() + timeout;
  ASSIGN_OR_RETURN(std::unique_ptr<ChildProcess> process, StartChild(std::move(options)));
  // SIGTERM is for programs that have something to finish; one that is asked for an answer has not.
  process->KillAt(deadline);
  ProcessExit exit = process->Wait();
  if (exit.ok()) return output;
  if (exit.signal == SIGKILL && RealClock().Steady() >= deadline) {
    return absl::DeadlineExceededError(absl::StrCat(name, " took longer than ", absl::FormatDuration(timeout)));
  }
  return absl::InternalError(absl::StrCat(name, " ended with status ", exit.code, ": ", exit.stderr_tail));
}

}  // namespace lectern
