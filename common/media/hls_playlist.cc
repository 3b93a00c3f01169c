#include "common/media/hls_playlist.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "common/base/text.h"

namespace lectern::media {
namespace {

// RFC 8216 4.3.3.1: each EXTINF, rounded to the nearest integer, must be at most the target duration.
int64_t RoundedSeconds(double seconds) { return std::llround(seconds); }

absl::Status Broken(int line, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("playlist line ", line, ": ", what));
}

class MediaParser {
 public:
  absl::Status Line(int number, absl::string_view line) {
    if (number == 1) return line == "#EXTM3U" ? absl::OkStatus() : Broken(1, "#EXTM3U is missing");
    if (line.empty()) return absl::OkStatus();
    if (ended_) return Broken(number, "text after #EXT-X-ENDLIST");
    if (line[0] != '#') return Segment(number, line);
    if (absl::ConsumePrefix(&line, "#EXTINF:")) return Extinf(number, line);
    if (absl::ConsumePrefix(&line, "#EXT-X-TARGETDURATION:")) return Integer(number, line, target_);
    if (absl::ConsumePrefix(&line, "#EXT-X-VERSION:")) return Integer(number, line, version_);
    if (absl::ConsumePrefix(&line, "#EXT-X-MAP:")) return Map(number, line);
    if (absl::ConsumePrefix(&line, "#EXT-X-MEDIA-SEQUENCE:")) return Integer(number, line, result_.media_sequence);
    if (absl::ConsumePrefix(&line, "#EXT-X-PROGRAM-DATE-TIME:")) return Date(number, line);
    if (absl::ConsumePrefix(&line, "#EXT-X-SKIP:SKIPPED-SEGMENTS=")) return Skip(number, line);
    if (absl::ConsumePrefix(&line, "#EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL=")) return SkipUntil(number, line);
    if (line == "#EXT-X-GAP") next_.gap = true;
    if (line == "#EXT-X-DISCONTINUITY") next_.discontinuity = true;
    if (line == "#EXT-X-ENDLIST") ended_ = true;
    return absl::OkStatus();
  }

  absl::StatusOr<MediaPlaylist> Finish() {
    if (target_ < 0) return absl::InvalidArgumentError("playlist: no #EXT-X-TARGETDURATION");
    if (duration_ >= 0) return absl::InvalidArgumentError("playlist: an #EXTINF without its segment");
    if (!result_.map_uri.empty() && version_ < 6) return absl::InvalidArgumentError("playlist: #EXT-X-MAP needs version 6");
    if (gaps_ && version_ < 8) return absl::InvalidArgumentError("playlist: #EXT-X-GAP needs version 8");
    if (result_.skipped > 0 && version_ < 9) return absl::InvalidArgumentError("playlist: #EXT-X-SKIP needs version 9");
    if (result_.skip_seconds > 0 && result_.skip_seconds < 6 * static_cast<double>(target_)) {
      return absl::InvalidArgumentError("playlist: CAN-SKIP-UNTIL is below six target durations");
    }
    result_.target_seconds = target_;
    for (const HlsSegment& segment : result_.segments) {
      if (RoundedSeconds(segment.duration_seconds) > target_) {
        return absl::InvalidArgumentError(absl::StrCat("playlist: ", segment.uri, " lasts longer than the target duration"));
      }
    }
    result_.ended = ended_;
    return std::move(result_);
  }

 private:
  absl::Status Segment(int number, absl::string_view uri) {
    if (duration_ < 0) return Broken(number, "a segment without #EXTINF");
    gaps_ = gaps_ || next_.gap;
    next_.uri = std::string(uri);
    next_.duration_seconds = duration_;
    if (!next_.gap && map_ != result_.map_uri) next_.map_uri = map_;
    result_.segments.push_back(std::exchange(next_, {}));
    duration_ = -1;
    return absl::OkStatus();
  }

  absl::Status Date(int number, absl::string_view value) {
    absl::Time time;
    if (!absl::ParseTime(absl::RFC3339_full, value, &time, nullptr)) return Broken(number, "bad #EXT-X-PROGRAM-DATE-TIME");
    next_.date_ms = absl::ToUnixMillis(time);
    return absl::OkStatus();
  }

  absl::Status Skip(int number, absl::string_view value) {
    if (!result_.segments.empty() || duration_ >= 0) return Broken(number, "#EXT-X-SKIP behind a segment");
    return Integer(number, value, result_.skipped);
  }

  absl::Status SkipUntil(int number, absl::string_view value) {
    return absl::SimpleAtod(value, &result_.skip_seconds) ? absl::OkStatus() : Broken(number, "bad CAN-SKIP-UNTIL");
  }

