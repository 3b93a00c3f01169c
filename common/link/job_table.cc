#include "common/link/job_table.h"

#include <algorithm>
#include <optional>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "common/link/wire_text.h"
#include "common/log/log.h"
#include "lectern/v1/link.pb.h"

namespace lectern::link {
namespace {

constexpr absl::Duration kProgressInterval = absl::Milliseconds(500);
// An API that cannot reach its database keeps its streams and forgets the outcome.
constexpr absl::Duration kResendAfter = absl::Seconds(10);
// Of an error and of a log's tail: limits of the protocol.
constexpr int64_t kFinaliseSlots = 4;
constexpr size_t kMaxErrorBytes = 1024;
constexpr size_t kMaxLogTailBytes = 4096;

template <typename Message>
void SetKey(JobKey key, Message* message) {
  message->set_job(key.job);
  message->set_token(key.token);
}

// An outcome that the API cannot read would end every stream on which it is sent, for ever.
bool CanBeRead(const v1::ResourceMessage& message) {
  v1::ResourceMessage read;
  return read.ParseFromString(message.SerializeAsString());
}

// Null where nothing is to be reported.
std::shared_ptr<const v1::ResourceMessage> ToMessage(JobKey key, const Outcome& outcome, Fate fate) {
  auto message = std::make_shared<v1::ResourceMessage>();
  if (fate == Fate::kDrop) return nullptr;
  if (outcome.kind == Outcome::kDone) {
    SetKey(key, message->mutable_done());
    if (outcome.result != nullptr) *message->mutable_done()->mutable_result() = *outcome.result;
    if (CanBeRead(*message)) return message;
    SetKey(key, message->mutable_failed());
    message->mutable_failed()->set_failure_class(v1::INFRASTRUCTURE);
    message->mutable_failed()->set_error("the result of the step is not valid text");
    return message;
  }
  if (fate == Fate::kRelease) return nullptr;
  if (fate == Fate::kCancel || outcome.kind == Outcome::kCancelled) {
    SetKey(key, message->mutable_cancelled());
    return message;
  }
  v1::Failed* failed = message->mutable_failed();
  SetKey(key, failed);
  bool known = v1::FailureClass_IsValid(outcome.failure_class) && outcome.failure_class != v1::FAILURE_CLASS_UNSPECIFIED;
  failed->set_failure_class(known ? static_cast<v1::FailureClass>(outcome.failure_class) : v1::INFRASTRUCTURE);
  failed->set_error(WireText(outcome.error, kMaxErrorBytes));
  failed->set_log_tail(WireText(outcome.log_tail, kMaxLogTailBytes));
  return message;
}

const char* WordOf(const v1::ResourceMessage& outcome) {
  return outcome.has_done() ? "done" : outcome.has_failed() ? "failed" : "cancelled";
}

}  // namespace

JobTable::JobTable(JobRunner runner, Clock& clock, const Lease& lease, Journal& journal, Mailbox& mailbox, Metrics& metrics)
    : runner_(std::move(runner)), clock_(clock), lease_(lease), journal_(journal), mailbox_(mailbox),
      running_gauge_(metrics.Gauge("lectern_link_jobs_running", "Jobs that run here now.").Add({})),
      outcomes_counter_(metrics.Counter("lectern_link_outcomes_total", "Jobs that ended here, by how.")) {
  for (v1::ResourceMessage& outcome : journal_.Load()) {
    v1::RunningJob job = JobOf(outcome);
    entries_[{job.job(), job.token()}].outcome = std::make_shared<const v1::ResourceMessage>(std::move(outcome));
  }
}

JobTable::~JobTable() = default;

void JobTable::Count(absl::string_view outcome) { outcomes_counter_.Add({{"outcome", std::string(outcome)}}).Increment(); }

int64_t JobTable::active() const {
  return absl::c_count_if(entries_, [](const auto& entry) { return entry.second.active(); });
}

int64_t JobTable::active_jobs() const {
  return absl::c_count_if(entries_, [](const auto& entry) { return entry.second.active() && !entry.second.live; });
}

bool JobTable::waits_for_record() const {
  return !released_.empty() || absl::c_any_of(entries_, [](const auto& entry) { return !entry.second.active(); });
}

std::vector<JobKey> JobTable::held() const {
  std::vector<JobKey> keys;
  for (const auto& [key, entry] : entries_) {
    if (!entry.active() || entry.run->fate() != Fate::kDrop) keys.push_back(key);
  }
  return keys;
}

bool JobTable::OtherRunIsActive(JobKey key) const {
  auto entry = entries_.lower_bound({key.job, 0});
  for (; entry != entries_.end() && entry->first.job == key.job; ++entry) {
    if (entry->first != key && entry->second.active() && !entry->second.waiting) return true;
  }
  return false;
}

JobTable::Verdict JobTable::Offer(const v1::Assign& assign, Slots offered, std::string* reason) {
  JobKey key{assign.job(), assign.token()};
  if (auto same = entries_.find(key); same != entries_.end()) {
    same->second.outcome_sent = -absl::InfiniteDuration();
    return same->second.active() ? Verdict::kAccept : Verdict::kKnown;
  }
  auto newer = entries_.upper_bound(key);
  if (newer != entries_.end() && newer->first.job == key.job) {
    *reason = "STALE_TOKEN";
    return Verdict::kReject;
  }
  for (auto older = entries_.lower_bound({key.job, 0}); older != entries_.end() && older->first < key;) {
    auto next = std::next(older);
    Drop(older->first);
    older = next;
  }
  // A run that only has to end before this one takes its place, not another slot.
  bool live = assign.spec().has_live_ingest();
  int64_t slots = live ? offered.live : offered.jobs;
  // The end of a recording does not wait for other work (kFinaliseSlots in api/domain/allocation.h).
  if (assign.spec().has_finalise() && slots > 0) slots += kFinaliseSlots;
  int64_t busy = absl::c_count_if(entries_, [&](const auto& entry) {
    return entry.second.active() && entry.second.live == live && entry.first.job != key.job;
  });
  if (!runner_ || busy >= slots) {
    *reason = slots == 0 ? "NO_SLOTS" : "FULL";
    return Verdict::kReject;
  }
  Entry& entry = entries_[key];
  entry.assign = std::make_shared<const v1::Assign>(assign);
  entry.live = live;
  entry.run = std::make_unique<Run>(lease_, [this] { mailbox_.Post([] {}); });
  entry.waiting = true;
  running_gauge_.Set(static_cast<double>(active()));
  return Verdict::kAccept;
}

void JobTable::StartReady() {
  for (auto& [key, entry] : entries_) {
    if (!entry.waiting || OtherRunIsActive(key)) continue;
    entry.waiting = false;
    log::Info("job started", {{"job", key.job}, {"token", key.token}});
    entry.thread = std::thread([this, key = key, assign = entry.assign, run = entry.run.get()] { RunOne(key, *assign, *run); });
  }
}

void JobTable::RunOne(JobKey key, const v1::Assign& assign, Run& run) {
  Outcome outcome;
  outcome.kind = Outcome::kCancelled;
  if (!run.ShouldStop()) outcome = runner_(assign, run);
  run.Close();
  std::shared_ptr<const v1::ResourceMessage> message = ToMessage(key, outcome, run.fate());
  if (message != nullptr) {
    // Without the journal the outcome is only lost if this process dies before the API has recorded it; the job runs again then.
    absl::Status written = journal_.Write(*message);
    if (!written.ok()) log::Error("cannot write the journal of outcomes", {{"job", key.job}, {"error", written.ToString()}});
  }
  mailbox_.Post([this, key, message = std::move(message)] { OnEnded(key, message); });
}

void JobTable::OnEnded(JobKey key, std::shared_ptr<const v1::ResourceMessage> outcome) {
  auto found = entries_.find(key);
  Entry& entry = found->second;
  entry.thread.join();
  Fate fate = entry.run->fate();
  const char* word = fate == Fate::kDrop ? "dropped" : outcome == nullptr ? "released" : WordOf(*outcome);
  log::Info("job ended", {{"job", key.job}, {"token", key.token}, {"outcome", word}});
  Count(word);
  if (fate == Fate::kDrop || outcome == nullptr) {
    if (fate == Fate::kDrop) journal_.Forget(key.job, key.token);
    if (fate == Fate::kRelease) released_.push_back(key);
    entries_.erase(found);
  } else {
    entry.outcome = std::move(outcome);
    entry.run.reset();
  }
  running_gauge_.Set(static_cast<double>(active()));
  StartReady();
}

void JobTable::Stop(Entries::iterator entry, Fate fate) {
  if (!entry->second.waiting) {
    entry->second.run->Stop(fate);
    return;
  }
  // It never started, so there is no thread whose end would be told.
  if (fate == Fate::kRelease) released_.push_back(entry->first);
  if (fate == Fate::kCancel) {
    Outcome cancelled;
    cancelled.kind = Outcome::kCancelled;
    entry->second.outcome = ToMessage(entry->first, cancelled, fate);
    entry->second.waiting = false;
    return;
  }
  entries_.erase(entry);
}

void JobTable::Cancel(JobKey key) {
  auto found = entries_.find(key);
  if (found != entries_.end() && found->second.active()) Stop(found, Fate::kCancel);
}

void JobTable::Drop(JobKey key) {
  auto found = entries_.find(key);
  if (found == entries_.end()) return;
  if (found->second.active()) return Stop(found, Fate::kDrop);
  journal_.Forget(key.job, key.token);
  entries_.erase(found);
}

void JobTable::Recorded(JobKey key) {
  auto found = entries_.find(key);
  if (found == entries_.end() || found->second.active()) return;
  journal_.Forget(key.job, key.token);
  entries_.erase(found);
}

void JobTable::StopAll(Fate fate) { StopWhere(false, fate); }

void JobTable::StopLive(Fate fate) { StopWhere(true, fate); }

void JobTable::StopWhere(bool live_only, Fate fate) {
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    auto next = std::next(entry);
    // What a person cancelled must not run elsewhere.
    bool cancelled = fate == Fate::kRelease && entry->second.active() && entry->second.run->fate() == Fate::kCancel;
    if (entry->second.active() && !cancelled && (entry->second.live || !live_only)) Stop(entry, fate);
    entry = next;
  }
}

