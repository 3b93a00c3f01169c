#include "common/media/h264.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "tests/support/status_matchers.h"

namespace lectern::media {
namespace {

// x264, High, level 3.1, 1280x720; and 1920x1080, which is 1088 lines with cropping.
const std::string k720 = absl::HexStringToBytes("6764001facd9405005bb016a020202800000030080000001e478c18cb0");
const std::string k1080 = absl::HexStringToBytes("67640028acd940780227e5c05a808080a0000003002000000781e30632c0");

std::string Record(const std::string& sps, int length_bits = 3) {
  std::string record = {1, sps[1], sps[2], sps[3], static_cast<char>(0xfc | length_bits), static_cast<char>(0xe1)};
  record += {static_cast<char>(sps.size() >> 8), static_cast<char>(sps.size())};
  return record + sps + std::string("\1\0\4\x68\xeb\xe3\xcb", 7);
}

std::string Nal(int type, size_t size) {
  std::string nal = {0, 0, static_cast<char>(size >> 8), static_cast<char>(size), static_cast<char>(type)};
  return nal + std::string(size - 1, 'x');
}

TEST(H264Test, ReadsSizeWithCropping) {
  ASSERT_OK_AND_ASSIGN(H264Sps small, ParseSps(k720));
  EXPECT_EQ(small.width, 1280);
  EXPECT_EQ(small.height, 720);
  EXPECT_EQ(small.profile, 100);
  EXPECT_EQ(small.level, 31);
  EXPECT_TRUE(small.progressive);
  ASSERT_OK_AND_ASSIGN(H264Sps large, ParseSps(k1080));
  EXPECT_EQ(large.width, 1920);
  EXPECT_EQ(large.height, 1080);
}

TEST(H264Test, ReadsADecoderConfiguration) {
  ASSERT_OK_AND_ASSIGN(AvcConfig config, ParseAvcConfig(Record(k720)));
  EXPECT_EQ(config.codecs, "avc1.64001f");
  EXPECT_EQ(config.length_size, 4);
  EXPECT_EQ(config.sps.height, 720);
  EXPECT_FALSE(ParseAvcConfig(Record(k720, 2)).ok());
}

TEST(H264Test, RefusesEveryConfigurationThatIsCutOffBeforeItsSize) {
  std::string record = Record(k720);
  for (size_t size = 0; size < 18; ++size) EXPECT_FALSE(ParseAvcConfig(absl::string_view(record).substr(0, size)).ok()) << size;
}

TEST(H264Test, CountsAndTakesOutPadding) {
  std::string unit = Nal(9, 2) + Nal(12, 500) + Nal(5, 40) + Nal(12, 3);
  ASSERT_OK_AND_ASSIGN(NalSurvey survey, SurveyNals(unit, 4));
  EXPECT_TRUE(survey.idr);
  EXPECT_TRUE(survey.picture);
  EXPECT_EQ(survey.padding_bytes, 504u + 7u);
  std::string stripped;
  AppendWithoutPadding(unit, 4, stripped);
  EXPECT_EQ(stripped, Nal(9, 2) + Nal(5, 40));
}

TEST(H264Test, RefusesNalUnitsThatDoNotAddUp) {
  std::string unit = Nal(1, 20);
  EXPECT_FALSE(SurveyNals(unit.substr(0, unit.size() - 1), 4).ok());
  EXPECT_FALSE(SurveyNals(unit + "abc", 4).ok());
  EXPECT_FALSE(SurveyNals(std::string("\xff\xff\xff\xff\x65", 5), 4).ok());
}

}  // namespace
}  // namespace lectern::media
