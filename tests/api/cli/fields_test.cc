#include "api/cli/fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/time/time.h"
#include "lectern/v1/courses.pb.h"
#include "lectern/v1/jobs.pb.h"
#include "lectern/v1/lectures.pb.h"
#include "lectern/v1/resources.pb.h"
#include "lectern/v1/users.pb.h"
#include "tests/support/status_matchers.h"

namespace lectern::cli {
namespace {

using lectern::testing::StatusIs;
using ::testing::HasSubstr;

TEST(FullNameTest, AcceptsANumberAndAName) {
  EXPECT_EQ(FullName("courses", "12").value(), "courses/12");
  EXPECT_EQ(FullName("courses", "courses/12").value(), "courses/12");
  EXPECT_EQ(FullName("users", "a@b.org").value(), "a@b.org");
}

TEST(FullNameTest, RefusesNamesOfAnotherKind) {
  for (const char* name : {"lectures/12", "x", "", "-1", "courses/", "courses/12/3", "a@b.org"}) {
    EXPECT_THAT(FullName("courses", name), StatusIs(absl::StatusCode::kInvalidArgument)) << name;
  }
}

TEST(ParseTimeTest, AcceptsRfc3339AndLocalTime) {
  EXPECT_EQ(ParseTime("2026-11-21T14:00:00+01:00").value(), "2026-11-21T13:00:00+00:00");
  const absl::Time local = absl::FromCivil(absl::CivilSecond(2026, 11, 21, 14, 0, 0), absl::LocalTimeZone());
  const std::string expected = absl::FormatTime(absl::RFC3339_full, local, absl::UTCTimeZone());
  EXPECT_EQ(ParseTime("2026-11-21 14:00").value(), expected);
  EXPECT_EQ(ParseTime("2026-11-21T14:00").value(), expected);
}

TEST(ParseTimeTest, SaysHowATimeLooks) {
  const absl::Status status = ParseTime("tomorrow").status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(std::string(status.message()), HasSubstr("'2026-11-21 14:00'"));
}

TEST(SetFieldTest, SetsEveryKindOfField) {
  v1::CreateCourseRequest course;
  EXPECT_OK(SetField(course, "title", "Optics"));
  EXPECT_OK(SetField(course, "visibility", "logged-in"));
  EXPECT_EQ(course.visibility(), v1::LOGGED_IN);
  EXPECT_OK(SetField(course, "visibility", "LOGGED_IN"));
  v1::ListJobsRequest jobs;
  EXPECT_OK(SetField(jobs, "states", "failed"));
  EXPECT_OK(SetField(jobs, "states", "ready"));
  EXPECT_OK(SetField(jobs, "page_size", "7"));
  EXPECT_THAT(jobs.states(), ::testing::ElementsAre(v1::JOB_FAILED, v1::READY));
  v1::CreateLectureRequest lecture;
  EXPECT_OK(SetField(lecture, "start_time", "2026-11-21T14:00:00Z"));
  EXPECT_EQ(lecture.start_time().seconds(), 1795269600);
}

TEST(SetFieldTest, NamesTheWordsThatAnEnumTakes) {
  v1::SetRoleRequest request;
  const absl::Status status = SetField(request, "role", "boss");
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(std::string(status.message()), HasSubstr("student, lecturer, administrator"));
  EXPECT_FALSE(SetField(request, "role", "role-unspecified").ok());
}

TEST(FieldTextTest, ShowsFractionsPercentAndNestedFields) {
  v1::Resource resource;
  EXPECT_EQ(FieldText(resource, "load.cpu", Format::kPercent), "");
  EXPECT_EQ(FieldText(resource, "load.slots_used/load.slots", Format::kPlain), "");
  resource.set_kind(v1::VOD_SERVICE);
  resource.mutable_load()->set_cpu(0.254);
  resource.mutable_load()->set_slots(4);
  resource.mutable_load()->set_memory_used_bytes(3 << 20);
  resource.mutable_load()->mutable_uptime()->set_seconds(3700);
  EXPECT_EQ(FieldText(resource, "kind", Format::kPlain), "vod-service");
  EXPECT_EQ(FieldText(resource, "load.cpu", Format::kPercent), "25 %");
  EXPECT_EQ(FieldText(resource, "load.slots_used/load.slots", Format::kPlain), "0/4");
  EXPECT_EQ(FieldText(resource, "load.memory_used_bytes", Format::kBytes), "3.0 MiB");
  EXPECT_EQ(FieldText(resource, "load.uptime", Format::kAgo), "1 h 1 min");
}

TEST(MessageTableTest, ShowsTheRowsOfAListInColumns) {
  v1::ListCoursesResponse list;
  EXPECT_EQ(MessageTable(list, {{"NAME", "name"}, {"TITLE", "title"}}), "NAME  TITLE\n");
  list.add_courses()->set_name("courses/1");
  list.mutable_courses(0)->set_title("Größe");
  list.add_courses()->set_name("courses/22");
  EXPECT_EQ(MessageTable(list, {{"TITLE", "title"}, {"NAME", "name"}}),
            "TITLE  NAME\nGröße  courses/1\n       courses/22\n");
}

TEST(MessageJsonTest, IsTheApisMessageWithEmptyListsShown) {
  EXPECT_EQ(MessageJson(v1::ListCoursesResponse()), "{\n \"courses\": [],\n \"nextPageToken\": \"\"\n}\n");
  v1::LectureView view;
  view.set_upload_size_bytes(5);
  EXPECT_THAT(MessageJson(view), HasSubstr("\"uploadSizeBytes\": \"5\""));
}

}  // namespace
}  // namespace lectern::cli
