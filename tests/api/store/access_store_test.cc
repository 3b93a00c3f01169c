// The rights of every kind of caller on courses of every visibility, and what they see in lists.
#include "api/store/access_store.h"

#include "api/store/course_store.h"
#include "tests/api/store/store_fixture.h"

namespace lectern::api {
namespace {

// The tree: root > middle > leaf (the courses are here); root > sibling.
class AccessStoreTest : public StoreFixture {
 protected:
  AccessStoreTest() {
    Maintain(leaf_, maintainer_);
    Maintain(sibling_, foreign_maintainer_);
    Maintain(root_, ancestor_maintainer_);
    for (const char* visibility : {"public", "logged_in", "enrolled", "hidden"}) {
      const int64_t course = Course(leaf_, visibility);
      courses_[visibility] = course;
      Enrol(course, enrolled_, "student");
      Enrol(course, lecturer_, "lecturer");
    }
  }

  static Caller Person(int64_t id, const std::string& role = "student") {
    Caller caller;
    caller.kind = Caller::Kind::kUser;
    caller.user_id = id;
    caller.role = role;
    return caller;
  }

  Level LevelOn(const Caller& caller, absl::string_view collection, int64_t id) {
    absl::StatusOr<AccessFacts> facts = store_.Facts(collection, id, caller.user_id);
    EXPECT_OK(facts);
    return facts.ok() ? LevelFor(caller, *facts) : Level::kNone;
  }

  bool Lists(const Caller& caller, int64_t course) {
    absl::StatusOr<Page<CourseRow>> list = CourseStore(pool_).List(caller, {}, {100, ""});
    EXPECT_OK(list);
    if (!list.ok()) return false;
    return std::any_of(list->rows.begin(), list->rows.end(), [&](const CourseRow& row) { return row.id == course; });
  }

