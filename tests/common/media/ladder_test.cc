#include "common/media/ladder.h"

#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"

namespace lectern::media {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Plan(Content content, LadderSource source) {
  std::vector<std::string> words;
  for (const LadderRung& rung : PlanLadder(content, source))
    words.push_back(absl::StrCat(rung.label, " ", rung.width, "x", rung.height));
  return words;
}

TEST(LadderTest, CameraHasThreeSizesOfFullHd) {
  EXPECT_THAT(Plan(Content::kCamera, {1920, 1080}), ElementsAre("1080p 1920x1080", "720p 1280x720", "480p 854x480"));
  EXPECT_THAT(Plan(Content::kCombined, {1280, 720}), ElementsAre("720p 1280x720", "480p 854x480"));
  EXPECT_THAT(Plan(Content::kCamera, {3840, 2160}), ElementsAre("1080p 1920x1080", "720p 1280x720", "480p 854x480"));
}

TEST(LadderTest, SlidesStayReadable) {
  EXPECT_THAT(Plan(Content::kSlides, {1920, 1080}), ElementsAre("1080p 1920x1080", "720p 1280x720"));
  EXPECT_THAT(Plan(Content::kSlides, {640, 480}), ElementsAre("480p 640x480"));
}

TEST(LadderTest, NothingIsEnlargedAndAllSizesAreEven) {
  EXPECT_THAT(Plan(Content::kCamera, {320, 180}), ElementsAre("180p 320x180"));
  EXPECT_THAT(Plan(Content::kCamera, {321, 181}), ElementsAre("180p 320x180"));
  EXPECT_THAT(Plan(Content::kCamera, {854, 480}), ElementsAre("480p 854x480", "360p 640x360"));
  EXPECT_THAT(Plan(Content::kCamera, {1024, 768}), ElementsAre("768p 1024x768", "480p 640x480"));
}

TEST(LadderTest, PortraitVideosAreTurned) {
  EXPECT_THAT(Plan(Content::kCamera, {1080, 1920}), ElementsAre("1080p 1080x1920", "720p 720x1280", "480p 480x854"));
}

TEST(LadderTest, ACopiedSourceReplacesTheLargestUnlessItIsCoarseOrHeavy) {
  LadderSource source{1920, 1080, true, 2, 2'000'000};
  EXPECT_THAT(Plan(Content::kCamera, source), ElementsAre("720p 1280x720", "480p 854x480"));
  source.max_gop_seconds = 10;
  EXPECT_THAT(Plan(Content::kCamera, source), ElementsAre("1080p 1920x1080", "720p 1280x720", "480p 854x480"));
  source = {1920, 1080, true, 2, 12'000'000};
  EXPECT_THAT(Plan(Content::kCamera, source), ElementsAre("1080p 1920x1080", "720p 1280x720", "480p 854x480"));
}

TEST(LadderTest, QualityFollowsTheContent) {
  LadderRung camera = PlanLadder(Content::kCamera, {1920, 1080})[0],
             slides = PlanLadder(Content::kSlides, {1920, 1080})[0],
             both = PlanLadder(Content::kCombined, {1920, 1080})[0];
  EXPECT_EQ(camera.crf, 26);
  EXPECT_EQ(camera.niceness, 10);
  EXPECT_EQ(slides.crf, 20);
  EXPECT_EQ(slides.niceness, 9);
  EXPECT_EQ(slides.tune, "stillimage");
  EXPECT_EQ(both.crf, 24);
  EXPECT_EQ(both.niceness, 8);
  EXPECT_EQ(both.tune, "");
  EXPECT_EQ(both.gop_seconds, 2);
}

TEST(LadderTest, WhatHasNoSizeHasNoRenditions) {
  EXPECT_THAT(Plan(Content::kCamera, {0, 0}), IsEmpty());
}

TEST(ThumbnailPlanTest, LongRecordingsHaveWiderSteps) {
  EXPECT_EQ(PlanThumbnails(60).interval_seconds, 2);
  EXPECT_EQ(PlanThumbnails(7200).interval_seconds, 12);
}

}  // namespace
}  // namespace lectern::media
