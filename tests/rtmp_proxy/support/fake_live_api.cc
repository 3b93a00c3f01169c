#include "tests/rtmp_proxy/support/fake_live_api.h"

#include <grpcpp/impl/codegen/method_handler.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/impl/codegen/rpc_service_method.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <list>
#include <cstdlib>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "lectern/v1/live.pb.h"

namespace lectern::testing {
namespace {

struct Stream {
  int64_t start_ms = 0;
  std::string session;
};

}  // namespace

struct FakeLiveApi::Impl {
  class Service final : public grpc::Service {
   public:
    explicit Service(Impl& impl) {
      Add<v1::OpenStreamRequest, v1::OpenStreamResponse>("OpenStream", impl, &Impl::Open);
      Add<v1::AcquireIngestRequest, v1::IngestTarget>("AcquireIngest", impl, &Impl::Acquire);
      Add<v1::ReportStreamsRequest, v1::ReportStreamsResponse>("ReportStreams", impl, &Impl::Report);
    }

   private:
    template <typename Request, typename Response>
    void Add(const char* name, Impl& impl, grpc::Status (Impl::*method)(grpc::ServerContext*, const Request&, Response*)) {
      using grpc::internal::RpcMethodHandler;
      names_.push_back(absl::StrCat("/lectern.v1.LiveService/", name));
      AddMethod(new grpc::internal::RpcServiceMethod(
          names_.back().c_str(), grpc::internal::RpcMethod::NORMAL_RPC,
          new RpcMethodHandler<Service, Request, Response>(
              [&impl, method](Service*, grpc::ServerContext* context, const Request* request, Response* response) {
                return (impl.*method)(context, *request, response);
              },
              this)));
    }
    std::list<std::string> names_;
  };

  static grpc::Status Refuse(grpc::ServerContext* context, grpc::StatusCode code, const char* reason) {
    context->AddTrailingMetadata("lectern-reason", reason);
    return grpc::Status(code, "refused by the test");
  }

  grpc::Status Open(grpc::ServerContext* context, const v1::OpenStreamRequest& request, v1::OpenStreamResponse* response) {
    absl::MutexLock lock(&mu);
    SeenOpen seen{request.personal_token(), v1::View_Name(request.view()), request.session(), request.resume_stream(), ""};
    auto bearer = context->client_metadata().find("authorization");
    if (bearer != context->client_metadata().end()) {
      seen.credential = std::string(bearer->second.data(), bearer->second.size());
    }
    opens.push_back(seen);
    std::string name = request.resume_stream();
    if (auto moved = resumes.find(name); moved != resumes.end()) name = moved->second;
    if (auto token = tokens.find(request.personal_token()); name.empty() && token != tokens.end()) name = token->second;
    auto stream = streams.find(name);
    if (stream == streams.end()) return Refuse(context, grpc::StatusCode::UNAUTHENTICATED, "TOKEN_INVALID");
    stream->second.session = request.session();
    response->set_stream(name);
    response->set_lecture("lectures/1");
    response->set_start_time_ms(stream->second.start_ms);
    response->set_now_ms(absl::ToUnixMillis(absl::Now()));
    return grpc::Status::OK;
  }

  grpc::Status Acquire(grpc::ServerContext* context, const v1::AcquireIngestRequest& request, v1::IngestTarget* target) {
    absl::MutexLock lock(&mu);
    ++acquires;
    if (streams[request.stream()].session != request.session()) return Refuse(context, grpc::StatusCode::ABORTED, "SUPERSEDED");
    if (url.empty()) return Refuse(context, grpc::StatusCode::RESOURCE_EXHAUSTED, "NO_FREE_WORKER");
    target->set_epoch(epoch);
    target->set_url(absl::StrCat(url, absl::StripPrefix(request.stream(), "liveStreams/"), "-", epoch));
    target->set_key("worker-key");
    target->set_worker("resources/4");
    return grpc::Status::OK;
  }

