#include "api/store/organization_store.h"

#include <algorithm>
#include <map>
#include <random>
#include <thread>

#include "tests/api/store/store_fixture.h"

namespace lectern::api {
namespace {

using ::lectern::testing::StatusIs;
using ::testing::ElementsAre;

// Rows by which the closure table and the tree that parent_id spells differ; the tree is walked anew from parent_id.
constexpr char kDifference[] = R"sql(
with recursive walk as (
  select id as descendant_id, id as ancestor_id, 0 as distance from organizations
  union all
  select w.descendant_id, o.parent_id, w.distance + 1 from walk w join organizations o on o.id = w.ancestor_id
  where o.parent_id is not null
)
select count(*) from (
  (select descendant_id, ancestor_id, distance from walk except select descendant_id, ancestor_id, distance from organization_paths)
  union all
  (select descendant_id, ancestor_id, distance from organization_paths except select descendant_id, ancestor_id, distance from walk)
) difference
)sql";

class OrganizationStoreTest : public StoreFixture {
 protected:
  int64_t Insert(const std::string& name, std::optional<int64_t> parent = std::nullopt) {
    absl::StatusOr<OrganizationRow> row = store_.Insert(parent, name);
    EXPECT_OK(row);
    return row.ok() ? row->id : 0;
  }
  std::vector<std::string> Names(std::optional<int64_t> root, int page_size) {
    std::vector<std::string> names;
    PageRequest page{page_size, ""};
    do {
      absl::StatusOr<Page<OrganizationRow>> list = store_.List(Caller(), {root, false}, page);
      EXPECT_OK(list);
      if (!list.ok()) return names;
      for (const OrganizationRow& row : list->rows) names.push_back(absl::StrCat(row.depth, row.display_name));
      page.token = list->next_token;
    } while (!page.token.empty());
    return names;
  }

