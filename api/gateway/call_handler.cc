#include "api/gateway/call_handler.h"

#include <arpa/inet.h>
#include <google/protobuf/util/json_util.h>

#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "api/gateway/json_body.h"
#include "api/gateway/json_value.h"
#include "api/gateway/query.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "common/log/log.h"
#include "common/rpc/rpc.h"

namespace lectern::api {
namespace {

namespace pb = google::protobuf;

absl::Status BadRequest(absl::string_view why, absl::string_view reason) {
  return WithReason(absl::InvalidArgumentError(why), reason);
}

void AllowAnyOrigin(http::Response& response) {
  response.headers.emplace_back("Access-Control-Allow-Origin", "*");
  response.headers.emplace_back("Access-Control-Expose-Headers", "Allow, Retry-After, X-Request-Id");
}

http::Response ErrorAnswer(int code, absl::string_view word, absl::string_view message, absl::string_view reason) {
  http::Response response = http::ErrorResponse(code, word, message, reason);
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  AllowAnyOrigin(response);
  return response;
}

http::Response StatusAnswer(const absl::Status& status) {
  std::string reason = ReasonOf(status);
  int code = rpc::HttpCode(status.code());
  // HTTP has words of its own for two of the refusals.
  if (reason == "BODY_TOO_LARGE") code = 413;
  if (reason == "NOT_JSON") code = 415;
  http::Response response = ErrorAnswer(code, rpc::CodeWord(status.code()), status.message(), reason);
  if (code == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  if (code == 429) response.headers.emplace_back("Retry-After", "1");
  return response;
}

http::Response NoRoute(const RouteTable::Match& match, const http::RequestHead& head) {
  if (match.verbs.empty()) return ErrorAnswer(404, "NOT_FOUND", "There is no such path in the API.", "PATH_NOT_FOUND");
  std::string allow = absl::StrCat(absl::StrJoin(match.verbs, ", "), ", OPTIONS");
  if (head.method == "OPTIONS") {
    http::Response response;
    response.status = 204;
    AllowAnyOrigin(response);
    response.headers.emplace_back("Allow", allow);
    response.headers.emplace_back("Access-Control-Allow-Methods", allow);
    response.headers.emplace_back("Access-Control-Allow-Headers", "Authorization, Content-Type, X-Request-Id");
    response.headers.emplace_back("Access-Control-Max-Age", "7200");
    return response;
  }
  http::Response response = ErrorAnswer(405, "UNIMPLEMENTED", absl::StrCat("This path answers ", allow, "."), "METHOD_NOT_ALLOWED");
  response.headers.emplace_back("Allow", allow);
  return response;
}

// A form, or text without a type, could come from another site's page without a preflight; "application/json" cannot.
bool IsJson(absl::string_view content_type) {
  std::vector<absl::string_view> parts = absl::StrSplit(content_type, ';');
  if (!absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(parts[0]), "application/json")) return false;
  for (size_t i = 1; i < parts.size(); ++i) {
    absl::string_view parameter = absl::StripAsciiWhitespace(parts[i]);
    if (absl::StartsWithIgnoreCase(parameter, "charset=") && !absl::EqualsIgnoreCase(parameter, "charset=utf-8")) return false;
  }
  return true;
}

// The caller's address. A proxy on this machine (nginx for TLS) puts it last into X-Forwarded-For; from elsewhere the header is not
// believed. Without it all that come through the proxy would be limited as one.
std::string PeerOf(const http::RequestHead& head) {
  bool from_here = head.peer == "127.0.0.1" || head.peer == "::1" || head.peer == "::ffff:127.0.0.1";
  absl::string_view named = head.Find("X-Forwarded-For");
  std::string last(absl::StripAsciiWhitespace(named.substr(named.rfind(',') + 1)));
  unsigned char address[16];
  bool valid = inet_pton(AF_INET, last.c_str(), address) == 1 || inet_pton(AF_INET6, last.c_str(), address) == 1;
  return from_here && valid && head.Count("X-Forwarded-For") == 1 ? last : head.peer;
}

absl::StatusOr<std::string> PrintJson(const pb::Message& message) {
  pb::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  std::string json;
  const auto status = pb::util::MessageToJsonString(message, &json, options);
  if (!status.ok()) return absl::InternalError(absl::StrCat("the answer cannot be written as JSON: ", status.ToString()));
  json += '\n';
  return json;
}

}  // namespace

struct CallHandler::Call {
  RouteTable::Match match;
  std::string query;
  std::string body;
  CallMetadata metadata;
  absl::Time deadline;
  bool invoked = false;
  std::string answer;

