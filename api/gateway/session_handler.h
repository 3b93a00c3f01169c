// POST and DELETE /session: signing in and out of a browser, whose pages never see the session's token. Includes Asio.
#pragma once

#include <utility>

#include "absl/status/statusor.h"
#include "api/calls/invoker.h"
#include "api/calls/registry.h"
#include "api/gateway/trusted_proxies.h"
#include "common/exec/thread_pool.h"
#include "common/http/server.h"

namespace lectern::api {

// Thread-safe. AuthService.Login and Logout through the Invoker, with the cookie in place of the token (docs/web.md). No other
// origin is told that it may read the answers. Errors: as those of the calls, and 403 CROSS_SITE, 405, 413, 415.
class SessionHandler {
 public:
  // Error: kInternal where the registry has no Login or Logout.
  static absl::StatusOr<SessionHandler> Make(const Registry& registry, Invoker& invoker, ThreadPool& calls, TrustedProxies proxies);

  http::Awaitable<http::Response> Handle(const http::RequestHead& head, http::BodyReader& body);

 private:
  SessionHandler(const Method& login, const Method& logout, Invoker& invoker, ThreadPool& calls, TrustedProxies proxies)
      : login_(login), logout_(logout), invoker_(invoker), calls_(calls), proxies_(std::move(proxies)) {}

  http::Awaitable<http::Response> SignIn(const http::RequestHead& head, http::BodyReader& body);
  http::Awaitable<http::Response> SignOut(const http::RequestHead& head);
  http::Response Refused(const Method& method, CallMetadata& metadata, const absl::Status& status);

  const Method& login_;
  const Method& logout_;
  Invoker& invoker_;
  ThreadPool& calls_;
  const TrustedProxies proxies_;
};

}  // namespace lectern::api
