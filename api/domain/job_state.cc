#include "api/domain/job_state.h"

#include <algorithm>
#include <array>

namespace lectern::api {
namespace {

constexpr std::array<absl::string_view, kJobStates> kStateWords = {
    "blocked", "ready", "leased", "running", "cancelling", "retry_wait", "done", "failed", "cancelled", "skipped", "expired"};
constexpr std::array<absl::string_view, 6> kFailureWords = {"",       "infrastructure", "media",
                                                            "poison", "resource_short", "rejected_input"};

constexpr unsigned Bit(JobState state) { return 1u << static_cast<unsigned>(state); }

// Row: from; bits: to. A leased job can end at once, because the holder's Accept may still be on its way to the database.
constexpr std::array<unsigned, kJobStates> kMoves = {
    /* blocked    */ Bit(JobState::kReady) | Bit(JobState::kSkipped) | Bit(JobState::kCancelled) | Bit(JobState::kExpired),
    /* ready      */ Bit(JobState::kLeased) | Bit(JobState::kCancelled) | Bit(JobState::kExpired),
    /* leased     */ Bit(JobState::kRunning) | Bit(JobState::kReady) | Bit(JobState::kRetryWait) | Bit(JobState::kCancelling) |
        Bit(JobState::kDone) | Bit(JobState::kFailed),
    /* running    */ Bit(JobState::kDone) | Bit(JobState::kRetryWait) | Bit(JobState::kReady) | Bit(JobState::kFailed) |
        Bit(JobState::kCancelling),
    /* cancelling */ Bit(JobState::kCancelled) | Bit(JobState::kDone),
    /* retry_wait */ Bit(JobState::kReady) | Bit(JobState::kCancelled) | Bit(JobState::kExpired),
    /* done       */ 0u,
    /* failed     */ Bit(JobState::kReady),
    /* cancelled  */ Bit(JobState::kReady) | Bit(JobState::kBlocked),
    /* skipped    */ Bit(JobState::kReady) | Bit(JobState::kBlocked),
    /* expired    */ Bit(JobState::kReady) | Bit(JobState::kBlocked),
};

constexpr absl::Duration kBackOffStart = absl::Seconds(2);
constexpr absl::Duration kBackOffCap = absl::Minutes(5);
constexpr int kPoisonLosses = 3;
// A live ingest that ends so soon, and has done so before, was not worked on.
constexpr absl::Duration kLiveStorm = absl::Seconds(1);
constexpr absl::Duration kLiveBreath = absl::Milliseconds(500);
constexpr int kLiveAtOnce = 3;

// AWS's "full jitter": anywhere between nothing and the exponential bound, so that what failed together does not come back
// together.
absl::Duration BackOff(int failures_before, double random) {
  absl::Duration bound = kBackOffStart * (1 << std::min(failures_before, 10));
  return std::min(bound, kBackOffCap) * random;
}

Verdict Fail(Verdict verdict, absl::string_view reason) {
  verdict.next = JobState::kFailed;
  verdict.reason = std::string(reason);
  return verdict;
}

Verdict JudgeLoss(const JobHistory& history, Verdict verdict, double random) {
  verdict.losses = history.losses + 1;
  verdict.avoid = true;
  const int needed = std::clamp(history.eligible, 1, kPoisonLosses);
  if (verdict.losses >= kPoisonLosses && history.lost_resources >= needed) {
    verdict.failure = FailureClass::kPoison;
    return Fail(verdict, "it brought down every resource that ran it");
  }
  if (verdict.losses == 1) {
    verdict.next = JobState::kReady;
  } else {
    verdict.delay = BackOff(history.losses, random);
  }
  return verdict;
}

Verdict JudgeMedia(const JobHistory& history, Verdict verdict, double random) {
  verdict.avoid = true;
  const bool first_here = !history.media_failed_here;
  verdict.media_failures = history.media_failures + (first_here ? 1 : 0);
  if (verdict.media_failures >= 2) return Fail(verdict, "two resources agree that the recording cannot be processed");
  if (!first_here && history.eligible <= 1) return Fail(verdict, "the recording cannot be processed, tried twice");
  verdict.delay = BackOff(0, random);
  return verdict;
}

Verdict JudgeLive(const JobHistory& history, Trouble trouble, Verdict verdict) {
  verdict.avoid = true;
  if (trouble == Trouble::kLost) verdict.losses = history.losses + 1;
  const bool storm = trouble == Trouble::kFailed && history.ran < kLiveStorm && history.attempt > kLiveAtOnce;
  verdict.next = storm ? JobState::kRetryWait : JobState::kReady;
  verdict.delay = storm ? kLiveBreath : absl::ZeroDuration();
  return verdict;
}

}  // namespace

absl::string_view JobStateWord(JobState state) { return kStateWords[static_cast<size_t>(state)]; }

std::optional<JobState> ParseJobState(absl::string_view word) {
  const auto found = std::find(kStateWords.begin(), kStateWords.end(), word);
  if (found == kStateWords.end()) return std::nullopt;
  return static_cast<JobState>(found - kStateWords.begin());
}

bool IsEnded(JobState state) { return state >= JobState::kDone; }

bool IsHeld(JobState state) {
  return state == JobState::kLeased || state == JobState::kRunning || state == JobState::kCancelling;
}

bool MayMove(JobState from, JobState to) { return (kMoves[static_cast<size_t>(from)] & Bit(to)) != 0; }

absl::string_view FailureClassWord(FailureClass failure) { return kFailureWords[static_cast<size_t>(failure)]; }

FailureClass ParseFailureClass(absl::string_view word) {
  const auto found = std::find(kFailureWords.begin(), kFailureWords.end(), word);
  return found == kFailureWords.end() ? FailureClass::kNone : static_cast<FailureClass>(found - kFailureWords.begin());
}

Verdict Judge(const JobHistory& history, Trouble trouble, FailureClass failure, double random) {
  Verdict verdict;
  verdict.failure = trouble != Trouble::kFailed || failure == FailureClass::kNone ? FailureClass::kInfrastructure : failure;
  verdict.losses = history.losses;
  verdict.media_failures = history.media_failures;
  if (history.live) return JudgeLive(history, trouble, verdict);
  // What reported it has said why in a sentence for the lecturer; nothing needs to be added.
  if (verdict.failure == FailureClass::kRejectedInput) return Fail(verdict, "");
  if (trouble == Trouble::kLost) {
    verdict = JudgeLoss(history, verdict, random);
  } else if (verdict.failure == FailureClass::kMedia) {
    verdict = JudgeMedia(history, verdict, random);
  } else {
    verdict.avoid = true;
    verdict.delay = BackOff(std::max(history.attempt - 1, 0), random);
  }
  if (verdict.next != JobState::kFailed && history.attempt >= history.max_attempts) {
    return Fail(verdict, "all its attempts are used up");
  }
  return verdict;
}

}  // namespace lectern::api
