#include "api/store/hall_store.h"

#include "tests/api/store/store_fixture.h"

namespace lectern::api {
namespace {

using ::lectern::testing::StatusIs;

class HallStoreTest : public StoreFixture {
 protected:
  const int64_t root_ = Organization("Root");
  const int64_t chair_ = Organization("Chair", root_);
  HallStore store_{pool_};
};

TEST_F(HallStoreTest, BadInputHasItsReason) {
  EXPECT_THAT(store_.Insert(999, "Hall 1"), StatusIs(absl::StatusCode::kNotFound, "ORGANIZATION_NOT_FOUND"));
  EXPECT_THAT(store_.Insert(chair_, ""), StatusIs(absl::StatusCode::kInvalidArgument, "BAD_HALL"));
  EXPECT_THAT(store_.Get(999), StatusIs(absl::StatusCode::kNotFound, "HALL_NOT_FOUND"));
  EXPECT_THAT(store_.SetSource(999, "cam", "x", "x"), StatusIs(absl::StatusCode::kNotFound, "HALL_NOT_FOUND"));
  EXPECT_THAT(store_.Delete(999), StatusIs(absl::StatusCode::kNotFound, "HALL_NOT_FOUND"));
}

TEST_F(HallStoreTest, ASealedSourceIsKeptByteForByte) {
  ASSERT_OK_AND_ASSIGN(HallRow hall, store_.Insert(chair_, "Hall 1"));
  ASSERT_OK(store_.SetSource(hall.id, "pres", std::string("\x00\x01\xff", 3), "rtsp://a/"));
  EXPECT_EQ(database_.Query("select encode(sealed_url, 'hex') from hall_sources"), "0001ff");
  ASSERT_OK(store_.SetSource(hall.id, "comb", "x", "rtsp://b/"));
  ASSERT_OK_AND_ASSIGN(hall, store_.Get(hall.id));
  ASSERT_EQ(hall.sources.size(), 2u);
  EXPECT_EQ(hall.sources[0].view, "comb");
  EXPECT_EQ(hall.sources[1].shown_url, "rtsp://a/");
}

TEST_F(HallStoreTest, AHallServesTheCoursesBelowIt) {
  const int64_t above = store_.Insert(root_, "Aula").value().id;
  const int64_t own = store_.Insert(chair_, "Room").value().id;
  const int64_t of_chair = Course(chair_), of_root = Course(root_);
  EXPECT_TRUE(store_.Serves(above, of_chair).value());
  EXPECT_TRUE(store_.Serves(own, of_chair).value());
  EXPECT_FALSE(store_.Serves(own, of_root).value());
  EXPECT_FALSE(store_.Serves(999, of_chair).value());
  ASSERT_OK(store_.Delete(own));
  EXPECT_FALSE(store_.Serves(own, of_chair).value());
}

TEST_F(HallStoreTest, TheListIsOneStatementWithAllSources) {
  for (int i = 0; i < 20; ++i) {
    ASSERT_OK_AND_ASSIGN(HallRow hall, store_.Insert(chair_, absl::StrCat("Hall ", i)));
    for (const char* view : {"comb", "cam", "pres"}) ASSERT_OK(store_.SetSource(hall.id, view, "x", "rtsp://a/"));
  }
  EXPECT_EQ(StatementsOf([&] {
              ASSERT_OK_AND_ASSIGN(Page<HallRow> list, store_.List(chair_, {200, ""}));
              ASSERT_EQ(list.rows.size(), 20u);
              for (const HallRow& hall : list.rows) EXPECT_EQ(hall.sources.size(), 3u);
            }),
            1);
}

}  // namespace
}  // namespace lectern::api
