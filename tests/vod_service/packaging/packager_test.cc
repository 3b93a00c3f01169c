#include "vod_service/packaging/packager.h"

#include <sys/stat.h>

#include <atomic>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/file.h"
#include "common/media/hls_playlist.h"
#include "common/media/mp4_boxes.h"
#include "tests/support/media.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace lectern::vod {
namespace {

using ::testing::AllOf;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Lt;
using testing::MediaFile;
using testing::RunTool;
using ::testing::SizeIs;
using testing::StatusIs;
using testing::TempDir;

PackageRequest Upload(const std::string& file, const TempDir& dir, bool video = true, bool audio = true) {
  PackageRequest request;
  request.input_path = MediaFile(file);
  request.input_is_upload = true;
  request.output_dir = dir.path();
  request.video = video;
  request.video_track.label = "source";
  request.audio = audio;
  request.audio_track.label = "audio";
  return request;
}

std::string WriteMaster(const TempDir& dir, const std::vector<PackagedTrack>& tracks) {
  std::vector<media::PublishedRendition> renditions;
  for (const PackagedTrack& track : tracks) {
    renditions.push_back({absl::StrCat(track.label, "/index.m3u8"), track.codecs, track.bandwidth_bps,
                          track.average_bandwidth_bps, track.audio, track.width, track.height, track.frame_rate,
                          track.channels});
  }
  std::string path = dir / "master.m3u8";
  std::ofstream(path) << media::WriteMasterPlaylist(renditions);
  return path;
}

// What a strict decoder says about the whole; empty: nothing.
std::string DecodeErrors(const std::string& playlist) {
  return RunTool({"ffmpeg", "-nostdin", "-v", "warning", "-xerror", "-i", playlist, "-map", "0", "-f", "null", "-"});
}

struct Timing {
  double begin = 0;
  double end = 0;
  int packets = 0;
};
Timing TimingOf(const std::string& playlist, const std::string& stream) {
  std::string text = RunTool({"ffprobe", "-v", "error", "-select_streams", stream, "-show_entries",
                              "packet=pts_time,duration_time", "-of", "csv=p=0", playlist});
  Timing timing;
  for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    std::vector<std::string> columns = absl::StrSplit(line, ',');
    double pts = 0, duration = 0;
    if (columns.size() < 2 || !absl::SimpleAtod(columns[0], &pts)) continue;
    if (!absl::SimpleAtod(columns[1], &duration)) duration = 0;
    if (timing.packets++ == 0) timing.begin = pts;
    timing.begin = std::min(timing.begin, pts);
    timing.end = std::max(timing.end, pts + duration);
  }
  return timing;
}

TEST(PackagerTest, ASourceBecomesTwoTracksThatDecodeWithoutAWarning) {
  TempDir dir;
  std::vector<double> progress;
  PackageRequest request = Upload("lecture.mp4", dir);
  request.video_track.expected_seconds = request.audio_track.expected_seconds = 9;
  request.progress = [&](double fraction) { progress.push_back(fraction); };
  ASSERT_OK_AND_ASSIGN(auto tracks, Package(request));
  ASSERT_THAT(tracks, SizeIs(2));
  EXPECT_EQ(tracks[0].label, "source");
  EXPECT_EQ(tracks[0].codecs, "avc1.64000c");
  EXPECT_EQ(tracks[0].width, 320);
  EXPECT_EQ(tracks[0].height, 180);
  EXPECT_NEAR(tracks[0].frame_rate, 25, 0.001);
  EXPECT_NEAR(tracks[0].duration_seconds, 9, 1e-6);
  EXPECT_EQ(tracks[1].codecs, "mp4a.40.2");
  EXPECT_EQ(tracks[1].channels, 1);
  EXPECT_NEAR(tracks[1].duration_seconds, 9, 0.05);
  EXPECT_GE(tracks[0].bandwidth_bps, tracks[0].average_bandwidth_bps);
  EXPECT_THAT(tracks[0].files, ::testing::ElementsAre("source/init.mp4", "source/seg-00001.m4s", "source/seg-00002.m4s",
                                                      "source/index.m3u8"));
  EXPECT_NEAR(progress.back(), 1, 0.01);
  EXPECT_TRUE(std::is_sorted(progress.begin(), progress.end()));
  EXPECT_THAT(DecodeErrors(WriteMaster(dir, tracks)), IsEmpty());
}

