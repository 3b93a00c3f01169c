#include "api/gateway/call_handler.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "api/calls/watch.h"
#include "api/gateway/answers.h"
#include "api/gateway/compression.h"
#include "api/gateway/json_body.h"
#include "api/gateway/json_text.h"
#include "api/gateway/json_value.h"
#include "api/gateway/pool_call.h"
#include "api/gateway/query.h"
#include "api/gateway/request_body.h"
#include "api/gateway/visitor.h"
#include "common/base/retry_after.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "common/http/range.h"
#include "common/token/token.h"
#include "google/api/httpbody.pb.h"

namespace lectern::api {
namespace {

namespace pb = google::protobuf;

constexpr int kGzipLevel = 4;

absl::Status BadRequest(absl::string_view why, absl::string_view reason) {
  return WithReason(absl::InvalidArgumentError(why), reason);
}

absl::Status NoPath() { return WithReason(absl::NotFoundError("There is no such path in the API."), "PATH_NOT_FOUND"); }

http::Response NoRoute(const RouteTable::Match& match, const http::RequestHead& head) {
  http::Response response = match.verbs.empty() ? StatusAnswer(NoPath()) : http::Response();
  AllowAnyOrigin(response);
  if (match.verbs.empty()) return response;
  std::string allow = absl::StrCat(absl::StrJoin(match.verbs, ", "), ", OPTIONS");
  if (head.method == "OPTIONS") {
    response.status = 204;
    response.headers.emplace_back("Allow", allow);
    response.headers.emplace_back("Access-Control-Allow-Methods", allow);
    response.headers.emplace_back("Access-Control-Allow-Headers", "Authorization, Content-Type, X-Request-Id");
    response.headers.emplace_back("Access-Control-Max-Age", "7200");
    return response;
  }
  response = ErrorAnswer(405, "UNIMPLEMENTED", absl::StrCat("This path answers ", allow, "."), "METHOD_NOT_ALLOWED");
  AllowAnyOrigin(response);
  response.headers.emplace_back("Allow", allow);
  return response;
}

bool KnowsTag(const http::RequestHead& head, absl::string_view etag) {
  if (head.Find("If-None-Match").empty()) return false;
  return http::CheckPreconditions(head, {etag, absl::InfiniteFuture()}) == http::Precondition::kNotModified;
}

absl::Status CheckCredential(const http::RequestHead& head, const Visitor& visitor) {
  if (head.Count("Authorization") > 1) return BadRequest("there are several Authorization headers", "BAD_HEADER");
  bool reads = head.method == "GET" || head.method == "HEAD";
  return reads || !visitor.by_cookie ? absl::OkStatus() : CheckSameOrigin(head, visitor);
}

}  // namespace

struct CallHandler::Call {
  RouteTable::Match match;
  std::string query;
  std::string body;
  Visitor visitor;
  absl::Time deadline;
  bool gzip = false;
  bool invoked = false;
  std::string answer;
  std::string type = "application/json";
  std::string etag;
  std::string coding;
  std::shared_ptr<http::BodySource> stream;   // of a method that streams, in place of an answer

