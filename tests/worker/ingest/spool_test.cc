#include "worker/ingest/spool.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "common/base/file.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace lectern::worker {
namespace {

namespace fs = std::filesystem;
using ::lectern::testing::StatusIs;
using ::lectern::testing::TempDir;

constexpr absl::Duration kPatience = absl::Seconds(10);

SegmentSet Set(int64_t start_ms, size_t size) {
  SegmentSet set;
  set.start_ms = start_ms;
  set.arrived = absl::FromUnixSeconds(start_ms);
  auto bytes = [&](char c) { return std::make_shared<const std::string>(size, c); };
  set.segments = {{"1080p", bytes('a'), 2}, {"720p", nullptr, 2}, {"audio", bytes('s'), 2}};
  return set;
}

class SpoolTest : public ::testing::Test {
 protected:
  int64_t Files() { return std::distance(fs::directory_iterator(dir_.path()), {}); }

  TempDir dir_;
  SpoolBudget budget_{1000};
};

TEST_F(SpoolTest, KeepsTheOrderInMemoryAndOnDisk) {
  Spool spool(dir_.path(), budget_, 250);
  for (int i = 0; i < 4; ++i) spool.Push(Set(i, 100));
  EXPECT_EQ(Files(), 3) << "one fits into memory";
  EXPECT_EQ(budget_.used_bytes(), 800);
  EXPECT_EQ(spool.oldest(), absl::FromUnixSeconds(0));
  for (int i = 0; i < 4; ++i) {
    ASSERT_OK_AND_ASSIGN(SegmentSet set, spool.Front(kPatience));
    EXPECT_EQ(set.start_ms, i);
    EXPECT_EQ(*set.segments[0].bytes, std::string(100, 'a'));
    EXPECT_EQ(set.segments[1].bytes, nullptr) << "gaps stay gaps";
    EXPECT_EQ(*set.segments[2].bytes, std::string(100, 's'));
    spool.Pop();
  }
  EXPECT_TRUE(spool.empty());
  EXPECT_EQ(Files(), 0);
  EXPECT_EQ(budget_.used_bytes(), 0);
  EXPECT_EQ(spool.oldest(), absl::InfiniteFuture());
}

TEST_F(SpoolTest, IsFullWhereAllSpoolsTogetherAre) {
  Spool one(dir_.path(), budget_, 10'000), other(dir_.path(), budget_, 10'000);
  one.Push(Set(0, 300));
  EXPECT_FALSE(budget_.full());
  other.Push(Set(0, 200));
  EXPECT_TRUE(budget_.full());
  one.Pop();
  EXPECT_FALSE(budget_.full());
}

TEST_F(SpoolTest, TakesSetsIntoMemoryWhereTheDiskTakesNone) {
  Spool spool(dir_ / "absent", budget_, 0);
  spool.Push(Set(1, 100));
  ASSERT_OK_AND_ASSIGN(SegmentSet set, spool.Front(kPatience));
  EXPECT_EQ(*set.segments[0].bytes, std::string(100, 'a'));
}

TEST_F(SpoolTest, SaysWhereTheDiskLostASet) {
  Spool spool(dir_.path(), budget_, 0);
  spool.Push(Set(1, 100));
  ASSERT_OK(WriteFileAtomically(dir_ / "spool-1", "short"));
  EXPECT_THAT(spool.Front(kPatience), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(SpoolTest, WakesItsReader) {
  Spool spool(dir_.path(), budget_, 10'000);
  EXPECT_THAT(spool.Front(absl::ZeroDuration()), StatusIs(absl::StatusCode::kDeadlineExceeded));
  std::thread reader([&] {
    EXPECT_OK(spool.Front(kPatience));
    spool.Pop();
    EXPECT_THAT(spool.Front(kPatience), StatusIs(absl::StatusCode::kCancelled));
  });
  spool.Push(Set(1, 100));
  while (!spool.empty()) std::this_thread::yield();
  spool.Close();
  reader.join();
}

TEST_F(SpoolTest, RemovesWhatIsLeft) {
  {
    Spool spool(dir_.path(), budget_, 0);
    spool.Push(Set(1, 100));
    EXPECT_EQ(Files(), 1);
  }
  EXPECT_EQ(Files(), 0);
  EXPECT_EQ(budget_.used_bytes(), 0);
}

}  // namespace
}  // namespace lectern::worker
