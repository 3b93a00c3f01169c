#include "api/store/storage_store.h"

#include "absl/strings/str_format.h"
#include "tests/api/store/store_fixture.h"

namespace lectern::api {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// school - (chair, lab), and another school beside it.
class StorageStoreTest : public StoreFixture {
 protected:
  void Keep(int64_t organization, int64_t bytes, int seconds, const std::string& state = "complete") {
    database_.Execute(absl::StrFormat(
        "insert into assets (upload_id, organization_id, view, vod_resource_id, file_name, fingerprint, size_bytes, state, duration_ms) "
        "values (md5(random()::text), %d, 'comb', %d, 'a', 'a', %d, '%s', nullif(%d, 0))", organization, vod_, bytes, state,
        seconds * 1000));
  }
  static Caller As(int64_t id, const std::string& role = "student") {
    Caller caller;
    caller.kind = Caller::Kind::kUser;
    caller.user_id = id;
    caller.role = role;
    return caller;
  }
  // "depth name own/subtree recordings seconds"
  std::vector<std::string> List(const Caller& caller, std::optional<int64_t> root = std::nullopt, int page_size = 100) {
    std::vector<std::string> lines;
    PageRequest page{page_size, ""};
    do {
      absl::StatusOr<Page<StorageRow>> list = store_.List(caller, root, page);
      EXPECT_OK(list);
      if (!list.ok()) return lines;
      for (const StorageRow& row : list->rows) {
        lines.push_back(absl::StrFormat("%d %s %d/%d %d %d", row.depth, row.display_name, row.bytes, row.subtree_bytes, row.recordings,
                                        absl::ToInt64Seconds(row.duration)));
      }
      page.token = list->next_token;
    } while (!page.token.empty());
    return lines;
  }

  const int64_t school_ = Organization("school"), chair_ = Organization("chair", school_), lab_ = Organization("lab", school_);
  const int64_t other_ = Organization("other");
  const int64_t vod_ = Resource(school_, "vod_service");
  StorageStore store_{pool_};
};

TEST_F(StorageStoreTest, SumsOwnRecordingsAndThoseBelowAndLeavesOutWhatWasRemoved) {
  Keep(school_, 1, 10);
  Keep(chair_, 20, 60);
  Keep(chair_, 30, 0, "uploading");
  Keep(chair_, 7000, 60, "removed");
  Keep(lab_, 400, 5);
  Keep(other_, 9, 1);
  const Caller admin = As(User("admin", "administrator"), "administrator");
  EXPECT_THAT(List(admin), ElementsAre("0 other 9/9 1 1", "0 school 1/451 1 10", "1 chair 50/50 2 60", "1 lab 400/400 1 5"));
  EXPECT_THAT(List(admin, school_, 1), ElementsAre("0 school 1/451 1 10", "1 chair 50/50 2 60", "1 lab 400/400 1 5"));
  EXPECT_EQ(StatementsOf([&] { List(admin); }), 1);
}

TEST_F(StorageStoreTest, AMaintainerSeesNothingBesideTheirOwnOrganizations) {
  Keep(school_, 1, 10);
  Keep(chair_, 20, 60);
  Keep(other_, 9, 1);
  const int64_t ada = User("ada"), bob = User("bob");
  Maintain(chair_, ada);
  EXPECT_THAT(List(As(ada)), ElementsAre("1 chair 20/20 1 60"));
  EXPECT_THAT(List(As(ada), school_), ElementsAre("1 chair 20/20 1 60"));
  EXPECT_THAT(List(As(ada), other_), IsEmpty());
  EXPECT_THAT(List(As(bob)), IsEmpty());
  EXPECT_THAT(List(Caller()), IsEmpty());
  Maintain(school_, ada);
  EXPECT_THAT(List(As(ada)), ElementsAre("0 school 1/21 1 10", "1 chair 20/20 1 60", "1 lab 0/0 0 0"));
}

TEST_F(StorageStoreTest, AQuotaIsThatOfTheOrganizationItself) {
  database_.Execute(absl::StrCat("update organizations set quota_bytes = 5000 where id = ", school_));
  ASSERT_OK_AND_ASSIGN(Page<StorageRow> list, store_.List(As(User("admin"), "administrator"), school_, {10, ""}));
  ASSERT_EQ(list.rows.size(), 3u);
  EXPECT_EQ(list.rows[0].quota_bytes, 5000);
  EXPECT_EQ(list.rows[1].quota_bytes, std::nullopt);
}

}  // namespace
}  // namespace lectern::api
