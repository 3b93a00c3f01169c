// Pages with their first data in them, and the files beside them, over real HTTP.
#include <zlib.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "api/gateway/compression.h"
#include "api/gateway/page_table.h"
#include "api/gateway/page_text.h"
#include "tests/api/gateway/gateway_fixture.h"

namespace lectern {
namespace {

using nlohmann::json;
using testing::Email;
using testing::kTestPassword;
using testing::Name;
using testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kPages[] = R"([
  {"path": "/", "file": "home.html", "data": {"me": "/v1/auth:whoami"}},
  {"path": "/courses/*", "file": "course.html", "status": "course",
   "data": {"course": "/v1/courses/$1", "lectures": "/v1/courses/$1/lectures?page_size=200", "keys": "/v1/keys"}},
  {"path": "/list", "file": "list.html", "data": {"some": "/v1/courses?page_size=?n", "all": "/v1/courses", "wrong": "/v1/nothing"}},
  {"path": "/plain", "file": "plain.html"},
  {"path": "/404", "file": "missing.html", "data": {"keys": "/v1/keys"}}
])";
constexpr char kHtml[] = "<!doctype html><html lang=\"{{lang}}\" data-theme=\"{{theme}}\"><body><!--data--></body></html>";

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

class PageTest : public testing::GatewayFixture {
 protected:
  PageTest() {
    WriteFile("pages.json", kPages);
    for (const char* file : {"home.html", "course.html", "list.html", "plain.html", "missing.html"}) WriteFile(file, kHtml);
    std::filesystem::create_directory(web_ / "assets");
    WriteFile("assets/home-1234.js", "plain form");
    WriteFile("assets/home-1234.js.br", "brotli form");
    WriteFile("assets/home-1234.js.gz", "gzip form");
    WriteFile("assets/style-1.css", std::string(5000, 'a'));
    WriteFile("favicon.svg", "<svg/>");
  }

  // What the page's script would read.
  static json DataIn(const std::string& html) {
    constexpr absl::string_view kBegin = "<script type=\"application/json\" id=\"data\">";
    size_t begin = html.find(std::string(kBegin)) + kBegin.size();
    return json::parse(html.substr(begin, html.find("</script>", begin) - begin), nullptr, false);
  }
  std::string CookieOf(const std::string& who) {
    Answer answer = Ask("POST", "/session", {}, json{{"email", Email(who)}, {"password", kTestPassword}}.dump());
    return std::vector<std::string>(absl::StrSplit(answer.header("Set-Cookie"), ';'))[0];
  }
};

TEST_F(PageTest, APageComesWithItsDataAsItsVisitorMaySeeThem) {
  int64_t course = world_.NewCourse("enrolled");
  int64_t lecture = world_.NewLecture(course);
  std::string path = absl::StrCat("/courses/", course);
  Answer page = Ask("GET", path, {{"Cookie", CookieOf("enrolled")}});
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(page.header("Cache-Control"), "private, no-store");
  json data = DataIn(page.http.body);
  EXPECT_EQ(data["course"]["status"], 200) << page.http.body;
  EXPECT_EQ(data["course"]["body"]["name"], Name("courses", course));
  EXPECT_EQ(data["lectures"]["body"]["lectures"][0]["name"], Name("lectures", lecture));
  EXPECT_EQ(data["course"]["body"], Call("GET", "/v1" + path, Token("enrolled")).body);

  // The page is the same for who may not; its status and data say so.
  for (const std::string& cookie : {CookieOf("student"), std::string("a=b")}) {
    Answer other = Ask("GET", path, {{"Cookie", cookie}});
    EXPECT_EQ(other.status, 404);
    data = DataIn(other.http.body);
    EXPECT_EQ(data["course"]["status"], 404);
    EXPECT_EQ(data["course"]["body"]["error"]["reason"], "COURSE_NOT_FOUND");
    EXPECT_EQ(data["lectures"]["body"]["error"]["reason"], "COURSE_NOT_FOUND");
    EXPECT_EQ(data["keys"]["status"], 200);
  }
}

