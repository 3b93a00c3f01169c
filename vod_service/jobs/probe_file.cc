#include "vod_service/jobs/probe_file.h"

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/exec/process.h"
#include "common/media/ffmpeg_input.h"

namespace lectern::vod {
namespace {

constexpr absl::Duration kProbeTimeout = absl::Seconds(60);

}  // namespace

absl::StatusOr<media::MediaFacts> ProbeFile(const std::string& path) {
  ProcessOptions options;
  options.argv = {"ffprobe",
                  "-v",
                  "error",
                  "-protocol_whitelist",
                  "file",
                  "-format_whitelist",
                  media::kInputFormats,
                  "-print_format",
                  "json",
                  "-show_format",
                  "-show_streams",
                  absl::StrCat("file:", path)};
  ASSIGN_OR_RETURN(std::string json, RunProcess(std::move(options), kProbeTimeout));
  return media::ParseFfprobe(json);
}

}  // namespace lectern::vod
