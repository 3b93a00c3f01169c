#include "rtmp_proxy/relay/relay.h"

#include <algorithm>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/base/status.h"
#include "common/log/log.h"
#include "common/rtmp/client.h"
#include "rtmp_proxy/relay/rate_meter.h"
#include "rtmp_proxy/relay/ring.h"

namespace lectern::proxy {
namespace {

// Between two attempts at the same trouble.
constexpr absl::Duration kFirstWait = absl::Milliseconds(250);
constexpr absl::Duration kLongestWait = absl::Seconds(2);
constexpr absl::string_view kStreamEnded = "STREAM_ENDED";
// A worker that held for so long was no part of the trouble before it.
constexpr absl::Duration kHeldWell = absl::Seconds(1);
// The last frame's own length, and sound that ends a little after the picture, are not in the confirmation.
constexpr int64_t kTailMs = 250;
constexpr absl::Duration kPoll = absl::Milliseconds(250);

class RelayImpl final : public Relay {
 public:
  RelayImpl(RelayOptions options, Clock& clock)
      : options_(std::move(options)), clock_(clock), ring_(options_.ring), thread_([this] { Run(); }) {}

  ~RelayImpl() override {
    Stop();
    thread_.join();
  }

  void Push(const rtmp::MediaMessage& message) override {
    ring_.Push(message);
    absl::MutexLock lock(&mu_);
    rate_.Add(static_cast<int64_t>(message.payload ? message.size() : 0), clock_.Steady());
    if (waiting_ && publisher_) publisher_->Wake();
    waiting_ = delivered_ = false;
  }

  void Pause() override { ring_.EndBlock(); }

  void Reacquire(absl::string_view reason) override {
    absl::MutexLock lock(&mu_);
    reacquire_ = true;
    reason_ = std::string(reason);
    if (publisher_) publisher_->Break();
  }

  void Reopen() override {
    absl::MutexLock lock(&mu_);
    reopened_ = true;
  }

  bool Finish(absl::Duration patience) override {
    ring_.EndBlock();
    {
      absl::MutexLock lock(&mu_);
      finish_by_ = clock_.Steady() + patience;
      if (publisher_) publisher_->Wake();
      mu_.AwaitWithTimeout(absl::Condition(&ended_), patience + absl::Seconds(2));
    }
    Stop();
    return AllConfirmed();
  }

  RelayState state() const override {
    RingTotals totals = ring_.totals();
    absl::MutexLock lock(&mu_);
    RelayState state;
    state.epoch = epoch_;
    state.received_ms = totals.received_ms;
    state.confirmed_ms = std::max<int64_t>(0, totals.confirmed_ms);
    state.pending_bytes = totals.pending_bytes;
    state.delivered = delivered_;
    state.dropped_frames = totals.dropped_frames;
    state.received_bytes = totals.received_bytes;
    state.bitrate_bps = rate_.BitsPerSecond(clock_.Steady());
    state.failovers = failovers_;
    state.reason = epoch_ != 0 ? "" : reason_;
    return state;
  }

 private:
  void Stop() {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
    if (publisher_) publisher_->Break();
  }

  bool AllConfirmed() const {
    RingTotals totals = ring_.totals();
    return totals.received_ms == 0 || totals.confirmed_ms + kTailMs >= totals.received_ms;
  }

  bool Stopping() const {
    absl::MutexLock lock(&mu_);
    return stopping_;
  }

  bool FinishTimeOver() const {
    absl::MutexLock lock(&mu_);
    return clock_.Steady() >= finish_by_;
  }

  bool Finishing() const {
    absl::MutexLock lock(&mu_);
    return finish_by_ < absl::InfiniteDuration();
  }

  // The relay's thread: one worker after the other.
  void Run() {
    absl::Duration wait = absl::ZeroDuration();
    int64_t failed_epoch = 0;
    while (WaitForTurn(wait) && !(Finishing() && AllConfirmed())) {
      wait = std::clamp(wait * 2, kFirstWait, kLongestWait);
      ForgetReopening();
      absl::StatusOr<IngestAddress> address = options_.acquire(failed_epoch, Reason());
      if (!address.ok()) {
        SetReason(address.status().message());
        if (ReasonOf(address.status()) != kStreamEnded) continue;
        if (!WaitForReopening()) break;
        wait = absl::ZeroDuration();
        continue;
      }
      absl::Duration held = absl::ZeroDuration();
      int64_t confirmed_ms = ring_.totals().confirmed_ms;
      absl::Status trouble = ServeOne(*address, held);
      if (trouble.ok()) break;   // said goodbye
      // A lease that moved is nobody's failure.
      bool moved = TakeReacquire();
      failed_epoch = moved ? 0 : address->epoch;
      if (!moved) SetReason(trouble.message());
      bool of_use = held >= kHeldWell || ring_.totals().confirmed_ms > confirmed_ms;
      if (moved || of_use) wait = absl::ZeroDuration();
      if (!Stopping()) {
        log::Warn("the worker no longer takes a stream",
                  {{"stream", options_.stream}, {"epoch", address->epoch}, {"why", Reason()}});
      }
    }
    absl::MutexLock lock(&mu_);
    ended_ = true;
  }

  // False: it is over.
  bool WaitForTurn(absl::Duration wait) {
    absl::MutexLock lock(&mu_);
    mu_.AwaitWithTimeout(absl::Condition(+[](RelayImpl* relay) { return relay->stopping_ || relay->reacquire_; }, this), wait);
    reacquire_ = false;
    return !stopping_ && clock_.Steady() < finish_by_;
  }

  void ForgetReopening() {
    absl::MutexLock lock(&mu_);
    reopened_ = false;
  }

