#include "common/link/lease.h"

#include <gtest/gtest.h>

#include "common/link/backoff.h"
#include "tests/support/fake_clock.h"

namespace lectern::link {
namespace {

using ::lectern::testing::FakeClock;

TEST(LeaseTest, IsNotAliveBeforeTheFirstRenewal) {
  FakeClock clock;
  EXPECT_FALSE(Lease(clock).Alive());
}

TEST(LeaseTest, CountsFromWhenTheBeatWasSent) {
  FakeClock clock;
  Lease lease(clock);
  absl::Duration sent = clock.Steady();
  clock.Advance(absl::Seconds(4));
  lease.Extend(sent, absl::Seconds(10));
  clock.Advance(absl::Seconds(6) - absl::Nanoseconds(1));
  EXPECT_TRUE(lease.Alive());
  clock.Advance(absl::Nanoseconds(1));
  EXPECT_FALSE(lease.Alive());
}

TEST(LeaseTest, IsNotShortenedByALateOlderRenewal) {
  FakeClock clock;
  Lease lease(clock);
  lease.Extend(clock.Steady() + absl::Seconds(2), absl::Seconds(10));
  lease.Extend(clock.Steady(), absl::Seconds(10));
  clock.Advance(absl::Seconds(11));
  EXPECT_TRUE(lease.Alive());
}

TEST(LeaseTest, DoesNotFollowAWallClockThatIsSet) {
  FakeClock clock;
  Lease lease(clock);
  lease.Extend(clock.Steady(), absl::Seconds(10));
  clock.Jump(absl::Hours(1));
  EXPECT_TRUE(lease.Alive());
}

TEST(LeaseTest, EndsAtOnceWhenTold) {
  FakeClock clock;
  Lease lease(clock);
  lease.Extend(clock.Steady(), absl::Seconds(10));
  lease.End();
  EXPECT_FALSE(lease.Alive());
}

TEST(BackoffTest, DoublesToItsCapWithJitterAndStartsAnew) {
  Backoff backoff(absl::Milliseconds(100), absl::Seconds(5));
  for (absl::Duration most : {absl::Milliseconds(100), absl::Milliseconds(200), absl::Milliseconds(400)}) {
    absl::Duration wait = backoff.Next();
    EXPECT_LE(wait, most);
    EXPECT_GE(wait, most / 2);
  }
  for (int i = 0; i < 20; ++i) EXPECT_LE(backoff.Next(), absl::Seconds(5));
  EXPECT_GE(backoff.Next(), absl::Seconds(2.5));
  backoff.Reset();
  EXPECT_LE(backoff.Next(), absl::Milliseconds(100));
}

}  // namespace
}  // namespace lectern::link
