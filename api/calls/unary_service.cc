#include "api/calls/unary_service.h"

#include <google/protobuf/message.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <map>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "common/rpc/rpc.h"

namespace lectern::api {
namespace {

// Nobody waits for ever: a call without a deadline gets this one.
constexpr absl::Duration kMaxDeadline = absl::Seconds(60);

std::string MetadataValue(const grpc::CallbackServerContext& context, const char* key) {
  auto found = context.client_metadata().find(key);
  return found == context.client_metadata().end() ? "" : std::string(found->second.data(), found->second.size());
}

// "ipv4:192.0.2.1:5000" and "ipv6:%5B2001:db8::1%5D:5000" without scheme, brackets and port.
std::string PeerAddress(const std::string& peer) {
  absl::string_view text = peer;
  text.remove_prefix(std::min(text.size(), text.find(':') + 1));
  text = text.substr(0, text.rfind(':'));
  std::string address = PercentDecode(text).value_or(std::string(text));
  if (absl::StartsWith(address, "[") && absl::EndsWith(address, "]")) return address.substr(1, address.size() - 2);
  return address;
}

CallMetadata MetadataOf(const grpc::CallbackServerContext& context) {
  CallMetadata metadata;
  metadata.authorization = MetadataValue(context, "authorization");
  metadata.peer = PeerAddress(context.peer());
  metadata.request_id = MetadataValue(context, "x-request-id");
  return metadata;
}

absl::Time Deadline(const grpc::CallbackServerContext& context) {
  absl::Time wished = absl::FromChrono(std::chrono::time_point_cast<std::chrono::microseconds>(context.deadline()));
  return std::min(wished, absl::Now() + kMaxDeadline);
}

class UnaryService final : public grpc::Service {
 public:
  UnaryService(Invoker& invoker, ThreadPool& calls, GrpcWatches& watches) : invoker_(invoker), calls_(calls), watches_(watches) {}

  // `path` lives as long as the registry; gRPC keeps the pointer.
  void Add(const std::string& path, const Method& method) {
    using grpc::ByteBuffer;
    using Handler = grpc::internal::CallbackUnaryHandler<ByteBuffer, ByteBuffer>;
    auto* handler = new Handler([this, &method](grpc::CallbackServerContext* context, const ByteBuffer* request,
                                                ByteBuffer* response) { return Start(method, context, request, response); });
    auto* entry = new grpc::internal::RpcServiceMethod(path.c_str(), grpc::internal::RpcMethod::NORMAL_RPC, handler);
    entry->SetServerApiType(grpc::internal::RpcServiceMethod::ApiType::RAW_CALL_BACK);
    AddMethod(entry);   // takes both
  }

  // The same for a method that streams.
  void AddStream(const std::string& path, const Method& method) {
    using grpc::ByteBuffer;
    using Handler = grpc::internal::CallbackServerStreamingHandler<ByteBuffer, ByteBuffer>;
    auto* handler = new Handler([this, &method](grpc::CallbackServerContext* context, const ByteBuffer* request) {
      return watches_.Open(method, *context, MetadataOf(*context), *request);
    });
    auto* entry = new grpc::internal::RpcServiceMethod(path.c_str(), grpc::internal::RpcMethod::SERVER_STREAMING, handler);
    entry->SetServerApiType(grpc::internal::RpcServiceMethod::ApiType::RAW_CALL_BACK);
    AddMethod(entry);
  }

 private:
  // On gRPC's thread: only hands off. Everything passed on lives until the reactor has finished.
  grpc::ServerUnaryReactor* Start(const Method& method, grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                  grpc::ByteBuffer* response) {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    bool taken = calls_.TryRun([this, &method, context, request, response, reactor] {
      reactor->Finish(Answer(method, *context, *request, *response));
    });
    if (!taken) {
      invoker_.CountRefused(method, absl::StatusCode::kResourceExhausted);
      context->AddTrailingMetadata(rpc::kReasonKey, "SERVER_BUSY");
      reactor->Finish(rpc::ToGrpc(absl::ResourceExhaustedError("the server is busy; try again in a moment")));
    }
    return reactor;
  }

  grpc::Status Answer(const Method& method, grpc::CallbackServerContext& context, grpc::ByteBuffer request_bytes,
                      grpc::ByteBuffer& response_bytes) {
    // The caller may have left while the call was queued.
    if (context.IsCancelled()) {
      invoker_.CountRefused(method, absl::StatusCode::kCancelled);
      return grpc::Status::CANCELLED;
    }
    CallMetadata metadata = MetadataOf(context);
    std::unique_ptr<google::protobuf::Message> request(method.request->New());
    std::unique_ptr<google::protobuf::Message> response(method.response->New());
    grpc::Status parsed = grpc::SerializationTraits<google::protobuf::Message>::Deserialize(&request_bytes, request.get());
    absl::Status status =
        parsed.ok() ? invoker_.Invoke(method, metadata, *request, *response, Deadline(context)) : Malformed(method);
    if (!status.ok()) {
      std::string reason = ReasonOf(status);
      if (!reason.empty()) context.AddTrailingMetadata(rpc::kReasonKey, reason);
      context.AddTrailingMetadata("x-request-id", metadata.request_id);
      return rpc::ToGrpc(status);
    }
    bool own = false;
    return grpc::GenericSerialize<grpc::ProtoBufferWriter, google::protobuf::Message>(*response, &response_bytes, &own);
  }

  absl::Status Malformed(const Method& method) {
    invoker_.CountRefused(method, absl::StatusCode::kInvalidArgument);
    return WithReason(absl::InvalidArgumentError(absl::StrCat("the request is no ", method.request->GetTypeName())),
                      "BAD_MESSAGE");
  }

  Invoker& invoker_;
  ThreadPool& calls_;
  GrpcWatches& watches_;
};

}  // namespace

std::vector<std::unique_ptr<grpc::Service>> MakeUnaryServices(const Registry& registry, Invoker& invoker, ThreadPool& calls,
                                                              GrpcWatches& watches) {
  std::map<std::string, std::unique_ptr<UnaryService>> by_name;
  for (const auto& [path, method] : registry.methods()) {
    std::unique_ptr<UnaryService>& service = by_name[method.descriptor->service()->full_name()];
    if (service == nullptr) service = std::make_unique<UnaryService>(invoker, calls, watches);
    if (method.poll) {
      service->AddStream(path, method);
    } else {
      service->Add(path, method);
    }
  }
  std::vector<std::unique_ptr<grpc::Service>> services;
  for (auto& [name, service] : by_name) services.push_back(std::move(service));
  return services;
}

}  // namespace lectern::api
