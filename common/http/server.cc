#include "common/http/server.h"

#include <pthread.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/http/connection.h"
#include "common/log/log.h"

namespace lectern::http {
namespace asio = boost::asio;
using asio::ip::tcp;
namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
// After breaking all connections off: handlers notice within this time, or the threads are stopped under them.
constexpr absl::Duration kHardStop = absl::Seconds(5);

std::chrono::nanoseconds SweepInterval(const ServerOptions& options) {
  absl::Duration shortest =
      std::min({options.idle_timeout, options.header_timeout, options.body_timeout, options.write_timeout});
  return absl::ToChronoNanoseconds(std::clamp(shortest / 8, absl::Milliseconds(10), absl::Milliseconds(500)));
}

class ServerImpl final : public Server {
 public:
  ServerImpl(ServerOptions options, Handler handler)
      : state_(std::move(options), std::move(handler)),
        io_(std::max(1, state_.options.threads)),
        acceptor_(io_),
        sweeper_(io_) {}
  ~ServerImpl() override { Stop(absl::ZeroDuration()); }

  absl::Status Listen();
  uint16_t port() const override { return port_; }
  asio::io_context& io() override { return io_; }
  ServerCounters counters() const override;
  void Stop(absl::Duration grace) override;

 private:
  Awaitable<void> Accept();
  Awaitable<void> Sweep();
  void Admit(tcp::socket socket);
  bool WaitUntilEmpty(absl::Duration timeout);

  mutable ServerState state_;  // outlives the coroutines, which the io_context holds
  asio::io_context io_;
  tcp::acceptor acceptor_;
  asio::steady_timer sweeper_;
  uint16_t port_ = 0;
  std::vector<std::thread> threads_;
};

absl::Status ServerImpl::Listen() {
  const ServerOptions& options = state_.options;
  boost::system::error_code error;
  asio::ip::address address = asio::ip::make_address(options.address, error);
  if (error)
    return absl::InvalidArgumentError(absl::StrCat("\"", options.address, "\" is not an address to listen on"));
  tcp::endpoint endpoint(address, options.port);
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(4096, error);
  if (error) {
    return absl::UnavailableError(
        absl::StrCat("cannot listen on ", options.address, " port ", options.port, ": ", error.message()));
  }
  port_ = acceptor_.local_endpoint().port();
  // sendfile has no flag against it.
  std::signal(SIGPIPE, SIG_IGN);
  asio::co_spawn(io_, Accept(), asio::detached);
  asio::co_spawn(io_, Sweep(), asio::detached);
  for (int i = 0; i < std::max(1, options.threads); ++i) {
    threads_.emplace_back([this] { io_.run(); });
    pthread_setname_np(threads_.back().native_handle(), "http");
  }
  return absl::OkStatus();
}

Awaitable<void> ServerImpl::Accept() {
  while (!state_.stopping.load()) {
    auto [error, socket] = co_await acceptor_.async_accept(kAwait);
    if (!error) {
      Admit(std::move(socket));
    } else if (error == asio::error::operation_aborted) {
      co_return;
    } else {
      // Out of descriptors or memory: without a pause this loop would take a whole core.
      log::Warn("accept failed", {{"error", error.message()}});
      asio::steady_timer pause(io_, std::chrono::milliseconds(50));
      co_await pause.async_wait(kAwait);
    }
  }
}

void ServerImpl::Admit(tcp::socket socket) {
  boost::system::error_code ignored;
  size_t open;
  {
    absl::MutexLock lock(&state_.mu);
    open = state_.connections.size();
  }
  if (state_.stopping.load()) return;
  if (open >= static_cast<size_t>(state_.options.max_connections)) {
    constexpr char kFull[] =
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\nConnection: close\r\n\r\n";
    send(socket.native_handle(), kFull, sizeof kFull - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    return;
  }
  socket.set_option(tcp::no_delay(true), ignored);
  asio::co_spawn(io_, Connection::Run(std::make_shared<Connection>(state_, std::move(socket))), asio::detached);
}

// One timer for all connections: arming one per read would cost more than the read.
Awaitable<void> ServerImpl::Sweep() {
  while (true) {
    sweeper_.expires_after(SweepInterval(state_.options));
    auto [error] = co_await sweeper_.async_wait(kAwait);
    if (error) co_return;
    int64_t now = SteadyMillis();
    absl::MutexLock lock(&state_.mu);
    for (Connection* connection : state_.connections) connection->BreakIfLate(now);
  }
}

ServerCounters ServerImpl::counters() const {
  ServerCounters counters;
  {
    absl::MutexLock lock(&state_.mu);
    counters.connections_open = static_cast<int64_t>(state_.connections.size());
  }
  counters.requests = state_.requests.load();
  counters.bytes_out = state_.bytes_out.load();
  return counters;
}

bool ServerImpl::WaitUntilEmpty(absl::Duration timeout) {
  absl::MutexLock lock(&state_.mu);
  auto empty = [this]() ABSL_SHARED_LOCKS_REQUIRED(state_.mu) { return state_.connections.empty(); };
  return state_.mu.AwaitWithTimeout(absl::Condition(&empty), timeout);
}

void ServerImpl::Stop(absl::Duration grace) {
  if (state_.stopping.exchange(true) || threads_.empty()) return;
  absl::Notification closed;
  asio::post(io_, [this, &closed] {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    closed.Notify();
  });
  closed.WaitForNotification();
  {
    absl::MutexLock lock(&state_.mu);
    for (Connection* connection : state_.connections) connection->BreakIfIdle();
  }
  if (!WaitUntilEmpty(grace)) {
    {
      absl::MutexLock lock(&state_.mu);
      for (Connection* connection : state_.connections) connection->Break(/*reset=*/true);
    }
    if (state_.options.on_break) state_.options.on_break();
    WaitUntilEmpty(kHardStop);
  }
  io_.stop();
  for (std::thread& thread : threads_) thread.join();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(ServerOptions options, Handler handler) {
  auto server = std::make_unique<ServerImpl>(std::move(options), std::move(handler));
  absl::Status listening = server->Listen();
  if (!listening.ok()) return listening;
  return server;
}

}  // namespace lectern::http
