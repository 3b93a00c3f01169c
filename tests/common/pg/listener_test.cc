#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "common/pg/pool.h"
#include "tests/support/pg_fixture.h"
#include "tests/support/status_matchers.h"

namespace lectern::pg {
namespace {

using ::lectern::testing::PgCluster;
using ::lectern::testing::TestDatabase;
using Heard = std::pair<std::string, std::string>;

// What a listener heard, in order.
class Log {
 public:
  void Add(absl::string_view channel, absl::string_view payload) {
    absl::MutexLock lock(&mu_);
    heard_.emplace_back(channel, payload);
  }
  // Waits for the next one.
  Heard Next() {
    absl::MutexLock lock(&mu_);
    auto more = [this] { return next_ < heard_.size(); };
    if (!mu_.AwaitWithTimeout(absl::Condition(&more), absl::Seconds(30))) return {"nothing", "heard"};
    return heard_[next_++];
  }

 private:
  absl::Mutex mu_;
  std::vector<Heard> heard_;
  size_t next_ = 0;
};

TEST(ListenerTest, HearsItsChannelsAndIsToldOfEachConnection) {
  TestDatabase database(false);
  Log log;
  Listener listener(database.url(), {"work", "Push \"1\""},
                    [&](absl::string_view c, absl::string_view p) { log.Add(c, p); });
  EXPECT_EQ(log.Next(), Heard("", ""));
  database.Execute("notify work; notify other; notify \"Push \"\"1\"\"\", 'seven'");
  EXPECT_EQ(log.Next(), Heard("work", ""));
  EXPECT_EQ(log.Next(), Heard("Push \"1\"", "seven"));
}

TEST(ListenerTest, ListensAgainAfterItsConnectionWasCut) {
  TestDatabase database(false);
  Log log;
  Listener listener(database.url(), {"work"}, [&](absl::string_view c, absl::string_view p) { log.Add(c, p); });
  EXPECT_EQ(log.Next(), Heard("", ""));
  database.Execute(
      "select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen%' and datname = "
      "current_database()");
  EXPECT_EQ(log.Next(), Heard("", ""));
  database.Execute("notify work, 'again'");
  EXPECT_EQ(log.Next(), Heard("work", "again"));
}

TEST(ListenerTest, WaitsForAServerThatIsAway) {
  PgCluster cluster;
  cluster.Stop();
  Log log;
  Listener listener(cluster.Url(), {"work"}, [&](absl::string_view c, absl::string_view p) { log.Add(c, p); });
  cluster.Start();
  EXPECT_EQ(log.Next(), Heard("", ""));
}

TEST(ListenerTest, StopsWhileTheServerIsAway) {
  PgCluster cluster;
  cluster.Stop();
  Listener listener(cluster.Url(), {"work"}, [](absl::string_view, absl::string_view) {});
}

}  // namespace
}  // namespace lectern::pg
