#include "common/http/connection.h"

#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstring>

#include "common/log/log.h"

namespace lectern::http {
namespace asio = boost::asio;
namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
// Room behind the largest head for the framing of a chunked body.
constexpr size_t kBodyRoom = 4096;

std::string PeerOf(const asio::ip::tcp::socket& socket) {
  boost::system::error_code error;
  asio::ip::tcp::endpoint peer = socket.remote_endpoint(error);
  return error ? "" : peer.address().to_string();
}

}  // namespace

int64_t SteadyMillis() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

int64_t MillisFromNow(absl::Duration patience) {
  return SteadyMillis() + absl::ToInt64Milliseconds(patience);
}

Connection::Connection(ServerState& state, asio::ip::tcp::socket socket)
    : state_(state),
      socket_(std::move(socket)),
      fd_(socket_.native_handle()),
      capacity_(state.options.max_header_bytes + kBodyRoom),
      buffer_(new char[capacity_]) {
  head_.peer = PeerOf(socket_);
  absl::MutexLock lock(&state_.mu);
  place = state_.connections.size();
  state_.connections.push_back(this);
}

Connection::~Connection() {
  {
    absl::MutexLock lock(&fd_mu_);
    open_ = false;
  }
  boost::system::error_code ignored;
  socket_.close(ignored);
  absl::MutexLock lock(&state_.mu);
  state_.connections.back()->place = place;
  std::swap(state_.connections[place], state_.connections.back());
  state_.connections.pop_back();
}

void Connection::Break(bool reset) {
  absl::MutexLock lock(&fd_mu_);
  if (!open_) return;
  // A peer that does not take its bytes must not keep them in the kernel after the close.
  linger forget{1, 0};
  if (reset) setsockopt(fd_, SOL_SOCKET, SO_LINGER, &forget, sizeof forget);
  shutdown(fd_, SHUT_RDWR);
}

void Connection::BreakIfIdle() {
  if (idle_.load()) Break(/*reset=*/false);
}

void Connection::BreakIfLate(int64_t now_ms) {
  int64_t deadline = deadline_ms_.load(std::memory_order_relaxed);
  if (deadline != 0 && now_ms > deadline) Break(/*reset=*/!idle_.load());
}

Awaitable<void> Connection::Run(std::shared_ptr<Connection> self) {
  try {
    co_await self->Serve();
  } catch (const std::exception& error) {
    // Asio reports a lack of memory or descriptors this way; it costs this connection only.
    log::Warn("connection broken off", {{"error", error.what()}});
  }
}

// The way of a request that the fast handler answers stays within this coroutine: a frame for each step would cost as
// much as the step.
Awaitable<void> Connection::Serve() {
  boost::system::error_code ignored;
  socket_.native_non_blocking(true, ignored);
  while (!close_) {
    HeadStep step;
    while ((step = TakeHead()) == HeadStep::kMore) {
      if (!AwaitHead()) co_return;
      size_t room = state_.options.max_header_bytes - end_;
      auto [error, count] = co_await socket_.async_read_some(asio::buffer(buffer_.get() + end_, room), kAwait);
      idle_.store(false);
      SetDeadline(0);
      if (error || count == 0) co_return;
      end_ += count;
    }
    if (step == HeadStep::kRefused) {
      co_await AnswerBadHead();
      co_return;
    }
    state_.requests.fetch_add(1, std::memory_order_relaxed);
    std::optional<Response> fast;
    if (state_.options.fast && !head_.has_body) fast = state_.options.fast(head_);
    if (!fast) {
      co_await AnswerFromHandler();
    } else if (PumpResult result = StartSending(*fast); result != PumpResult::kDone) {
      broken_ = result == PumpResult::kBroken || !co_await Flush();
    }
    if (broken_) co_return;
    if (!BodyFullyRead() && !close_) close_ = !co_await DrainBody();
    if (state_.stopping.load(std::memory_order_relaxed)) close_ = true;
  }
  co_await Linger();
}

// Fills the buffer up to `limit` bytes in all. False where the connection is over.
Awaitable<bool> Connection::FillBuffer(size_t limit, int64_t deadline_ms) {
  SetDeadline(deadline_ms);
  auto [error, count] = co_await socket_.async_read_some(asio::buffer(buffer_.get() + end_, limit - end_), kAwait);
  SetDeadline(0);
  end_ += count;
  co_return !error && count > 0;
}

// Looks for a head in what was received. Afterwards `begin_` is behind it.
Connection::HeadStep Connection::TakeHead() {
  if (begin_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    head_deadline_ms_ = 0;
  }
  // An empty line before a request is what some old clients send after a body (RFC 9112 2.2).
  // Moved once, since somebody could send nothing else.
  size_t empty = 0;
  while (end_ - empty >= 2 && buffer_[empty] == '\r' && buffer_[empty + 1] == '\n') empty += 2;
  end_ -= empty;
  if (empty > 0) std::memmove(buffer_.get(), buffer_.get() + empty, end_);
  if (end_ == 0) return HeadStep::kMore;
  const size_t limit = state_.options.max_header_bytes;
  parsed_ = ParseRequestHead(Buffered(), head_, framing_);
  if (parsed_ == ParseResult::kNeedMore && end_ < limit) return HeadStep::kMore;
  if (parsed_ != ParseResult::kComplete || framing_.head_bytes > limit) return HeadStep::kRefused;
  begin_ = framing_.head_bytes;
  BeginBody();
  return HeadStep::kReady;
}

// Sets the time by which more must have come. False where the server stops and nobody is in the middle of a request.
bool Connection::AwaitHead() {
  bool idle = end_ == 0;
  idle_.store(idle);
  if (idle) {
    SetDeadline(MillisFromNow(state_.options.idle_timeout));
    return !state_.stopping.load();
  }
  // The whole head has to arrive in time, else a byte now and then would hold the connection for ever.
  if (head_deadline_ms_ == 0) head_deadline_ms_ = MillisFromNow(state_.options.header_timeout);
  SetDeadline(head_deadline_ms_);
  return true;
}

Awaitable<void> Connection::AnswerBadHead() {
  Response response;
  switch (parsed_) {
    case ParseResult::kUnsupported:
      response = ErrorResponse(501, "UNIMPLEMENTED", "This transfer coding is not supported.");
      break;
    case ParseResult::kBadVersion:
      response = ErrorResponse(505, "UNIMPLEMENTED", "Only HTTP/1.1 and HTTP/1.0 are spoken here.");
      break;
    case ParseResult::kBad:
      response = ErrorResponse(400, "INVALID_ARGUMENT", "The request is not valid HTTP.");
      break;
    case ParseResult::kComplete:
    case ParseResult::kNeedMore:
      response = ErrorResponse(431, "INVALID_ARGUMENT", "The request's header is too large.");
      break;
  }
  head_.method = "GET";
  framing_ = Framing();
  body_state_ = BodyState::kNone;
  response.close = true;
  if (co_await Send(std::move(response))) co_await Linger();
}

Awaitable<void> Connection::AnswerFromHandler() {
  Response response;
  try {
    if (framing_.unknown_expectation) {
      response = ErrorResponse(417, "INVALID_ARGUMENT", "This expectation cannot be met.");
    } else {
      response = co_await state_.handler(head_, *this);
    }
  } catch (const std::exception& error) {
    log::Error("handler failed", {{"path", log::Redact(head_.path)}, {"error", error.what()}});
    response = ErrorResponse(500, "INTERNAL", "The request failed; see the server's log.");
  }
  broken_ = !co_await Send(std::move(response));
}

}  // namespace lectern::http
