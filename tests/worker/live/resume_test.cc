// Two workers that see the same messages make the same segments, the second one from a key frame in the middle on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tests/worker/live/live_media.h"

namespace lectern::worker {
namespace {

using namespace lectern::worker::testing;

struct Case {
  std::string name;
  int rate = 30;
  Words video;
  int sound_rate = 48000;
  int max_renditions = 0;
  bool copied = true;
  int64_t moved_ms = 0;
  double seconds = 11;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class ResumeTest : public ::testing::TestWithParam<Case> {
 protected:
  PipelineOptions Options() const {
    PipelineOptions options;
    options.view = "cam";
    options.max_renditions = GetParam().max_renditions;
    options.rendition_patience = absl::Seconds(60);
    return options;
  }
};

std::vector<SegmentSet> Part(const std::vector<SegmentSet>& sets, size_t count) {
  return std::vector<SegmentSet>(sets.begin(), sets.begin() + static_cast<std::ptrdiff_t>(count));
}

TEST_P(ResumeTest, ContinuesWithTheSameCutsAndLosesAndRepeatsNoFrame) {
  const Case& c = GetParam();
  Messages input = Moved(Publish(Picture("640x480", c.rate, c.seconds) + Tone(c.seconds, c.sound_rate) + c.video + Aac()), c.moved_ms);
  std::vector<SegmentSet> whole = RunPipeline(Options(), input);
  ASSERT_GE(whole.size(), 4u);
  for (size_t stored : {size_t{1}, whole.size() * 2 / 3}) {
    SCOPED_TRACE(absl::StrCat(stored, " sets are stored"));
    std::vector<SegmentSet> joined = Part(whole, stored);
    PipelineOptions options = Options();
    options.resume = ResumeAfter(joined);
    std::vector<SegmentSet> rest = RunPipeline(options, FromKeyFrame(input, options.resume.end_ms));
    joined.insert(joined.end(), rest.begin(), rest.end());
    EXPECT_EQ(Cuts(joined), Cuts(whole));
    EXPECT_EQ(Labels(joined), Labels(whole));
    EXPECT_EQ(rest.front().formats.front().copied, c.copied);
    for (const std::string& label : Labels(whole)) {
      SCOPED_TRACE(label);
      for (size_t i = 0; i < whole.back().formats.size(); ++i) {
        EXPECT_EQ(*whole.back().formats[i].init, *rest.back().formats[i].init) << "a discontinuity without a reason";
      }
      std::string media = Joined(joined, label);
      if (label != "audio") {
        EXPECT_EQ(ShownAt(media), ShownAt(Joined(whole, label)));
        EXPECT_EQ(Complaints(media), "");
      } else {
        EXPECT_EQ(ShownAt(media).size(), ShownAt(Joined(whole, label)).size());
      }
    }
    if (c.copied) EXPECT_TRUE(Joined(joined, "480p") == Joined(whole, "480p"));
  }
}

Words Gop(int frames) { return X264(frames, 2); }
// Key frames where a lecturer's encoder sees a change of scene.
Words Irregular() {
  return Words{"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-threads", "1", "-bf", "2", "-sc_threshold", "0",
               "-g", "1000", "-force_key_frames", "0,1.7,2.1,3.9,5.2,5.6,7.3,9,10.9,12.8,13.1,15,16.9,18.2,19"};
}

INSTANTIATE_TEST_SUITE_P(
    Copied, ResumeTest,
    ::testing::Values(Case{"gop_2s", 30, Gop(60)}, Case{"gop_1s", 30, Gop(30)}, Case{"gop_half", 30, Gop(15), 44100},
                      Case{"no_b_frames", 25, X264(50, 0), 44100}, Case{"irregular", 30, Irregular()},
                      Case{"ntsc", 30, Words{"-vf", "fps=30000/1001"} + Gop(60), 44100}, Case{"24fps", 24, X264(48, 3)},
                      Case{"with_renditions", 30, Gop(60), 48000, 1},
                      Case{"irregular_with_renditions", 30, Irregular(), 44100, 1},
                      Case{"late", 30, Gop(60), 44100, 0, true, int64_t{5} * 3600 * 1000 + 17},
                      Case{"very_late", 30, Gop(60), 48000, 1, true, (int64_t{1} << 32) + 12'345}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Encoded, ResumeTest,
    ::testing::Values(Case{"gop_8s", 30, Gop(250), 48000, 1, false, 0, 20}, Case{"gop_10s_25fps", 25, X264(250, 0), 44100, 1, false},
                      Case{"ntsc", 30, Words{"-vf", "fps=30000/1001"} + Gop(250), 44100, 1, false, int64_t{3} << 31, 20},
                      Case{"gop_3s", 30, Gop(90), 48000, 0, false}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace lectern::worker
