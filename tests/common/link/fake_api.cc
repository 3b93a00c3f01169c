#include "tests/common/link/fake_api.h"

#include <grpcpp/impl/codegen/method_handler.h>
#include <grpcpp/impl/codegen/rpc_service_method.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/sync_stream.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <deque>

#include "absl/algorithm/container.h"
#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "common/base/status.h"
#include "common/rpc/rpc.h"
#include "lectern/v1/link.grpc.pb.h"
#include "lectern/v1/resources.pb.h"

namespace lectern::testing {
namespace {

using ServerStream = grpc::ServerReaderWriter<v1::ServerMessage, v1::ResourceMessage>;

void SetMilliseconds(int ms, google::protobuf::Duration* duration) {
  duration->set_seconds(ms / 1000);
  duration->set_nanos(ms % 1000 * 1'000'000);
}

}  // namespace

struct Attachment::Impl {
  v1::Hello hello;
  std::string authorization;
  absl::Mutex mu;
  ServerStream* stream ABSL_GUARDED_BY(mu) = nullptr;   // null once ended
  grpc::ServerContext* context ABSL_GUARDED_BY(mu) = nullptr;
  std::deque<v1::ResourceMessage> received ABSL_GUARDED_BY(mu);
};

Attachment::Attachment() : impl_(std::make_unique<Impl>()) {}
Attachment::~Attachment() = default;

const v1::Hello& Attachment::hello() const { return impl_->hello; }
const std::string& Attachment::authorization() const { return impl_->authorization; }

void Attachment::Send(const v1::ServerMessage& message) {
  absl::MutexLock lock(&impl_->mu);
  if (impl_->stream != nullptr) impl_->stream->Write(message);
}

void Attachment::Assign(int64_t job, int64_t token) {
  v1::ServerMessage message;
  message.mutable_assign()->set_job(job);
  message.mutable_assign()->set_token(token);
  message.mutable_assign()->mutable_spec()->mutable_noop();
  Send(message);
}

void Attachment::Recorded(int64_t job, int64_t token) {
  v1::ServerMessage message;
  message.mutable_recorded()->set_job(job);
  message.mutable_recorded()->set_token(token);
  message.mutable_recorded()->set_accepted(true);
  Send(message);
}

v1::ResourceMessage Attachment::Expect(int kind) {
  absl::Time deadline = absl::Now() + kPatience;
  Impl& impl = *impl_;
  absl::MutexLock lock(&impl.mu);
  auto something = [&impl]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(impl.mu) { return !impl.received.empty() || impl.stream == nullptr; };
  while (impl.mu.AwaitWithDeadline(absl::Condition(&something), deadline) && !impl.received.empty()) {
    v1::ResourceMessage message = std::move(impl.received.front());
    impl.received.pop_front();
    if (message.message_case() == kind) return message;
  }
  ADD_FAILURE() << "no message of kind " << kind << (impl.stream == nullptr ? ": the stream has ended" : "");
  return {};
}

void Attachment::WaitFor(int kind) {
  Impl& impl = *impl_;
  absl::MutexLock lock(&impl.mu);
  auto came = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(impl.mu) {
    return absl::c_any_of(impl.received, [&](const v1::ResourceMessage& m) { return m.message_case() == kind; });
  };
  EXPECT_TRUE(impl.mu.AwaitWithTimeout(absl::Condition(&came), kPatience)) << "no message of kind " << kind;
}

std::vector<v1::ResourceMessage> Attachment::TakeAll() {
  absl::MutexLock lock(&impl_->mu);
  std::vector<v1::ResourceMessage> all(impl_->received.begin(), impl_->received.end());
  impl_->received.clear();
  return all;
}

void Attachment::Reset() {
  absl::MutexLock lock(&impl_->mu);
  if (impl_->context != nullptr) impl_->context->TryCancel();
}

void Attachment::WaitEnded() {
  Impl& impl = *impl_;
  absl::MutexLock lock(&impl.mu);
  auto ended = [&impl]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(impl.mu) { return impl.stream == nullptr; };
  EXPECT_TRUE(impl.mu.AwaitWithTimeout(absl::Condition(&ended), kPatience)) << "the stream goes on";
}

struct FakeApi::Impl {
  // Join stands in a proto without generated service code, so it is registered by hand.
  class Resources final : public grpc::Service {
   public:
    explicit Resources(Impl& api) : api_(api) {
      using google::protobuf::MessageLite;
      using grpc::internal::RpcMethodHandler;
      AddMethod(new grpc::internal::RpcServiceMethod(
          "/lectern.v1.ResourceService/Join", grpc::internal::RpcMethod::NORMAL_RPC,
          new RpcMethodHandler<Resources, v1::JoinRequest, v1::JoinResponse, MessageLite, MessageLite>(
              [](Resources* self, grpc::ServerContext* context, const v1::JoinRequest* request, v1::JoinResponse* response) {
                return self->api_.Join(context, *request, response);
              },
              this)));
    }

   private:
    Impl& api_;
  };

  class Link final : public v1::ResourceLink::Service {
   public:
    explicit Link(Impl& api) : api_(api) {}
    grpc::Status Attach(grpc::ServerContext* context, ServerStream* stream) override { return api_.Attach(context, stream); }

   private:
    Impl& api_;
  };

  explicit Impl(FakeApi& owner) : script(owner), resources(*this), link(*this) {}