TEST_F(PageTest, WithoutAStatusDatumAFailedOneLeavesThePageGood) {
  Answer page = Ask("GET", "/", {});
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(DataIn(page.http.body)["me"]["status"], 401);
  EXPECT_EQ(Ask("HEAD", "/", {}).status, 200);
  EXPECT_EQ(Ask("HEAD", "/", {}).http.body, "");
  EXPECT_EQ(Ask("POST", "/", {}, "{}").status, 405);
}

TEST_F(PageTest, AnEndedSessionsCookieIsForgotten) {
  std::string cookie = CookieOf("student");
  EXPECT_EQ(Ask("GET", "/", {{"Cookie", cookie}}).header("Set-Cookie"), "");
  ASSERT_EQ(Ask("DELETE", "/session", {{"Cookie", cookie}, {"Origin", absl::StrCat("http://", Host())}}).status, 204);
  Answer page = Ask("GET", "/", {{"Cookie", cookie}});
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.header("Set-Cookie"), HasSubstr("lectern_session=; "));
}

TEST_F(PageTest, ParametersOfThePageGoIntoItsDataOrLeaveThemOut) {
  for (int i = 0; i < 3; ++i) world_.NewCourse("public");
  json data = DataIn(Ask("GET", "/list?n=2", {}).http.body);
  EXPECT_EQ(data["some"]["body"]["courses"].size(), 2u);
  EXPECT_EQ(data["wrong"]["status"], 404);
  EXPECT_EQ(data["wrong"]["body"]["error"]["reason"], "PATH_NOT_FOUND");
  data = DataIn(Ask("GET", "/list", {}).http.body);
  EXPECT_FALSE(data.contains("some"));
  EXPECT_TRUE(data.contains("all"));
  EXPECT_FALSE(DataIn(Ask("GET", "/list?n=", {}).http.body).contains("some"));
  data = DataIn(Ask("GET", "/list?m=1&n=%26x=1", {}).http.body);
  EXPECT_EQ(data["some"]["body"]["error"]["reason"], "BAD_FIELD");
}

TEST_F(PageTest, NoDatumCanEndTheElementThatItStandsIn) {
  std::string title = "</script><!--<script>alert(1)</script>\xE2\x80\xA8\xE2\x80\xA9\xE2\x82\xAC";
  json wished = {{"organization", Name("organizations", world_.chair)}, {"title", title}, {"visibility", "PUBLIC"}};
  Answer made = Call("POST", "/v1/courses", Token("maintainer"), wished.dump());
  ASSERT_EQ(made.status, 200) << made.http.body;
  Answer page = Ask("GET", absl::StrCat("/", made.body["name"].get<std::string>()), {});
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.http.body, Not(HasSubstr("alert(1)<")));
  EXPECT_THAT(page.http.body, Not(HasSubstr("\xE2\x80\xA8")));
  EXPECT_THAT(page.http.body, Not(HasSubstr("\xE2\x80\xA9")));
  EXPECT_EQ(DataIn(page.http.body)["course"]["body"]["title"], title);
}

TEST_F(PageTest, LanguageAndThemeAreTheVisitors) {
  auto html_for = [&](std::vector<http::Header> headers) { return Ask("GET", "/plain", std::move(headers)).http.body; };
  EXPECT_THAT(html_for({}), HasSubstr("lang=\"en\" data-theme=\"\""));
  EXPECT_THAT(html_for({{"Accept-Language", "fr, de-DE;q=0.9, en;q=0.8"}}), HasSubstr("lang=\"de\""));
  EXPECT_THAT(html_for({{"Accept-Language", "de;q=0.1, en-GB"}}), HasSubstr("lang=\"en\""));
  EXPECT_THAT(html_for({{"Accept-Language", "de"}, {"Cookie", "lectern_lang=en; lectern_theme=dark"}}),
              HasSubstr("lang=\"en\" data-theme=\"dark\""));
  EXPECT_THAT(html_for({{"Cookie", "lectern_lang=\"><script>; lectern_theme=\"><script>"}}), HasSubstr("lang=\"en\" data-theme=\"\""));
}

