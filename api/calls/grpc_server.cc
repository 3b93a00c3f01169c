#include "api/calls/grpc_server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <mutex>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "api/calls/unary_service.h"
#include "api/calls/watch_reactor.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/rpc/rpc.h"

namespace lectern::api {
namespace {

constexpr int kMaxMessageBytes = 4 << 20;

bool IsLoopback(absl::string_view listen) {
  return absl::StartsWith(listen, "127.") || absl::StartsWith(listen, "localhost:") || absl::StartsWith(listen, "[::1]:");
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeCredentials(const GrpcServerOptions& options) {
  if (options.tls_cert_file.empty() != options.tls_key_file.empty()) {
    return absl::InvalidArgumentError("TLS needs both --tls_cert and --tls_key");
  }
  if (options.tls_cert_file.empty()) {
    if (options.allow_plaintext || IsLoopback(options.listen)) return grpc::InsecureServerCredentials();
    return absl::InvalidArgumentError(absl::StrCat("--grpc_listen=", options.listen, " is reachable from other machines: give "
                                                   "--tls_cert and --tls_key, or --allow_plaintext behind a TLS proxy"));
  }
  grpc::SslServerCredentialsOptions tls;
  tls.pem_key_cert_pairs.emplace_back();
  ASSIGN_OR_RETURN(tls.pem_key_cert_pairs[0].cert_chain, ReadFile(options.tls_cert_file, 1 << 20));
  ASSIGN_OR_RETURN(tls.pem_key_cert_pairs[0].private_key, ReadFile(options.tls_key_file, 1 << 20));
  return grpc::SslServerCredentials(tls);
}

void SetUpExtensions() {
  static std::once_flag once;
  std::call_once(once, [] {
    rpc::RouteLogs();
    grpc::EnableDefaultHealthCheckService(true);
    // A second call would register the reflection service twice.
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  });
}

void SetOptions(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 5000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // Clients ping every 5 s; with the default of five minutes they would be cut off for "too many pings".
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 4000);
  // Two servers on one port would share its calls in silence.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // Reflection is the only service with blocking methods.
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::MAX_POLLERS, 2);
}

class GrpcServerImpl final : public GrpcServer {
 public:
  GrpcServerImpl(const Registry& registry, Invoker& invoker, ThreadPool& calls)
      : watches_(invoker, calls), services_(MakeUnaryServices(registry, invoker, calls, watches_)) {}
  ~GrpcServerImpl() override { Shutdown(absl::ZeroDuration()); }

  absl::Status Start(const GrpcServerOptions& options, std::shared_ptr<grpc::ServerCredentials> credentials,
                     const std::vector<grpc::Service*>& streaming) {
    grpc::ServerBuilder builder;
    SetOptions(builder);
    builder.AddListeningPort(options.listen, std::move(credentials), &port_);
    for (const auto& service : services_) builder.RegisterService(service.get());
    for (grpc::Service* service : streaming) builder.RegisterService(service);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port_ == 0) {
      return absl::UnavailableError(absl::StrCat("cannot listen on ", options.listen, ": is another program there, or the TLS "
                                                 "certificate or key broken?"));
    }
    server_->GetHealthCheckService()->SetServingStatus(true);
    return absl::OkStatus();
  }

  int port() const override { return port_; }

  void StopServing() override { server_->GetHealthCheckService()->SetServingStatus(false); }

  void Shutdown(absl::Duration grace) override {
    if (server_ == nullptr) return;
    watches_.EndAll();
    server_->Shutdown(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(grace));
    server_->Wait();
    server_.reset();
  }

 private:
  GrpcWatches watches_;
  std::vector<std::unique_ptr<grpc::Service>> services_;   // outlive the server
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Start(const GrpcServerOptions& options, const Registry& registry,
                                                              Invoker& invoker, ThreadPool& calls,
                                                              const std::vector<grpc::Service*>& streaming) {
  ASSIGN_OR_RETURN(std::shared_ptr<grpc::ServerCredentials> credentials, MakeCredentials(options));
  SetUpExtensions();
  auto server = std::make_unique<GrpcServerImpl>(registry, invoker, calls);
  RETURN_IF_ERROR(server->Start(options, std::move(credentials), streaming));
  return std::unique_ptr<GrpcServer>(std::move(server));
}

}  // namespace lectern::api
