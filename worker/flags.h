// Configuration of lectern-worker.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "common/config/flags.h"
#include "common/link/link.h"
#include "worker/ingest/live_jobs.h"

namespace lectern::worker {

inline int64_t Cores() { return std::max<int64_t>(1, std::thread::hardware_concurrency()); }

struct WorkerConfig {
  link::LinkConfig link;
  int64_t slots = std::max<int64_t>(1, Cores() / 2);
  std::string scratch_dir;
  int64_t scratch_bytes = int64_t{40} << 30;
  int64_t scratch_min_free = int64_t{512} << 20;
  std::string ffmpeg_dir;
  LiveConfig live;
  int64_t live_slots = 2 * Cores();
  std::string rtmp_public_url;
};

void DefineFlags(Flags& flags, WorkerConfig& config);

// Fills in what was left out, and puts --ffmpeg_dir into PATH: before any thread is started. Errors: kInvalidArgument.
absl::Status Complete(WorkerConfig& config);

}  // namespace lectern::worker
