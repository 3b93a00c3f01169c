#include "api/control/link_service.h"

#include <grpcpp/grpcpp.h>

#include <deque>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "api/control/link_session.h"
#include "common/base/status.h"
#include "common/rpc/rpc.h"
#include "lectern/v1/link.grpc.pb.h"

namespace lectern::api {
namespace {

// A peer that lets so much pile up does not read.
constexpr size_t kOutboxFull = 4096;

std::string BearerOf(const grpc::CallbackServerContext& context) {
  const auto found = context.client_metadata().find("authorization");
  if (found == context.client_metadata().end()) return "";
  absl::string_view value(found->second.data(), found->second.size());
  const absl::string_view scheme = "bearer ";
  if (value.size() < scheme.size() || !absl::EqualsIgnoreCase(value.substr(0, scheme.size()), scheme)) return "";
  return std::string(value.substr(scheme.size()));
}

// The reactor: reactions only enqueue, one write at a time, Finish exactly once and only when no write is under way.
class Stream final : public grpc::ServerBidiReactor<v1::ResourceMessage, v1::ServerMessage>, public LinkStream {
 public:
  explicit Stream(grpc::CallbackServerContext& context) : context_(context) {}

  void Begin(std::shared_ptr<Stream> self, std::shared_ptr<LinkSession> session) {
    self_ = std::move(self);
    session_ = std::move(session);
    ReadOn();
  }

  void Send(const v1::ServerMessage& message) override {
    {
      absl::MutexLock lock(&mu_);
      if (closing_ || done_) return;
      if (outbox_.size() >= kOutboxFull) {
        closing_ = true;
        status_ = grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "the resource does not read its stream");
        outbox_.clear();
      } else {
        outbox_.push_back(message);
      }
    }
    Advance();
  }

  void Close(const absl::Status& status) override {
    {
      absl::MutexLock lock(&mu_);
      if (closing_ || done_) return;
      closing_ = true;
      status_ = rpc::ToGrpc(status);
      reason_ = ReasonOf(status);
    }
    Advance();
  }

  // With the lock, so that no read starts after Finish: an outstanding read is what keeps OnDone away. Read callbacks are never
  // run inside StartRead.
  void ReadOn() override {
    absl::MutexLock lock(&mu_);
    if (done_ || finished_) return;
    incoming_ = std::make_unique<v1::ResourceMessage>();
    StartRead(incoming_.get());
  }

  void OnReadDone(bool ok) override {
    if (ok && session_->OnMessage(std::move(incoming_))) return ReadOn();
    if (ok) return;
    {
      absl::MutexLock lock(&mu_);
      closing_ = true;   // the peer has no more to say: what is queued goes out, then the end
    }
    session_->OnClosed();
    Advance();
  }

  void OnWriteDone(bool ok) override {
    {
      absl::MutexLock lock(&mu_);
      writing_ = false;
      if (!ok) {
        closing_ = true;
        outbox_.clear();
      }
    }
    Advance();
  }

  void OnCancel() override {
    {
      absl::MutexLock lock(&mu_);
      closing_ = true;
      outbox_.clear();
    }
    Advance();
  }

  void OnDone() override {
    session_->OnClosed();
    {
      absl::MutexLock lock(&mu_);
      done_ = true;
    }
    session_.reset();
    self_.reset();   // destroys this where the session has let go of it
  }

 private:
  // Starts the next write, or finishes. Operations start without the lock; `writing_` and `finished_` make them exclusive.
  void Advance() {
    bool write = false, finish = false;
    grpc::Status status;
    std::string reason;
    {
      absl::MutexLock lock(&mu_);
      if (writing_ || finished_) return;
      if (!outbox_.empty()) {
        current_ = std::move(outbox_.front());
        outbox_.pop_front();
        write = writing_ = true;
      } else if (closing_) {
        finish = finished_ = true;
        status = status_;
        reason = reason_;
      }
    }
    if (write) StartWrite(&current_);
    if (!finish) return;
    if (!reason.empty()) context_.AddTrailingMetadata(rpc::kReasonKey, reason);
    Finish(std::move(status));
  }

  grpc::CallbackServerContext& context_;
  std::shared_ptr<Stream> self_;
  std::shared_ptr<LinkSession> session_;
  std::unique_ptr<v1::ResourceMessage> incoming_;
  v1::ServerMessage current_;

  absl::Mutex mu_;
  std::deque<v1::ServerMessage> outbox_ ABSL_GUARDED_BY(mu_);
  bool writing_ ABSL_GUARDED_BY(mu_) = false;
  bool closing_ ABSL_GUARDED_BY(mu_) = false;
  bool finished_ ABSL_GUARDED_BY(mu_) = false;
  bool done_ ABSL_GUARDED_BY(mu_) = false;
  grpc::Status status_ ABSL_GUARDED_BY(mu_);
  std::string reason_ ABSL_GUARDED_BY(mu_);
};

class LinkService final : public v1::ResourceLink::CallbackService {
 public:
  explicit LinkService(LinkParts& parts) : parts_(parts) {}

  grpc::ServerBidiReactor<v1::ResourceMessage, v1::ServerMessage>* Attach(grpc::CallbackServerContext* context) override {
    auto stream = std::make_shared<Stream>(*context);
    auto session = std::make_shared<LinkSession>(parts_, stream, BearerOf(*context));
    stream->Begin(stream, std::move(session));
    return stream.get();
  }

 private:
  LinkParts& parts_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeLinkService(LinkParts& parts) { return std::make_unique<LinkService>(parts); }

}  // namespace lectern::api
