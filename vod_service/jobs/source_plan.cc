#include <algorithm>

#include "vod_service/jobs/source_file.h"

namespace lectern::vod {
namespace {

constexpr size_t kNone = SIZE_MAX;

int64_t PixelsOf(const LiveTrackFormat& track) {
  return static_cast<int64_t>(track.width) * track.height;
}

// The largest picture that the set has, or its sound.
size_t BestOf(const LiveSetFiles& set, bool audio) {
  size_t best = kNone;
  for (size_t i = 0; i < set.segments.size(); ++i) {
    const LiveTrackFormat& track = (*set.format)[i];
    if (track.audio != audio || set.segments[i].name.empty()) continue;
    if (best == kNone || PixelsOf(track) > PixelsOf((*set.format)[best])) best = i;
  }
  return best;
}

bool Has(const LiveFormat& format, bool audio) {
  return std::any_of(format.begin(), format.end(),
                     [audio](const LiveTrackFormat& track) { return track.audio == audio; });
}

void Add(const LiveSetFiles& set, size_t index, std::vector<SourceRun>& runs) {
  const LiveTrackFormat& track = (*set.format)[index];
  if (runs.empty() || runs.back().init_sha256 != track.init_sha256) runs.push_back({track.init, track.init_sha256, {}});
  runs.back().segments.push_back(set.segments[index].name);
}

}  // namespace

SourcePlan PlanSource(const std::vector<LiveSetFiles>& sets) {
  SourcePlan plan;
  bool whole = !sets.empty();
  const LiveSetFiles* before = nullptr;
  for (const LiveSetFiles& set : sets) {
    const double end = static_cast<double>(set.end_ms - sets.front().start_ms) / 1000;
    if (before != nullptr && set.start_ms - before->end_ms > kToleranceMs) whole = false;
    before = &set;
    for (bool audio : {false, true}) {
      const size_t best = BestOf(set, audio);
      // What the first set has all of them must have.
      if ((best != kNone) != Has(*sets.front().format, audio)) whole = false;
      if (best == kNone) continue;
      Add(set, best, audio ? plan.audio : plan.video);
      plan.size_bytes += set.segments[best].size_bytes;
      (audio ? plan.audio_seconds : plan.video_seconds) = end;
    }
  }
  plan.continuous = whole && plan.video.size() <= 1 && plan.audio.size() <= 1;
  return plan;
}

}  // namespace lectern::vod
