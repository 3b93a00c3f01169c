#include "rtmp_proxy/sessions/stream_feed.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "rtmp_proxy/sessions/encoder_name.h"

namespace lectern::proxy {
namespace {

constexpr absl::Duration kAcquirePatience = absl::Seconds(4);
// A publisher that has sent within that time is alive.
constexpr absl::Duration kAlive = absl::Seconds(2);
// So many takeovers from living publishers within that time are two encoders, not one that reconnects.
constexpr size_t kContests = 3;
constexpr absl::Duration kContestWindow = absl::Seconds(60);

bool IsFrame(const rtmp::MediaMessage& message) {
  return message.kind != rtmp::MediaMessage::kData && !rtmp::IsVideoHeader(message) && !rtmp::IsAudioHeader(message);
}

}  // namespace

StreamFeed::StreamFeed(OpenedStream stream, RingLimits ring, LiveApi& api, Clock& clock)
    : stream_(std::move(stream)), api_(api), clock_(clock), idle_since_(clock.Steady()),
      relay_(Relay::Start({.stream = stream_.stream,
                           .ring = std::move(ring),
                           .acquire = [this](int64_t failed, absl::string_view reason) { return Acquire(failed, reason); }},
                          clock)) {}

int64_t StreamFeed::NowMs() const {
  int64_t now_ms = absl::ToInt64Milliseconds(clock_.Steady() + stream_.api_ahead);
  return std::max<int64_t>(0, now_ms - stream_.start_ms);
}

std::string StreamFeed::Take(const std::string& publisher, const std::string& session) {
  absl::MutexLock lock(&mu_);
  if (publisher_ == publisher) return "";
  absl::Duration now = clock_.Steady();
  if (!publisher_.empty() && now - fed_ < kAlive) contests_.push_back(now);
  if (contests_.size() > kContests) contests_.pop_front();
  placed_ = false;
  timeline_.Restart();
  if (!session.empty()) {
    session_ = session;
    relay_->Reopen();
  }
  idle_since_ = absl::InfiniteDuration();
  return std::exchange(publisher_, publisher);
}

void StreamFeed::SetSession(const std::string& publisher, const std::string& session) {
  absl::MutexLock lock(&mu_);
  if (publisher_ != publisher) return;
  session_ = session;
  relay_->Reopen();
}

std::string StreamFeed::session() const {
  absl::MutexLock lock(&mu_);
  return session_;
}

bool StreamFeed::OwnedBy(const std::string& publisher) const {
  absl::MutexLock lock(&mu_);
  return publisher_ == publisher;
}

int64_t StreamFeed::Place(const rtmp::MediaMessage& message) {
  // Headers and metadata come with timestamps of their own or with none: they stand where the frame before them stood.
  if (!IsFrame(message)) return placed_ ? timeline_.last_ms() : std::max(timeline_.last_ms(), NowMs());
  placed_ = true;
  return timeline_.Map(message.timestamp_ms, NowMs()).ms;
}

void StreamFeed::Forward(rtmp::MediaMessage message, int64_t position_ms) {
  message.timestamp_ms = position_ms;
  fed_ = clock_.Steady();
  relay_->Push(message);
}

void StreamFeed::Push(const std::string& publisher, const rtmp::MediaMessage& message) {
  absl::MutexLock lock(&mu_);
  if (publisher_ != publisher) return;
  if (message.kind == rtmp::MediaMessage::kData) {
    if (std::optional<std::string> encoder = EncoderName(*message.payload)) encoder_ = *std::move(encoder);
  }
  Forward(message, Place(message));
}

void StreamFeed::PushAt(const std::string& publisher, const rtmp::MediaMessage& message, int64_t position_ms) {
  absl::MutexLock lock(&mu_);
  if (publisher_ != publisher) return;
  // Through the timeline as well, so that what follows never steps back behind it.
  Forward(message, IsFrame(message) ? timeline_.Map(position_ms, position_ms).ms : position_ms);
}

bool StreamFeed::Leave(const std::string& publisher) {
  absl::MutexLock lock(&mu_);
  if (publisher_ != publisher) return false;
  publisher_.clear();
  idle_since_ = clock_.Steady();
  relay_->Pause();
  return true;
}

StreamHealth StreamFeed::Health() const {
  StreamHealth health;
  health.stream = stream_.stream;
  health.relay = relay_->state();
  absl::MutexLock lock(&mu_);
  absl::Duration now = clock_.Steady();
  health.session = session_;
  health.publishing = !publisher_.empty() && now - fed_ < kAlive;
  health.encoder = encoder_;
  if (contests_.size() >= kContests && now - contests_.front() < kContestWindow) {
    health.warnings.push_back({"TWO_ENCODERS",
                               "Two encoders stream the same view and throw each other out again and again. Stop one of them, "
                               "or give it a view of its own (?view=cam or ?view=pres behind the key)."});
  }
  if (health.publishing && health.relay.epoch == 0 && !health.relay.reason.empty()) {
    health.warnings.push_back({"NO_WORKER", absl::StrCat("Your stream is kept until a worker takes it: ", health.relay.reason)});
  }
  return health;
}

absl::Duration StreamFeed::idle_since() const {
  absl::MutexLock lock(&mu_);
  return idle_since_;
}

absl::StatusOr<IngestAddress> StreamFeed::Acquire(int64_t failed_epoch, absl::string_view reason) {
  std::string session = this->session();
  if (session.empty()) return absl::UnavailableError("the API cannot be reached");
  return api_.Acquire(stream_.stream, session, failed_epoch, reason, kAcquirePatience);
}

}  // namespace lectern::proxy
