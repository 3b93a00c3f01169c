#include "worker/runner/scratch.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>

#include "common/base/file.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace lectern::worker {
namespace {

namespace fs = std::filesystem;
using ::lectern::testing::StatusIs;
using ::lectern::testing::TempDir;

TEST(ScratchTest, RemovesAFolderWithEverythingInIt) {
  TempDir dir;
  ASSERT_OK_AND_ASSIGN(auto scratch, Scratch::Open(dir / "scratch", 1000));
  std::string path;
  {
    ASSERT_OK_AND_ASSIGN(ScratchFolder folder, scratch->Make(12, 3, 100));
    path = folder.path();
    EXPECT_EQ(path, dir / "scratch/12-3");
    EXPECT_EQ(folder.limit_bytes(), 100);
    fs::create_directories(path + "/a/b");
    ASSERT_OK(WriteFileAtomically(path + "/a/b/file", "text"));
    ScratchFolder moved = std::move(folder);
    EXPECT_TRUE(fs::exists(path));
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(ScratchTest, RemovesAtStartWhatACrashLeftAndNothingElse) {
  TempDir dir;
  fs::create_directories(dir / "12-3/deep");
  fs::create_directories(dir / "somebody-else");
  fs::create_directories(dir / "12");
  fs::create_directories(dir / "outside");
  fs::create_directory_symlink(dir / "outside", dir / "7-7");
  ASSERT_OK(WriteFileAtomically(dir / "12-3/deep/file", "text"));
  ASSERT_OK(WriteFileAtomically(dir / "13-1", "a file"));
  ASSERT_OK(Scratch::Open(dir.path(), 1000));
  EXPECT_FALSE(fs::exists(dir / "12-3"));
  for (const char* other : {"somebody-else", "12", "outside", "7-7", "13-1"}) EXPECT_TRUE(fs::exists(dir / other)) << other;
}

TEST(ScratchTest, SetsAsideWhatARunNeedsUntilItIsOver) {
  TempDir dir;
  ASSERT_OK_AND_ASSIGN(auto scratch, Scratch::Open(dir.path(), 1000));
  {
    ASSERT_OK_AND_ASSIGN(ScratchFolder first, scratch->Make(1, 1, 600));
    EXPECT_THAT(scratch->Make(2, 1, 600), StatusIs(absl::StatusCode::kResourceExhausted));
    EXPECT_FALSE(fs::exists(dir / "2-1"));
    EXPECT_OK(scratch->Make(2, 1, 400));
  }
  EXPECT_OK(scratch->Make(2, 1, 1000));
}

TEST(ScratchTest, RefusesWhatTheDiskCannotHold) {
  TempDir dir;
  int64_t huge = int64_t{1} << 60;
  ASSERT_OK_AND_ASSIGN(auto scratch, Scratch::Open(dir.path(), huge));
  EXPECT_GT(scratch->free_bytes(), 0);
  absl::Status status = scratch->Make(1, 1, huge).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("the disk has"));
}

TEST(ScratchTest, KeepsASecondProcessOut) {
  TempDir dir;
  ASSERT_OK_AND_ASSIGN(auto scratch, Scratch::Open(dir.path(), 1000));
  EXPECT_THAT(Scratch::Open(dir.path(), 1000), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST(ScratchTest, RefusesALimitThatIsNotPositive) {
  TempDir dir;
  EXPECT_THAT(Scratch::Open(dir.path(), 0), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace lectern::worker
