#include "common/exec/spawn.h"

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/file.h"
#include "common/base/status.h"

namespace lectern::exec_internal {
namespace {

constexpr size_t kStackBytes = 64 * 1024;
constexpr int kMaxGroups = 4096;

struct ChildArguments {
  const SpawnRequest* request;
  pid_t parent;
  int guard_socket;
  int error;   // errno of what failed; shared memory, so the parent sees it
};

void ResetSignals() {
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) sigaction(signal, &action, nullptr);
}

void Limit(__rlimit_resource_t what, int64_t bytes) {
  if (bytes <= 0) return;
  struct rlimit limit = {static_cast<rlim_t>(bytes), static_cast<rlim_t>(bytes)};
  setrlimit(what, &limit);
}

bool TakeFiles(const SpawnRequest& request) {
  // They lie above all their places (see Lift), so that no dup2 overwrites a later source.
  for (int i = 0; i < request.extra_count; ++i) {
    if (dup2(request.extra_fds[i], 3 + i) < 0) return false;
  }
  return dup2(request.stdin_fd, 0) >= 0 && dup2(request.stdout_fd, 1) >= 0 && dup2(request.stderr_fd, 2) >= 0;
}

// Runs in the parent's memory, on its own stack, while the spawning thread sleeps: only system calls from here on.
__attribute__((no_sanitize("address", "undefined"))) int ChildMain(void* pointer) {
  auto* arguments = static_cast<ChildArguments*>(pointer);
  const SpawnRequest& request = *arguments->request;
  ResetSignals();
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != arguments->parent) _exit(127);
  int32_t self = static_cast<int32_t>(syscall(SYS_getpid));
  send(arguments->guard_socket, &self, sizeof self, MSG_NOSIGNAL);
  if (request.niceness != 0) setpriority(PRIO_PROCESS, 0, request.niceness);
  Limit(RLIMIT_AS, request.memory_limit_bytes);
  Limit(RLIMIT_FSIZE, request.file_limit_bytes);
  // A program over its limit shall see EFBIG and say so, instead of dying by a signal that looks like a crash.
  if (request.file_limit_bytes > 0) signal(SIGXFSZ, SIG_IGN);
  if (!TakeFiles(request) || (request.directory != nullptr && chdir(request.directory) != 0)) {
    arguments->error = errno;
    _exit(127);
  }
  syscall(SYS_close_range, 3U + static_cast<unsigned>(request.extra_count), ~0U, 4U /* CLOSE_RANGE_CLOEXEC */);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execve(request.path, request.argv, request.environment);
  arguments->error = errno;
  _exit(127);
}

// The guard: a copy of this process that holds nothing but a socket. Positive numbers are groups to guard, negative ones are done.
[[noreturn]] void GuardMain(int socket) {
  static int32_t groups[kMaxGroups];
  int count = 0;
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  for (int signal : {SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGQUIT, SIGUSR1, SIGUSR2}) sigaction(signal, &ignore, nullptr);
  setsid();
  prctl(PR_SET_NAME, "lectern-guard");
  dup2(socket, 0);
  syscall(SYS_close_range, 1U, ~0U, 0U);
  int32_t message = 0;
  while (true) {
    ssize_t got = recv(0, &message, sizeof message, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got != sizeof message) break;
    if (message > 0 && count < kMaxGroups) groups[count++] = message;
    for (int i = 0; message < 0 && i < count; ++i) {
      if (groups[i] == -message) groups[i--] = groups[--count];
    }
  }
  for (int i = 0; i < count; ++i) kill(-groups[i], SIGKILL);
  _exit(0);
}

class Spawner {
 public:
  Spawner() {
    std::thread([this] { Loop(); }).detach();
  }

  absl::StatusOr<int> Spawn(const SpawnRequest& request) {
    std::promise<absl::StatusOr<int>> promise;
    std::future<absl::StatusOr<int>> result = promise.get_future();
    Post([&] { promise.set_value(SpawnHere(request)); });
    return result.get();
  }

  void Forget(int pid) {
    std::promise<void> promise;
    std::future<void> done = promise.get_future();
    Post([&] {
      groups_.erase(pid);
      Tell(-pid);
      promise.set_value();
    });
    done.wait();
  }

 private:
  void Post(std::function<void()> work) {
    std::lock_guard<std::mutex> lock(mu_);
    queue_.push_back(std::move(work));
    wake_.notify_one();
  }

  void Loop() {
    pthread_setname_np(pthread_self(), "spawner");
    while (true) {
      std::unique_lock<std::mutex> lock(mu_);
      wake_.wait(lock, [this] { return !queue_.empty(); });
      std::function<void()> work = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      work();
    }
  }

  void Tell(int32_t message) {
    if (socket_.valid()) send(socket_.get(), &message, sizeof message, MSG_NOSIGNAL);
  }

  absl::Status EnsureGuard() {
    if (guard_ > 0 && waitpid(guard_, nullptr, WNOHANG) == 0) return absl::OkStatus();
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return ErrnoStatus(errno, "socket of the guard");
    Fd theirs(pair[1]);
    socket_ = Fd(pair[0]);
    // Not fork(): the handlers that gRPC registers with it must not run.
    guard_ = static_cast<int>(syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr));
    if (guard_ == 0) GuardMain(theirs.get());
    if (guard_ < 0) return ErrnoStatus(errno, "start the guard");
    for (int group : groups_) Tell(group);
    return absl::OkStatus();
  }

  absl::StatusOr<int> SpawnHere(const SpawnRequest& request) {
    RETURN_IF_ERROR(EnsureGuard());
    ChildArguments arguments = {&request, getpid(), socket_.get(), 0};
    void* stack = mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED) return ErrnoStatus(errno, "stack of a child");
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int pid = clone(ChildMain, static_cast<char*>(stack) + kStackBytes, CLONE_VM | CLONE_VFORK | SIGCHLD, &arguments);
    int error = pid < 0 ? errno : arguments.error;
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    munmap(stack, kStackBytes);
    if (error == 0) {
      groups_.insert(pid);
      return pid;
    }
    if (pid > 0) {
      Tell(-pid);
      waitpid(pid, nullptr, 0);
    }
    return ErrnoStatus(error, absl::StrCat("start ", request.path));
  }

  std::mutex mu_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  // The spawner's thread only.
  int guard_ = 0;
  Fd socket_;
  std::set<int> groups_;
};

// Lives for ever: children may be running while static objects are destroyed.
Spawner& TheSpawner() {
  static auto* spawner = new Spawner;
  return *spawner;
}

}  // namespace

absl::StatusOr<int> Spawn(const SpawnRequest& request) { return TheSpawner().Spawn(request); }
void ForgetGroup(int pid) { TheSpawner().Forget(pid); }

}  // namespace lectern::exec_internal
