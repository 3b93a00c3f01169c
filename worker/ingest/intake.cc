#include "worker/ingest/intake.h"

#include <algorithm>
#include <utility>

#include "common/log/log.h"

namespace lectern::worker {
namespace {

// A proxy gives up after 1.5 s.
// Between letting a connection in and serving it lies a moment.
constexpr absl::Duration kGreetedPatience = absl::Milliseconds(500);
constexpr absl::Duration kGreetingPatience = absl::Milliseconds(300);
constexpr absl::Duration kPatience = absl::Milliseconds(250);
// A proxy that has to wait still hears from us, since reading sends: a message now and then, a few hundredths of a stream.
constexpr absl::Duration kThrottle = absl::Milliseconds(400);
constexpr absl::Duration kDrainTime = absl::Seconds(1);
// For the last word to a proxy.
constexpr absl::Duration kGoodbyePatience = absl::Milliseconds(500);
constexpr absl::Duration kLingerSlice = absl::Milliseconds(20);
constexpr absl::Duration kReceiving = absl::Seconds(2);
// Between two words to the proxy, while what was held is worked off.
constexpr absl::Duration kHoldSlice = absl::Milliseconds(200);

}  // namespace

Intake::Intake(const std::string& scratch_dir, SpoolBudget& budget, std::function<void()> on_change, Clock& clock,
               LiveMetrics& metrics)
    : budget_(budget), on_change_(std::move(on_change)), clock_(clock), metrics_(metrics),
      hold_(scratch_dir + "/held.flv", budget, clock) {}

Intake::~Intake() = default;

void Intake::Open(Pipeline& pipeline, int64_t stored_ms) {
  absl::MutexLock lock(&mu_);
  if (pipeline_ == nullptr) feedback_.resume_ms = stored_ms;
  pipeline_ = &pipeline;
  feedback_.confirmed_ms = stored_ms;
  // The connection cannot go away meanwhile: letting go takes the lock.
  if (current_ != nullptr) current_->SendFeedback(feedback_);
}

void Intake::Confirm(int64_t stored_ms) {
  absl::MutexLock lock(&mu_);
  feedback_.confirmed_ms = stored_ms;
  if (current_ != nullptr) current_->SendFeedback(feedback_);
}

absl::StatusOr<rtmp::Feedback> Intake::Greeting() {
  absl::MutexLock lock(&mu_);
  auto ready = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return pipeline_ != nullptr || phase_ != Phase::kRunning; };
  mu_.AwaitWithTimeout(absl::Condition(&ready), kGreetingPatience);
  if (phase_ != Phase::kRunning) return absl::FailedPreconditionError("the stream is over here");
  // This run's publishers begin where its storing is by now.
  feedback_.resume_ms = feedback_.confirmed_ms;
  ++greeted_;
  return feedback_;
}

bool Intake::TakeOver(rtmp::PublisherConnection& connection) {
  absl::MutexLock lock(&mu_);
  const int64_t mine = ++arrivals_;
  if (current_ != nullptr) {
    log::Info("a newer connection takes a live stream over");
    current_->Break();
  }
  auto turn = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return current_ == nullptr || arrivals_ != mine || phase_ == Phase::kClosed;
  };
  mu_.Await(absl::Condition(&turn));
  if (arrivals_ != mine || phase_ == Phase::kClosed) return false;
  current_ = &connection;
  filter_.Restart();
  return true;
}

void Intake::Serve(rtmp::PublisherConnection& connection) {
  {
    absl::MutexLock lock(&mu_);
    ++serving_;
    ++served_;
  }
  if (TakeOver(connection)) {
    on_change_();
    while (Receive(connection)) {
    }
    Pause();
    Linger(connection);
    Release();
  }
  absl::MutexLock lock(&mu_);
  --serving_;
}

void Intake::Linger(rtmp::PublisherConnection& connection) {
  {
    absl::MutexLock lock(&mu_);
    lingers_ = phase_ == Phase::kDraining;
    if (!lingers_) return;
  }
  bool closed = false;
  absl::Status status;
  while (!closed && (status.ok() || absl::IsDeadlineExceeded(status))) {
    {
      absl::MutexLock lock(&mu_);
      closed = phase_ == Phase::kClosed;
    }
    // Once more after the last confirmation: reading sends it.
    status = connection.Next(closed ? absl::ZeroDuration() : kLingerSlice).status();
  }
}

void Intake::Release() {
  {
    absl::MutexLock lock(&mu_);
    current_ = nullptr;
  }
  on_change_();
}

bool Intake::Draining() const {
  absl::MutexLock lock(&mu_);
  return phase_ == Phase::kDraining;
}

