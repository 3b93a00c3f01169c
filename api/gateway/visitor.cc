#include "api/gateway/visitor.h"

#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/status.h"
#include "common/http/range.h"

namespace lectern::api {
namespace {

constexpr char kCookie[] = "lectern_session";
constexpr char kSecureCookie[] = "__Host-lectern_session";

bool IsSecure(const http::RequestHead& head, const TrustedProxies& proxies) {
  return proxies.Contains(head.peer) && head.Count("X-Forwarded-Proto") == 1 && head.Find("X-Forwarded-Proto") == "https";
}

// Some proxies write a line of their own below what came: all of them are one list (RFC 9110, section 5.3).
std::string ForwardedFor(const http::RequestHead& head) {
  std::vector<absl::string_view> lines;
  for (const auto& [name, value] : head.headers) {
    if (absl::EqualsIgnoreCase(name, "X-Forwarded-For")) lines.push_back(value);
  }
  return absl::StrJoin(lines, ",");
}

const char* CookieName(const Visitor& visitor) { return visitor.secure ? kSecureCookie : kCookie; }

std::string CookieLine(const Visitor& visitor, absl::string_view token, absl::string_view expires) {
  return absl::StrCat(CookieName(visitor), "=", token, "; Path=/; HttpOnly; SameSite=Lax; Expires=", expires,
                      visitor.secure ? "; Secure" : "");
}

// Behind a TLS proxy on another machine we see no TLS, so that both schemes can be ours then.
bool IsOwnOrigin(const http::RequestHead& head, const Visitor& visitor) {
  absl::string_view origin = head.Find("Origin");
  absl::string_view host = head.Find("Host");
  if (!absl::ConsumePrefix(&origin, "https://") && (visitor.secure || !absl::ConsumePrefix(&origin, "http://"))) return false;
  return !host.empty() && head.Count("Host") == 1 && head.Count("Origin") == 1 && absl::EqualsIgnoreCase(origin, host);
}

// In this order: the names of later ones stand in the headers of earlier ones too.
constexpr std::pair<absl::string_view, absl::string_view> kBrowsers[] = {
    {"Edg", "Edge"},        {"OPR/", "Opera"},   {"SamsungBrowser/", "Samsung Internet"}, {"Firefox/", "Firefox"},
    {"FxiOS/", "Firefox"},  {"CriOS/", "Chrome"}, {"Chromium/", "Chromium"},              {"Chrome/", "Chrome"},
    {"Safari/", "Safari"},  {"curl/", "curl"}};
constexpr std::pair<absl::string_view, absl::string_view> kSystems[] = {
    {"Windows", "Windows"}, {"iPhone", "iPhone"}, {"iPad", "iPad"},  {"Android", "Android"},
    {"CrOS", "ChromeOS"},   {"Mac OS X", "macOS"}, {"Linux", "Linux"}};

template <size_t kCount>
absl::string_view FirstNamed(absl::string_view text, const std::pair<absl::string_view, absl::string_view> (&known)[kCount]) {
  for (const auto& [mark, name] : known) {
    if (absl::StrContains(text, mark)) return name;
  }
  return "";
}

}  // namespace

Visitor ReadVisitor(const http::RequestHead& head, const TrustedProxies& proxies) {
  Visitor visitor;
  visitor.secure = IsSecure(head, proxies);
  visitor.metadata.authorization = std::string(head.Find("Authorization"));
  visitor.metadata.peer = proxies.Origin(head.peer, ForwardedFor(head));
  visitor.metadata.request_id = std::string(head.Find("X-Request-Id"));
  if (!visitor.metadata.authorization.empty()) return visitor;
  absl::string_view token = CookieOf(head, CookieName(visitor));
  if (token.empty()) return visitor;
  visitor.metadata.authorization = absl::StrCat("Bearer ", token);
  visitor.metadata.ambient = true;
  visitor.by_cookie = true;
  return visitor;
}

absl::Status CheckSameOrigin(const http::RequestHead& head, const Visitor& visitor, bool sign_in) {
  absl::string_view site = head.Find("Sec-Fetch-Site");
  bool own = site.empty() ? IsOwnOrigin(head, visitor) : site == "same-origin" && head.Count("Sec-Fetch-Site") == 1;
  if (own || (sign_in && site.empty() && head.Count("Origin") == 0)) return absl::OkStatus();
  absl::Status foreign = absl::PermissionDeniedError("with a session's cookie only our own pages may do this; send a bearer token");
  return WithReason(foreign, "CROSS_SITE");
}

std::string SessionCookie(const Visitor& visitor, absl::string_view token, absl::Time expires_at) {
  return CookieLine(visitor, token, http::HttpDate(expires_at));
}

std::string EndedSessionCookie(const Visitor& visitor) { return CookieLine(visitor, "", http::HttpDate(absl::UnixEpoch())); }

absl::string_view CookieOf(const http::RequestHead& head, absl::string_view name) {
  for (const auto& [header, value] : head.headers) {
    if (!absl::EqualsIgnoreCase(header, "Cookie")) continue;
    for (absl::string_view pair : absl::StrSplit(value, ';')) {
      std::pair<absl::string_view, absl::string_view> cookie = absl::StrSplit(pair, absl::MaxSplits('=', 1));
      if (absl::StripAsciiWhitespace(cookie.first) == name) return absl::StripAsciiWhitespace(cookie.second);
    }
  }
  return "";
}

std::string DeviceOf(absl::string_view user_agent) {
  absl::string_view browser = FirstNamed(user_agent, kBrowsers);
  absl::string_view system = FirstNamed(user_agent, kSystems);
  if (browser.empty()) return std::string(system);
  return system.empty() ? std::string(browser) : absl::StrCat(browser, " on ", system);
}

}  // namespace lectern::api
