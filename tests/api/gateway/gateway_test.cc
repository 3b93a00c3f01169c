// JSON over HTTP through everything that an API instance is made of, on a real database.
#include "api/gateway/gateway.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "google/api/annotations.pb.h"
#include "lectern/v1/auth.pb.h"
#include "lectern/v1/courses.pb.h"
#include "lectern/v1/options.pb.h"
#include "tests/api/gateway/gateway_fixture.h"

namespace lectern {
namespace {

using nlohmann::json;
using testing::Email;
using testing::kTestPassword;
using testing::Name;
using testing::StatusIs;
using ::testing::HasSubstr;

class GatewayTest : public testing::GatewayFixture {};

// The option's path, with 999999 for every wildcard.
std::pair<std::string, std::string> ExampleOf(const google::api::HttpRule& rule) {
  std::string verb, path;
  if (rule.has_get()) std::tie(verb, path) = std::pair("GET", rule.get());
  if (rule.has_post()) std::tie(verb, path) = std::pair("POST", rule.post());
  if (rule.has_put()) std::tie(verb, path) = std::pair("PUT", rule.put());
  if (rule.has_patch()) std::tie(verb, path) = std::pair("PATCH", rule.patch());
  if (rule.has_delete_()) std::tie(verb, path) = std::pair("DELETE", rule.delete_());
  std::string example;
  for (absl::string_view part : absl::StrSplit(path, absl::ByAnyChar("{}"))) {
    size_t equals = part.find('=');
    absl::StrAppend(&example, equals == absl::string_view::npos ? part : part.substr(equals + 1));
  }
  return {verb, absl::StrReplaceAll(example, {{"*", "999999"}})};
}

TEST_F(GatewayTest, EveryMethodForPeopleIsReachedByItsPath) {
  int reached = 0;
  for (const auto& [grpc_path, method] : api_.registry().methods()) {
    if (method.access.who == api::Who::kResource) continue;
    ASSERT_TRUE(method.descriptor->options().HasExtension(google::api::http)) << method.short_name;
    const google::api::HttpRule& rule = method.descriptor->options().GetExtension(google::api::http);
    auto [verb, path] = ExampleOf(rule);
    std::string counted = absl::StrCat("lectern_api_request_seconds_count{method=\"", method.short_name, "\"} ");
    ASSERT_THAT(api_.metrics().Text(), HasSubstr(absl::StrCat(counted, "0\n")));
    Answer answer = Call(verb, path, "", rule.body().empty() ? "" : "{}");
    EXPECT_THAT(api_.metrics().Text(), HasSubstr(absl::StrCat(counted, "1\n"))) << verb << " " << path << " " << answer.http.body;
    EXPECT_TRUE(answer.status == 200 || answer.body.contains("error")) << answer.http.body;
    ++reached;
  }
  EXPECT_GT(reached, 60);
}

TEST_F(GatewayTest, NoMethodForResourcesIsReachedByAnyPath) {
  for (const auto& [grpc_path, method] : api_.registry().methods()) {
    if (method.access.who != api::Who::kResource) continue;
    EXPECT_FALSE(method.descriptor->options().HasExtension(google::api::http)) << method.short_name;
    EXPECT_EQ(Call("POST", absl::StrCat("/v1", grpc_path), "", "{}").reason(), "PATH_NOT_FOUND");
    EXPECT_EQ(Call("POST", grpc_path, "", "{}").status, 405);   // a page's answer
  }
}

TEST_F(GatewayTest, SignInThenMakeChangeListAndDeleteACourse) {
  std::string password = absl::StrCat(R"({"email":")", Email("maintainer"), R"(","password":")", kTestPassword, R"("})");
  Answer login = Call("POST", "/v1/auth:login", "", password);
  ASSERT_EQ(login.status, 200) << login.http.body;
  std::string token = login.body["sessionToken"];
  EXPECT_EQ(login.body["user"]["email"], Email("maintainer"));

  json course = {{"organization", Name("organizations", world_.chair)}, {"title", "Größe & \"Maß\""}, {"visibility", "ENROLLED"}};
  Answer made = Call("POST", "/v1/courses", token, course.dump());
  ASSERT_EQ(made.status, 200) << made.http.body;
  std::string path = absl::StrCat("/v1/", made.body["name"].get<std::string>());
  EXPECT_EQ(made.body["title"], "Größe & \"Maß\"");
  EXPECT_EQ(made.http.Find("Content-Type"), "application/json");
  EXPECT_EQ(made.http.Find("Cache-Control"), "private, no-store");

  Answer changed = Call("PATCH", path, token, R"({"title": "Measure"})");
  EXPECT_EQ(changed.body["title"], "Measure") << changed.http.body;
  EXPECT_EQ(Call("GET", path, token).body, changed.body);
  Answer head = Call("HEAD", path, token);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.http.body, "");

