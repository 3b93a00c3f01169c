#include "api/store/user_store.h"

#include <thread>

#include "tests/api/store/store_fixture.h"

namespace lectern::api {
namespace {

using ::lectern::testing::StatusIs;
using ::testing::ElementsAre;

class UserStoreTest : public StoreFixture {
 protected:
  std::vector<std::string> Names(const std::string& filter, int page_size) {
    std::vector<std::string> names;
    PageRequest page{page_size, ""};
    do {
      absl::StatusOr<Page<UserRow>> list = store_.List(filter, page);
      EXPECT_OK(list);
      if (!list.ok()) return names;
      for (const UserRow& row : list->rows) names.push_back(row.display_name);
      page.token = list->next_token;
    } while (!page.token.empty());
    return names;
  }

  UserStore store_{pool_};
};

TEST_F(UserStoreTest, AnEMailAddressIsOneWhateverItsCase) {
  ASSERT_OK_AND_ASSIGN(UserRow user, store_.Insert({"Ada@Example.org", "Ada", "lecturer", "hash"}));
  EXPECT_EQ(user.email, "ada@example.org");
  EXPECT_EQ(user.role, "lecturer");
  EXPECT_THAT(store_.Insert({"ADA@example.org", "Other", "student", std::nullopt}),
              StatusIs(absl::StatusCode::kAlreadyExists, "USER_EXISTS"));
  ASSERT_OK_AND_ASSIGN(UserLogin login, store_.GetLogin("aDa@example.ORG"));
  EXPECT_EQ(login.user.id, user.id);
  EXPECT_EQ(login.password_hash, "hash");
  EXPECT_EQ(store_.GetByEmail("ada@example.org").value().id, user.id);
  EXPECT_THAT(store_.GetByEmail("nobody@example.org"), StatusIs(absl::StatusCode::kNotFound, "USER_NOT_FOUND"));
}

TEST_F(UserStoreTest, BadInputHasItsReason) {
  EXPECT_THAT(store_.Insert({"nonsense", "X", "student", std::nullopt}),
              StatusIs(absl::StatusCode::kInvalidArgument, "BAD_EMAIL"));
  EXPECT_THAT(store_.Insert({"a@b", "", "student", std::nullopt}),
              StatusIs(absl::StatusCode::kInvalidArgument, "BAD_USER"));
  EXPECT_THAT(store_.Insert({"a@b", "X", "emperor", std::nullopt}),
              StatusIs(absl::StatusCode::kInvalidArgument, "BAD_USER"));
  EXPECT_THAT(store_.Get(999), StatusIs(absl::StatusCode::kNotFound, "USER_NOT_FOUND"));
  EXPECT_THAT(store_.SetRole(999, "student"), StatusIs(absl::StatusCode::kNotFound, "USER_NOT_FOUND"));
}

TEST_F(UserStoreTest, TheListIsByEMailAndFindsPartsOfNamesAndAddresses) {
  for (const char* name : {"Zoe", "adam", "Eve", "Bob"}) {
    ASSERT_OK(store_.Insert({absl::StrCat(name, "@example.org"), name, "student", std::nullopt}));
  }
  for (int page_size : {1, 2, 3, 4, 50}) EXPECT_THAT(Names("", page_size), ElementsAre("adam", "Bob", "Eve", "Zoe"));
  EXPECT_THAT(Names("OB@", 1), ElementsAre("Bob"));
  EXPECT_THAT(Names("%", 1), ElementsAre());
}

TEST_F(UserStoreTest, PagesAreStableWhenPeopleComeBetween) {
  for (const char* name : {"b", "d", "f"})
    ASSERT_OK(store_.Insert({absl::StrCat(name, "@x.org"), name, "student", std::nullopt}));
  ASSERT_OK_AND_ASSIGN(Page<UserRow> first, store_.List("", {2, ""}));
  ASSERT_OK(store_.Insert({"a@x.org", "a", "student", std::nullopt}));
  ASSERT_OK(store_.Insert({"e@x.org", "e", "student", std::nullopt}));
  ASSERT_OK_AND_ASSIGN(Page<UserRow> second, store_.List("", {2, first.next_token}));
  ASSERT_EQ(second.rows.size(), 2u);
  EXPECT_EQ(second.rows[0].email, "e@x.org");
  EXPECT_EQ(second.rows[1].email, "f@x.org");
  EXPECT_EQ(second.next_token, "");
  EXPECT_THAT(store_.List("", {2, "nonsense"}), StatusIs(absl::StatusCode::kInvalidArgument, "BAD_PAGE_TOKEN"));
}

TEST_F(UserStoreTest, TheFirstAdministratorIsMadeOnceHoweverManyTry) {
  std::atomic<int> made{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      absl::StatusOr<bool> inserted =
          store_.InsertFirstAdministrator({absl::StrCat("root", i, "@x.org"), "Root", "student", "hash"});
      EXPECT_OK(inserted);
      made += inserted.value_or(false);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(made, 1);
  EXPECT_EQ(Number("select count(*) from users where role = 'administrator'"), 1);
}

TEST_F(UserStoreTest, TheLastAdministratorStays) {
  const int64_t first = User("first", "administrator");
  const auto last = StatusIs(absl::StatusCode::kFailedPrecondition, "LAST_ADMINISTRATOR");
  EXPECT_THAT(store_.SetRole(first, "student"), last);
  const int64_t second = User("second", "administrator");
  // Each demotes the other at once: one of them stays.
  absl::Status other;
  std::thread thread([&] { other = store_.SetRole(second, "student").status(); });
  const absl::Status mine = store_.SetRole(first, "student").status();
  thread.join();
  EXPECT_NE(mine.ok(), other.ok());
  EXPECT_EQ(Number("select count(*) from users where role = 'administrator'"), 1);
}

TEST_F(UserStoreTest, ANewPasswordEndsTheSessionsOfItsOwnerOnly) {
  const int64_t ada = User("ada");
  const int64_t bob = User("bob");
  for (int64_t id : {ada, bob}) {
    database_.Execute(
        absl::StrCat("insert into sessions (user_id, expires_at) values (", id, ", now() + interval '1 day')"));
  }
  EXPECT_OK(store_.SetPasswordHash(ada, "new"));
  EXPECT_EQ(store_.GetLogin("ada@example.org").value().password_hash, "new");
  EXPECT_EQ(Number(absl::StrCat("select count(*) from sessions where revoked_at is null and user_id = ", ada)), 0);
  EXPECT_EQ(Number(absl::StrCat("select count(*) from sessions where revoked_at is null and user_id = ", bob)), 1);
  EXPECT_THAT(store_.SetPasswordHash(999, "x"), StatusIs(absl::StatusCode::kNotFound, "USER_NOT_FOUND"));
}

TEST_F(UserStoreTest, SettingsAreKeptAsJson) {
  const int64_t ada = User("ada");
  EXPECT_EQ(store_.GetSettings(ada).value(), "{}");
  EXPECT_OK(store_.PutSettings(ada, R"({"language": "de"})"));
  EXPECT_EQ(store_.GetSettings(ada).value(), R"({"language": "de"})");
  EXPECT_THAT(store_.PutSettings(ada, "{"), StatusIs(absl::StatusCode::kInvalidArgument, "BAD_VALUE"));
  EXPECT_THAT(store_.PutSettings(999, "{}"), StatusIs(absl::StatusCode::kNotFound, "USER_NOT_FOUND"));
}

}  // namespace
}  // namespace lectern::api
