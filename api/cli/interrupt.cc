#include "api/cli/interrupt.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

namespace lectern::cli {
namespace {

// A signal handler can reach nothing but globals.
std::atomic<bool> raised_flag{false};
std::atomic<int> wake_fd{-1};

void OnSignal(int signal) {
  if (raised_flag.exchange(true)) _exit(128 + signal);
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wake_fd.load(), &one, sizeof(one));
}

void Handle(void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

Interrupt::Interrupt() {
  raised_flag = false;
  wake_fd = eventfd(0, EFD_CLOEXEC);
  Handle(OnSignal);
}

Interrupt::~Interrupt() {
  Handle(SIG_DFL);
  close(wake_fd.exchange(-1));
}

bool Interrupt::raised() const {
  return raised_flag;
}

bool Interrupt::Sleep(absl::Duration duration) const {
  pollfd wake = {wake_fd.load(), POLLIN, 0};
  poll(&wake, 1, static_cast<int>(absl::ToInt64Milliseconds(duration)));
  return !raised_flag;
}

}  // namespace lectern::cli
