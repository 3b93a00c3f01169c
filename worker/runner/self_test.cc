#include "worker/runner/self_test.h"

#include <unistd.h>

#include <algorithm>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "common/base/status.h"
#include "common/exec/process.h"

namespace lectern::worker {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(20);
constexpr absl::string_view kWanted[] = {"aac", "libfdk_aac", "libopus", "libsvtav1", "libx264", "libx265", "mjpeg"};
constexpr absl::string_view kNeeded[] = {"aac", "libx264", "mjpeg"};
constexpr char kFrames[] = "50";

absl::Status CountFrames(const std::string& file) {
  ProcessOptions probe;
  probe.argv = {"ffprobe", "-v", "error", "-count_frames", "-select_streams", "v:0", "-show_entries", "stream=nb_read_frames",
                "-of", "default=noprint_wrappers=1:nokey=1", file};
  absl::StatusOr<std::string> frames = RunProcess(std::move(probe), kPatience);
  if (!frames.ok()) return frames.status();
  absl::string_view count = absl::StripAsciiWhitespace(*frames);
  if (count != kFrames) return absl::InternalError(absl::StrCat("it decodes ", count, " frames of ", kFrames));
  return absl::OkStatus();
}

absl::Status EncodeAndCount(const std::string& file) {
  ProcessOptions encode;
  encode.argv = {"ffmpeg", "-hide_banner", "-nostdin", "-v", "error", "-y",
                 "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=2",
                 "-f", "lavfi", "-i", "sine=frequency=440:duration=2",
                 "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-c:a", "aac", file};
  RETURN_IF_ERROR(RunProcess(std::move(encode), kPatience).status());
  return CountFrames(file);
}

}  // namespace

std::vector<std::string> EncodersIn(absl::string_view listing) {
  std::vector<std::string> found;
  for (absl::string_view line : absl::StrSplit(listing, '\n')) {
    // " V....D libx264              libx264 H.264 ..."
    std::vector<absl::string_view> columns = absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (columns.size() >= 2 && columns[0].size() == 6 && absl::c_linear_search(kWanted, columns[1])) {
      found.emplace_back(columns[1]);
    }
  }
  absl::c_sort(found);
  return found;
}

absl::StatusOr<std::vector<std::string>> FindCapabilities() {
  ProcessOptions list;
  list.argv = {"ffmpeg", "-hide_banner", "-encoders"};
  absl::StatusOr<std::string> listing = RunProcess(std::move(list), kPatience);
  if (!listing.ok()) return Annotate(listing.status(), "FFmpeg does not work here");
  return EncodersIn(*listing);
}

absl::Status SelfTest(const std::string& directory) {
  ASSIGN_OR_RETURN(std::vector<std::string> found, FindCapabilities());
  for (absl::string_view needed : kNeeded) {
    if (!absl::c_linear_search(found, needed)) {
      return absl::FailedPreconditionError(absl::StrCat("FFmpeg does not work here: it has no encoder ", needed));
    }
  }
  std::string file = directory + "/self-test.mp4";
  absl::Status status = EncodeAndCount(file);
  unlink(file.c_str());
  return Annotate(status, "FFmpeg does not work here");
}

}  // namespace lectern::worker
