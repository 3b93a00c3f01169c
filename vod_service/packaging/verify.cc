#include "vod_service/packaging/verify.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/media/hls_playlist.h"
#include "common/media/mp4_boxes.h"

namespace lectern::vod {
namespace {

constexpr size_t kMaxSegmentBytes = size_t{1} << 30;

// The playlist has microseconds.
constexpr double kPlaylistStep = 1e-6;

absl::Status Wrong(absl::string_view file, absl::string_view what) {
  return absl::DataLossError(absl::StrCat(file, ": ", what));
}

struct SegmentTimes {
  int64_t first_shown = 0;
  int64_t end_shown = 0;
  int64_t first_decoded = 0;
  int64_t end_decoded = 0;
};

absl::StatusOr<SegmentTimes> CheckSegment(const std::string& bytes, const media::TrackInit& init) {
  ASSIGN_OR_RETURN(std::vector<media::Fragment> fragments, media::ParseSegment(bytes, init));
  const media::Sample& first = fragments.front().samples.front();
  if (init.video && !first.sync) return absl::DataLossError("it does not begin with a key frame");
  SegmentTimes times;
  times.first_decoded = times.end_decoded = fragments.front().decode_time;
  times.first_shown = times.end_shown = times.first_decoded + first.composition_offset;
  for (const media::Fragment& fragment : fragments) {
    if (std::abs(fragment.decode_time - times.end_decoded) > 1) return absl::DataLossError("its fragments leave a gap");
    int64_t decode = fragment.decode_time;
    for (const media::Sample& sample : fragment.samples) {
      times.end_shown = std::max<int64_t>(times.end_shown, decode + sample.composition_offset + sample.duration);
      decode += sample.duration;
    }
    times.end_decoded = decode;
  }
  return times;
}

// One segment ends where the next one's first frame is shown; the last one with its last frame.
absl::Status CheckDurations(const std::vector<media::HlsSegment>& segments, const std::vector<SegmentTimes>& times,
                            uint32_t timescale) {
  for (size_t i = 0; i < segments.size(); ++i) {
    int64_t end = times[i].end_shown;
    if (i + 1 < segments.size()) {
      if (std::abs(times[i + 1].first_decoded - times[i].end_decoded) > 1) {
        return Wrong(segments[i + 1].uri, "it does not continue where the one before ended");
      }
      end = times[i + 1].first_shown;
    }
    double seconds = static_cast<double>(end - times[i].first_shown) / timescale;
    if (std::abs(seconds - segments[i].duration_seconds) > 1.0 / timescale + kPlaylistStep) {
      return Wrong(segments[i].uri,
                   absl::StrFormat("it lasts %.6f s, the playlist says %.6f s", seconds, segments[i].duration_seconds));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status VerifyTrack(const std::string& folder, double expected_seconds) {
  ASSIGN_OR_RETURN(std::string text, ReadFile(absl::StrCat(folder, "/index.m3u8")));
  ASSIGN_OR_RETURN(media::MediaPlaylist playlist, media::ParseMediaPlaylist(text));
  if (playlist.segments.empty() || !playlist.ended) return Wrong("index.m3u8", "it is not a finished recording");
  ASSIGN_OR_RETURN(std::string head, ReadFile(absl::StrCat(folder, "/", playlist.map_uri)));
  ASSIGN_OR_RETURN(media::TrackInit init, media::ParseInit(head));
  std::vector<SegmentTimes> times;
  for (const media::HlsSegment& segment : playlist.segments) {
    absl::StatusOr<std::string> bytes = ReadFile(absl::StrCat(folder, "/", segment.uri), kMaxSegmentBytes);
    if (!bytes.ok()) return Wrong(segment.uri, bytes.status().message());
    absl::StatusOr<SegmentTimes> checked = CheckSegment(*bytes, init);
    if (!checked.ok()) return Wrong(segment.uri, checked.status().message());
    times.push_back(*checked);
  }
  RETURN_IF_ERROR(CheckDurations(playlist.segments, times, init.timescale));
  double total = playlist.DurationSeconds();
  if (expected_seconds > 0 && std::abs(total - expected_seconds) > std::max(0.5, expected_seconds / 100)) {
    return absl::DataLossError(absl::StrFormat("%.2f s of %.2f s can be read", total, expected_seconds));
  }
  return absl::OkStatus();
}

}  // namespace lectern::vod
