// Answers /v1/...: a method's call as JSON over HTTP. Includes Asio: internal to this room.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "api/calls/invoker.h"
#include "api/gateway/event_stream.h"
#include "api/gateway/route_table.h"
#include "api/gateway/visitor.h"
#include "common/exec/thread_pool.h"
#include "common/http/server.h"

namespace lectern::api {

inline constexpr size_t kMaxBodyBytes = 1 << 20;
inline constexpr absl::Duration kCallTime = absl::Seconds(30);   // from the request's head to the answer

// Thread-safe. `Invoker::Invoke` is the only way in, on `calls`, so that a call over HTTP is authorised, limited, counted,
// logged and audited as one over gRPC.
//
// Any origin may call with a bearer token; only our own pages with the session's cookie, where something changes. Errors are
// {"error": {...}} with the HTTP status of rpc::HttpCode; besides those of the call:
//   404 PATH_NOT_FOUND, 405 METHOD_NOT_ALLOWED (with Allow), 413 BODY_TOO_LARGE, 415 NOT_JSON (a body but not application/json),
//   403 CROSS_SITE, 400 BAD_JSON, UNKNOWN_FIELD, UNKNOWN_PARAMETER, BAD_FIELD, BODY_NOT_EXPECTED, BAD_HEADER, 429 SERVER_BUSY,
//   503 SERVER_STOPPING (streams).
class CallHandler {
 public:
  CallHandler(RouteTable routes, Invoker& invoker, ThreadPool& calls, absl::Duration heartbeat, TrustedProxies proxies)
      : routes_(std::move(routes)), invoker_(invoker), calls_(calls), streams_(calls, heartbeat), proxies_(std::move(proxies)) {}

  // Open streams of events end, and new ones are refused. On the server's thread.
  void EndStreams() { streams_.EndAll(); }

  http::Awaitable<http::Response> Handle(const http::RequestHead& head, http::BodyReader& body);

  Visitor Read(const http::RequestHead& head) const { return ReadVisitor(head, proxies_); }

  // What a GET of `target` (path and query) would answer to the visitor, as one call of its own. Blocks: on a thread of the pool.
  // metadata.ended of `visitor` says whether the cookie's session has ended.
  struct Answered {
    int status = 200;
    std::string json;
    std::optional<absl::Duration> retry_after;
  };
  Answered Get(absl::string_view target, Visitor& visitor);

  // What Get would answer where there is no thread for it.
  static Answered AnsweredBy(const absl::Status& status);

 private:
  struct Call;
  http::Awaitable<absl::Status> ReadBody(const http::RequestHead& head, http::BodyReader& body, Call& call);
  // On a thread of the pool.
  absl::Status Run(Call& call);
  static void Encode(Call& call);
  absl::Status Open(Call& call);
  absl::Status ReadRequest(const Call& call, google::protobuf::Message& request);
  http::Response Answer(Call& call, const http::RequestHead& head, const absl::Status& status);
  static void SetBody(Call& call, const http::RequestHead& head, http::Response& response);

  const RouteTable routes_;
  Invoker& invoker_;
  ThreadPool& calls_;
  EventStreams streams_;
  const TrustedProxies proxies_;
};

}  // namespace lectern::api
