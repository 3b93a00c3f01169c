// One connection of the server: reads requests, asks the handlers, writes the answers, in order. Internal to this room.
#pragma once

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/http/chunk_decoder.h"
#include "common/http/head_parser.h"
#include "common/http/outgoing.h"
#include "common/http/server.h"
#include "common/http/waiting_source.h"

namespace lectern::http {

class Connection;

// What all connections of a server share.
struct ServerState {
  explicit ServerState(ServerOptions given, Handler handle) : options(std::move(given)), handler(std::move(handle)) {}

  const ServerOptions options;
  const Handler handler;
  std::atomic<bool> stopping = false;
  std::atomic<int64_t> requests = 0;
  std::atomic<int64_t> bytes_out = 0;
  absl::Mutex mu;
  std::vector<Connection*> connections ABSL_GUARDED_BY(mu);  // each knows its place
};

// Lives as long as its coroutine. Only Break, BreakIfIdle and BreakIfLate may be called from other threads.
class Connection final : public BodyReader, public std::enable_shared_from_this<Connection> {
 public:
  Connection(ServerState& state, boost::asio::ip::tcp::socket socket);
  ~Connection() override;

  static Awaitable<void> Run(std::shared_ptr<Connection> self);

  // Shuts the socket down: whatever waits on it fails. `reset`: bytes that the peer has not taken are forgotten.
  void Break(bool reset);
  void BreakIfIdle();
  void BreakIfLate(int64_t now_ms);

  // BodyReader
  Awaitable<absl::StatusOr<size_t>> Read(absl::Span<char> buffer) override;
  Awaitable<absl::StatusOr<std::string>> ReadAll(size_t max_bytes) override;
  void Abort() override { Break(/*reset=*/true); }

  size_t place = 0;  // in ServerState::connections, guarded by its mutex

 private:
  enum class BodyState { kNone, kLength, kChunked, kDone, kFailed };

  enum class HeadStep { kReady, kMore, kRefused };

  Awaitable<void> Serve();
  HeadStep TakeHead();
  bool AwaitHead();
  Awaitable<void> AnswerBadHead();
  Awaitable<void> AnswerFromHandler();
  PumpResult StartSending(Response& response);
  Awaitable<bool> Send(Response response);
  Awaitable<bool> SendSource(std::shared_ptr<BodySource> source, int64_t length, bool chunked);
  void WatchForHangUp(std::shared_ptr<WaitingSource> source);
  Awaitable<bool> Flush();
  Awaitable<bool> FillBuffer(size_t limit, int64_t deadline_ms);
  Awaitable<absl::StatusOr<size_t>> ReadChunked(absl::Span<char> buffer);
  Awaitable<absl::StatusOr<size_t>> ReadLength(absl::Span<char> buffer);
  Awaitable<bool> Continue();
  Awaitable<bool> DrainBody();
  Awaitable<void> Linger();
  void BeginBody();
  bool BodyFullyRead() const { return body_state_ == BodyState::kNone || body_state_ == BodyState::kDone; }
  bool BodyWillBeDrained() const;
  HeadFacts PrepareResponse(Response& response);
  absl::Status FailBody(absl::Status why);
  void SetDeadline(int64_t deadline_ms) { deadline_ms_.store(deadline_ms, std::memory_order_relaxed); }
  absl::string_view Buffered() const { return absl::string_view(buffer_.get() + begin_, end_ - begin_); }

  ServerState& state_;
  boost::asio::ip::tcp::socket socket_;
  const int fd_;
  absl::Mutex fd_mu_;  // the descriptor is not closed while another thread shuts it down
  bool open_ ABSL_GUARDED_BY(fd_mu_) = true;
  std::atomic<int64_t> deadline_ms_ = 0;  // steady clock; 0: none
  std::atomic<bool> idle_ = true;         // between requests, nothing received

  // [0, begin_) is the current head, [begin_, end_) was received and not yet used.
  const size_t capacity_;
  std::unique_ptr<char[]> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;

  RequestHead head_;
  Framing framing_;
  ParseResult parsed_ = ParseResult::kNeedMore;
  int64_t head_deadline_ms_ = 0;  // of a head that has begun
  BodyState body_state_ = BodyState::kNone;
  uint64_t body_left_ = 0;
  bool continue_due_ = false;
  absl::Status body_error_;
  std::optional<ChunkDecoder> chunks_;

  std::string out_;
  Outgoing outgoing_;
  bool close_ = false;   // after this answer
  bool broken_ = false;  // the answer could not be sent
};

// Milliseconds on the steady clock.
int64_t SteadyMillis();
int64_t MillisFromNow(absl::Duration patience);

}  // namespace lectern::http
