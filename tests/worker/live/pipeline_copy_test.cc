#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "tests/worker/live/live_media.h"

namespace lectern::worker {
namespace {

using namespace lectern::worker::testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Lt;

PipelineOptions CopyOnly() {
  PipelineOptions options;
  options.view = "cam";
  options.max_renditions = 0;
  return options;
}

size_t Bytes(const std::vector<SegmentSet>& sets) {
  size_t bytes = 0;
  for (const SegmentSet& set : sets) {
    for (const TrackSegment& segment : set.segments) bytes += segment.bytes == nullptr ? 0 : segment.bytes->size();
  }
  return bytes;
}

size_t Pictures(const Messages& messages) {
  return static_cast<size_t>(std::count_if(messages.begin(), messages.end(), [](const rtmp::MediaMessage& message) {
    return message.kind == rtmp::MediaMessage::kVideo && !rtmp::IsVideoHeader(message) && !rtmp::IsVideoEnd(message);
  }));
}

TEST(PipelineCopyTest, CutsWhereCellsBeginAndKeepsEveryFrame) {
  Messages input = Publish(Picture("320x180", 30, 9) + Tone(9) + X264(60, 2) + Aac());
  std::vector<SegmentSet> sets = RunPipeline(CopyOnly(), Moved(input, 100'000));
  ASSERT_THAT(Labels(sets), ElementsAre("180p", "audio"));
  EXPECT_THAT(Cuts(sets), ElementsAre(100'067, 102'067, 104'067, 106'067, 108'067, 109'067));
  EXPECT_EQ(ShownAt(Joined(sets, "180p")).size(), Pictures(input));
  EXPECT_EQ(Complaints(Joined(sets, "180p")), "");
  EXPECT_EQ(Complaints(Joined(sets, "audio")), "");
  const TrackFormat& video = sets[0].formats[0];
  EXPECT_TRUE(video.copied);
  EXPECT_EQ(video.width, 320);
  EXPECT_EQ(video.height, 180);
  EXPECT_EQ(video.frame_rate, 30);
  EXPECT_EQ(sets[0].formats[1].codecs, "mp4a.40.2");
  EXPECT_EQ(sets[0].frames, 60);
}

TEST(PipelineCopyTest, ShowsPictureAndSoundOnOneTimelineThatBeginsAtZero) {
  Messages input = Publish(Picture("320x180", 25, 7) + Tone(7, 44100) + X264(50, 3) + Aac());
  std::vector<SegmentSet> sets = RunPipeline(CopyOnly(), Moved(input, int64_t{20'000'000'000}));
  std::vector<int64_t> pictures = ShownAt(Joined(sets, "180p"));
  std::vector<int64_t> sounds = ShownAt(Joined(sets, "audio"));
  EXPECT_EQ(pictures.front(), 0);
  for (size_t i = 1; i < pictures.size(); ++i) EXPECT_EQ(pictures[i] - pictures[i - 1], 40) << i;
  EXPECT_THAT(sounds.front(), Lt(25));
  for (size_t i = 1; i < sounds.size(); ++i) ASSERT_NEAR(static_cast<double>(sounds[i] - sounds[i - 1]), 23.2, 0.9) << i;
  EXPECT_EQ(sets.front().start_ms, 20'000'000'000 + 80);
}

TEST(PipelineCopyTest, TakesPaddingOutAndKeepsThePictures) {
  Words cbr = {"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "50", "-sc_threshold", "0",
               "-b:v", "3M", "-minrate", "3M", "-maxrate", "3M", "-bufsize", "3M", "-x264-params", "nal-hrd=cbr"};
  Messages input = Publish(Words{"-f", "lavfi", "-i", "color=gray:s=320x180:r=25:d=5"} + Tone(5) + cbr + Aac());
  size_t bytes = std::accumulate(input.begin(), input.end(), size_t{0},
                                 [](size_t sum, const rtmp::MediaMessage& message) { return sum + message.size(); });
  std::vector<SegmentSet> sets = RunPipeline(CopyOnly(), input);
  EXPECT_LT(Bytes(sets), bytes / 10);
  EXPECT_EQ(Complaints(Joined(sets, "180p")), "");
  // The same pictures from FFmpeg's own reading of the input.
  EXPECT_EQ(DecodedFrames(Joined(sets, "180p")), DecodedInput(input));
  EXPECT_EQ(DecodedInput(input).size(), 125u);
}

TEST(PipelineCopyTest, CarriesAKeyFrameOfMoreThanOneMebibyte) {
  Words huge = {"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "10", "-sc_threshold", "0", "-qp", "1"};
  Messages input = Publish(Words{"-f", "lavfi", "-i", "nullsrc=s=1280x720:r=10:d=3,geq=random(1)*255:128:128"} + huge);
  size_t largest = 0;
  for (const rtmp::MediaMessage& message : input) largest = std::max(largest, message.size());
  ASSERT_GT(largest, size_t{1} << 20);
  std::vector<SegmentSet> sets = RunPipeline(CopyOnly(), input);
  EXPECT_EQ(ShownAt(Joined(sets, "720p")).size(), 30u);
  EXPECT_EQ(Complaints(Joined(sets, "720p")), "");
}

TEST(PipelineCopyTest, CutsSoundWithoutAPicture) {
  Messages input = Publish(Tone(9) + Aac());
  std::vector<SegmentSet> sets = RunPipeline(CopyOnly(), Moved(input, 50'000));
  ASSERT_THAT(Labels(sets), ElementsAre("audio"));
  ASSERT_EQ(sets.size(), 6u);
  for (size_t i = 1; i + 1 < sets.size(); ++i) EXPECT_NEAR(static_cast<double>(sets[i].end_ms - sets[i].start_ms), 2000, 22);
  EXPECT_EQ(Complaints(Joined(sets, "audio")), "");
}

TEST(PipelineCopyTest, CutsAPictureWithoutSound) {
  std::vector<SegmentSet> sets = RunPipeline(CopyOnly(), Publish(Picture("320x180", 25, 5) + X264(50, 0)));
  EXPECT_THAT(Labels(sets), ElementsAre("180p"));
  EXPECT_EQ(ShownAt(Joined(sets, "180p")).size(), 125u);
}

TEST(PipelineCopyTest, LetsSoundJoinAndLeave) {
  Messages video = Publish(Picture("320x180", 25, 16) + X264(50, 0));
  Messages sound = Moved(Publish(Tone(6) + Aac()), 5000);
  std::vector<SegmentSet> sets = RunPipeline(CopyOnly(), Merged(video, sound));
  EXPECT_THAT(Labels(sets), ElementsAre("180p", "audio"));
  EXPECT_EQ(ShownAt(Joined(sets, "180p")).size(), 400u);
  // From the first set that it lies in; its first frame comes with the encoder's priming.
  EXPECT_NEAR(static_cast<double>(ShownAt(Joined(sets, "audio")).size()), 6 * 48000 / 1024, 4);
  EXPECT_EQ(ShownAt(Joined(sets, "audio")).front() / 100, 50);
}

TEST(PipelineCopyTest, GoesOnWithTheSoundWhereThePictureStopsAndTakesThePictureBack) {
  Messages first = Publish(Picture("320x180", 25, 6) + X264(50, 0));
  Messages second = Moved(first, 16'000);
  Messages sound = Publish(Tone(22) + Aac());
  std::vector<SegmentSet> sets = RunPipeline(CopyOnly(), Merged(Merged(first, second), sound));
  EXPECT_EQ(ShownAt(Joined(sets, "180p")).size(), 300u);
  EXPECT_NEAR(static_cast<double>(ShownAt(Joined(sets, "audio")).size()), 22 * 48000 / 1024, 4);
  int without_picture = 0;
  for (size_t i = 0; i < sets.size(); ++i) {
    if (i > 0) EXPECT_NEAR(static_cast<double>(sets[i].start_ms), static_cast<double>(sets[i - 1].end_ms), 30);
    EXPECT_EQ(sets[i].formats[0].label, "180p");
    if (sets[i].segments[0].bytes == nullptr) ++without_picture;
  }
  EXPECT_NEAR(without_picture, 5, 1);
}

TEST(PipelineCopyTest, TellsAHoleInsteadOfStretchingAPicture) {
  Messages input = Publish(Picture("320x180", 25, 5) + Tone(5) + X264(50, 2) + Aac());
  Messages later = Moved(input, 30'000);
  Messages both = input;
  both.insert(both.end(), later.begin(), later.end());
  std::vector<SegmentSet> sets = RunPipeline(CopyOnly(), both);
  EXPECT_THAT(Cuts(sets), ElementsAre(80, 2080, 4080, 30'080, 32'080, 34'080, 35'080));
  EXPECT_EQ(sets[2].end_ms, 5080);
  EXPECT_EQ(ShownAt(Joined(sets, "180p")).size(), 250u);
}

TEST(PipelineCopyTest, DropsWhatIsSentTwice) {
  Messages input = Publish(Picture("320x180", 25, 8) + Tone(8) + X264(50, 2) + Aac());
  Messages again(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(input.size() / 2));
  Messages rest = FromKeyFrame(input, again.back().timestamp_ms, 1);
  again.insert(again.end(), rest.begin(), rest.end());
  std::vector<SegmentSet> twice = RunPipeline(CopyOnly(), again), once = RunPipeline(CopyOnly(), input);
  EXPECT_EQ(Cuts(twice), Cuts(once));
  EXPECT_TRUE(Joined(twice, "180p") == Joined(once, "180p"));
  EXPECT_TRUE(Joined(twice, "audio") == Joined(once, "audio"));
}

TEST(PipelineCopyTest, BeginsANewInitSegmentWhereTheSizeChanges) {
  Messages small = Publish(Picture("320x180", 25, 5) + Tone(5) + X264(50, 2) + Aac());
  Messages large = Moved(Publish(Picture("640x360", 25, 5) + Tone(5) + X264(50, 2) + Aac()), 5000);
  Messages both = small;
  both.insert(both.end(), large.begin(), large.end());
  std::vector<SegmentSet> sets = RunPipeline(CopyOnly(), both);
  EXPECT_THAT(Cuts(sets), ElementsAre(80, 2080, 4080, 5080, 7080, 9080, 10'080));
  EXPECT_THAT(Labels(sets), ElementsAre("180p", "audio"));   // the rendition keeps its name
  EXPECT_EQ(ShownAt(Joined({sets.begin(), sets.begin() + 3}, "180p")).size(), 125u);
  EXPECT_EQ(ShownAt(Joined({sets.begin() + 3, sets.end()}, "180p")).size(), 125u);
  EXPECT_EQ(sets[2].formats[0].height, 180);
  EXPECT_EQ(sets[3].formats[0].height, 360);
}

TEST(PipelineCopyTest, NamesForeignCodecsAndGoesOnWithoutThem) {
  Messages sound = Publish(Tone(5) + Aac());
  Messages input;
  for (const rtmp::MediaMessage& message : sound) {
    input.push_back(message);
    input.push_back({rtmp::MediaMessage::kVideo, message.timestamp_ms, std::make_shared<const std::string>("\x9chvc1xxxxxx")});
  }
  std::unique_ptr<Pipeline> pipeline = Pipeline::Create(CopyOnly(), [](SegmentSet) {});
  for (const rtmp::MediaMessage& message : input) pipeline->Push(message);
  pipeline->Finish(absl::Seconds(20));
  EXPECT_EQ(pipeline->facts().video_codec, "hevc");
  EXPECT_EQ(pipeline->facts().audio_codec, "aac");
  EXPECT_THAT(Labels(RunPipeline(CopyOnly(), input)), ElementsAre("audio"));
}

TEST(PipelineCopyTest, TellsWhatItSees) {
  Messages input = Publish(Picture("320x180", 25, 8) + Tone(8, 44100) + X264(50, 2) + Words{"-profile:v", "main"} + Aac());
  std::unique_ptr<Pipeline> pipeline = Pipeline::Create(CopyOnly(), [](SegmentSet) {});
  EXPECT_EQ(pipeline->Sample(), "");
  for (const rtmp::MediaMessage& message : input) pipeline->Push(message);
  pipeline->Finish(absl::Seconds(20));
  PipelineFacts facts = pipeline->facts();
  EXPECT_EQ(facts.video_codec, "h264");
  EXPECT_EQ(facts.video_profile, "Main");
  EXPECT_EQ(facts.width, 320);
  EXPECT_EQ(facts.frame_rate, 25);
  EXPECT_EQ(facts.keyframe_interval_seconds, 2);
  EXPECT_EQ(facts.sample_rate, 44100);
  EXPECT_EQ(facts.channels, 1);
  EXPECT_GT(facts.video_bitrate_bps, 10'000);
  EXPECT_NEAR(static_cast<double>(facts.audio_bitrate_bps), 64'000, 15'000);
  EXPECT_THAT(facts.renditions, ElementsAre("180p (copied)"));
  EXPECT_EQ(facts.frames_dropped, 0);
  // One picture and sound that FFmpeg can read.
  std::string sample = pipeline->Sample();
  EXPECT_EQ(DecodedFrames(sample).size() > 100, true);
  EXPECT_EQ(Complaints(sample), "");
}

TEST(PipelineCopyTest, SurvivesEveryBrokenMessage) {
  Messages input = Publish(Picture("320x180", 25, 6) + Tone(6) + X264(50, 2) + Aac());
  uint32_t random = 1;
  auto next = [&random] { return random = random * 1664525 + 1013904223; };
  for (int round = 0; round < 30; ++round) {
    Messages broken = input;
    for (rtmp::MediaMessage& message : broken) {
      std::string bytes = *message.payload;
      if (next() % 8 != 0 || bytes.empty()) continue;
      if (next() % 2 == 0) bytes.resize(next() % bytes.size());
      for (int i = 0; i < 3 && !bytes.empty(); ++i) bytes[next() / 7 % std::min<size_t>(bytes.size(), 40)] = static_cast<char>(next() >> 16);
      message.payload = std::make_shared<const std::string>(bytes);
      if (next() % 50 == 0) message.timestamp_ms += static_cast<int64_t>(next()) - (int64_t{1} << 31);
    }
    RunPipeline(CopyOnly(), broken);
  }
}

}  // namespace
}  // namespace lectern::worker
