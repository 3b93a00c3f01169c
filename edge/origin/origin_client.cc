#include "edge/origin/origin_client.h"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "common/http/head_parser.h"
#include "common/http/range.h"
#include "common/log/log.h"

namespace lectern::edge {
namespace asio = boost::asio;
using asio::ip::tcp;
namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr size_t kBufferBytes = 64 * 1024;

struct Url {
  std::string host;
  std::string port;
  std::string path;  // without a trailing slash; usually empty
  std::string authority;
};

absl::StatusOr<Url> ParseUrl(absl::string_view text) {
  absl::Status wrong =
      absl::InvalidArgumentError(absl::StrCat("\"", log::Redact(text), "\" is not an origin (http://HOST:PORT)"));
  absl::string_view rest = text;
  if (!absl::ConsumePrefix(&rest, "http://")) return wrong;
  absl::string_view authority = rest.substr(0, rest.find('/'));
  Url url;
  url.path = std::string(absl::StripSuffix(rest.substr(authority.size()), "/"));
  url.authority = std::string(authority);
  size_t bracket = authority.rfind(']');
  size_t colon = authority.find(':', bracket == absl::string_view::npos ? 0 : bracket);
  url.port = colon == absl::string_view::npos ? "80" : std::string(authority.substr(colon + 1));
  absl::string_view host = authority.substr(0, colon);
  if (absl::ConsumePrefix(&host, "[")) absl::ConsumeSuffix(&host, "]");
  url.host = std::string(host);
  if (url.host.empty() || !ParseDigits(url.port)) return wrong;
  return url;
}

std::string RequestBytes(const Url& url, const OriginRequest& request) {
  std::string bytes = absl::StrCat("GET ", url.path, request.target, " HTTP/1.1\r\nHost: ", url.authority, "\r\n");
  if (!request.if_none_match.empty()) absl::StrAppend(&bytes, "If-None-Match: ", request.if_none_match, "\r\n");
  if (request.resume_from > 0) {
    absl::StrAppend(&bytes, "Range: bytes=", request.resume_from, "-\r\nIf-Range: ", request.if_range, "\r\n");
  }
  absl::StrAppend(&bytes, "\r\n");
  return bytes;
}

absl::Status Broken(const boost::system::error_code& error) {
  return absl::UnavailableError(absl::StrCat("the origin broke off: ", error.message()));
}

// True where nothing is to be read and the peer has not closed.
bool IsQuiet(tcp::socket& socket) {
  char byte;
  ssize_t got = recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

http::Awaitable<absl::StatusOr<std::vector<tcp::endpoint>>> Resolve(Url url) {
  boost::system::error_code error;
  asio::ip::address address = asio::ip::make_address(url.host, error);
  std::vector<tcp::endpoint> endpoints;
  if (!error) {
    endpoints.emplace_back(address, static_cast<uint16_t>(ParseDigits(url.port).value_or(0)));
    co_return endpoints;
  }
  tcp::resolver resolver(co_await asio::this_coro::executor);
  auto [failed, results] = co_await resolver.async_resolve(url.host, url.port, kAwait);
  if (failed) co_return absl::UnavailableError(absl::StrCat("cannot find ", url.host, ": ", failed.message()));
  for (const auto& result : results) endpoints.push_back(result.endpoint());
  co_return endpoints;
}

}  // namespace

// Cancels what waits on the socket when time is up. A timer that fires although its operation has ended does nothing.
class OriginExchange::Deadline {
 public:
  Deadline(asio::any_io_executor executor, tcp::socket& socket)
      : state_(std::make_shared<State>(std::move(executor), socket)) {}
  ~Deadline() {
    Clear();
    state_->socket = nullptr;
  }

  void Set(absl::Duration patience) {
    state_->late = false;
    state_->timer.expires_after(absl::ToChronoNanoseconds(patience));
    state_->timer.async_wait([state = state_, turn = ++state_->turn](const boost::system::error_code& error) {
      if (error || state->turn != turn || state->socket == nullptr) return;
      state->late = true;
      boost::system::error_code ignored;
      state->socket->cancel(ignored);
    });
  }
  void Clear() {
    ++state_->turn;
    state_->timer.cancel();
  }
  bool late() const { return state_->late; }

