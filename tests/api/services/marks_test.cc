// What people leave behind: pins, visits, progress, bookmarks, settings and sessions, through real gRPC against a real database.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "lectern/v1/auth.pb.h"
#include "lectern/v1/courses.pb.h"
#include "lectern/v1/lectures.pb.h"
#include "lectern/v1/playback.pb.h"
#include "lectern/v1/users.pb.h"
#include "tests/api/support/api_instance.h"
#include "tests/api/support/world.h"
#include "tests/support/status_matchers.h"

namespace lectern {
namespace {

using testing::ApiInstance;
using testing::Email;
using testing::kTestPassword;
using testing::Name;
using testing::StatusIs;
using testing::World;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

class MarksTest : public ::testing::Test {
 protected:
  template <typename Request>
  v1::Course Course(const char* method) {
    Request request;
    request.set_name(Name("courses", course_));
    auto course = api_.Call<v1::Course>(absl::StrCat("CourseService/", method), request, student_);
    EXPECT_OK(course);
    return course.ok() ? *course : v1::Course();
  }
  v1::SaveProgressRequest Progress(int64_t seconds, int64_t at) {
    v1::SaveProgressRequest request;
    request.set_lecture(Name("lectures", lecture_));
    request.mutable_position()->set_seconds(seconds);
    if (at != 0) request.mutable_time()->set_seconds(at);
    return request;
  }
  v1::LectureForMe Save(const v1::SaveProgressRequest& request) {
    auto me = api_.Call<v1::LectureForMe>("LectureService/SaveProgress", request, student_);
    EXPECT_OK(me);
    return me.ok() ? *me : v1::LectureForMe();
  }

