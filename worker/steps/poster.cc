#include "worker/steps/poster.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/status.h"
#include "worker/steps/ffmpeg.h"

namespace lectern::worker {
namespace {

constexpr char kPoster[] = "poster.jpg";
constexpr int kMaxWidth = 640;
constexpr int kNiceness = 10;
// Where to look, as shares of the duration; the beginning last, since it is often black.
constexpr double kMoments[] = {0.1, 0.25, 0.45, 0.65, 0.85, 0};
// JPEG spends next to nothing on what is uniform: black has 0.06 bits a pixel at this quality, two words on a slide 0.12.
constexpr double kEnoughBitsPerPixel = 0.1;

struct Size {
  int width = 0;
  int height = 0;
};

Size SizeOf(const v1::MediaInfo& media) {
  const int width = std::max(2, media.video().width());
  const int height = std::max(2, media.video().height());
  Size size;
  size.width = std::max(2, std::min(width, kMaxWidth) / 2 * 2);
  const double wanted = static_cast<double>(size.width) * height / width;
  size.height = std::clamp(static_cast<int>(std::lround(wanted / 2)) * 2, 2, 2 * kMaxWidth);
  return size;
}

FfmpegCommand PictureCommand(double seconds, const Size& size, const std::string& name) {
  FfmpegCommand command;
  command.before_input = {"-noaccurate_seek", "-ss", absl::StrFormat("%.3f", seconds)};
  const std::string scale = absl::StrFormat("scale=%d:%d,setsar=1", size.width, size.height);
  command.after_input = {"-map", "0:V:0", "-an", "-sn", "-dn", "-vf", scale, "-frames:v", "1", "-q:v", "4",
                         "-pix_fmt", "yuvj420p", "-f", "image2", "-update", "1", absl::StrCat("file:", name)};
  command.niceness = kNiceness;
  return command;
}

// Bytes of the picture; 0: there is none at that moment.
absl::StatusOr<int64_t> TakePicture(StepCall& call, double seconds, const Size& size, const std::string& name) {
  const absl::Status taken = RunFfmpeg(call, PictureCommand(seconds, size, name)).status();
  if (absl::IsInvalidArgument(taken) || absl::IsFailedPrecondition(taken)) return 0;
  RETURN_IF_ERROR(taken);
  std::error_code error;
  const auto bytes = std::filesystem::file_size(absl::StrCat(call.environment.scratch_dir, "/", name), error);
  return error ? 0 : static_cast<int64_t>(bytes);
}

}  // namespace

absl::StatusOr<std::string> MakePoster(StepCall& call) {
  const v1::MediaInfo& media = call.spec().media();
  const Size size = SizeOf(media);
  const double enough = kEnoughBitsPerPixel / 8 * size.width * size.height;
  int64_t best = 0;
  std::string best_name;
  for (size_t i = 0; i < std::size(kMoments) && static_cast<double>(best) < enough; ++i) {
    const std::string name = absl::StrCat("still-", i, ".jpg");
    ASSIGN_OR_RETURN(const int64_t bytes, TakePicture(call, kMoments[i] * media.duration_seconds(), size, name));
    if (bytes <= best) continue;
    best = bytes;
    best_name = name;
  }
  if (best == 0) return std::string();
  std::error_code error;
  std::filesystem::rename(absl::StrCat(call.environment.scratch_dir, "/", best_name),
                          absl::StrCat(call.environment.scratch_dir, "/", kPoster), error);
  if (error) return absl::InternalError(absl::StrCat("the still could not be named: ", error.message()));
  return std::string(kPoster);
}

}  // namespace lectern::worker
