// What an answer looks like over HTTP: tags, compression, bodies that are no JSON, and when to try again.
#include <zlib.h>

#include "absl/strings/str_cat.h"
#include "api/calls/authenticator.h"
#include "api/calls/invoker.h"
#include "api/calls/rate_limiter.h"
#include "common/base/retry_after.h"
#include "common/base/status.h"
#include "google/api/httpbody.pb.h"
#include "lectern/v1/auth.pb.h"
#include "lectern/v1/calendars.pb.h"
#include "tests/api/gateway/gateway_fixture.h"

namespace lectern {
namespace {

using google::api::HttpBody;
using nlohmann::json;
using testing::Name;
using ::testing::HasSubstr;
using ::testing::Not;

class AnswerTest : public testing::GatewayFixture {
 protected:
  // A calendar that says what the test wants, beside the API's own methods.
  void ServeCalendar(absl::StatusOr<std::string> calendar, double by_address = 0) {
    gateway_.reset();
    registry_ = api::Registry();
    registry_.Add<v1::GetCalendarFeedRequest, HttpBody>(
        "lectern.v1.CalendarService.GetCalendarFeed",
        [calendar](api::CallContext&, const v1::GetCalendarFeedRequest& request, HttpBody& body) -> absl::Status {
          if (!calendar.ok()) return calendar.status();
          body.set_content_type("text/calendar; charset=utf-8");
          body.set_data(absl::StrCat(*calendar, request.token()));
          return absl::OkStatus();
        });
    registry_.Add<v1::LoginRequest, v1::LoginResponse>("lectern.v1.AuthService.Login", [](auto&, auto&, auto&) { return absl::OkStatus(); });
    registry_.Add<v1::LogoutRequest, google::protobuf::Empty>("lectern.v1.AuthService.Logout",
                                                              [](auto&, auto&, auto&) { return absl::OkStatus(); });
    by_address_ = std::make_unique<api::RateLimiter>(by_address, 2, RealClock());
    metrics_ = std::make_unique<Metrics>();
    api::Stores& stores = api_.stores();
    invoker_ = std::make_unique<api::Invoker>(api::Invoker::Deps{registry_, authenticator_, stores.access, stores.audit, unlimited_,
                                                                 *metrics_, RealClock(), by_address_.get()});
    api::GatewayOptions options;
    options.listen = "127.0.0.1:0";
    options.web_dir = web_.path();
    ASSERT_OK_AND_ASSIGN(gateway_, api::Gateway::Start(options, registry_, *invoker_, api_.calls()));
  }
  void TearDown() override { gateway_.reset(); }

  Answer Get(const std::string& path, std::vector<http::Header> headers = {}) { return Ask("GET", path, std::move(headers)); }