  grpc::Status Report(grpc::ServerContext*, const v1::ReportStreamsRequest& request, v1::ReportStreamsResponse* response) {
    absl::MutexLock lock(&mu);
    ++reports;
    for (const v1::StreamReport& report : request.streams()) {
      SeenReport& seen = last[report.stream()];
      seen = {report.session(), report.publishing(),   report.epoch(),  report.received_ms(),
              report.confirmed_ms(), report.encoder(), report.reason(), {}};
      for (const v1::LiveWarning& warning : report.warnings()) seen.warnings.push_back(warning.code());
      v1::StreamCommand& command = *response->add_commands();
      command.set_stream(report.stream());
      command.set_reason("by the test");
      if (streams[report.stream()].session != report.session()) command.set_kind(v1::StreamCommand::SUPERSEDED);
      if (orders.contains(report.stream())) command.set_kind(static_cast<v1::StreamCommand::Kind>(orders[report.stream()]));
    }
    return grpc::Status::OK;
  }

  void Listen() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(absl::StrCat("127.0.0.1:", port), grpc::InsecureServerCredentials(), &port);
    service = std::make_unique<Service>(*this);
    builder.RegisterService(service.get());
    server = builder.BuildAndStart();
    if (server == nullptr) abort();
  }

  void Close() {
    server->Shutdown(std::chrono::system_clock::now());
    server.reset();
    service.reset();
  }

  int port = 0;
  std::unique_ptr<Service> service;
  std::unique_ptr<grpc::Server> server;
  absl::Mutex mu;
  std::map<std::string, std::string> tokens ABSL_GUARDED_BY(mu);
  std::map<std::string, std::string> resumes ABSL_GUARDED_BY(mu);
  std::map<std::string, Stream> streams ABSL_GUARDED_BY(mu);
  std::map<std::string, int> orders ABSL_GUARDED_BY(mu);
  std::map<std::string, SeenReport> last ABSL_GUARDED_BY(mu);
  std::vector<SeenOpen> opens ABSL_GUARDED_BY(mu);
  int acquires ABSL_GUARDED_BY(mu) = 0;
  int reports ABSL_GUARDED_BY(mu) = 0;
  int64_t epoch ABSL_GUARDED_BY(mu) = 0;
  std::string url ABSL_GUARDED_BY(mu);
};

FakeLiveApi::FakeLiveApi() : impl_(std::make_unique<Impl>()) { impl_->Listen(); }
FakeLiveApi::~FakeLiveApi() {
  if (impl_->server != nullptr) impl_->Close();
}

std::string FakeLiveApi::address() const { return absl::StrCat("127.0.0.1:", impl_->port); }
void FakeLiveApi::Stop() { impl_->Close(); }
void FakeLiveApi::Start() { impl_->Listen(); }

void FakeLiveApi::AddStream(const std::string& token, const std::string& stream) {
  absl::MutexLock lock(&impl_->mu);
  // Whoever asks by the stream that the token had gets the new one.
  if (impl_->tokens.contains(token)) impl_->resumes[impl_->tokens[token]] = stream;
  impl_->tokens[token] = stream;
  impl_->streams[stream].start_ms = absl::ToUnixMillis(absl::Now());
}

void FakeLiveApi::RevokeAll() {
  absl::MutexLock lock(&impl_->mu);
  impl_->tokens.clear();
}

void FakeLiveApi::SetWorker(int64_t epoch, const std::string& url) {
  absl::MutexLock lock(&impl_->mu);
  impl_->epoch = epoch;
  impl_->url = url;
}

void FakeLiveApi::Order(const std::string& stream, int kind) {
  absl::MutexLock lock(&impl_->mu);
  impl_->orders[stream] = kind;
  if (kind == 0) impl_->orders.erase(stream);
}

std::vector<SeenOpen> FakeLiveApi::opens() const {
  absl::MutexLock lock(&impl_->mu);
  return impl_->opens;
}

int FakeLiveApi::acquires() const {
  absl::MutexLock lock(&impl_->mu);
  return impl_->acquires;
}

SeenReport FakeLiveApi::report(const std::string& stream) const {
  absl::MutexLock lock(&impl_->mu);
  return impl_->last[stream];
}

int FakeLiveApi::reports() const {
  absl::MutexLock lock(&impl_->mu);
  return impl_->reports;
}

}  // namespace lectern::testing
