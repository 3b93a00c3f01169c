// The request's body: Content-Length and chunked framing, 100-continue, draining what the handler did not read.
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/http/connection.h"

namespace lectern::http {
namespace asio = boost::asio;
namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
// A rest of a body up to this size is read away, so that the connection can be used again.
constexpr uint64_t kMaxDrain = 64 * 1024;
// How long a client that still sends may do so after its answer, and how long it may pause.
constexpr absl::Duration kLingerTotal = absl::Seconds(10);
constexpr absl::Duration kLingerPause = absl::Seconds(2);

}  // namespace

void Connection::BeginBody() {
  continue_due_ = framing_.expect_continue && head_.has_body;
  body_error_ = absl::OkStatus();
  chunks_.reset();
  if (framing_.chunked) {
    body_state_ = BodyState::kChunked;
    chunks_.emplace();
  } else if (head_.content_length > 0) {
    body_state_ = BodyState::kLength;
    body_left_ = static_cast<uint64_t>(head_.content_length);
  } else {
    body_state_ = BodyState::kNone;
  }
}

absl::Status Connection::FailBody(absl::Status why) {
  body_state_ = BodyState::kFailed;
  body_error_ = why;
  close_ = true;
  return why;
}

// The interim answer, at the first Read only: a handler that refuses the body saves its transfer.
Awaitable<bool> Connection::Continue() {
  continue_due_ = false;
  if (!Buffered().empty()) co_return true;
  outgoing_ = Outgoing();
  outgoing_.head = "HTTP/1.1 100 Continue\r\n\r\n";
  co_return co_await Flush();
}

Awaitable<absl::StatusOr<size_t>> Connection::Read(absl::Span<char> buffer) {
  if (body_state_ == BodyState::kFailed) {
    co_return body_error_;
  }
  if (BodyFullyRead() || buffer.empty()) co_return size_t{0};
  if (continue_due_ && !co_await Continue()) co_return FailBody(absl::AbortedError("the client broke off"));
  if (body_state_ == BodyState::kChunked) co_return co_await ReadChunked(buffer);
  co_return co_await ReadLength(buffer);
}

Awaitable<absl::StatusOr<size_t>> Connection::ReadLength(absl::Span<char> buffer) {
  size_t want = static_cast<size_t>(std::min<uint64_t>(buffer.size(), body_left_));
  size_t got = std::min(want, end_ - begin_);
  if (got > 0) {
    std::memcpy(buffer.data(), buffer_.get() + begin_, got);
    begin_ += got;
  } else {
    SetDeadline(MillisFromNow(state_.options.body_timeout));
    auto [error, count] = co_await socket_.async_read_some(asio::buffer(buffer.data(), want), kAwait);
    SetDeadline(0);
    if (error || count == 0) co_return FailBody(absl::AbortedError("the client broke off in the middle of the body"));
    got = count;
  }
  body_left_ -= got;
  if (body_left_ == 0) body_state_ = BodyState::kDone;
  co_return got;
}

Awaitable<absl::StatusOr<size_t>> Connection::ReadChunked(absl::Span<char> buffer) {
  while (true) {
    ChunkDecoder::Step step = chunks_->Decode(Buffered(), buffer);
    begin_ += step.consumed;
    if (step.bad) co_return FailBody(absl::InvalidArgumentError("the body's chunked coding is broken"));
    if (step.done) body_state_ = BodyState::kDone;
    if (step.produced > 0 || step.done) co_return step.produced;
    // All of the buffer behind the head is used up; the head's views stay where they are.
    begin_ = end_ = framing_.head_bytes;
    if (!co_await FillBuffer(capacity_, MillisFromNow(state_.options.body_timeout))) {
      co_return FailBody(absl::AbortedError("the client broke off in the middle of the body"));
    }
  }
}

Awaitable<absl::StatusOr<std::string>> Connection::ReadAll(size_t max_bytes) {
  std::string body;
  absl::Status too_large = absl::ResourceExhaustedError(absl::StrCat("the body is larger than ", max_bytes, " bytes"));
  if (head_.content_length > static_cast<int64_t>(max_bytes)) co_return too_large;
  while (true) {
    size_t before = body.size();
    size_t step = std::min<size_t>(max_bytes + 1 - before, std::max<size_t>(4096, before));
    body.resize(before + step);
    absl::StatusOr<size_t> got = co_await Read(absl::MakeSpan(body).subspan(before));
    if (!got.ok()) co_return got.status();
    body.resize(before + *got);
    if (*got == 0) co_return body;
    if (body.size() > max_bytes) co_return too_large;
  }
}

bool Connection::BodyWillBeDrained() const {
  return body_state_ == BodyState::kLength && body_left_ <= kMaxDrain && !continue_due_;
}

// Reads the rest of the body away. False where that is not possible.
Awaitable<bool> Connection::DrainBody() {
  char waste[4096];
  while (!BodyFullyRead()) {
    absl::StatusOr<size_t> got = co_await Read(absl::MakeSpan(waste));
    if (!got.ok()) co_return false;
  }
  co_return true;
}

// The client may still be sending. Closing now would reset the connection and could take the answer away from it, so it
// is told that nothing more comes, and what it sends is thrown away for a while.
Awaitable<void> Connection::Linger() {
  boost::system::error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  bool unread = !BodyFullyRead() || framing_.head_bytes == 0 || !Buffered().empty();
  if (!unread) co_return;
  int64_t end = MillisFromNow(kLingerTotal);
  while (SteadyMillis() < end) {
    SetDeadline(MillisFromNow(kLingerPause));
    auto [error, count] = co_await socket_.async_read_some(asio::buffer(buffer_.get(), capacity_), kAwait);
    if (error || count == 0) co_return;
  }
}

}  // namespace lectern::http
