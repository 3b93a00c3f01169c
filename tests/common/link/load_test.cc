#include "common/link/load.h"

#include <gtest/gtest.h>

#include "lectern/v1/resources.pb.h"
#include "tests/support/fake_clock.h"

namespace lectern::link {
namespace {

TEST(LoadTest, CountsWaitingForDisksAsIdle) {
  CpuTimes times = ParseCpuTimes("cpu  100 20 30 1000 50 1 2 3 7 7\ncpu0 1 1 1 1 1 1 1 1 0 0\n");
  EXPECT_EQ(times.busy, 156u);
  EXPECT_EQ(times.total, 1206u);
}

TEST(LoadTest, ReadsNothingFromOtherText) {
  EXPECT_EQ(ParseCpuTimes("intr 1 2 3\n").total, 0u);
  EXPECT_EQ(ParseMeminfo("MemTotal:\n", "MemTotal"), 0);
  EXPECT_EQ(ParseMeminfo("", "MemTotal"), 0);
}

TEST(LoadTest, ReadsMemoryInBytes) {
  const char text[] = "MemTotal:        8000 kB\nMemFree: 1 kB\nMemAvailable:    5000 kB\n";
  EXPECT_EQ(ParseMeminfo(text, "MemTotal"), 8000 * 1024);
  EXPECT_EQ(ParseMeminfo(text, "MemAvailable"), 5000 * 1024);
  EXPECT_EQ(ParseMeminfo(text, "Mem"), 0) << "whole names only";
}

TEST(LoadTest, MeasuresThisMachine) {
  testing::FakeClock clock;
  LoadMeter meter(clock, "/");
  clock.Advance(absl::Milliseconds(90'500));
  v1::ResourceLoad load = meter.Read();
  EXPECT_GE(load.cpu(), 0);
  EXPECT_LE(load.cpu(), 1);
  EXPECT_GT(load.cpu_count(), 0);
  EXPECT_GT(load.memory_used_bytes(), 0);
  EXPECT_LT(load.memory_used_bytes(), load.memory_total_bytes());
  EXPECT_GT(load.disk_total_bytes(), 0);
  EXPECT_EQ(load.uptime().seconds(), 90);
  EXPECT_EQ(load.uptime().nanos(), 500'000'000);
}

}  // namespace
}  // namespace lectern::link
