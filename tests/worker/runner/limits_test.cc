#include "worker/runner/limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/support/fake_clock.h"
#include "tests/worker/runner/fake_context.h"

namespace lectern::worker {
namespace {

using ::lectern::testing::FakeClock;
using ::testing::HasSubstr;
using testing::FakeContext;

constexpr RunLimits kLimits = {absl::Minutes(10), absl::Minutes(1)};

TEST(LimitedContextTest, StopsARunThatTakesTooLong) {
  FakeClock clock;
  FakeContext inner;
  LimitedContext context(inner, kLimits, clock);
  int stops = 0;
  context.OnStop([&] { ++stops; });
  for (int minute = 1; minute <= 10; ++minute) {
    clock.Advance(absl::Minutes(1));
    context.Progress(minute / 100.0);
    context.Check();
  }
  EXPECT_FALSE(context.ShouldStop());
  clock.Advance(absl::Seconds(1));
  context.Check();
  context.Check();
  EXPECT_TRUE(context.ShouldStop());
  EXPECT_FALSE(context.MayPublish());
  EXPECT_EQ(stops, 1);
  EXPECT_THAT(context.why(), HasSubstr("time limit of 10m"));
}

TEST(LimitedContextTest, StopsARunWhoseProgressDoesNotGrow) {
  FakeClock clock;
  FakeContext inner;
  LimitedContext context(inner, kLimits, clock);
  context.Progress(0.5);
  clock.Advance(absl::Seconds(50));
  context.Progress(0.5);
  clock.Advance(absl::Seconds(11));
  context.Check();
  EXPECT_THAT(context.why(), HasSubstr("no progress for 1m"));
  EXPECT_EQ(inner.progress(), std::vector<double>({0.5, 0.5}));
}

TEST(LimitedContextTest, DoesNotCallWaitingForTheLeaseAStall) {
  FakeClock clock;
  FakeContext inner;
  inner.may_publish = false;
  LimitedContext context(inner, kLimits, clock);
  for (int i = 0; i < 5; ++i) {
    clock.Advance(absl::Minutes(1.5));
    context.Check();
  }
  EXPECT_FALSE(context.ShouldStop());
  inner.may_publish = true;
  clock.Advance(absl::Seconds(59));
  context.Check();
  EXPECT_FALSE(context.ShouldStop());
}

TEST(LimitedContextTest, PassesOnThatTheJobWasCancelled) {
  FakeClock clock;
  FakeContext inner;
  LimitedContext context(inner, kLimits, clock);
  int stops = 0;
  context.OnStop([&] { ++stops; });
  inner.Stop();
  EXPECT_EQ(stops, 1);
  EXPECT_TRUE(context.ShouldStop());
  EXPECT_EQ(context.why(), "");
  context.OnStop([&] { ++stops; });
  EXPECT_EQ(stops, 2) << "at once where it is already so";
}

TEST(LimitedContextTest, CallsNothingOnceTheStepHasReturned) {
  FakeClock clock;
  FakeContext inner;
  int stops = 0;
  {
    LimitedContext context(inner, kLimits, clock);
    context.OnStop([&] { ++stops; });
    context.Close();
  }
  inner.Stop();
  EXPECT_EQ(stops, 0);
}

}  // namespace
}  // namespace lectern::worker
