#include "common/media/hls_playlist.h"

#include "tests/support/status_matchers.h"

namespace lectern::media {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::StatusIs;

TEST(MediaPlaylistTest, IsWrittenAndReadBack) {
  MediaPlaylist playlist{"init.mp4", {{"seg-00001.m4s", 6.006}, {"seg-00002.m4s", 3.5}}, true};
  std::string text = WriteMediaPlaylist(playlist);
  EXPECT_EQ(
      text,
      "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:6\n#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-PLAYLIST-TYPE:VOD\n"
      "#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP:URI=\"init.mp4\"\n#EXTINF:6.006000,\nseg-00001.m4s\n#EXTINF:3.500000,\n"
      "seg-00002.m4s\n#EXT-X-ENDLIST\n");
  ASSERT_OK_AND_ASSIGN(MediaPlaylist read, ParseMediaPlaylist(text));
  EXPECT_EQ(read.map_uri, "init.mp4");
  EXPECT_TRUE(read.ended);
  ASSERT_EQ(read.segments.size(), 2u);
  EXPECT_NEAR(read.DurationSeconds(), 9.506, 1e-9);
}

TEST(MediaPlaylistTest, BrokenOnesAreRefused) {
  for (const char* text :
       {"", "#EXTINF:6,\na\n", "#EXTM3U\n#EXTINF:6,\na\n", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:6,\na\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:6\na\n", "#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:x,\na\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n", "#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:-1,\na\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXT-X-MAP:URI=\"i\"\n#EXTINF:6,\na\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXT-X-ENDLIST\n#EXTINF:6,\na\n"}) {
    SCOPED_TRACE(text);
    EXPECT_THAT(ParseMediaPlaylist(text), StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

TEST(MediaPlaylistTest, ALiveOneIsWrittenPieceByPieceAndReadBack) {
  MediaPlaylist head;
  head.ended = false;
  head.media_sequence = 0;
  head.target_seconds = 2;
  head.skip_seconds = 60;
  head.skipped = 4;
  std::string text = WriteLiveHead(head);
  AppendLiveSegment({.uri = "gap.m4s", .duration_seconds = 2, .gap = true, .date_ms = 1'700'000'000'000}, text);
  AppendLiveSegment({.uri = "a.m4s", .duration_seconds = 2, .discontinuity = true, .date_ms = 1'700'000'002'250, .map_uri = "i.mp4"},
                    text);
  AppendLiveSegment({.uri = "b.m4s", .duration_seconds = 1.5, .map_uri = "j.mp4"}, text);
  ASSERT_OK_AND_ASSIGN(MediaPlaylist read, ParseMediaPlaylist(text));
  EXPECT_FALSE(read.ended);
  EXPECT_EQ(read.media_sequence, 0);
  EXPECT_EQ(read.target_seconds, 2);
  EXPECT_EQ(read.skip_seconds, 60);
  EXPECT_EQ(read.skipped, 4);
  ASSERT_EQ(read.segments.size(), 3u);
  EXPECT_TRUE(read.segments[0].gap);
  EXPECT_FALSE(read.segments[1].gap);
  EXPECT_TRUE(read.segments[1].discontinuity);
  EXPECT_EQ(read.segments[1].date_ms, 1'700'000'002'250);
  EXPECT_EQ(read.map_uri, "i.mp4");
  EXPECT_EQ(read.segments[1].map_uri, "");
  EXPECT_EQ(read.segments[2].map_uri, "j.mp4");
  EXPECT_EQ(read.segments[2].date_ms, -1);
}

TEST(MediaPlaylistTest, WhatALiveOneMustNotSayIsRefused) {
  const std::string head = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n";
  for (const char* text : {"#EXT-X-VERSION:7\n#EXT-X-GAP\n#EXTINF:2,\na\n", "#EXT-X-VERSION:8\n#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n",
                           "#EXT-X-VERSION:9\n#EXTINF:2,\na\n#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n",
                           "#EXT-X-VERSION:9\n#EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL=11.9\n",
                           "#EXT-X-PROGRAM-DATE-TIME:yesterday\n#EXTINF:2,\na\n", "#EXT-X-MEDIA-SEQUENCE:-1\n"}) {
    SCOPED_TRACE(text);
    EXPECT_THAT(ParseMediaPlaylist(head + text), StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

PublishedRendition Video(int height, int64_t rate) {
  return {"a/" + std::to_string(height) + "p/index.m3u8",
          "avc1.64001f",
          rate,
          rate / 2,
          false,
          height * 16 / 9,
          height,
          25,
          0};
}
PublishedRendition Sound() {
  return {"a/audio/index.m3u8", "mp4a.40.2", 130'000, 128'000, true, 0, 0, 0, 2};
}

TEST(MasterPlaylistTest, OffersTheBestFirstWithOneSoundGroup) {
  std::string text = WriteMasterPlaylist({Sound(), Video(480, 800'000), Video(720, 1'500'000)});
  EXPECT_EQ(text,
            "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n"
            "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"Sound\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\",URI="
            "\"a/audio/index.m3u8\"\n"
            "#EXT-X-STREAM-INF:BANDWIDTH=1630000,AVERAGE-BANDWIDTH=878000,CODECS=\"avc1.64001f,mp4a.40.2\",RESOLUTION="
            "1280x720,FRAME-RATE=25.000,AUDIO=\"audio\"\n"
            "a/720p/index.m3u8\n"
            "#EXT-X-STREAM-INF:BANDWIDTH=930000,AVERAGE-BANDWIDTH=528000,CODECS=\"avc1.64001f,mp4a.40.2\",RESOLUTION="
            "853x480,FRAME-RATE=25.000,AUDIO=\"audio\"\n"
            "a/480p/index.m3u8\n");
  ASSERT_OK_AND_ASSIGN(MasterPlaylist read, ParseMasterPlaylist(text));
  ASSERT_EQ(read.variants.size(), 2u);
  EXPECT_EQ(read.variants[0].codecs, "avc1.64001f,mp4a.40.2");
  EXPECT_EQ(read.variants[0].height, 720);
  EXPECT_THAT(read.audio_uris, ElementsAre("a/audio/index.m3u8"));
}

TEST(MasterPlaylistTest, SoundAloneIsTheVariantAndSilenceHasNoGroup) {
  EXPECT_THAT(
      WriteMasterPlaylist({Sound()}),
      HasSubstr(
          "#EXT-X-STREAM-INF:BANDWIDTH=130000,AVERAGE-BANDWIDTH=128000,CODECS=\"mp4a.40.2\"\na/audio/index.m3u8\n"));
  EXPECT_THAT(WriteMasterPlaylist({Video(720, 1'000'000)}), Not(HasSubstr("AUDIO")));
}

TEST(MasterPlaylistTest, BrokenOnesAreRefused) {
  for (const char* text :
       {"x", "#EXTM3U\na.m3u8\n", "#EXTM3U\n#EXT-X-STREAM-INF:CODECS=\"a\"\na\n",
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"a\na\n"}) {
    SCOPED_TRACE(text);
    EXPECT_THAT(ParseMasterPlaylist(text), StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

}  // namespace
}  // namespace lectern::media
