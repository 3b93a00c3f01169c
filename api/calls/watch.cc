#include "api/calls/watch.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "api/calls/method_metrics.h"
#include "common/base/retry_after.h"
#include "common/base/status.h"

namespace lectern::api {
namespace {

// A turn that takes longer has lost its database.
constexpr absl::Duration kTurnTime = absl::Seconds(10);
constexpr absl::Duration kRetryAfter = absl::Seconds(30);

absl::Status TooMany(absl::string_view whose) {
  absl::Status status = absl::ResourceExhaustedError(absl::StrCat("too many open streams ", whose, "; close some, or try later"));
  return WithRetryAfter(WithReason(status, "TOO_MANY_WATCHERS"), kRetryAfter);
}

}  // namespace

absl::Status WatcherTable::Enter(const std::string& key) {
  absl::MutexLock lock(&mu_);
  if (all_ >= limits_.all) return TooMany("on this server");
  int& mine = by_key_[key];
  if (mine >= limits_.of_caller) return TooMany("of one caller");
  ++mine;
  ++all_;
  return absl::OkStatus();
}

void WatcherTable::Leave(const std::string& key) {
  absl::MutexLock lock(&mu_);
  auto found = by_key_.find(key);
  --all_;
  if (--found->second == 0) by_key_.erase(found);
}

absl::StatusOr<std::unique_ptr<Watch>> Invoker::StartWatch(const Method& method, CallMetadata& metadata,
                                                           std::unique_ptr<google::protobuf::Message> request,
                                                           Method::Events& events) {
  absl::Duration start = deps_.clock.Steady();
  metadata.request_id = RequestId(metadata.request_id);
  std::unique_ptr<Watch> watch(new Watch(*this, method, metadata, std::move(request)));
  CallContext call = ContextFor(watch->metadata_, deps_.clock.Now() + kTurnTime);
  absl::Status status = watch->Run(call, /*first=*/true, events);
  metadata.ended = watch->metadata_.ended;
  if (method.access.audited) Audit(method, *watch->request_, *method.response, call, status);
  metrics_.at(&method)->latency->Observe(absl::ToDoubleSeconds(deps_.clock.Steady() - start));
  if (status.ok()) return watch;
  watch->ended_with_ = status.code();
  return Failed(method, call, status);
}

absl::Status Watch::Turn(Method::Events& events) {
  absl::Duration start = invoker_.deps_.clock.Steady();
  CallContext call = invoker_.ContextFor(metadata_, invoker_.deps_.clock.Now() + kTurnTime);
  absl::Status status = Run(call, /*first=*/false, events);
  invoker_.metrics_.at(&method_)->turns->Observe(absl::ToDoubleSeconds(invoker_.deps_.clock.Steady() - start));
  ended_with_ = status.code();
  return status.ok() ? status : invoker_.Failed(method_, call, status);
}

absl::Status Watch::Run(CallContext& call, bool first, Method::Events& events) {
  absl::Status ended;
  if (first) RETURN_IF_ERROR(invoker_.LimitAddress(call));
  ASSIGN_OR_RETURN(call.caller, invoker_.Authenticate(method_, metadata_, ended));
  if (first) {
    RETURN_IF_ERROR(invoker_.LimitCaller(method_, *request_, call));
    std::string key = invoker_.RateKey(method_, *request_, call);
    RETURN_IF_ERROR(invoker_.watchers_.Enter(key));
    key_ = std::move(key);
    invoker_.metrics_.at(&method_)->watchers->Increment();
  }
  RETURN_IF_ERROR(invoker_.Permit(method_, *request_, call, ended));
  return method_.poll(call, *request_, state_, events);
}

Watch::~Watch() {
  Invoker::MethodMetrics& metrics = *invoker_.metrics_.at(&method_);
  metrics.Count(ended_with_);
  if (key_.empty()) return;
  invoker_.watchers_.Leave(key_);
  metrics.watchers->Decrement();
}

}  // namespace lectern::api
