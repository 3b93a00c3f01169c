#include "api/store/leader_store.h"

#include <gtest/gtest.h>

#include "tests/support/pg_fixture.h"
#include "tests/support/status_matchers.h"

namespace lectern::api {
namespace {

class LeaderStoreTest : public ::testing::Test {
 protected:
  LeaderStoreTest() : pool_({.url = database_.url(), .connections = 2}), leaders_(pool_) {}
  std::optional<int64_t> Acquire(const std::string& holder) {
    absl::StatusOr<std::optional<int64_t>> term = leaders_.Acquire("placement", holder, absl::Minutes(1));
    EXPECT_OK(term);
    return term.value_or(std::nullopt);
  }
  void Expire() { database_.Execute("update leader_lease set expires_at = now() - interval '1 s'"); }

  testing::TestDatabase database_;
  pg::Pool pool_;
  LeaderStore leaders_;
};

TEST_F(LeaderStoreTest, OneHoldsTheLeaseUntilItExpires) {
  EXPECT_EQ(Acquire("a"), 1);
  EXPECT_EQ(Acquire("b"), std::nullopt);
  EXPECT_EQ(Acquire("a"), 1);   // extended, same term
  Expire();
  EXPECT_EQ(Acquire("b"), 2);
  EXPECT_EQ(Acquire("a"), std::nullopt);
}

TEST_F(LeaderStoreTest, ALapsedLeaseIsANewTermForItsOldHolderToo) {
  EXPECT_EQ(Acquire("a"), 1);
  Expire();
  EXPECT_EQ(Acquire("a"), 2);
}

TEST_F(LeaderStoreTest, RenewKnowsItsTerm) {
  EXPECT_EQ(Acquire("a"), 1);
  EXPECT_TRUE(*leaders_.Renew("placement", "a", 1, absl::Minutes(1)));
  EXPECT_FALSE(*leaders_.Renew("placement", "a", 2, absl::Minutes(1)));
  EXPECT_FALSE(*leaders_.Renew("placement", "b", 1, absl::Minutes(1)));
  Expire();
  EXPECT_FALSE(*leaders_.Renew("placement", "a", 1, absl::Minutes(1)));
}

TEST_F(LeaderStoreTest, ResigningHandsOverAtOnceAndOnlyForItsOwnTerm) {
  EXPECT_EQ(Acquire("a"), 1);
  ASSERT_OK(leaders_.Resign("placement", "a", 7));
  EXPECT_EQ(Acquire("b"), std::nullopt);
  ASSERT_OK(leaders_.Resign("placement", "a", 1));
  EXPECT_EQ(Acquire("b"), 2);
}

}  // namespace
}  // namespace lectern::api