  api::Authenticator authenticator_{api_.keys(), api_.stores().sessions, api_.stores().resources, RealClock()};
  api::RateLimiter unlimited_{0, 1, RealClock()};
  api::Registry registry_;
  std::unique_ptr<api::RateLimiter> by_address_;
  std::unique_ptr<Metrics> metrics_;
  std::unique_ptr<api::Invoker> invoker_;
};

std::string Gunzip(const std::string& coded) {
  z_stream stream{};
  std::string text(1 << 20, '\0');
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(coded.data()));
  stream.avail_in = static_cast<uInt>(coded.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  text.resize(stream.total_out);
  inflateEnd(&stream);
  return text;
}

TEST_F(AnswerTest, WhatHasNotChangedIsNotSentAgain) {
  std::string path = absl::StrCat("/v1/courses/", world_.NewCourse("public"));
  Answer first = Get(path);
  ASSERT_EQ(first.status, 200);
  EXPECT_EQ(first.header("Cache-Control"), "private, no-cache");
  std::string tag = first.header("ETag");
  EXPECT_EQ(tag.substr(0, 3), "W/\"");
  for (const std::string& known : {tag, absl::StrCat("\"other\", ", tag), std::string("*")}) {
    Answer again = Get(path, {{"If-None-Match", known}});
    EXPECT_EQ(again.status, 304) << known;
    EXPECT_EQ(again.http.body, "");
    EXPECT_EQ(again.header("ETag"), tag);
    EXPECT_EQ(again.header("Content-Type"), "");
  }
  EXPECT_EQ(Get(path, {{"If-None-Match", "\"other\""}}).status, 200);
  EXPECT_EQ(Ask("HEAD", path, {{"If-None-Match", tag}}).status, 304);
  ASSERT_EQ(Call("PATCH", path, Token("lecturer"), R"({"title": "Another"})").status, 200);
  Answer changed = Get(path, {{"If-None-Match", tag}});
  EXPECT_EQ(changed.status, 200);
  EXPECT_NE(changed.header("ETag"), tag);
}

TEST_F(AnswerTest, WhoMayNotSeeAThingAnyMoreIsNotToldThatItIsTheSame) {
  int64_t course = world_.NewCourse("enrolled");
  std::string path = absl::StrCat("/v1/courses/", course), token = Token("enrolled");
  std::string tag = Call("GET", path, token).header("ETag");
  RemoveEnrolments(course);
  EXPECT_EQ(Get(path, {{"If-None-Match", tag}, {"Authorization", "Bearer " + token}}).status, 404);
}

TEST_F(AnswerTest, ChangesHaveNoTagAndErrorsNeither) {
  json course = {{"organization", Name("organizations", world_.chair)}, {"title", "New"}};
  Answer made = Ask("POST", "/v1/courses", {{"Authorization", "Bearer " + Token("maintainer")}, {"If-None-Match", "*"}}, course.dump());
  EXPECT_EQ(made.status, 200) << made.http.body;
  EXPECT_EQ(made.header("ETag"), "");
  EXPECT_EQ(made.header("Cache-Control"), "private, no-store");
  EXPECT_EQ(Get("/v1/courses/999999").header("ETag"), "");
}

TEST_F(AnswerTest, LargeAnswersAreCompressedWhereThatIsUnderstood) {
  for (int i = 0; i < 20; ++i) world_.NewCourse("public");
  Answer plain = Get("/v1/courses?pageSize=50");
  Answer coded = Get("/v1/courses?pageSize=50", {{"Accept-Encoding", "gzip, deflate, br"}});
  EXPECT_EQ(plain.header("Content-Encoding"), "");
  EXPECT_EQ(plain.header("Vary"), "Accept-Encoding, Authorization, Cookie");
  EXPECT_EQ(coded.header("Content-Encoding"), "gzip");
  EXPECT_EQ(coded.header("Vary"), "Accept-Encoding, Authorization, Cookie");
  EXPECT_EQ(coded.header("ETag"), plain.header("ETag"));
  EXPECT_EQ(Gunzip(coded.http.body), plain.http.body);
  EXPECT_LT(coded.http.body.size(), plain.http.body.size() / 2);
  // Small ones stay as they are.
  EXPECT_EQ(Get("/v1/courses?pageSize=1", {{"Accept-Encoding", "gzip"}}).header("Content-Encoding"), "");
}

TEST_F(AnswerTest, ABodyThatIsNoJsonComesWithItsOwnType) {
  ServeCalendar("BEGIN:VCALENDAR\r\n");
  Answer calendar = Get("/v1/calendars/abc%2Fd%20e.ics");
  EXPECT_EQ(calendar.status, 200);
  EXPECT_EQ(calendar.header("Content-Type"), "text/calendar; charset=utf-8");
  EXPECT_EQ(calendar.http.body, "BEGIN:VCALENDAR\r\nabc/d e.ics");
  EXPECT_THAT(calendar.header("Content-Security-Policy"), HasSubstr("sandbox"));
  EXPECT_EQ(calendar.header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(Get("/v1/calendars/abc%2Fd%20e.ics", {{"If-None-Match", calendar.header("ETag")}}).status, 304);
  ServeCalendar(std::string(5000, 'x'));
  Answer large = Get("/v1/calendars/abc", {{"Accept-Encoding", "gzip"}});
  EXPECT_EQ(Gunzip(large.http.body), std::string(5000, 'x') + "abc");
}

TEST_F(AnswerTest, ErrorsSayWhenToTryAgain) {
  absl::Status status = WithReason(absl::ResourceExhaustedError("enough"), "ENOUGH");
  ServeCalendar(WithRetryAfter(status, absl::Milliseconds(90'500)));
  EXPECT_EQ(Get("/v1/calendars/a").status, 429);
  EXPECT_EQ(Get("/v1/calendars/a").header("Retry-After"), "91");
  ServeCalendar(absl::UnavailableError("not now"));
  EXPECT_EQ(Get("/v1/calendars/a").status, 503);
  EXPECT_EQ(Get("/v1/calendars/a").header("Retry-After"), "1");
  ServeCalendar(absl::NotFoundError("no"));
  EXPECT_EQ(Get("/v1/calendars/a").header("Retry-After"), "");
}

TEST_F(AnswerTest, AnAddressHasALimitOfItsOwnBeneathItsCallers) {
  ServeCalendar("x", 0.05);
  auto status_from = [&](const std::string& address, const std::string& token) {
    return Get("/v1/calendars/a", {{"X-Forwarded-For", address}, {"Authorization", "Bearer " + token}});
  };
  EXPECT_EQ(status_from("192.0.2.1", Token("student")).status, 200);
  EXPECT_EQ(status_from("192.0.2.1", Token("enrolled")).status, 200);
  // Before the token is looked at.
  Answer limited = status_from("192.0.2.1", "forged");
  EXPECT_EQ(limited.reason(), "RATE_LIMITED");
  EXPECT_GE(std::stoi(limited.header("Retry-After")), 15);
  EXPECT_EQ(status_from("192.0.2.2", Token("student")).status, 200);
}

TEST_F(AnswerTest, HostileNumbersAndTextsAreRefused) {
  std::string path = absl::StrCat("/v1/courses/", world_.NewCourse()), token = Token("lecturer");
  for (const auto& [body, reason] : std::vector<std::pair<std::string, std::string>>{
           {R"({"title": "\uD800"})", "BAD_JSON"},
           {R"({"title": "\uDC00\uD800"})", "BAD_JSON"},
           {"{\"title\": \"\xED\xA0\x80\"}", "BAD_JSON"},
           {"{\"title\": \"a\nb\"}", "BAD_JSON"},
           {R"({"title": "a"} x)", "BAD_JSON"},
           {R"({"title": "a"}{})", "BAD_JSON"},
           {"\xEF\xBB\xBF\x00{}", "BAD_JSON"},
           {R"({"title": NaN})", "BAD_JSON"},
           {R"({"title": Infinity})", "BAD_JSON"},
           {R"({"title": 01})", "BAD_JSON"},
           {R"({'title': "a"})", "BAD_JSON"},
           {R"({"title": "a",})", "BAD_JSON"},
           {"{\"title\": " + std::string(40, '[') + std::string(40, ']') + "}", "BAD_JSON"},
           {"{\"title\": [" + std::string(60'000, ',') + "]}", "BAD_JSON"},
           {R"({"title": 1e999999999})", "BAD_JSON"},
           {R"({"title": 1e300})", "BAD_FIELD"},
           {R"({"title": 123456789012345678901234567890})", "BAD_FIELD"},
           {R"({"\u0000": 1})", "UNKNOWN_FIELD"},
       }) {
    Answer answer = Call("PATCH", path, token, body);
    EXPECT_EQ(answer.status, 400) << body.substr(0, 60) << " " << answer.http.body;
    EXPECT_EQ(answer.reason(), reason) << body.substr(0, 60) << " " << answer.http.body;
  }
  EXPECT_EQ(Call("PATCH", path, token, R"({"title": "\uD83D\uDE00 ok"})").body["title"], "\xF0\x9F\x98\x80 ok");
}

}  // namespace
}  // namespace lectern
