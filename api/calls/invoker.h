// The one wrapper around every handler: who calls, may they, do they call too often, and what is counted, logged and audited.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "api/calls/authenticator.h"
#include "api/calls/rate_limiter.h"
#include "api/calls/registry.h"
#include "api/store/access_store.h"
#include "api/store/audit_store.h"
#include "common/base/clock.h"
#include "common/metrics/metrics.h"

namespace lectern::api {

// What comes beside a request.
struct CallMetadata {
  std::string authorization;   // "Bearer ..." or empty
  std::string peer;            // address without port
  std::string request_id;      // empty: one is made
  // The credential came by itself (a browser's cookie) and nobody meant to show it: where it is good no more, methods that anyone
  // may call are answered as for nobody.
  bool ambient = false;
  bool ended = false;          // out: the credential is good no more
};

// How many streams may be open at once.
struct WatcherLimits {
  int of_caller = 20;
  int all = 2000;
};

// Who watches how much. Thread-safe.
class WatcherTable {
 public:
  explicit WatcherTable(WatcherLimits limits) : limits_(limits) {}

  // Error: kResourceExhausted/TOO_MANY_WATCHERS.
  absl::Status Enter(const std::string& key);
  void Leave(const std::string& key);

 private:
  const WatcherLimits limits_;
  absl::Mutex mu_;
  int all_ ABSL_GUARDED_BY(mu_) = 0;
  absl::flat_hash_map<std::string, int> by_key_ ABSL_GUARDED_BY(mu_);
};

class Watch;

// Thread-safe; blocks on the database. The order of its steps:
//
// 1. The bearer token: session tokens, and for RESOURCE methods a resource's credential; no other kind. A token that is sent must
//    be good, also where none is needed, except for methods that bring a secret of their own (Login, Join) and where it is ambient.
// 2. The caller's rate, before anything that costs a statement for this call; the address's, which is wider, before step 1.
// 3. The right, by the method's `access` option, with one statement where an object is in question. Who may not even see an
//    object is told that it does not exist.
// 4. The handler.
// 5. Metrics; one log line where it failed; an audit row for audited methods that got past step 2. A row that cannot be written
//    is logged and does not fail the call.
//
// Answers of kInternal, kUnknown and kDataLoss, and what the database said, carry the request id instead of their text, which is
// in the log.
class Invoker {
 public:
  struct Deps {
    const Registry& registry;
    Authenticator& authenticator;
    AccessStore& access;
    AuditStore& audit;
    RateLimiter& limiter;
    Metrics& metrics;
    Clock& clock;
    RateLimiter* by_address = nullptr;   // null: addresses are not limited
    WatcherLimits watchers = {};
  };
  explicit Invoker(const Deps& deps);
  ~Invoker();

  Metrics& metrics() { return deps_.metrics; }

  // The caller's own id where it is harmless in a log line and in a header, else a new one.
  static std::string RequestId(const std::string& wished);

  // The reason is in the status. `response` is undefined unless OK. Fills an empty metadata.request_id.
  absl::Status Invoke(const Method& method, CallMetadata& metadata, const google::protobuf::Message& request,
                      google::protobuf::Message& response, absl::Time deadline);

  // A stream of a method that has `poll`. Does its first turn, whose errors are those of Invoke and kResourceExhausted/
  // TOO_MANY_WATCHERS. Metrics count the stream when it ends.
  absl::StatusOr<std::unique_ptr<Watch>> StartWatch(const Method& method, CallMetadata& metadata,
                                                    std::unique_ptr<google::protobuf::Message> request, Method::Events& events);

  // Counts a call that ended before it could be handed to Invoke.
  void CountRefused(const Method& method, absl::StatusCode code);
  // The same with a log line; fills an empty metadata.request_id.
  void Refuse(const Method& method, CallMetadata& metadata, const absl::Status& status);

 private:
  friend class Watch;
  struct MethodMetrics;

  static CallContext ContextFor(const CallMetadata& metadata, absl::Time deadline);
  static std::string RateKey(const Method& method, const google::protobuf::Message& request, const CallContext& call);
  absl::Status Run(const Method& method, CallMetadata& metadata, const google::protobuf::Message& request,
                   google::protobuf::Message& response, CallContext& call, bool& audit);
  // Steps 1 to 3. `ended`: why an ambient credential is good no more.
  absl::Status LimitAddress(const CallContext& call);
  absl::StatusOr<Caller> Authenticate(const Method& method, CallMetadata& metadata, absl::Status& ended);
  absl::Status LimitCaller(const Method& method, const google::protobuf::Message& request, const CallContext& call);
  absl::Status Permit(const Method& method, const google::protobuf::Message& request, CallContext& call, const absl::Status& ended);
  void Audit(const Method& method, const google::protobuf::Message& request, const google::protobuf::Message& response,
             const CallContext& call, const absl::Status& status);
  // Logs, and gives what the caller may know.
  absl::Status Failed(const Method& method, const CallContext& call, const absl::Status& status);

  const Deps deps_;
  std::map<const Method*, std::unique_ptr<MethodMetrics>> metrics_;   // complete after construction
  WatcherTable watchers_;
};

}  // namespace lectern::api
