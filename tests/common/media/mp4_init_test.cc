#include "common/media/mp4_init.h"

#include <gtest/gtest.h>

#include "common/media/aac.h"
#include "common/media/mp4_boxes.h"
#include "tests/support/status_matchers.h"

namespace lectern::media {
namespace {

TEST(Mp4InitTest, WritesAnAudioInitThatReadsBack) {
  std::string config = "\x12\x10";
  ASSERT_OK_AND_ASSIGN(AacConfig aac, ParseAacConfig(config));
  EXPECT_TRUE(aac.Playable());
  ASSERT_OK_AND_ASSIGN(TrackInit init, ParseInit(WriteAudioInit({config, aac.sample_rate, aac.channels})));
  EXPECT_EQ(init.timescale, 44100u);
  EXPECT_EQ(init.sample_rate, 44100);
  EXPECT_EQ(init.channels, 2);
  EXPECT_EQ(init.codecs, "mp4a.40.2");
  EXPECT_FALSE(init.video);
}

TEST(Mp4InitTest, WritesAVideoInitWithItsDelayInAnEditList) {
  std::string config("\x01\x64\x00\x1f\xff\xe0\x00", 7);
  std::string bytes = WriteVideoInit({config, 1280, 720, 90'000, 6300});
  ASSERT_OK_AND_ASSIGN(TrackInit init, ParseInit(bytes));
  EXPECT_TRUE(init.video);
  EXPECT_EQ(init.width, 1280);
  EXPECT_EQ(init.height, 720);
  EXPECT_EQ(init.timescale, 90'000u);
  EXPECT_EQ(init.codecs, "avc1.64001f");
  EXPECT_NE(bytes.find("elst"), std::string::npos);
  EXPECT_EQ(WriteVideoInit({config, 1280, 720, 90'000, 0}).find("elst"), std::string::npos);
}

TEST(AacTest, TellsWhatPlayersDoNotTake) {
  for (absl::string_view config : {"\x13\x90", "\x2b\x92\x08\x00", "\x11\xb0"}) {   // 22.05 kHz; HE-AAC; six channels
    ASSERT_OK_AND_ASSIGN(AacConfig aac, ParseAacConfig(config));
    EXPECT_FALSE(aac.Playable());
  }
  EXPECT_FALSE(ParseAacConfig("").ok());
  EXPECT_FALSE(ParseAacConfig("\x12").ok());
}

TEST(AacTest, SeesReplicationThatIsAnnouncedBehind) {
  std::string config("\x13\x90\x56\xe5\xa0", 5);
  ASSERT_OK_AND_ASSIGN(AacConfig aac, ParseAacConfig(config));
  EXPECT_TRUE(aac.spectral_replication);
}

}  // namespace
}  // namespace lectern::media
