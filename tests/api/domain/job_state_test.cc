#include "api/domain/job_state.h"

#include <gmock/gmock.h>

#include <set>
#include <string>
#include <utility>

namespace lectern::api {
namespace {

using ::testing::HasSubstr;

constexpr double kMiddle = 0.5;

std::set<std::pair<std::string, std::string>> LegalMoves() {
  return {{"blocked", "ready"},      {"blocked", "skipped"},      {"blocked", "cancelled"},  {"blocked", "expired"},
          {"ready", "leased"},       {"ready", "cancelled"},      {"ready", "expired"},      {"leased", "running"},
          {"leased", "ready"},       {"leased", "retry_wait"},    {"leased", "cancelling"},  {"leased", "done"},
          {"leased", "failed"},      {"running", "done"},         {"running", "retry_wait"}, {"running", "ready"},
          {"running", "failed"},     {"running", "cancelling"},   {"cancelling", "cancelled"}, {"cancelling", "done"},
          {"retry_wait", "ready"},   {"retry_wait", "cancelled"}, {"retry_wait", "expired"}, {"failed", "ready"},
          {"cancelled", "ready"},    {"cancelled", "blocked"},    {"skipped", "ready"},      {"skipped", "blocked"},
          {"expired", "ready"},      {"expired", "blocked"}};
}

TEST(JobStateTest, EveryMoveIsLegalOrNotAsTheTableSays) {
  const auto legal = LegalMoves();
  for (int from = 0; from < kJobStates; ++from) {
    for (int to = 0; to < kJobStates; ++to) {
      const auto a = static_cast<JobState>(from), b = static_cast<JobState>(to);
      const bool expected = legal.count({std::string(JobStateWord(a)), std::string(JobStateWord(b))}) > 0;
      EXPECT_EQ(MayMove(a, b), expected) << JobStateWord(a) << " -> " << JobStateWord(b);
    }
  }
}

TEST(JobStateTest, NothingLeavesDone) {
  for (int to = 0; to < kJobStates; ++to) EXPECT_FALSE(MayMove(JobState::kDone, static_cast<JobState>(to)));
}

TEST(JobStateTest, WordsReadBack) {
  for (int i = 0; i < kJobStates; ++i) {
    const auto state = static_cast<JobState>(i);
    EXPECT_EQ(ParseJobState(JobStateWord(state)), state);
  }
  EXPECT_EQ(ParseJobState("paused"), std::nullopt);
  for (int i = 0; i <= static_cast<int>(FailureClass::kRejectedInput); ++i) {
    const auto failure = static_cast<FailureClass>(i);
    EXPECT_EQ(ParseFailureClass(FailureClassWord(failure)), failure);
  }
}

TEST(JudgeTest, InfrastructureBacksOffWithFullJitterUpToFiveMinutes) {
  JobHistory history;
  history.max_attempts = 100;
  for (const auto& [attempt, bound] : {std::pair{1, 2}, {2, 4}, {3, 8}, {8, 256}, {9, 300}, {40, 300}}) {
    history.attempt = attempt;
    const Verdict verdict = Judge(history, Trouble::kFailed, FailureClass::kInfrastructure, kMiddle);
    EXPECT_EQ(verdict.next, JobState::kRetryWait);
    EXPECT_EQ(verdict.delay, absl::Seconds(bound) / 2) << "attempt " << attempt;
    EXPECT_EQ(Judge(history, Trouble::kFailed, FailureClass::kInfrastructure, 0).delay, absl::ZeroDuration());
  }
}

TEST(JudgeTest, TheLastAttemptEndsInTheDeadLetterListWithAReason) {
  JobHistory history;
  history.attempt = history.max_attempts;
  const Verdict verdict = Judge(history, Trouble::kFailed, FailureClass::kInfrastructure, kMiddle);
  EXPECT_EQ(verdict.next, JobState::kFailed);
  EXPECT_THAT(verdict.reason, HasSubstr("attempts"));
}

TEST(JudgeTest, TwoDifferentResourcesMustAgreeThatTheInputIsBad) {
  JobHistory history;
  history.eligible = 3;
  const Verdict first = Judge(history, Trouble::kFailed, FailureClass::kMedia, kMiddle);
  EXPECT_EQ(first.next, JobState::kRetryWait);
  EXPECT_TRUE(first.avoid);
  history.attempt = 2;
  history.media_failures = first.media_failures;
  history.media_failed_here = true;   // the same one again proves nothing while there are others
  const Verdict same = Judge(history, Trouble::kFailed, FailureClass::kMedia, kMiddle);
  EXPECT_EQ(same.next, JobState::kRetryWait);
  EXPECT_EQ(same.media_failures, 1);
  history.media_failed_here = false;
  EXPECT_EQ(Judge(history, Trouble::kFailed, FailureClass::kMedia, kMiddle).next, JobState::kFailed);
}

TEST(JudgeTest, WhereThereIsOneResourceItsSecondWordCounts) {
  JobHistory history;
  EXPECT_EQ(Judge(history, Trouble::kFailed, FailureClass::kMedia, kMiddle).next, JobState::kRetryWait);
  history.attempt = 2;
  history.media_failures = 1;
  history.media_failed_here = true;
  EXPECT_EQ(Judge(history, Trouble::kFailed, FailureClass::kMedia, kMiddle).next, JobState::kFailed);
}

TEST(JudgeTest, RejectedInputFailsAtOnce) {
  const Verdict verdict = Judge({}, Trouble::kFailed, FailureClass::kRejectedInput, kMiddle);
  EXPECT_EQ(verdict.next, JobState::kFailed);
  EXPECT_EQ(verdict.failure, FailureClass::kRejectedInput);
}

TEST(JudgeTest, AFirstLossIsRetriedAtOnceLaterOnesBackOff) {
  JobHistory history;
  history.lost_resources = 1;
  history.eligible = 5;
  EXPECT_EQ(Judge(history, Trouble::kLost, FailureClass::kNone, kMiddle).next, JobState::kReady);
  history.attempt = 2;
  history.losses = 1;
  history.lost_resources = 2;
  const Verdict second = Judge(history, Trouble::kLost, FailureClass::kNone, kMiddle);
  EXPECT_EQ(second.next, JobState::kRetryWait);
  EXPECT_EQ(second.delay, absl::Seconds(2));
}

TEST(JudgeTest, ThreeLossesOnThreeResourcesArePoison) {
  JobHistory history;
  history.attempt = 3;
  history.losses = 2;
  history.lost_resources = 3;
  history.eligible = 5;
  const Verdict verdict = Judge(history, Trouble::kLost, FailureClass::kNone, kMiddle);
  EXPECT_EQ(verdict.next, JobState::kFailed);
  EXPECT_EQ(verdict.failure, FailureClass::kPoison);
}

TEST(JudgeTest, ThreeLossesOnOneResourceAreItsFaultWhileThereAreOthers) {
  JobHistory history;
  history.attempt = 3;
  history.losses = 2;
  history.lost_resources = 1;
  history.eligible = 3;
  EXPECT_EQ(Judge(history, Trouble::kLost, FailureClass::kNone, kMiddle).next, JobState::kRetryWait);
  history.eligible = 1;
  EXPECT_EQ(Judge(history, Trouble::kLost, FailureClass::kNone, kMiddle).failure, FailureClass::kPoison);
}

TEST(JudgeTest, AShortResourceIsAvoided) {
  const Verdict verdict = Judge({}, Trouble::kFailed, FailureClass::kResourceShort, kMiddle);
  EXPECT_EQ(verdict.next, JobState::kRetryWait);
  EXPECT_TRUE(verdict.avoid);
}

// Whatever happens, in whatever order, a job comes to its end.
TEST(JudgeTest, EverySequenceOfFailuresEnds) {
  for (int mask = 0; mask < 4 * 4 * 4 * 4 * 4; ++mask) {
    JobHistory history;
    history.eligible = 4;
    bool ended = false;
    for (int step = 0, code = mask; step < 5 && !ended; ++step, code /= 4) {
      history.attempt = step + 1;
      const Trouble trouble = code % 4 == 0 ? Trouble::kLost : code % 4 == 1 ? Trouble::kStalled : Trouble::kFailed;
      const Verdict verdict = Judge(history, trouble, code % 4 == 2 ? FailureClass::kMedia : FailureClass::kInfrastructure, 0.9);
      ASSERT_TRUE(MayMove(JobState::kRunning, verdict.next));
      history.losses = verdict.losses;
      history.media_failures = verdict.media_failures;
      ended = verdict.next == JobState::kFailed;
    }
    EXPECT_TRUE(ended) << mask;
  }
}

TEST(JudgeTest, ALiveIngestFailsForNoReasonAndIsReadyAtOnce) {
  JobHistory history;
  history.live = true;
  history.eligible = 1;
  for (int attempt = 1; attempt <= 1000; ++attempt) {
    history.attempt = attempt;
    for (const Trouble trouble : {Trouble::kFailed, Trouble::kLost, Trouble::kOverdue, Trouble::kStalled}) {
      for (const FailureClass failure : {FailureClass::kInfrastructure, FailureClass::kMedia, FailureClass::kRejectedInput}) {
        const Verdict verdict = Judge(history, trouble, failure, kMiddle);
        ASSERT_EQ(verdict.next, JobState::kReady);
        ASSERT_TRUE(verdict.avoid);
        history.losses = verdict.losses;
        history.lost_resources = verdict.losses;
      }
    }
  }
}

TEST(JudgeTest, ALiveIngestThatFailsWithinAMomentAgainAndAgainTakesABreath) {
  JobHistory history;
  history.live = true;
  history.ran = absl::Milliseconds(10);
  history.attempt = 3;
  EXPECT_EQ(Judge(history, Trouble::kFailed, FailureClass::kInfrastructure, kMiddle).next, JobState::kReady);
  history.attempt = 4;
  const Verdict verdict = Judge(history, Trouble::kFailed, FailureClass::kInfrastructure, kMiddle);
  EXPECT_EQ(verdict.next, JobState::kRetryWait);
  EXPECT_LE(verdict.delay, absl::Seconds(1));
  EXPECT_EQ(Judge(history, Trouble::kLost, FailureClass::kNone, kMiddle).next, JobState::kReady);
}

}  // namespace
}  // namespace lectern::api
