#include <fstream>
#include <thread>

#include "common/pg/pool.h"
#include "tests/support/pg_fixture.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace lectern::pg {
namespace {

using ::lectern::testing::MigrationsFolder;
using ::lectern::testing::StatusIs;
using ::lectern::testing::TempDir;
using ::lectern::testing::TestDatabase;
using ::testing::HasSubstr;

class MigrateTest : public ::testing::Test {
 protected:
  void Write(const std::string& name, const std::string& sql) { std::ofstream(folder_ / name) << sql; }
  absl::StatusOr<int> Run() { return Migrate(database_.url(), folder_.path()); }

  TestDatabase database_{false};
  TempDir folder_;
};

TEST_F(MigrateTest, TheProjectsMigrationsApplyFromEmptyAndOnlyOnce) {
  ASSERT_OK_AND_ASSIGN(int first, Migrate(database_.url(), MigrationsFolder()));
  EXPECT_GE(first, 7);
  ASSERT_OK_AND_ASSIGN(int second, Migrate(database_.url(), MigrationsFolder()));
  EXPECT_EQ(second, 0);
}

TEST_F(MigrateTest, FilesApplyInOrderAndEachOnce) {
  Write("0002_more.sql", "alter table t add column b int;");
  Write("0001_first.sql", "create table t (a int);");
  EXPECT_EQ(Run().value_or(-1), 2);
  Write("0003_last.sql", "alter table t add column c int; insert into t values (1, 2, 3);");
  EXPECT_EQ(Run().value_or(-1), 1);
  EXPECT_EQ(database_.Query("select c from t"), "3");
}

TEST_F(MigrateTest, AChangedFileIsAnError) {
  Write("0001_first.sql", "create table t (a int);");
  ASSERT_OK(Run());
  Write("0001_first.sql", "create table t (a bigint);");
  EXPECT_THAT(Run(), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(MigrateTest, AFileThatVanishedOrCameLateIsAnError) {
  Write("0001_first.sql", "create table t (a int);");
  Write("0003_third.sql", "create table u (a int);");
  ASSERT_OK(Run());
  Write("0002_late.sql", "create table v (a int);");
  EXPECT_THAT(Run().status().message(), HasSubstr("0002_late.sql stands before 0003_third.sql"));
  std::filesystem::remove(folder_ / "0002_late.sql");
  std::filesystem::remove(folder_ / "0001_first.sql");
  EXPECT_THAT(Run().status().message(), HasSubstr("0001_first.sql was applied and its file is gone"));
}

TEST_F(MigrateTest, AnOlderProgramLeavesANewerSchemaAlone) {
  Write("0001_first.sql", "create table t (a int);");
  Write("0002_newer.sql", "create table u (a int);");
  ASSERT_OK(Run());
  std::filesystem::remove(folder_ / "0002_newer.sql");
  EXPECT_EQ(Run().value_or(-1), 0);
}

TEST_F(MigrateTest, AFileThatFailsLeavesNothingOfItself) {
  Write("0001_first.sql", "create table t (a int);");
  Write("0002_broken.sql", "create table half (a int); select nonsense;");
  EXPECT_THAT(Run().status().message(), HasSubstr("0002_broken.sql"));
  EXPECT_EQ(database_.Query("select to_regclass('t') is not null and to_regclass('half') is null"), "t");
  EXPECT_EQ(database_.Query("select count(*) from schema_migrations"), "1");
}

TEST_F(MigrateTest, TwoThatStartAtOnceApplyEachFileOnce) {
  for (int i = 1; i <= 9; ++i) {
    Write(absl::StrCat("000", i, "_step.sql"), absl::StrCat("create table t", i, " (a int); select pg_sleep(0.01);"));
  }
  absl::StatusOr<int> other;
  std::thread thread([&] { other = Run(); });
  absl::StatusOr<int> mine = Run();
  thread.join();
  ASSERT_OK(mine);
  ASSERT_OK(other);
  EXPECT_EQ(*mine + *other, 9);
}

TEST_F(MigrateTest, OddFilesAreRefused) {
  Write("1_short.sql", "select 1;");
  EXPECT_THAT(Run(), StatusIs(absl::StatusCode::kInvalidArgument));
  std::filesystem::remove(folder_ / "1_short.sql");
  EXPECT_THAT(Run(), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Migrate(database_.url(), folder_ / "nowhere"), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace lectern::pg
