#include "api/gateway/event_stream.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "api/gateway/answers.h"
#include "api/gateway/json_text.h"
#include "api/gateway/pool_call.h"
#include "common/base/retry_after.h"
#include "common/base/status.h"
#include "common/http/waiting_source.h"

namespace lectern::api {

namespace asio = boost::asio;

namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

absl::Status Stopping() {
  absl::Status status = WithReason(absl::UnavailableError("the server is going down; connect again"), "SERVER_STOPPING");
  return WithRetryAfter(status, absl::Seconds(1));
}

absl::Status AppendEvents(const Method::Events& events, std::string& text) {
  for (const auto& event : events) {
    ASSIGN_OR_RETURN(std::string json, PrintJson(*event));
    absl::StrAppend(&text, "data: ", json, "\n\n");
  }
  return absl::OkStatus();
}

void AppendError(const absl::Status& status, std::string& text) {
  absl::StrAppend(&text, "event: error\ndata: ", absl::StripSuffix(ErrorJson(status), "\n"), "\n\n");
}

// Watchers that came at once (after a restart, with a lecture's start) do not stay in step.
SteadyTime After(absl::Duration wait) {
  thread_local std::minstd_rand random(std::random_device{}());
  double factor = std::uniform_real_distribution<double>(0.9, 1.1)(random);
  return std::chrono::steady_clock::now() + absl::ToChronoMilliseconds(wait * factor);
}

}  // namespace

class EventStream final : public http::WaitingSource, public std::enable_shared_from_this<EventStream> {
 public:
  EventStream(EventStreams& streams, std::unique_ptr<Watch> watch, const Method::Events& first)
      : streams_(streams), watch_(std::move(watch)), next_turn_(After(watch_->interval())), next_beat_(After(streams_.heartbeat_)) {
    failed_ = AppendEvents(first, text_);
    if (!failed_.ok()) AppendError(failed_, text_);
    // Something at once: some proxies hold an answer back until its body begins.
    if (text_.empty()) text_ = ": watching\n\n";
  }
  ~EventStream() override { streams_.Remove(this); }

  http::Awaitable<absl::StatusOr<absl::string_view>> Next() override {
    if (fresh_) {
      fresh_ = false;
      co_return text_;
    }
    text_.clear();
    if (!timer_) timer_.emplace(co_await asio::this_coro::executor);
    while (text_.empty() && failed_.ok() && !ended_.load()) {
      timer_->expires_at(std::min(next_turn_, next_beat_));
      co_await timer_->async_wait(asio::as_tuple(asio::use_awaitable));
      if (ended_.load()) break;
      if (std::chrono::steady_clock::now() >= next_turn_) co_await Turn();
      if (text_.empty() && std::chrono::steady_clock::now() >= next_beat_) text_ = ":\n\n";
    }
    next_beat_ = After(streams_.heartbeat_);
    co_return text_;
  }

  void ClientLeft() override { End(); }

  // On the server's thread.
  void End() {
    ended_.store(true);
    if (timer_) timer_->cancel();
  }

 private:
  http::Awaitable<void> Turn() {
    (void)co_await OnPool(streams_.calls_, [this] {
      Method::Events events;
      failed_ = watch_->Turn(events);
      if (failed_.ok()) failed_ = AppendEvents(events, text_);
      return absl::OkStatus();
    });
    next_turn_ = After(watch_->interval());
    if (!failed_.ok()) AppendError(failed_, text_);
  }

  EventStreams& streams_;
  const std::unique_ptr<Watch> watch_;
  std::string text_;
  bool fresh_ = true;                          // nothing was said yet
  absl::Status failed_;
  SteadyTime next_turn_, next_beat_;
  std::optional<asio::steady_timer> timer_;
  std::atomic<bool> ended_ = false;
};

absl::StatusOr<std::shared_ptr<http::BodySource>> EventStreams::Open(std::unique_ptr<Watch> watch, const Method::Events& first) {
  auto stream = std::make_shared<EventStream>(*this, std::move(watch), first);
  {
    absl::MutexLock lock(&mu_);
    open_.insert(stream.get());
    if (!ending_) return stream;
  }
  return Stopping();
}

void EventStreams::EndAll() {
  absl::MutexLock lock(&mu_);
  ending_ = true;
  // Only wakes them.
  for (EventStream* stream : open_) stream->End();
}

void EventStreams::Remove(EventStream* stream) {
  absl::MutexLock lock(&mu_);
  open_.erase(stream);
}

}  // namespace lectern::api
