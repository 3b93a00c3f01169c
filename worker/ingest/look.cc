#include "worker/ingest/look.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/exec/process.h"

namespace lectern::worker {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(8);
constexpr int kNiceness = 10;
constexpr double kSilenceDbfs = -100;

// FFmpeg refuses an output without streams, so that only what is there may be asked for.
std::vector<std::string> Arguments(bool video, bool audio, const std::string& base) {
  std::vector<std::string> argv = {"ffmpeg", "-hide_banner", "-nostdin", "-v", "error", "-y", "-threads", "1", "-f", "flv",
                                   "-i", absl::StrCat(base, ".flv")};
  if (video) {
    for (const char* word : {"-map", "0:v:0", "-frames:v", "1", "-vf", "scale=640:-2", "-pix_fmt", "yuvj420p", "-q:v", "4",
                             "-threads", "1", "-f", "mjpeg"}) {
      argv.push_back(word);
    }
    argv.push_back(absl::StrCat(base, ".jpg"));
    // One plane of video-range luma, whatever the source's pixel format is.
    for (const char* word : {"-map", "0:v:0", "-frames:v", "1", "-vf",
                             "scale=64:36:flags=area:out_range=tv,format=yuv420p,extractplanes=y", "-f", "rawvideo"}) {
      argv.push_back(word);
    }
    argv.push_back(absl::StrCat(base, ".y"));
  }
  if (audio) {
    for (const char* word : {"-map", "0:a:0", "-ac", "1", "-ar", "16000", "-f", "s16le"}) argv.push_back(word);
    argv.push_back(absl::StrCat(base, ".pcm"));
  }
  return argv;
}

std::string Take(const std::string& path) {
  std::string content = ReadFile(path, 4 << 20).value_or("");
  unlink(path.c_str());
  return content;
}

}  // namespace

double LevelOf(absl::string_view pcm) {
  size_t count = pcm.size() / sizeof(int16_t);
  if (count == 0) return 0;
  double sum = 0;
  for (size_t i = 0; i < count; ++i) {
    int16_t sample;
    std::memcpy(&sample, pcm.data() + i * sizeof sample, sizeof sample);
    sum += static_cast<double>(sample) * sample;
  }
  double rms = std::sqrt(sum / static_cast<double>(count)) / 32768;
  return rms <= 0 ? kSilenceDbfs : std::clamp(20 * std::log10(rms), kSilenceDbfs, -0.01);
}

double LumaOf(absl::string_view luma) {
  if (luma.empty()) return -1;
  double sum = 0;
  for (char value : luma) sum += static_cast<unsigned char>(value);
  return std::clamp((sum / static_cast<double>(luma.size()) - 16) / 219, 0.0, 1.0);
}

absl::StatusOr<Look> TakeLook(const std::string& sample, bool video, bool audio, const std::string& directory) {
  Look look;
  if (sample.empty() || (!video && !audio)) return look;
  std::string base = absl::StrCat(directory, "/look");
  RETURN_IF_ERROR(WriteFileAtomically(absl::StrCat(base, ".flv"), sample, 0600));
  ProcessOptions options;
  options.argv = Arguments(video, audio, base);
  options.niceness = kNiceness;
  absl::Status ran = RunProcess(std::move(options), kPatience).status();
  unlink(absl::StrCat(base, ".flv").c_str());
  if (video) {
    look.jpeg = Take(absl::StrCat(base, ".jpg"));
    look.luma = LumaOf(Take(absl::StrCat(base, ".y")));
  }
  if (audio) look.level_dbfs = LevelOf(Take(absl::StrCat(base, ".pcm")));
  RETURN_IF_ERROR(ran);
  return look;
}

}  // namespace lectern::worker
