#include "rtmp_proxy/sessions/live_api.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <utility>

#include "common/base/status.h"
#include "common/rpc/rpc.h"
#include "lectern/v1/live.pb.h"

namespace lectern::proxy {
namespace {

// For one instance; a frozen one must not use up the patience of the caller.
constexpr absl::Duration kTryTimeout = absl::Seconds(2);

v1::View ViewOf(absl::string_view word) {
  if (word == "cam") return v1::CAM;
  return word == "pres" ? v1::PRES : v1::COMB;
}

StreamOrder::Kind KindOf(v1::StreamCommand::Kind kind) {
  switch (kind) {
    case v1::StreamCommand::REACQUIRE:
      return StreamOrder::kReacquire;
    case v1::StreamCommand::END:
      return StreamOrder::kEnd;
    case v1::StreamCommand::SUPERSEDED:
      return StreamOrder::kSuperseded;
    case v1::StreamCommand::REOPEN:
      return StreamOrder::kReopen;
    default:
      return StreamOrder::kKeep;
  }
}

void Fill(const StreamHealth& health, v1::StreamReport& report) {
  report.set_stream(health.stream);
  report.set_session(health.session);
  report.set_publishing(health.publishing);
  report.set_epoch(health.relay.epoch);
  report.set_bitrate_bps(health.relay.bitrate_bps);
  report.set_received_ms(health.relay.received_ms);
  report.set_confirmed_ms(health.relay.confirmed_ms);
  report.set_pending_bytes(health.relay.delivered ? 0 : health.relay.pending_bytes);
  report.set_encoder(health.encoder);
  report.set_reason(health.relay.reason);
  for (const StreamWarning& warning : health.warnings) {
    v1::LiveWarning& added = *report.add_warnings();
    added.set_code(warning.code);
    added.set_message(warning.message);
  }
}

class GrpcLiveApi final : public LiveApi {
 public:
  GrpcLiveApi(std::vector<std::shared_ptr<grpc::Channel>> channels, std::string credential, Clock& clock)
      : channels_(std::move(channels)), credential_(std::move(credential)), clock_(clock) {}

  absl::StatusOr<OpenedStream> Open(const OpenCall& call, absl::Duration patience) override {
    v1::OpenStreamRequest request;
    if (call.resume.empty()) request.set_personal_token(call.token);
    request.set_resume_stream(call.resume);
    request.set_view(ViewOf(call.view));
    request.set_session(call.session);
    request.set_peer(call.peer);
    v1::OpenStreamResponse response;
    absl::Duration sent, got;
    RETURN_IF_ERROR(Ask(patience, [&](grpc::Channel& channel, absl::Duration timeout) {
      sent = clock_.Steady();
      absl::Status status = rpc::Call(channel, "/lectern.v1.LiveService/OpenStream", request, &response, credential_, timeout);
      got = clock_.Steady();
      return status;
    }));
    OpenedStream opened;
    opened.stream = response.stream();
    opened.lecture = response.lecture();
    opened.rehearsal = response.rehearsal();
    opened.start_ms = response.start_time_ms();
    opened.api_ahead = absl::Milliseconds(response.now_ms()) - (sent + got) / 2;
    return opened;
  }

  absl::StatusOr<IngestAddress> Acquire(const std::string& stream, const std::string& session, int64_t failed_epoch,
                                        absl::string_view reason, absl::Duration patience) override {
    v1::AcquireIngestRequest request;
    request.set_stream(stream);
    request.set_session(session);
    request.set_failed_epoch(failed_epoch);
    request.set_reason(std::string(reason));
    v1::IngestTarget target;
    RETURN_IF_ERROR(Ask(patience, [&](grpc::Channel& channel, absl::Duration timeout) {
      return rpc::Call(channel, "/lectern.v1.LiveService/AcquireIngest", request, &target, credential_, timeout);
    }));
    return IngestAddress{target.epoch(), target.url(), target.key()};
  }

  absl::StatusOr<std::vector<StreamOrder>> Report(const std::vector<StreamHealth>& streams, absl::Duration patience) override {
    v1::ReportStreamsRequest request;
    for (const StreamHealth& health : streams) Fill(health, *request.add_streams());
    v1::ReportStreamsResponse response;
    RETURN_IF_ERROR(Ask(patience, [&](grpc::Channel& channel, absl::Duration timeout) {
      return rpc::Call(channel, "/lectern.v1.LiveService/ReportStreams", request, &response, credential_, timeout);
    }));
    std::vector<StreamOrder> orders;
    for (const v1::StreamCommand& command : response.commands()) {
      orders.push_back({command.stream(), KindOf(command.kind()), command.reason()});
    }
    return orders;
  }

 private:
  absl::Status Ask(absl::Duration patience, const std::function<absl::Status(grpc::Channel&, absl::Duration)>& call) {
    absl::Duration deadline = clock_.Steady() + patience;
    absl::Status status = absl::UnavailableError("no API instance");
    for (size_t i = 0; i < channels_.size(); ++i) {
      absl::Duration left = deadline - clock_.Steady();
      if (left <= absl::ZeroDuration()) break;
      size_t instance = (preferred_ + i) % channels_.size();
      // The last one may have all that is left.
      bool last = i + 1 == channels_.size();
      status = call(*channels_[instance], last ? left : std::min(left, kTryTimeout));
      if (!IsTrouble(status)) {
        preferred_ = instance;
        return status;
      }
    }
    return status;
  }

  const std::vector<std::shared_ptr<grpc::Channel>> channels_;
  const std::string credential_;
  Clock& clock_;
  std::atomic<size_t> preferred_ = 0;
};

}  // namespace

bool IsTokenRefused(const absl::Status& status) {
  std::string reason = ReasonOf(status);
  return absl::IsUnauthenticated(status) && (reason == "TOKEN_INVALID" || reason == "TOKEN_EXPIRED" || reason == "TOKEN_REVOKED");
}

bool IsTrouble(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kCancelled:
      return true;
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kAborted:
      // With a word it is an answer, without one an instance that is overloaded.
      return ReasonOf(status).empty();
    default:
      return false;
  }
}

absl::StatusOr<std::unique_ptr<LiveApi>> LiveApi::Connect(const LiveApiOptions& options, Clock& clock) {
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  for (const std::string& address : options.addresses) {
    ASSIGN_OR_RETURN(std::shared_ptr<grpc::Channel> channel, rpc::MakeChannel({{address}, options.ca_file, options.plaintext}));
    channels.push_back(std::move(channel));
  }
  return std::make_unique<GrpcLiveApi>(std::move(channels), options.credential, clock);
}

}  // namespace lectern::proxy