TEST(PackagerTest, AllFramesArriveAndBothTracksBeginAtZero) {
  TempDir dir;
  ASSERT_OK_AND_ASSIGN(auto tracks, Package(Upload("lecture.mp4", dir)));
  Timing video = TimingOf(dir / "source/index.m3u8", "v"), sound = TimingOf(dir / "audio/index.m3u8", "a");
  EXPECT_EQ(video.packets, 225);
  EXPECT_NEAR(video.begin, 0, 0.001);
  EXPECT_NEAR(video.end, 9, 0.001);
  EXPECT_NEAR(sound.begin, 0, 0.001);
  EXPECT_NEAR(sound.end, 9, 0.05);
}

TEST(PackagerTest, PlaylistsAreAsRecorded) {
  TempDir dir;
  ASSERT_OK_AND_ASSIGN(auto tracks, Package(Upload("lecture.mp4", dir)));
  ASSERT_OK_AND_ASSIGN(std::string index, ReadFile(dir / "source/index.m3u8"));
  std::string golden = absl::StrCat(getenv("LECTERN_SOURCE_DIR"), "/tests/golden/lecture_source_index.m3u8");
  if (getenv("LECTERN_UPDATE_GOLDEN") != nullptr) std::ofstream(golden) << index;
  ASSERT_OK_AND_ASSIGN(std::string expected, ReadFile(golden));
  EXPECT_EQ(index, expected);
}

TEST(PackagerTest, EveryContainerGivesTheSameTracks) {
  for (const char* file : {"lecture.mkv", "lecture.ts", "lecture.flv"}) {
    SCOPED_TRACE(file);
    TempDir dir;
    PackageRequest request = Upload(file, dir);
    request.video_track.expected_seconds = request.audio_track.expected_seconds = 9;
    ASSERT_OK_AND_ASSIGN(auto tracks, Package(request));
    EXPECT_EQ(tracks[0].codecs, "avc1.64000c");
    EXPECT_EQ(tracks[1].codecs, "mp4a.40.2");
    EXPECT_THAT(DecodeErrors(WriteMaster(dir, tracks)), IsEmpty());
    Timing video = TimingOf(dir / "source/index.m3u8", "v");
    EXPECT_EQ(video.packets, 225);
    EXPECT_NEAR(video.end - video.begin, 9, 0.005);
  }
}

TEST(PackagerTest, LongGroupsOfPicturesBecomeLongSegmentsAndShortOnesAreJoined) {
  TempDir dir;
  ASSERT_OK_AND_ASSIGN(auto tracks, Package(Upload("long_gop.mp4", dir, true, false)));
  EXPECT_THAT(tracks[0].files, SizeIs(3));
  ASSERT_OK_AND_ASSIGN(std::string index, ReadFile(dir / "source/index.m3u8"));
  EXPECT_THAT(index, HasSubstr("#EXT-X-TARGETDURATION:15\n"));
  TempDir other;
  ASSERT_OK_AND_ASSIGN(tracks, Package(Upload("all_intra.mp4", other, true, false)));
  EXPECT_THAT(tracks[0].files, SizeIs(3));
}

TEST(PackagerTest, AVariableFrameRateKeepsItsTimes) {
  TempDir dir;
  ASSERT_OK_AND_ASSIGN(auto tracks, Package(Upload("vfr.mkv", dir)));
  EXPECT_THAT(DecodeErrors(WriteMaster(dir, tracks)), IsEmpty());
  Timing before = TimingOf(MediaFile("vfr.mkv"), "v"), after = TimingOf(dir / "source/index.m3u8", "v");
  EXPECT_EQ(after.packets, before.packets);
  EXPECT_NEAR(after.begin, before.begin, 0.002);
  EXPECT_NEAR(after.end, before.end, 0.01);
}

TEST(PackagerTest, TracksThatBeginLateKeepTheirDistance) {
  TempDir dir;
  ASSERT_OK(Package(Upload("late_video.mp4", dir)));
  EXPECT_NEAR(TimingOf(dir / "source/index.m3u8", "v").begin - TimingOf(dir / "audio/index.m3u8", "a").begin, 0.7,
              0.03);
  TempDir other;
  ASSERT_OK(Package(Upload("late_sound.mp4", other)));
  EXPECT_NEAR(TimingOf(other / "audio/index.m3u8", "a").begin - TimingOf(other / "source/index.m3u8", "v").begin, 0.7,
              0.03);
}

