// Makes one file of what was on air: the best picture and the sound, copied. Private to the room.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/blob/blob_store.h"
#include "vod_service/live/live_set.h"

namespace lectern::vod {

// One init segment and the segments that it belongs to, in order.
struct SourceRun {
  std::string init;
  std::string init_sha256;
  std::vector<std::string> segments;
};

struct SourcePlan {
  std::vector<SourceRun> video;  // the best picture of each moment
  std::vector<SourceRun> audio;
  int64_t size_bytes = 0;    // of the segments
  double video_seconds = 0;  // where the last one ends; the first set begins at 0
  double audio_seconds = 0;
  // No hole, and one init segment each: renditions that are made of the file can take the place of the live ones.
  bool continuous = false;
};

// Pure.
SourcePlan PlanSource(const std::vector<LiveSetFiles>& sets);

struct SourceRequest {
  std::string media_folder;  // key of the folder with the segments
  std::string work_folder;   // exists; for what is made on the way
  std::string output_path;   // an MP4
  std::function<void(double fraction)> progress;
  std::function<bool()> should_stop;
};

// Times in the file are those of the recording: holes stay holes. Blocking. The file is not synced.
// Errors: kDataLoss where it does not last as long as it should, kInvalidArgument (FFmpeg cannot copy the media),
// kCancelled, kUnavailable, kInternal.
absl::Status MakeSource(BlobStore& blobs, const SourcePlan& plan, const SourceRequest& request);

// Hex. Errors: kCancelled.
absl::StatusOr<std::string> DigestOf(const std::string& path, const std::function<bool()>& should_stop);

}  // namespace lectern::vod
