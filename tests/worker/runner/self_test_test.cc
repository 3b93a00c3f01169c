#include "worker/runner/self_test.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "common/base/file.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace lectern::worker {
namespace {

using ::lectern::testing::TempDir;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(SelfTestTest, ReadsFfmpegsListOfEncoders) {
  EXPECT_THAT(EncodersIn("Encoders:\n V..... = Video\n ------\n V....D libx264              libx264 H.264\n"
                         " V....D libx264rgb           libx264 RGB\n A....D aac                  AAC\n"),
              ElementsAre("aac", "libx264"));
  EXPECT_TRUE(EncodersIn("").empty());
}

TEST(SelfTestTest, PassesWithTheMachinesFfmpegAndLeavesNothing) {
  TempDir dir;
  EXPECT_OK(SelfTest(dir.path()));
  EXPECT_TRUE(std::filesystem::is_empty(dir.path()));
}

// A program of this name that does nothing useful stands before the machine's.
TEST(SelfTestTest, FailsInWordsWhereFfmpegIsBroken) {
  TempDir dir;
  ASSERT_OK(WriteFileAtomically(dir / "ffmpeg", "#!/bin/sh\necho ' V....D libx264 x'\necho ' A....D aac x'\n"
                                                "echo ' V....D mjpeg x'\n", 0755));
  std::string path = std::getenv("PATH");
  setenv("PATH", (dir.path() + ":" + path).c_str(), 1);
  absl::Status status = SelfTest(dir.path());
  setenv("PATH", path.c_str(), 1);
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr("FFmpeg does not work here"));
}

}  // namespace
}  // namespace lectern::worker
