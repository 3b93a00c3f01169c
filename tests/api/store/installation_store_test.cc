#include "api/store/installation_store.h"

#include "api/store/announcement_store.h"
#include "tests/api/store/store_fixture.h"

namespace lectern::api {
namespace {

using ::lectern::testing::StatusIs;
using ::testing::ElementsAre;

class InstallationStoreTest : public StoreFixture {
 protected:
  int64_t Announce(const std::string& text, const std::string& level = "info") {
    NewAnnouncement announcement;
    announcement.text = text;
    announcement.level = level;
    absl::StatusOr<AnnouncementRow> row = announcements_.Insert(announcement);
    EXPECT_OK(row);
    return row.ok() ? row->id : 0;
  }
  std::vector<std::string> Current(int limit = 10) {
    absl::StatusOr<std::vector<AnnouncementRow>> rows = announcements_.ListCurrent(limit);
    EXPECT_OK(rows);
    std::vector<std::string> texts;
    if (rows.ok()) {
      for (const AnnouncementRow& row : *rows) texts.push_back(row.text);
    }
    return texts;
  }

  InstallationStore installation_{pool_};
  AnnouncementStore announcements_{pool_};
};

TEST_F(InstallationStoreTest, SettingsAreReplacedAsAWhole) {
  ASSERT_OK_AND_ASSIGN(std::string json, installation_.Get());
  EXPECT_EQ(json, "{}");
  ASSERT_OK(installation_.Put(R"({"displayName": "Uni", "welcomeText": "Hi"})"));
  ASSERT_OK(installation_.Put(R"({"displayName": "University"})"));
  ASSERT_OK_AND_ASSIGN(json, installation_.Get());
  EXPECT_EQ(json, R"({"displayName": "University"})");
  EXPECT_EQ(Number("select count(*) from installation"), 1);
}

TEST_F(InstallationStoreTest, OnlyWhatIsDueIsCurrentAndWarningsStandFirst) {
  Announce("first");
  Announce("broken", "warning");
  Announce("later");
  Announce("over");
  Announce("newest");
  database_.Execute("update announcements set starts_at = now() + interval '1 minute' where text = 'later'");
  database_.Execute("update announcements set starts_at = now() - interval '2 minutes', ends_at = now() - interval '1 minute' "
                    "where text = 'over'");
  EXPECT_THAT(Current(), ElementsAre("broken", "newest", "first"));
  EXPECT_THAT(Current(2), ElementsAre("broken", "newest"));
  EXPECT_EQ(StatementsOf([&] { Current(); }), 1);
}

TEST_F(InstallationStoreTest, AllAreListedNewestFirstInPages) {
  for (int i = 1; i <= 5; ++i) Announce(absl::StrCat("number ", i));
  std::vector<std::string> texts;
  PageRequest page{2, ""};
  do {
    ASSERT_OK_AND_ASSIGN(Page<AnnouncementRow> list, announcements_.List(page));
    for (const AnnouncementRow& row : list.rows) texts.push_back(row.text);
    page.token = list.next_token;
  } while (!page.token.empty());
  EXPECT_THAT(texts, ElementsAre("number 5", "number 4", "number 3", "number 2", "number 1"));
}

TEST_F(InstallationStoreTest, AnAnnouncementIsDeletedOnceAndBadOnesAreRefused) {
  const int64_t id = Announce("gone soon");
  EXPECT_OK(announcements_.Delete(id));
  EXPECT_THAT(announcements_.Delete(id), StatusIs(absl::StatusCode::kNotFound, "ANNOUNCEMENT_NOT_FOUND"));
  NewAnnouncement bad;
  EXPECT_THAT(announcements_.Insert(bad), StatusIs(absl::StatusCode::kInvalidArgument, "BAD_ANNOUNCEMENT"));
  bad.text = "ends before it starts";
  bad.starts_at = absl::FromUnixSeconds(2000);
  bad.ends_at = absl::FromUnixSeconds(1000);
  EXPECT_THAT(announcements_.Insert(bad), StatusIs(absl::StatusCode::kInvalidArgument, "BAD_ANNOUNCEMENT"));
}

}  // namespace
}  // namespace lectern::api