  absl::Status Extinf(int number, absl::string_view value) {
    std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(value, absl::MaxSplits(',', 1));
    double seconds = 0;
    if (!absl::SimpleAtod(parts.first, &seconds) || !(seconds >= 0) || !std::isfinite(seconds)) {
      return Broken(number, "bad #EXTINF duration");
    }
    duration_ = seconds;
    return absl::OkStatus();
  }

  static absl::Status Integer(int number, absl::string_view value, int64_t& target) {
    std::optional<uint64_t> parsed = ParseDigits(value);
    if (!parsed.has_value() || *parsed > 1'000'000) return Broken(number, "bad number");
    target = static_cast<int64_t>(*parsed);
    return absl::OkStatus();
  }

  absl::Status Map(int number, absl::string_view value) {
    if (!absl::ConsumePrefix(&value, "URI=\"") || !absl::ConsumeSuffix(&value, "\"")) return Broken(number, "bad #EXT-X-MAP");
    map_ = std::string(value);
    if (result_.map_uri.empty()) result_.map_uri = map_;
    return absl::OkStatus();
  }

  MediaPlaylist result_;
  int64_t target_ = -1;
  int64_t version_ = 1;
  HlsSegment next_;        // what is known of the segment to come
  std::string map_;
  bool gaps_ = false;
  double duration_ = -1;
  bool ended_ = false;
};

}  // namespace

double MediaPlaylist::DurationSeconds() const {
  double total = 0;
  for (const HlsSegment& segment : segments) total += segment.duration_seconds;
  return total;
}

std::string WriteMediaPlaylist(const MediaPlaylist& playlist) {
  int64_t target = 1;
  for (const HlsSegment& segment : playlist.segments) target = std::max(target, RoundedSeconds(segment.duration_seconds));
  std::string text = absl::StrCat("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:", target,
                                  "\n#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-PLAYLIST-TYPE:", playlist.ended ? "VOD" : "EVENT",
                                  "\n#EXT-X-INDEPENDENT-SEGMENTS\n");
  if (!playlist.map_uri.empty()) absl::StrAppend(&text, "#EXT-X-MAP:URI=\"", playlist.map_uri, "\"\n");
  for (const HlsSegment& segment : playlist.segments) {
    absl::StrAppendFormat(&text, "#EXTINF:%.6f,\n%s\n", segment.duration_seconds, segment.uri);
  }
  if (playlist.ended) absl::StrAppend(&text, "#EXT-X-ENDLIST\n");
  return text;
}

std::string WriteLiveHead(const MediaPlaylist& playlist) {
  // EXT-X-GAP needs version 8, EXT-X-SKIP version 9.
  std::string text = absl::StrCat("#EXTM3U\n#EXT-X-VERSION:", playlist.ended ? 8 : 9,
                                  "\n#EXT-X-TARGETDURATION:", playlist.target_seconds,
                                  "\n#EXT-X-MEDIA-SEQUENCE:", playlist.media_sequence,
                                  "\n#EXT-X-PLAYLIST-TYPE:", playlist.ended ? "VOD" : "EVENT", "\n#EXT-X-INDEPENDENT-SEGMENTS\n");
  if (playlist.skip_seconds > 0) {
    absl::StrAppendFormat(&text, "#EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL=%.1f\n", playlist.skip_seconds);
  }
  if (playlist.skipped > 0) absl::StrAppend(&text, "#EXT-X-SKIP:SKIPPED-SEGMENTS=", playlist.skipped, "\n");
  return text;
}

void AppendLiveSegment(const HlsSegment& segment, std::string& text) {
  if (segment.discontinuity) absl::StrAppend(&text, "#EXT-X-DISCONTINUITY\n");
  if (!segment.map_uri.empty()) absl::StrAppend(&text, "#EXT-X-MAP:URI=\"", segment.map_uri, "\"\n");
  if (segment.date_ms >= 0) {
    const absl::Time date = absl::FromUnixMillis(segment.date_ms);
    absl::StrAppend(&text, "#EXT-X-PROGRAM-DATE-TIME:",
                    absl::FormatTime("%Y-%m-%d%ET%H:%M:%E3SZ", date, absl::UTCTimeZone()), "\n");
  }
  if (segment.gap) absl::StrAppend(&text, "#EXT-X-GAP\n");
  absl::StrAppendFormat(&text, "#EXTINF:%.6f,\n%s\n", segment.duration_seconds, segment.uri);
}

int64_t TargetSecondsFor(double duration_seconds) { return std::max<int64_t>(1, RoundedSeconds(duration_seconds)); }

absl::StatusOr<MediaPlaylist> ParseMediaPlaylist(absl::string_view text) {
  MediaParser parser;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    absl::ConsumeSuffix(&line, "\r");
    if (absl::Status status = parser.Line(++number, line); !status.ok()) return status;
  }
  return parser.Finish();
}

}  // namespace lectern::media