TEST_F(PageTest, PagesCarryAStrictPolicy) {
  Answer page = Ask("GET", "/plain", {});
  std::string policy = page.header("Content-Security-Policy");
  EXPECT_THAT(policy, HasSubstr("default-src 'none'; script-src 'self'; style-src 'self';"));
  EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
  for (const char* part : {"base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"}) EXPECT_THAT(policy, HasSubstr(part));
  EXPECT_EQ(page.header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(page.header("Referrer-Policy"), "same-origin");
  EXPECT_EQ(page.header("Cross-Origin-Opener-Policy"), "same-origin");
  EXPECT_THAT(page.header("Permissions-Policy"), HasSubstr("camera=()"));
}

TEST_F(PageTest, LargePagesAreCompressedWhereThatIsUnderstood) {
  for (int i = 0; i < 20; ++i) world_.NewCourse("public");
  Answer plain = Ask("GET", "/list", {});
  Answer coded = Ask("GET", "/list", {{"Accept-Encoding", "br, gzip"}});
  EXPECT_EQ(plain.header("Content-Encoding"), "");
  EXPECT_EQ(coded.header("Content-Encoding"), "gzip");
  EXPECT_LT(coded.http.body.size(), plain.http.body.size() / 2);
  EXPECT_EQ(Gunzip(coded.http.body), plain.http.body);
  EXPECT_EQ(Ask("GET", "/list", {{"Accept-Encoding", "gzip;q=0"}}).header("Content-Encoding"), "");
  EXPECT_EQ(Ask("GET", "/plain", {{"Accept-Encoding", "gzip"}}).header("Content-Encoding"), "");
}

TEST_F(PageTest, WhatDoesNotExistIsAPageForBrowsersAndAnErrorForPrograms) {
  Answer page = Ask("GET", "/nothing/here", {{"Accept", "text/html,*/*;q=0.8"}});
  EXPECT_EQ(page.status, 404);
  EXPECT_EQ(page.header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(DataIn(page.http.body)["keys"]["status"], 200);
  EXPECT_EQ(Ask("GET", "/nothing/here", {}).reason(), "PAGE_NOT_FOUND");
  EXPECT_EQ(Ask("GET", "/courses/a%2Fb", {}).status, 404);
  EXPECT_EQ(Ask("GET", "/courses/", {}).status, 404);
  EXPECT_EQ(Ask("GET", "/home.html", {}).status, 404);
  EXPECT_EQ(Ask("GET", "/pages.json", {}).status, 404);
  EXPECT_EQ(Ask("GET", "/../etc/passwd", {}).status, 404);
}

TEST_F(PageTest, FilesComeInTheFormThatIsUnderstoodAndStay) {
  auto form_for = [&](const std::string& accepted) { return Ask("GET", "/assets/home-1234.js", {{"Accept-Encoding", accepted}}); };
  EXPECT_EQ(form_for("gzip, br").http.body, "brotli form");
  EXPECT_EQ(form_for("gzip, br").header("Content-Encoding"), "br");
  EXPECT_EQ(form_for("gzip, br;q=0").http.body, "gzip form");
  EXPECT_EQ(form_for("identity").http.body, "plain form");
  EXPECT_EQ(form_for("identity").header("Vary"), "Accept-Encoding");
  EXPECT_EQ(form_for("br").header("Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(form_for("br").header("Cache-Control"), "public, max-age=31536000, immutable");
  EXPECT_NE(form_for("br").header("ETag"), form_for("gzip").header("ETag"));
  EXPECT_EQ(Ask("GET", "/assets/home-1234.js", {{"If-None-Match", form_for("").header("ETag")}}).status, 304);
  EXPECT_EQ(Ask("GET", "/assets/home-1234.js.br", {}).status, 404);
  // Without a coded form beside it one is made.
  Answer style = Ask("GET", "/assets/style-1.css", {{"Accept-Encoding", "gzip"}});
  EXPECT_EQ(Gunzip(style.http.body), std::string(5000, 'a'));
  EXPECT_EQ(Ask("GET", "/favicon.svg", {}).header("Cache-Control"), "public, max-age=86400");
}

TEST_F(PageTest, EveryDatumTakesFromItsVisitorsRate) {
  testing::ApiInstance limited(database_.url(), {.rate = 0.01, .burst = 4});
  Restart(limited);
  std::string path = absl::StrCat("/courses/", world_.NewCourse("public"));
  EXPECT_EQ(Ask("GET", path, {}).status, 200);
  EXPECT_EQ(Ask("GET", "/v1/keys", {}).status, 200);
  Answer page = Ask("GET", path, {});
  EXPECT_EQ(page.status, 429);
  EXPECT_EQ(DataIn(page.http.body)["course"]["body"]["error"]["reason"], "RATE_LIMITED");
  EXPECT_EQ(page.header("Retry-After"), "100");
  gateway_.reset();
}

TEST(PageTableTest, BrokenListsAreRefused) {
  for (const char* text : {"{}", "[{}]", R"([{"path": "/a"}])", R"([{"path": "a", "file": "a.html"}])",
                           R"([{"path": "/a", "file": "../a.html"}])", R"([{"path": "/a", "file": "a.html", "status": "x"}])",
                           R"([{"path": "/a", "file": "a.html", "data": {"x": "https://evil.example"}}])",
                           R"([{"path": "/a", "file": "a.html", "data": {"x\"": "/v1/keys"}}])"}) {
    EXPECT_THAT(api::PageTable::Parse(text), StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  }
}

TEST(PageTableTest, TheFirstPageThatFitsHasThePath) {
  ASSERT_OK_AND_ASSIGN(api::PageTable table, api::PageTable::Parse(R"([{"path": "/a/new", "file": "1.html"},
      {"path": "/a/*", "file": "2.html"}, {"path": "/a/*/b/*", "file": "3.html"}, {"path": "*", "file": "4.html"}])"));
  absl::string_view wildcard;
  EXPECT_EQ(table.Find("/a/new", wildcard)->file, "1.html");
  EXPECT_EQ(table.Find("/a/12", wildcard)->file, "2.html");
  EXPECT_EQ(wildcard, "12");
  EXPECT_EQ(table.Find("/a/x-1/b/2", wildcard)->file, "3.html");
  EXPECT_EQ(wildcard, "x-1");
  for (const char* path : {"/a", "/a/", "/a/..", "/a/1/", "/a/%31", "a/1", "", "*"}) EXPECT_EQ(table.Find(path, wildcard), nullptr) << path;
  EXPECT_EQ(table.not_found()->file, "4.html");
}

TEST(AcceptEncodingTest, IsReadWithItsWeights) {
  EXPECT_TRUE(api::Accepts("gzip", "gzip"));
  EXPECT_TRUE(api::Accepts("br;q=1.0, GZIP;q=0.5", "gzip"));
  EXPECT_TRUE(api::Accepts("*", "gzip"));
  EXPECT_FALSE(api::Accepts("*;q=0", "gzip"));
  EXPECT_FALSE(api::Accepts("gzip;q=0, *", "gzip"));
  EXPECT_FALSE(api::Accepts("gzip;q=nonsense", "gzip"));
  EXPECT_FALSE(api::Accepts("x-gzip, identity", "gzip"));
  EXPECT_FALSE(api::Accepts("", "gzip"));
}

}  // namespace
}  // namespace lectern
