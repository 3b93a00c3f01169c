#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/worker/live/live_media.h"

namespace lectern::worker {
namespace {

using namespace lectern::worker::testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(PipelineEncodeTest, Renditions) {
  Messages input = Publish(Picture("1280x720", 30, 9) + Tone(9) + X264(60, 2) + Aac());
  PipelineOptions options;
  options.view = "cam";
  options.max_renditions = 2;
  options.rendition_patience = absl::Seconds(60);
  std::vector<SegmentSet> sets = RunPipeline(options, Moved(input, 100'000));
  EXPECT_THAT(Labels(sets), ElementsAre("720p", "480p", "audio"));
  for (int64_t cut : Cuts(sets)) printf("%ld ", cut);
  puts("");
  EXPECT_EQ(ShownAt(Joined(sets, "720p")), ShownAt(Joined(sets, "480p")));
  EXPECT_THAT(Complaints(Joined(sets, "720p")), IsEmpty());
  EXPECT_THAT(Complaints(Joined(sets, "480p")), IsEmpty());
}

TEST(PipelineEncodeTest, Top) {
  Messages input = Publish(Picture("1280x720", 30, 20) + Tone(20) + X264(250, 2) + Aac());
  PipelineOptions options;
  options.view = "cam";
  options.max_renditions = 2;
  options.rendition_patience = absl::Seconds(60);
  std::vector<SegmentSet> sets = RunPipeline(options, Moved(input, 100'000));
  EXPECT_THAT(Labels(sets), ElementsAre("720p", "480p", "audio"));
  for (int64_t cut : Cuts(sets)) printf("%ld ", cut);
  puts("");
  EXPECT_EQ(ShownAt(Joined(sets, "720p")).size(), 600);
  EXPECT_EQ(ShownAt(Joined(sets, "720p")), ShownAt(Joined(sets, "480p")));
  EXPECT_THAT(Complaints(Joined(sets, "720p")), IsEmpty());
  EXPECT_THAT(Complaints(Joined(sets, "480p")), IsEmpty());
}

}  // namespace
}  // namespace lectern::worker
