#include "worker/ingest/replay_filter.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace lectern::worker {
namespace {

rtmp::MediaMessage Message(rtmp::MediaMessage::Kind kind, int64_t ms, const std::string& payload) {
  return {kind, ms, std::make_shared<const std::string>(payload)};
}
rtmp::MediaMessage Key(int64_t ms) { return Message(rtmp::MediaMessage::kVideo, ms, std::string("\x17\x01\0\0\0k", 6)); }
rtmp::MediaMessage Inter(int64_t ms) { return Message(rtmp::MediaMessage::kVideo, ms, std::string("\x27\x01\0\0\0i", 6)); }
rtmp::MediaMessage Header(int64_t ms) { return Message(rtmp::MediaMessage::kVideo, ms, std::string("\x17\0\0\0\0h", 6)); }
rtmp::MediaMessage Sound(int64_t ms) { return Message(rtmp::MediaMessage::kAudio, ms, "\xaf\x01s"); }

TEST(ReplayFilterTest, BeginsWithAKeyFrame) {
  ReplayFilter filter;
  EXPECT_TRUE(filter.Take(Header(0)));
  EXPECT_FALSE(filter.Take(Inter(0)));
  EXPECT_TRUE(filter.Take(Sound(10)));
  EXPECT_TRUE(filter.Take(Key(40)));
  EXPECT_TRUE(filter.Take(Inter(80)));
}

TEST(ReplayFilterTest, TakesEverythingWithinAConnectionAlsoWhereTimesAreEqual) {
  ReplayFilter filter;
  EXPECT_TRUE(filter.Take(Key(40)));
  EXPECT_TRUE(filter.Take(Inter(40)));
  EXPECT_TRUE(filter.Take(Inter(39)));
  EXPECT_TRUE(filter.Take(Sound(40)));
  EXPECT_TRUE(filter.Take(Sound(40)));
}

TEST(ReplayFilterTest, GoesOnWhereTheOlderConnectionStopped) {
  ReplayFilter filter;
  for (int64_t ms : {0, 1000}) EXPECT_TRUE(filter.Take(Key(ms)));
  EXPECT_TRUE(filter.Take(Inter(1040)));
  EXPECT_TRUE(filter.Take(Sound(1020)));
  filter.Restart();
  EXPECT_TRUE(filter.Take(Header(1000)));
  EXPECT_FALSE(filter.Take(Key(1000)));
  EXPECT_FALSE(filter.Take(Sound(1020)));
  EXPECT_FALSE(filter.Take(Inter(1040)));
  EXPECT_TRUE(filter.Take(Inter(1080))) << "it follows on what is there";
  EXPECT_TRUE(filter.Take(Sound(1041)));
}

TEST(ReplayFilterTest, WaitsForAKeyFrameBehindAHole) {
  ReplayFilter filter;
  EXPECT_TRUE(filter.Take(Key(0)));
  filter.Restart();
  EXPECT_FALSE(filter.Take(Inter(5000)));
  EXPECT_FALSE(filter.Take(Inter(5040)));
  EXPECT_TRUE(filter.Take(Key(5080)));
  EXPECT_TRUE(filter.Take(Inter(5120)));
}

}  // namespace
}  // namespace lectern::worker
