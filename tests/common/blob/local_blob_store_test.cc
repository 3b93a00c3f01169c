#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "common/base/file.h"
#include "common/blob/blob_store.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace lectern {
namespace {

using testing::StatusIs;

class LocalBlobStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto store = OpenLocalBlobStore(dir_.path());
    ASSERT_OK(store);
    store_ = *std::move(store);
  }
  std::string Content(absl::string_view key) {
    auto blob = store_->Open(key);
    if (!blob.ok()) return std::string(blob.status().message());
    std::string text(blob->info.size_bytes, '\0');
    EXPECT_EQ(pread(blob->file->get(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    return text;
  }

  testing::TempDir dir_;
  std::unique_ptr<BlobStore> store_;
};

TEST_F(LocalBlobStoreTest, PutReplacesTheWholeObjectAndChangesItsETag) {
  ASSERT_OK(store_->Put("a/b/master.m3u8", "one"));
  ASSERT_OK_AND_ASSIGN(OpenBlob first, store_->Open("a/b/master.m3u8"));
  ASSERT_OK(store_->Put("a/b/master.m3u8", "two"));
  ASSERT_OK_AND_ASSIGN(OpenBlob second, store_->Open("a/b/master.m3u8"));
  EXPECT_NE(first.info.etag, second.info.etag);
  EXPECT_EQ(Content("a/b/master.m3u8"), "two");
  char byte = 0;
  ASSERT_EQ(pread(first.file->get(), &byte, 1, 0), 1);
  EXPECT_EQ(byte, 'o') << "a reader that has the old object open keeps it";
}

TEST_F(LocalBlobStoreTest, KeysThatLeaveTheStoreAreRefused) {
  const std::vector<std::string> keys = {
      "",     "/", "/etc/passwd",         "../x", "a/../b", "a/./b", "a//b", "a/", "a b", "a\\b",
      "a%2e", "ä", std::string("a\0b", 3)};
  for (const std::string& key : keys) {
    EXPECT_THAT(store_->Open(key), StatusIs(absl::StatusCode::kInvalidArgument)) << key;
    EXPECT_THAT(store_->Put(key, "x"), StatusIs(absl::StatusCode::kInvalidArgument)) << key;
    EXPECT_THAT(store_->Delete(key), StatusIs(absl::StatusCode::kInvalidArgument)) << key;
  }
  EXPECT_THAT(store_->Open(std::string(8192, 'a')), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(store_->DeletePrefix(""), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(LocalBlobStoreTest, SymbolicLinksAreNotFollowed) {
  ASSERT_OK(store_->Put("a/file", "x"));
  std::filesystem::create_symlink("/etc/passwd", dir_ / "objects/a/link");
  std::filesystem::create_directory_symlink("/etc", dir_ / "objects/etc");
  EXPECT_THAT(store_->Open("a/link"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(store_->Open("etc/passwd"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(store_->Open("a"), StatusIs(absl::StatusCode::kNotFound)) << "a folder is no object";
  EXPECT_THAT(store_->Open("a/file/below"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(LocalBlobStoreTest, PutFileMovesAFinishedFileIn) {
  std::string path = store_->ScratchDir() + "/made";
  ASSERT_OK(WriteFileAtomically(path, "bytes"));
  ASSERT_OK(store_->PutFile("recordings/1", path));
  EXPECT_EQ(Content("recordings/1"), "bytes");
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_THAT(store_->PutFile("recordings/2", path), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(LocalBlobStoreTest, APrefixIsAFolderAndNotABeginningOfNames) {
  ASSERT_OK(store_->Put("a/b/1", "x"));
  ASSERT_OK(store_->Put("a/bc/2", "x"));
  ASSERT_OK(store_->Put("a/b/d/3", "x"));
  ASSERT_OK_AND_ASSIGN(std::vector<BlobInfo> listed, store_->List("a/b"));
  ASSERT_EQ(listed.size(), 2u);
  EXPECT_EQ(listed[0].key, "a/b/1");
  EXPECT_EQ(listed[1].key, "a/b/d/3");
  ASSERT_OK(store_->DeletePrefix("a/b"));
  ASSERT_OK_AND_ASSIGN(listed, store_->List(""));
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0].key, "a/bc/2");
  ASSERT_OK_AND_ASSIGN(std::vector<std::string> folders, store_->ListFolders("a"));
  EXPECT_EQ(folders, std::vector<std::string>{"bc"});
  ASSERT_OK(store_->DeletePrefix("a/b")) << "absent is fine";
}

TEST_F(LocalBlobStoreTest, DeleteLeavesNoEmptyFoldersBehind) {
  ASSERT_OK(store_->Put("a/b/c", "x"));
  ASSERT_OK(store_->Delete("a/b/c"));
  ASSERT_OK(store_->Delete("a/b/c"));
  EXPECT_TRUE(std::filesystem::is_empty(dir_ / "objects"));
}

TEST_F(LocalBlobStoreTest, PutAndDeleteInOneFolderAtOnceDoNotDisturbEachOther) {
  std::thread other([this] {
    for (int i = 0; i < 200; ++i) {
      EXPECT_OK(store_->Put("f/x", "x"));
      EXPECT_OK(store_->Delete("f/x"));
    }
  });
  for (int i = 0; i < 200; ++i) {
    EXPECT_OK(store_->Put("f/y", "y"));
    EXPECT_EQ(Content("f/y"), "y");
    EXPECT_OK(store_->Delete("f/y"));
  }
  other.join();
}

}  // namespace
}  // namespace lectern
