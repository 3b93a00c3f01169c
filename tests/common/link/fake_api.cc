#include "tests/common/link/fake_api.h"

#include <grpcpp/impl/codegen/method_handler.h>
#include <grpcpp/impl/codegen/rpc_service_method.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/status.h"
#include "common/rpc/rpc.h"
#include "lectern/v1/link.grpc.pb.h"

namespace lectern::testing {
namespace {

void SetMilliseconds(int ms, google::protobuf::Duration* duration) {
  duration->set_seconds(ms / 1000);
  duration->set_nanos(ms % 1000 * 1'000'000);
}

}  // namespace

void Attachment::Send(const v1::ServerMessage& message) {
  absl::MutexLock lock(&mu_);
  if (stream_ != nullptr) stream_->Write(message);
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

v1::ResourceMessage Attachment::Expect(v1::ResourceMessage::MessageCase kind) {
  absl::Time deadline = absl::Now() + kPatience;
  absl::MutexLock lock(&mu_);
  auto something = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return !received_.empty() || stream_ == nullptr; };
  while (mu_.AwaitWithDeadline(absl::Condition(&something), deadline) && !received_.empty()) {
    v1::ResourceMessage message = std::move(received_.front());
    received_.pop_front();
    if (message.message_case() == kind) return message;
  }
  ADD_FAILURE() << "no message of kind " << kind << (stream_ == nullptr ? ": the stream has ended" : "");
  return {};
}

void Attachment::WaitFor(v1::ResourceMessage::MessageCase kind) {
  absl::MutexLock lock(&mu_);
  auto came = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return absl::c_any_of(received_, [&](const v1::ResourceMessage& m) { return m.message_case() == kind; });
  };
  EXPECT_TRUE(mu_.AwaitWithTimeout(absl::Condition(&came), kPatience)) << "no message of kind " << kind;
}

std::vector<v1::ResourceMessage> Attachment::TakeAll() {
  absl::MutexLock lock(&mu_);
  std::vector<v1::ResourceMessage> all(received_.begin(), received_.end());
  received_.clear();
  return all;
}

void Attachment::Reset() {
  absl::MutexLock lock(&mu_);
  if (context_ != nullptr) context_->TryCancel();
}

void Attachment::WaitEnded() {
  absl::MutexLock lock(&mu_);
  auto ended = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return stream_ == nullptr; };
  EXPECT_TRUE(mu_.AwaitWithTimeout(absl::Condition(&ended), kPatience)) << "the stream goes on";
}

// Join stands in a proto without generated service code, so it is registered by hand.
class FakeApi::Services {
 public:
  explicit Services(FakeApi& api) : link(api), resources(api) {}

  class Link final : public v1::ResourceLink::Service {
   public:
    explicit Link(FakeApi& api) : api_(api) {}
    grpc::Status Attach(grpc::ServerContext* context, Attachment::Stream* stream) override {
      return api_.OnAttach(context, stream);
    }

   private:
    FakeApi& api_;
  } link;

  class Resources final : public grpc::Service {
   public:
    explicit Resources(FakeApi& api) : api_(api) {
      using grpc::internal::RpcMethodHandler;
      using google::protobuf::MessageLite;
      AddMethod(new grpc::internal::RpcServiceMethod(
          "/lectern.v1.ResourceService/Join", grpc::internal::RpcMethod::NORMAL_RPC,
          new RpcMethodHandler<Resources, v1::JoinRequest, v1::JoinResponse, MessageLite, MessageLite>(
              [](Resources* self, grpc::ServerContext* context, const v1::JoinRequest* request, v1::JoinResponse* response) {
                return self->Join(context, *request, response);
              },
              this)));
    }

   private:
    grpc::Status Join(grpc::ServerContext* context, const v1::JoinRequest& request, v1::JoinResponse* response) {
      absl::MutexLock lock(&api_.mu_);
      api_.joins_.push_back(request);
      response->set_name("resources/7");
      response->set_credential(absl::StrCat("credential-", api_.joins_.size()));
      if (!api_.join_answer_) return grpc::Status::OK;
      absl::Status status = api_.join_answer_(request, response);
      if (!ReasonOf(status).empty()) context->AddTrailingMetadata(rpc::kReasonKey, ReasonOf(status));
      return rpc::ToGrpc(status);
    }

