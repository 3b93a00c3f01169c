#include "common/exec/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>

#include "absl/synchronization/notification.h"
#include "common/exec/periodic_loop.h"

namespace lectern {
namespace {

TEST(ThreadPoolTest, RefusesWorkWhenTheQueueIsFull) {
  ThreadPool pool("test", 1, 1);
  absl::Notification started, go;
  ASSERT_TRUE(pool.TryRun([&] {
    started.Notify();
    go.WaitForNotification();
  }));
  started.WaitForNotification();
  EXPECT_TRUE(pool.TryRun([] {}));
  EXPECT_FALSE(pool.TryRun([] {}));
  go.Notify();
}

TEST(ThreadPoolTest, StopFinishesWhatIsQueued) {
  std::atomic<int> ran = 0;
  ThreadPool pool("test", 2, 100);
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(pool.TryRun([&] { ++ran; }));
  pool.Stop();
  EXPECT_EQ(ran, 50);
  EXPECT_FALSE(pool.TryRun([] {}));
}

TEST(PeriodicLoopTest, AWakeRunsTheBodyWithoutWaitingForTheInterval) {
  std::atomic<int> runs = 0;
  absl::Notification second;
  PeriodicLoop loop("test", absl::Hours(1), [&] {
    if (++runs == 2) second.Notify();
  });
  loop.Wake();
  EXPECT_TRUE(second.WaitForNotificationWithTimeout(absl::Seconds(30)));
}

}  // namespace
}  // namespace lectern
