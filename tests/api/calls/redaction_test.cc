#include "api/calls/redaction.h"

#include <gtest/gtest.h>

#include "api/calls/text_check.h"
#include "lectern/v1/auth.pb.h"
#include "lectern/v1/courses.pb.h"
#include "lectern/v1/jobs.pb.h"
#include "lectern/v1/link.pb.h"
#include "tests/support/status_matchers.h"

namespace lectern::api {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(RedactionTest, LeavesSecretsOut) {
  v1::LoginRequest request;
  request.set_email("a@example.org");
  request.set_password("correct horse");
  EXPECT_EQ(WithoutSecrets(request, 1000), R"({"email":"a@example.org"})");
  EXPECT_EQ(request.password(), "correct horse");
}

TEST(RedactionTest, LeavesSecretsOutAtAnyDepth) {
  v1::ServerMessage message;
  message.mutable_assign()->set_job(7);
  message.mutable_assign()->set_job_token("hidden");
  EXPECT_THAT(WithoutSecrets(message, 1000), HasSubstr("\"7\""));
  EXPECT_THAT(WithoutSecrets(message, 1000), Not(HasSubstr("hidden")));
}

TEST(RedactionTest, LeavesOutWhatThisBuildDoesNotKnow) {
  v1::LoginRequest request;
  request.GetReflection()->MutableUnknownFields(&request)->AddLengthDelimited(99, "hidden");
  EXPECT_EQ(WithoutSecrets(request, 1000), "{}");
}

TEST(RedactionTest, CutsBetweenCharacters) {
  v1::CreateCourseRequest request;
  request.set_title("\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4");
  std::string cut = WithoutSecrets(request, 12);
  EXPECT_EQ(cut, "{\"title\":\"\xC3\xA4");
}

TEST(TextFieldTest, ReadsATextFieldByName) {
  v1::Course course;
  course.set_name("courses/3");
  EXPECT_EQ(TextField(course, "name"), "courses/3");
  EXPECT_EQ(TextField(course, "lecture_count"), "");
  EXPECT_EQ(TextField(course, "nothing"), "");
}

TEST(TextCheckTest, RefusesNulBytesAnywhere) {
  v1::CreateCourseRequest request;
  request.set_title("Analysis");
  EXPECT_OK(CheckTexts(request));
  request.set_title(std::string("Ana\0lysis", 9));
  EXPECT_THAT(CheckTexts(request), testing::StatusIs(absl::StatusCode::kInvalidArgument, "BAD_FIELD"));
  v1::ResourceMessage nested;
  nested.mutable_hello()->add_capabilities("h264");
  EXPECT_OK(CheckTexts(nested));
  nested.mutable_hello()->add_capabilities(std::string("\0", 1));
  EXPECT_THAT(CheckTexts(nested), testing::StatusIs(absl::StatusCode::kInvalidArgument, "BAD_FIELD"));
}

}  // namespace
}  // namespace lectern::api
