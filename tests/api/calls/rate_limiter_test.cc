#include "api/calls/rate_limiter.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/support/fake_clock.h"

namespace lectern::api {
namespace {

TEST(RateLimiterTest, LetsABurstThroughAndThenAskForPatience) {
  testing::FakeClock clock;
  RateLimiter limiter(2, 3, clock);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limiter.Take("a"), absl::ZeroDuration());
  EXPECT_EQ(limiter.Take("a"), absl::Milliseconds(500));
}

TEST(RateLimiterTest, FillsUpWithTimeButNotBeyondTheBurst) {
  testing::FakeClock clock;
  RateLimiter limiter(2, 3, clock);
  for (int i = 0; i < 3; ++i) limiter.Take("a");
  clock.Advance(absl::Milliseconds(500));
  EXPECT_EQ(limiter.Take("a"), absl::ZeroDuration());
  EXPECT_GT(limiter.Take("a"), absl::ZeroDuration());
  clock.Advance(absl::Hours(1));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limiter.Take("a"), absl::ZeroDuration());
  EXPECT_GT(limiter.Take("a"), absl::ZeroDuration());
}

TEST(RateLimiterTest, CallersDoNotShareTheirBuckets) {
  testing::FakeClock clock;
  RateLimiter limiter(1, 1, clock);
  EXPECT_EQ(limiter.Take("a"), absl::ZeroDuration());
  EXPECT_EQ(limiter.Take("b"), absl::ZeroDuration());
  EXPECT_GT(limiter.Take("a"), absl::ZeroDuration());
}

TEST(NetworkTest, AnAddressOfIpv6CountsWithItsNetwork) {
  EXPECT_EQ(NetworkOf("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(NetworkOf("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  EXPECT_EQ(NetworkOf("2001:db8:1:2::9"), "2001:db8:1:2::/64");
  EXPECT_NE(NetworkOf("2001:db8:1:3::9"), NetworkOf("2001:db8:1:2::9"));
  // Where a socket takes both: else all of IPv4 were one network.
  EXPECT_EQ(NetworkOf("::ffff:192.0.2.1"), "192.0.2.1");
  for (const char* other : {"", "unknown", "fe80::1%eth0"}) EXPECT_EQ(NetworkOf(other), other);
}

TEST(RateLimiterTest, ForgetsCallersThatHaveBeenQuiet) {
  testing::FakeClock clock;
  RateLimiter limiter(1, 1, clock);
  for (int i = 0; i < 10'000; ++i) limiter.Take(absl::StrCat("peer/", i));
  clock.Advance(absl::Seconds(2));
  limiter.Take("new");
  EXPECT_EQ(limiter.size(), 1u);
}

TEST(RateLimiterTest, ZeroMeansNoLimit) {
  testing::FakeClock clock;
  RateLimiter limiter(0, 1, clock);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(limiter.Take("a"), absl::ZeroDuration());
}

}  // namespace
}  // namespace lectern::api
