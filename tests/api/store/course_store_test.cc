#include "api/store/course_store.h"

#include "tests/api/store/store_fixture.h"

namespace lectern::api {
namespace {

using ::lectern::testing::StatusIs;
using ::testing::ElementsAre;

class CourseStoreTest : public StoreFixture {
 protected:
  std::vector<int64_t> Ids(const CourseFilter& filter, int page_size, const Caller& caller = {}) {
    std::vector<int64_t> ids;
    PageRequest page{page_size, ""};
    do {
      absl::StatusOr<Page<CourseRow>> list = store_.List(caller, filter, page);
      EXPECT_OK(list);
      if (!list.ok()) return ids;
      for (const CourseRow& row : list->rows) ids.push_back(row.id);
      page.token = list->next_token;
    } while (!page.token.empty());
    return ids;
  }

  const int64_t school_ = Organization("School");
  const int64_t chair_ = Organization("Chair", school_);
  CourseStore store_{pool_};
};

TEST_F(CourseStoreTest, ACourseIsReadAsItWasWritten) {
  ASSERT_OK_AND_ASSIGN(CourseRow made, store_.Insert({chair_, "Analysis \"1\"", "2026W", "hidden", "Über Folgen"}));
  Lecture(made.id);
  Lecture(made.id);
  ASSERT_OK_AND_ASSIGN(CourseRow read, store_.Get(made.id));
  EXPECT_EQ(read.title, "Analysis \"1\"");
  EXPECT_EQ(read.term, "2026W");
  EXPECT_EQ(read.visibility, "hidden");
  EXPECT_EQ(read.description, "Über Folgen");
  EXPECT_EQ(read.organization_id, chair_);
  EXPECT_EQ(read.lecture_count, 2);
}

TEST_F(CourseStoreTest, AbsentFieldsOfAChangeStay) {
  ASSERT_OK_AND_ASSIGN(CourseRow course, store_.Insert({chair_, "Title", "2026W", "public", "Text"}));
  CourseChange change;
  change.description = "";
  ASSERT_OK_AND_ASSIGN(course, store_.Update(course.id, change));
  EXPECT_EQ(course.title, "Title");
  EXPECT_EQ(course.visibility, "public");
  EXPECT_EQ(course.description, "");
  change.visibility = "secret";
  EXPECT_THAT(store_.Update(course.id, change), StatusIs(absl::StatusCode::kInvalidArgument, "BAD_COURSE"));
  EXPECT_THAT(store_.Update(999, change), StatusIs(absl::StatusCode::kNotFound, "COURSE_NOT_FOUND"));
}

TEST_F(CourseStoreTest, BadInputHasItsReason) {
  EXPECT_THAT(store_.Insert({999, "X", "", "public", ""}),
              StatusIs(absl::StatusCode::kNotFound, "ORGANIZATION_NOT_FOUND"));
  EXPECT_THAT(store_.Insert({chair_, "", "", "public", ""}),
              StatusIs(absl::StatusCode::kInvalidArgument, "BAD_COURSE"));
  EXPECT_THAT(store_.Insert({chair_, "X", "", "nobody", ""}),
              StatusIs(absl::StatusCode::kInvalidArgument, "BAD_COURSE"));
  EXPECT_THAT(store_.Get(999), StatusIs(absl::StatusCode::kNotFound, "COURSE_NOT_FOUND"));
}

TEST_F(CourseStoreTest, TheListIsNewestFirstAndCompleteInAnyPageSize) {
  const int64_t other = Organization("Other");
  std::vector<int64_t> expected;
  for (int i = 0; i < 7; ++i) {
    const int64_t id = Course(i % 2 == 0 ? chair_ : school_);
    Course(other);
    expected.insert(expected.begin(), id);
  }
  for (int page_size : {1, 2, 3, 7, 8}) EXPECT_EQ(Ids({school_, ""}, page_size), expected) << page_size;
  EXPECT_EQ(Ids({}, 5).size(), 14u);
  database_.Execute(absl::StrCat("update courses set term = '2027S' where id = ", expected[3]));
  EXPECT_THAT(Ids({school_, "2027S"}, 5), ElementsAre(expected[3]));
}

TEST_F(CourseStoreTest, APageIsNotDisturbedByNewCourses) {
  for (int i = 0; i < 4; ++i) Course(chair_);
  ASSERT_OK_AND_ASSIGN(Page<CourseRow> first, store_.List({}, {}, {2, ""}));
  Course(chair_);
  ASSERT_OK_AND_ASSIGN(Page<CourseRow> second, store_.List({}, {}, {2, first.next_token}));
  ASSERT_EQ(second.rows.size(), 2u);
  EXPECT_EQ(second.rows[0].id, first.rows[1].id - 1);
  EXPECT_EQ(second.next_token, "");
}

TEST_F(CourseStoreTest, TheListIsOneStatementHoweverLongItIs) {
  const int64_t few = StatementsOf([&] { ASSERT_OK(store_.List({}, {}, {100, ""})); });
  for (int i = 0; i < 50; ++i) Lecture(Course(chair_));
  EXPECT_EQ(StatementsOf([&] { EXPECT_EQ(store_.List({}, {}, {100, ""}).value().rows.size(), 50u); }), few);
  EXPECT_EQ(few, 1);
}

TEST_F(CourseStoreTest, PeopleAreEnrolledAndChangeTheirRole) {
  const int64_t course = Course(chair_);
  const int64_t ada = User("ada", "lecturer");
  const int64_t bob = User("bob");
  EXPECT_EQ(store_.Enrol(course, ada, "student").value().role, "student");
  ASSERT_OK_AND_ASSIGN(EnrolmentRow enrolment, store_.Enrol(course, ada, "lecturer"));
  EXPECT_EQ(enrolment.role, "lecturer");
  EXPECT_EQ(enrolment.email, "ada@example.org");
  EXPECT_OK(store_.Enrol(course, bob, "student"));
  EXPECT_THAT(store_.Enrol(course, bob, "lecturer"), StatusIs(absl::StatusCode::kFailedPrecondition, "NOT_A_LECTURER"));
  EXPECT_THAT(store_.Enrol(course, 999, "student"), StatusIs(absl::StatusCode::kNotFound, "USER_NOT_FOUND"));
  EXPECT_THAT(store_.Enrol(999, bob, "student"), StatusIs(absl::StatusCode::kNotFound, "COURSE_NOT_FOUND"));
  EXPECT_THAT(store_.Enrol(course, bob, "guest"), StatusIs(absl::StatusCode::kInvalidArgument, "BAD_ENROLMENT"));
  ASSERT_OK_AND_ASSIGN(Page<EnrolmentRow> first, store_.ListEnrolments(course, {1, ""}));
  ASSERT_OK_AND_ASSIGN(Page<EnrolmentRow> second, store_.ListEnrolments(course, {1, first.next_token}));
  EXPECT_EQ(first.rows[0].user_id, ada);
  EXPECT_EQ(second.rows[0].user_id, bob);
  EXPECT_EQ(second.next_token, "");
  EXPECT_OK(store_.Unenrol(course, bob));
  EXPECT_THAT(store_.Unenrol(course, bob), StatusIs(absl::StatusCode::kNotFound, "ENROLMENT_NOT_FOUND"));
}

TEST_F(CourseStoreTest, DeletingACourseTakesItsLecturesAndKeepsTheRecordings) {
  const int64_t course = Course(chair_);
  const int64_t lecture = Lecture(course);
  const int64_t vod = Resource(chair_, "vod_service");
  database_.Execute(
      absl::StrCat("insert into assets (upload_id, lecture_id, organization_id, view, vod_resource_id, file_name, "
                   "fingerprint, size_bytes, state) values (md5('x'), ",
                   lecture, ", ", chair_, ", 'comb', ", vod, ", 'f', 'f', 1, 'complete')"));
  InTransaction([&](pg::Session& session) { EXPECT_OK(store_.Delete(session, course)); });
  EXPECT_EQ(Number("select count(*) from lectures"), 0);
  EXPECT_EQ(Number("select count(*) from assets where lecture_id is null"), 1);
  EXPECT_THAT(pool_.Transaction([&](pg::Session& session) { return store_.Delete(session, course); }),
              StatusIs(absl::StatusCode::kNotFound, "COURSE_NOT_FOUND"));
}

}  // namespace
}  // namespace lectern::api
