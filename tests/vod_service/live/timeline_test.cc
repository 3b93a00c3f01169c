#include "vod_service/live/timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "common/base/file.h"
#include "common/media/hls_playlist.h"
#include "tests/support/status_matchers.h"

namespace lectern::vod {
namespace {

using lectern::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int64_t kStart = 1'700'000'000'000;

LiveTrackFormat Track(const std::string& label, const std::string& init = "1") {
  LiveTrackFormat track;
  track.label = label;
  track.audio = label == "audio";
  track.codecs = track.audio ? "mp4a.40.2" : "avc1.64001f";
  track.channels = track.audio ? 2 : 0;
  track.height = label == "1080p" ? 1080 : track.audio ? 0 : 720;
  track.width = track.height * 16 / 9;
  track.frame_rate = track.audio ? 0 : 25;
  track.init = absl::StrCat(label, "-7-", init, "-init.mp4");
  track.init_sha256 = std::string(63, 'a') + init;
  return track;
}

LiveSetFiles Set(int64_t number, int64_t start_ms, int64_t end_ms, LiveFormat format) {
  LiveSetFiles set{number, start_ms, end_ms, nullptr, {}};
  for (const LiveTrackFormat& track : format) {
    set.segments.push_back(
        {SegmentName(track.label, 7, number), track.audio ? 32'000 : 500'000, (end_ms - start_ms) * 1000});
  }
  set.format = std::make_shared<const LiveFormat>(std::move(format));
  return set;
}

// A lecture with everything: a late rendition, one that is missing once, a hole, a change of the picture, a new track.
Timeline Eventful() {
  Timeline timeline(kStart);
  const LiveFormat plain = {Track("720p"), Track("audio")};
  timeline.Append(Set(1, 500, 2500, plain));
  LiveSetFiles missing = Set(2, 2500, 4500, plain);
  missing.segments[0] = {};
  timeline.Append(missing);
  timeline.Append(Set(3, 9500, 11'500, plain));
  timeline.Append(Set(4, 11'500, 13'500, {Track("1080p"), Track("720p", "2"), Track("audio")}));
  timeline.Append(Set(5, 13'500, 15'000, {Track("1080p"), Track("720p", "2"), Track("audio")}));
  return timeline;
}

void ExpectGolden(const std::string& text, const std::string& name) {
  const std::string golden = absl::StrCat(getenv("LECTERN_SOURCE_DIR"), "/tests/golden/", name);
  if (getenv("LECTERN_UPDATE_GOLDEN") != nullptr) std::ofstream(golden) << text;
  ASSERT_OK_AND_ASSIGN(std::string expected, ReadFile(golden));
  EXPECT_EQ(text, expected);
}

TEST(TimelineTest, AnEventfulLectureIsWrittenAsItWas) {
  const Timeline timeline = Eventful();
  ExpectGolden(timeline.MediaPlaylist("720p", Timeline::kLive), "live_720p.m3u8");
  ExpectGolden(timeline.MediaPlaylist("1080p", Timeline::kEnded), "live_1080p_ended.m3u8");
  ExpectGolden(timeline.MasterPlaylist("u/live"), "live_master.m3u8");
}

TEST(TimelineTest, AllTracksHaveTheSameEntries) {
  const Timeline timeline = Eventful();
  std::vector<media::MediaPlaylist> playlists;
  for (const char* label : {"1080p", "720p", "audio"}) {
    ASSERT_OK_AND_ASSIGN(media::MediaPlaylist read,
                         media::ParseMediaPlaylist(timeline.MediaPlaylist(label, Timeline::kEnded)));
    EXPECT_TRUE(read.ended);
    EXPECT_EQ(read.media_sequence, 0);
    playlists.push_back(read);
  }
  for (const media::MediaPlaylist& playlist : playlists) {
    ASSERT_EQ(playlist.segments.size(), playlists[0].segments.size());
    EXPECT_NEAR(playlist.DurationSeconds(), 14.5, 0.001);
    for (size_t i = 0; i < playlist.segments.size(); ++i) {
      EXPECT_EQ(playlist.segments[i].date_ms, playlists[0].segments[i].date_ms) << i;
      EXPECT_EQ(playlist.segments[i].discontinuity, playlists[0].segments[i].discontinuity) << i;
    }
  }
  EXPECT_EQ(timeline.entries(), 8);
  EXPECT_EQ(timeline.gap_ms(), 5000);
}

TEST(TimelineTest, AHolesPiecesFitTheTargetDurationAndAreCountedBefore) {
  Timeline timeline(kStart);
  timeline.Append(Set(1, 0, 2000, {Track("audio")}));
  EXPECT_EQ(timeline.SequenceAt(2000), 1);
  EXPECT_EQ(timeline.SequenceAt(2100), 1) << "rounding";
  EXPECT_EQ(timeline.SequenceAt(2101), 2);
  EXPECT_EQ(timeline.SequenceAt(4000), 2);
  EXPECT_EQ(timeline.SequenceAt(4001), 3);
  // The longest interruption of a day.
  EXPECT_EQ(timeline.SequenceAt(2000 + 86'400'000), 1 + 43'200);
}

TEST(TimelineTest, TheTargetDurationIsThatOfTheFirstSetUnlessOneIsLonger) {
  Timeline timeline(kStart);
  timeline.Append(Set(1, 0, 1000, {Track("audio")}));
  EXPECT_EQ(timeline.target_seconds(), 2);
  timeline.Append(Set(2, 1000, 3499, {Track("audio")}));
  EXPECT_EQ(timeline.target_seconds(), 2) << "2.499 s are 2 s, rounded";
  timeline.Append(Set(3, 3499, 7000, {Track("audio")}));
  EXPECT_EQ(timeline.target_seconds(), 4);
}

TEST(TimelineTest, AShortFormGoesOnFromTheWholeOne) {
  Timeline timeline(kStart);
  for (int i = 0; i < 100; ++i)
    timeline.Append(Set(i + 1, i * 2000, i * 2000 + 2000, {Track("720p", i < 90 ? "1" : "2")}));
  ASSERT_OK_AND_ASSIGN(media::MediaPlaylist whole,
                       media::ParseMediaPlaylist(timeline.MediaPlaylist("720p", Timeline::kLive)));
  ASSERT_OK_AND_ASSIGN(media::MediaPlaylist part,
                       media::ParseMediaPlaylist(timeline.MediaPlaylist("720p", Timeline::kDelta)));
  EXPECT_EQ(whole.skipped, 0);
  EXPECT_EQ(part.skipped, 70);
  ASSERT_EQ(part.segments.size() + static_cast<size_t>(part.skipped), whole.segments.size());
  EXPECT_EQ(part.map_uri, "720p-7-1-init.mp4");
  for (size_t i = 0; i < part.segments.size(); ++i) {
    EXPECT_EQ(part.segments[i].uri, whole.segments[i + 70].uri);
    EXPECT_EQ(part.segments[i].map_uri, whole.segments[i + 70].map_uri);
    EXPECT_EQ(part.segments[i].discontinuity, i + 70 == 90);
  }
  EXPECT_GE(part.skip_seconds, 6.0 * static_cast<double>(part.target_seconds));
}

TEST(TimelineTest, TheMasterPlaylistStaysWhileTheTracksStay) {
  Timeline timeline(kStart);
  timeline.Append(Set(1, 0, 2000, {Track("720p"), Track("audio")}));
  const std::string master = timeline.MasterPlaylist("u/live");
  LiveSetFiles livelier = Set(2, 2000, 4000, {Track("720p", "2"), Track("audio")});
  livelier.segments[0].size_bytes *= 10;
  timeline.Append(livelier);
  EXPECT_EQ(timeline.MasterPlaylist("u/live"), master);
  timeline.Append(Set(3, 4000, 6000, {Track("audio")}));
  EXPECT_THAT(timeline.MasterPlaylist("u/live"), Not(HasSubstr("720p")));
  std::vector<LiveTrackSummary> tracks = timeline.Tracks();
  ASSERT_EQ(tracks.size(), 2u);
  EXPECT_EQ(tracks[0].format.label, "720p");
  EXPECT_EQ(tracks[0].bandwidth_bps, 20'000'000);
  EXPECT_EQ(tracks[0].average_bandwidth_bps, 11'000'000);
}

TEST(LiveSetTest, IsKeptAndReadBack) {
  LiveSetFiles set = Set(12, 24'000, 26'000, {Track("1080p"), Track("720p"), Track("audio")});
  set.segments[1] = {};
  set.segments[2].name = "audio-7-another.m4s";
  const std::string text = EncodeSegments(set, 7);
  EXPECT_EQ(text, ",500000,2000000;;audio-7-another.m4s,32000,2000000");
  LiveSetRecord record;
  record.fence = 7;
  record.number = 12;
  record.segments = text;
  ASSERT_OK_AND_ASSIGN(auto read, DecodeSegments(record, *set.format));
  ASSERT_EQ(read.size(), 3u);
  EXPECT_EQ(read[0].name, "1080p-7-12.m4s");
  EXPECT_EQ(read[1].name, "");
  EXPECT_EQ(read[2].name, "audio-7-another.m4s");
  EXPECT_EQ(read[2].duration_us, 2'000'000);
  ASSERT_OK_AND_ASSIGN(LiveFormat format, DecodeFormat(EncodeFormat(*set.format)));
  EXPECT_EQ(format, *set.format);
  for (const char* damaged : {"", ",1,2;", ",1,2;;,3,4;,5,6", ",x,2;;,3,4", "a;b;c"}) {
    record.segments = damaged;
    EXPECT_THAT(DecodeSegments(record, *set.format), StatusIs(absl::StatusCode::kDataLoss)) << damaged;
  }
}

TEST(LiveSetTest, HostileSetsAreRefused) {
  const LiveFormat format = {Track("720p"), Track("audio")};
  ASSERT_OK(CheckSet(Set(1, 0, 2000, format)));
  std::vector<LiveSetFiles> bad = {Set(0, 0, 2000, format),
                                   Set(1, -1, 2000, format),
                                   Set(1, 2000, 2000, format),
                                   Set(1, 0, 200'000, format),
                                   Set(1, 0, 2000, {}),
                                   Set(1, 0, 2000, {Track("720p"), Track("720p")}),
                                   Set(1, 0, 2000, LiveFormat(17, Track("720p")))};
  auto with = [&](auto change) {
    LiveFormat changed = format;
    change(changed[0]);
    bad.push_back(Set(1, 0, 2000, changed));
  };
  with([](LiveTrackFormat& track) { track.label = "7/20"; });
  with([](LiveTrackFormat& track) { track.codecs = "avc1\"\n#EXT-X-ENDLIST"; });
  with([](LiveTrackFormat& track) { track.codecs = "a\tb"; });
  with([](LiveTrackFormat& track) { track.init = "audio-7-1-init.mp4"; });
  with([](LiveTrackFormat& track) { track.init_sha256 = "x"; });
  with([](LiveTrackFormat& track) { track.width = -1; });
  with([](LiveTrackFormat& track) { track.frame_rate = std::nan(""); });
  LiveSetFiles nothing = Set(1, 0, 2000, format);
  nothing.segments[0] = nothing.segments[1] = {};
  bad.push_back(nothing);
  LiveSetFiles stolen = Set(1, 0, 2000, format);
  stolen.segments[0].name = "audio-7-1.m4s";
  bad.push_back(stolen);
  stolen.segments[0].name = "720p-7-1.m4s\n";
  bad.push_back(stolen);
  for (size_t i = 0; i < bad.size(); ++i) {
    EXPECT_THAT(CheckSet(bad[i]), StatusIs(absl::StatusCode::kInvalidArgument)) << i;
  }
}

}  // namespace
}  // namespace lectern::vod
