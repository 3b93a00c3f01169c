#include "vod_service/packaging/packager.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <stop_token>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/exec/process.h"
#include "common/media/ffmpeg_input.h"
#include "common/media/hls_playlist.h"
#include "vod_service/packaging/cutter.h"
#include "vod_service/packaging/verify.h"

namespace lectern::vod {
namespace {

constexpr absl::Duration kStopGrace = absl::Seconds(2);
constexpr absl::Duration kStopPoll = absl::Milliseconds(20);

// A stream of one track on stdout, fragmented at key frames. frag_discont and the offset make the fragments' times
// absolute.
std::vector<std::string> CopyCommand(const PackageRequest& request, bool audio) {
  std::vector<std::string> argv = {
      "ffmpeg", "-nostdin",          "-hide_banner",      "-loglevel", "error", "-protocol_whitelist",
      "file",   "-format_whitelist", media::kInputFormats};
  if (!request.input_is_upload) argv.push_back("-copyts");
  argv.insert(argv.end(), {"-i", absl::StrCat("file:", request.input_path), "-c", "copy", "-map_metadata", "-1",
                           "-map_chapters", "-1"});
  if (audio) {
    argv.insert(argv.end(), {"-map", "0:a:0", "-bsf:a", "aac_adtstoasc", "-frag_duration", "2000000"});
  } else {
    // Encoders at a constant rate pad slides with filler NAL units (type 12), often most of the file.
    argv.insert(argv.end(),
                {"-map", "0:V:0", "-bsf:v", "filter_units=remove_types=12", "-video_track_timescale", "90000"});
  }
  std::string flags =
      absl::StrCat("empty_moov+delay_moov+default_base_moof+frag_discont+skip_trailer", audio ? "" : "+frag_keyframe");
  argv.insert(argv.end(), {"-output_ts_offset", absl::StrCat(kOriginSeconds), "-avoid_negative_ts", "disabled",
                           "-use_editlist", "0", "-movflags", flags, "-f", "mp4", "pipe:1"});
  return argv;
}

std::string LastLine(absl::string_view text) {
  std::vector<std::string> lines = absl::StrSplit(text, '\n', absl::SkipWhitespace());
  return lines.empty() ? "no message" : lines.back();
}

// RFC 8216 4.3.4.2: the largest rate of neighbouring segments that last 0.5 to 1.5 target durations together.
int64_t PeakRate(const std::vector<CutSegment>& segments) {
  double target = 1;
  for (const CutSegment& segment : segments) target = std::max(target, std::round(segment.duration_seconds));
  double peak = 0;
  for (size_t first = 0; first < segments.size(); ++first) {
    double seconds = 0, bits = 0;
    for (size_t i = first; i < segments.size(); ++i) {
      seconds += segments[i].duration_seconds;
      bits += 8.0 * static_cast<double>(segments[i].size_bytes);
      if (seconds > 1.5 * target) break;
      if (seconds >= 0.5 * target || segments.size() == 1) peak = std::max(peak, bits / seconds);
    }
  }
  return static_cast<int64_t>(std::ceil(peak));
}

absl::Status WriteIndex(const std::string& folder, const std::vector<CutSegment>& segments) {
  media::MediaPlaylist playlist;
  playlist.map_uri = "init.mp4";
  for (const CutSegment& segment : segments) playlist.segments.push_back({segment.name, segment.duration_seconds});
  return WriteFileAtomically(absl::StrCat(folder, "/index.m3u8"), media::WriteMediaPlaylist(playlist));
}

PackagedTrack Describe(const std::string& label, const SegmentCutter& cutter) {
  const media::TrackInit& init = cutter.init();
  PackagedTrack track;
  track.label = label;
  track.audio = !init.video;
  track.codecs = init.codecs;
  track.width = init.width;
  track.height = init.height;
  track.channels = init.channels;
  track.size_bytes = cutter.bytes_written();
  track.files.push_back(absl::StrCat(label, "/init.mp4"));
  double bits = 0;
  for (const CutSegment& segment : cutter.segments()) {
    track.duration_seconds += segment.duration_seconds;
    bits += 8.0 * static_cast<double>(segment.size_bytes);
    track.files.push_back(absl::StrCat(label, "/", segment.name));
  }
  track.files.push_back(absl::StrCat(label, "/index.m3u8"));
  track.average_bandwidth_bps = static_cast<int64_t>(std::ceil(bits / track.duration_seconds));
  track.bandwidth_bps = std::max(track.average_bandwidth_bps, PeakRate(cutter.segments()));
  if (init.video) track.frame_rate = static_cast<double>(cutter.frames()) / track.duration_seconds;
  return track;
}

// Runs FFmpeg and feeds the cutter with what it writes.
absl::Status CopyAndCut(const PackageRequest& request, const TrackWish& wish, bool audio, SegmentCutter& cutter,
                        const std::function<void(double)>& progress) {
  absl::Status cut = absl::OkStatus();
  std::unique_ptr<Process> process;
  ProcessOptions options;
  options.argv = CopyCommand(request, audio);
  options.on_stdout_bytes = [&](absl::string_view bytes) {
    if (!cut.ok()) return;
    cut = request.should_stop && request.should_stop() ? absl::CancelledError("packaging was stopped")
                                                       : cutter.Feed(bytes);
    if (!cut.ok()) process->Stop(kStopGrace);
    if (wish.expected_seconds > 0) progress(std::min(1.0, cutter.position_seconds() / wish.expected_seconds));
  };
  ASSIGN_OR_RETURN(process, Process::Start(std::move(options)));
  ProcessExit exit;
  {
    // FFmpeg may read for long without writing anything, and then nothing else asks whether to stop.
    std::jthread watch([&](std::stop_token ended) {
      while (request.should_stop && !ended.stop_requested()) {
        if (request.should_stop()) return process->Stop(kStopGrace);
        absl::SleepFor(kStopPoll);
      }
    });
    exit = process->Wait();
  }
  RETURN_IF_ERROR(cut);
  if (request.should_stop && request.should_stop()) return absl::CancelledError("packaging was stopped");
  if (exit.signal != 0) return absl::UnavailableError(absl::StrCat("FFmpeg was killed by signal ", exit.signal));
  if (!exit.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("FFmpeg cannot copy the ", audio ? "sound" : "video", ": ", LastLine(exit.stderr_tail)));
  }
  return cutter.Finish();
}

absl::StatusOr<PackagedTrack> PackageTrack(const PackageRequest& request, const TrackWish& wish, bool audio,
                                           int64_t limit_bytes, const std::function<void(double)>& progress) {
  std::string folder = absl::StrCat(request.output_dir, "/", wish.label);
  RETURN_IF_ERROR(MakeDirectories(folder));
  SegmentCutter cutter(folder, limit_bytes);
  RETURN_IF_ERROR(CopyAndCut(request, wish, audio, cutter, progress));
  RETURN_IF_ERROR(WriteIndex(folder, cutter.segments()));
  RETURN_IF_ERROR(SyncDirectory(folder));
  RETURN_IF_ERROR(VerifyTrack(folder, wish.expected_seconds));
  return Describe(wish.label, cutter);
}

}  // namespace

absl::StatusOr<std::vector<PackagedTrack>> Package(const PackageRequest& request) {
  std::vector<std::pair<const TrackWish*, bool>> wishes;
  if (request.video) wishes.emplace_back(&request.video_track, false);
  if (request.audio) wishes.emplace_back(&request.audio_track, true);
  if (wishes.empty()) return absl::InvalidArgumentError("nothing to package");
  std::vector<PackagedTrack> tracks;
  int64_t left = request.output_limit_bytes;
  for (size_t i = 0; i < wishes.size(); ++i) {
    auto progress = [&request, i, count = wishes.size()](double fraction) {
      if (request.progress) request.progress((static_cast<double>(i) + fraction) / static_cast<double>(count));
    };
    // A spent limit must not read as "none".
    int64_t limit = request.output_limit_bytes > 0 ? std::max<int64_t>(1, left) : 0;
    ASSIGN_OR_RETURN(PackagedTrack track, PackageTrack(request, *wishes[i].first, wishes[i].second, limit, progress));
    left -= track.size_bytes;
    tracks.push_back(std::move(track));
  }
  return tracks;
}

}  // namespace lectern::vod