void JobTable::OnAttached() {
  for (auto& [key, entry] : entries_) {
    entry.listed_in = 0;
    entry.outcome_sent = -absl::InfiniteDuration();
    if (entry.active()) entry.run->SetConfirmed(false);
  }
}

void JobTable::OnBeat(uint64_t seq) {
  for (auto& [key, entry] : entries_) {
    if (entry.listed_in == 0) entry.listed_in = seq;
  }
}

void JobTable::OnRenewed(uint64_t seq) {
  for (auto& [key, entry] : entries_) {
    if (entry.active() && entry.listed_in != 0 && entry.listed_in <= seq) entry.run->SetConfirmed(true);
  }
}

void JobTable::Confirm(JobKey key) {
  auto found = entries_.find(key);
  if (found != entries_.end() && found->second.active()) found->second.run->SetConfirmed(true);
}

bool JobTable::NextMessage(v1::ResourceMessage* message) {
  if (!released_.empty()) {
    SetKey(released_.back(), message->mutable_reject());
    message->mutable_reject()->set_reason("DRAINING");
    released_.pop_back();
    return true;
  }
  absl::Duration now = clock_.Steady();
  for (auto& [key, entry] : entries_) {
    if (entry.active() || entry.outcome_sent + kResendAfter > now) continue;
    entry.outcome_sent = now;
    *message = *entry.outcome;
    return true;
  }
  for (auto& [key, entry] : entries_) {
    if (!entry.active() || entry.progress_sent + kProgressInterval > now) continue;
    std::optional<double> fraction = entry.run->TakeProgress();
    if (!fraction) continue;
    entry.progress_sent = now;
    SetKey(key, message->mutable_progress());
    message->mutable_progress()->set_progress(*fraction);
    return true;
  }
  return false;
}

absl::Duration JobTable::next_due() const {
  absl::Duration due = absl::InfiniteDuration();
  if (!released_.empty()) return absl::ZeroDuration();
  for (const auto& [key, entry] : entries_) {
    if (!entry.active()) {
      due = std::min(due, entry.outcome_sent + kResendAfter);
    } else if (entry.run->HasProgress()) {
      due = std::min(due, entry.progress_sent + kProgressInterval);
    }
  }
  return due;
}

}  // namespace lectern::link