  const Route& route() const { return *match.route; }
  bool reads() const { return route().verb == "GET"; }
};

http::Awaitable<http::Response> CallHandler::Handle(const http::RequestHead& head, http::BodyReader& body) {
  Call call;
  call.deadline = absl::Now() + kCallTime;
  call.match = routes_.Find(head.method, head.path);
  if (call.match.route == nullptr) co_return NoRoute(call.match, head);
  call.query = std::string(head.query);
  call.visitor = Read(head);
  call.gzip = Accepts(head.Find("Accept-Encoding"), "gzip");
  absl::Status status = CheckCredential(head, call.visitor);
  if (status.ok()) status = co_await ReadBody(head, body, call);
  if (status.ok()) {
    status = co_await OnPool(calls_, [this, &call] {
      if (call.route().method->poll) return Open(call);
      RETURN_IF_ERROR(Run(call));
      Encode(call);
      return absl::OkStatus();
    });
  }
  co_return Answer(call, head, status);
}

CallHandler::Answered CallHandler::Get(absl::string_view target, Visitor& visitor) {
  Call call;
  size_t end = std::min(target.find('?'), target.size());
  call.deadline = absl::Now() + kCallTime;
  call.match = routes_.Find("GET", target.substr(0, end));
  if (call.match.route == nullptr) return AnsweredBy(NoPath());
  call.query = std::string(absl::StripPrefix(target.substr(end), "?"));
  call.visitor = visitor;
  absl::Status status = Run(call);
  if (!status.ok() && !call.invoked) invoker_.Refuse(*call.route().method, call.visitor.metadata, status);
  visitor = std::move(call.visitor);
  if (!status.ok()) return AnsweredBy(status);
  return {200, std::move(call.answer), std::nullopt};
}

CallHandler::Answered CallHandler::AnsweredBy(const absl::Status& status) {
  return {HttpStatusOf(status), ErrorJson(status), RetryAfterOf(status)};
}

http::Awaitable<absl::Status> CallHandler::ReadBody(const http::RequestHead& head, http::BodyReader& body, Call& call) {
  absl::StatusOr<std::string> text = co_await ReadJsonBody(head, body, kMaxBodyBytes);
  if (!text.ok()) co_return text.status();
  if (text->empty()) co_return absl::OkStatus();
  if (call.route().body == Route::Body::kNone) co_return BadRequest("this request takes no body", "BODY_NOT_EXPECTED");
  call.body = *std::move(text);
  co_return absl::OkStatus();
}

absl::Status CallHandler::Run(Call& call) {
  const Method& method = *call.route().method;
  if (method.poll) return WithReason(absl::InvalidArgumentError("this method streams"), "METHOD_STREAMS");
  std::unique_ptr<pb::Message> request(method.request->New());
  std::unique_ptr<pb::Message> response(method.response->New());
  RETURN_IF_ERROR(ReadRequest(call, *request));
  call.invoked = true;
  RETURN_IF_ERROR(invoker_.Invoke(method, call.visitor.metadata, *request, *response, call.deadline));
  if (auto* file = dynamic_cast<google::api::HttpBody*>(response.get())) {
    call.answer = std::move(*file->mutable_data());
    call.type = std::move(*file->mutable_content_type());
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(call.answer, PrintJson(*response));
  call.answer += '\n';
  return absl::OkStatus();
}

// What can be worked out off the server's thread.
void CallHandler::Encode(Call& call) {
  // Weak: the coded form has the same tag.
  if (call.reads()) call.etag = absl::StrCat("W/\"", HexEncode(Sha256(call.answer)).substr(0, 32), "\"");
  bool text = call.type == "application/json" || absl::StartsWith(call.type, "text/");
  if (!call.gzip || !text || call.answer.size() <= kWorthCompressing) return;
  std::string coded = Gzip(call.answer, kGzipLevel);
  if (coded.empty()) return;
  call.answer = std::move(coded);
  call.coding = "gzip";
}

absl::Status CallHandler::Open(Call& call) {
  const Method& method = *call.route().method;
  std::unique_ptr<pb::Message> request(method.request->New());
  RETURN_IF_ERROR(ReadRequest(call, *request));
  call.invoked = true;
  Method::Events events;
  ASSIGN_OR_RETURN(std::unique_ptr<Watch> watch, invoker_.StartWatch(method, call.visitor.metadata, std::move(request), events));
  ASSIGN_OR_RETURN(call.stream, streams_.Open(std::move(watch), events));
  return absl::OkStatus();
}

absl::Status CallHandler::ReadRequest(const Call& call, pb::Message& request) {
  const Route& route = call.route();
  if (!call.body.empty()) {
    ASSIGN_OR_RETURN(JsonValue json, ParseJson(call.body));
    pb::Message* target = &request;
    if (route.body == Route::Body::kField) target = request.GetReflection()->MutableMessage(&request, route.body_field);
    RETURN_IF_ERROR(FillMessage(json, *target, ""));
  }
  RETURN_IF_ERROR(FillFromQuery(route, call.query, request));
  return FillFromPath(route, call.match.values, request);
}

http::Response CallHandler::Answer(Call& call, const http::RequestHead& head, const absl::Status& status) {
  CallMetadata& metadata = call.visitor.metadata;
  // The wrapper that counts and logs was not reached.
  if (!status.ok() && !call.invoked) invoker_.Refuse(*call.route().method, metadata, status);
  http::Response response = status.ok() ? http::Response() : StatusAnswer(status);
  // No other origin may ask with the cookie. A browser that keeps the answer must not show it to one that asked without.
  if (!call.visitor.by_cookie) AllowAnyOrigin(response);
  response.headers.emplace_back("X-Request-Id", metadata.request_id);
  if (metadata.ended && call.visitor.by_cookie) response.headers.emplace_back("Set-Cookie", EndedSessionCookie(call.visitor));
  if (!status.ok()) return response;
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  if (call.stream) {
    response.headers.emplace_back("Content-Type", "text/event-stream");
    response.headers.emplace_back("Cache-Control", "private, no-store");
    response.headers.emplace_back("X-Accel-Buffering", "no");
    response.body = std::move(call.stream);
    return response;
  }
  SetBody(call, head, response);
  return response;
}

void CallHandler::SetBody(Call& call, const http::RequestHead& head, http::Response& response) {
  // Kept by the browser, and asked about each time: what a person may see changes with a right.
  response.headers.emplace_back("Cache-Control", call.reads() ? "private, no-cache" : "private, no-store");
  if (call.reads()) {
    response.headers.emplace_back("ETag", call.etag);
    response.headers.emplace_back("Vary", "Accept-Encoding, Authorization, Cookie");
    if (KnowsTag(head, call.etag)) {
      response.status = 304;
      return;
    }
  }
  response.headers.emplace_back("Content-Type", call.type);
  if (call.type != "application/json") response.headers.emplace_back("Content-Security-Policy", "default-src 'none'; sandbox");
  if (!call.coding.empty()) response.headers.emplace_back("Content-Encoding", call.coding);
  response.body = std::move(call.answer);
}

}  // namespace lectern::api