 private:
  struct State {
    State(asio::any_io_executor executor, tcp::socket& s) : timer(std::move(executor)), socket(&s) {}
    asio::steady_timer timer;
    tcp::socket* socket;
    uint64_t turn = 0;
    bool late = false;
  };
  std::shared_ptr<State> state_;
};

OriginExchange::OriginExchange(OriginClient& client, std::string pool_key, tcp::socket socket)
    : client_(client), pool_key_(std::move(pool_key)), socket_(std::move(socket)), buffer_(kBufferBytes) {}

OriginExchange::~OriginExchange() {
  deadline_.reset();
}

http::Awaitable<absl::Status> OriginExchange::SendRequest(std::string bytes, absl::Duration patience) {
  deadline_->Set(patience);
  auto [error, count] = co_await asio::async_write(socket_, asio::buffer(bytes), kAwait);
  deadline_->Clear();
  co_return error ? Broken(error) : absl::OkStatus();
}

// Reads into the buffer behind `offset`.
http::Awaitable<absl::StatusOr<size_t>> OriginExchange::Receive(absl::Duration patience, size_t offset) {
  deadline_->Set(patience);
  auto [error, count] =
      co_await socket_.async_read_some(asio::buffer(buffer_.data() + offset, buffer_.size() - offset), kAwait);
  deadline_->Clear();
  if (deadline_->late()) co_return absl::DeadlineExceededError("the origin does not answer");
  if (error) co_return Broken(error);
  co_return count;
}

void OriginExchange::TakeHead(absl::string_view bytes) {
  http::ResponseHead head;
  http::Framing framing;
  http::ParseResponseHead(bytes, head, framing);
  head_.status = head.status;
  head_.etag = std::string(head.Find("ETag"));
  head_.last_modified = http::ParseHttpDate(head.Find("Last-Modified")).value_or(absl::InfinitePast());
  head_.content_length = framing.chunked ? -1 : head.content_length;
  for (absl::string_view directive : absl::StrSplit(head.Find("Cache-Control"), ',')) {
    directive = absl::StripAsciiWhitespace(directive);
    if (!absl::ConsumePrefix(&directive, "max-age=")) continue;
    if (std::optional<uint64_t> seconds = ParseDigits(directive); seconds && *seconds <= INT32_MAX) {
      head_.max_age = absl::Seconds(*seconds);
    }
  }
  absl::string_view range = head.Find("Content-Range");
  if (absl::ConsumePrefix(&range, "bytes ")) head_.range_first = ParseDigits(range.substr(0, range.find('-')));
  // Without a length or chunks the end of the connection is the end of the body, which cannot be told from a break.
  keep_alive_ = framing.keep_alive;
  begin_ = framing.head_bytes;
  if (framing.chunked) chunks_.emplace();
  bool no_body = head.status == 304 || head.status == 204;
  left_ = no_body ? 0 : static_cast<uint64_t>(std::max<int64_t>(0, head_.content_length));
  if (no_body || (!framing.chunked && head_.content_length == 0)) Finish();
}

http::Awaitable<absl::Status> OriginExchange::ReadHead(absl::Duration patience) {
  while (true) {
    absl::StatusOr<size_t> got = co_await Receive(patience, end_);
    if (!got.ok()) co_return got.status();
    if (*got == 0) co_return absl::UnavailableError("the origin closed the connection");
    answered_ = true;
    end_ += *got;
    http::ResponseHead head;
    http::Framing framing;
    http::ParseResult result = http::ParseResponseHead(absl::string_view(buffer_.data(), end_), head, framing);
    if (result == http::ParseResult::kNeedMore && end_ < buffer_.size()) continue;
    if (result != http::ParseResult::kComplete) co_return absl::UnavailableError("the origin does not speak HTTP");
    if (head.status < 200) {
      std::copy(buffer_.begin() + framing.head_bytes, buffer_.begin() + end_, buffer_.begin());
      end_ -= framing.head_bytes;
      continue;
    }
    bool has_length = framing.chunked || head.content_length >= 0 || head.status == 304 || head.status == 204;
    if (!has_length) co_return absl::UnavailableError("the origin's answer has no length");
    TakeHead(absl::string_view(buffer_.data(), end_));
    co_return absl::OkStatus();
  }
}

void OriginExchange::Finish() {
  done_ = true;
  deadline_.reset();
  if (keep_alive_ && begin_ == end_) client_.GiveBack(pool_key_, std::move(socket_));
}

// What of the body lies in the buffer already; empty: nothing, or the end where `done_`.
absl::StatusOr<absl::string_view> OriginExchange::TakeBuffered() {
  absl::string_view buffered(buffer_.data() + begin_, end_ - begin_);
  if (!chunks_) {
    buffered = buffered.substr(0, left_);
    begin_ += buffered.size();
    left_ -= buffered.size();
    if (left_ == 0) Finish();
    return buffered;
  }
  decoded_.resize(kBufferBytes);
  http::ChunkDecoder::Step step = chunks_->Decode(buffered, absl::MakeSpan(decoded_));
  begin_ += step.consumed;
  if (step.bad) return absl::UnavailableError("the origin's chunked coding is broken");
  if (step.done) Finish();
  return absl::string_view(decoded_.data(), step.produced);
}

http::Awaitable<absl::StatusOr<absl::string_view>> OriginExchange::Read() {
  while (!done_) {
    if (begin_ < end_) {
      absl::StatusOr<absl::string_view> bytes = TakeBuffered();
      if (!bytes.ok() || !bytes->empty()) co_return bytes;
      continue;
    }
    absl::StatusOr<size_t> got = co_await Receive(client_.options_.stall_timeout, 0);
    if (!got.ok()) co_return got.status();
    if (*got == 0) co_return absl::UnavailableError("the origin broke off in the middle of the body");
    begin_ = 0;
    end_ = *got;
  }
  co_return absl::string_view();
}

std::optional<tcp::socket> OriginClient::TakeIdle(const std::string& pool_key) {
  absl::MutexLock lock(&mu_);
  auto found = idle_.find(pool_key);
  while (found != idle_.end() && !found->second.empty()) {
    tcp::socket socket = std::move(found->second.back());
    found->second.pop_back();
    if (IsQuiet(socket)) return socket;
  }
  return std::nullopt;
}

void OriginClient::GiveBack(const std::string& pool_key, tcp::socket socket) {
  absl::MutexLock lock(&mu_);
  std::vector<tcp::socket>& sockets = idle_[pool_key];
  if (sockets.size() < options_.idle_connections) sockets.push_back(std::move(socket));
}

void OriginClient::CloseIdle() {
  absl::MutexLock lock(&mu_);
  idle_.clear();
}

http::Awaitable<absl::StatusOr<std::unique_ptr<OriginExchange>>> OriginClient::Start(OriginRequest request) {
  absl::StatusOr<Url> url = ParseUrl(request.base_url);
  if (!url.ok()) co_return url.status();
  std::string bytes = RequestBytes(*url, request);
  asio::any_io_executor executor = co_await asio::this_coro::executor;
  std::string pool_key = url->authority;
  absl::Duration patience = std::min(options_.head_timeout, request.head_timeout);
  // A connection from the pool may have been closed by the origin just now: then a fresh one gets a try.
  if (std::optional<tcp::socket> idle = TakeIdle(pool_key)) {
    std::unique_ptr<OriginExchange> exchange(new OriginExchange(*this, pool_key, *std::move(idle)));
    exchange->deadline_ = std::make_unique<OriginExchange::Deadline>(executor, exchange->socket_);
    absl::Status status = co_await exchange->SendRequest(bytes, patience);
    if (status.ok()) status = co_await exchange->ReadHead(patience);
    if (status.ok()) co_return exchange;
    if (exchange->answered_ || absl::IsDeadlineExceeded(status)) co_return status;
  }
  absl::StatusOr<std::vector<tcp::endpoint>> endpoints = co_await Resolve(*url);
  if (!endpoints.ok()) co_return endpoints.status();
  std::unique_ptr<OriginExchange> exchange(new OriginExchange(*this, pool_key, tcp::socket(executor)));
  exchange->deadline_ = std::make_unique<OriginExchange::Deadline>(executor, exchange->socket_);
  exchange->deadline_->Set(std::min(options_.connect_timeout, patience));
  auto [error, endpoint] = co_await asio::async_connect(exchange->socket_, *endpoints, kAwait);
  exchange->deadline_->Clear();
  if (exchange->deadline_->late()) co_return absl::DeadlineExceededError("the origin does not take connections");
  if (error) co_return absl::UnavailableError(absl::StrCat("cannot reach the origin: ", error.message()));
  boost::system::error_code ignored;
  exchange->socket_.set_option(tcp::no_delay(true), ignored);
  absl::Status status = co_await exchange->SendRequest(bytes, patience);
  if (status.ok()) status = co_await exchange->ReadHead(patience);
  if (!status.ok()) co_return status;
  co_return exchange;
}

}  // namespace lectern::edge
