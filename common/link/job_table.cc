#include "common/link/job_table.h"

#include <algorithm>
#include <optional>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "common/log/log.h"
#include "lectern/v1/link.pb.h"

namespace lectern::link {
namespace {

constexpr absl::Duration kProgressInterval = absl::Milliseconds(500);
// An API that cannot reach its database keeps its streams and forgets the outcome.
constexpr absl::Duration kResendAfter = absl::Seconds(10);
// Of an error and of a log's tail: limits of the protocol.
constexpr size_t kMaxErrorBytes = 1024;
constexpr size_t kMaxLogTailBytes = 4096;

// Bytes of the UTF-8 character at the start of `text`; 0 where there is none.
size_t CharacterLength(absl::string_view text) {
  unsigned char lead = static_cast<unsigned char>(text[0]);
  if (lead != 0 && lead < 0x80) return 1;
  size_t length = lead >= 0xC2 && lead < 0xE0 ? 2 : (lead & 0xF0) == 0xE0 ? 3 : lead >= 0xF0 && lead < 0xF5 ? 4 : 0;
  if (length == 0 || length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) return 0;
  }
  unsigned char second = static_cast<unsigned char>(text[1]);
  bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  bool no_character = (lead == 0xED && second >= 0xA0) || (lead == 0xF4 && second >= 0x90);
  return overlong || no_character ? 0 : length;
}

// The last `max_bytes`. Protobuf refuses text that is not UTF-8 and a database text with NUL, and a step's output may be anything.
std::string Clean(absl::string_view text, size_t max_bytes) {
  text.remove_prefix(text.size() - std::min(text.size(), max_bytes));
  std::string clean;
  while (!text.empty()) {
    size_t length = CharacterLength(text);
    if (length == 0) {
      clean += '?';
      length = 1;
    } else {
      clean.append(text.data(), length);
    }
    text.remove_prefix(length);
  }
  return clean;
}

template <typename Message>
void SetKey(JobKey key, Message* message) {
  message->set_job(key.job);
  message->set_token(key.token);
}

// Null where nothing is to be reported.
std::shared_ptr<const v1::ResourceMessage> ToMessage(JobKey key, const Outcome& outcome, Fate fate) {
  auto message = std::make_shared<v1::ResourceMessage>();
  if (fate == Fate::kDrop) return nullptr;
  if (outcome.kind == Outcome::kDone) {
    SetKey(key, message->mutable_done());
    if (outcome.result != nullptr) *message->mutable_done()->mutable_result() = *outcome.result;
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
  failed->set_error(Clean(outcome.error, kMaxErrorBytes));
  failed->set_log_tail(Clean(outcome.log_tail, kMaxLogTailBytes));
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

JobTable::Verdict JobTable::Offer(const v1::Assign& assign, int64_t slots, std::string* reason) {
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
  int64_t busy = absl::c_count_if(
      entries_, [&](const auto& entry) { return entry.second.active() && entry.first.job != key.job; });
  if (!runner_ || busy >= slots) {
    *reason = slots == 0 ? "NO_SLOTS" : "FULL";
    return Verdict::kReject;
  }
  Entry& entry = entries_[key];
  entry.assign = std::make_shared<const v1::Assign>(assign);
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

void JobTable::StopAll(Fate fate) {
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    auto next = std::next(entry);
    // What a person cancelled must not run elsewhere.
    bool cancelled = fate == Fate::kRelease && entry->second.active() && entry->second.run->fate() == Fate::kCancel;
    if (entry->second.active() && !cancelled) Stop(entry, fate);
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