  testing::TestDatabase database_;
  World world_{database_};
  ApiInstance api_{database_.url()};
  const int64_t vod_ = world_.NewAliveResource("vod_service", "http://vod:8080", world_.chair);
  const int64_t course_ = world_.NewCourse("public");
  const int64_t lecture_ = world_.NewLecture(course_);
  const std::string student_ = api_.Login(Email("student"), kTestPassword);
};

TEST_F(MarksTest, ACourseIsPinnedAndUnpinnedAsOftenAsOneLikes) {
  EXPECT_FALSE(Course<v1::GetCourseRequest>("GetCourse").me().pinned());
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(Course<v1::PinCourseRequest>("PinCourse").me().pinned());
  EXPECT_TRUE(Course<v1::GetCourseRequest>("GetCourse").me().pinned());
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(Course<v1::UnpinCourseRequest>("UnpinCourse").me().pinned());
  EXPECT_FALSE(Course<v1::GetCourseRequest>("GetCourse").me().pinned());
}

TEST_F(MarksTest, AVisitAnswersWithWhatIsNewSinceTheOneBefore) {
  v1::Course course = Course<v1::VisitCourseRequest>("VisitCourse");
  EXPECT_FALSE(course.me().has_visit_time());
  EXPECT_EQ(course.me().new_lectures(), 0);
  world_.NewRecording(lecture_, vod_);
  world_.NewRecording(world_.NewLecture(course_), vod_);
  world_.NewRehearsal(course_, world_.lecturer);
  EXPECT_EQ(Course<v1::GetCourseRequest>("GetCourse").me().new_lectures(), 2);
  course = Course<v1::VisitCourseRequest>("VisitCourse");
  EXPECT_TRUE(course.me().has_visit_time());
  EXPECT_EQ(course.me().new_lectures(), 2);
  EXPECT_EQ(Course<v1::GetCourseRequest>("GetCourse").me().new_lectures(), 0);
  // A better recording of what was there before is no new lecture.
  world_.NewRecording(lecture_, vod_);
  EXPECT_EQ(Course<v1::GetCourseRequest>("GetCourse").me().new_lectures(), 0);
}

TEST_F(MarksTest, ProgressThatComesLateUndoesNothing) {
  world_.NewRecording(lecture_, vod_);
  const int64_t now = absl::ToUnixSeconds(absl::Now());
  EXPECT_EQ(Save(Progress(10, now - 60)).position().seconds(), 10);
  EXPECT_EQ(Save(Progress(20, now - 30)).position().seconds(), 20);
  v1::LectureForMe me = Save(Progress(15, now - 45));
  EXPECT_EQ(me.position().seconds(), 20);
  EXPECT_EQ(me.update_time().seconds(), now - 30);
  // Back again on purpose, and with a clock that is ahead.
  EXPECT_EQ(Save(Progress(5, now + 9999)).position().seconds(), 5);
  EXPECT_EQ(Save(Progress(7, 0)).position().seconds(), 7);
  EXPECT_EQ(database_.Query("select count(*) from progress"), "1");
}

TEST_F(MarksTest, ALectureIsWatchedAtItsEndOrWhenSomebodySaysSo) {
  EXPECT_FALSE(Save(Progress(600, 0)).watched()) << "nothing is there whose end it could be";
  world_.NewRecording(lecture_, vod_);   // a minute
  database_.Execute("update assets set duration_ms = 3600000");
  EXPECT_FALSE(Save(Progress(3400, 0)).watched());
  EXPECT_TRUE(Save(Progress(3425, 0)).watched()) << "within the last twentieth";
  EXPECT_TRUE(Save(Progress(10, 0)).watched()) << "it stays so";
  v1::SaveProgressRequest unmark = Progress(10, 0);
  unmark.set_watched(false);
  EXPECT_FALSE(Save(unmark).watched());
  database_.Execute("update assets set duration_ms = 300000");
  EXPECT_FALSE(Save(Progress(269, 0)).watched());
  EXPECT_TRUE(Save(Progress(271, 0)).watched()) << "within the last half minute";
}

TEST_F(MarksTest, ImpossiblePositionsAreRefused) {
  for (int64_t seconds : {int64_t{-1}, int64_t{8} * 24 * 3600, std::numeric_limits<int64_t>::max()}) {
    EXPECT_THAT(api_.Call("LectureService/SaveProgress", Progress(seconds, 0), nullptr, student_), StatusIs(kInvalid, "BAD_FIELD"));
  }
}

TEST_F(MarksTest, ABookmarkChangesInWhatIsNamed) {
  v1::CreateBookmarkRequest create;
  create.set_lecture(Name("lectures", lecture_));
  create.mutable_position()->set_seconds(10);
  create.set_text("here");
  ASSERT_OK_AND_ASSIGN(auto bookmark, api_.Call<v1::Bookmark>("LectureService/CreateBookmark", create, student_));
  v1::UpdateBookmarkRequest update;
  update.mutable_bookmark()->set_name(bookmark.name());
  update.mutable_bookmark()->set_text("there");
  ASSERT_OK_AND_ASSIGN(bookmark, api_.Call<v1::Bookmark>("LectureService/UpdateBookmark", update, student_));
  EXPECT_EQ(bookmark.text(), "there");
  EXPECT_EQ(bookmark.position().seconds(), 10);
  update.mutable_update_mask()->add_paths("position");
  update.mutable_bookmark()->set_text("ignored");
  ASSERT_OK_AND_ASSIGN(bookmark, api_.Call<v1::Bookmark>("LectureService/UpdateBookmark", update, student_));
  EXPECT_EQ(bookmark.text(), "there");
  EXPECT_EQ(bookmark.position().seconds(), 0);
  update.mutable_update_mask()->add_paths("lecture");
  EXPECT_THAT(api_.Call("LectureService/UpdateBookmark", update, nullptr, student_), StatusIs(kInvalid, "BAD_FIELD"));
  update.mutable_update_mask()->clear_paths();
  EXPECT_THAT(api_.Call("LectureService/UpdateBookmark", update, nullptr, api_.Login(Email("enrolled"), kTestPassword)),
              StatusIs(absl::StatusCode::kNotFound, "BOOKMARK_NOT_FOUND"));
}

TEST_F(MarksTest, SettingsOfPagesAreChecked) {
  v1::UpdateSettingsRequest update;
  v1::UserSettings& settings = *update.mutable_settings();
  settings.set_theme("dark");
  settings.set_language("de-AT");
  settings.set_single_key_shortcuts_off(true);
  EXPECT_OK(api_.Call("UserService/UpdateSettings", update, nullptr, student_));
  ASSERT_OK_AND_ASSIGN(auto read, api_.Call<v1::UserSettings>("UserService/GetSettings", v1::GetSettingsRequest(), student_));
  EXPECT_EQ(read.theme(), "dark");
  EXPECT_TRUE(read.single_key_shortcuts_off());
  settings.set_theme("\"><script>");
  EXPECT_THAT(api_.Call("UserService/UpdateSettings", update, nullptr, student_), StatusIs(kInvalid, "BAD_FIELD"));
  settings.set_theme("");
  for (const char* tag : {"de_AT", "-", "de-", "d\"e", "1de", "123456789", "de-AT-x-\xC3\xBC"}) {
    settings.set_language(tag);
    EXPECT_THAT(api_.Call("UserService/UpdateSettings", update, nullptr, student_), StatusIs(kInvalid, "BAD_FIELD")) << tag;
  }
}

TEST_F(MarksTest, ASessionShowsTheDeviceThatItWasBegunOn) {
  v1::LoginRequest login;
  login.set_email(Email("student"));
  login.set_password(kTestPassword);
  login.set_device("Firefox on Linux");
  EXPECT_OK(api_.Call("AuthService/Login", login, nullptr, ""));
  ASSERT_OK_AND_ASSIGN(auto list, api_.Call<v1::ListSessionsResponse>("AuthService/ListSessions", v1::ListSessionsRequest(), student_));
  ASSERT_EQ(list.sessions_size(), 2);
  EXPECT_EQ(list.sessions(0).device(), "Firefox on Linux");
  EXPECT_EQ(list.sessions(1).device(), "");
  login.set_device(std::string(201, 'x'));
  EXPECT_THAT(api_.Call("AuthService/Login", login, nullptr, ""), StatusIs(kInvalid, "BAD_FIELD"));
}

TEST_F(MarksTest, ACoursesSwitchesAreSetAndListsTellWhatIsTaught) {
  const std::string lecturer = api_.Login(Email("lecturer"), kTestPassword);
  v1::UpdateCourseRequest update;
  update.set_name(Name("courses", course_));
  update.set_downloads_enabled(true);
  update.set_chat_enabled(false);
  update.set_term("2026W");
  ASSERT_OK_AND_ASSIGN(auto course, api_.Call<v1::Course>("CourseService/UpdateCourse", update, lecturer));
  EXPECT_TRUE(course.downloads_enabled());
  EXPECT_FALSE(course.chat_enabled());
  EXPECT_EQ(course.term(), "2026W");
  EXPECT_TRUE(course.me().enrolled());
  v1::UpdateCourseRequest nothing;
  nothing.set_name(update.name());
  ASSERT_OK_AND_ASSIGN(course, api_.Call<v1::Course>("CourseService/UpdateCourse", nothing, lecturer));
  EXPECT_TRUE(course.downloads_enabled());
  EXPECT_FALSE(course.chat_enabled());
  v1::ListCoursesRequest list;
  list.set_taught(true);
  auto taught = [&](const std::string& who) {
    return api_.Call<v1::ListCoursesResponse>("CourseService/ListCourses", list, who).value().courses_size();
  };
  EXPECT_EQ(taught(lecturer), 1);
  EXPECT_EQ(taught(student_), 0);
  EXPECT_EQ(taught(""), 0);
  EXPECT_EQ(taught(api_.Login(Email("admin"), kTestPassword)), 0);
}

}  // namespace
}  // namespace lectern
