#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/config/flags.h"
#include "common/link/agent.h"
#include "common/log/log.h"
#include "lectern/v1/link.pb.h"

namespace lectern::link {
namespace {

constexpr uint32_t kProtocol = 1;
constexpr size_t kMaxQueue = 1024;
constexpr size_t kMaxUnansweredBeats = 64;
// An API that asks for less is wrong, and would be asked for too much.
constexpr absl::Duration kMinBeat = absl::Milliseconds(50);
constexpr absl::Duration kMaxBeat = absl::Minutes(1);

template <typename Proto>
absl::Duration ToDuration(const Proto& proto) {
  return absl::Seconds(proto.seconds()) + absl::Nanoseconds(proto.nanos());
}

template <typename Message>
JobKey KeyOf(const Message& message) {
  return {message.job(), message.token()};
}

template <typename Message>
void FillRunning(const std::vector<JobKey>& held, Message* message) {
  for (const JobKey& key : held) {
    v1::RunningJob* running = message->add_running();
    running->set_job(key.job);
    running->set_token(key.token);
  }
}

}  // namespace

void Agent::OnMessage(const v1::ServerMessage& message) {
  last_heard_ = clock_.Steady();
  switch (message.message_case()) {
    case v1::ServerMessage::kWelcome:
      return OnWelcome(message.welcome());
    case v1::ServerMessage::kRenewed:
      return OnRenewed(message.renewed());
    case v1::ServerMessage::kAssign:
      return OnAssign(message.assign());
    case v1::ServerMessage::kCancel:
      return OnCancel(message.cancel());
    case v1::ServerMessage::kRecorded:
      return OnRecorded(message.recorded());
    case v1::ServerMessage::kReconcile:
      return OnReconcile(message.reconcile());
    case v1::ServerMessage::kGoAway:
      return OnGoAway(message.go_away());
    case v1::ServerMessage::kDrain:
      log::Info(message.drain().draining() ? "drained by a maintainer" : "resumed by a maintainer");
      return;
    case v1::ServerMessage::kDirectory:
      return OnDirectory(message.directory());
    case v1::ServerMessage::kUploadRecorded:
      return OnUploadRecorded(message.upload_recorded());
    case v1::ServerMessage::MESSAGE_NOT_SET:
      // Of a newer API.
      return;
  }
}

void Agent::SendHello() {
  v1::ResourceMessage message;
  v1::Hello* hello = message.mutable_hello();
  hello->set_protocol(kProtocol);
  hello->set_incarnation(incarnation_);
  hello->set_version(std::string(Version()));
  hello->mutable_capabilities()->Assign(config_.capabilities.begin(), config_.capabilities.end());
  hello_slots_ = OfferedSlots();
  hello->set_slots(static_cast<int32_t>(hello_slots_.jobs));
  hello->set_live_slots(static_cast<int32_t>(hello_slots_.live));
  FillRunning(table_.held(), hello);
  hello->set_host(config_.host);
  hello->set_public_url(config_.public_url);
  hello_sent_ = clock_.Steady();
  stream_->Write(message);
}

void Agent::OnWelcome(const v1::Welcome& welcome) {
  if (state_ != State::kConnecting) return;
  state_ = State::kAttached;
  deadline_ = absl::InfiniteDuration();
  beat_interval_ = std::clamp(ToDuration(welcome.beat_interval()), kMinBeat, kMaxBeat);
  table_.OnAttached();
  lease_.Extend(hello_sent_, ToDuration(welcome.lease()));
  // At once, so that what is held is confirmed soon.
  next_beat_ = clock_.Steady();
  attached_gauge_.Set(1);
  attached_ = true;
  if (ever_attached_) reconnects_counter_.Increment();
  ever_attached_ = true;
  log::Info("attached to the API", {{"address", config_.api[address_ % config_.api.size()]}, {"resource", identity_.name},
                                    {"epoch", welcome.epoch()}});
  if (draining_) {
    auto message = std::make_unique<v1::ResourceMessage>();
    message->mutable_drain();
    Send(std::move(message));
  } else {
    SetReason("");
    // Changed while the Hello was on its way.
    if (slots_ != hello_slots_) SendCredit();
  }
  if (handlers_.on_attached) calls_.TryRun(handlers_.on_attached);
  Pump();
}

void Agent::OnRenewed(const v1::Renewed& renewed) {
  absl::Duration sent = -absl::InfiniteDuration();
  while (!beats_.empty() && beats_.front().first <= renewed.seq()) {
    if (beats_.front().first == renewed.seq()) sent = beats_.front().second;
    beats_.pop_front();
  }
  if (sent == -absl::InfiniteDuration()) return;
  // Only now has this instance shown that it serves: one that greets and falls over must not be asked every 100 ms.
  backoff_.Reset();
  failures_ = 0;
  lease_.Extend(sent, ToDuration(renewed.lease()));
  table_.OnRenewed(renewed.seq());
}

void Agent::OnAssign(const v1::Assign& assign) {
  std::string reason = "DRAINING";
  JobTable::Verdict verdict =
      draining_ ? JobTable::Verdict::kReject : table_.Offer(assign, OfferedSlots(), &reason);
  if (verdict != JobTable::Verdict::kKnown) {
    auto message = std::make_unique<v1::ResourceMessage>();
    if (verdict == JobTable::Verdict::kAccept) {
      message->mutable_accept()->set_job(assign.job());
      message->mutable_accept()->set_token(assign.token());
    } else {
      message->mutable_reject()->set_job(assign.job());
      message->mutable_reject()->set_token(assign.token());
      message->mutable_reject()->set_reason(reason);
    }
    Send(std::move(message));
  }
  table_.StartReady();
  Pump();
}

void Agent::OnCancel(const v1::Cancel& cancel) {
  log::Info("job cancelled", {{"job", cancel.job()}, {"token", cancel.token()}, {"reason", cancel.reason()}});
  std::vector<JobKey> held = table_.held();
  if (std::find(held.begin(), held.end(), KeyOf(cancel)) != held.end()) return table_.Cancel(KeyOf(cancel));
  // Nothing runs here, so the API need not wait for it.
  auto message = std::make_unique<v1::ResourceMessage>();
  message->mutable_cancelled()->set_job(cancel.job());
  message->mutable_cancelled()->set_token(cancel.token());
  Send(std::move(message));
}

void Agent::OnRecorded(const v1::Recorded& recorded) {
  if (!recorded.accepted()) log::Warn("outcome refused", {{"job", recorded.job()}, {"token", recorded.token()}});
  table_.Recorded(KeyOf(recorded));
}

void Agent::OnReconcile(const v1::Reconcile& reconcile) {
  for (const v1::RunningJob& job : reconcile.keep()) table_.Confirm(KeyOf(job));
  for (const v1::RunningJob& job : reconcile.stop()) {
    log::Info("job stopped, the API gave it away", {{"job", job.job()}, {"token", job.token()}});
    table_.Drop(KeyOf(job));
  }
}

void Agent::OnGoAway(const v1::GoAway& go_away) {
  log::Info("asked to go away", {{"reason", go_away.reason()}, {"removed", go_away.removed()}});
  if (!go_away.removed()) {
    go_away_at_ = clock_.Steady() + std::clamp(ToDuration(go_away.reconnect_after()), absl::ZeroDuration(), kMaxBeat);
    return;
  }
  log::Error("this resource was removed from its organization; to join again, start it with a new LECTERN_TOKEN",
             {{"resource", identity_.name}});
  SetReason(absl::StrCat(identity_.name, " was removed from its organization: start again with a new LECTERN_TOKEN to join"));
  RetireCredential(config_.state_dir);
  lease_.End();
  table_.StopAll(Fate::kDrop);
  state_ = State::kRemoved;
  deadline_ = absl::InfiniteDuration();
  stream_->Cancel();
}

void Agent::OnDirectory(const v1::Directory& directory) {
  if (!handlers_.on_directory) return;
  bool first;
  {
    absl::MutexLock lock(&mu_);
    first = directory_ == nullptr;
    directory_ = std::make_shared<const v1::Directory>(directory);
  }
  // While one waits to be handed over, a newer one takes its place.
  if (!first) return;
  calls_.TryRun([this] {
    std::shared_ptr<const v1::Directory> newest;
    {
      absl::MutexLock lock(&mu_);
      newest.swap(directory_);
    }
    handlers_.on_directory(*newest);
  });
}

void Agent::OnUploadRecorded(const v1::UploadRecorded& recorded) {
  // Keeps room for directories; what is dropped here is repeated by the caller.
  constexpr size_t kMaxQueuedCalls = 512;
  if (!handlers_.on_upload_recorded || calls_.queued() >= kMaxQueuedCalls) return;
  calls_.TryRun([this, copy = std::make_shared<const v1::UploadRecorded>(recorded)] { handlers_.on_upload_recorded(*copy); });
}

void Agent::Send(std::unique_ptr<v1::ResourceMessage> message) {
  if (stream_ == nullptr || (state_ != State::kAttached && state_ != State::kLeaving)) return;
  queue_.push_back(std::move(message));
  if (queue_.size() > kMaxQueue && state_ == State::kAttached) AbandonStream("the API does not read");
  Pump();
}

void Agent::SendCredit() {
  if (draining_) return;
  auto message = std::make_unique<v1::ResourceMessage>();
  message->mutable_credit()->set_slots(static_cast<int32_t>(OfferedSlots().jobs));
  message->mutable_credit()->set_live_slots(static_cast<int32_t>(OfferedSlots().live));
  message->mutable_credit()->set_reason(slots_reason_);
  Send(std::move(message));
}

void Agent::SendBeat() {
  v1::ResourceMessage message;
  v1::Beat* beat = message.mutable_beat();
  beat->set_seq(++seq_);
  *beat->mutable_load() = load_.Read();
  beat->mutable_load()->set_slots(static_cast<int32_t>(OfferedSlots().jobs));
  beat->mutable_load()->set_slots_used(static_cast<int32_t>(table_.active_jobs()));
  FillRunning(table_.held(), beat);
  absl::Duration now = clock_.Steady();
  beats_.emplace_back(seq_, now);
  if (beats_.size() > kMaxUnansweredBeats) beats_.pop_front();
  next_beat_ = now + beat_interval_;
  table_.OnBeat(seq_);
  stream_->Write(message);
}

bool Agent::NextLiveReport(v1::ResourceMessage* message) {
  absl::MutexLock lock(&mu_);
  if (live_reports_.empty()) return false;
  *message->mutable_live() = *live_reports_.begin()->second;
  live_reports_.erase(live_reports_.begin());
  return true;
}

void Agent::Pump() {
  if (stream_ == nullptr || !stream_->writable()) return;
  if (state_ != State::kAttached && state_ != State::kLeaving) return;
  // Beats first: they keep the lease, however much else waits.
  if (state_ == State::kAttached && clock_.Steady() >= next_beat_) return SendBeat();
  if (!queue_.empty()) {
    std::unique_ptr<v1::ResourceMessage> message = std::move(queue_.front());
    queue_.pop_front();
    if (message->has_upload()) --queued_uploads_;
    return stream_->Write(*message);
  }
  v1::ResourceMessage message;
  if (table_.NextMessage(&message) || NextLiveReport(&message)) return stream_->Write(message);
  if (state_ == State::kLeaving) stream_->HalfClose();
}

}  // namespace lectern::link
