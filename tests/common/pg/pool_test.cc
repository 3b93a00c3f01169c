#include "common/pg/pool.h"

#include <atomic>
#include <latch>
#include <thread>

#include "tests/support/pg_fixture.h"
#include "tests/support/status_matchers.h"

namespace lectern::pg {
namespace {

using ::lectern::testing::IsOk;
using ::lectern::testing::PgCluster;
using ::lectern::testing::StatusIs;
using ::lectern::testing::TestDatabase;

constexpr Query kPid{"pid", "select pg_backend_pid() as pid"};
constexpr Query kTerminate{"terminate", "select pg_terminate_backend($1, 10000) as gone"};
constexpr Query kCount{"count", "select count(*) as n from numbers"};
constexpr Query kInsert{"insert", "insert into numbers (n) values ($1)"};

class PoolTest : public ::testing::Test {
 protected:
  PoolTest() {
    database_.Execute("create table numbers (n bigint constraint numbers_key primary key, check (n <> 13))");
  }

  int64_t Count() { return std::stoll(database_.Query("select count(*) from numbers")); }

  TestDatabase database_{false};
  Pool pool_{{.url = database_.url(), .connections = 2}};
};

TEST_F(PoolTest, ErrorsHaveTheCodeOfTheirKindAndTheConstraintAsReason) {
  ASSERT_OK(pool_.Run(kInsert, 1));
  EXPECT_THAT(pool_.Run(kInsert, 1), StatusIs(absl::StatusCode::kAlreadyExists, "numbers_key"));
  EXPECT_THAT(pool_.Run(kInsert, 13), StatusIs(absl::StatusCode::kFailedPrecondition, "numbers_n_check"));
  EXPECT_THAT(pool_.Run(kInsert, "x"), StatusIs(absl::StatusCode::kInvalidArgument, "BAD_VALUE"));
  EXPECT_THAT(pool_.Run({"wrong", "select * from nowhere"}), StatusIs(absl::StatusCode::kInternal));
  database_.Execute(
      "create function le() returns int language plpgsql as "
      "$$ begin raise exception 'TREE_CYCLE' using errcode = 'LE002'; end $$");
  EXPECT_THAT(pool_.Run({"le", "select le()"}), StatusIs(absl::StatusCode::kFailedPrecondition, "TREE_CYCLE"));
}

TEST_F(PoolTest, AStatementIsPreparedOnceAConnectionAndCountedOnce) {
  std::atomic<int> observed{0};
  Pool pool({.url = database_.url(), .connections = 1, .observe = [&](absl::string_view name, absl::Duration, bool ok) {
               if (name == "count" && ok) ++observed;
             }});
  for (int i = 0; i < 5; ++i) ASSERT_OK(pool.Run(kCount));
  EXPECT_EQ(pool.statements(), 5);
  EXPECT_EQ(observed, 5);
  ASSERT_OK_AND_ASSIGN(Rows rows,
                       pool.Run({"prepared", "select count(*) as n from pg_prepared_statements where name = 'count'"}));
  EXPECT_EQ(rows[0].Int("n"), 1);
}

TEST_F(PoolTest, AnIdleConnectionThatWasCutIsReplacedUnnoticed) {
  Pool pool({.url = database_.url(), .connections = 1});
  ASSERT_OK_AND_ASSIGN(Rows rows, pool.Run(kPid));
  const int64_t pid = rows[0].Int("pid");
  ASSERT_OK(pool_.Run(kTerminate, pid));
  ASSERT_OK_AND_ASSIGN(rows, pool.Run(kPid));
  EXPECT_NE(rows[0].Int("pid"), pid);
}

TEST_F(PoolTest, ATransactionThatLosesItsConnectionBeforeCommitRunsAgain) {
  int runs = 0;
  ASSERT_OK(pool_.Transaction([&](Session& session) -> absl::Status {
    ++runs;
    RETURN_IF_ERROR(session.Run(kInsert, runs).status());
    if (runs > 1) return absl::OkStatus();
    ASSIGN_OR_RETURN(Rows rows, session.Run(kPid));
    RETURN_IF_ERROR(pool_.Run(kTerminate, rows[0].Int("pid")).status());
    return session.Run(kCount).status();
  }));
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(database_.Query("select string_agg(n::text, ',') from numbers"), "2");
}

TEST_F(PoolTest, ALostAnswerToCommitIsUnknown) {
  // The deferred trigger runs during COMMIT and cuts the connection there.
  database_.Execute(
      "create function cut() returns trigger language plpgsql as "
      "$$ begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(10); return null; end $$;"
      "create constraint trigger cut after insert on numbers deferrable initially deferred for each row execute "
      "function cut()");
  int runs = 0;
  EXPECT_THAT(pool_.Transaction([&](Session& session) {
    ++runs;
    return session.Run(kInsert, 1).status();
  }),
              StatusIs(absl::StatusCode::kUnavailable, "COMMIT_UNKNOWN"));
  EXPECT_EQ(runs, 1);
}

TEST_F(PoolTest, AnErrorOfTheBodyRollsBack) {
  EXPECT_THAT(pool_.Transaction([](Session& session) -> absl::Status {
    RETURN_IF_ERROR(session.Run(kInsert, 1).status());
    return absl::NotFoundError("nobody");
  }),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(Count(), 0);
}

TEST_F(PoolTest, ABodyThatOverlooksAFailedStatementGetsItsError) {
  ASSERT_OK(pool_.Run(kInsert, 1));
  EXPECT_THAT(pool_.Transaction([](Session& session) -> absl::Status {
    (void)session.Run(kInsert, 2);
    (void)session.Run(kInsert, 1);
    return absl::OkStatus();
  }),
              StatusIs(absl::StatusCode::kAlreadyExists, "numbers_key"));
  EXPECT_EQ(Count(), 1);
}

TEST_F(PoolTest, ASerialisationFailureRunsTheBodyAgain) {
  ASSERT_OK(pool_.Run(kInsert, 1));
  int runs = 0;
  ASSERT_OK(pool_.Transaction([&](Session& session) -> absl::Status {
    RETURN_IF_ERROR(session.Execute("set transaction isolation level repeatable read"));
    RETURN_IF_ERROR(session.Run(kCount).status());
    if (++runs == 1) RETURN_IF_ERROR(pool_.Run({"bump", "update numbers set n = n + 1"}).status());
    return session.Run({"bump", "update numbers set n = n + 1"}).status();
  }));
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(database_.Query("select n from numbers"), "3");
}

TEST_F(PoolTest, ASerialisationFailureThatStaysIsReturnedAfterThreeMoreTries) {
  database_.Execute(
      "create function never() returns int language plpgsql as "
      "$$ begin raise exception 'never' using errcode = '40001'; end $$");
  int runs = 0;
  EXPECT_THAT(pool_.Transaction([&](Session& session) {
    ++runs;
    return session.Run({"never", "select never()"}).status();
  }),
              StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ(runs, 4);
}

TEST_F(PoolTest, TwoTransactionsThatDeadlockBothEndWell) {
  database_.Execute(
      "insert into numbers values (1), (2); create table sums (id int primary key, v int);"
      "insert into sums values (1, 0), (2, 0)");
  std::latch both(2);
  auto move = [&](int first, int second) {
    bool waited = false;
    return pool_.Transaction([&](Session& session) -> absl::Status {
      RETURN_IF_ERROR(session.Run({"add", "update sums set v = v + 1 where id = $1"}, first).status());
      if (!std::exchange(waited, true)) both.arrive_and_wait();
      return session.Run({"add", "update sums set v = v + 1 where id = $1"}, second).status();
    });
  };
  absl::Status other;
  std::thread thread([&] { other = move(2, 1); });
  EXPECT_OK(move(1, 2));
  thread.join();
  EXPECT_OK(other);
  EXPECT_EQ(database_.Query("select sum(v) from sums"), "4");
}

TEST_F(PoolTest, AStatementThatTakesTooLongIsCancelledAndTheConnectionStaysGood) {
  Pool pool({.url = database_.url(), .connections = 1, .statement_timeout = absl::Milliseconds(50)});
  ASSERT_OK_AND_ASSIGN(Rows before, pool.Run(kPid));
  EXPECT_THAT(pool.Run({"sleep", "select pg_sleep(60)"}), StatusIs(absl::StatusCode::kDeadlineExceeded));
  ASSERT_OK_AND_ASSIGN(Rows after, pool.Run(kPid));
  EXPECT_EQ(before[0].Int("pid"), after[0].Int("pid"));
}

TEST_F(PoolTest, WhoFindsEveryConnectionBusyIsToldSo) {
  Pool pool({.url = database_.url(), .connections = 1, .acquire_timeout = absl::Milliseconds(20)});
  ASSERT_OK(pool.Transaction([&](Session&) {
    EXPECT_THAT(pool.Run(kPid), StatusIs(absl::StatusCode::kResourceExhausted, "DATABASE_BUSY"));
    return absl::OkStatus();
  }));
  EXPECT_OK(pool.Run(kPid));
}

TEST_F(PoolTest, AStatementWhoseTableChangedIsPreparedAgain) {
  Pool pool({.url = database_.url(), .connections = 1});
  constexpr Query all{"all", "select * from numbers"};
  ASSERT_OK(pool.Run(all));
  database_.Execute("alter table numbers add column extra text; insert into numbers values (1, 'more')");
  ASSERT_OK_AND_ASSIGN(Rows rows, pool.Run(all));
  EXPECT_EQ(rows[0].Text("extra"), "more");
}

TEST_F(PoolTest, ManyThreadsShareFewConnections) {
  std::vector<std::thread> threads;
  std::atomic<int> failures{0};
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) failures += pool_.Run(kInsert, 1000 * (t + 1) + i).ok() ? 0 : 1;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(Count(), 400);
  EXPECT_LE(std::stoi(database_.Query("select count(*) from pg_stat_activity where datname = current_database()")), 3);
}

TEST(PoolRestartTest, ARestartOfPostgreSqlNeedsNobody) {
  PgCluster cluster;
  Pool pool({.url = cluster.Url(), .connections = 2});
  ASSERT_OK(pool.Run(kPid));
  cluster.Stop();
  EXPECT_THAT(pool.Run(kPid), StatusIs(absl::StatusCode::kUnavailable, "CONNECTION_LOST"));
  EXPECT_THAT(pool.Transaction([](Session&) { return absl::OkStatus(); }), StatusIs(absl::StatusCode::kUnavailable));
  cluster.Start();
  EXPECT_THAT(pool.Run(kPid), IsOk());
  EXPECT_OK(pool.Transaction([](Session& session) { return session.Run(kPid).status(); }));
}

}  // namespace
}  // namespace lectern::pg
