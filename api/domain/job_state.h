// The states of a job, which moves between them are legal, and what follows a failure. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace lectern::api {

enum class JobState {
  kBlocked,      // waits for other jobs
  kReady,        // waits for a resource
  kLeased,       // given to a resource that has not accepted yet
  kRunning,
  kCancelling,   // the holder was asked to stop
  kRetryWait,
  kDone,
  kFailed,       // dead letter
  kCancelled,
  kSkipped,      // a job that it needed did not succeed
  kExpired,      // not started before its deadline
};
inline constexpr int kJobStates = 11;

// As the database has it: "blocked", "retry_wait", ...
absl::string_view JobStateWord(JobState state);
std::optional<JobState> ParseJobState(absl::string_view word);

bool IsEnded(JobState state);
// True where a resource holds the job.
bool IsHeld(JobState state);

// The table of legal moves. An ended job moves only back to ready or blocked, when a person retries it.
bool MayMove(JobState from, JobState to);

// Whose fault a failure is.
enum class FailureClass { kNone, kInfrastructure, kMedia, kPoison, kResourceShort, kRejectedInput };

// As the database has it: "", "infrastructure", "media", ...
absl::string_view FailureClassWord(FailureClass failure);
FailureClass ParseFailureClass(absl::string_view word);   // kNone for unknown words

// How an attempt went wrong.
enum class Trouble {
  kFailed,     // the resource said so, with a class
  kLost,       // the resource was lost while it held the job
  kOverdue,    // the run limit passed
  kStalled,    // no progress for too long
};

// What is known about a job when an attempt goes wrong. Counters are those before this failure, except `attempt`.
struct JobHistory {
  int attempt = 1;             // attempts that count, this one included
  int max_attempts = 5;
  int losses = 0;
  int lost_resources = 0;      // different resources among the losses, this one included where it is lost
  int media_failures = 0;      // different resources that found the input bad
  bool media_failed_here = false;   // this resource found the input bad before
  int eligible = 1;            // resources that could run it, this one included
  bool live = false;           // the ingest of a live stream
  absl::Duration ran = absl::InfiniteDuration();   // this attempt
};

struct Verdict {
  JobState next = JobState::kRetryWait;   // kReady, kRetryWait or kFailed
  FailureClass failure = FailureClass::kNone;
  absl::Duration delay;        // kRetryWait
  int losses = 0;              // new values of the counters
  int media_failures = 0;
  bool avoid = false;          // another resource is preferred from now on
  std::string reason;          // kFailed: why there is no further attempt, for a person; else empty
};

// `random` in [0, 1) chooses the jitter.
//
// Infrastructure: full jitter over 2 s * 2^n, at most 5 min. A job that lost its resource for the first time is ready at once:
// not the job was at fault. Media: two different resources must agree, or the same one twice where no other is eligible. Lost
// three times on three resources (or on all that there are): poison. Rejected input fails at once. No class runs more often
// than `max_attempts`.
//
// A live ingest fails for no reason: it is ready at once, elsewhere where it can be. Only one that fails again and again within a
// second takes a breath, so that it does not keep the database busy.
Verdict Judge(const JobHistory& history, Trouble trouble, FailureClass failure, double random);

}  // namespace lectern::api
