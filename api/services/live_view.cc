#include "api/services/live_view.h"

#include <google/protobuf/util/json_util.h>

#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "api/services/convert.h"
#include "lectern/v1/live.pb.h"

namespace lectern::api {
namespace {

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

// Whether `now` is within `part` of what was sent.
bool Near(int64_t now, int64_t sent, double part) {
  return std::abs(static_cast<double>(now - sent)) <= part * std::abs(static_cast<double>(sent));
}

void SettleFacts(const v1::LiveFacts& sent, v1::LiveFacts& now) {
  if (Near(now.video_bitrate_bps(), sent.video_bitrate_bps(), 0.05)) now.set_video_bitrate_bps(sent.video_bitrate_bps());
  if (Near(now.padding_bitrate_bps(), sent.padding_bitrate_bps(), 0.05)) now.set_padding_bitrate_bps(sent.padding_bitrate_bps());
  if (Near(now.audio_bitrate_bps(), sent.audio_bitrate_bps(), 0.05)) now.set_audio_bitrate_bps(sent.audio_bitrate_bps());
  if (std::abs(now.level_dbfs() - sent.level_dbfs()) < 1) now.set_level_dbfs(sent.level_dbfs());
  if (std::abs(now.luma() - sent.luma()) < 0.02) now.set_luma(sent.luma());
  if (std::abs(now.frame_rate() - sent.frame_rate()) < 0.1) now.set_frame_rate(sent.frame_rate());
  if (std::abs(now.segment_delay_seconds() - sent.segment_delay_seconds()) < 0.2) {
    now.set_segment_delay_seconds(sent.segment_delay_seconds());
  }
}

}  // namespace

void ToProto(const LiveStreamRow& row, v1::LiveStream& stream) {
  stream.set_name(NameOf("liveStreams", row.id));
  stream.set_lecture(NameOf("lectures", row.lecture_id));
  stream.set_lecture_title(row.lecture_title);
  stream.set_course_title(row.course_title);
  stream.set_course(NameOf("courses", row.course_id));
  stream.set_viewers(static_cast<int>(row.viewers));
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

void Settle(const v1::LiveStream& sent, v1::LiveStream& now) {
  if (now.has_facts() && sent.has_facts()) SettleFacts(sent.facts(), *now.mutable_facts());
}

}  // namespace lectern::api
