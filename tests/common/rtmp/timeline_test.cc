#include "common/rtmp/timeline.h"

#include <gtest/gtest.h>

namespace lectern::rtmp {
namespace {

TEST(TimelineTest, ItFollowsThePublisherAndNotTheClock) {
  Timeline timeline;
  EXPECT_EQ(timeline.Map(500, 10'000).ms, 10'000);
  // The network is uneven; the publisher's steps are exact.
  EXPECT_EQ(timeline.Map(540, 10'300).ms, 10'040);
  EXPECT_EQ(timeline.Map(580, 10'301).ms, 10'080);
  EXPECT_EQ(timeline.Map(560, 10'302).ms, 10'060);   // sound between pictures
  EXPECT_FALSE(timeline.Map(620, 10'340).jumped);
  EXPECT_EQ(timeline.last_ms(), 10'120);
}

TEST(TimelineTest, AStallOfTheNetworkIsNoJump) {
  Timeline timeline;
  timeline.Map(0, 0);
  auto after = timeline.Map(40, 30'000);
  EXPECT_FALSE(after.jumped);
  EXPECT_EQ(after.ms, 40);
  for (int64_t raw = 80; raw < 30'000; raw += 40) ASSERT_FALSE(timeline.Map(raw, 30'010).jumped) << raw;
  EXPECT_EQ(timeline.last_ms(), 29'960);
}

TEST(TimelineTest, APauseOfThePublisherIsNoJump) {
  Timeline timeline;
  timeline.Map(0, 0);
  auto after = timeline.Map(60'000, 60'020);
  EXPECT_FALSE(after.jumped);
  EXPECT_EQ(after.ms, 60'000);
}

TEST(TimelineTest, AJumpBackGoesOnWithTheClock) {
  Timeline timeline;
  timeline.Map(1'000'000, 50'000);
  auto after = timeline.Map(3, 50'040);
  EXPECT_TRUE(after.jumped);
  EXPECT_EQ(after.ms, 50'040);
  EXPECT_EQ(timeline.Map(43, 50'080).ms, 50'080);
}

TEST(TimelineTest, AJumpAheadGoesOnWithTheClock) {
  Timeline timeline;
  timeline.Map(0, 50'000);
  auto after = timeline.Map(3'600'000, 50'040);
  EXPECT_TRUE(after.jumped);
  EXPECT_EQ(after.ms, 50'040);
}

TEST(TimelineTest, ManySmallStepsBackAreAJump) {
  Timeline timeline;
  int64_t raw = 100'000;
  timeline.Map(raw, 0);
  bool jumped = false;
  for (int i = 0; i < 10; ++i) jumped |= timeline.Map(raw -= 100, 0).jumped;
  EXPECT_TRUE(jumped);
  EXPECT_GE(timeline.last_ms(), 0);
}

TEST(TimelineTest, ANewConnectionBeginsByTheClockAndNeverBefore) {
  Timeline timeline;
  timeline.Map(0, 10'000);
  timeline.Map(5'000, 15'000);
  timeline.Restart();
  auto later = timeline.Map(7, 25'000);
  EXPECT_TRUE(later.jumped);
  EXPECT_EQ(later.ms, 25'000);
  timeline.Restart();
  EXPECT_EQ(timeline.Map(9, 20'000).ms, 25'000);   // a clock that was set back
  Timeline resumed(40'000);
  EXPECT_EQ(resumed.Map(0, 39'000).ms, 40'000);
}

TEST(TimelineTest, TimesBeyondThirtyTwoBitsGoOn) {
  Timeline timeline;
  int64_t wrap = int64_t{1} << 32;
  timeline.Map(wrap - 20, 0);
  auto after = timeline.Map(wrap + 20, 40);
  EXPECT_FALSE(after.jumped);
  EXPECT_EQ(after.ms, 40);
}

}  // namespace
}  // namespace lectern::rtmp
