#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "common/base/file.h"
#include "tests/worker/live/live_media.h"

namespace lectern::worker {
namespace {

using namespace lectern::worker::testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

PipelineOptions Options(int max_renditions) {
  PipelineOptions options;
  options.view = "cam";
  options.max_renditions = max_renditions;
  options.rendition_patience = absl::Seconds(60);
  return options;
}

// The FFmpeg children of this process.
std::vector<int> Encoders() {
  std::vector<int> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    int pid = 0;
    if (!absl::SimpleAtoi(entry.path().filename().string(), &pid)) continue;
    absl::StatusOr<std::string> stat = ReadFile(absl::StrCat("/proc/", pid, "/stat"));
    // "PID (NAME) STATE PARENT ..."
    if (stat.ok() && absl::StrContains(*stat, "(ffmpeg)") && absl::StrContains(*stat, absl::StrCat(" ", getpid(), " "))) {
      found.push_back(pid);
    }
  }
  return found;
}

// A pipeline whose sets are collected.
class Running {
 public:
  explicit Running(PipelineOptions options)
      : pipeline_(Pipeline::Create(std::move(options), [this](SegmentSet set) {
          absl::MutexLock lock(&mu_);
          sets_.push_back(std::move(set));
        })) {}

  Pipeline& operator*() { return *pipeline_; }
  void Push(const Messages& messages, size_t from, size_t to) {
    for (size_t i = from; i < to; ++i) pipeline_->Push(messages[i]);
  }
  void WaitForSets(size_t count) {
    absl::MutexLock lock(&mu_);
    auto enough = [&] { return sets_.size() >= count; };
    mu_.Await(absl::Condition(&enough));
  }
  std::vector<SegmentSet> Finish() {
    pipeline_->Finish(absl::Seconds(100));
    absl::MutexLock lock(&mu_);
    return sets_;
  }

