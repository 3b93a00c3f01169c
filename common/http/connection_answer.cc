// The response: head, text, file or source, in as few system calls as possible.
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/http/connection.h"
#include "common/log/log.h"

namespace lectern::http {
namespace asio = boost::asio;
namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

bool HasNoBody(int status) {
  return status == 204 || status == 304 || status < 200;
}

}  // namespace

// Decides the framing and points `outgoing_` at the body.
HeadFacts Connection::PrepareResponse(Response& response) {
  HeadFacts facts;
  outgoing_ = Outgoing();
  if (const auto* text = std::get_if<std::string>(&response.body)) {
    outgoing_.text = *text;
    facts.body_bytes = static_cast<int64_t>(text->size());
  } else if (auto* file = std::get_if<FileBody>(&response.body)) {
    outgoing_.file = std::move(file->file);
    outgoing_.file_offset = file->offset;
    outgoing_.file_left = file->length;
    facts.body_bytes = static_cast<int64_t>(file->length);
  } else if (const auto* shared = std::get_if<SharedText>(&response.body)) {
    outgoing_.text = absl::string_view(*shared->text).substr(shared->offset, shared->length);
    facts.body_bytes = static_cast<int64_t>(outgoing_.text.size());
  } else {
    facts.body_bytes = response.content_length;
    facts.chunked = response.content_length < 0 && !framing_.http_1_0;
    // Without a length and without chunks only the end of the connection can end the body.
    if (response.content_length < 0 && framing_.http_1_0) close_ = true;
  }
  if (HasNoBody(response.status)) facts = HeadFacts();
  if (HasNoBody(response.status) || head_.method == "HEAD") {
    outgoing_ = Outgoing();
    response.body = std::string();
  }
  if (response.close || !framing_.keep_alive || state_.stopping.load(std::memory_order_relaxed)) close_ = true;
  if (!BodyFullyRead() && !BodyWillBeDrained()) close_ = true;
  facts.close = close_;
  facts.http_1_0 = framing_.http_1_0;
  return facts;
}

// Writes what the socket takes at once. `response` must live until all is written; a BodySource is not looked at.
PumpResult Connection::StartSending(Response& response) {
  HeadFacts facts = PrepareResponse(response);
  WriteResponseHead(response, facts, out_);
  outgoing_.head = out_;
  uint64_t sent = 0;
  PumpResult result = outgoing_.Pump(fd_, sent);
  state_.bytes_out.fetch_add(static_cast<int64_t>(sent), std::memory_order_relaxed);
  return result;
}

Awaitable<bool> Connection::Send(Response response) {
  PumpResult result = StartSending(response);
  if (result == PumpResult::kBroken || (result == PumpResult::kAgain && !co_await Flush())) co_return false;
  auto* source = std::get_if<std::shared_ptr<BodySource>>(&response.body);
  if (source == nullptr || *source == nullptr) co_return true;
  auto waiting = std::dynamic_pointer_cast<WaitingSource>(*source);
  if (waiting) WatchForHangUp(waiting);
  bool sent = co_await SendSource(*source, response.content_length, response.content_length < 0 && !framing_.http_1_0);
  boost::system::error_code ignored;
  if (waiting) socket_.cancel(ignored);
  co_return sent;
}

// While a source waits nobody reads the socket or writes to it, so that nobody would see that the client is gone. A client that
// sends its next request early is not watched any longer.
void Connection::WatchForHangUp(std::shared_ptr<WaitingSource> source) {
  auto look = [self = shared_from_this(), source = std::move(source)](boost::system::error_code error) {
    if (error == asio::error::operation_aborted) return;
    char byte;
    ssize_t count = recv(self->fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    bool open = count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR));
    if (!open) source->ClientLeft();
  };
  socket_.async_wait(asio::ip::tcp::socket::wait_read, std::move(look));
}

// Sends the rest of `outgoing_`, waiting for a slow client as long as it takes some bytes in each write time-out.
Awaitable<bool> Connection::Flush() {
  while (true) {
    uint64_t sent = 0;
    PumpResult result = outgoing_.Pump(fd_, sent);
    state_.bytes_out.fetch_add(static_cast<int64_t>(sent), std::memory_order_relaxed);
    if (result != PumpResult::kAgain) co_return result == PumpResult::kDone;
    SetDeadline(MillisFromNow(state_.options.write_timeout));
    auto [error] = co_await socket_.async_wait(asio::ip::tcp::socket::wait_write, kAwait);
    SetDeadline(0);
    if (error) co_return false;
  }
}

Awaitable<bool> Connection::SendSource(std::shared_ptr<BodySource> source, int64_t length, bool chunked) {
  uint64_t left = length < 0 ? UINT64_MAX : static_cast<uint64_t>(length);
  while (true) {
    absl::StatusOr<absl::string_view> next = co_await source->Next();
    // A body that is shorter or longer than promised ends the connection, so that the client notices.
    if (!next.ok()) {
      log::Warn("response broken off", {{"path", log::Redact(head_.path)}, {"error", next.status().message()}});
      co_return false;
    }
    if (next->size() > left) co_return false;
    if (next->empty() && !chunked) co_return length < 0 || left == 0;
    if (length >= 0) left -= next->size();
    outgoing_ = Outgoing();
    outgoing_.text = *next;
    if (chunked) {
      out_ = next->empty() ? "0\r\n" : absl::StrCat(absl::Hex(next->size()), "\r\n");
      outgoing_.head = out_;
      outgoing_.tail = "\r\n";
    }
    if (!co_await Flush()) co_return false;
    if (next->empty()) co_return true;
  }
}

}  // namespace lectern::http
