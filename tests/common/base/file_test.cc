#include "common/base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace lectern {
namespace {

using testing::StatusIs;
using testing::TempDir;

TEST(FileTest, AnAtomicWriteReplacesTheWholeContentAndLeavesNothingElse) {
  TempDir dir;
  ASSERT_OK(WriteFileAtomically(dir / "a", "a long first content", 0600));
  ASSERT_OK(WriteFileAtomically(dir / "a", "short", 0600));
  EXPECT_EQ(*ReadFile(dir / "a"), "short");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir.path()), {}), 1);
  struct stat info;
  ASSERT_EQ(stat((dir / "a").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST(FileTest, AFailedAtomicWriteKeepsTheOldContentAndLeavesNothingElse) {
  TempDir dir;
  std::filesystem::create_directory(dir / "a");   // a rename over a folder fails
  EXPECT_FALSE(WriteFileAtomically(dir / "a", "x").ok());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir.path()), {}), 1);
}

TEST(FileTest, ReadingSaysWhatIsMissingOrTooLarge) {
  TempDir dir;
  EXPECT_THAT(ReadFile(dir / "none"), StatusIs(absl::StatusCode::kNotFound));
  ASSERT_OK(WriteFileAtomically(dir / "a", "12345"));
  EXPECT_THAT(ReadFile(dir / "a", 4), StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_OK(ReadFile(dir / "a", 5));
}

TEST(FileTest, AFullDiskHasAReasonOfItsOwn) {
  EXPECT_THAT(ErrnoStatus(ENOSPC, "write x"), StatusIs(absl::StatusCode::kResourceExhausted, "DISK_FULL"));
}

}  // namespace
}  // namespace lectern