  // False: it is over.
  bool WaitForReopening() {
    log::Info("the stream has ended at the API", {{"stream", options_.stream}});
    absl::MutexLock lock(&mu_);
    auto told = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
      return stopping_ || reacquire_ || reopened_ || finish_by_ < absl::InfiniteDuration();
    };
    mu_.Await(absl::Condition(&told));
    return !stopping_ && finish_by_ == absl::InfiniteDuration();
  }

  std::string Reason() const {
    absl::MutexLock lock(&mu_);
    return reason_;
  }

  void SetReason(absl::string_view reason) {
    absl::MutexLock lock(&mu_);
    reason_ = std::string(reason);
  }

  bool TakeReacquire() {
    absl::MutexLock lock(&mu_);
    return std::exchange(reacquire_, false);
  }

  // Opens the leg and feeds it. OK: all was said. `held`: for how long the worker spoke with us.
  absl::Status ServeOne(const IngestAddress& address, absl::Duration& held) {
    ASSIGN_OR_RETURN(rtmp::Target target, rtmp::ParseUrl(address.url));
    absl::StrAppend(&target.name, "?key=", address.key);
    rtmp::ClientOptions options;
    options.connect_timeout = std::max(options_.silence_limit, absl::Milliseconds(500));
    // A worker that is full reads slowly on purpose, and says so; one that says nothing is found by its silence.
    options.write_timeout = absl::InfiniteDuration();
    ASSIGN_OR_RETURN(std::unique_ptr<rtmp::Publisher> publisher, rtmp::Publisher::Open(target, options));
    publisher->SetSilenceLimit(options_.silence_limit);
    {
      absl::MutexLock lock(&mu_);
      if (stopping_ || reacquire_) return absl::CancelledError("broken off");
      publisher_ = publisher.get();
    }
    absl::Status served = Converse(*publisher, address.epoch, held);
    ring_.EndReading();
    absl::MutexLock lock(&mu_);
    publisher_ = nullptr;
    epoch_ = 0;
    delivered_ = false;
    return served;
  }

  absl::Status Converse(rtmp::Publisher& publisher, int64_t epoch, absl::Duration& held) {
    while (publisher.feedback_count() == 0) RETURN_IF_ERROR(publisher.Poll(kPoll));
    absl::Duration begun = clock_.Steady();
    RingCursor cursor = ring_.Seek(publisher.feedback().resume_ms);
    SetServing(epoch);
    absl::Status fed = Feed(publisher, cursor);
    held = clock_.Steady() - begun;
    if (fed.ok()) publisher.Finish();
    // What it said last counts, also where it has closed since.
    Confirm(publisher);
    return fed;
  }

  void SetServing(int64_t epoch) {
    absl::MutexLock lock(&mu_);
    if (served_before_) ++failovers_;
    served_before_ = true;
    epoch_ = epoch;
    reason_.clear();
  }

  void Confirm(const rtmp::Publisher& publisher) {
    rtmp::Feedback feedback = publisher.feedback();
    ring_.Confirm(std::max(feedback.resume_ms, feedback.confirmed_ms));
  }

  // Replays, follows, until there is nothing more to come and all is confirmed.
  absl::Status Feed(rtmp::Publisher& publisher, RingCursor& cursor) {
    int64_t heard = 0;
    while (true) {
      if (heard != publisher.feedback_count()) {
        heard = publisher.feedback_count();
        Confirm(publisher);
      }
      SetWaiting(true);
      std::vector<rtmp::MediaMessage> batch = ring_.Read(cursor);
      if (batch.empty()) {
        NoteDelivered();
        if (FinishTimeOver() || (Finishing() && AllConfirmed())) return absl::OkStatus();
        RETURN_IF_ERROR(publisher.Poll(kPoll));
        continue;
      }
      SetWaiting(false);
      for (const rtmp::MediaMessage& message : batch) RETURN_IF_ERROR(publisher.Send(message));
      if (FinishTimeOver()) return absl::OkStatus();
    }
  }

  // Before looking into the ring: a message that comes after the look then wakes the wait.
  void SetWaiting(bool waiting) {
    absl::MutexLock lock(&mu_);
    waiting_ = waiting;
  }

  // Nothing was left to read, unless something came since.
  void NoteDelivered() {
    absl::MutexLock lock(&mu_);
    delivered_ = waiting_;
  }

  const RelayOptions options_;
  Clock& clock_;
  Ring ring_;
  mutable absl::Mutex mu_;
  rtmp::Publisher* publisher_ ABSL_GUARDED_BY(mu_) = nullptr;
  bool waiting_ ABSL_GUARDED_BY(mu_) = false;
  bool delivered_ ABSL_GUARDED_BY(mu_) = false;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  bool reacquire_ ABSL_GUARDED_BY(mu_) = false;
  bool reopened_ ABSL_GUARDED_BY(mu_) = false;
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
  bool served_before_ ABSL_GUARDED_BY(mu_) = false;
  absl::Duration finish_by_ ABSL_GUARDED_BY(mu_) = absl::InfiniteDuration();
  int64_t epoch_ ABSL_GUARDED_BY(mu_) = 0;
  int failovers_ ABSL_GUARDED_BY(mu_) = 0;
  std::string reason_ ABSL_GUARDED_BY(mu_) = "no worker has been found yet";
  RateMeter rate_ ABSL_GUARDED_BY(mu_);
  std::thread thread_;   // last: it uses the rest
};

}  // namespace

std::unique_ptr<Relay> Relay::Start(RelayOptions options, Clock& clock) {
  return std::make_unique<RelayImpl>(std::move(options), clock);
}

}  // namespace lectern::proxy