// When a picture turns white, and when the sound begins, in seconds.
std::vector<double> Flashes(const std::string& playlist) {
  std::string text = RunTool({"ffmpeg", "-nostdin", "-v", "info", "-copyts", "-i", playlist, "-vf",
                              "negate,blackdetect=d=0.03:pic_th=0.9", "-an", "-f", "null", "-"});
  std::vector<double> times;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    size_t at = line.find("black_start:");
    double seconds = 0;
    if (at == absl::string_view::npos) continue;
    std::vector<std::string> words = absl::StrSplit(line.substr(at + 12), ' ');
    if (absl::SimpleAtod(words[0], &seconds)) times.push_back(seconds);
  }
  return times;
}

std::vector<double> Beeps(const std::string& playlist) {
  std::string text = RunTool({"ffmpeg", "-nostdin", "-v", "info", "-copyts", "-i", playlist, "-af",
                              "silencedetect=n=-20dB:d=0.3", "-vn", "-f", "null", "-"});
  std::vector<double> times;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    size_t at = line.find("silence_end: ");
    double seconds = 0;
    if (at == absl::string_view::npos) continue;
    std::vector<std::string> words = absl::StrSplit(line.substr(at + 13), ' ');
    if (absl::SimpleAtod(words[0], &seconds)) times.push_back(seconds);
  }
  return times;
}

TEST(PackagerTest, SoundAndPictureStayTogether) {
  TempDir dir;
  ASSERT_OK_AND_ASSIGN(auto tracks, Package(Upload("flash_beep.mp4", dir)));
  std::string master = WriteMaster(dir, tracks);
  std::vector<double> flashes = Flashes(master), beeps = Beeps(master);
  ASSERT_GE(flashes.size(), 5u);
  ASSERT_GE(beeps.size(), 5u);
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_NEAR(flashes[i], 1 + 2.0 * static_cast<double>(i), 0.041);
    EXPECT_NEAR(beeps[i], flashes[i], 0.05);
  }
}

TEST(PackagerTest, RefusesWhatIsShorterThanExpected) {
  TempDir dir;
  PackageRequest request = Upload("lecture.mp4", dir, true, false);
  request.video_track.expected_seconds = 12;
  EXPECT_THAT(Package(request), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(PackagerTest, RefusesWhatIsNoMedia) {
  for (const char* file : {"not_a_video.mp4", "empty.mp4", "truncated.mp4", "playlist.mp4"}) {
    SCOPED_TRACE(file);
    TempDir dir;
    EXPECT_THAT(Package(Upload(file, dir, true, false)), StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

TEST(PackagerTest, RefusesACodecThatBrowsersDoNotPlay) {
  TempDir dir;
  EXPECT_THAT(Package(Upload("hevc.mp4", dir, true, false)), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(PackagerTest, KeepsToItsLimit) {
  TempDir dir;
  PackageRequest request = Upload("lecture.mp4", dir);
  request.output_limit_bytes = 50'000;
  EXPECT_THAT(Package(request), StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST(PackagerTest, StopsWhenAsked) {
  TempDir dir;
  PackageRequest request = Upload("lecture.mp4", dir);
  request.should_stop = [] { return true; };
  EXPECT_THAT(Package(request), StatusIs(absl::StatusCode::kCancelled));
}

TEST(PackagerTest, StopsAnFfmpegThatWritesNothing) {
  TempDir dir;
  PackageRequest request = Upload("lecture.mp4", dir);
  request.input_path = dir / "nobody_writes";
  ASSERT_EQ(mkfifo(request.input_path.c_str(), 0600), 0);
  std::atomic<int> asked = 0;
  request.should_stop = [&] { return ++asked > 3; };
  EXPECT_THAT(Package(request), StatusIs(absl::StatusCode::kCancelled));
}

TEST(PackagerTest, SegmentsAreIndependentAndTheDelayIsInTheEditList) {
  TempDir dir;
  ASSERT_OK_AND_ASSIGN(auto tracks, Package(Upload("lecture.mp4", dir, true, false)));
  ASSERT_OK_AND_ASSIGN(std::string head, ReadFile(dir / "source/init.mp4"));
  EXPECT_NE(head.find("elst"), std::string::npos);
  ASSERT_OK_AND_ASSIGN(media::TrackInit init, media::ParseInit(head));
  ASSERT_OK_AND_ASSIGN(std::string second, ReadFile(dir / "source/seg-00002.m4s"));
  ASSERT_OK_AND_ASSIGN(auto fragments, media::ParseSegment(second, init));
  EXPECT_TRUE(fragments[0].samples[0].sync);
  EXPECT_EQ(fragments[0].decode_time, 6 * 90000);
  EXPECT_EQ(fragments[0].samples[0].composition_offset, 2 * 3600);
}

}  // namespace
}  // namespace lectern::vod
