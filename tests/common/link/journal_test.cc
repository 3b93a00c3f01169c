#include "common/link/journal.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "common/base/file.h"
#include "lectern/v1/link.pb.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace lectern::link {
namespace {

using ::lectern::testing::TempDir;

v1::ResourceMessage Done(int64_t job, int64_t token) {
  v1::ResourceMessage message;
  message.mutable_done()->set_job(job);
  message.mutable_done()->set_token(token);
  return message;
}

v1::ResourceMessage Failed(int64_t job, int64_t token) {
  v1::ResourceMessage message;
  message.mutable_failed()->set_job(job);
  message.mutable_failed()->set_token(token);
  message.mutable_failed()->set_error("broken");
  return message;
}

TEST(JournalTest, KeepsOutcomesUntilTheyAreForgotten) {
  TempDir dir;
  {
    ASSERT_OK_AND_ASSIGN(Journal journal, Journal::Open(dir / "outcomes"));
    ASSERT_OK(journal.Write(Done(10, 1)));
    ASSERT_OK(journal.Write(Failed(2, 5)));
    ASSERT_OK(journal.Write(Done(3, 1)));
    journal.Forget(3, 1);
    journal.Forget(99, 1);
  }
  ASSERT_OK_AND_ASSIGN(Journal journal, Journal::Open(dir / "outcomes"));
  std::vector<v1::ResourceMessage> outcomes = journal.Load();
  ASSERT_EQ(outcomes.size(), 2u);
  EXPECT_EQ(outcomes[0].failed().error(), "broken");
  EXPECT_EQ(outcomes[1].done().job(), 10);
}

TEST(JournalTest, ReplacesTheOutcomeOfARun) {
  TempDir dir;
  ASSERT_OK_AND_ASSIGN(Journal journal, Journal::Open(dir.path()));
  ASSERT_OK(journal.Write(Done(1, 1)));
  ASSERT_OK(journal.Write(Failed(1, 1)));
  ASSERT_EQ(journal.Load().size(), 1u);
  EXPECT_TRUE(journal.Load()[0].has_failed());
}

TEST(JournalTest, RemovesWhatACrashLeftHalfWritten) {
  TempDir dir;
  ASSERT_OK_AND_ASSIGN(Journal journal, Journal::Open(dir.path()));
  ASSERT_OK(journal.Write(Done(1, 1)));
  ASSERT_OK(WriteFileAtomically(dir / "2-1", "rubbish"));
  ASSERT_OK(WriteFileAtomically(dir / "3-1", ""));
  ASSERT_OK(WriteFileAtomically(dir / "4-1", Done(5, 1).SerializeAsString()));
  ASSERT_OK(WriteFileAtomically(dir / "1-1.tmp.abc", Done(1, 1).SerializeAsString()));
  EXPECT_EQ(journal.Load().size(), 1u);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir.path()), {}), 1);
}

TEST(JournalTest, IsEmptyAfterClear) {
  TempDir dir;
  ASSERT_OK_AND_ASSIGN(Journal journal, Journal::Open(dir.path()));
  ASSERT_OK(journal.Write(Done(1, 1)));
  journal.Clear();
  EXPECT_TRUE(journal.Load().empty());
}

TEST(JournalTest, SaysWhyItCannotWrite) {
  TempDir dir;
  ASSERT_OK_AND_ASSIGN(Journal journal, Journal::Open(dir / "outcomes"));
  std::filesystem::remove(dir / "outcomes");
  EXPECT_FALSE(journal.Write(Done(1, 1)).ok());
}

}  // namespace
}  // namespace lectern::link
