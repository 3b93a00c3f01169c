#include "api/store/session_store.h"

#include "tests/api/store/store_fixture.h"

namespace lectern::api {
namespace {

using ::lectern::testing::StatusIs;

constexpr absl::Duration kWindow = absl::Minutes(15);

class SessionStoreTest : public StoreFixture {
 protected:
  const int64_t ada_ = User("ada");
  const int64_t bob_ = User("bob");
  SessionStore store_{pool_};
};

TEST_F(SessionStoreTest, ASessionLeadsToItsUserUntilItEnds) {
  const auto ended = StatusIs(absl::StatusCode::kUnauthenticated, "SESSION_ENDED");
  ASSERT_OK_AND_ASSIGN(SessionRow live, store_.Insert(ada_, "10.0.0.1", absl::Hours(12)));
  ASSERT_OK_AND_ASSIGN(SessionRow expired, store_.Insert(ada_, "10.0.0.1", absl::Seconds(-1)));
  EXPECT_EQ(live.expires_at - live.created_at, absl::Hours(12));
  ASSERT_OK_AND_ASSIGN(UserRow user, store_.GetUser(live.id));
  EXPECT_EQ(user.id, ada_);
  EXPECT_EQ(user.role, "student");
  EXPECT_THAT(store_.GetUser(expired.id), ended);
  EXPECT_THAT(store_.GetUser(999), ended);
  EXPECT_THAT(store_.Revoke(bob_, live.id), StatusIs(absl::StatusCode::kNotFound, "SESSION_NOT_FOUND"));
  EXPECT_OK(store_.GetUser(live.id));
  EXPECT_OK(store_.Revoke(ada_, live.id));
  EXPECT_THAT(store_.GetUser(live.id), ended);
}

TEST_F(SessionStoreTest, ADisabledUserHasNoSession) {
  ASSERT_OK_AND_ASSIGN(SessionRow session, store_.Insert(ada_, "", absl::Hours(1)));
  database_.Execute("update users set disabled_at = now()");
  EXPECT_THAT(store_.GetUser(session.id), StatusIs(absl::StatusCode::kUnauthenticated, "SESSION_ENDED"));
  EXPECT_THAT(store_.Insert(ada_, "", absl::Hours(1)), StatusIs(absl::StatusCode::kNotFound, "USER_NOT_FOUND"));
}

TEST_F(SessionStoreTest, TheListHasTheUsersOwnLiveSessionsNewestFirst) {
  std::vector<int64_t> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(store_.Insert(ada_, absl::StrCat("peer", i), absl::Hours(1)).value().id);
  ASSERT_OK(store_.Insert(bob_, "", absl::Hours(1)));
  ASSERT_OK(store_.Insert(ada_, "", absl::Seconds(-1)));
  ASSERT_OK_AND_ASSIGN(Page<SessionRow> first, store_.List(ada_, {2, ""}));
  ASSERT_EQ(first.rows.size(), 2u);
  EXPECT_EQ(first.rows[0].id, ids[2]);
  EXPECT_EQ(first.rows[0].peer, "peer2");
  ASSERT_OK_AND_ASSIGN(Page<SessionRow> second, store_.List(ada_, {2, first.next_token}));
  ASSERT_EQ(second.rows.size(), 1u);
  EXPECT_EQ(second.rows[0].id, ids[0]);
}

TEST_F(SessionStoreTest, AttemptsAreCountedByAddressAndByPeer) {
  EXPECT_EQ(store_.RecordLoginAttempt("ada@example.org", "1.1.1.1", kWindow).value().by_email, 1);
  EXPECT_EQ(store_.RecordLoginAttempt("ADA@example.org", "2.2.2.2", kWindow).value().by_email, 2);
  ASSERT_OK_AND_ASSIGN(LoginAttempts attempts, store_.RecordLoginAttempt("bob@example.org", "2.2.2.2", kWindow));
  EXPECT_EQ(attempts.by_email, 1);
  EXPECT_EQ(attempts.by_peer, 2);
  ASSERT_OK(store_.ForgetLoginAttempts("Ada@example.org", "2.2.2.2"));
  EXPECT_EQ(store_.RecordLoginAttempt("ada@example.org", "3.3.3.3", kWindow).value().by_email, 2);
}

TEST_F(SessionStoreTest, OldAttemptsDoNotCountAndAreSwept) {
  ASSERT_OK(store_.RecordLoginAttempt("ada@example.org", "1.1.1.1", kWindow));
  database_.Execute("update login_failures set at = now() - interval '16 minutes'");
  EXPECT_EQ(store_.RecordLoginAttempt("ada@example.org", "1.1.1.1", kWindow).value().by_email, 1);
  EXPECT_EQ(store_.Sweep(kWindow).value(), 1);
  EXPECT_EQ(Number("select count(*) from login_failures"), 1);
}

TEST_F(SessionStoreTest, AFloodOfAttemptsStopsGrowingTheTable) {
  database_.Execute(
      "insert into login_failures (email, peer) select 'ada@example.org', i::text from generate_series(1, 1200) i");
  EXPECT_EQ(store_.RecordLoginAttempt("ada@example.org", "1.1.1.1", kWindow).value().by_email, 1001);
  EXPECT_EQ(Number("select count(*) from login_failures"), 1200);
}

TEST_F(SessionStoreTest, EndedSessionsAreSweptAfterADay) {
  ASSERT_OK(store_.Insert(ada_, "", absl::Hours(-25)));
  ASSERT_OK(store_.Insert(ada_, "", absl::Hours(-23)));
  ASSERT_OK(store_.Insert(ada_, "", absl::Hours(1)));
  EXPECT_EQ(store_.Sweep(kWindow).value(), 1);
}

TEST_F(SessionStoreTest, APersonalTokenLeadsToItsUserUntilItIsRevoked) {
  const std::string hash("\x00\x01\xff hash of a token, 32 bytes....", 32);
  const auto invalid = StatusIs(absl::StatusCode::kUnauthenticated, "TOKEN_INVALID");
  ASSERT_OK_AND_ASSIGN(PersonalTokenRow token, store_.InsertPersonalToken(ada_, "OBS", hash));
  EXPECT_EQ(token.last_used_at, std::nullopt);
  EXPECT_EQ(store_.UsePersonalToken(hash).value().user.id, ada_);
  ASSERT_OK_AND_ASSIGN(Page<PersonalTokenRow> list, store_.ListPersonalTokens(ada_, {10, ""}));
  ASSERT_EQ(list.rows.size(), 1u);
  EXPECT_TRUE(list.rows[0].last_used_at.has_value());
  EXPECT_EQ(list.rows[0].display_name, "OBS");
  EXPECT_THAT(store_.UsePersonalToken("other"), invalid);
  EXPECT_THAT(store_.RevokePersonalToken(bob_, token.id), StatusIs(absl::StatusCode::kNotFound, "TOKEN_NOT_FOUND"));
  EXPECT_OK(store_.RevokePersonalToken(ada_, token.id));
  EXPECT_THAT(store_.UsePersonalToken(hash), StatusIs(absl::StatusCode::kUnauthenticated, "TOKEN_REVOKED"));
  EXPECT_THAT(store_.InsertPersonalToken(999, "X", "y"), StatusIs(absl::StatusCode::kNotFound, "USER_NOT_FOUND"));
}

TEST_F(SessionStoreTest, APersonalTokenEndsWithItsTime) {
  const absl::Time soon = absl::FromUnixSeconds(absl::ToUnixSeconds(absl::Now() + absl::Hours(1)));
  ASSERT_OK_AND_ASSIGN(PersonalTokenRow token, store_.InsertPersonalToken(ada_, "OBS", "hash", soon));
  EXPECT_EQ(token.expires_at, soon);
  ASSERT_OK_AND_ASSIGN(PersonalTokenUse use, store_.UsePersonalToken("hash"));
  EXPECT_EQ(use.token_id, token.id);
  EXPECT_FALSE(use.teaches) << "a student";
  database_.Execute("update personal_tokens set expires_at = now()");
  EXPECT_THAT(store_.UsePersonalToken("hash"), StatusIs(absl::StatusCode::kUnauthenticated, "TOKEN_EXPIRED"));
  database_.Execute("update personal_tokens set revoked_at = now()");
  EXPECT_THAT(store_.UsePersonalToken("hash"), StatusIs(absl::StatusCode::kUnauthenticated, "TOKEN_REVOKED"));
}

TEST_F(SessionStoreTest, WhoTeachesByRoleOrInACourseMayStream) {
  ASSERT_OK(store_.InsertPersonalToken(ada_, "OBS", "ada"));
  const int64_t course = Course(Organization("Chair"));
  Enrol(course, ada_, "student");
  EXPECT_FALSE(store_.UsePersonalToken("ada").value().teaches);
  database_.Execute("update enrolments set role = 'lecturer'");
  EXPECT_TRUE(store_.UsePersonalToken("ada").value().teaches);
  database_.Execute("delete from enrolments");
  for (const char* role : {"lecturer", "administrator"}) {
    database_.Execute(absl::StrCat("update users set role = '", role, "'"));
    EXPECT_TRUE(store_.UsePersonalToken("ada").value().teaches) << role;
  }
}

TEST_F(SessionStoreTest, APersonHasAtMostAHundredPersonalTokens) {
  database_.Execute(absl::StrCat("insert into personal_tokens (user_id, display_name, token_hash) select ", ada_,
                                 ", 'x', i::text::bytea from generate_series(1, 100) i"));
  EXPECT_THAT(store_.InsertPersonalToken(ada_, "X", "y"),
              StatusIs(absl::StatusCode::kResourceExhausted, "TOO_MANY_TOKENS"));
  database_.Execute("update personal_tokens set expires_at = now() where display_name = 'x'");
  EXPECT_OK(store_.InsertPersonalToken(ada_, "X", "y")) << "those that have expired do not count";
}

}  // namespace
}  // namespace lectern::api