  OrganizationStore store_{pool_};
};

TEST_F(OrganizationStoreTest, ChildrenKnowTheirDepthAndAncestors) {
  const int64_t school = Insert("School");
  const int64_t department = Insert("Department", school);
  ASSERT_OK_AND_ASSIGN(OrganizationRow chair, store_.Insert(department, "Chair"));
  EXPECT_EQ(chair.depth, 2);
  EXPECT_EQ(chair.parent_id, department);
  ASSERT_OK_AND_ASSIGN(OrganizationRow read, store_.Get(Caller(), chair.id));
  EXPECT_EQ(read.depth, 2);
  ASSERT_OK_AND_ASSIGN(std::vector<int64_t> ancestors, store_.Ancestors(chair.id));
  EXPECT_THAT(ancestors, ElementsAre(chair.id, department, school));
  EXPECT_THAT(store_.Ancestors(999), StatusIs(absl::StatusCode::kNotFound, "ORGANIZATION_NOT_FOUND"));
}

TEST_F(OrganizationStoreTest, SiblingsHaveDifferentNamesAndCousinsMayShareOne) {
  const int64_t a = Insert("A");
  const int64_t b = Insert("B");
  Insert("Same", a);
  Insert("Same", b);
  EXPECT_THAT(store_.Insert(a, "Same"), StatusIs(absl::StatusCode::kAlreadyExists, "ORGANIZATION_EXISTS"));
  EXPECT_THAT(store_.Insert(std::nullopt, "A"), StatusIs(absl::StatusCode::kAlreadyExists, "ORGANIZATION_EXISTS"));
  EXPECT_THAT(store_.Rename(b, "A"), StatusIs(absl::StatusCode::kAlreadyExists, "ORGANIZATION_EXISTS"));
}

TEST_F(OrganizationStoreTest, BadInputHasItsReason) {
  EXPECT_THAT(store_.Insert(999, "Orphan"), StatusIs(absl::StatusCode::kNotFound, "ORGANIZATION_NOT_FOUND"));
  EXPECT_THAT(store_.Insert(std::nullopt, ""), StatusIs(absl::StatusCode::kInvalidArgument, "BAD_ORGANIZATION"));
  EXPECT_THAT(store_.Insert(std::nullopt, std::string(201, 'x')),
              StatusIs(absl::StatusCode::kInvalidArgument, "BAD_ORGANIZATION"));
  EXPECT_THAT(store_.Get(Caller(), 999), StatusIs(absl::StatusCode::kNotFound, "ORGANIZATION_NOT_FOUND"));
  EXPECT_THAT(store_.Rename(999, "X"), StatusIs(absl::StatusCode::kNotFound, "ORGANIZATION_NOT_FOUND"));
}

TEST_F(OrganizationStoreTest, ACycleIsRefused) {
  const int64_t a = Insert("A");
  const int64_t b = Insert("B", a);
  const int64_t c = Insert("C", b);
  EXPECT_THAT(store_.Move(a, c), StatusIs(absl::StatusCode::kFailedPrecondition, "TREE_CYCLE"));
  EXPECT_THAT(store_.Move(a, a), StatusIs(absl::StatusCode::kFailedPrecondition, "TREE_CYCLE"));
  EXPECT_EQ(database_.Query(kDifference), "0");
}

TEST_F(OrganizationStoreTest, TheSeventeenthLevelIsRefusedOnInsertAndOnMove) {
  int64_t deepest = Insert("0");
  for (int depth = 1; depth <= 15; ++depth) deepest = Insert(absl::StrCat(depth), deepest);
  EXPECT_THAT(store_.Insert(deepest, "16"), StatusIs(absl::StatusCode::kFailedPrecondition, "TREE_TOO_DEEP"));
  const int64_t other = Insert("Other");
  EXPECT_THAT(store_.Move(other, deepest), StatusIs(absl::StatusCode::kFailedPrecondition, "TREE_TOO_DEEP"));
  EXPECT_EQ(database_.Query(kDifference), "0");
}

TEST_F(OrganizationStoreTest, ASubtreeMovesWithAllBelowIt) {
  const int64_t a = Insert("A");
  const int64_t b = Insert("B");
  const int64_t child = Insert("Child", a);
  const int64_t grandchild = Insert("Grandchild", child);
  ASSERT_OK_AND_ASSIGN(OrganizationRow moved, store_.Move(child, b));
  EXPECT_EQ(moved.parent_id, b);
  EXPECT_EQ(moved.depth, 1);
  EXPECT_THAT(store_.Ancestors(grandchild).value(), ElementsAre(grandchild, child, b));
  ASSERT_OK_AND_ASSIGN(moved, store_.Move(child, std::nullopt));
  EXPECT_EQ(moved.parent_id, std::nullopt);
  EXPECT_THAT(store_.Ancestors(grandchild).value(), ElementsAre(grandchild, child));
}

TEST_F(OrganizationStoreTest, TheClosureMatchesTheTreeAfterRandomInsertsAndMoves) {
  std::mt19937 random(20261121);
  std::vector<int64_t> ids;
  int cycles = 0;
  for (int step = 0; step < 300; ++step) {
    auto any = [&] { return ids[random() % ids.size()]; };
    if (ids.size() < 10 || random() % 3 == 0) {
      std::optional<int64_t> parent;
      if (!ids.empty() && random() % 8 != 0) parent = any();
      absl::StatusOr<OrganizationRow> row = store_.Insert(parent, absl::StrCat("O", step));
      if (row.ok()) ids.push_back(row->id);
    } else {
      std::optional<int64_t> parent;
      if (random() % 8 != 0) parent = any();
      cycles += ReasonOf(store_.Move(any(), parent).status()) == "TREE_CYCLE";
    }
    if (step % 50 == 49) ASSERT_EQ(database_.Query(kDifference), "0") << "after step " << step;
  }
  EXPECT_GT(cycles, 0);
  EXPECT_GT(ids.size(), 50u);
}

TEST_F(OrganizationStoreTest, MovesAndInsertsAtOnceKeepTheClosureRight) {
  std::vector<int64_t> ids;
  for (int i = 0; i < 12; ++i)
    ids.push_back(Insert(absl::StrCat("N", i), i == 0 ? std::nullopt : std::optional(ids[(i - 1) / 2])));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(t);
      for (int step = 0; step < 40; ++step) {
        const int64_t target = ids[random() % ids.size()];
        absl::Status status = t % 2 == 0 ? store_.Move(ids[random() % ids.size()], target).status()
                                         : store_.Insert(target, absl::StrCat("T", t, "-", step)).status();
        EXPECT_TRUE(status.ok() || absl::IsFailedPrecondition(status)) << status;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(database_.Query(kDifference), "0");
}

TEST_F(OrganizationStoreTest, TwoMovesThatWouldCloseACycleTogetherDoNotBothSucceed) {
  for (int round = 0; round < 20; ++round) {
    const int64_t a = Insert(absl::StrCat("A", round));
    const int64_t b = Insert(absl::StrCat("B", round));
    absl::Status other;
    std::thread thread([&] { other = store_.Move(a, b).status(); });
    const absl::Status mine = store_.Move(b, a).status();
    thread.join();
    EXPECT_NE(mine.ok(), other.ok()) << mine << " " << other;
    EXPECT_EQ(ReasonOf(mine.ok() ? other : mine), "TREE_CYCLE");
  }
  EXPECT_EQ(database_.Query(kDifference), "0");
}

TEST_F(OrganizationStoreTest, TheListIsDepthFirstWithSiblingsByName) {
  const int64_t b = Insert("B");
  const int64_t a = Insert("A");
  const int64_t a2 = Insert("a2", a);
  Insert("a1", a);
  Insert("x", a2);
  Insert("b1", b);
  const auto all = ElementsAre("0A", "1a1", "1a2", "2x", "0B", "1b1");
  for (int page_size : {1, 2, 4, 6, 100}) EXPECT_THAT(Names(std::nullopt, page_size), all) << page_size;
  EXPECT_THAT(Names(a, 2), ElementsAre("0A", "1a1", "1a2", "2x"));
  EXPECT_THAT(Names(a2, 2), ElementsAre("1a2", "2x"));
  EXPECT_THAT(Names(999, 2), ElementsAre());
}

TEST_F(OrganizationStoreTest, AnOrganizationIsDeletedOnlyWhenNothingIsLeftInIt) {
  const int64_t parent = Insert("Parent");
  const int64_t child = Insert("Child", parent);
  const auto not_empty = StatusIs(absl::StatusCode::kFailedPrecondition, "ORGANIZATION_NOT_EMPTY");
  EXPECT_THAT(store_.Delete(parent), not_empty);
  const int64_t course = Course(child);
  EXPECT_THAT(store_.Delete(child), not_empty);
  database_.Execute(absl::StrCat("delete from courses where id = ", course));
  const int64_t vod = Resource(child, "vod_service");
  EXPECT_THAT(store_.Delete(child), not_empty);
  // What is over holds nobody.
  database_.Execute("update resources set removed_at = now()");
  database_.Execute(absl::StrCat(
      "insert into assets (upload_id, organization_id, view, vod_resource_id, file_name, fingerprint, size_bytes, "
      "state) values (md5('x'), ",
      child, ", 'comb', ", vod, ", 'f', 'f', 1, 'removed'); insert into tasks (organization_id, kind, state) values (",
      child, ", 'test', 'done')"));
  EXPECT_OK(store_.Delete(child));
  EXPECT_OK(store_.Delete(parent));
  EXPECT_THAT(store_.Delete(parent), StatusIs(absl::StatusCode::kNotFound, "ORGANIZATION_NOT_FOUND"));
  EXPECT_EQ(Number("select count(*) from organization_paths"), 0);
}

TEST_F(OrganizationStoreTest, MaintainersAreListedWithTheInheritedOnesNearestFirst) {
  const int64_t school = Insert("School");
  const int64_t chair = Insert("Chair", school);
  const int64_t zoe = User("zoe");
  const int64_t adam = User("adam");
  ASSERT_OK_AND_ASSIGN(MaintainerRow added, store_.AddMaintainer(school, adam));
  EXPECT_EQ(added.email, "adam@example.org");
  ASSERT_OK(store_.AddMaintainer(chair, zoe));
  ASSERT_OK(store_.AddMaintainer(chair, zoe));
  PageRequest page{1, ""};
  ASSERT_OK_AND_ASSIGN(Page<MaintainerRow> first, store_.ListMaintainers(chair, page));
  ASSERT_EQ(first.rows.size(), 1u);
  EXPECT_EQ(first.rows[0].user_id, zoe);
  EXPECT_EQ(first.rows[0].organization_id, chair);
  page.token = first.next_token;
  ASSERT_OK_AND_ASSIGN(Page<MaintainerRow> second, store_.ListMaintainers(chair, page));
  ASSERT_EQ(second.rows.size(), 1u);
  EXPECT_EQ(second.rows[0].user_id, adam);
  EXPECT_EQ(second.rows[0].organization_id, school);
  EXPECT_EQ(second.next_token, "");
  EXPECT_THAT(store_.AddMaintainer(999, zoe), StatusIs(absl::StatusCode::kNotFound, "ORGANIZATION_NOT_FOUND"));
  EXPECT_THAT(store_.AddMaintainer(chair, 999), StatusIs(absl::StatusCode::kNotFound, "USER_NOT_FOUND"));
  EXPECT_THAT(store_.RemoveMaintainer(chair, adam), StatusIs(absl::StatusCode::kNotFound, "MAINTAINER_NOT_FOUND"));
  EXPECT_OK(store_.RemoveMaintainer(school, adam));
}

}  // namespace
}  // namespace lectern::api