    FakeApi& api_;
  } resources;
};

FakeApi::FakeApi() : services_(std::make_unique<Services>(*this)) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
  builder.RegisterService(&services_->link);
  builder.RegisterService(&services_->resources);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 1000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0);
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) std::abort();
}

FakeApi::~FakeApi() {
  {
    absl::MutexLock lock(&mu_);
    for (const auto& weak : all_) {
      if (auto attachment = weak.lock()) attachment->Reset();
    }
  }
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
}

std::string FakeApi::address() const { return absl::StrCat("127.0.0.1:", port_); }

void FakeApi::set_join_answer(JoinAnswer answer) {
  absl::MutexLock lock(&mu_);
  join_answer_ = std::move(answer);
}

std::vector<v1::JoinRequest> FakeApi::joins() {
  absl::MutexLock lock(&mu_);
  return joins_;
}

std::shared_ptr<Attachment> FakeApi::NextAttachment() {
  absl::MutexLock lock(&mu_);
  auto any = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return !fresh_.empty(); };
  if (!mu_.AwaitWithTimeout(absl::Condition(&any), kPatience)) {
    std::fprintf(stderr, "no resource attached\n");
    std::abort();
  }
  std::shared_ptr<Attachment> attachment = fresh_.front();
  fresh_.pop_front();
  return attachment;
}

v1::ServerMessage FakeApi::RenewedFor(uint64_t seq) const {
  v1::ServerMessage message;
  message.mutable_renewed()->set_seq(seq);
  SetMilliseconds(lease_ms, message.mutable_renewed()->mutable_lease());
  return message;
}

void FakeApi::Greet(Attachment& attachment) {
  v1::ServerMessage welcome;
  welcome.mutable_welcome()->set_epoch(1);
  welcome.mutable_welcome()->set_resource("resources/7");
  SetMilliseconds(lease_ms, welcome.mutable_welcome()->mutable_lease());
  SetMilliseconds(beat_ms, welcome.mutable_welcome()->mutable_beat_interval());
  attachment.Send(welcome);
  if (attachment.hello_.running_size() == 0 || !keeps_all) return;
  v1::ServerMessage reconcile;
  *reconcile.mutable_reconcile()->mutable_keep() = attachment.hello_.running();
  attachment.Send(reconcile);
}

grpc::Status FakeApi::OnAttach(grpc::ServerContext* context, Attachment::Stream* stream) {
  ++attachments;
  if (refuses_with != 0) return grpc::Status(static_cast<grpc::StatusCode>(refuses_with.load()), "refused");
  auto attachment = std::make_shared<Attachment>();
  v1::ResourceMessage message;
  if (!stream->Read(&message) || !message.has_hello()) return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "no Hello");
  attachment->hello_ = message.hello();
  auto authorization = context->client_metadata().find("authorization");
  if (authorization != context->client_metadata().end()) {
    attachment->authorization_ = std::string(authorization->second.data(), authorization->second.size());
  }
  {
    absl::MutexLock lock(&attachment->mu_);
    attachment->stream_ = stream;
    attachment->context_ = context;
  }
  if (welcomes) Greet(*attachment);
  {
    absl::MutexLock lock(&mu_);
    fresh_.push_back(attachment);
    all_.push_back(attachment);
  }
  while (stream->Read(&message)) {
    if (message.has_beat() && renews) attachment->Send(RenewedFor(message.beat().seq()));
    {
      absl::MutexLock lock(&attachment->mu_);
      attachment->received_.push_back(message);
    }
    while (!reads && !context->IsCancelled()) absl::SleepFor(absl::Milliseconds(1));
  }
  absl::MutexLock lock(&attachment->mu_);
  attachment->stream_ = nullptr;
  attachment->context_ = nullptr;
  return grpc::Status::OK;
}

}  // namespace lectern::testing
