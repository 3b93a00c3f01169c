#include "common/media/mp4_boxes.h"

#include "tests/support/status_matchers.h"

namespace lectern::media {
namespace {

using testing::StatusIs;

TrackInit Track() {
  TrackInit init;
  init.track_id = 1;
  init.video = true;
  init.timescale = 90000;
  return init;
}

Fragment TwoFrames(const std::string& data) {
  Fragment fragment;
  fragment.decode_time = int64_t{5} << 32;
  fragment.samples = {{3600, 3, 7200, true}, {3600, 4, -3600, false}};
  fragment.data = data;
  return fragment;
}

TEST(Mp4BoxesTest, AFragmentIsReadAsItWasWritten) {
  std::string data = "abcdefg", bytes = WriteFragment(9, Track(), TwoFrames(data));
  ASSERT_OK_AND_ASSIGN(std::vector<Fragment> read, ParseSegment(bytes, Track()));
  ASSERT_EQ(read.size(), 1u);
  EXPECT_EQ(read[0].decode_time, int64_t{5} << 32);
  EXPECT_EQ(read[0].DurationTicks(), 7200);
  EXPECT_EQ(read[0].data, data);
  ASSERT_EQ(read[0].samples.size(), 2u);
  EXPECT_TRUE(read[0].samples[0].sync);
  EXPECT_FALSE(read[0].samples[1].sync);
  EXPECT_EQ(read[0].samples[0].composition_offset, 7200);
  EXPECT_EQ(read[0].samples[1].composition_offset, -3600);
}

TEST(Mp4BoxesTest, NoPrefixOfASegmentIsAccepted) {
  std::string bytes = WriteFragment(1, Track(), TwoFrames("abcdefg"));
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(ParseSegment(absl::string_view(bytes).substr(0, length), Track()).ok()) << length;
  }
}

// Hostile input: whatever single byte is changed, reading ends, within bounds (the sanitizer build sees to that).
TEST(Mp4BoxesTest, ChangedBytesNeverLeadOutOfBounds) {
  const std::string bytes = WriteFragment(1, Track(), TwoFrames("abcdefg"));
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (int value : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
      std::string changed = bytes;
      changed[at] = static_cast<char>(value);
      ParseSegment(changed, Track()).status().IgnoreError();
      ParseInit(changed).status().IgnoreError();
      WithEditList(changed, 1).status().IgnoreError();
    }
  }
}

TEST(Mp4BoxesTest, LengthsThatCannotBeAreRefused) {
  EXPECT_THAT(BoxLength(absl::string_view("\0\0\0\7moof", 8)), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(BoxLength(absl::string_view("\0\0\0\0moof", 8)), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(*BoxLength("abc"), 0u);
  EXPECT_EQ(*BoxLength(absl::string_view("\0\0\1\0moof", 8)), 256u);
}

TEST(Mp4BoxesTest, AFragmentOfAnotherTrackIsRefused) {
  TrackInit other = Track();
  other.track_id = 2;
  EXPECT_FALSE(ParseSegment(WriteFragment(1, Track(), TwoFrames("abcdefg")), other).ok());
}

}  // namespace
}  // namespace lectern::media
