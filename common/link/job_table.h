// The jobs that this resource holds: runs in progress, and outcomes that the API has not recorded yet.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/link/journal.h"
#include "common/link/lease.h"
#include "common/link/link.h"
#include "common/link/mailbox.h"
#include "common/link/run.h"
#include "common/metrics/metrics.h"

namespace lectern::link {

// How many are taken at once.
struct Slots {
  int64_t jobs = 0;
  int64_t live = 0;
  auto operator<=>(const Slots&) const = default;
};

struct JobKey {
  int64_t job = 0;
  int64_t token = 0;   // grows with each lease of the job
  auto operator<=>(const JobKey&) const = default;
};

// For the link's thread only, except for what the runs' own threads do inside.
class JobTable {
 public:
  // Everything outlives the table. Outcomes in the journal are taken up.
  JobTable(JobRunner runner, Clock& clock, const Lease& lease, Journal& journal, Mailbox& mailbox, Metrics& metrics);
  // Every run must have ended (see StopAll, active).
  ~JobTable();

  enum class Verdict { kAccept, kReject, kKnown };
  // What to answer to an Assign; live streams count against `slots.live`, other jobs against `slots.jobs`, which
  // finalise jobs may exceed by a few. The run starts with the
  // next StartReady, so that Accept is under way before. kKnown: the run has ended and its outcome is sent again. `reason` is set
  // for kReject.
  //
  // An older run of the same job is dropped and ended before the new one starts; a duplicate is accepted again and changes nothing.
  Verdict Offer(const v1::Assign& assign, Slots slots, std::string* reason);
  void StartReady();

  // Unknown keys are ignored by all of these.
  void Cancel(JobKey key);
  void Drop(JobKey key);
  void Recorded(JobKey key);
  void StopAll(Fate fate);
  void StopLive(Fate fate);

  int64_t active() const;                        // runs that have not ended
  int64_t active_jobs() const;                   // of them, those that take an ordinary slot
  bool waits_for_record() const;                 // an outcome is not recorded yet
  std::vector<JobKey> held() const;              // for Hello and Beat

  // After Welcome: nothing may be published until the API confirmed it, and all outcomes are to be sent again.
  void OnAttached();
  void OnBeat(uint64_t seq);                     // the beat that was just sent lists all that is held
  void OnRenewed(uint64_t seq);                  // confirms what that beat listed
  void Confirm(JobKey key);

  // The next thing to send, written to `message`; false where there is none. In this order: jobs handed back, outcomes (each
  // again where it was not recorded for a while), progress (twice a second and job).
  bool NextMessage(v1::ResourceMessage* message);
  // When NextMessage will have something although nothing happens until then; on Clock::Steady.
  absl::Duration next_due() const;

 private:
  struct Entry {
    std::shared_ptr<const v1::Assign> assign;    // null: from the journal
    std::unique_ptr<Run> run;
    bool live = false;
    std::thread thread;
    bool waiting = false;                        // for an older run of the job
    uint64_t listed_in = 0;                      // first beat of this attachment that lists it
    absl::Duration progress_sent = -absl::InfiniteDuration();
    std::shared_ptr<const v1::ResourceMessage> outcome;
    absl::Duration outcome_sent = -absl::InfiniteDuration();

    bool active() const { return outcome == nullptr; }
  };
  using Entries = std::map<JobKey, Entry>;

  void RunOne(JobKey key, const v1::Assign& assign, Run& run);   // on the run's thread
  void OnEnded(JobKey key, std::shared_ptr<const v1::ResourceMessage> outcome);
  void Stop(Entries::iterator entry, Fate fate);
  void StopWhere(bool live_only, Fate fate);
  bool OtherRunIsActive(JobKey key) const;
  void Count(absl::string_view outcome);

  const JobRunner runner_;
  Clock& clock_;
  const Lease& lease_;
  Journal& journal_;
  Mailbox& mailbox_;
  prometheus::Gauge& running_gauge_;
  prometheus::Family<prometheus::Counter>& outcomes_counter_;
  Entries entries_;
  std::vector<JobKey> released_;
};

}  // namespace lectern::link
