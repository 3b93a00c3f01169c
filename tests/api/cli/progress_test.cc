#include "api/cli/progress.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/cli/fingerprint.h"
#include "api/cli/output.h"
#include "api/cli/tus_answer.h"
#include "common/base/file.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace lectern::cli {
namespace {

using lectern::testing::TempDir;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr uint64_t kMiB = 1 << 20;

TEST(BarTextTest, ShowsWhatIsAcknowledgedAndWhatIsOnlySent) {
  EXPECT_EQ(BarText(2 * kMiB, 5 * kMiB, 10 * kMiB, kMiB, 10), "[##>>>-----]  20 %  1.0 MiB/s  ETA 0:05");
}

TEST(BarTextTest, HidesTheTimeLeftUntilTheSpeedIsKnown) {
  EXPECT_THAT(BarText(0, 1, 10 * kMiB, 0, 10), Not(HasSubstr("ETA")));
}

TEST(BarTextTest, SaysVerifyingInsteadOfAFrozenEnd) {
  EXPECT_THAT(BarText(9 * kMiB, 10 * kMiB, 10 * kMiB, kMiB, 10), EndsWith("verifying"));
  EXPECT_EQ(BarText(10, 10, 10, 0, 4), "[####] 100 %  verifying");
}

TEST(SpeedTest, FollowsTheLastTenSeconds) {
  Speed speed;
  speed.Sample(0, absl::ZeroDuration());
  for (int second = 1; second <= 60; ++second) speed.Sample(second * kMiB, absl::Seconds(second));
  EXPECT_NEAR(speed.bytes_per_second(), kMiB, 1);
  for (int second = 61; second <= 120; ++second)
    speed.Sample(60 * kMiB + (second - 60) * 4 * kMiB, absl::Seconds(second));
  EXPECT_NEAR(speed.bytes_per_second(), 4 * kMiB, 0.1 * kMiB);
}

TEST(SpeedTest, SurvivesAnUploadThatGoesBack) {
  Speed speed;
  speed.Sample(0, absl::ZeroDuration());
  speed.Sample(10 * kMiB, absl::Seconds(1));
  const double before = speed.bytes_per_second();
  speed.Sample(5 * kMiB, absl::Seconds(2));
  EXPECT_EQ(speed.bytes_per_second(), before);
}

TEST(OutputTest, WritesBytesAndTimesForPeople) {
  EXPECT_EQ(BytesText(17), "17 B");
  EXPECT_EQ(BytesText(1536), "1.5 KiB");
  EXPECT_EQ(BytesText(23.4 * kMiB), "23 MiB");
  EXPECT_EQ(AgeText(12), "12 s");
  EXPECT_EQ(AgeText(90061), "1 d 1 h");
  EXPECT_EQ(ClockText(62), "1:02");
  EXPECT_EQ(ClockText(3723), "1:02:03");
}

TEST(TusAnswerTest, SortsAnswersByWhatHelps) {
  EXPECT_EQ(ActionFor(204, false), TusAction::kContinue);
  EXPECT_EQ(ActionFor(404, true), TusAction::kCreate);
  for (int status : {409, 423, 408, 429, 500, 502, 503, 504})
    EXPECT_EQ(ActionFor(status, false), TusAction::kResync) << status;
  for (int status : {401, 403}) EXPECT_EQ(ActionFor(status, false), TusAction::kNewToken) << status;
  for (int status : {400, 410, 413, 415, 507}) EXPECT_EQ(ActionFor(status, false), TusAction::kGiveUp) << status;
  EXPECT_EQ(ActionFor(460, false), TusAction::kResendOnce);
}

TEST(BackOffTest, GrowsUpToItsLimit) {
  const absl::Duration base = absl::Milliseconds(500);
  EXPECT_EQ(BackOff(base, 0, 0), absl::Milliseconds(100));
  EXPECT_EQ(BackOff(base, 3, 0.5), absl::Seconds(2));
  EXPECT_LE(BackOff(base, 1000, 0.999), absl::Seconds(30));
}

TEST(FingerprintTest, SeesChangesInTheSizeAndInTheFirstMiddleAndLastMiB) {
  TempDir dir;
  std::string content(10 * kMiB, 'x');
  const auto digest = [&](const std::string& bytes) {
    EXPECT_OK(WriteFileAtomically(dir / "f", bytes));
    Fd fd(open((dir / "f").c_str(), O_RDONLY | O_CLOEXEC));
    return Fingerprint(fd.get(), bytes.size()).value();
  };
  const std::string before = digest(content);
  EXPECT_EQ(before.size(), 64u);
  EXPECT_EQ(digest(content), before);
  EXPECT_NE(digest(content + "x"), before);
  for (size_t at : {size_t{0}, 5 * kMiB, 10 * kMiB - 1}) {
    std::string changed = content;
    changed[at] = 'y';
    EXPECT_NE(digest(changed), before) << at;
  }
  EXPECT_NE(digest("a"), digest("b"));
}

TEST(FingerprintTest, RefusesAFileThatBecameShorter) {
  TempDir dir;
  ASSERT_OK(WriteFileAtomically(dir / "f", "abc"));
  Fd fd(open((dir / "f").c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_FALSE(Fingerprint(fd.get(), 10).ok());
}

}  // namespace
}  // namespace lectern::cli
