#include "rtmp_proxy/sessions/publisher_session.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "common/log/log.h"

namespace lectern::proxy {
namespace {

constexpr absl::Duration kPatience = absl::Milliseconds(250);
// Between two attempts to play again what the front still has.
constexpr absl::Duration kAttachPause = absl::Milliseconds(100);
constexpr int kAttachAttempts = 20;
// The longest GOP that is waited for at a change of feeds.
constexpr absl::Duration kSwitchPatience = absl::Seconds(12);

}  // namespace

PublisherSession::PublisherSession(PublisherFacts facts, SessionHandlers handlers, Clock& clock)
    : facts_(std::move(facts)), handlers_(std::move(handlers)), clock_(clock) {}

PublisherSession::~PublisherSession() {
  Break();
  if (thread_.joinable()) thread_.join();
}

void PublisherSession::Start(std::unique_ptr<rtmp::Player> player) {
  {
    absl::MutexLock lock(&mu_);
    player_ = std::move(player);
  }
  thread_ = std::thread([this] { Run(); });
}

void PublisherSession::Feed(std::shared_ptr<StreamFeed> feed, const std::string& session) {
  bool first = false;
  {
    absl::MutexLock lock(&mu_);
    first = wanted_ == nullptr;
    wanted_ = feed;
    session_ = session;
  }
  // Taken at once: the one before it is no longer the owner at the API either.
  if (!first) return;
  std::string before = feed->Take(facts_.name, session);
  if (!before.empty()) handlers_.on_takeover(before);
}

void PublisherSession::Hold(std::unique_ptr<HeldMedia> held) {
  absl::MutexLock lock(&mu_);
  held_ = std::move(held);
}

std::shared_ptr<StreamFeed> PublisherSession::feed() const {
  absl::MutexLock lock(&mu_);
  return wanted_;
}

std::string PublisherSession::session() const {
  absl::MutexLock lock(&mu_);
  return session_;
}

void PublisherSession::SetSession(const std::string& session) {
  std::shared_ptr<StreamFeed> feed;
  {
    absl::MutexLock lock(&mu_);
    session_ = session;
    feed = wanted_;
  }
  if (feed != nullptr) feed->SetSession(facts_.name, session);
}

bool PublisherSession::holding() const {
  absl::MutexLock lock(&mu_);
  return wanted_ == nullptr;
}

int64_t PublisherSession::held_limit() const {
  absl::MutexLock lock(&mu_);
  return held_ == nullptr ? 0 : held_->max_bytes();
}

void PublisherSession::Break() {
  broken_ = true;
  absl::MutexLock lock(&mu_);
  if (player_ != nullptr) player_->Break();
}

void PublisherSession::Run() {
  pthread_setname_np(pthread_self(), "publisher");
  while (!broken_) {
    std::shared_ptr<rtmp::Player> player;
    {
      absl::MutexLock lock(&mu_);
      player = player_;
    }
    absl::StatusOr<rtmp::MediaMessage> message = player->Next(kPatience);
    if (message.ok()) {
      Deliver(*message);
    } else if (!OnSilence(message.status())) {
      break;
    }
  }
  if (current_ != nullptr) current_->Leave(facts_.name);
  if (std::shared_ptr<StreamFeed> wanted = feed(); wanted != nullptr) wanted->Leave(facts_.name);
  handlers_.on_end(facts_.name);
}

// False: it is over.
bool PublisherSession::OnSilence(const absl::Status& status) {
  if (gone_ || broken_) return false;
  if (absl::IsDeadlineExceeded(status)) return true;
  log::Info("playing a publisher again", {{"publisher", facts_.name}, {"reason", status.message()}});
  return Attach();
}

bool PublisherSession::Attach() {
  for (int attempt = 0; attempt < kAttachAttempts && !gone_ && !broken_; ++attempt) {
    absl::StatusOr<bool> present = handlers_.present();
    if (present.ok() && !*present) return false;
    absl::StatusOr<std::unique_ptr<rtmp::Player>> player = absl::UnavailableError("the front does not answer");
    if (present.ok()) player = handlers_.attach();
    if (player.ok()) {
      absl::MutexLock lock(&mu_);
      player_ = *std::move(player);
      return !broken_;
    }
    absl::SleepFor(kAttachPause);
  }
  return false;
}

void PublisherSession::Deliver(const rtmp::MediaMessage& message) {
  Remember(message);
  std::shared_ptr<StreamFeed> wanted;
  {
    absl::MutexLock lock(&mu_);
    wanted = wanted_;
    if (wanted == nullptr) {
      if (held_ != nullptr) held_->Append(message);
      return;
    }
  }
  if (wanted != current_) {
    waiting_since_ = std::min(waiting_since_, clock_.Steady());
    if (MaySwitch(message)) Switch(std::move(wanted));
  }
  if (current_ != nullptr) current_->Push(facts_.name, message);
}

void PublisherSession::Remember(const rtmp::MediaMessage& message) {
  if (message.kind == rtmp::MediaMessage::kData) metadata_ = message;
  if (rtmp::IsVideoHeader(message)) video_header_ = message;
  if (rtmp::IsAudioHeader(message)) audio_header_ = message;
}

bool PublisherSession::MaySwitch(const rtmp::MediaMessage& message) const {
  if (current_ == nullptr || video_header_.payload == nullptr || rtmp::IsKeyFrame(message)) return true;
  return clock_.Steady() - waiting_since_ > kSwitchPatience;
}

void PublisherSession::Switch(std::shared_ptr<StreamFeed> next) {
  std::unique_ptr<HeldMedia> held;
  {
    absl::MutexLock lock(&mu_);
    held = std::move(held_);
  }
  waiting_since_ = absl::InfiniteDuration();
  std::shared_ptr<StreamFeed> last = std::exchange(current_, std::move(next));
  if (last != nullptr) {
    // In the middle of a connection. (The first feed was taken when it was named.)
    std::string before = current_->Take(facts_.name, session());
    if (!before.empty()) handlers_.on_takeover(before);
    last->Leave(facts_.name);
    Repeat(*current_);
  }
  if (held != nullptr) HandOn(*held);
}

void PublisherSession::HandOn(HeldMedia& held) {
  int64_t begun_ms = current_->NowMs() - absl::ToInt64Milliseconds(clock_.Steady() - held.begun());
  // A stream that the API has opened only now cannot begin before itself.
  int64_t shift_ms = std::max<int64_t>(0, begun_ms);
  absl::Status replayed = held.Replay(
      [&](const rtmp::MediaMessage& kept) { current_->PushAt(facts_.name, kept, kept.timestamp_ms + shift_ms); });
  log::Info("handed on what was kept while the API was away",
            {{"stream", current_->name()},
             {"bytes", static_cast<long>(held.bytes())},
             {"lost", static_cast<long>(held.lost_messages())}});
  if (!replayed.ok()) log::Error("what was kept cannot be read", {{"error", replayed.message()}});
}

void PublisherSession::Repeat(StreamFeed& feed) {
  for (const rtmp::MediaMessage* header : {&metadata_, &video_header_, &audio_header_}) {
    if (header->payload != nullptr) feed.Push(facts_.name, *header);
  }
}

}  // namespace lectern::proxy
