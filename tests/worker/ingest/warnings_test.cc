#include "worker/ingest/warnings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lectern::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// A lecture as it should be.
StreamHealth Good() {
  StreamHealth health{.view = "comb", .receiving = absl::Minutes(1)};
  health.facts.video_codec = "h264";
  health.facts.width = 1920;
  health.facts.height = 1080;
  health.facts.frame_rate = 30;
  health.facts.keyframe_interval_seconds = 2;
  health.facts.video_bitrate_bps = 2'500'000;
  health.facts.audio_codec = "aac";
  return health;
}

std::vector<std::string> Codes(const StreamHealth& health) {
  std::vector<std::string> codes;
  for (const Warning& warning : WarningsFor(health)) codes.push_back(warning.code);
  return codes;
}

TEST(WarningsTest, SayNothingOfAGoodStream) { EXPECT_THAT(Codes(Good()), IsEmpty()); }

TEST(WarningsTest, SayNothingOfTheMediaBeforeTracksHaveAnnouncedThemselves) {
  StreamHealth health{.view = "comb", .receiving = absl::Seconds(2)};
  EXPECT_THAT(Codes(health), IsEmpty());
  health.receiving = absl::ZeroDuration();
  EXPECT_THAT(Codes(health), IsEmpty());
}

TEST(WarningsTest, NameTheSettingOfALongKeyFrameInterval) {
  StreamHealth health = Good();
  health.facts.keyframe_interval_seconds = 8.33;
  std::vector<Warning> warnings = WarningsFor(health);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0].code, "KEYFRAME_INTERVAL");
  EXPECT_THAT(warnings[0].message, HasSubstr("every 8.3 s"));
  EXPECT_THAT(warnings[0].message, HasSubstr("OBS: Settings > Output > Keyframe Interval = 2 s"));
  health.hall = true;
  EXPECT_THAT(WarningsFor(health)[0].message, Not(HasSubstr("OBS")));
  health.facts.keyframe_interval_seconds = 4;
  EXPECT_THAT(Codes(health), IsEmpty());
}

TEST(WarningsTest, MissPictureAndSound) {
  StreamHealth health = Good();
  health.facts.audio_codec.clear();
  EXPECT_THAT(Codes(health), ElementsAre("NO_AUDIO"));
  health = Good();
  health.facts.video_codec.clear();
  health.facts.video_bitrate_bps = 0;
  EXPECT_THAT(Codes(health), ElementsAre("NO_VIDEO"));
}

TEST(WarningsTest, NameACodecThatCannotBeShown) {
  StreamHealth health = Good();
  health.facts.video_codec = "hevc";
  EXPECT_THAT(Codes(health), ElementsAre("CODEC"));
  EXPECT_THAT(WarningsFor(health)[0].message, HasSubstr("HEVC"));
}

TEST(WarningsTest, FindTooHighAndTooLowBitrates) {
  StreamHealth health = Good();
  health.facts.video_bitrate_bps = 12'000'000;
  EXPECT_THAT(Codes(health), ElementsAre("BITRATE_HIGH"));
  health.facts.height = 2160;
  EXPECT_THAT(Codes(health), IsEmpty());
  health = Good();
  health.facts.video_bitrate_bps = 80'000;
  EXPECT_THAT(Codes(health), IsEmpty()) << "slides need no more";
  health.view = "cam";
  EXPECT_THAT(Codes(health), ElementsAre("BITRATE_LOW"));
}

TEST(WarningsTest, CountNoPaddingAsPicture) {
  StreamHealth health = Good();
  health.facts.video_bitrate_bps = 12'000'000;
  health.facts.padding_bitrate_bps = 11'000'000;
  EXPECT_THAT(Codes(health), ElementsAre("PADDING"));
  EXPECT_THAT(WarningsFor(health)[0].message, HasSubstr("Rate Control"));
}

TEST(WarningsTest, HearSilenceAndSeeBlackOnlyWhenTheyLast) {
  StreamHealth health = Good();
  health.silent = health.black = absl::Seconds(10);
  EXPECT_THAT(Codes(health), IsEmpty());
  health.silent = health.black = absl::Seconds(40);
  EXPECT_THAT(Codes(health), ElementsAre("BLACK_PICTURE", "SILENCE"));
}

TEST(WarningsTest, TellOfTroublesBehindTheEncoderAlsoWhileNothingComesIn) {
  StreamHealth health = Good();
  health.receiving = absl::ZeroDuration();
  health.backlog = absl::Seconds(9);
  health.since_late_rendition = absl::Seconds(3);
  health.since_jump = absl::Seconds(3);
  EXPECT_THAT(Codes(health), ElementsAre("TIMESTAMPS", "SLOW_ENCODER", "STORAGE_SLOW"));
  health.since_late_rendition = health.since_jump = absl::Minutes(1);
  EXPECT_THAT(Codes(health), ElementsAre("STORAGE_SLOW"));
}

}  // namespace
}  // namespace lectern::worker