  grpc::Status Join(grpc::ServerContext* context, const v1::JoinRequest& request, v1::JoinResponse* response) {
    absl::MutexLock lock(&mu);
    joins.push_back(request);
    response->set_name("resources/7");
    response->set_credential(absl::StrCat("credential-", joins.size()));
    if (!join_answer) return grpc::Status::OK;
    absl::Status status = join_answer(request, response);
    if (!ReasonOf(status).empty()) context->AddTrailingMetadata(rpc::kReasonKey, ReasonOf(status));
    return rpc::ToGrpc(status);
  }
  grpc::Status Attach(grpc::ServerContext* context, ServerStream* stream);
  void Greet(Attachment& attachment);
  v1::ServerMessage RenewedFor(uint64_t seq) const;

  FakeApi& script;
  Resources resources;
  Link link;
  absl::Mutex mu;
  JoinAnswer join_answer ABSL_GUARDED_BY(mu);
  std::vector<v1::JoinRequest> joins ABSL_GUARDED_BY(mu);
  std::deque<std::shared_ptr<Attachment>> fresh ABSL_GUARDED_BY(mu);
  std::vector<std::weak_ptr<Attachment>> all ABSL_GUARDED_BY(mu);
  int port = 0;
  std::unique_ptr<grpc::Server> server;
};

FakeApi::FakeApi() : impl_(std::make_unique<Impl>(*this)) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &impl_->port);
  builder.RegisterService(&impl_->link);
  builder.RegisterService(&impl_->resources);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 1000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0);
  impl_->server = builder.BuildAndStart();
  if (impl_->server == nullptr) std::abort();
}

FakeApi::~FakeApi() {
  {
    absl::MutexLock lock(&impl_->mu);
    for (const auto& weak : impl_->all) {
      if (auto attachment = weak.lock()) attachment->Reset();
    }
  }
  impl_->server->Shutdown(std::chrono::system_clock::now());
  impl_->server->Wait();
}

std::string FakeApi::address() const { return absl::StrCat("127.0.0.1:", impl_->port); }

void FakeApi::set_join_answer(JoinAnswer answer) {
  absl::MutexLock lock(&impl_->mu);
  impl_->join_answer = std::move(answer);
}

std::vector<v1::JoinRequest> FakeApi::joins() {
  absl::MutexLock lock(&impl_->mu);
  return impl_->joins;
}

std::shared_ptr<Attachment> FakeApi::NextAttachment() {
  Impl& impl = *impl_;
  absl::MutexLock lock(&impl.mu);
  auto any = [&impl]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(impl.mu) { return !impl.fresh.empty(); };
  if (!impl.mu.AwaitWithTimeout(absl::Condition(&any), kPatience)) {
    std::fprintf(stderr, "no resource attached\n");
    std::abort();
  }
  std::shared_ptr<Attachment> attachment = impl.fresh.front();
  impl.fresh.pop_front();
  return attachment;
}

v1::ServerMessage FakeApi::Impl::RenewedFor(uint64_t seq) const {
  v1::ServerMessage message;
  message.mutable_renewed()->set_seq(seq);
  SetMilliseconds(script.lease_ms, message.mutable_renewed()->mutable_lease());
  return message;
}

void FakeApi::Impl::Greet(Attachment& attachment) {
  v1::ServerMessage welcome;
  welcome.mutable_welcome()->set_epoch(1);
  welcome.mutable_welcome()->set_resource("resources/7");
  SetMilliseconds(script.lease_ms, welcome.mutable_welcome()->mutable_lease());
  SetMilliseconds(script.beat_ms, welcome.mutable_welcome()->mutable_beat_interval());
  attachment.Send(welcome);
  if (attachment.hello().running_size() == 0 || !script.keeps_all) return;
  v1::ServerMessage reconcile;
  *reconcile.mutable_reconcile()->mutable_keep() = attachment.hello().running();
  attachment.Send(reconcile);
}

grpc::Status FakeApi::Impl::Attach(grpc::ServerContext* context, ServerStream* stream) {
  ++script.attachments;
  if (script.refuses_with != 0) return grpc::Status(static_cast<grpc::StatusCode>(script.refuses_with.load()), "refused");
  auto attachment = std::make_shared<Attachment>();
  Attachment::Impl& state = *attachment->impl_;
  v1::ResourceMessage message;
  if (!stream->Read(&message) || !message.has_hello()) return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "no Hello");
  state.hello = message.hello();
  auto authorization = context->client_metadata().find("authorization");
  if (authorization != context->client_metadata().end()) {
    state.authorization = std::string(authorization->second.data(), authorization->second.size());
  }
  {
    absl::MutexLock lock(&state.mu);
    state.stream = stream;
    state.context = context;
  }
  if (script.welcomes) Greet(*attachment);
  {
    absl::MutexLock lock(&mu);
    fresh.push_back(attachment);
    all.push_back(attachment);
  }
  while (stream->Read(&message)) {
    if (message.has_beat() && script.renews) attachment->Send(RenewedFor(message.beat().seq()));
    {
      absl::MutexLock lock(&state.mu);
      state.received.push_back(message);
    }
    while (!script.reads && !context->IsCancelled()) absl::SleepFor(absl::Milliseconds(1));
  }
  absl::MutexLock lock(&state.mu);
  state.stream = nullptr;
  state.context = nullptr;
  return grpc::Status::OK;
}

}  // namespace lectern::testing
