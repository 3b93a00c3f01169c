#include "common/link/stream.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/rpc/rpc.h"
#include "lectern/v1/link.grpc.pb.h"
#include "lectern/v1/link.pb.h"

namespace lectern::link {
namespace {

// `out_` belongs to gRPC between StartWrite and OnWriteDone, `in_` between StartRead and OnReadDone, everything else always to the
// mailbox' thread. Reactions only post: they run on gRPC's few threads.
class GrpcStream final : public Stream, public grpc::ClientBidiReactor<v1::ResourceMessage, v1::ServerMessage> {
 public:
  GrpcStream(std::shared_ptr<grpc::Channel> channel, const std::string& credential, Mailbox& mailbox, StreamEvents& events)
      : mailbox_(mailbox), events_(events), channel_(std::move(channel)), stub_(v1::ResourceLink::NewStub(channel_)) {
    context_.AddMetadata("authorization", absl::StrCat("Bearer ", credential));
    stub_->async()->Attach(&context_, this);
    // Operations are started from outside reactions, so gRPC must not think that the stream is idle and over.
    AddHold();
    StartRead(&in_);
    StartCall();
  }

  bool writable() const override { return !writing_ && !closing_ && !over_; }

  void Write(const v1::ResourceMessage& message) override {
    out_ = message;
    writing_ = true;
    StartWrite(&out_);
  }

  void HalfClose() override {
    if (closing_ || over_) return;
    closing_ = true;
    if (!writing_) StartWritesDone();
  }

  void Cancel() override { context_.TryCancel(); }

  void OnReadDone(bool ok) override {
    mailbox_.Post([this, ok] { AfterRead(ok); });
  }
  void OnWriteDone(bool ok) override {
    mailbox_.Post([this, ok] { AfterWrite(ok); });
  }
  void OnDone(const grpc::Status& status) override {
    mailbox_.Post([this, status] {
      const auto& trailing = context_.GetServerTrailingMetadata();
      auto reason = trailing.find(rpc::kReasonKey);
      absl::Status end = rpc::FromGrpc(
          status, reason == trailing.end() ? "" : absl::string_view(reason->second.data(), reason->second.size()));
      events_.OnStreamEnd(end);
    });
  }

 private:
  void AfterRead(bool ok) {
    if (ok) {
      events_.OnMessage(in_);
      StartRead(&in_);
      return;
    }
    over_ = true;
    RemoveHold();
  }

  void AfterWrite(bool ok) {
    writing_ = false;
    if (over_ || !ok) return;
    if (closing_) {
      StartWritesDone();
    } else {
      events_.OnWritable();
    }
  }

  Mailbox& mailbox_;
  StreamEvents& events_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<v1::ResourceLink::Stub> stub_;
  grpc::ClientContext context_;
  v1::ServerMessage in_;
  v1::ResourceMessage out_;
  bool writing_ = false;
  bool closing_ = false;
  bool over_ = false;   // the last read has failed; the end follows
};

}  // namespace

absl::StatusOr<std::unique_ptr<Stream>> Stream::Open(const StreamTarget& target, Mailbox& mailbox, StreamEvents& events) {
  ASSIGN_OR_RETURN(std::shared_ptr<grpc::Channel> channel,
                   rpc::MakeChannel({{target.address}, target.ca_file, target.plaintext}));
  return std::make_unique<GrpcStream>(std::move(channel), target.credential, mailbox, events);
}

}  // namespace lectern::link
