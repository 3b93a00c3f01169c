#include "common/link/agent.h"

#include <algorithm>

#include "absl/numeric/bits.h"
#include "absl/strings/str_cat.h"
#include "common/base/text.h"
#include "common/link/wire_text.h"
#include "common/log/log.h"
#include "lectern/v1/link.pb.h"

namespace lectern::link {
namespace {

constexpr absl::Duration kFirstRetry = absl::Milliseconds(100);
constexpr absl::Duration kLastRetry = absl::Seconds(5);
// A refused credential does not become good by asking often.
constexpr absl::Duration kRefusedRetry = absl::Seconds(30);
constexpr absl::Duration kWelcomeTimeout = absl::Seconds(2);
constexpr absl::Duration kWelcomeTimeoutMax = absl::Seconds(10);
// For what is still to be written when the stream is closed.
constexpr absl::Duration kLeaveTimeout = absl::Seconds(1);
// For the answers to the last outcomes; what is not recorded by then is in the journal.
constexpr absl::Duration kFarewell = absl::Seconds(2);
constexpr size_t kMaxCalls = 1024;
constexpr size_t kMaxReasonBytes = 1024;

}  // namespace

Agent::Agent(LinkConfig config, Identity identity, Fd state_lock, Journal journal, LinkHandlers handlers, Clock& clock,
             Metrics& metrics)
    : config_(std::move(config)), identity_(std::move(identity)),
      resource_id_(ParseName(identity_.name, "resources").value_or(0)), incarnation_(RandomHex(16)),
      handlers_(std::move(handlers)), state_lock_(std::move(state_lock)), clock_(clock),
      attached_gauge_(metrics.Gauge("lectern_link_attached", "1 while the stream to the API is attached.").Add({})),
      reconnects_counter_(metrics.Counter("lectern_link_reconnects_total", "Attachments after the first.").Add({})),
      lease_(clock), journal_(std::move(journal)), table_(handlers_.run, clock, lease_, journal_, mailbox_, metrics),
      calls_("link-calls", 1, kMaxCalls), load_(clock, config_.disk_dir), backoff_(kFirstRetry, kLastRetry),
      address_(absl::Uniform<size_t>(random_, 0, config_.api.size())), slots_{config_.slots, config_.live_slots},
      deadline_(clock.Steady()),
      thread_([this] { Loop(); }) {}

Agent::~Agent() {
  mailbox_.Post([this] { BeginDrain(absl::ZeroDuration(), absl::ZeroDuration()); });
  thread_.join();
  calls_.Stop();
}

std::string Agent::NotReadyReason() const {
  absl::MutexLock lock(&mu_);
  return not_ready_;
}

void Agent::SetReason(absl::string_view reason) {
  absl::MutexLock lock(&mu_);
  not_ready_ = std::string(reason);
}

void Agent::SendUploadEvent(const v1::UploadEvent& event) {
  // A quarter of the queue, so that uploads never crowd out outcomes.
  constexpr int kMaxQueuedUploads = 256;
  if (!attached_ || queued_uploads_ >= kMaxQueuedUploads) return;
  ++queued_uploads_;
  auto message = std::make_shared<v1::ResourceMessage>();
  *message->mutable_upload() = event;
  message->mutable_upload()->set_error(WireText(event.error(), kMaxReasonBytes));
  mailbox_.Post([this, message] {
    if (state_ == State::kAttached) {
      Send(std::make_unique<v1::ResourceMessage>(std::move(*message)));
    } else {
      --queued_uploads_;
    }
  });
}

void Agent::SendLiveReport(const v1::LiveReport& report) {
  if (!attached_) return;
  auto copy = std::make_shared<v1::LiveReport>(report);
  copy->set_reason(WireText(copy->reason(), kMaxReasonBytes));
  // Text that is no UTF-8 would end the stream at every report.
  if (v1::LiveReport read; !read.ParseFromString(copy->SerializeAsString())) return;
  bool first;
  {
    absl::MutexLock lock(&mu_);
    first = live_reports_.empty();
    live_reports_[{report.job(), report.token()}] = std::move(copy);
  }
  // Wakes the thread, which then sends whatever is newest.
  if (first) mailbox_.Post([] {});
}

void Agent::SetSlots(int slots, int live_slots, absl::string_view reason) {
  mailbox_.Post([this, offered = Slots{slots, live_slots}, reason = WireText(reason, kMaxReasonBytes)] {
    if (slots_ == offered) return;
    slots_ = offered;
    slots_reason_ = reason;
    SendCredit();
  });
}

void Agent::Drain(absl::Duration timeout) {
  mailbox_.Post([this, timeout] { BeginDrain(timeout, kFarewell); });
  drained_.WaitForNotification();
}

void Agent::Loop() {
  while (state_ != State::kStopped) {
    absl::Duration before = clock_.Steady();
    absl::Duration patience = Patience();
    std::function<void()> work = mailbox_.Next(patience);
    absl::Duration now = clock_.Steady();
    // This process was frozen: the silence was its own, and messages may be waiting in the socket.
    if (now - before > patience + beat_interval_) last_heard_ = std::max(last_heard_, now - 2 * beat_interval_);
    if (work) work();
    Tick();
  }
  drained_.Notify();
}

absl::Duration Agent::Patience() const {
  absl::Duration until = std::min({deadline_, draining_ ? drain_until_ : absl::InfiniteDuration(), farewell_until_});
  if (state_ == State::kAttached) {
    until = std::min({until, last_heard_ + 3 * beat_interval_, go_away_at_});
    if (stream_->writable()) until = std::min({until, next_beat_, table_.next_due()});
  }
  return std::clamp(until - clock_.Steady(), absl::ZeroDuration(), absl::Minutes(1));
}

void Agent::Tick() {
  absl::Duration now = clock_.Steady();
  if (draining_) CheckDrain(now);
  switch (state_) {
    case State::kIdle:
      if (now >= deadline_) Connect();
      break;
    case State::kConnecting:
      if (now >= deadline_) AbandonStream("the API did not answer in time");
      break;
    case State::kAttached:
      if (now >= last_heard_ + 3 * beat_interval_) {
        AbandonStream("no message from the API for three beats");
      } else if (now >= go_away_at_) {
        Leave();
      } else {
        Pump();
      }
      break;
    case State::kLeaving:
      Pump();
      if (now >= deadline_) AbandonStream("the API did not close the stream in time");
      break;
    case State::kEnding:
    case State::kRemoved:
    case State::kStopped:
      break;
  }
}

void Agent::Connect() {
  StreamTarget target{config_.api[address_ % config_.api.size()], config_.api_ca_file, config_.api_plaintext,
                      identity_.credential};
  absl::StatusOr<std::unique_ptr<Stream>> stream = Stream::Open(target, mailbox_, *this);
  if (!stream.ok()) return ScheduleRetry(stream.status());
  stream_ = *std::move(stream);
  state_ = State::kConnecting;
  deadline_ = clock_.Steady() + std::min(kWelcomeTimeout * (1 + failures_), kWelcomeTimeoutMax);
  SendHello();
}

void Agent::OnStreamEnd(const absl::Status& status) {
  stream_.reset();
  ClearQueue();
  beats_.clear();
  go_away_at_ = absl::InfiniteDuration();
  next_beat_ = absl::InfiniteDuration();
  attached_gauge_.Set(0);
  attached_ = false;
  if (parting_) {
    state_ = State::kStopped;
  } else if (state_ == State::kLeaving) {
    // Asked to go: another instance is waiting.
    state_ = State::kIdle;
    ++address_;
    deadline_ = clock_.Steady();
  } else if (state_ != State::kRemoved) {
    ScheduleRetry(status);
  }
}

void Agent::ScheduleRetry(const absl::Status& status) {
  std::string address = config_.api[address_ % config_.api.size()];
  // 1st, 2nd, 4th, 8th ... failure in a row: a long outage does not fill the log.
  if (absl::has_single_bit(static_cast<unsigned>(++failures_))) {
    log::Warn("not attached to the API", {{"address", address}, {"failures", failures_}, {"error", status.ToString()}});
  }
  absl::Duration wait = backoff_.Next();
  if (absl::IsUnauthenticated(status) || absl::IsPermissionDenied(status)) {
    wait = kRefusedRetry * absl::Uniform(random_, 0.5, 1.0);
    SetReason(absl::StrCat("the API refuses the credential of ", identity_.name, ": if it was removed, delete ",
                           config_.state_dir, "/credential and start once with LECTERN_TOKEN"));
  } else {
    SetReason("not attached to the API");
  }
  ++address_;
  state_ = State::kIdle;
  deadline_ = clock_.Steady() + wait;
}

void Agent::Leave() {
  if (stream_ == nullptr) {
    if (parting_) state_ = State::kStopped;
    return;
  }
  if (state_ != State::kAttached) return AbandonStream("leaving");
  state_ = State::kLeaving;
  deadline_ = clock_.Steady() + kLeaveTimeout;
  Pump();
}

void Agent::AbandonStream(absl::string_view why) {
  log::Warn("gave up the stream to the API", {{"reason", why}});
  stream_->Cancel();
  state_ = State::kEnding;
  deadline_ = absl::InfiniteDuration();
}

void Agent::ClearQueue() {
  for (const auto& message : queue_) {
    if (message->has_upload()) --queued_uploads_;
  }
  queue_.clear();
  absl::MutexLock lock(&mu_);
  live_reports_.clear();
}

void Agent::BeginDrain(absl::Duration timeout, absl::Duration farewell) {
  absl::Duration until = clock_.Steady() + timeout;
  drain_until_ = draining_ ? std::min(drain_until_, until) : until;
  if (draining_) return;
  draining_ = true;
  farewell_ = farewell;
  SetReason("draining");
  if (state_ == State::kAttached) {
    auto message = std::make_unique<v1::ResourceMessage>();
    message->mutable_drain();
    Send(std::move(message));
  }
  // They never end by themselves, and whoever sends them finds another worker: the sooner the better, but not this one again.
  table_.StopLive(Fate::kRelease);
}

void Agent::CheckDrain(absl::Duration now) {
  if (now >= drain_until_) {
    drain_until_ = absl::InfiniteDuration();
    table_.StopAll(Fate::kRelease);
  }
  if (parting_ || table_.active() > 0) return;
  if (state_ == State::kRemoved) {
    if (stream_ == nullptr) state_ = State::kStopped;
    return;
  }
  if (farewell_until_ == absl::InfiniteDuration()) farewell_until_ = now + farewell_;
  bool all_said = queue_.empty() && !table_.waits_for_record();
  if (!all_said && now < farewell_until_) return;
  parting_ = true;
  farewell_until_ = absl::InfiniteDuration();
  Leave();
}

}  // namespace lectern::link
