#include "api/calls/invoker.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "api/calls/authorizer.h"
#include "api/calls/method_metrics.h"
#include "api/calls/redaction.h"
#include "api/calls/text_check.h"
#include "common/base/retry_after.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "common/log/log.h"
#include "common/rpc/rpc.h"

namespace lectern::api {
namespace {

constexpr size_t kMaxRequestIdBytes = 64;
constexpr size_t kMaxDetailBytes = 2000;

bool IsOurFault(absl::StatusCode code) {
  return code == absl::StatusCode::kInternal || code == absl::StatusCode::kUnknown || code == absl::StatusCode::kDataLoss;
}

// What the database said names tables and statements: for the log only.
absl::Status ForCaller(const absl::Status& status, const std::string& request_id) {
  bool of_database = absl::StartsWith(status.message(), "database: ") || absl::StartsWith(status.message(), "database, ");
  if (!of_database && !IsOurFault(status.code())) return status;
  absl::string_view what = absl::IsUnavailable(status) || absl::IsAborted(status)
                               ? "the database did not answer; try again in a moment"
                               : "an error of the server";
  return WithReason(absl::Status(status.code(), absl::StrCat(what, " (its log has more under request id ", request_id, ")")),
                    ReasonOf(status));
}

absl::Status Limited(absl::Duration wait, absl::string_view where) {
  int64_t seconds = std::max<int64_t>(1, absl::ToInt64Seconds(absl::Ceil(wait, absl::Seconds(1))));
  absl::Status status = absl::ResourceExhaustedError(
      absl::StrCat("too many calls", where.empty() ? "" : " ", where, "; try again in ", seconds, " s"));
  return WithRetryAfter(WithReason(status, "RATE_LIMITED"), wait);
}

log::Level LevelOf(absl::StatusCode code) {
  if (IsOurFault(code)) return log::Level::kError;
  bool degraded = code == absl::StatusCode::kUnavailable || code == absl::StatusCode::kDeadlineExceeded;
  return degraded ? log::Level::kWarn : log::Level::kInfo;
}

}  // namespace

void Invoker::MethodMetrics::Count(absl::StatusCode code) {
  std::atomic<prometheus::Counter*>& counter = requests[static_cast<size_t>(code) % kCodes];
  if (counter.load() == nullptr) counter = &family->Add({{"method", name}, {"code", std::string(rpc::CodeWord(code))}});
  counter.load()->Increment();
}

Invoker::Invoker(const Deps& deps) : deps_(deps), watchers_(deps.watchers) {
  auto& requests = deps_.metrics.Counter("lectern_api_requests_total", "Calls by method and code");
  auto& latency = deps_.metrics.Histogram("lectern_api_request_seconds", "Duration of calls by method; of streams: until open");
  auto& turns = deps_.metrics.Histogram("lectern_api_watch_turn_seconds", "Duration of a stream's looks for news, by method");
  auto& watchers = deps_.metrics.Gauge("lectern_api_watchers", "Open streams by method");
  for (const auto& [path, method] : deps_.registry.methods()) {
    auto metrics = std::make_unique<MethodMetrics>();
    metrics->name = method.short_name;
    metrics->family = &requests;
    metrics->latency = &latency.Add({{"method", method.short_name}}, LatencyBuckets());
    if (method.poll) {
      metrics->turns = &turns.Add({{"method", method.short_name}}, LatencyBuckets());
      metrics->watchers = &watchers.Add({{"method", method.short_name}});
    }
    metrics_[&method] = std::move(metrics);
  }
}

Invoker::~Invoker() = default;

std::string Invoker::RequestId(const std::string& wished) {
  bool plain = std::all_of(wished.begin(), wished.end(),
                           [](unsigned char c) { return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.'; });
  return wished.empty() || wished.size() > kMaxRequestIdBytes || !plain ? RandomHex(8) : wished;
}

CallContext Invoker::ContextFor(const CallMetadata& metadata, absl::Time deadline) {
  CallContext call;
  call.peer = metadata.peer;
  call.deadline = deadline;
  call.request_id = metadata.request_id;
  return call;
}

std::string Invoker::RateKey(const Method& method, const google::protobuf::Message& request, const CallContext& call) {
  std::string name = method.allowance ? method.allowance(request) : call.caller.Name();
  return name.empty() ? absl::StrCat("peer/", NetworkOf(call.peer)) : name;
}

void Invoker::CountRefused(const Method& method, absl::StatusCode code) {
  metrics_.at(&method)->Count(code);
}

void Invoker::Refuse(const Method& method, CallMetadata& metadata, const absl::Status& status) {
  metadata.request_id = RequestId(metadata.request_id);
  CountRefused(method, status.code());
  log::Info("request refused", {{"request_id", metadata.request_id}, {"peer", metadata.peer}, {"method", method.short_name},
                                {"reason", ReasonOf(status)}, {"error", status.message()}});
}

absl::Status Invoker::Invoke(const Method& method, CallMetadata& metadata, const google::protobuf::Message& request,
                             google::protobuf::Message& response, absl::Time deadline) {
  absl::Duration start = deps_.clock.Steady();
  metadata.request_id = RequestId(metadata.request_id);
  CallContext call = ContextFor(metadata, deadline);
  bool audit = false;
  absl::Status status = Run(method, metadata, request, response, call, audit);
  if (audit) Audit(method, request, response, call, status);
  MethodMetrics& metrics = *metrics_.at(&method);
  metrics.latency->Observe(absl::ToDoubleSeconds(deps_.clock.Steady() - start));
  metrics.Count(status.code());
  return status.ok() ? status : Failed(method, call, status);
}

absl::Status Invoker::Failed(const Method& method, const CallContext& call, const absl::Status& status) {
  log::Write(LevelOf(status.code()), "call failed",
             {{"request_id", call.request_id},
              {"caller", call.caller.Name()},
              {"peer", call.peer},
              {"method", method.short_name},
              {"code", rpc::CodeWord(status.code())},
              {"reason", ReasonOf(status)},
              {"error", status.message()}});
  return ForCaller(status, call.request_id);
}

absl::Status Invoker::Run(const Method& method, CallMetadata& metadata, const google::protobuf::Message& request,
                          google::protobuf::Message& response, CallContext& call, bool& audit) {
  absl::Status ended;
  RETURN_IF_ERROR(LimitAddress(call));
  ASSIGN_OR_RETURN(call.caller, Authenticate(method, metadata, ended));
  RETURN_IF_ERROR(LimitCaller(method, request, call));
  audit = method.access.audited;
  RETURN_IF_ERROR(Permit(method, request, call, ended));
  return method.handler(call, request, response);
}

absl::Status Invoker::LimitAddress(const CallContext& call) {
  absl::Duration wait = deps_.by_address == nullptr ? absl::ZeroDuration() : deps_.by_address->Take(NetworkOf(call.peer));
  return wait > absl::ZeroDuration() ? Limited(wait, "from your address") : absl::OkStatus();
}

absl::Status Invoker::LimitCaller(const Method& method, const google::protobuf::Message& request, const CallContext& call) {
  absl::Duration wait = deps_.limiter.Take(RateKey(method, request, call));
  return wait > absl::ZeroDuration() ? Limited(wait, "") : absl::OkStatus();
}

absl::Status Invoker::Permit(const Method& method, const google::protobuf::Message& request, CallContext& call,
                             const absl::Status& ended) {
  RETURN_IF_ERROR(CheckTexts(request));
  absl::Status allowed = Authorize(method.access, request, deps_.access, call);
  // Whose session has ended is told so, and not that a thing of theirs does not exist.
  if (!allowed.ok()) return ended.ok() ? allowed : ended;
  if (deps_.clock.Now() >= call.deadline) return absl::DeadlineExceededError("the call's time was over before it was handled");
  return absl::OkStatus();
}

absl::StatusOr<Caller> Invoker::Authenticate(const Method& method, CallMetadata& metadata, absl::Status& ended) {
  if (method.access.brings_secret) return Caller();
  ASSIGN_OR_RETURN(absl::string_view token, BearerToken(metadata.authorization));
  if (token.empty()) return Caller();
  absl::StatusOr<Caller> caller =
      method.access.who == Who::kResource ? deps_.authenticator.Resource(token) : deps_.authenticator.User(token);
  metadata.ended = absl::IsUnauthenticated(caller.status());
  bool for_anyone = method.access.who == Who::kAnyone || method.access.who == Who::kViewer;
  if (!metadata.ended || !metadata.ambient || !for_anyone) return caller;
  ended = caller.status();
  return Caller();
}

void Invoker::Audit(const Method& method, const google::protobuf::Message& request,
                    const google::protobuf::Message& response, const CallContext& call, const absl::Status& status) {
  AuditEvent event;
  event.actor = call.caller.Name();
  event.action = method.short_name;
  event.target = status.ok() ? TextField(response, "name") : "";
  if (event.target.empty()) event.target = call.audit_target;
  if (event.target.empty()) event.target = TextField(request, "name");
  if (call.audit_organization != 0) event.organization_id = call.audit_organization;
  event.outcome = std::string(rpc::CodeWord(status.code()));
  std::string facts = WithoutSecrets(request, kMaxDetailBytes / 2);
  event.detail = status.ok() ? absl::StrCat(facts, " from ", call.peer)
                             : absl::StrCat(ForCaller(status, call.request_id).message(), " ", facts, " from ", call.peer);
  absl::Status written = deps_.audit.Insert(event);
  if (written.ok()) return;
  log::Error("audit event not written", {{"request_id", call.request_id}, {"action", event.action}, {"actor", event.actor},
                                         {"target", event.target}, {"outcome", event.outcome}, {"error", written.message()}});
}

}  // namespace lectern::api