bool Intake::Receive(rtmp::PublisherConnection& connection) {
  bool throttled = false;
  {
    absl::MutexLock lock(&mu_);
    if (phase_ == Phase::kClosed || (phase_ == Phase::kDraining && clock_.Steady() >= drain_until_)) return false;
    throttled = phase_ == Phase::kRunning;
  }
  throttled = throttled && budget_.full();
  if (throttled) {
    absl::MutexLock lock(&mu_);
    auto over = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return phase_ != Phase::kRunning; };
    mu_.AwaitWithTimeout(absl::Condition(&over), kThrottle);
  }
  bool draining = Draining();
  bool behind = PushHeld(kHoldSlice);
  absl::Duration patience = throttled || draining || behind ? absl::ZeroDuration() : kPatience;
  absl::StatusOr<rtmp::MediaMessage> message = connection.Next(patience);
  // Nothing there: while draining that is the end.
  if (absl::IsDeadlineExceeded(message.status())) return !draining;
  if (!message.ok()) {
    log::Info("the connection of a live stream has ended", {{"reason", message.status().message()}});
    return false;
  }
  Push(*message);
  return true;
}

void Intake::Push(const rtmp::MediaMessage& message) {
  {
    absl::MutexLock lock(&mu_);
    absl::Duration now = clock_.Steady();
    if (now - last_received_ > kReceiving) received_since_ = now;
    last_received_ = now;
  }
  metrics_.received_bytes.Increment(static_cast<double>(message.size()));
  if (!filter_.Take(message)) return;
  Pipeline* target = pipeline();
  if (target != nullptr && hold_.empty()) {
    target->Push(message);
  } else {
    hold_.Add(message);
  }
}

// True where more is held, and can be pushed.
bool Intake::PushHeld(absl::Duration time) {
  Pipeline* target = pipeline();
  if (target == nullptr || hold_.empty()) return false;
  hold_.Take(time, [target](const rtmp::MediaMessage& message) { target->Push(message); });
  return !hold_.empty();
}

void Intake::Pause() {
  Pipeline* target = pipeline();
  if (target == nullptr) return;
  PushHeld(absl::InfiniteDuration());
  target->Pause();
}

Pipeline* Intake::pipeline() const {
  absl::MutexLock lock(&mu_);
  return pipeline_;
}

void Intake::Pull(PullOptions options) {
  PullSource::Events events;
  events.on_message = [this](const rtmp::MediaMessage& message) { OnPulled(message); };
  events.on_pause = [this] {
    Pause();
    filter_.Restart();
  };
  events.on_state = [this](const std::string& reason) {
    if (!reason.empty()) metrics_.CountFailure("pull");
    {
      absl::MutexLock lock(&mu_);
      if (reason_ == reason) return;
      reason_ = reason;
    }
    log::Info("source of a lecture hall", {{"state", reason.empty() ? "receiving" : reason}});
    on_change_();
  };
  events.on_jump = [this] {
    absl::MutexLock lock(&mu_);
    last_jump_ = clock_.Steady();
  };
  source_ = std::make_unique<PullSource>(std::move(options), std::move(events), clock_);
}

void Intake::OnPulled(const rtmp::MediaMessage& message) {
  bool header = rtmp::IsVideoHeader(message) || rtmp::IsAudioHeader(message);
  if (!header && budget_.full()) {
    overflown_ = true;
    absl::MutexLock lock(&mu_);
    ++dropped_;
    return;
  }
  // What follows on a hole begins with a key frame.
  if (std::exchange(overflown_, false)) filter_.Restart();
  Push(message);
  PushHeld(kHoldSlice);
}

void Intake::Drain() {
  bool silent = false;
  {
    absl::MutexLock lock(&mu_);
    if (phase_ != Phase::kRunning) return;
    // A connection that was just let in has brought something, too.
    auto came = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return served_ >= greeted_; };
    mu_.AwaitWithTimeout(absl::Condition(&came), kGreetedPatience);
    if (phase_ != Phase::kRunning) return;
    phase_ = Phase::kDraining;
    drain_until_ = clock_.Steady() + kDrainTime;
    auto done = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return serving_ == 0 || lingers_; };
    silent = mu_.AwaitWithTimeout(absl::Condition(&done), 2 * kDrainTime);
  }
  if (!silent) return Close();
  source_.reset();
  Pause();
}

void Intake::Close() {
  {
    absl::MutexLock lock(&mu_);
    if (phase_ == Phase::kClosed) return;
    phase_ = Phase::kClosed;
    auto idle = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return serving_ == 0; };
    if (lingers_) mu_.AwaitWithTimeout(absl::Condition(&idle), kGoodbyePatience);
    if (current_ != nullptr) current_->Break();
    mu_.Await(absl::Condition(&idle));
  }
  source_.reset();
  Pause();
}

IntakeState Intake::state() const {
  absl::MutexLock lock(&mu_);
  IntakeState state;
  absl::Duration now = clock_.Steady();
  state.receiving = now - last_received_ <= kReceiving;
  if (state.receiving) state.received_for = now - received_since_;
  state.dropped = dropped_;
  state.reason = reason_;
  state.since_jump = now - last_jump_;
  return state;
}

}  // namespace lectern::worker