  Answer list = Call("GET", "/v1/courses?pageSize=1", token);
  ASSERT_EQ(list.status, 200);
  EXPECT_EQ(list.body["courses"].size(), 1u);
  EXPECT_TRUE(list.body.contains("nextPageToken"));
  EXPECT_EQ(Call("DELETE", path, token).http.body, "{}\n");
  EXPECT_EQ(Call("GET", path, token).reason(), "COURSE_NOT_FOUND");
}

TEST_F(GatewayTest, ErrorsAreThoseOfGrpc) {
  std::string student = Token("student");
  for (const auto& [path, token] : std::vector<std::pair<std::string, std::string>>{
           {"/v1/courses/999999", student}, {"/v1/courses/abc", student}, {"/v1/courses/1", "forged"}, {"/v1/courses/999999", ""}}) {
    v1::GetCourseRequest request;
    request.set_name(std::string(absl::StripPrefix(path, "/v1/")));
    absl::Status status = api_.Call("CourseService/GetCourse", request, nullptr, token);
    Answer answer = Call("GET", path, token);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(answer.body["error"]["code"], answer.status);
    EXPECT_EQ(answer.body["error"]["message"], std::string(status.message()));
    EXPECT_EQ(answer.reason(), ReasonOf(status));
    EXPECT_FALSE(answer.http.Find("X-Request-Id").empty());
  }
  EXPECT_EQ(Call("GET", "/v1/courses/1", "forged").http.Find("WWW-Authenticate"), "Bearer");
}

TEST_F(GatewayTest, HostileRequestsGetOneClearAnswer) {
  struct Case {
    const char* verb;
    const char* path;
    std::string body;
    int status;
    const char* reason;
  };
  const std::string deep(100'000, '[');
  for (const Case& c : std::vector<Case>{
           {"POST", "/v1/auth:login", "{", 400, "BAD_JSON"},
           {"POST", "/v1/auth:login", deep, 400, "BAD_JSON"},
           {"POST", "/v1/auth:login", "[]", 400, "BAD_JSON"},
           {"POST", "/v1/auth:login", R"({"email":"a","email":"b"})", 400, "BAD_JSON"},
           {"POST", "/v1/auth:login", "{\"email\":\"\xFF\"}", 400, "BAD_JSON"},
           {"POST", "/v1/auth:login", R"({"email":"a\u0000b"})", 400, "BAD_FIELD"},
           {"POST", "/v1/auth:login", R"({"emial":"a"})", 400, "UNKNOWN_FIELD"},
           {"POST", "/v1/auth:login", R"({"email":5})", 400, "BAD_FIELD"},
           {"POST", "/v1/auth:login", "{\"email\":\"" + std::string(2 << 20, 'x') + "\"}", 413, "BODY_TOO_LARGE"},
           {"POST", "/v1/auth:login?email=a", "{}", 400, "UNKNOWN_PARAMETER"},
           {"GET", "/v1/courses?pagesize=1", "", 400, "UNKNOWN_PARAMETER"},
           {"GET", "/v1/courses?pageSize=one", "", 400, "BAD_FIELD"},
           {"GET", "/v1/courses?pageSize=1&page_size=2", "", 400, "BAD_FIELD"},
           {"GET", "/v1/search?query=ab%FF", "", 400, "BAD_FIELD"},
           {"GET", "/v1/courses/%ED%A0%80", "", 400, "BAD_FIELD"},
           {"GET", "/v1/courses/1?name=courses/2", "", 400, "UNKNOWN_PARAMETER"},
           {"GET", "/v1/courses", "{}", 400, "BODY_NOT_EXPECTED"},
           {"GET", "/v1/courses/%zz", "", 404, "PATH_NOT_FOUND"},
           {"GET", "/v1/courses/1:explode", "", 404, "PATH_NOT_FOUND"},
           {"GET", "/v1/", "", 404, "PATH_NOT_FOUND"},
           {"GET", "/v1", "", 404, "PATH_NOT_FOUND"},
           {"PUT", "/v1/courses", "{}", 405, "METHOD_NOT_ALLOWED"},
           {"PATCH", "/v1/courses/1", R"({"name":"courses/2"})", 400, "BAD_FIELD"},
       }) {
    Answer answer = Call(c.verb, c.path, "", c.body);
    EXPECT_EQ(answer.status, c.status) << c.verb << " " << c.path << " " << answer.http.body;
    EXPECT_EQ(answer.reason(), c.reason) << c.verb << " " << c.path << " " << answer.http.body;
  }
  EXPECT_THAT(Call("GET", "/v1/search?query=ab%FF").http.body, HasSubstr(R"(field \"query\": \"ab\\xff\" is not text in UTF-8)"));
  EXPECT_EQ(Call("POST", "/v1/auth:login", "", "email=a", "application/x-www-form-urlencoded").status, 415);
  EXPECT_EQ(Call("POST", "/v1/auth:login", "", "{}", "text/plain").status, 415);
  EXPECT_EQ(Call("POST", "/v1/auth:login", "", "{}", "application/json; charset=UTF-8").reason(), "BAD_FIELD");
  // The next good one is answered as if nothing had happened.
  EXPECT_EQ(Call("GET", "/v1/keys").status, 200);
}

TEST_F(GatewayTest, SecretsOfARefusedRequestAreNotRepeated) {
  Answer answer = Call("POST", "/v1/auth:login", "", R"({"email":"a@b.c","password":{"hunter2":1}})");
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.http.body, ::testing::Not(HasSubstr("hunter2")));
}

TEST_F(GatewayTest, AnUnknownVerbIsToldWhatThePathAnswers) {
  Answer answer = Call("DELETE", "/v1/courses");
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.http.Find("Allow"), "GET, HEAD, POST, OPTIONS");
}

TEST_F(GatewayTest, OtherOriginsMayAskWithATokenButWithoutCookies) {
  http::ClientRequest preflight;
  preflight.method = "OPTIONS";
  preflight.url = "/v1/courses";
  preflight.headers = {{"Origin", "https://elsewhere.example"}, {"Access-Control-Request-Method", "POST"}};
  Answer answer = Send(preflight);
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.http.Find("Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(answer.http.Find("Access-Control-Allow-Methods"), "GET, HEAD, POST, OPTIONS");
  EXPECT_THAT(std::string(answer.http.Find("Access-Control-Allow-Headers")), HasSubstr("Authorization"));
  EXPECT_EQ(answer.http.Find("Access-Control-Allow-Credentials"), "");
  EXPECT_EQ(Call("GET", "/v1/keys").http.Find("Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(Call("GET", "/v1/users").http.Find("Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(Call("OPTIONS", "/v1/nothing").status, 404);
}

TEST_F(GatewayTest, ARequestIdIsKeptWhereItIsHarmless) {
  auto id_for = [&](const std::string& wished) {
    http::ClientRequest request;
    request.url = "/v1/keys";
    request.headers = {{"X-Request-Id", wished}};
    return std::string(Send(request).http.Find("X-Request-Id"));
  };
  EXPECT_EQ(id_for("abc-123"), "abc-123");
  EXPECT_EQ(id_for("{\"evil\"}").size(), 16u);
}

TEST_F(GatewayTest, PagesAreServedBesideIt) {
  EXPECT_EQ(Call("GET", "/watch").http.body, "<!doctype html>");
  EXPECT_EQ(Call("GET", "/nothing").status, 404);
}

TEST_F(GatewayTest, StoppingWaitsForNothingThatIsIdle) {
  EXPECT_EQ(Call("GET", "/v1/keys").status, 200);
  gateway_->Stop(absl::Seconds(10));
  http::ClientRequest request;
  request.url = absl::StrCat("http://127.0.0.1:", gateway_->port(), "/v1/keys");
  EXPECT_THAT(http::Client().Send(request), StatusIs(absl::StatusCode::kUnavailable));
}

class LimitedGatewayTest : public GatewayTest {
 protected:
  testing::ApiInstance limited_{database_.url(), {.rate = 0.001, .burst = 2}};
};

TEST_F(LimitedGatewayTest, WhoAsksTooOftenIsToldToWait) {
  Restart(limited_);
  EXPECT_EQ(Call("GET", "/v1/keys").status, 200);
  EXPECT_EQ(Call("GET", "/v1/keys").status, 200);
  Answer answer = Call("GET", "/v1/keys");
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(answer.reason(), "RATE_LIMITED");
  EXPECT_FALSE(answer.http.Find("Retry-After").empty());
}

TEST_F(LimitedGatewayTest, CallersBehindAProxyOfThisMachineAreToldApart) {
  Restart(limited_);
  auto status_for = [&](const std::string& forwarded) {
    http::ClientRequest request;
    request.url = "/v1/keys";
    request.headers = {{"X-Forwarded-For", forwarded}};
    return Send(request).status;
  };
  for (int i = 0; i < 2; ++i) EXPECT_EQ(status_for("198.51.100.7, 192.0.2.1"), 200);
  // What the caller itself claims stands before what the proxy saw.
  EXPECT_EQ(status_for("198.51.100.8, 192.0.2.1"), 429);
  EXPECT_EQ(status_for("2001:db8::1"), 200);
  EXPECT_EQ(status_for("2001:db8::2"), 200);
  EXPECT_EQ(status_for("2001:db8::3"), 429) << "of one network";
  EXPECT_EQ(status_for("2001:db8:0:1::3"), 200);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(status_for("nonsense"), 200);
  EXPECT_EQ(status_for("more nonsense"), 429);
  http::ClientRequest two_lines;
  two_lines.url = "/v1/keys";
  two_lines.headers = {{"X-Forwarded-For", "198.51.100.9"}, {"X-Forwarded-For", "192.0.2.1"}};
  EXPECT_EQ(Send(two_lines).status, 429) << "the last line is what the proxy saw";
}

}  // namespace
}  // namespace lectern
