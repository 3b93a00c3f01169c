#include "edge/cache/disk_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace lectern::edge {
namespace {

using lectern::testing::StatusIs;
using lectern::testing::TempDir;

class DiskCacheTest : public ::testing::Test {
 protected:
  void OpenCache(int64_t max_bytes = 1 << 20, size_t max_open = 100) {
    cache_.reset();
    CacheOptions options;
    options.dir = dir_ / "cache";
    options.max_bytes = max_bytes;
    options.max_open = max_open;
    options.max_text_bytes = 100;
    options.headers = [](const ObjectMeta& meta) { return absl::StrCat("ETag: ", meta.etag, "\r\n"); };
    ASSERT_OK_AND_ASSIGN(cache_, DiskCache::Open(std::move(options)));
  }

  CachedObject Put(const std::string& key, const std::string& body, const std::string& etag = "\"1\"") {
    auto writer = cache_->Create();
    EXPECT_OK(writer);
    EXPECT_OK((*writer)->Append(body));
    ObjectMeta meta;
    meta.key = key;
    meta.etag = etag;
    meta.last_modified = absl::FromUnixSeconds(1'700'000'000);
    meta.validated_at = absl::FromUnixSeconds(1'800'000'000);
    auto object = (*writer)->Commit(meta);
    EXPECT_OK(object);
    return *object;
  }

  static std::string Body(const CachedObject& object) {
    std::string body(object.meta->size, '\0');
    EXPECT_EQ(pread(object.file->get(), body.data(), body.size(), kBodyOffset), static_cast<ssize_t>(body.size()));
    return body;
  }

  int CountFiles() {
    int files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(dir_ / "cache")) {
      bool object = entry.path().string().find("/objects/") != std::string::npos ||
                    entry.path().string().find("/filling/") != std::string::npos;
      files += entry.is_regular_file() && object ? 1 : 0;
    }
    return files;
  }

  TempDir dir_;
  std::unique_ptr<DiskCache> cache_;
};

TEST_F(DiskCacheTest, GivesBackWhatWasPut) {
  OpenCache();
  Put("1/comb/a", "hello");
  std::optional<CachedObject> object = cache_->Find("1/comb/a");
  ASSERT_TRUE(object);
  EXPECT_EQ(Body(*object), "hello");
  EXPECT_EQ(*object->text, "hello");
  EXPECT_EQ(*object->headers, "ETag: \"1\"\r\n");
  EXPECT_FALSE(cache_->Find("1/comb/b"));
}

TEST_F(DiskCacheTest, ALackOfDescriptorsLosesNothing) {
  OpenCache(1 << 20, /*max_open=*/1);
  Put("1/comb/a", "hello");
  Put("1/comb/b", "closes the first");
  struct rlimit before {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  struct rlimit none = {0, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  std::optional<CachedObject> without = cache_->Find("1/comb/a");
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_FALSE(without);
  std::optional<CachedObject> object = cache_->Find("1/comb/a");
  ASSERT_TRUE(object);
  EXPECT_EQ(Body(*object), "hello");
}

TEST_F(DiskCacheTest, KeepsOnlySmallBodiesInMemory) {
  OpenCache();
  EXPECT_EQ(Put("1/comb/a", std::string(101, 'x')).text, nullptr);
}

TEST_F(DiskCacheTest, AnUnfinishedObjectLeavesNothing) {
  OpenCache();
  {
    ASSERT_OK_AND_ASSIGN(auto writer, cache_->Create());
    ASSERT_OK(writer->Append("half"));
    EXPECT_GT(cache_->bytes(), 0);
  }
  EXPECT_EQ(cache_->bytes(), 0);
  EXPECT_EQ(CountFiles(), 0);
}

TEST_F(DiskCacheTest, SurvivesARestart) {
  OpenCache();
  Put("1/comb/a", "hello", "\"e\"");
  int64_t bytes = cache_->bytes();
  OpenCache();
  EXPECT_EQ(cache_->bytes(), bytes);
  std::optional<CachedObject> object = cache_->Find("1/comb/a");
  ASSERT_TRUE(object);
  EXPECT_EQ(Body(*object), "hello");
  EXPECT_EQ(object->meta->etag, "\"e\"");
  EXPECT_EQ(object->meta->last_modified, absl::FromUnixSeconds(1'700'000'000));
  EXPECT_EQ(object->validated_at, absl::FromUnixSeconds(1'800'000'000));
}

TEST_F(DiskCacheTest, DropsDamagedFilesAtAStart) {
  OpenCache();
  Put("1/comb/a", std::string(1000, 'a'));
  Put("1/comb/b", std::string(1000, 'b'));
  cache_.reset();
  std::filesystem::resize_file(dir_ / ("cache/objects/" + FileNameOf("1/comb/a")), kBodyOffset + 500);
  OpenCache();
  EXPECT_FALSE(cache_->Find("1/comb/a"));
  EXPECT_TRUE(cache_->Find("1/comb/b"));
  EXPECT_EQ(CountFiles(), 1);
}

TEST_F(DiskCacheTest, AfterAnotherBootTheYoungestObjectsAreNotTrusted) {
  OpenCache();
  Put("1/comb/old", "hello");
  Put("1/comb/new", "hello");
  cache_.reset();
  std::string old_file = dir_ / ("cache/objects/" + FileNameOf("1/comb/old"));
  std::filesystem::last_write_time(old_file, std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  ASSERT_OK(WriteFileAtomically(dir_ / "cache/boot_id", "another boot"));
  OpenCache();
  EXPECT_TRUE(cache_->Find("1/comb/old"));
  EXPECT_FALSE(cache_->Find("1/comb/new"));
  EXPECT_EQ(CountFiles(), 1);
}

TEST_F(DiskCacheTest, TheLeastRecentlyUsedGoesFirstAndTheBoundHolds) {
  OpenCache(4 * (kBodyOffset + 1000));
  for (int i = 0; i < 4; ++i) Put(absl::StrCat("1/comb/", i), std::string(1000, 'x'));
  ASSERT_TRUE(cache_->Find("1/comb/0"));
  Put("1/comb/4", std::string(1000, 'x'));
  EXPECT_TRUE(cache_->Find("1/comb/0"));
  EXPECT_FALSE(cache_->Find("1/comb/1"));
  for (int i = 0; i < 100; ++i) {
    Put(absl::StrCat("2/comb/", i), std::string(1 + i * 17 % 1000, 'x'));
    EXPECT_LE(cache_->bytes(), int64_t{4} * (kBodyOffset + 1000));
  }
  EXPECT_EQ(CountFiles(), static_cast<int>(cache_->objects()));
}

TEST_F(DiskCacheTest, AnObjectThatWasEvictedCanStillBeSent) {
  OpenCache(2 * (kBodyOffset + 1000));
  CachedObject held = Put("1/comb/a", std::string(900, 'a'));
  Put("1/comb/b", std::string(1000, 'b'));
  Put("1/comb/c", std::string(1000, 'c'));
  EXPECT_FALSE(cache_->Find("1/comb/a"));
  EXPECT_EQ(Body(held), std::string(900, 'a'));
}

TEST_F(DiskCacheTest, RefusesWhatCanNeverFit) {
  OpenCache(kBodyOffset + 1000);
  ASSERT_OK_AND_ASSIGN(auto writer, cache_->Create());
  ASSERT_OK(writer->Append(std::string(1000, 'x')));
  EXPECT_THAT(writer->Append("x"), StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST_F(DiskCacheTest, AReplacementTakesOverAndCountsOnce) {
  OpenCache();
  Put("1/comb/a", "old", "\"1\"");
  CachedObject held = *cache_->Find("1/comb/a");
  Put("1/comb/a", "newer", "\"2\"");
  EXPECT_EQ(Body(*cache_->Find("1/comb/a")), "newer");
  EXPECT_EQ(Body(held), "old");
  EXPECT_EQ(cache_->bytes(), static_cast<int64_t>(kBodyOffset + 5));
  EXPECT_EQ(CountFiles(), 1);
}

TEST_F(DiskCacheTest, TouchReachesTheSameVersionOnly) {
  OpenCache();
  Put("1/comb/a", "x", "\"1\"");
  absl::Time later = absl::FromUnixSeconds(1'900'000'000);
  cache_->Touch("1/comb/a", "\"0\"", later);
  EXPECT_NE(cache_->Find("1/comb/a")->validated_at, later);
  cache_->Touch("1/comb/a", "\"1\"", later);
  EXPECT_EQ(cache_->Find("1/comb/a")->validated_at, later);
}

TEST_F(DiskCacheTest, KeepsAFewFilesOpenAndServesAll) {
  OpenCache(1 << 20, /*max_open=*/3);
  for (int i = 0; i < 20; ++i) Put(absl::StrCat("1/comb/", i), absl::StrCat("body ", i));
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 20; ++i) EXPECT_EQ(Body(*cache_->Find(absl::StrCat("1/comb/", i))), absl::StrCat("body ", i));
  }
  int open = 0;
  for (const auto& fd : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    open += std::filesystem::read_symlink(fd, gone).string().find("/objects/") != std::string::npos ? 1 : 0;
  }
  EXPECT_LE(open, 3);
}

TEST_F(DiskCacheTest, AFileThatVanishedIsAMiss) {
  OpenCache(1 << 20, 1);
  Put("1/comb/a", "x");
  Put("1/comb/b", "x");
  std::filesystem::remove(dir_ / ("cache/objects/" + FileNameOf("1/comb/a")));
  EXPECT_FALSE(cache_->Find("1/comb/a"));
  EXPECT_EQ(cache_->objects(), 1u);
}

}  // namespace
}  // namespace lectern::edge
