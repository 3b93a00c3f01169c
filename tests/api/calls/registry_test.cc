#include "api/calls/registry.h"

#include <gtest/gtest.h>

#include <set>

#include "lectern/v1/auth.pb.h"
#include "lectern/v1/courses.pb.h"
#include "lectern/v1/link.pb.h"
#include "lectern/v1/lectures.pb.h"

namespace lectern::api {
namespace {

const google::protobuf::MethodDescriptor& Descriptor(const char* name) {
  return *google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(name);
}

absl::Status GetCourse(CallContext&, const v1::GetCourseRequest& request, v1::Course& course) {
  course.set_name(request.name());
  return absl::OkStatus();
}

TEST(RegistryTest, HandsTheTypedMessagesToTheHandler) {
  v1::Course::descriptor();
  Registry registry;
  registry.Add<v1::GetCourseRequest, v1::Course>("lectern.v1.CourseService.GetCourse", GetCourse);
  const Method* method = registry.Find("/lectern.v1.CourseService/GetCourse");
  ASSERT_NE(method, nullptr);
  EXPECT_EQ(method->short_name, "CourseService.GetCourse");
  v1::GetCourseRequest request;
  request.set_name("courses/7");
  v1::Course course;
  CallContext call;
  EXPECT_TRUE(method->handler(call, request, course).ok());
  EXPECT_EQ(course.name(), "courses/7");
  EXPECT_EQ(registry.Find("/lectern.v1.CourseService/DeleteCourse"), nullptr);
}

TEST(RegistryTest, ReadsWhoMayCallFromTheDescriptor) {
  v1::Course::descriptor();
  AccessRule rule = ReadAccess(Descriptor("lectern.v1.CourseService.CreateCourse"));
  EXPECT_EQ(rule.who, Who::kMaintainer);
  ASSERT_EQ(rule.scope.size(), 1u);
  EXPECT_EQ(rule.scope[0]->name(), "organization");
  EXPECT_TRUE(rule.audited);
  EXPECT_FALSE(rule.brings_secret);
}

TEST(RegistryTest, KnowsTheMethodsThatBringASecretOfTheirOwn) {
  v1::LoginRequest::descriptor();
  EXPECT_TRUE(ReadAccess(Descriptor("lectern.v1.AuthService.Login")).brings_secret);
  EXPECT_FALSE(ReadAccess(Descriptor("lectern.v1.AuthService.GetKeys")).brings_secret);
}

TEST(RegistryTest, ListsWhatIsMissing) {
  v1::Course::descriptor();
  v1::Hello::descriptor();
  Registry registry;
  registry.Add<v1::GetCourseRequest, v1::Course>("lectern.v1.CourseService.GetCourse", GetCourse);
  std::vector<std::string> missing = MissingMethods(registry);
  std::set<std::string> names(missing.begin(), missing.end());
  EXPECT_TRUE(names.contains("lectern.v1.CourseService.DeleteCourse"));
  EXPECT_FALSE(names.contains("lectern.v1.CourseService.GetCourse"));
  // Streams are served elsewhere.
  EXPECT_FALSE(names.contains("lectern.v1.ResourceLink.Attach"));
}

TEST(RegistryDeathTest, RefusesWrongRegistrations) {
  Registry registry;
  auto add = [&](const char* name) { registry.Add<v1::GetCourseRequest, v1::Course>(name, GetCourse); };
  EXPECT_DEATH(add("lectern.v1.CourseService.Nothing"), "no such method");
  EXPECT_DEATH(add("lectern.v1.CourseService.DeleteCourse"), "other message types");
  EXPECT_DEATH({ add("lectern.v1.CourseService.GetCourse"); add("lectern.v1.CourseService.GetCourse"); }, "has a handler");
}

}  // namespace
}  // namespace lectern::api
