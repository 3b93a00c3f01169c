// Who sends an HTTP request: a bearer token, or the cookie of a browser that is signed in.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "api/calls/invoker.h"
#include "api/gateway/trusted_proxies.h"
#include "common/http/message.h"

namespace lectern::api {

struct Visitor {
  CallMetadata metadata;
  bool secure = false;      // the browser speaks TLS, which ends at a trusted proxy
  bool by_cookie = false;   // the credential came by itself; metadata.ambient too
};

// A bearer token goes before the cookie. X-Forwarded-For and X-Forwarded-Proto are believed from `proxies` only; without the first,
// all that come through a proxy would be limited as one.
Visitor ReadVisitor(const http::RequestHead& head, const TrustedProxies& proxies);

// A browser sends its cookie along with what other sites' pages ask for. kPermissionDenied/CROSS_SITE unless the request comes from
// our own pages: by Sec-Fetch-Site, and where the browser sends none (plain HTTP) by Origin. For requests that change something and
// come with a cookie; `sign_in`: a client that names no origin at all is let in, since it is no browser.
absl::Status CheckSameOrigin(const http::RequestHead& head, const Visitor& visitor, bool sign_in = false);

// Values of Set-Cookie. The cookie's name begins with "__Host-" behind TLS, so that no sibling domain can plant one.
std::string SessionCookie(const Visitor& visitor, absl::string_view token, absl::Time expires_at);
std::string EndedSessionCookie(const Visitor& visitor);

// The first cookie of that name; empty where there is none.
absl::string_view CookieOf(const http::RequestHead& head, absl::string_view name);

// "Firefox on Linux", for the list of a person's sessions; empty where the header says nothing that we know.
std::string DeviceOf(absl::string_view user_agent);

}  // namespace lectern::api
