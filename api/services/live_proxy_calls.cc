#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "api/calls/rate_limiter.h"
#include "api/services/convert.h"
#include "api/services/due_lecture.h"
#include "api/services/fields.h"
#include "api/services/services.h"
#include "common/base/status.h"
#include "common/log/log.h"
#include "common/rpc/rpc.h"
#include "lectern/v1/live.pb.h"

namespace lectern::api {
namespace {

constexpr size_t kSessionDigits = 32;
constexpr size_t kMaxTokenBytes = 500;
constexpr size_t kMaxPeerBytes = 64;
constexpr size_t kMaxReasonBytes = 500;
constexpr int kMaxReports = 1000;
constexpr int kMaxWarnings = 20;

std::string Cut(absl::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return std::string(text);
  size_t end = max_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end));
}

absl::Status CheckSession(const std::string& session) {
  auto lower_hex = [](unsigned char c) { return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f'); };
  if (session.size() == kSessionDigits && std::all_of(session.begin(), session.end(), lower_hex)) return absl::OkStatus();
  return BadField("session", session, "write 32 hex digits, one a publisher's connection");
}

absl::Status RequireProxy(const CallContext& call) {
  if (call.caller.resource_kind == "rtmp_proxy") return absl::OkStatus();
  return WithReason(absl::PermissionDeniedError(absl::StrCat("only RTMP proxies may call this; ", call.caller.Name(), " is none")),
                    "NOT_A_PROXY");
}

ProxyReport RowOf(int64_t stream, const v1::StreamReport& report) {
  ProxyReport row;
  row.stream = stream;
  row.session = report.session();
  row.publishing = report.publishing();
  row.epoch = report.epoch();
  row.pending_bytes = std::max<int64_t>(0, report.pending_bytes());
  row.reason = Cut(report.reason(), kMaxReasonBytes);
  v1::StreamReport kept = report;
  kept.set_reason(row.reason);
  kept.set_encoder(Cut(report.encoder(), kMaxReasonBytes));
  while (kept.warnings_size() > kMaxWarnings) kept.mutable_warnings()->RemoveLast();
  for (v1::LiveWarning& warning : *kept.mutable_warnings()) {
    warning.set_code(Cut(warning.code(), kMaxPeerBytes));
    warning.set_message(Cut(warning.message(), kMaxReasonBytes));
  }
  if (!google::protobuf::util::MessageToJsonString(kept, &row.report_json).ok()) row.report_json = "{}";
  return row;
}

// What the proxy is to do with a stream that it reported.
std::pair<v1::StreamCommand::Kind, std::string> CommandFor(const ReportedStream& stream, const v1::StreamReport& report) {
  if (!stream.known) return {v1::StreamCommand::END, "the stream is not known any more"};
  if (!stream.mine) return {v1::StreamCommand::SUPERSEDED, "a newer connection for the same view has taken over"};
  if (stream.state == "ended" || stream.state == "ending") return {v1::StreamCommand::END, stream.end_reason};
  if (stream.reopen && report.publishing()) return {v1::StreamCommand::REOPEN, "the lecture begins"};
  const bool moved = report.epoch() != 0 && report.epoch() != stream.epoch;
  if (moved) return {v1::StreamCommand::REACQUIRE, "another worker takes the stream"};
  return {v1::StreamCommand::KEEP, ""};
}

class LiveProxyCalls {
 public:
  explicit LiveProxyCalls(const ServiceDeps& deps) : deps_(deps), due_(deps), refusals_(0.2, 5, deps.clock) {}

  absl::Status Open(CallContext& call, const v1::OpenStreamRequest& request, v1::OpenStreamResponse& response) {
    RETURN_IF_ERROR(RequireProxy(call));
    OpenLive open;
    AuditEvent event;
    event.actor = call.caller.Name();
    absl::StatusOr<LiveStreamRow> stream = OpenFor(call, request, open, event);
    event.outcome = std::string(rpc::CodeWord(stream.status().code()));
    event.detail = absl::StrCat(stream.ok() ? "" : absl::StrCat(stream.status().message(), " "), "view ", open.view, " from ",
                                Cut(request.peer(), kMaxPeerBytes), " at ", call.caller.Name());
    Audit(event, stream.ok() || refusals_.Take(request.peer()) == absl::ZeroDuration());
    if (!stream.ok()) return stream.status();
    response.set_stream(NameOf("liveStreams", stream->id));
    response.set_lecture(NameOf("lectures", stream->lecture_id));
    response.set_lecture_title(stream->lecture_title);
    response.set_rehearsal(stream->rehearsal);
    response.set_start_time_ms(absl::ToUnixMillis(stream->started_at));
    response.set_now_ms(absl::ToUnixMillis(deps_.clock.Now()));
    return absl::OkStatus();
  }

  absl::Status Acquire(CallContext& call, const v1::AcquireIngestRequest& request, v1::IngestTarget& target) {
    RETURN_IF_ERROR(RequireProxy(call));
    IngestRequest wish;
    ASSIGN_OR_RETURN(wish.stream, RequireName("stream", request.stream(), "liveStreams"));
    RETURN_IF_ERROR(CheckSession(request.session()));
    wish.proxy = call.caller.resource_id;
    wish.session = request.session();
    wish.failed_epoch = request.failed_epoch();
    wish.reason = Cut(request.reason(), kMaxReasonBytes);
    ASSIGN_OR_RETURN(IngestLease lease, deps_.live.AcquireIngest(wish));
    target.set_epoch(lease.epoch);
    target.set_url(lease.url);
    target.set_key(lease.key);
    target.set_worker(NameOf("resources", lease.worker));
    return absl::OkStatus();
  }

  absl::Status Report(CallContext& call, const v1::ReportStreamsRequest& request, v1::ReportStreamsResponse& response) {
    RETURN_IF_ERROR(RequireProxy(call));
    if (request.streams_size() > kMaxReports) {
      return BadField("streams", absl::StrCat(request.streams_size()), absl::StrCat("report at most ", kMaxReports, " at once"));
    }
    std::vector<ProxyReport> reports;
    for (const v1::StreamReport& report : request.streams()) {
      ASSIGN_OR_RETURN(int64_t stream, RequireName("stream", report.stream(), "liveStreams"));
      RETURN_IF_ERROR(CheckSession(report.session()));
      reports.push_back(RowOf(stream, report));
    }
    if (reports.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(std::vector<ReportedStream> streams, deps_.stores.live.ReportProxy(call.caller.resource_id, reports));
    for (int i = 0; i < request.streams_size() && i < static_cast<int>(streams.size()); ++i) {
      auto [kind, reason] = CommandFor(streams[i], request.streams(i));
      v1::StreamCommand& command = *response.add_commands();
      command.set_stream(request.streams(i).stream());
      command.set_kind(kind);
      command.set_reason(reason);
    }
    return absl::OkStatus();
  }

 private:
  // The publisher's person, by the token or by the stream that the same proxy has opened with it.
  absl::StatusOr<PersonalTokenUse> Identify(const CallContext& call, const v1::OpenStreamRequest& request) {
    SessionStore& sessions = deps_.stores.sessions;
    if (!request.resume_stream().empty()) {
      ASSIGN_OR_RETURN(int64_t stream, RequireName("resume_stream", request.resume_stream(), "liveStreams"));
      return sessions.UsePersonalTokenOf(stream, call.caller.resource_id);
    }
    return sessions.UsePersonalToken(Sha256(Cut(request.personal_token(), kMaxTokenBytes)));
  }

  absl::StatusOr<LiveStreamRow> OpenFor(const CallContext& call, const v1::OpenStreamRequest& request, OpenLive& open,
                                        AuditEvent& event) {
    RETURN_IF_ERROR(CheckSession(request.session()));
    open.view = request.view() == v1::VIEW_UNSPECIFIED ? "comb" : ViewWord(request.view());
    if (open.view.empty()) return BadField("view", "", "write COMB, CAM or PRES");
    ASSIGN_OR_RETURN(PersonalTokenUse use, Identify(call, request));
    event.actor = NameOf("users", use.user.id);
    if (!use.teaches) {
      return WithReason(absl::PermissionDeniedError("only lecturers stream; ask to be enrolled as a lecturer of your course"),
                        "NOT_A_LECTURER");
    }
    open.user_id = use.user.id;
    open.token_id = use.token_id;
    open.proxy_id = call.caller.resource_id;
    open.session = request.session();
    ASSIGN_OR_RETURN(std::optional<LiveStreamRow> before, Before(call, request));
    if (before && before->user_id != open.user_id) before.reset();
    if (before && !request.resume_stream().empty()) open.view = before->view;
    ASSIGN_OR_RETURN(OpenedLive opened, due_.Open(use.user, before, open));
    event.target = NameOf("lectures", opened.stream.lecture_id);
    event.organization_id = opened.stream.organization_id;
    deps_.hints.work();
    for (const std::string& instance : opened.instances) deps_.hints.push(instance);
    return opened.stream;
  }

  // The stream that this connection has already.
  absl::StatusOr<std::optional<LiveStreamRow>> Before(const CallContext& call, const v1::OpenStreamRequest& request) {
    std::optional<LiveStreamRow> stream;
    if (!request.resume_stream().empty()) {
      ASSIGN_OR_RETURN(int64_t id, RequireName("resume_stream", request.resume_stream(), "liveStreams"));
      ASSIGN_OR_RETURN(stream, deps_.stores.live.Get(id));
    } else {
      ASSIGN_OR_RETURN(stream, deps_.stores.live.FindBySession(request.session()));
    }
    const bool own = stream && stream->proxy_id == call.caller.resource_id && stream->state != "ended";
    return own ? stream : std::nullopt;
  }

  // Wrong tokens come by the hundred where somebody tries them, so not each gets a row.
  void Audit(AuditEvent& event, bool wanted) {
    if (!wanted) return;
    event.action = "LiveService.OpenStream";
    absl::Status written = deps_.stores.audit.Insert(event);
    if (written.ok()) return;
    log::Error("audit event not written", {{"action", event.action}, {"actor", event.actor}, {"error", written.message()}});
  }

  const ServiceDeps deps_;
  const DueLecture due_;
  RateLimiter refusals_;
};

}  // namespace

void AddLiveProxyCalls(Registry& registry, const ServiceDeps& deps) {
  auto service = std::make_shared<LiveProxyCalls>(deps);
  registry.Add("lectern.v1.LiveService.OpenStream", service, &LiveProxyCalls::Open);
  registry.Add("lectern.v1.LiveService.AcquireIngest", service, &LiveProxyCalls::Acquire);
  registry.Add("lectern.v1.LiveService.ReportStreams", service, &LiveProxyCalls::Report);
}

}  // namespace lectern::api
