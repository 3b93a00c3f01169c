#include "flags.h"

#include <cstdlib>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace lectern::worker {
namespace {

constexpr int64_t kMaxSlots = 256, kMaxLiveSlots = 500, kMaxRenditions = 4;

absl::Status CheckLive(const WorkerConfig& config) {
  if (config.live_slots < 0 || config.live_slots > kMaxLiveSlots) {
    return absl::InvalidArgumentError(absl::StrCat("--live_slots must be 0 to ", kMaxLiveSlots));
  }
  if (config.live.max_renditions < 0 || config.live.max_renditions > kMaxRenditions) {
    return absl::InvalidArgumentError(absl::StrCat("--live_renditions must be 0 to ", kMaxRenditions));
  }
  if (config.live.rtmp_port < 0 || config.live.rtmp_port > 65535) {
    return absl::InvalidArgumentError("--rtmp_port must be 0 to 65535");
  }
  if (config.rtmp_public_url.empty() && (config.live.rtmp_address == "0.0.0.0" || config.live.rtmp_address == "::")) {
    return absl::InvalidArgumentError("--rtmp_public_url is missing: --rtmp_listen names no single address");
  }
  if (config.live.spool_bytes <= 0) return absl::InvalidArgumentError("--live_spool_bytes must be positive");
  if (config.live.preview_interval < absl::Seconds(1)) {
    return absl::InvalidArgumentError("--live_preview_interval must be 1s or more");
  }
  if (!config.rtmp_public_url.empty() && !absl::StartsWith(config.rtmp_public_url, "rtmp://")) {
    return absl::InvalidArgumentError("--rtmp_public_url must be rtmp://HOST:PORT");
  }
  return absl::OkStatus();
}

}  // namespace

void DefineFlags(Flags& flags, WorkerConfig& config) {
  link::DefineLinkFlags(flags, config.link);
  flags.Int("slots", &config.slots, "Jobs at once");
  flags.String("scratch_dir", &config.scratch_dir, "Folder for files of running jobs; empty: scratch in --state_dir");
  flags.Bytes("scratch_bytes", &config.scratch_bytes, "What all running jobs together may write there");
  flags.Bytes("scratch_min_free", &config.scratch_min_free, "With less than this left on its disk no work is taken");
  flags.String("ffmpeg_dir", &config.ffmpeg_dir, "Folder of the programs ffmpeg and ffprobe; empty: found in PATH");
  flags.String("rtmp_listen", &config.live.rtmp_address, "Address at which proxies publish live streams; empty: takes none");
  flags.Int("rtmp_port", &config.live.rtmp_port, "Port there; 0: the kernel chooses");
  flags.String("rtmp_public_url", &config.rtmp_public_url, "rtmp://HOST:PORT at which proxies reach it; empty: as it listens");
  flags.Int("live_slots", &config.live_slots, "Live streams at once, beside the jobs");
  flags.Int("live_renditions", &config.live.max_renditions, "Encoded pictures of a live stream beside its best one");
  flags.Bytes("live_spool_bytes", &config.live.spool_bytes, "Segments of all live streams that may wait for their VOD services");
  flags.Duration("live_preview_interval", &config.live.preview_interval, "Between two pictures of a live stream for its page");
}

absl::Status Complete(WorkerConfig& config) {
  if (config.slots < 1 || config.slots > kMaxSlots) {
    return absl::InvalidArgumentError(absl::StrCat("--slots must be 1 to ", kMaxSlots));
  }
  RETURN_IF_ERROR(CheckLive(config));
  if (config.link.state_dir.empty()) return absl::InvalidArgumentError("--state_dir is missing: a folder for the credential");
  if (config.scratch_dir.empty()) config.scratch_dir = config.link.state_dir + "/scratch";
  if (!config.ffmpeg_dir.empty()) {
    if (!std::filesystem::exists(config.ffmpeg_dir + "/ffmpeg")) {
      return absl::InvalidArgumentError(absl::StrCat("--ffmpeg_dir: there is no ffmpeg in ", config.ffmpeg_dir));
    }
    // Child processes are looked up in PATH; no other thread reads the environment yet.
    const char* path = std::getenv("PATH");
    setenv("PATH", absl::StrCat(config.ffmpeg_dir, ":", path != nullptr ? path : "/usr/bin:/bin").c_str(), 1);
  }
  config.link.disk_dir = config.scratch_dir;
  // Nothing is offered before the self-test.
  config.link.slots = 0;
  return absl::OkStatus();
}

}  // namespace lectern::worker
