#include "worker/runner/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace lectern::worker {
namespace {

using ::lectern::testing::FakeClock;
using ::testing::HasSubstr;

TEST(HealthTest, TestsItselfOnceWhereThatPasses) {
  FakeClock clock;
  int tests = 0;
  Health health({[&] { return ++tests, absl::OkStatus(); }, [] { return 1000; }}, 100, clock);
  EXPECT_TRUE(health.Check().fit);
  clock.Advance(absl::Hours(1));
  EXPECT_TRUE(health.Check().fit);
  EXPECT_EQ(tests, 1);
}

TEST(HealthTest, TakesNoWorkWhileTheSelfTestFailsAndTriesAgain) {
  FakeClock clock;
  absl::Status answer = absl::InternalError("no libx264");
  int tests = 0;
  Health health({[&] { return ++tests, answer; }, [] { return 1000; }}, 100, clock);
  Fitness fitness = health.Check();
  EXPECT_FALSE(fitness.fit);
  EXPECT_THAT(fitness.reason, HasSubstr("no libx264"));
  answer = absl::OkStatus();
  clock.Advance(absl::Seconds(59));
  EXPECT_FALSE(health.Check().fit);
  EXPECT_EQ(tests, 1);
  clock.Advance(absl::Seconds(1));
  EXPECT_TRUE(health.Check().fit);
}

TEST(HealthTest, TakesNoWorkWithALowDiskUntilThereIsClearlyMore) {
  FakeClock clock;
  int64_t free = 100;
  Health health({[] { return absl::OkStatus(); }, [&] { return free; }}, 100, clock);
  EXPECT_TRUE(health.Check().fit);
  free = 99;
  EXPECT_FALSE(health.Check().fit);
  EXPECT_THAT(health.Check().reason, HasSubstr("disk nearly full"));
  free = 124;
  EXPECT_FALSE(health.Check().fit);
  free = 125;
  EXPECT_TRUE(health.Check().fit);
}

}  // namespace
}  // namespace lectern::worker
