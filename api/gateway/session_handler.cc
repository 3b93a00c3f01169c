#include "api/gateway/session_handler.h"

#include <google/protobuf/empty.pb.h>
#include <google/protobuf/util/time_util.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "api/gateway/answers.h"
#include "api/gateway/json_body.h"
#include "api/gateway/json_text.h"
#include "api/gateway/json_value.h"
#include "api/gateway/pool_call.h"
#include "api/gateway/request_body.h"
#include "api/gateway/visitor.h"
#include "common/base/status.h"
#include "lectern/v1/auth.pb.h"

namespace lectern::api {
namespace {

constexpr size_t kMaxCredentialBytes = 16 << 10;
constexpr absl::Duration kTime = absl::Seconds(30);

absl::StatusOr<v1::LoginRequest> ReadLogin(const std::string& body, const http::RequestHead& head) {
  v1::LoginRequest request;
  ASSIGN_OR_RETURN(JsonValue json, ParseJson(body));
  RETURN_IF_ERROR(FillMessage(json, request, ""));
  if (request.device().empty()) request.set_device(DeviceOf(head.Find("User-Agent")));
  return request;
}

absl::StatusOr<std::string> WithoutToken(const v1::LoginResponse& login) {
  ASSIGN_OR_RETURN(std::string user, PrintJson(login.user()));
  std::string expires = google::protobuf::util::TimeUtil::ToString(login.expire_time());
  return absl::StrCat("{\"user\":", user, ",\"expireTime\":\"", expires, "\"}\n");
}

http::Response Failed(const CallMetadata& metadata, const absl::Status& status) {
  http::Response response = StatusAnswer(status);
  response.headers.emplace_back("X-Request-Id", metadata.request_id);
  return response;
}

http::Response Done(const CallMetadata& metadata, std::string json, std::string cookie) {
  http::Response response;
  response.status = json.empty() ? 204 : 200;
  response.headers.emplace_back("X-Request-Id", metadata.request_id);
  response.headers.emplace_back("Set-Cookie", std::move(cookie));
  response.headers.emplace_back("Cache-Control", "no-store");
  if (!json.empty()) response.headers.emplace_back("Content-Type", "application/json");
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  response.body = std::move(json);
  return response;
}

}  // namespace

absl::StatusOr<SessionHandler> SessionHandler::Make(const Registry& registry, Invoker& invoker, ThreadPool& calls,
                                                    TrustedProxies proxies) {
  const Method* login = registry.Find("/lectern.v1.AuthService/Login");
  const Method* logout = registry.Find("/lectern.v1.AuthService/Logout");
  if (login == nullptr || logout == nullptr) return absl::InternalError("nobody can sign in: AuthService has no handlers");
  return SessionHandler(*login, *logout, invoker, calls, std::move(proxies));
}

http::Awaitable<http::Response> SessionHandler::Handle(const http::RequestHead& head, http::BodyReader& body) {
  if (head.method == "POST") co_return co_await SignIn(head, body);
  if (head.method == "DELETE") co_return co_await SignOut(head);
  http::Response response = ErrorAnswer(405, "UNIMPLEMENTED", "This path answers POST and DELETE.", "METHOD_NOT_ALLOWED");
  response.headers.emplace_back("Allow", "DELETE, POST");
  co_return response;
}

http::Awaitable<http::Response> SessionHandler::SignIn(const http::RequestHead& head, http::BodyReader& body) {
  Visitor visitor = ReadVisitor(head, proxies_);
  absl::Status status = CheckSameOrigin(head, visitor, /*sign_in=*/true);
  if (!status.ok()) co_return Refused(login_, visitor.metadata, status);
  absl::StatusOr<std::string> text = co_await ReadJsonBody(head, body, kMaxCredentialBytes);
  if (!text.ok()) co_return Refused(login_, visitor.metadata, text.status());
  absl::StatusOr<v1::LoginRequest> request = ReadLogin(*text, head);
  if (!request.ok()) co_return Refused(login_, visitor.metadata, request.status());
  v1::LoginResponse login;
  status = co_await OnPool(calls_, [&] {
    return invoker_.Invoke(login_, visitor.metadata, *request, login, absl::Now() + kTime);
  });
  absl::StatusOr<std::string> json = status.ok() ? WithoutToken(login) : status;
  if (!json.ok()) co_return Failed(visitor.metadata, json.status());
  absl::Time expires_at = absl::FromUnixSeconds(login.expire_time().seconds());
  co_return Done(visitor.metadata, *std::move(json), SessionCookie(visitor, login.session_token(), expires_at));
}

http::Awaitable<http::Response> SessionHandler::SignOut(const http::RequestHead& head) {
  Visitor visitor = ReadVisitor(head, proxies_);
  absl::Status status = CheckSameOrigin(head, visitor);
  if (visitor.by_cookie && !status.ok()) co_return Refused(logout_, visitor.metadata, status);
  if (visitor.metadata.authorization.empty()) {
    visitor.metadata.request_id = Invoker::RequestId(visitor.metadata.request_id);
    co_return Done(visitor.metadata, "", EndedSessionCookie(visitor));
  }
  v1::LogoutRequest request;
  google::protobuf::Empty nothing;
  status = co_await OnPool(calls_, [&] {
    return invoker_.Invoke(logout_, visitor.metadata, request, nothing, absl::Now() + kTime);
  });
  // A session that has ended already is what was asked for.
  if (!status.ok() && !absl::IsUnauthenticated(status)) co_return Failed(visitor.metadata, status);
  co_return Done(visitor.metadata, "", EndedSessionCookie(visitor));
}

// The wrapper that counts and logs was not reached.
http::Response SessionHandler::Refused(const Method& method, CallMetadata& metadata, const absl::Status& status) {
  invoker_.Refuse(method, metadata, status);
  return Failed(metadata, status);
}

}  // namespace lectern::api
