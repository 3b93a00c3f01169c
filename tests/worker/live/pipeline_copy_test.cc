#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/worker/live/live_media.h"

namespace lectern::worker {
namespace {

using namespace lectern::worker::testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

PipelineOptions CopyOnly() {
  PipelineOptions options;
  options.view = "cam";
  options.max_renditions = 0;
  return options;
}

TEST(PipelineCopyTest, CutsEveryTwoSecondsFromTheFirstKeyFrame) {
  Messages input = Publish(Picture("320x180", 30, 9) + Tone(9) + X264(30, 2) + Aac());
  std::vector<SegmentSet> sets = RunPipeline(CopyOnly(), Moved(input, 100'000));
  EXPECT_THAT(Labels(sets), ElementsAre("180p", "audio"));
  for (int64_t cut : Cuts(sets)) printf("%ld ", cut);
  for (int64_t t : ShownAt(Joined(sets, "180p"))) printf("%ld ", t);
  puts("");
  EXPECT_THAT(Complaints(Joined(sets, "180p")), IsEmpty());
  EXPECT_THAT(Complaints(Joined(sets, "audio")), IsEmpty());
}

}  // namespace
}  // namespace lectern::worker
