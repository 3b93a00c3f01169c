#include "api/calls/watch_reactor.h"

#include <google/protobuf/message.h>
#include <grpcpp/alarm.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/server_context.h>

#include <chrono>
#include <deque>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "api/calls/watch.h"
#include "common/base/status.h"
#include "common/rpc/rpc.h"

namespace lectern::api {

// At any time exactly one of these is under way: a turn on the pool, a write, a wait, or the end. Each step ends by choosing the
// next (Step); what comes from outside, a cancellation or the server's end, only sets a flag and cuts a wait short.
class WatchReactor final : public grpc::ServerWriteReactor<grpc::ByteBuffer>, public std::enable_shared_from_this<WatchReactor> {
 public:
  WatchReactor(GrpcWatches& watches, const Method& method, grpc::CallbackServerContext& context, CallMetadata metadata,
               grpc::ByteBuffer request)
      : watches_(watches), method_(method), context_(context), metadata_(std::move(metadata)), request_(std::move(request)) {}

  // Begins.
  void Start() {
    bool taken = watches_.calls_.TryRun([self = shared_from_this()] { self->Step(self->Open()); });
    if (taken) return;
    watches_.invoker_.CountRefused(method_, absl::StatusCode::kResourceExhausted);
    End(WithReason(absl::ResourceExhaustedError("the server is busy; try again in a moment"), "SERVER_BUSY"), /*cancelled=*/false);
  }

  void Stop() {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
    if (alarm_) alarm_->Cancel();
  }

  void OnCancel() override {
    absl::MutexLock lock(&mu_);
    cancelled_ = true;
    if (alarm_) alarm_->Cancel();
  }

  void OnWriteDone(bool ok) override {
    unsent_.pop_front();
    Step(ok ? absl::OkStatus() : absl::CancelledError("the client is gone"));
  }

  void OnDone() override { watches_.Remove(shared_from_this()); }

 private:
  absl::Status Open() {
    std::unique_ptr<google::protobuf::Message> request(method_.request->New());
    if (!grpc::SerializationTraits<google::protobuf::Message>::Deserialize(&request_, request.get()).ok()) {
      watches_.invoker_.CountRefused(method_, absl::StatusCode::kInvalidArgument);
      absl::Status malformed = absl::InvalidArgumentError(absl::StrCat("the request is no ", method_.request->GetTypeName()));
      return WithReason(malformed, "BAD_MESSAGE");
    }
    Method::Events events;
    ASSIGN_OR_RETURN(watch_, watches_.invoker_.StartWatch(method_, metadata_, std::move(request), events));
    Keep(events);
    return absl::OkStatus();
  }

  absl::Status Turn() {
    Method::Events events;
    RETURN_IF_ERROR(watch_->Turn(events));
    Keep(events);
    return absl::OkStatus();
  }

  void Keep(const Method::Events& events) {
    for (const auto& event : events) {
      bool own = false;
      grpc::GenericSerialize<grpc::ProtoBufferWriter, google::protobuf::Message>(*event, &unsent_.emplace_back(), &own);
    }
  }

  // The end of a step: chooses what comes next.
  void Step(const absl::Status& status) {
    bool over, cancelled;
    {
      absl::MutexLock lock(&mu_);
      over = !status.ok() || cancelled_ || stopping_;
      cancelled = cancelled_;
      if (!over && unsent_.empty()) return Wait();
    }
    if (over) return End(status, cancelled);
    StartWrite(&unsent_.front());
  }

  void Wait() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    // One alarm a wait: setting it again would replace the function that is running.
    alarm_ = std::make_unique<grpc::Alarm>();
    auto when = std::chrono::system_clock::now() + absl::ToChronoMilliseconds(watch_->interval());
    alarm_->Set(when, [self = shared_from_this()](bool) { self->AfterWait(); });
  }

  void AfterWait() {
    std::unique_ptr<grpc::Alarm> fired;
    bool over;
    {
      absl::MutexLock lock(&mu_);
      fired = std::move(alarm_);
      over = cancelled_ || stopping_;
    }
    // A pool that has too much to do costs the watcher a turn.
    bool taken = !over && watches_.calls_.TryRun([self = shared_from_this()] { self->Step(self->Turn()); });
    if (!taken) Step(absl::OkStatus());
  }

  void End(absl::Status status, bool cancelled) {
    if (status.ok() && cancelled) status = absl::CancelledError("the client is gone");
    if (status.ok()) status = WithReason(absl::UnavailableError("the server is going down; connect again"), "SERVER_STOPPING");
    watch_.reset();
    std::string reason = ReasonOf(status);
    if (!reason.empty()) context_.AddTrailingMetadata(rpc::kReasonKey, reason);
    context_.AddTrailingMetadata("x-request-id", metadata_.request_id);
    Finish(rpc::ToGrpc(status));
  }

  GrpcWatches& watches_;
  const Method& method_;
  grpc::CallbackServerContext& context_;
  CallMetadata metadata_;
  grpc::ByteBuffer request_;
  std::unique_ptr<Watch> watch_;
  std::deque<grpc::ByteBuffer> unsent_;
  absl::Mutex mu_;
  bool cancelled_ ABSL_GUARDED_BY(mu_) = false;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::unique_ptr<grpc::Alarm> alarm_ ABSL_GUARDED_BY(mu_);   // null: no wait is under way
};

grpc::ServerWriteReactor<grpc::ByteBuffer>* GrpcWatches::Open(const Method& method, grpc::CallbackServerContext& context,
                                                              CallMetadata metadata, const grpc::ByteBuffer& request) {
  auto reactor = std::make_shared<WatchReactor>(*this, method, context, std::move(metadata), request);
  {
    absl::MutexLock lock(&mu_);
    open_.insert(reactor);
    if (ending_) reactor->Stop();
  }
  reactor->Start();
  return reactor.get();
}

void GrpcWatches::EndAll() {
  std::vector<std::shared_ptr<WatchReactor>> open;
  {
    absl::MutexLock lock(&mu_);
    ending_ = true;
    open.assign(open_.begin(), open_.end());
  }
  for (const auto& reactor : open) reactor->Stop();
}

void GrpcWatches::Remove(const std::shared_ptr<WatchReactor>& reactor) {
  absl::MutexLock lock(&mu_);
  open_.erase(reactor);
}

}  // namespace lectern::api
