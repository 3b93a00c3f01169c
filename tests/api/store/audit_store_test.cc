#include "api/store/audit_store.h"

#include "api/store/revocation_store.h"
#include "tests/api/store/store_fixture.h"

namespace lectern::api {
namespace {

class AuditStoreTest : public StoreFixture {
 protected:
  AuditStore store_{pool_};
};

TEST_F(AuditStoreTest, EventsAreListedNewestFirstForASubtree) {
  const int64_t school = Organization("School");
  const int64_t chair = Organization("Chair", school);
  const int64_t other = Organization("Other");
  for (int64_t organization : {school, chair, other, chair}) {
    ASSERT_OK(store_.Insert({"users/1", "CourseService.CreateCourse", "courses/1", organization, "OK", "detail"}));
  }
  ASSERT_OK(store_.Insert({"", "AuthService.Login", "", std::nullopt, "UNAUTHENTICATED", ""}));
  ASSERT_OK_AND_ASSIGN(Page<AuditRow> first, store_.List(school, {2, ""}));
  ASSERT_EQ(first.rows.size(), 2u);
  EXPECT_EQ(first.rows[0].event.organization_id, chair);
  EXPECT_EQ(first.rows[0].event.actor, "users/1");
  ASSERT_OK_AND_ASSIGN(Page<AuditRow> second, store_.List(school, {2, first.next_token}));
  ASSERT_EQ(second.rows.size(), 1u);
  EXPECT_EQ(second.rows[0].event.organization_id, school);
  EXPECT_EQ(second.next_token, "");
  EXPECT_EQ(store_.List(std::nullopt, {10, ""}).value().rows.size(), 5u);
}

TEST_F(AuditStoreTest, PeopleAreNamedAndWhoIsGoneIsNot) {
  const int64_t user = User("lena");
  ASSERT_OK(store_.Insert({absl::StrCat("users/", user), "a", "", std::nullopt, "OK", ""}));
  ASSERT_OK(store_.Insert({"users/999999", "b", "", std::nullopt, "OK", ""}));
  ASSERT_OK(store_.Insert({"users/12345678901234567890123", "c", "", std::nullopt, "OK", ""}));
  ASSERT_OK_AND_ASSIGN(Page<AuditRow> list, store_.List(std::nullopt, {10, ""}));
  ASSERT_EQ(list.rows.size(), 3u);
  EXPECT_EQ(list.rows[0].actor_name, "");
  EXPECT_EQ(list.rows[1].actor_name, "");
  EXPECT_EQ(list.rows[2].actor_name, "lena");
}

TEST_F(AuditStoreTest, NobodyHidesBehindBytesThatPostgreSqlRefuses) {
  ASSERT_OK(store_.Insert(
      {std::string("users/1\0x", 9), "a\nb", "\xc3(\xed\xa0\x80\xff", std::nullopt, "OK", "Grüße \xf0\x9f\x8e\x93"}));
  ASSERT_OK_AND_ASSIGN(Page<AuditRow> list, store_.List(std::nullopt, {10, ""}));
  ASSERT_EQ(list.rows.size(), 1u);
  EXPECT_EQ(list.rows[0].event.actor, "users/1?x");
  EXPECT_EQ(list.rows[0].event.action, "a?b");
  EXPECT_EQ(list.rows[0].event.target, "?(????");
  EXPECT_EQ(list.rows[0].event.detail, "Grüße \xf0\x9f\x8e\x93");
}

TEST_F(AuditStoreTest, ALongDetailIsCutBetweenCharacters) {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "€";
  ASSERT_OK(store_.Insert({"", "a", "", std::nullopt, "OK", text}));
  const std::string detail = store_.List(std::nullopt, {10, ""}).value().rows[0].event.detail;
  EXPECT_LE(detail.size(), 2003u);
  EXPECT_EQ(detail.size() % 3, 0u);
}

TEST_F(AuditStoreTest, AnEventOfATransactionThatFailsIsNotKept) {
  EXPECT_FALSE(pool_
                   .Transaction([&](pg::Session& session) -> absl::Status {
                     EXPECT_OK(store_.Insert(session, {"", "a", "", std::nullopt, "OK", ""}));
                     return absl::InternalError("no");
                   })
                   .ok());
  EXPECT_EQ(Number("select count(*) from audit_events"), 0);
}

TEST_F(AuditStoreTest, RevocationsAreListedWhileTheyMatterAndTheLatestOfALectureAndSubject) {
  RevocationStore revocations(pool_);
  ASSERT_OK(revocations.Insert(1, "", absl::Hours(2)));
  ASSERT_OK_AND_ASSIGN(RevocationRow second, revocations.Insert(1, "", absl::Hours(2)));
  ASSERT_OK(revocations.Insert(1, "users/7", absl::Hours(2)));
  ASSERT_OK(revocations.Insert(2, "", absl::Seconds(-1)));
  ASSERT_OK_AND_ASSIGN(std::vector<RevocationRow> live, revocations.ListLive());
  ASSERT_EQ(live.size(), 2u);
  EXPECT_EQ(live[0].id, second.id);
  EXPECT_EQ(live[0].issued_before, second.issued_before);
  EXPECT_EQ(live[1].subject, "users/7");
  EXPECT_EQ(revocations.Sweep().value(), 1);
}

}  // namespace
}  // namespace lectern::api
