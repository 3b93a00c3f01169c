// The protocol of the link: one thread that connects, beats, takes jobs and reports. docs/link.md has the rules.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "common/exec/thread_pool.h"
#include "common/link/backoff.h"
#include "common/link/identity.h"
#include "common/link/job_table.h"
#include "common/link/journal.h"
#include "common/link/lease.h"
#include "common/link/link.h"
#include "common/link/load.h"
#include "common/link/mailbox.h"
#include "common/link/stream.h"

namespace lectern::v1 {
class Cancel;
class GoAway;
class Reconcile;
class Recorded;
class Renewed;
class Welcome;
}  // namespace lectern::v1

namespace lectern::link {

class Agent final : public Link, private StreamEvents {
 public:
  // `state_lock` is kept as long as the agent lives.
  Agent(LinkConfig config, Identity identity, Fd state_lock, Journal journal, LinkHandlers handlers, Clock& clock,
        Metrics& metrics);
  // Hands running jobs back at once where Drain was not called.
  ~Agent() override;

  int64_t resource_id() const override { return resource_id_; }
  const std::string& credential() const override { return identity_.credential; }
  std::string NotReadyReason() const override;
  void SendUploadEvent(const v1::UploadEvent& event) override;
  void SendLiveReport(const v1::LiveReport& report) override;
  void SetSlots(int slots, int live_slots, absl::string_view reason) override;
  void Drain(absl::Duration timeout) override;

 private:
  enum class State {
    kIdle,         // waits for the next attempt
    kConnecting,   // Hello is under way
    kAttached,     // after Welcome
    kLeaving,      // what is queued is still written, then the stream is closed
    kEnding,       // cancelled; its end is waited for
    kRemoved,      // for good
    kStopped,
  };

  // agent.cc: the thread, the connection, and everything that time brings.
  void Loop();
  absl::Duration Patience() const;
  void Tick();
  void Connect();
  void OnStreamEnd(const absl::Status& status) override;
  void ScheduleRetry(const absl::Status& status);
  void Leave();
  void AbandonStream(absl::string_view why);
  void ClearQueue();
  // `farewell`: how long the answers to the last outcomes are waited for.
  void BeginDrain(absl::Duration timeout, absl::Duration farewell);
  void CheckDrain(absl::Duration now);
  void SetReason(absl::string_view reason);

  // agent_messages.cc: what is said and heard.
  void OnMessage(const v1::ServerMessage& message) override;
  void OnWritable() override { Pump(); }
  void SendHello();
  void OnCancel(const v1::Cancel& cancel);
  void OnRecorded(const v1::Recorded& recorded);
  void OnWelcome(const v1::Welcome& welcome);
  void OnRenewed(const v1::Renewed& renewed);
  void OnAssign(const v1::Assign& assign);
  void OnReconcile(const v1::Reconcile& reconcile);
  void OnGoAway(const v1::GoAway& go_away);
  void OnDirectory(const v1::Directory& directory);
  void OnUploadRecorded(const v1::UploadRecorded& recorded);
  // Queues for the current stream; one that does not drain is given up, not the process.
  void Send(std::unique_ptr<v1::ResourceMessage> message);
  void SendCredit();
  void SendBeat();
  // Writes the next message, where the stream takes one.
  void Pump();
  Slots OfferedSlots() const { return draining_ ? Slots{} : slots_; }
  // The oldest live report that waits; false where there is none.
  bool NextLiveReport(v1::ResourceMessage* message);

  const LinkConfig config_;
  const Identity identity_;
  const int64_t resource_id_;
  const std::string incarnation_;
  const LinkHandlers handlers_;
  const Fd state_lock_;
  Clock& clock_;
  prometheus::Gauge& attached_gauge_;
  prometheus::Counter& reconnects_counter_;

  Lease lease_;
  Journal journal_;
  Mailbox mailbox_;
  JobTable table_;
  ThreadPool calls_;   // one thread, so that handlers are serialised and never delay a beat

  // Of the link's thread only. Times are Clock::Steady.
  State state_ = State::kIdle;
  std::unique_ptr<Stream> stream_;
  std::deque<std::unique_ptr<v1::ResourceMessage>> queue_;
  LoadMeter load_;
  Backoff backoff_;
  absl::BitGen random_;
  size_t address_;
  Slots slots_;
  std::string slots_reason_;
  Slots hello_slots_;                                    // what this stream's Hello said
  bool ever_attached_ = false;
  int failures_ = 0;                                     // attempts since the last Welcome
  uint64_t seq_ = 0;
  std::deque<std::pair<uint64_t, absl::Duration>> beats_;   // sent and not answered
  absl::Duration hello_sent_;
  absl::Duration beat_interval_ = absl::Seconds(2);
  absl::Duration last_heard_;
  absl::Duration next_beat_ = absl::InfiniteDuration();
  absl::Duration deadline_;                              // of the current state
  absl::Duration go_away_at_ = absl::InfiniteDuration();
  bool draining_ = false;
  absl::Duration drain_until_ = absl::InfiniteDuration();
  absl::Duration farewell_ = absl::ZeroDuration();
  absl::Duration farewell_until_ = absl::InfiniteDuration();
  bool parting_ = false;                                 // this stream's end is the end

  std::atomic<int> queued_uploads_ = 0;
  std::atomic<bool> attached_ = false;
  absl::Notification drained_;
  mutable absl::Mutex mu_;
  std::string not_ready_ ABSL_GUARDED_BY(mu_) = "not attached to the API";
  std::map<JobKey, std::shared_ptr<const v1::LiveReport>> live_reports_ ABSL_GUARDED_BY(mu_);   // newest, not yet sent
  std::shared_ptr<const v1::Directory> directory_ ABSL_GUARDED_BY(mu_);   // newest, not yet handed over
  std::thread thread_;
};

}  // namespace lectern::link
