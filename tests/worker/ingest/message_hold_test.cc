#include "worker/ingest/message_hold.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/temp_dir.h"

namespace lectern::worker {
namespace {

namespace fs = std::filesystem;
using ::lectern::testing::TempDir;

class MessageHoldTest : public ::testing::Test {
 protected:
  void Add(int from, int to, size_t size) {
    for (int i = from; i < to; ++i) {
      hold_.Add({rtmp::MediaMessage::kVideo, i, std::make_shared<const std::string>(size, static_cast<char>('a' + i % 26))});
    }
  }
  std::vector<int64_t> Take(absl::Duration time) {
    std::vector<int64_t> times;
    hold_.Take(time, [&](const rtmp::MediaMessage& message) {
      EXPECT_EQ((*message.payload)[0], static_cast<char>('a' + message.timestamp_ms % 26));
      times.push_back(message.timestamp_ms);
    });
    return times;
  }
  static std::vector<int64_t> Range(int from, int to) {
    std::vector<int64_t> range;
    for (int i = from; i < to; ++i) range.push_back(i);
    return range;
  }

  TempDir dir_;
  SpoolBudget budget_{int64_t{1} << 30};
  MessageHold hold_{dir_ / "held.flv", budget_, RealClock()};
};

TEST_F(MessageHoldTest, GivesLittleBackFromMemory) {
  Add(0, 3, 100);
  EXPECT_FALSE(fs::exists(dir_ / "held.flv"));
  EXPECT_EQ(Take(absl::InfiniteDuration()), Range(0, 3));
  EXPECT_TRUE(hold_.empty());
  EXPECT_EQ(budget_.used_bytes(), 0);
  Add(3, 5, 100);
  EXPECT_EQ(Take(absl::InfiniteDuration()), Range(3, 5)) << "once more";
}

TEST_F(MessageHoldTest, GivesMuchBackFromDiskInOrder) {
  Add(0, 500, 20'000);
  EXPECT_GT(fs::file_size(dir_ / "held.flv"), 8'000'000u);
  EXPECT_GT(budget_.used_bytes(), 10'000'000);
  EXPECT_EQ(Take(absl::InfiniteDuration()), Range(0, 500));
  EXPECT_FALSE(fs::exists(dir_ / "held.flv"));
  EXPECT_EQ(budget_.used_bytes(), 0);
}

TEST_F(MessageHoldTest, TakesMoreWhileItGivesBack) {
  std::vector<int64_t> all;
  Add(0, 300, 20'000);
  for (int i = 300; !hold_.empty() || i == 300; i += 100) {
    for (int64_t ms : Take(absl::Milliseconds(2))) all.push_back(ms);
    if (i < 1000) Add(i, i + 100, 20'000);
  }
  EXPECT_EQ(all, Range(0, 1000));
}

TEST_F(MessageHoldTest, KeepsEverythingInMemoryWhereTheDiskTakesNothing) {
  MessageHold hold(dir_ / "absent/held.flv", budget_, RealClock());
  for (int i = 0; i < 200; ++i) hold.Add({rtmp::MediaMessage::kVideo, i, std::make_shared<const std::string>(20'000, 'x')});
  int count = 0;
  hold.Take(absl::InfiniteDuration(), [&](const rtmp::MediaMessage& message) { EXPECT_EQ(message.timestamp_ms, count++); });
  EXPECT_EQ(count, 200);
}

}  // namespace
}  // namespace lectern::worker
