#include "api/gateway/route_table.h"

#include <gtest/gtest.h>

#include "lectern/v1/courses.pb.h"
#include "lectern/v1/lectures.pb.h"
#include "lectern/v1/live.pb.h"
#include "lectern/v1/users.pb.h"
#include "tests/support/status_matchers.h"

namespace lectern::api {
namespace {

using testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string ValueOf(const char* pattern, const char* path) {
  absl::StatusOr<PathTemplate> parsed = PathTemplate::Parse(pattern);
  std::optional<RequestPath> split = RequestPath::Split(path);
  if (!parsed.ok() || !split) return "broken";
  std::optional<PathTemplate::Values> values = parsed->Match(*split);
  if (!values) return "no match";
  return values->empty() ? "match" : values->at(0).second;
}

TEST(PathTemplateTest, LiteralsWildcardsAndVerbsMatch) {
  EXPECT_EQ(ValueOf("/v1/courses", "/v1/courses"), "match");
  EXPECT_EQ(ValueOf("/v1/auth:login", "/v1/auth:login"), "match");
  EXPECT_EQ(ValueOf("/v1/{name=lectures/*}", "/v1/lectures/12"), "lectures/12");
  EXPECT_EQ(ValueOf("/v1/{name=lectures/*}:play", "/v1/lectures/12:play"), "lectures/12");
  EXPECT_EQ(ValueOf("/v1/{course=courses/*}/lectures", "/v1/courses/3/lectures"), "courses/3");
  EXPECT_EQ(ValueOf("/v1/{id}", "/v1/a%20b%2Fc+d"), "a b/c+d");
}

TEST(PathTemplateTest, OtherPathsDoNot) {
  for (const char* path : {"/v1/lectures/12", "/v1/lectures/12:end", "/v1/lectures/:play", "/v1/lectures:play", "/v1/lectures/1/2:play",
                           "/v1/lectures/12:play/", "//v1/lectures/12:play", "/v1/Lectures/12:play", "/v2/lectures/12:play"}) {
    EXPECT_EQ(ValueOf("/v1/{name=lectures/*}:play", path), "no match") << path;
  }
  EXPECT_EQ(ValueOf("/v1/{name=lectures/*}", "/v1/lectures/12:play"), "no match");
  EXPECT_EQ(ValueOf("/v1/courses", "/v1/courses/"), "no match");
  EXPECT_EQ(ValueOf("/v1/{name=lectures/*}", "/v1/lectures/"), "no match");
}

TEST(PathTemplateTest, AnEscapedSlashMakesNoOtherName) {
  EXPECT_EQ(ValueOf("/v1/{name=lectures/*}", "/v1/lectures/1%2Fuploads"), "lectures/1%2Fuploads");
  EXPECT_EQ(ValueOf("/v1/{name=lectures/*}", "/v1/lectures%2F12"), "no match");
  EXPECT_EQ(ValueOf("/v1/{name=lectures/*}", "/v1/lectures/1%3Aplay"), "lectures/1:play");
}

TEST(PathTemplateTest, BrokenPathsAndTemplatesAreRefused) {
  for (const char* path : {"", "v1", "/v1/%", "/v1/%zz", "/v1/%00"}) EXPECT_EQ(ValueOf("/v1/{id}", path), "broken") << path;
  for (const char* pattern : {"", "v1", "/", "/v1/", "/v1//x", "/v1/{name", "/v1/{=x}", "/v1/{a=**}", "/v1/x:", "/v1/{a}b", "/v1/{a=b/}"}) {
    EXPECT_THAT(PathTemplate::Parse(pattern), StatusIs(absl::StatusCode::kInvalidArgument)) << pattern;
  }
}

// Handlers that do nothing, for the real definitions.
class RouteTableTest : public ::testing::Test {
 protected:
  template <typename Request, typename Response>
  void Add(absl::string_view name) {
    registry_.Add<Request, Response>(name, [](CallContext&, const Request&, Response&) { return absl::OkStatus(); });
  }

  Registry registry_;
};

TEST_F(RouteTableTest, ARequestFindsItsMethod) {
  Add<v1::GetCourseRequest, v1::Course>("lectern.v1.CourseService.GetCourse");
  Add<v1::UpdateCourseRequest, v1::Course>("lectern.v1.CourseService.UpdateCourse");
  Add<v1::EndLectureRequest, v1::Lecture>("lectern.v1.LectureService.EndLecture");
  ASSERT_OK_AND_ASSIGN(RouteTable table, RouteTable::Build(registry_));
  RouteTable::Match get = table.Find("GET", "/v1/courses/3");
  ASSERT_NE(get.route, nullptr);
  EXPECT_EQ(get.route->method->short_name, "CourseService.GetCourse");
  EXPECT_EQ(table.Find("HEAD", "/v1/courses/3").route, get.route);
  EXPECT_EQ(table.Find("PATCH", "/v1/courses/3").route->method->short_name, "CourseService.UpdateCourse");
  EXPECT_EQ(table.Find("POST", "/v1/lectures/3:end").route->body, Route::Body::kWhole);
  RouteTable::Match wrong = table.Find("PUT", "/v1/courses/3");
  EXPECT_EQ(wrong.route, nullptr);
  EXPECT_THAT(wrong.verbs, ElementsAre("GET", "HEAD", "PATCH"));
  EXPECT_THAT(table.Find("get", "/v1/courses/3").verbs, ElementsAre("GET", "HEAD", "PATCH"));
  EXPECT_THAT(table.Find("GET", "/v1/nothing/3").verbs, IsEmpty());
}

TEST_F(RouteTableTest, MethodsForResourcesHaveNoRoute) {
  Add<v1::ReportStreamsRequest, v1::ReportStreamsResponse>("lectern.v1.LiveService.ReportStreams");
  ASSERT_OK_AND_ASSIGN(RouteTable table, RouteTable::Build(registry_));
  EXPECT_THAT(table.routes(), IsEmpty());
}

TEST_F(RouteTableTest, ThePathFillsItsFieldsAndMustAgreeWithTheBody) {
  Add<v1::UpdateCourseRequest, v1::Course>("lectern.v1.CourseService.UpdateCourse");
  ASSERT_OK_AND_ASSIGN(RouteTable table, RouteTable::Build(registry_));
  RouteTable::Match match = table.Find("PATCH", "/v1/courses/3");
  v1::UpdateCourseRequest request;
  EXPECT_OK(FillFromPath(*match.route, match.values, request));
  EXPECT_EQ(request.name(), "courses/3");
  EXPECT_OK(FillFromPath(*match.route, match.values, request));
  request.set_name("courses/4");
  EXPECT_THAT(FillFromPath(*match.route, match.values, request), StatusIs(absl::StatusCode::kInvalidArgument, "BAD_FIELD"));
}

TEST_F(RouteTableTest, TheBodyMayBeOneField) {
  Add<v1::UpdateSettingsRequest, v1::UserSettings>("lectern.v1.UserService.UpdateSettings");
  ASSERT_OK_AND_ASSIGN(RouteTable table, RouteTable::Build(registry_));
  const Route* route = table.Find("PUT", "/v1/settings").route;
  ASSERT_NE(route, nullptr);
  EXPECT_EQ(route->body, Route::Body::kField);
  EXPECT_EQ(route->body_field->name(), "settings");
}

}  // namespace
}  // namespace lectern::api
