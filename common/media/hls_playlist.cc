#include "common/media/hls_playlist.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
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
    if (line == "#EXT-X-ENDLIST") ended_ = true;
    return absl::OkStatus();
  }

  absl::StatusOr<MediaPlaylist> Finish() {
    if (target_ < 0) return absl::InvalidArgumentError("playlist: no #EXT-X-TARGETDURATION");
    if (duration_ >= 0) return absl::InvalidArgumentError("playlist: an #EXTINF without its segment");
    if (!result_.map_uri.empty() && version_ < 6) return absl::InvalidArgumentError("playlist: #EXT-X-MAP needs version 6");
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
    result_.segments.push_back({std::string(uri), duration_});
    duration_ = -1;
    return absl::OkStatus();
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
    result_.map_uri = std::string(value);
    return absl::OkStatus();
  }

  MediaPlaylist result_;
  int64_t target_ = -1;
  int64_t version_ = 1;
  double duration_ = -1;   // of the segment to come
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
