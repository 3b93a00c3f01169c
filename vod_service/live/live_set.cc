#include "vod_service/live/live_set.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "vod_service/library/keys.h"

namespace lectern::vod {
namespace {

constexpr size_t kMaxTracks = 16;
constexpr int64_t kMaxSetMs = 120'000;
// Seven years: far from any overflow.
constexpr int64_t kMaxTimelineMs = int64_t{7} * 366 * 86'400'000;
constexpr int kMaxPixels = 16'384;
constexpr int kTrackFields = 10;
constexpr size_t kDigestDigits = 64;

absl::Status Bad(absl::string_view what) {
  return WithReason(absl::InvalidArgumentError(what), "BAD_SET");
}

// It stands in quotes in a playlist, and between tabs in the catalog.
bool IsCodecs(absl::string_view text) {
  return !text.empty() && text.size() <= 100 && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == ',' || c == '-' || c == '_';
  });
}

absl::Status CheckTrack(const LiveTrackFormat& track) {
  if (!IsLabel(track.label)) return Bad("a track's label is malformed");
  if (!IsCodecs(track.codecs)) return Bad(absl::StrCat("the codecs of track ", track.label, " are malformed"));
  if (!IsLiveName(track.init) || LabelOfLiveName(track.init) != track.label) {
    return Bad(absl::StrCat("the name of the init segment of track ", track.label, " is malformed"));
  }
  if (track.init_sha256.size() != kDigestDigits || !HexDecode(track.init_sha256)) {
    return Bad(absl::StrCat("the digest of the init segment of track ", track.label, " is malformed"));
  }
  const bool sizes = track.width >= 0 && track.width <= kMaxPixels && track.height >= 0 && track.height <= kMaxPixels;
  const bool rates = track.frame_rate >= 0 && track.frame_rate <= 1000 && track.channels >= 0 && track.channels <= 64;
  return sizes && rates ? absl::OkStatus()
                        : Bad(absl::StrCat("the size or the rate of track ", track.label, " cannot be"));
}

absl::Status CheckSegment(const LiveSegmentFile& segment, const LiveTrackFormat& track) {
  if (segment.name.empty()) return absl::OkStatus();
  if (!IsLiveName(segment.name) || LabelOfLiveName(segment.name) != track.label) {
    return Bad(absl::StrCat("the name of the segment of track ", track.label, " is malformed"));
  }
  if (segment.size_bytes <= 0 || segment.duration_us <= 0 || segment.duration_us > kMaxSetMs * 1000) {
    return Bad(absl::StrCat("the segment of track ", track.label, " has no size or a length that cannot be"));
  }
  return absl::OkStatus();
}

absl::StatusOr<LiveTrackFormat> DecodeTrack(absl::string_view line) {
  const std::vector<absl::string_view> fields = absl::StrSplit(line, '\t');
  LiveTrackFormat track;
  int audio = 0, copied = 0;
  const bool good = fields.size() == kTrackFields && absl::SimpleAtoi(fields[1], &audio) &&
                    absl::SimpleAtoi(fields[3], &track.width) && absl::SimpleAtoi(fields[4], &track.height) &&
                    absl::SimpleAtod(fields[5], &track.frame_rate) && absl::SimpleAtoi(fields[6], &track.channels) &&
                    absl::SimpleAtoi(fields[7], &copied);
  if (!good) return absl::DataLossError("a track in the catalog is damaged");
  track.label = std::string(fields[0]);
  track.audio = audio != 0;
  track.codecs = std::string(fields[2]);
  track.copied = copied != 0;
  track.init = std::string(fields[8]);
  track.init_sha256 = std::string(fields[9]);
  return track;
}

}  // namespace

absl::Status CheckSet(const LiveSetFiles& set) {
  if (set.number < 1) return Bad("sets are numbered from 1");
  if (set.start_ms < 0 || set.end_ms <= set.start_ms || set.end_ms - set.start_ms > kMaxSetMs ||
      set.end_ms > kMaxTimelineMs) {
    return Bad("a set lasts no time, or longer than can be");
  }
  const LiveFormat& format = *set.format;
  if (format.empty() || format.size() > kMaxTracks) return Bad("a set has 1 to 16 tracks");
  bool any = false;
  for (size_t i = 0; i < format.size(); ++i) {
    RETURN_IF_ERROR(CheckTrack(format[i]));
    for (size_t k = 0; k < i; ++k) {
      if (format[k].label == format[i].label) return Bad(absl::StrCat("two tracks have the label ", format[i].label));
    }
    RETURN_IF_ERROR(CheckSegment(set.segments[i], format[i]));
    any = any || !set.segments[i].name.empty();
  }
  return any ? absl::OkStatus() : Bad("the set has no segment");
}

std::string SegmentName(absl::string_view label, int64_t fence, int64_t number) {
  return absl::StrCat(label, "-", fence, "-", number, ".m4s");
}

std::string EncodeSegments(const LiveSetFiles& set, int64_t fence) {
  std::vector<std::string> parts;
  for (size_t i = 0; i < set.segments.size(); ++i) {
    const LiveSegmentFile& segment = set.segments[i];
    std::string& part = parts.emplace_back();
    if (segment.name.empty()) continue;
    if (segment.name != SegmentName((*set.format)[i].label, fence, set.number)) part = segment.name;
    absl::StrAppend(&part, ",", segment.size_bytes, ",", segment.duration_us);
  }
  return absl::StrJoin(parts, ";");
}

absl::StatusOr<std::vector<LiveSegmentFile>> DecodeSegments(const LiveSetRecord& record, const LiveFormat& format) {
  const absl::Status damaged = absl::DataLossError("a set in the catalog is damaged");
  std::vector<LiveSegmentFile> segments;
  for (absl::string_view part : absl::StrSplit(record.segments, ';')) {
    if (segments.size() == format.size()) return damaged;
    LiveSegmentFile& segment = segments.emplace_back();
    if (part.empty()) continue;
    const std::vector<absl::string_view> fields = absl::StrSplit(part, ',');
    const bool good = fields.size() == 3 && absl::SimpleAtoi(fields[1], &segment.size_bytes) &&
                      absl::SimpleAtoi(fields[2], &segment.duration_us);
    if (!good) return damaged;
    segment.name = std::string(fields[0]);
    if (segment.name.empty())
      segment.name = SegmentName(format[segments.size() - 1].label, record.fence, record.number);
  }
  if (segments.size() != format.size()) return damaged;
  return segments;
}

std::string EncodeFormat(const LiveFormat& format) {
  return absl::StrJoin(format, "\n", [](std::string* out, const LiveTrackFormat& track) {
    absl::StrAppend(out, track.label, "\t", track.audio ? 1 : 0, "\t", track.codecs, "\t", track.width, "\t",
                    track.height, "\t");
    absl::StrAppend(out, track.frame_rate, "\t", track.channels, "\t", track.copied ? 1 : 0, "\t", track.init, "\t",
                    track.init_sha256);
  });
}

absl::StatusOr<LiveFormat> DecodeFormat(absl::string_view text) {
  LiveFormat format;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ASSIGN_OR_RETURN(LiveTrackFormat track, DecodeTrack(line));
    format.push_back(std::move(track));
  }
  return format;
}

}  // namespace lectern::vod
