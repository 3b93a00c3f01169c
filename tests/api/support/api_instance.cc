#include "tests/api/support/api_instance.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "api/calls/authenticator.h"
#include "api/calls/grpc_server.h"
#include "api/calls/invoker.h"
#include "api/calls/rate_limiter.h"
#include "api/calls/statement_metrics.h"
#include "api/calls/watch.h"
#include "api/services/passwords.h"
#include "api/store/key_store.h"
#include "common/exec/thread_pool.h"
#include "common/rpc/rpc.h"
#include "lectern/v1/auth.pb.h"

namespace lectern::testing {
namespace {

template <typename T>
T OrDie(absl::StatusOr<T> result) {
  if (!result.ok()) {
    std::fprintf(stderr, "API instance: %s\n", result.status().ToString().c_str());
    std::abort();
  }
  return *std::move(result);
}

}  // namespace

struct ApiInstance::Impl {
  Impl(const std::string& url, const ApiOptions& options)
      : clock(options.clock == nullptr ? RealClock() : *options.clock),
        pool({.url = url, .connections = static_cast<int>(options.threads), .observe = api::StatementObserver(metrics)}),
        stores(pool),
        key_store(pool),
        keys(OrDie(api::KeyRing::Load(key_store, TestMasterKey()))),
        authenticator(*keys, stores.sessions, stores.resources, clock),
        live(stores.live),
        limiter(options.rate, options.burst, clock),
        registry(Handlers(options)),
        invoker({registry, authenticator, stores.access, stores.audit, limiter, metrics, clock}),
        calls("calls", options.threads, options.max_queue),
        server(OrDie(api::GrpcServer::Start(options.grpc, registry, invoker, calls, {}))),
        channel(OrDie(rpc::MakeChannel({{absl::StrCat("127.0.0.1:", server->port())}, "", false}))) {}

  api::Registry Handlers(const ApiOptions& options) {
    hints.work = [this] { Note("work"); };
    hints.directory = [this] { Note("directory"); };
    hints.push = [this](const std::string& instance) { Note(absl::StrCat("push:", instance)); };
    api::Registry handlers;
    api::ServiceDeps deps{pool, stores, *keys, authenticator, hints, live, clock};
    deps.public_rtmp_url = options.public_rtmp_url;
    deps.public_grpc_endpoint = options.public_grpc_endpoint;
    api::AddServices(handlers, deps);
    return handlers;
  }
  void Note(std::string hint) {
    absl::MutexLock lock(&mu);
    noted.push_back(std::move(hint));
  }

  Clock& clock;
  Metrics metrics;
  pg::Pool pool;
  api::Stores stores;
  api::KeyStore key_store;
  std::unique_ptr<api::KeyRing> keys;
  api::Authenticator authenticator;
  FakeLiveControl live;
  api::RateLimiter limiter;
  absl::Mutex mu;
  std::vector<std::string> noted ABSL_GUARDED_BY(mu);
  api::Hints hints;
  api::Registry registry;
  api::Invoker invoker;
  ThreadPool calls;
  std::unique_ptr<api::GrpcServer> server;
  std::shared_ptr<grpc::Channel> channel;
};

ApiInstance::ApiInstance(const std::string& database_url, ApiOptions options)
    : impl_(std::make_unique<Impl>(database_url, options)) {}

ApiInstance::~ApiInstance() { impl_->server->Shutdown(absl::Seconds(5)); }

absl::Status ApiInstance::Call(absl::string_view method, const google::protobuf::Message& request,
                               google::protobuf::Message* response, absl::string_view bearer) {
  std::string path = absl::StrCat("/lectern.v1.", method);
  const api::Method* known = impl_->registry.Find(path);
  std::unique_ptr<google::protobuf::Message> unused;
  if (known != nullptr && known->poll) return FirstLook(*known, request, bearer);
  if (response == nullptr && known != nullptr) {
    unused.reset(known->response->New());
    response = unused.get();
  }
  return rpc::Call(*impl_->channel, path, request, response, bearer, absl::Seconds(30));
}

absl::Status ApiInstance::FirstLook(const api::Method& method, const google::protobuf::Message& request, absl::string_view bearer) {
  api::CallMetadata metadata;
  if (!bearer.empty()) metadata.authorization = absl::StrCat("Bearer ", bearer);
  metadata.peer = "127.0.0.1";
  std::unique_ptr<google::protobuf::Message> copy(request.New());
  copy->CopyFrom(request);
  api::Method::Events events;
  return impl_->invoker.StartWatch(method, metadata, std::move(copy), events).status();
}

std::string ApiInstance::Login(const std::string& email, const std::string& password) {
  v1::LoginRequest request;
  request.set_email(email);
  request.set_password(password);
  return OrDie(Call<v1::LoginResponse>("AuthService/Login", request, "")).session_token();
}

int ApiInstance::port() const { return impl_->server->port(); }
api::Stores& ApiInstance::stores() { return impl_->stores; }
pg::Pool& ApiInstance::pool() { return impl_->pool; }
const api::KeyRing& ApiInstance::keys() const { return *impl_->keys; }
const api::Registry& ApiInstance::registry() const { return impl_->registry; }
api::Invoker& ApiInstance::invoker() { return impl_->invoker; }
ThreadPool& ApiInstance::calls() { return impl_->calls; }
Metrics& ApiInstance::metrics() { return impl_->metrics; }
FakeLiveControl& ApiInstance::live() { return impl_->live; }

absl::StatusOr<api::IngestLease> FakeLiveControl::AcquireIngest(const api::IngestRequest& request) {
  absl::MutexLock lock(&mu_);
  requests_.push_back(request);
  return lease_;
}

absl::Status FakeLiveControl::Move(int64_t stream, absl::string_view) {
  absl::MutexLock lock(&mu_);
  moved_.push_back(stream);
  return absl::OkStatus();
}

absl::Status FakeLiveControl::End(absl::Span<const int64_t> streams, absl::string_view reason, bool by_hand) {
  for (int64_t stream : streams) {
    absl::StatusOr<std::string> ended = store_.End(stream, reason, by_hand);
    if (!ended.ok()) return ended.status();
  }
  return absl::OkStatus();
}

void FakeLiveControl::SetLease(absl::StatusOr<api::IngestLease> lease) {
  absl::MutexLock lock(&mu_);
  lease_ = std::move(lease);
}

std::vector<api::IngestRequest> FakeLiveControl::TakeRequests() {
  absl::MutexLock lock(&mu_);
  return std::exchange(requests_, {});
}

std::vector<int64_t> FakeLiveControl::TakeMoved() {
  absl::MutexLock lock(&mu_);
  return std::exchange(moved_, {});
}

std::vector<std::string> ApiInstance::TakeHints() {
  absl::MutexLock lock(&impl_->mu);
  return std::exchange(impl_->noted, {});
}

std::string TestMasterKey() { return std::string(32, 'k'); }

std::string TestPasswordHash() {
  static const std::string hash = OrDie(api::HashPassword(kTestPassword));
  return hash;
}

}  // namespace lectern::testing
