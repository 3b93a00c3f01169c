#include "common/rtmp/refusal_log.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace lectern::rtmp {
namespace {

TEST(RefusalLogTest, OneLineForAnAddressAndTenSecondsCountsTheOthers) {
  RefusalLog refusals;
  EXPECT_EQ(refusals.Take("10.0.0.1", absl::Seconds(100)), 0);
  for (int i = 0; i < 500; ++i) EXPECT_EQ(refusals.Take("10.0.0.1", absl::Seconds(101)), std::nullopt);
  EXPECT_EQ(refusals.Take("10.0.0.2", absl::Seconds(101)), 0) << "another one";
  EXPECT_EQ(refusals.Take("10.0.0.1", absl::Seconds(110)), 500);
  EXPECT_EQ(refusals.Take("10.0.0.1", absl::Seconds(120)), 0);
}

TEST(RefusalLogTest, SoManyAddressesTakeNoMoreMemory) {
  RefusalLog refusals;
  size_t lines = 0;
  for (size_t i = 0; i < 3 * RefusalLog::kMaxPeers; ++i) {
    lines += refusals.Take(absl::StrCat("host-", i), absl::Seconds(1)).has_value() ? 1 : 0;
  }
  EXPECT_EQ(lines, RefusalLog::kMaxPeers);
  EXPECT_EQ(refusals.Take("later", absl::Seconds(12)), 0) << "those are forgotten";
}

}  // namespace
}  // namespace lectern::rtmp
