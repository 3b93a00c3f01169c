// Signing a browser in and out, and what its cookie may do.
#include "api/gateway/session_handler.h"

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "api/gateway/visitor.h"
#include "tests/api/gateway/gateway_fixture.h"

namespace lectern {
namespace {

using nlohmann::json;
using testing::Email;
using testing::kTestPassword;
using testing::Name;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kFirefox[] = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

class SessionTest : public testing::GatewayFixture {
 protected:
  static std::string Credentials(const std::string& who, const std::string& password = kTestPassword) {
    return json{{"email", Email(who)}, {"password", password}}.dump();
  }
  Answer SignIn(const std::string& who, std::vector<http::Header> headers = {}) {
    headers.emplace_back("User-Agent", kFirefox);
    return Ask("POST", "/session", std::move(headers), Credentials(who));
  }
  // "name=value" of the answer's cookie.
  static std::string CookieIn(const Answer& answer) {
    return std::vector<std::string>(absl::StrSplit(answer.header("Set-Cookie"), ';'))[0];
  }
  http::Header OwnOrigin() const { return {"Origin", absl::StrCat("http://", Host())}; }
};

TEST_F(SessionTest, SigningInSetsACookieThatScriptsCannotReadAndAnswersWithoutTheToken) {
  Answer answer = SignIn("student");
  ASSERT_EQ(answer.status, 200) << answer.http.body;
  EXPECT_EQ(answer.body["user"]["email"], Email("student"));
  EXPECT_TRUE(answer.body.contains("expireTime"));
  EXPECT_EQ(answer.body.size(), 2u);
  std::string cookie = answer.header("Set-Cookie");
  EXPECT_TRUE(absl::StartsWith(cookie, "lectern_session=ey")) << cookie;
  for (const char* part : {"; Path=/", "; HttpOnly", "; SameSite=Lax", "; Expires="}) EXPECT_THAT(cookie, HasSubstr(part));
  EXPECT_THAT(cookie, Not(HasSubstr("Secure")));
  EXPECT_THAT(cookie, Not(HasSubstr("Domain")));
  std::string token = std::vector<std::string>(absl::StrSplit(CookieIn(answer), '='))[1];
  EXPECT_THAT(answer.http.body, Not(HasSubstr(token)));
  EXPECT_EQ(answer.header("Cache-Control"), "no-store");
  EXPECT_EQ(answer.header("Access-Control-Allow-Origin"), "");

  EXPECT_EQ(Ask("GET", "/v1/auth:whoami", {{"Cookie", CookieIn(answer)}}).body["email"], Email("student"));
  EXPECT_EQ(Ask("GET", "/v1/auth:whoami", {{"Cookie", "a=b; " + CookieIn(answer) + "; c=d"}}).status, 200);
  EXPECT_EQ(Ask("GET", "/v1/auth:whoami", {{"Cookie", "not" + CookieIn(answer)}}).status, 401);
}

TEST_F(SessionTest, BehindTlsTheCookieIsSecureAndBoundToTheHost) {
  Answer answer = SignIn("student", {{"X-Forwarded-Proto", "https"}});
  ASSERT_EQ(answer.status, 200) << answer.http.body;
  EXPECT_TRUE(absl::StartsWith(answer.header("Set-Cookie"), "__Host-lectern_session=")) << answer.header("Set-Cookie");
  EXPECT_THAT(answer.header("Set-Cookie"), HasSubstr("; Secure"));
  EXPECT_EQ(Ask("GET", "/v1/auth:whoami", {{"Cookie", CookieIn(answer)}, {"X-Forwarded-Proto", "https"}}).status, 200);
  // What was planted without TLS is worth nothing behind it.
  std::string planted = absl::StrReplaceAll(CookieIn(answer), {{"__Host-", ""}});
  EXPECT_EQ(Ask("GET", "/v1/auth:whoami", {{"Cookie", planted}, {"X-Forwarded-Proto", "https"}}).status, 401);
}

TEST_F(SessionTest, WrongPasswordsGetNoCookieAndTooManyAreToldToWait) {
  Answer wrong = Ask("POST", "/session", {}, Credentials("student", "wrong horse"));
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(wrong.reason(), "WRONG_CREDENTIALS");
  EXPECT_EQ(wrong.header("Set-Cookie"), "");
  Answer last;
  for (int i = 0; i < 10; ++i) last = Ask("POST", "/session", {}, Credentials("student", "wrong horse"));
  EXPECT_EQ(last.status, 429);
  EXPECT_EQ(last.reason(), "TOO_MANY_ATTEMPTS");
  EXPECT_EQ(last.header("Retry-After"), "900");
  EXPECT_EQ(SignIn("student").status, 429);
  EXPECT_EQ(SignIn("maintainer").status, 200);
}

TEST_F(SessionTest, SigningOutEndsTheSessionAndForgetsTheCookie) {
  std::string cookie = CookieIn(SignIn("student"));
  Answer out = Ask("DELETE", "/session", {{"Cookie", cookie}, OwnOrigin()});
  EXPECT_EQ(out.status, 204) << out.http.body;
  EXPECT_TRUE(absl::StartsWith(out.header("Set-Cookie"), "lectern_session=; ")) << out.header("Set-Cookie");
  EXPECT_THAT(out.header("Set-Cookie"), HasSubstr("Expires=Thu, 01 Jan 1970"));
  EXPECT_EQ(Ask("GET", "/v1/auth:whoami", {{"Cookie", cookie}}).reason(), "SESSION_ENDED");
  // Again, and without any: that is what was asked for.
  EXPECT_EQ(Ask("DELETE", "/session", {{"Cookie", cookie}, OwnOrigin()}).status, 204);
  EXPECT_EQ(Ask("DELETE", "/session", {}).status, 204);
  EXPECT_EQ(Ask("DELETE", "/session", {{"X-Request-Id", "<evil>"}}).header("X-Request-Id").size(), 16u);
  EXPECT_EQ(Ask("DELETE", "/session", {}).header("X-Request-Id").size(), 16u);
}

TEST_F(SessionTest, AnEndedCookieIsNoErrorWhereAnyoneMayAskAndIsForgotten) {
  std::string cookie = CookieIn(SignIn("student"));
  ASSERT_EQ(Ask("DELETE", "/session", {{"Cookie", cookie}, OwnOrigin()}).status, 204);
  Answer keys = Ask("GET", "/v1/keys", {{"Cookie", cookie}});
  EXPECT_EQ(keys.status, 200);
  EXPECT_THAT(keys.header("Set-Cookie"), HasSubstr("lectern_session=; "));
  EXPECT_EQ(Ask("GET", "/v1/keys", {{"Cookie", "lectern_session=rubbish"}}).status, 200);
  // A token that was shown on purpose must be good.
  EXPECT_EQ(Call("GET", "/v1/keys", "rubbish").status, 401);
  // Who may see a thing only when signed in is told that the session has ended, not that the thing does not exist.
  Answer course = Ask("GET", "/v1/courses/999999", {{"Cookie", cookie}});
  EXPECT_EQ(course.reason(), "SESSION_ENDED");
  EXPECT_EQ(SignIn("student", {{"Cookie", cookie}}).status, 200);
}

TEST_F(SessionTest, OnlyOurOwnPagesMayChangeSomethingWithTheCookie) {
  http::Header cookie = {"Cookie", CookieIn(SignIn("maintainer"))};
  std::string course = json{{"organization", Name("organizations", world_.chair)}, {"title", "New"}}.dump();
  struct Case {
    std::vector<http::Header> headers;
    bool allowed;
  };
  const std::string own = absl::StrCat("http://", Host());
  for (const Case& c : std::vector<Case>{
           {{{"Sec-Fetch-Site", "same-origin"}}, true},
           {{{"Sec-Fetch-Site", "same-origin"}, {"Origin", own}}, true},
           {{{"Origin", own}}, true},
           {{{"Origin", absl::StrCat("https://", Host())}}, true},
           {{}, false},
           {{{"Sec-Fetch-Site", "same-site"}, {"Origin", own}}, false},
           {{{"Sec-Fetch-Site", "cross-site"}}, false},
           {{{"Sec-Fetch-Site", "none"}}, false},
           {{{"Origin", "null"}}, false},
           {{{"Origin", "https://evil.example"}}, false},
           {{{"Origin", own + ".evil.example"}}, false},
           {{{"Origin", own}, {"Origin", "https://evil.example"}}, false},
           {{{"Referer", own + "/"}}, false},
           // Behind TLS a page that came without it is another origin.
           {{{"Origin", own}, {"X-Forwarded-Proto", "https"}}, false},
       }) {
    std::vector<http::Header> headers = c.headers;
    bool tls = !headers.empty() && headers.back().first == "X-Forwarded-Proto";
    headers.push_back(tls ? http::Header{"Cookie", "__Host-" + cookie.second} : cookie);
    Answer answer = Ask("POST", "/v1/courses", headers, course);
    std::string shown;
    for (const auto& [name, value] : c.headers) absl::StrAppend(&shown, name, ": ", value, "; ");
    EXPECT_EQ(answer.status, c.allowed ? 200 : 403) << shown << answer.http.body;
    EXPECT_EQ(answer.reason(), c.allowed ? "" : "CROSS_SITE") << shown;
    Answer out = Ask("DELETE", "/session", headers);
    if (!c.allowed) EXPECT_EQ(out.reason(), "CROSS_SITE") << shown;
    if (c.allowed) cookie = {"Cookie", CookieIn(SignIn("maintainer"))};
  }
  // Reading is not changing.
  EXPECT_EQ(Ask("GET", "/v1/courses", {cookie, {"Origin", "https://evil.example"}}).status, 200);
}

// A sibling domain's page shares the browser's cache with ours.
TEST_F(SessionTest, NoOtherOriginMayReadWhatTheCookieBrought) {
  std::string cookie = CookieIn(SignIn("student"));
  Answer mine = Ask("GET", "/v1/auth:whoami", {{"Cookie", cookie}});
  ASSERT_EQ(mine.status, 200);
  EXPECT_EQ(mine.header("Access-Control-Allow-Origin"), "");
  for (const char* header : {"Authorization", "Cookie"}) EXPECT_THAT(mine.header("Vary"), HasSubstr(header));
  EXPECT_EQ(Ask("GET", "/v1/courses/999999", {{"Cookie", cookie}}).header("Access-Control-Allow-Origin"), "");
  EXPECT_EQ(Call("GET", "/v1/auth:whoami", Token("student")).header("Access-Control-Allow-Origin"), "*");
}

TEST_F(SessionTest, ABearerTokenGoesBeforeTheCookieAndNeedsNoOrigin) {
  http::Header cookie = {"Cookie", CookieIn(SignIn("student"))};
  http::Header bearer = {"Authorization", absl::StrCat("Bearer ", Token("maintainer"))};
  EXPECT_EQ(Ask("GET", "/v1/auth:whoami", {cookie, bearer}).body["email"], Email("maintainer"));
  std::string course = json{{"organization", Name("organizations", world_.chair)}, {"title", "New"}}.dump();
  EXPECT_EQ(Ask("POST", "/v1/courses", {cookie, bearer, {"Origin", "https://elsewhere.example"}}, course).status, 200);
}

TEST_F(SessionTest, AnotherSitesPageCannotSignSomebodyIn) {
  EXPECT_EQ(SignIn("student", {{"Origin", "https://evil.example"}}).reason(), "CROSS_SITE");
  EXPECT_EQ(SignIn("student", {{"Sec-Fetch-Site", "cross-site"}}).reason(), "CROSS_SITE");
  EXPECT_EQ(SignIn("student", {OwnOrigin()}).status, 200);
  Answer preflight = Ask("OPTIONS", "/session", {{"Origin", "https://evil.example"}, {"Access-Control-Request-Method", "POST"}});
  EXPECT_EQ(preflight.header("Access-Control-Allow-Origin"), "");
}

TEST_F(SessionTest, HostileBodiesAreRefused) {
  for (const auto& [body, reason] : std::vector<std::pair<std::string, std::string>>{
           {"{", "BAD_JSON"},
           {"[]", "BAD_JSON"},
           {R"({"email":"a","email":"b"})", "BAD_JSON"},
           {"{\"email\":\"\xC0\xAF\"}", "BAD_JSON"},
           {R"({"mail":"a"})", "UNKNOWN_FIELD"},
           {R"({"email":["a"]})", "BAD_FIELD"},
           {R"({"email":"a\u0000"})", "BAD_FIELD"},
           {R"({"email":")" + std::string(20'000, 'x') + "\"}", "BODY_TOO_LARGE"}}) {
    Answer answer = Ask("POST", "/session", {}, body);
    EXPECT_EQ(answer.reason(), reason) << body.substr(0, 50) << answer.http.body;
    EXPECT_EQ(answer.header("Set-Cookie"), "");
  }
  EXPECT_EQ(Call("POST", "/session", "", "email=a&password=b", "application/x-www-form-urlencoded").status, 415);
  EXPECT_EQ(Call("POST", "/session").status, 400);
  EXPECT_EQ(Call("GET", "/session").status, 405);
  EXPECT_EQ(Call("GET", "/session").header("Allow"), "DELETE, POST");
}

TEST(DeviceTest, IsNamedAsItsOwnerKnowsIt) {
  EXPECT_EQ(api::DeviceOf(kFirefox), "Firefox on Linux");
  EXPECT_EQ(api::DeviceOf("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 "
                          "Safari/537.36 Edg/126.0.0.0"),
            "Edge on Windows");
  EXPECT_EQ(api::DeviceOf("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
                          "Version/17.5 Mobile/15E148 Safari/604.1"),
            "Safari on iPhone");
  EXPECT_EQ(api::DeviceOf("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36"),
            "Chrome on Android");
  EXPECT_EQ(api::DeviceOf("curl/7.88.1"), "curl");
  EXPECT_EQ(api::DeviceOf("<script>"), "");
  EXPECT_EQ(api::DeviceOf(""), "");
}

}  // namespace
}  // namespace lectern
