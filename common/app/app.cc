#include "common/app/app.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/http/server.h"
#include "common/log/log.h"

namespace lectern {
namespace {

// Write end of the pipe that carries stop signals to a thread. A handler that writes to a pipe leaves the signal mask
// alone, which child processes would inherit.
std::atomic<int> signal_pipe = -1;

void OnStopSignal(int signal) {
  char byte = static_cast<char>(signal);
  int saved = errno;
  [[maybe_unused]] ssize_t written = write(signal_pipe.load(), &byte, 1);
  errno = saved;
}

// The soft limit on descriptors is 1024 for select's sake; a server needs one a connection and cached file.
void RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

struct App::Impl {
  Impl(absl::string_view program, absl::string_view description) : name(program), flags(program, description) {}

  void DefineFlags();
  absl::Status StartAdmin();
  absl::Status StartSignals();
  void StopSignals();
  void WatchSignals();
  int Report(const absl::Status& status) const;
  http::Awaitable<http::Response> Answer(const http::RequestHead& head);

  const std::string name;
  Flags flags;
  Metrics metrics;
  std::string admin_address = "127.0.0.1";
  int64_t admin_port = 0;
  std::string log_level = "info";
  absl::Duration drain_timeout = absl::Seconds(30);
  std::unique_ptr<http::Server> admin;

  absl::Mutex mu;
  std::string not_ready ABSL_GUARDED_BY(mu) = "starting";
  bool stop_asked ABSL_GUARDED_BY(mu) = false;
  Fd signal_read;
  Fd signal_write;
  std::thread signal_thread;
};

void App::Impl::DefineFlags() {
  flags.String("admin_address", &admin_address, "Address of the admin port");
  flags.Int("admin_port", &admin_port, "Port for /healthz, /readyz and /metrics; 0: the kernel chooses");
  flags.String("log_level", &log_level, "debug, info, warn or error");
  flags.Duration("drain_timeout", &drain_timeout, "How long running work may go on after SIGTERM");
}

http::Awaitable<http::Response> App::Impl::Answer(const http::RequestHead& head) {
  if (head.method != "GET" && head.method != "HEAD") {
    http::Response response = http::ErrorResponse(405, "UNIMPLEMENTED", "Only GET and HEAD.");
    response.headers.emplace_back("Allow", "GET, HEAD");
    co_return response;
  }
  if (head.path == "/healthz") co_return http::TextResponse(200, "ok\n");
  if (head.path == "/readyz") {
    std::string reason;
    {
      absl::MutexLock lock(&mu);
      reason = not_ready;
    }
    co_return reason.empty() ? http::TextResponse(200, "ready\n") : http::TextResponse(503, reason + "\n");
  }
  if (head.path == "/metrics") {
    http::Response response = http::TextResponse(200, metrics.Text());
    response.headers[0].second = "text/plain; version=0.0.4; charset=utf-8";
    co_return response;
  }
  co_return http::ErrorResponse(404, "NOT_FOUND", "There are /healthz, /readyz and /metrics here.");
}

absl::Status App::Impl::StartAdmin() {
  if (admin_port < 0 || admin_port > 65535) return absl::InvalidArgumentError("--admin_port must be 0 to 65535");
  http::ServerOptions options;
  options.address = admin_address;
  options.port = static_cast<uint16_t>(admin_port);
  options.max_connections = 64;
  auto handler = [this](const http::RequestHead& head, http::BodyReader&) { return Answer(head); };
  absl::StatusOr<std::unique_ptr<http::Server>> server = http::Server::Start(options, handler);
  if (!server.ok()) return server.status();
  admin = *std::move(server);
  log::Info("admin port open", {{"address", admin_address}, {"port", static_cast<int>(admin->port())}});
  return absl::OkStatus();
}

absl::Status App::Impl::StartSignals() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return ErrnoStatus(errno, "pipe");
  signal_read = Fd(ends[0]);
  signal_write = Fd(ends[1]);
  signal_pipe = ends[1];
  struct sigaction action {};
  action.sa_handler = OnStopSignal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  signal_thread = std::thread([this] { WatchSignals(); });
  return absl::OkStatus();
}

void App::Impl::WatchSignals() {
  char signal = 0;
  while (read(signal_read.get(), &signal, 1) == 1) {
    // 0 comes from StopSignals.
    if (signal == 0) return;
    absl::MutexLock lock(&mu);
    if (stop_asked) {
      log::Warn("second signal: ending at once");
      std::_Exit(1);
    }
    log::Info("stopping", {{"signal", static_cast<int>(signal)}});
    stop_asked = true;
  }
}

void App::Impl::StopSignals() {
  if (!signal_thread.joinable()) return;
  std::signal(SIGTERM, SIG_DFL);
  std::signal(SIGINT, SIG_DFL);
  OnStopSignal(0);
  signal_thread.join();
}

int App::Impl::Report(const absl::Status& status) const {
  if (status.ok()) return 0;
  bool usage = status.code() == absl::StatusCode::kInvalidArgument;
  if (usage) {
    std::string line = absl::StrCat(name, ": ", status.message(), " (see --help)\n");
    std::fputs(line.c_str(), stderr);
  } else {
    log::Error("failed", {{"error", status.message()}});
  }
  return usage ? 2 : 1;
}

App::App(absl::string_view program, absl::string_view description)
    : impl_(std::make_unique<Impl>(program, description)) {
  impl_->DefineFlags();
}

App::~App() = default;

Flags& App::flags() {
  return impl_->flags;
}
Metrics& App::metrics() {
  return impl_->metrics;
}
absl::Duration App::drain_timeout() const {
  return impl_->drain_timeout;
}

int App::Run(int argc, char** argv, const std::function<absl::Status()>& body) {
  if (std::optional<int> exit = impl_->flags.Parse(argc, argv)) return *exit;
  absl::string_view service = impl_->name;
  log::Init(service, log::ParseLevel(impl_->log_level));
  RaiseDescriptorLimit();
  impl_->metrics.Gauge("lectern_build_info", "1, labelled with the version that runs")
      .Add({{"program", impl_->name}, {"version", std::string(Version())}})
      .Set(1);
  absl::Status status = impl_->StartSignals();
  if (status.ok()) status = impl_->StartAdmin();
  if (status.ok()) {
    log::Info("started", {{"version", Version()}, {"pid", static_cast<int>(getpid())}});
    status = body();
    impl_->admin->Stop(absl::Milliseconds(200));
  }
  impl_->StopSignals();
  int code = impl_->Report(status);
  if (code == 0) log::Info("stopped");
  return code;
}

void App::SetReady(absl::string_view reason) {
  absl::MutexLock lock(&impl_->mu);
  if (impl_->not_ready == reason) return;
  impl_->not_ready = std::string(reason);
  if (reason.empty()) {
    log::Info("ready");
  } else {
    log::Warn("not ready", {{"reason", reason}});
  }
}

void App::WaitForStop() {
  absl::MutexLock lock(&impl_->mu);
  impl_->mu.Await(absl::Condition(&impl_->stop_asked));
}

void App::RequestStop() {
  absl::MutexLock lock(&impl_->mu);
  impl_->stop_asked = true;
}

}  // namespace lectern