 private:
  absl::Mutex mu_;
  std::vector<SegmentSet> sets_;
  std::unique_ptr<Pipeline> pipeline_;
};

TEST(PipelineEncodeTest, MakesSmallerPicturesWithTheSameCutsAndFrames) {
  Messages input = Publish(Picture("1280x720", 30, 6) + Tone(6) + X264(60, 2) + Aac());
  std::vector<SegmentSet> sets = RunPipeline(Options(2), Moved(input, 100'000));
  ASSERT_THAT(Labels(sets), ElementsAre("720p", "480p", "audio"));
  EXPECT_EQ(ShownAt(Joined(sets, "720p")).size(), 180u);
  EXPECT_EQ(ShownAt(Joined(sets, "720p")), ShownAt(Joined(sets, "480p")));
  EXPECT_EQ(Complaints(Joined(sets, "480p")), "");
  EXPECT_EQ(sets[0].formats[1].width, 854);
  EXPECT_EQ(sets[0].formats[1].frame_rate, 30);
  EXPECT_FALSE(sets[0].formats[1].copied);
}

TEST(PipelineEncodeTest, MakesTheTopPictureWhereKeyFramesAreSeldom) {
  Messages input = Publish(Picture("640x360", 30, 18) + Tone(18) + X264(250, 2) + Aac());
  std::vector<SegmentSet> sets = RunPipeline(Options(1), Moved(input, 100'000));
  ASSERT_THAT(Labels(sets), ElementsAre("360p", "audio"));
  std::vector<int64_t> cuts = Cuts(sets);
  cuts.pop_back();
  EXPECT_THAT(cuts, ElementsAre(100'067, 102'067, 104'067, 106'067, 108'067, 110'067, 112'067, 114'067, 116'067));
  EXPECT_EQ(ShownAt(Joined(sets, "360p")).size(), 540u);
  EXPECT_EQ(Complaints(Joined(sets, "360p")), "");
  EXPECT_FALSE(sets[0].formats[0].copied);
}

TEST(PipelineEncodeTest, GoesOverToEncodingWhereKeyFramesBecomeSeldom) {
  Words keys = {"-force_key_frames", "expr:lt(t,6.1)*gte(t,n_forced)"};
  Messages input = Publish(Picture("640x360", 30, 15) + Tone(15) + X264(500, 2) + keys + Aac());
  std::vector<SegmentSet> sets = RunPipeline(Options(0), input);
  EXPECT_TRUE(sets.front().formats[0].copied);
  EXPECT_FALSE(sets.back().formats[0].copied);
  for (size_t i = 1; i < sets.size(); ++i) EXPECT_EQ(sets[i].start_ms, sets[i - 1].end_ms);
  std::vector<int64_t> shown = ShownAt(Runs(sets, "360p"));
  ASSERT_EQ(shown.size(), 450u);
  for (size_t i = 1; i < shown.size(); ++i) EXPECT_NEAR(static_cast<double>(shown[i] - shown[i - 1]), 33.3, 0.8) << i;
  EXPECT_EQ(Complaints(Runs(sets, "360p")), "");
  for (const SegmentSet& set : sets) EXPECT_LT(set.end_ms - set.start_ms, 3100);
}

TEST(PipelineEncodeTest, EncodesWhatPlayersDoNotTake) {
  Words high422 = {"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv422p", "-profile:v", "high422", "-g", "50"};
  Messages input = Publish(Picture("320x180", 25, 6) + Tone(6, 22050) + high422 + Aac());
  std::vector<SegmentSet> sets = RunPipeline(Options(0), input);
  ASSERT_THAT(Labels(sets), ElementsAre("180p", "audio"));
  EXPECT_FALSE(sets[0].formats[0].copied);
  EXPECT_FALSE(sets[0].formats[1].copied);
  EXPECT_EQ(sets[0].formats[1].channels, 2);
  EXPECT_EQ(ShownAt(Joined(sets, "180p")).size(), 150u);
  EXPECT_EQ(Complaints(Joined(sets, "180p")), "");
  EXPECT_EQ(Complaints(Joined(sets, "audio")), "");
  EXPECT_NEAR(static_cast<double>(ShownAt(Joined(sets, "audio")).size()), 6 * 48000 / 1024, 6);
}

TEST(PipelineEncodeTest, EncodesSoundWithoutAPicture) {
  Messages input = Publish(Tone(6, 22050) + Aac());
  std::vector<SegmentSet> sets = RunPipeline(Options(2), input);
  ASSERT_THAT(Labels(sets), ElementsAre("audio"));
  EXPECT_NEAR(static_cast<double>(ShownAt(Joined(sets, "audio")).size()), 6 * 48000 / 1024, 6);
}

TEST(PipelineEncodeTest, DeliversWhatIsCompleteAtAPauseAndGoesOn) {
  for (int gop : {60, 250}) {
    SCOPED_TRACE(gop);
    Messages input = Publish(Picture("640x480", 30, 12) + Tone(12) + X264(gop, 2) + Aac());
    std::vector<SegmentSet> whole = RunPipeline(Options(1), input);
    Running running(Options(1));
    size_t half = input.size() / 2;
    running.Push(input, 0, half);
    (*running).Pause();
    running.WaitForSets(2);
    running.Push(input, half, input.size());
    std::vector<SegmentSet> sets = running.Finish();
    EXPECT_EQ(Cuts(sets), Cuts(whole));
    EXPECT_EQ(ShownAt(Joined(sets, "480p")), ShownAt(Joined(whole, "480p")));
    EXPECT_EQ(ShownAt(Joined(sets, "360p")), ShownAt(Joined(whole, "360p")));
    EXPECT_EQ(Complaints(Joined(sets, "480p")), "");
    EXPECT_EQ(Complaints(Joined(sets, "360p")), "");
  }
}

TEST(PipelineEncodeTest, LosesNothingOfTheTopPictureWhenTheEncoderIsKilled) {
  for (int gop : {60, 250}) {
    SCOPED_TRACE(gop);
    Messages input = Publish(Picture("640x480", 30, 14) + Tone(14) + X264(gop, 2) + Aac());
    std::vector<SegmentSet> whole = RunPipeline(Options(1), input);
    Running running(Options(1));
    size_t part = input.size() * 5 / 14;
    running.Push(input, 0, part);
    running.WaitForSets(1);
    std::vector<int> encoders = Encoders();
    ASSERT_EQ(encoders.size(), 1u);
    kill(encoders[0], SIGKILL);
    while ((*running).facts().restarts == 0) absl::SleepFor(absl::Milliseconds(5));
    running.Push(input, part, input.size());
    std::vector<SegmentSet> sets = running.Finish();
    EXPECT_EQ(Cuts(sets), Cuts(whole));
    EXPECT_EQ(ShownAt(Joined(sets, "480p")), ShownAt(Joined(whole, "480p")));
    EXPECT_EQ(Complaints(Joined(sets, "480p")), "");
    EXPECT_EQ(Complaints(Joined(sets, "360p")), "");
    EXPECT_EQ((*running).facts().restarts, 1);
  }
}

TEST(PipelineEncodeTest, LeavesOutARenditionThatIsLateAndStartsItAnew) {
  Messages input = Publish(Picture("640x480", 30, 16) + Tone(16) + X264(60, 2) + Aac());
  PipelineOptions options = Options(1);
  options.rendition_patience = absl::Milliseconds(1500);
  Running running(options);
  size_t part = input.size() * 5 / 16;
  running.Push(input, 0, part);
  running.WaitForSets(1);
  std::vector<int> encoders = Encoders();
  ASSERT_EQ(encoders.size(), 1u);
  kill(encoders[0], SIGSTOP);
  running.Push(input, part, input.size() * 10 / 16);
  running.WaitForSets(4);
  while ((*running).facts().restarts == 0) absl::SleepFor(absl::Milliseconds(5));
  running.Push(input, input.size() * 10 / 16, input.size());
  std::vector<SegmentSet> sets = running.Finish();
  EXPECT_EQ(ShownAt(Joined(sets, "480p")).size(), 480u);
  EXPECT_GT((*running).facts().gaps, 0);
  for (const SegmentSet& set : sets) EXPECT_EQ(set.segments[1].label, "360p");
  EXPECT_NE(sets.back().segments[1].bytes, nullptr);
  EXPECT_EQ(Complaints(Joined(sets, "360p")), "");
}

TEST(PipelineEncodeTest, LosesNothingWhereTheEncoderOfTheTopPictureHangs) {
  Messages input = Publish(Picture("320x240", 30, 16) + Tone(16) + X264(250, 0) + Aac());
  Running running(Options(0));
  size_t part = input.size() / 2;
  running.Push(input, 0, part);
  running.WaitForSets(1);
  std::vector<int> encoders = Encoders();
  ASSERT_EQ(encoders.size(), 1u);
  kill(encoders[0], SIGSTOP);
  running.Push(input, part, input.size());
  while ((*running).facts().restarts == 0) absl::SleepFor(absl::Milliseconds(5));
  std::vector<SegmentSet> sets = running.Finish();
  EXPECT_EQ(ShownAt(Joined(sets, "240p")).size(), 480u);
}

TEST(PipelineEncodeTest, LeavesNoChildBehind) {
  Messages input = Publish(Picture("640x480", 30, 5) + X264(60, 2));
  {
    Running running(Options(1));
    running.Push(input, 0, input.size());
    running.WaitForSets(1);
    ASSERT_EQ(Encoders().size(), 1u);
  }
  EXPECT_THAT(Encoders(), IsEmpty());
}

}  // namespace
}  // namespace lectern::worker