  const Route& route() const { return *match.route; }
};

http::Awaitable<http::Response> CallHandler::Handle(const http::RequestHead& head, http::BodyReader& body) {
  Call call;
  call.deadline = absl::Now() + kCallTime;
  call.match = routes_.Find(head.method, head.path);
  if (call.match.route == nullptr) co_return NoRoute(call.match, head);
  call.query = std::string(head.query);
  call.metadata = {std::string(head.Find("Authorization")), PeerOf(head), std::string(head.Find("X-Request-Id"))};
  absl::Status status = co_await ReadBody(head, body, call);
  if (!status.ok()) co_return Refused(call, status);
  bool ran = false;
  absl::Status handed = co_await http::RunBlocking(calls_, [this, &call, &status, &ran] {
    ran = true;
    status = Run(call);
    return absl::OkStatus();
  });
  if (!handed.ok() && !ran) {
    status = WithReason(absl::ResourceExhaustedError("the server is busy; try again in a moment"), "SERVER_BUSY");
  }
  if (!status.ok() && !call.invoked) co_return Refused(call, status);
  http::Response response = status.ok() ? http::Response() : StatusAnswer(status);
  response.headers.emplace_back("X-Request-Id", call.metadata.request_id);
  if (!status.ok()) co_return response;
  response.headers.emplace_back("Content-Type", "application/json");
  response.headers.emplace_back("Cache-Control", "private, no-store");
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  AllowAnyOrigin(response);
  response.body = std::move(call.answer);
  co_return response;
}

http::Awaitable<absl::Status> CallHandler::ReadBody(const http::RequestHead& head, http::BodyReader& body, Call& call) {
  if (head.Count("Authorization") > 1) co_return BadRequest("there are several Authorization headers", "BAD_HEADER");
  absl::StatusOr<std::string> text = co_await body.ReadAll(kMaxBodyBytes);
  if (absl::IsResourceExhausted(text.status())) {
    co_return BadRequest(absl::StrCat("the body is larger than ", kMaxBodyBytes, " bytes"), "BODY_TOO_LARGE");
  }
  if (!text.ok()) co_return text.status();
  if (text->empty()) co_return absl::OkStatus();
  if (call.route().body == Route::Body::kNone) co_return BadRequest("this request takes no body", "BODY_NOT_EXPECTED");
  if (!IsJson(head.Find("Content-Type"))) co_return BadRequest("send the body as Content-Type: application/json", "NOT_JSON");
  call.body = *std::move(text);
  co_return absl::OkStatus();
}

absl::Status CallHandler::Run(Call& call) {
  const Method& method = *call.route().method;
  std::unique_ptr<pb::Message> request(method.request->New());
  std::unique_ptr<pb::Message> response(method.response->New());
  RETURN_IF_ERROR(ReadRequest(call, *request));
  call.invoked = true;
  RETURN_IF_ERROR(invoker_.Invoke(method, call.metadata, *request, *response, call.deadline));
  ASSIGN_OR_RETURN(call.answer, PrintJson(*response));
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

// The wrapper that counts and logs was not reached.
http::Response CallHandler::Refused(const Call& call, const absl::Status& status) {
  const Method& method = *call.route().method;
  std::string request_id = RandomHex(8);
  invoker_.CountRefused(method, status.code());
  log::Info("request refused", {{"request_id", request_id}, {"peer", call.metadata.peer}, {"method", method.short_name},
                                {"reason", ReasonOf(status)}, {"error", status.message()}});
  http::Response response = StatusAnswer(status);
  response.headers.emplace_back("X-Request-Id", request_id);
  return response;
}

}  // namespace lectern::api
