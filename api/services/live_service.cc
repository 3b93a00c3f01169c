#include <google/protobuf/util/json_util.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "api/services/convert.h"
#include "api/services/fields.h"
#include "api/services/services.h"
#include "common/base/status.h"
#include "lectern/v1/live.pb.h"

namespace lectern::api {
namespace {

constexpr char kPageName[] = "live_streams";

v1::LiveState StateOf(absl::string_view word) {
  if (word == "starting") return v1::STARTING;
  if (word == "live") return v1::ON_AIR;
  if (word == "interrupted") return v1::INTERRUPTED;
  if (word == "ending") return v1::ENDING;
  return word == "ended" ? v1::ENDED : v1::LIVE_STATE_UNSPECIFIED;
}

// What cannot be read is left out: another release may have written it.
void Parse(const std::string& json, google::protobuf::Message& message) {
  google::protobuf::util::JsonParseOptions newer;
  newer.ignore_unknown_fields = true;
  if (!json.empty() && !google::protobuf::util::JsonStringToMessage(json, &message, newer).ok()) message.Clear();
}

// The proxy sees what comes in, the worker what it is made of.
void AddFindings(const LiveStreamRow& row, v1::LiveStream& stream) {
  v1::StreamReport proxy, worker;
  Parse(row.proxy_report_json, proxy);
  Parse(absl::StrCat("{\"warnings\":", row.warnings_json.empty() ? "[]" : row.warnings_json, "}"), worker);
  Parse(row.facts_json, *stream.mutable_facts());
  if (stream.facts().encoder().empty()) stream.mutable_facts()->set_encoder(proxy.encoder());
  if (stream.facts().video_bitrate_bps() == 0) stream.mutable_facts()->set_video_bitrate_bps(proxy.bitrate_bps());
  stream.mutable_warnings()->Swap(worker.mutable_warnings());
  if (row.state == "ended") return;
  for (v1::LiveWarning& warning : *proxy.mutable_warnings()) stream.add_warnings()->Swap(&warning);
  stream.set_reason(!row.reason.empty() ? row.reason : proxy.reason());
}

void ToProto(const LiveStreamRow& row, v1::LiveStream& stream) {
  stream.set_name(NameOf("liveStreams", row.id));
  stream.set_lecture(NameOf("lectures", row.lecture_id));
  stream.set_lecture_title(row.lecture_title);
  stream.set_course_title(row.course_title);
  stream.set_organization(NameOf("organizations", row.organization_id));
  stream.set_organization_name(row.organization_name);
  stream.set_view(ViewOf(row.view));
  stream.set_state(StateOf(row.state));
  stream.set_rehearsal(row.rehearsal);
  stream.set_source(row.source);
  stream.set_proxy(NameOf("resources", row.proxy_id));
  stream.set_worker(NameOf("resources", row.worker_id));
  stream.set_worker_host(row.worker_host);
  stream.set_epoch(row.epoch);
  SetTime(row.started_at, *stream.mutable_start_time());
  SetTime(row.started_at, *stream.mutable_create_time());
  if (row.ended_at != absl::InfinitePast()) SetTime(row.ended_at, *stream.mutable_end_time());
  if (row.segment_at != absl::InfinitePast()) SetTime(row.segment_at, *stream.mutable_last_segment_time());
  SetDuration(absl::Milliseconds(row.end_ms), *stream.mutable_duration());
  stream.set_failovers(row.failovers);
  AddFindings(row, stream);
  if (row.state == "ended" || row.state == "ending") stream.set_reason(row.end_reason);
}

class LiveService {
 public:
  explicit LiveService(const ServiceDeps& deps) : deps_(deps) {}

  absl::Status List(CallContext& call, const v1::ListLiveStreamsRequest& request, v1::ListLiveStreamsResponse& response) {
    LiveFilter filter;
    ASSIGN_OR_RETURN(PageRequest page, RequirePage(request.page_size(), request.page_token(), 50, 200));
    ASSIGN_OR_RETURN(std::optional<int64_t> organization, OptionalName("organization", request.organization(), "organizations"));
    ASSIGN_OR_RETURN(std::optional<int64_t> lecture, OptionalName("lecture", request.lecture(), "lectures"));
    filter.include_ended = request.include_ended();
    filter.organization = organization.value_or(0);
    filter.lecture = lecture.value_or(0);
    filter.user = call.caller.is_administrator() ? 0 : call.caller.user_id;
    filter.limit = page.size + 1;
    RETURN_IF_ERROR(GoTo(page.token, filter));
    ASSIGN_OR_RETURN(std::vector<LiveStreamRow> rows, deps_.stores.live.List(filter));
    const bool more = rows.size() > static_cast<size_t>(page.size);
    if (more) rows.pop_back();
    for (const LiveStreamRow& row : rows) ToProto(row, *response.add_live_streams());
    if (more) {
      const char* part = rows.back().state == "ended" ? "ended" : "running";
      response.set_next_page_token(EncodePageToken(kPageName, {part, absl::StrCat(rows.back().id)}));
    }
    return absl::OkStatus();
  }

  absl::Status Get(CallContext&, const v1::GetLiveStreamRequest& request, v1::LiveStream& stream) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "liveStreams"));
    return Fill(id, stream);
  }

  absl::Status End(CallContext&, const v1::EndLiveStreamRequest& request, v1::LiveStream& stream) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "liveStreams"));
    RETURN_IF_ERROR(deps_.live.End({id}, "it was ended by hand", true));
    return Fill(id, stream);
  }

  absl::Status Move(CallContext&, const v1::MoveLiveStreamRequest& request, v1::LiveStream& stream) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "liveStreams"));
    RETURN_IF_ERROR(deps_.live.Move(id, "moved by a person"));
    return Fill(id, stream);
  }

 private:
  static absl::Status GoTo(const std::string& token, LiveFilter& filter) {
    if (token.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(std::vector<std::string> keys, DecodePageToken(kPageName, token, 2));
    filter.after_ended = keys[0] == "ended";
    if (!absl::SimpleAtoi(keys[1], &filter.before)) filter.before = 0;
    return absl::OkStatus();
  }

  absl::Status Fill(int64_t id, v1::LiveStream& stream) {
    ASSIGN_OR_RETURN(LiveStreamRow row, deps_.stores.live.Get(id));
    ToProto(row, stream);
    return absl::OkStatus();
  }

  const ServiceDeps deps_;
};

}  // namespace

void AddLiveService(Registry& registry, const ServiceDeps& deps) {
  auto service = std::make_shared<LiveService>(deps);
  registry.Add("lectern.v1.LiveService.ListLiveStreams", service, &LiveService::List);
  registry.Add("lectern.v1.LiveService.GetLiveStream", service, &LiveService::Get);
  registry.Add("lectern.v1.LiveService.EndLiveStream", service, &LiveService::End);
  registry.Add("lectern.v1.LiveService.MoveLiveStream", service, &LiveService::Move);
}

}  // namespace lectern::api