  const int64_t root_ = Organization("Root");
  const int64_t middle_ = Organization("Middle", root_);
  const int64_t leaf_ = Organization("Leaf", middle_);
  const int64_t sibling_ = Organization("Sibling", root_);
  const int64_t student_ = User("student");
  const int64_t enrolled_ = User("enrolled");
  const int64_t lecturer_ = User("lecturer", "lecturer");
  const int64_t maintainer_ = User("maintainer");
  const int64_t foreign_maintainer_ = User("foreign");
  const int64_t ancestor_maintainer_ = User("ancestor");
  const int64_t administrator_ = User("administrator", "administrator");
  std::map<std::string, int64_t> courses_;
  AccessStore store_{pool_};
};

struct Expected {
  const char* visibility;
  Level level;
  bool listed;
};

#define EXPECT_MATRIX(caller, ...)                                                                              \
  for (const Expected& expected : std::vector<Expected>{__VA_ARGS__}) {                                         \
    const int64_t course = courses_[expected.visibility];                                                       \
    EXPECT_EQ(LevelWord(LevelOn(caller, "courses", course)), LevelWord(expected.level)) << expected.visibility; \
    EXPECT_EQ(Lists(caller, course), expected.listed) << expected.visibility;                                   \
  }

TEST_F(AccessStoreTest, AnAnonymousCaller) {
  EXPECT_MATRIX(Caller(), {"public", Level::kViewer, true}, {"logged_in", Level::kNone, false},
                {"enrolled", Level::kNone, false}, {"hidden", Level::kViewer, false});
}

TEST_F(AccessStoreTest, AStudentOfAnotherCourse) {
  EXPECT_MATRIX(Person(student_), {"public", Level::kViewer, true}, {"logged_in", Level::kViewer, true},
                {"enrolled", Level::kNone, false}, {"hidden", Level::kViewer, false});
}

TEST_F(AccessStoreTest, AnEnrolledStudent) {
  EXPECT_MATRIX(Person(enrolled_), {"public", Level::kViewer, true}, {"logged_in", Level::kViewer, true},
                {"enrolled", Level::kViewer, true}, {"hidden", Level::kViewer, false});
}

TEST_F(AccessStoreTest, ALecturerOfTheCourse) {
  EXPECT_MATRIX(Person(lecturer_, "lecturer"), {"public", Level::kLecturer, true},
                {"logged_in", Level::kLecturer, true}, {"enrolled", Level::kLecturer, true},
                {"hidden", Level::kLecturer, true});
}

TEST_F(AccessStoreTest, AMaintainerOfTheOrganization) {
  EXPECT_MATRIX(Person(maintainer_), {"public", Level::kMaintainer, true}, {"logged_in", Level::kMaintainer, true},
                {"enrolled", Level::kMaintainer, true}, {"hidden", Level::kMaintainer, true});
}

TEST_F(AccessStoreTest, AMaintainerOfAnAncestor) {
  EXPECT_MATRIX(Person(ancestor_maintainer_), {"public", Level::kMaintainer, true},
                {"logged_in", Level::kMaintainer, true}, {"enrolled", Level::kMaintainer, true},
                {"hidden", Level::kMaintainer, true});
}

TEST_F(AccessStoreTest, AMaintainerOfAnotherOrganization) {
  EXPECT_MATRIX(Person(foreign_maintainer_), {"public", Level::kViewer, true}, {"logged_in", Level::kViewer, true},
                {"enrolled", Level::kNone, false}, {"hidden", Level::kViewer, false});
}

TEST_F(AccessStoreTest, AnAdministrator) {
  EXPECT_MATRIX(Person(administrator_, "administrator"), {"public", Level::kAdministrator, true},
                {"logged_in", Level::kAdministrator, true}, {"enrolled", Level::kAdministrator, true},
                {"hidden", Level::kAdministrator, true});
}

TEST_F(AccessStoreTest, AMaintainersRightReachesDownAndNeverUp) {
  EXPECT_EQ(LevelOn(Person(maintainer_), "organizations", leaf_), Level::kMaintainer);
  EXPECT_EQ(LevelOn(Person(maintainer_), "organizations", middle_), Level::kNone);
  EXPECT_EQ(LevelOn(Person(maintainer_), "organizations", root_), Level::kNone);
  EXPECT_EQ(LevelOn(Person(ancestor_maintainer_), "organizations", leaf_), Level::kMaintainer);
  EXPECT_EQ(LevelOn(Person(foreign_maintainer_), "organizations", leaf_), Level::kNone);
}

TEST_F(AccessStoreTest, EveryKindOfObjectLeadsToItsCourseAndOrganization) {
  const int64_t course = courses_["enrolled"];
  const int64_t lecture = Lecture(course);
  const int64_t worker = Resource(leaf_, "worker");
  const int64_t task = Number(absl::StrCat("insert into tasks (organization_id, kind, lecture_id) values (", leaf_,
                                           ", 'publish_recording', ", lecture, ") returning id"));
  const int64_t job =
      Number(absl::StrCat("insert into jobs (task_id, organization_id, kind, class, state, spec) values (", task, ", ",
                          leaf_, ", 'probe', 2, 'ready', '{}') returning id"));
  const int64_t ended =
      Number(absl::StrCat("insert into jobs_ended (id, task_id, organization_id, kind, class, state, spec) values (",
                          job + 1, ", ", task, ", ", leaf_, ", 'probe', 2, 'done', '{}') returning id"));
  const int64_t bookmark =
      Number(absl::StrCat("insert into bookmarks (lecture_id, user_id, position_ms, text) values (", lecture, ", ",
                          enrolled_, ", 0, 'x') returning id"));
  for (const auto& [collection, id] : std::map<std::string, int64_t>{
           {"courses", course}, {"lectures", lecture}, {"tasks", task}, {"bookmarks", bookmark}}) {
    EXPECT_EQ(LevelOn(Person(lecturer_), collection, id), Level::kLecturer) << collection;
    EXPECT_EQ(LevelOn(Person(maintainer_), collection, id), Level::kMaintainer) << collection;
    EXPECT_EQ(LevelOn(Person(student_), collection, id), Level::kNone) << collection;
    EXPECT_EQ(store_.Facts(collection, id, 0).value().organization_id, leaf_) << collection;
    EXPECT_EQ(store_.Facts(collection, id, 0).value().course_id, course) << collection;
  }
  for (int64_t id : {job, ended}) {
    EXPECT_EQ(LevelOn(Person(lecturer_), "jobs", id), Level::kLecturer);
    EXPECT_EQ(store_.Facts("jobs", id, 0).value().lecture_id, lecture);
  }
  EXPECT_EQ(LevelOn(Person(maintainer_), "resources", worker), Level::kMaintainer);
  EXPECT_EQ(LevelOn(Person(lecturer_), "resources", worker), Level::kNone);
}

TEST_F(AccessStoreTest, EverythingOfARehearsalIsItsLecturersAlone) {
  const int64_t course = courses_["public"];
  const int64_t colleague = User("colleague", "lecturer");
  Enrol(course, colleague, "lecturer");
  const int64_t lecture = Number(absl::StrCat("insert into lectures (course_id, title, rehearsal_of) values (", course, ", 'Rehearsal', ",
                                              lecturer_, ") returning id"));
  const int64_t vod = Resource(leaf_, "vod_service");
  const int64_t asset = Number(absl::StrCat(
      "insert into assets (upload_id, lecture_id, organization_id, view, vod_resource_id, file_name, fingerprint, size_bytes, state) "
      "values (md5('a'), ", lecture, ", ", leaf_, ", 'cam', ", vod, ", 'live', 'live', 1, 'live') returning id"));
  const int64_t task = Number(absl::StrCat("insert into tasks (organization_id, kind, lecture_id, asset_id) values (", leaf_, ", 'live', ",
                                           lecture, ", ", asset, ") returning id"));
  const int64_t job = Number(absl::StrCat("insert into jobs (task_id, organization_id, kind, class, state, spec) values (", task, ", ",
                                          leaf_, ", 'live_ingest', 0, 'ready', '{}') returning id"));
  const int64_t stream = Number(absl::StrCat(
      "insert into live_streams (lecture_id, organization_id, view, source, asset_id, task_id, job_id) values (", lecture, ", ", leaf_,
      ", 'cam', 'encoder', ", asset, ", ", task, ", ", job, ") returning id"));
  const int64_t bookmark = Number(absl::StrCat("insert into bookmarks (lecture_id, user_id, position_ms, text) values (", lecture, ", ",
                                               lecturer_, ", 0, 'x') returning id"));
  for (const auto& [collection, id] : std::map<std::string, int64_t>{
           {"lectures", lecture}, {"tasks", task}, {"jobs", job}, {"bookmarks", bookmark}, {"liveStreams", stream}}) {
    EXPECT_EQ(LevelOn(Person(lecturer_), collection, id), Level::kLecturer) << collection;
    EXPECT_EQ(LevelOn(Person(administrator_, "administrator"), collection, id), Level::kAdministrator) << collection;
    for (int64_t other : {colleague, student_, enrolled_}) EXPECT_EQ(LevelOn(Person(other), collection, id), Level::kNone) << collection;
    EXPECT_EQ(LevelOn(Person(maintainer_), collection, id), collection == "liveStreams" ? Level::kMaintainer : Level::kNone) << collection;
  }
  EXPECT_EQ(LevelOn(Person(lecturer_), "courses", course), Level::kLecturer);
}

TEST_F(AccessStoreTest, AStreamIsKnownToMaintainersAfterItsLectureIsGone) {
  const int64_t vod = Resource(leaf_, "vod_service");
  const int64_t asset = Number(absl::StrCat(
      "insert into assets (upload_id, organization_id, view, vod_resource_id, file_name, fingerprint, size_bytes, state) "
      "values (md5('a'), ", leaf_, ", 'cam', ", vod, ", 'live', 'live', 1, 'live') returning id"));
  const int64_t task = Number(absl::StrCat("insert into tasks (organization_id, kind) values (", leaf_, ", 'live') returning id"));
  const int64_t stream = Number(absl::StrCat(
      "insert into live_streams (lecture_id, organization_id, view, source, asset_id, task_id, job_id) values (999, ", leaf_,
      ", 'cam', 'encoder', ", asset, ", ", task, ", 1) returning id"));
  EXPECT_EQ(LevelOn(Person(maintainer_), "liveStreams", stream), Level::kMaintainer);
  EXPECT_EQ(LevelOn(Person(lecturer_), "liveStreams", stream), Level::kNone);
}

TEST_F(AccessStoreTest, WhatDoesNotExistIsNoError) {
  for (const char* collection :
       {"organizations", "courses", "lectures", "resources", "jobs", "tasks", "bookmarks", "liveStreams", "halls", "nonsense", ""}) {
    ASSERT_OK_AND_ASSIGN(AccessFacts facts, store_.Facts(collection, 999, student_));
    EXPECT_FALSE(facts.exists) << collection;
  }
  const int64_t worker = Resource(leaf_, "worker");
  database_.Execute("update resources set removed_at = now()");
  EXPECT_FALSE(store_.Facts("resources", worker, maintainer_).value().exists);
  const int64_t hall =
      Number(absl::StrCat("insert into halls (organization_id, display_name) values (", leaf_, ", 'Hall 1') returning id"));
  EXPECT_EQ(LevelOn(Person(maintainer_), "halls", hall), Level::kMaintainer);
  database_.Execute("update halls set removed_at = now()");
  EXPECT_FALSE(store_.Facts("halls", hall, maintainer_).value().exists);
}

TEST_F(AccessStoreTest, TheFactsAreOneStatement) {
  EXPECT_EQ(StatementsOf([&] { ASSERT_OK(store_.Facts("courses", courses_["public"], student_)); }), 1);
}

}  // namespace
}  // namespace lectern::api
