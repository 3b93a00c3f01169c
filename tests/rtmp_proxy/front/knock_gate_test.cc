#include "rtmp_proxy/front/knock_gate.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/support/fake_clock.h"

namespace lectern::proxy {
namespace {

using Verdict = KnockGate::Verdict;

class KnockGateTest : public ::testing::Test {
 protected:
  // 200 different guesses a second.
  int Flood(const std::string& peer, int seconds) {
    int asked = 0;
    for (int i = 0; i < 200 * seconds; ++i) {
      if (gate_.Look(absl::StrCat("guess ", ++guesses_), peer, false) == Verdict::kAsk) ++asked;
      clock_.Advance(absl::Milliseconds(5));
    }
    return asked;
  }

  testing::FakeClock clock_;
  KnockGate gate_{clock_};
  int guesses_ = 0;
};

TEST_F(KnockGateTest, AWrongTokenIsNotAskedAboutForTenSeconds) {
  EXPECT_EQ(gate_.Look("h", "192.0.2.1", false), Verdict::kAsk);
  gate_.Wrong("h");
  EXPECT_EQ(gate_.Look("h", "192.0.2.1", false), Verdict::kWrong);
  EXPECT_EQ(gate_.Look("h", "192.0.2.1", true), Verdict::kWrong);
  clock_.Advance(absl::Seconds(11));
  EXPECT_EQ(gate_.Look("h", "192.0.2.1", false), Verdict::kAsk);
}

TEST_F(KnockGateTest, AFloodFromOneAddressReachesTheApiSlowly) {
  EXPECT_LE(Flood("192.0.2.1", 10), 10 * KnockGate::kAsksPerSecondAndAddress + KnockGate::kAsksPerSecondAndAddress);
}

TEST_F(KnockGateTest, AFloodFromManyAddressesIsBoundedToo) {
  int asked = 0;
  for (int i = 0; i < 2000; ++i) {
    if (gate_.Look(absl::StrCat(i), absl::StrCat("192.0.2.", i % 250), false) == Verdict::kAsk) ++asked;
    clock_.Advance(absl::Milliseconds(5));
  }
  EXPECT_LE(asked, 11 * KnockGate::kAsksPerSecond);
}

TEST_F(KnockGateTest, KnownTokensPassInAFloodFromTheirOwnAddress) {
  Flood("192.0.2.1", 5);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(gate_.Look("good", "192.0.2.1", true), Verdict::kAsk);
}

TEST_F(KnockGateTest, ANewTokenFromAnotherAddressPassesInAFlood) {
  Flood("192.0.2.1", 5);
  EXPECT_EQ(gate_.Look("new", "192.0.2.2", false), Verdict::kAsk);
}

TEST_F(KnockGateTest, ANewTokenFromTheAddressOfAFloodPassesWhenItComesAgain) {
  Flood("192.0.2.1", 5);
  if (gate_.Look("new", "192.0.2.1", false) == Verdict::kAsk) return;
  Flood("192.0.2.1", 2);
  EXPECT_EQ(gate_.Look("new", "192.0.2.1", false), Verdict::kAsk);
}

TEST_F(KnockGateTest, ANetworkOfIpv6CountsAsOneAddress) {
  int asked = 0;
  for (int i = 0; i < 200; ++i) {
    if (gate_.Look(absl::StrCat(i), absl::StrCat("2001:db8::", absl::Hex(i)), false) == Verdict::kAsk) ++asked;
  }
  EXPECT_EQ(asked, KnockGate::kAsksPerSecondAndAddress);
}

}  // namespace
}  // namespace lectern::proxy
