#include "api/cli/live_text.h"

#include <google/protobuf/timestamp.pb.h>

#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "api/cli/fields.h"
#include "api/cli/lecture_text.h"
#include "api/cli/output.h"
#include "lectern/v1/live.pb.h"

namespace lectern::cli {
namespace {

std::string BitrateText(int64_t bps) { return bps <= 0 ? "" : absl::StrFormat("%.2f Mbit/s", static_cast<double>(bps) / 1e6); }

int64_t Bitrate(const v1::LiveStream& stream) { return stream.facts().video_bitrate_bps() + stream.facts().audio_bitrate_bps(); }

std::string LastSegment(const v1::LiveStream& stream, absl::Time now) {
  if (!stream.has_last_segment_time()) return "";
  const absl::Time at = absl::FromUnixSeconds(stream.last_segment_time().seconds()) +
                        absl::Nanoseconds(stream.last_segment_time().nanos());
  return absl::StrCat(AgeText(absl::ToDoubleSeconds(now - at)), " ago");
}

std::string WorkerName(const v1::LiveStream& stream) {
  if (stream.worker().empty()) return "";
  return stream.worker_host().empty() ? stream.worker() : absl::StrCat(stream.worker(), " (", stream.worker_host(), ")");
}

std::string LectureName(const v1::LiveStream& stream) {
  std::string title = stream.lecture_title().empty() ? "(deleted)" : stream.lecture_title();
  return absl::StrCat(stream.lecture(), " ", title);
}

// The codes without doubles, then the reason.
std::string Complaints(const v1::LiveStream& stream) {
  std::set<std::string> codes;
  for (const v1::LiveWarning& warning : stream.warnings()) codes.insert(warning.code());
  std::vector<std::string> texts(codes.begin(), codes.end());
  if (!stream.reason().empty()) texts.push_back(stream.reason());
  return absl::StrJoin(texts, ", ");
}

std::string PictureText(const v1::LiveFacts& facts) {
  if (facts.video_codec().empty()) return "none";
  std::string text = facts.video_codec();
  if (!facts.video_profile().empty()) absl::StrAppend(&text, " ", facts.video_profile());
  if (facts.width() > 0) absl::StrAppend(&text, ", ", facts.width(), "x", facts.height());
  if (facts.frame_rate() > 0) absl::StrAppend(&text, absl::StrFormat(", %.4g frames/s", facts.frame_rate()));
  if (facts.keyframe_interval_seconds() > 0) {
    absl::StrAppend(&text, absl::StrFormat(", key frame every %.1f s", facts.keyframe_interval_seconds()));
  }
  if (facts.video_bitrate_bps() > 0) absl::StrAppend(&text, ", ", BitrateText(facts.video_bitrate_bps()));
  if (facts.padding_bitrate_bps() > 0) absl::StrAppend(&text, " (padding ", BitrateText(facts.padding_bitrate_bps()), ")");
  if (facts.luma() > 0) absl::StrAppend(&text, absl::StrFormat(", brightness %.0f %%", 100 * facts.luma()));
  return text;
}

std::string SoundText(const v1::LiveFacts& facts) {
  if (facts.audio_codec().empty()) return "none";
  std::string text = facts.audio_codec();
  if (facts.sample_rate() > 0) absl::StrAppend(&text, ", ", facts.sample_rate(), " Hz");
  if (facts.channels() > 0) absl::StrAppend(&text, ", ", facts.channels(), facts.channels() == 1 ? " channel" : " channels");
  if (facts.audio_bitrate_bps() > 0) absl::StrAppend(&text, ", ", BitrateText(facts.audio_bitrate_bps()));
  if (facts.level_dbfs() != 0) absl::StrAppend(&text, absl::StrFormat(", level %.0f dBFS", facts.level_dbfs()));
  return text;
}

}  // namespace

std::string LiveTable(const v1::ListLiveStreamsResponse& streams, absl::Time now) {
  std::vector<std::vector<std::string>> rows;
  for (const v1::LiveStream& stream : streams.live_streams()) {
    const std::string epoch = stream.epoch() == 0 ? "" : absl::StrCat(stream.epoch());
    const std::string proxy = stream.proxy().empty() ? stream.source() : stream.proxy();
    rows.push_back({stream.name(), FieldText(stream, "state", Format::kPlain), LectureName(stream), ViewWord(stream.view()), proxy,
                    WorkerName(stream), epoch, BitrateText(Bitrate(stream)), LastSegment(stream, now), Complaints(stream)});
  }
  return TableText({"NAME", "STATE", "LECTURE", "VIEW", "PROXY", "WORKER", "EPOCH", "BITRATE", "LAST SEGMENT", "WARNINGS"}, rows);
}

std::string LiveText(const v1::LiveStream& stream, absl::Time now) {
  std::string text = absl::StrCat(stream.name(), "  ", LectureName(stream), "\n");
  const auto line = [&text](absl::string_view title, const std::string& content) {
    if (!content.empty()) absl::StrAppend(&text, "  ", title, ": ", content, "\n");
  };
  line("state", absl::StrCat(FieldText(stream, "state", Format::kPlain), stream.rehearsal() ? ", private rehearsal" : ""));
  line("reason", stream.reason());
  line("course", stream.course_title());
  line("organization", absl::StrCat(stream.organization_name(), " (", stream.organization(), ")"));
  line("view", ViewWord(stream.view()));
  line("source", stream.source());
  line("proxy", stream.proxy());
  line("worker", WorkerName(stream));
  line("epoch", stream.epoch() == 0 ? "" : absl::StrCat(stream.epoch()));
  line("started", FieldText(stream, "start_time", Format::kPlain));
  line("ended", FieldText(stream, "end_time", Format::kPlain));
  line("stored", FieldText(stream, "duration", Format::kPlain));
  line("last segment", LastSegment(stream, now));
  line("encoder", stream.facts().encoder());
  line("picture", PictureText(stream.facts()));
  line("sound", SoundText(stream.facts()));
  line("renditions", absl::StrJoin(stream.facts().renditions(), ", "));
  if (stream.facts().frames_dropped() > 0) line("frames dropped", absl::StrCat(stream.facts().frames_dropped()));
  line("failovers", absl::StrCat(stream.failovers()));
  for (const v1::LiveWarning& warning : stream.warnings()) {
    line("warning", warning.message().empty() ? warning.code() : absl::StrCat(warning.message(), " (", warning.code(), ")"));
  }
  return text;
}

}  // namespace lectern::cli
