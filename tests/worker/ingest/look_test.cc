#include "worker/ingest/look.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "common/base/file.h"
#include "common/exec/process.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace lectern::worker {
namespace {

using ::lectern::testing::TempDir;

class LookTest : public ::testing::Test {
 protected:
  // Two seconds of a picture and a sound of lavfi.
  std::string Flv(const std::string& picture, const std::string& sound) {
    ProcessOptions options;
    options.argv = {"ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, "-t", "2",
                    "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", dir_ / "in.flv"};
    EXPECT_OK(RunProcess(options, absl::Seconds(30)));
    return ReadFile(dir_ / "in.flv").value_or("");
  }
  TempDir dir_;
};

TEST_F(LookTest, MakesAPictureAndMeasuresLightAndSound) {
  ASSERT_OK_AND_ASSIGN(Look look, TakeLook(Flv("color=white:size=1280x720:rate=5", "sine=frequency=440"), true, true, dir_.path()));
  EXPECT_EQ(look.jpeg.substr(0, 2), "\xff\xd8");
  EXPECT_NEAR(look.luma, 1, 0.02);
  EXPECT_NEAR(look.level_dbfs, -21, 1.5) << "lavfi's sine has an amplitude of 1/8";
  std::filesystem::remove(dir_ / "in.flv");
  EXPECT_TRUE(std::filesystem::is_empty(dir_.path())) << "its files are removed";
}

TEST_F(LookTest, FindsBlackAndSilence) {
  ASSERT_OK_AND_ASSIGN(Look look, TakeLook(Flv("color=black:size=640x360:rate=5", "anullsrc"), true, true, dir_.path()));
  EXPECT_NEAR(look.luma, 0, 0.01);
  EXPECT_LT(look.level_dbfs, -80);
}

TEST_F(LookTest, TakesWhatIsThere) {
  std::string flv = Flv("color=gray:size=640x360:rate=5", "sine=frequency=440");
  ASSERT_OK_AND_ASSIGN(Look picture, TakeLook(flv, true, false, dir_.path()));
  EXPECT_FALSE(picture.jpeg.empty());
  EXPECT_EQ(picture.level_dbfs, 0);
  ASSERT_OK_AND_ASSIGN(Look sound, TakeLook(flv, false, true, dir_.path()));
  EXPECT_TRUE(sound.jpeg.empty());
  EXPECT_LT(sound.luma, 0);
  EXPECT_LT(sound.level_dbfs, 0);
}

TEST_F(LookTest, FailsOnWhatIsNoMedia) {
  EXPECT_FALSE(TakeLook("no FLV", true, true, dir_.path()).ok());
  EXPECT_TRUE(std::filesystem::is_empty(dir_.path()));
}

}  // namespace
}  // namespace lectern::worker
