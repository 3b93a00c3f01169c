#include "api/services/viewers.h"

#include "api/store/lecture_store.h"
#include "tests/api/store/store_fixture.h"
#include "tests/support/fake_clock.h"

namespace lectern::api {
namespace {

class ViewersTest : public StoreFixture {
 protected:
  int Shown() { return lectures_.Get(lecture_).value().viewers; }

  const int64_t lecture_ = Lecture(Course(Organization("Chair")));
  LectureStore lectures_{pool_};
  ViewerStore store_{pool_};
  testing::FakeClock clock_;
  Viewers viewers_{store_, "one", clock_};
};

TEST_F(ViewersTest, AViewingCountsOnceUntilItIsGone) {
  for (int i = 0; i < 3; ++i) viewers_.Saw(lecture_, 7);
  viewers_.Saw(lecture_, 8);
  EXPECT_EQ(Shown(), 0);
  viewers_.Flush();
  EXPECT_EQ(Shown(), 2);
  clock_.Advance(absl::Seconds(20));
  viewers_.Saw(lecture_, 8);
  clock_.Advance(absl::Seconds(20));
  viewers_.Flush();
  EXPECT_EQ(Shown(), 1);
  clock_.Advance(absl::Seconds(20));
  viewers_.Flush();
  EXPECT_EQ(Shown(), 0);
  EXPECT_EQ(Number("select count(*) from viewer_counts"), 0);
}

TEST_F(ViewersTest, InstancesAddUpAndOldCountsDoNot) {
  Viewers other(store_, "two", clock_);
  viewers_.Saw(lecture_, 1);
  other.Saw(lecture_, 2);
  viewers_.Flush();
  other.Flush();
  EXPECT_EQ(Shown(), 2);
  database_.Execute("update viewer_counts set at = now() - interval '31 seconds' where instance = 'two'");
  EXPECT_EQ(Shown(), 1);
  database_.Execute("update viewer_counts set at = now() - interval '11 minutes' where instance = 'two'");
  ASSERT_OK(store_.Sweep());
  EXPECT_EQ(Number("select count(*) from viewer_counts"), 1);
}

TEST_F(ViewersTest, NobodyCostsNoStatementAndADeletedLectureNoError) {
  EXPECT_EQ(StatementsOf([&] { viewers_.Flush(); }), 0);
  viewers_.Saw(lecture_, 1);
  viewers_.Saw(999'999, 1);
  EXPECT_EQ(StatementsOf([&] { viewers_.Flush(); }), 1);
  EXPECT_EQ(Shown(), 1);
}

}  // namespace
}  // namespace lectern::api
