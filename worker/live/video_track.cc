#include <algorithm>
#include <cmath>
#include <utility>

#include "common/media/mp4_boxes.h"
#include "common/media/mp4_init.h"
#include "worker/live/tracks.h"

namespace lectern::worker {
namespace {

constexpr int64_t kTicksPerMs = 90;
// Pictures further apart do not tell how long one is shown.
constexpr int64_t kMostStepMs = 1000;
// The delay of a key frame varies with the rounding of milliseconds; every worker must find the same.
constexpr int64_t kDelayGridMs = 10;

int64_t DelayOf(const Picture& picture) {
  int64_t offset = std::clamp<int64_t>(picture.pts_ms - picture.dts_ms, 0, 10'000);
  return (offset + kDelayGridMs - 1) / kDelayGridMs * kDelayGridMs;
}

// By the distances of the first pictures; the usual rates exactly.
double FrameRate(int64_t first_ms, int64_t last_ms, size_t pictures) {
  if (pictures < 3 || last_ms <= first_ms) return 0;
  double rate = 1000.0 * static_cast<double>(pictures - 1) / static_cast<double>(last_ms - first_ms);
  for (double usual : {24000 / 1001.0, 30000 / 1001.0, 60000 / 1001.0}) {
    if (std::abs(rate / usual - 1) < 0.0004) return std::round(usual * 1000) / 1000;
  }
  return std::abs(rate - std::round(rate)) < 0.02 * rate / 10 ? std::round(rate) : std::round(rate * 100) / 100;
}

}  // namespace

bool VideoTrack::Add(const Picture& picture) {
  if (config_ == nullptr || picture.dts_ms <= last_dts_ms_) return false;
  int64_t step = picture.dts_ms - last_dts_ms_;
  if (last_dts_ms_ >= 0 && step <= kMostStepMs) step_ms_ = step;
  last_dts_ms_ = picture.dts_ms;
  last_pts_ms_ = std::max(last_pts_ms_, picture.pts_ms);
  waiting_.push_back({picture, config_});
  return true;
}

void VideoTrack::Restart() {
  waiting_.clear();
  last_dts_ms_ = last_pts_ms_ = -1;
}

Cut VideoTrack::Take(int64_t start_ms, int64_t end_ms) {
  std::vector<Waiting> taken;
  bool complete = false;
  while (!waiting_.empty() && waiting_.front().picture.pts_ms < end_ms) {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    if (next.picture.key && next.picture.pts_ms == start_ms) complete = true;
    if (complete && (taken.empty() || next.config == taken.front().config)) taken.push_back(std::move(next));
  }
  if (complete) MakeFormat(taken);
  Cut cut;
  cut.format = format_;
  cut.segment.label = label_;
  cut.segment.duration_seconds = static_cast<double>(end_ms - start_ms) / 1000;
  if (!complete) return cut;
  cut.frames = static_cast<int64_t>(taken.size());
  cut.segment.bytes = std::make_shared<const std::string>(Write(taken, end_ms));
  return cut;
}

void VideoTrack::MakeFormat(const std::vector<Waiting>& pictures) {
  const std::shared_ptr<const VideoConfig>& config = pictures.front().config;
  if (config == format_config_) return;
  delay_ms_ = DelayOf(pictures.front().picture);
  int64_t last = pictures.front().picture.pts_ms;
  for (const Waiting& waiting : pictures) last = std::max(last, waiting.picture.pts_ms);
  TrackFormat format;
  format.label = label_;
  format.codecs = config->avc.codecs;
  format.width = config->avc.sps.width;
  format.height = config->avc.sps.height;
  format.frame_rate = FrameRate(pictures.front().picture.pts_ms, last, pictures.size());
  format.copied = copied_;
  media::VideoInit init;
  init.config = config->record();
  init.width = format.width;
  init.height = format.height;
  init.timescale = 1000 * kTicksPerMs;
  init.delay = static_cast<uint32_t>(delay_ms_ * kTicksPerMs);
  format.init = std::make_shared<const std::string>(media::WriteVideoInit(init));
  format_ = std::make_shared<const TrackFormat>(std::move(format));
  format_config_ = config;
}

std::string VideoTrack::Write(const std::vector<Waiting>& pictures, int64_t end_ms) const {
  media::Fragment fragment;
  std::string data;
  for (size_t i = 0; i < pictures.size(); ++i) {
    const Picture& picture = pictures[i].picture;
    int64_t next_dts = i + 1 < pictures.size() ? pictures[i + 1].picture.dts_ms
                       : waiting_.empty()      ? picture.dts_ms + (delay_ms_ == 0 ? end_ms - picture.pts_ms : step_ms_)
                                               : waiting_.front().picture.dts_ms;
    // A hole is not the last picture's, however long it lasts.
    if (i + 1 == pictures.size() && next_dts > picture.dts_ms + kMostStepMs) next_dts = picture.dts_ms + step_ms_;
    media::Sample sample;
    sample.duration = static_cast<uint32_t>(std::max<int64_t>(1, (next_dts - picture.dts_ms) * kTicksPerMs));
    sample.size = static_cast<uint32_t>(picture.data().size());
    sample.composition_offset = static_cast<int32_t>((picture.pts_ms - picture.dts_ms) * kTicksPerMs);
    sample.sync = picture.key;
    fragment.samples.push_back(sample);
    data.append(picture.data().data(), picture.data().size());
  }
  const Picture& first = pictures.front().picture;
  fragment.decode_time = (first.dts_ms - origin_ms_ + delay_ms_) * kTicksPerMs;
  fragment.data = data;
  media::TrackInit track;
  track.track_id = 1;
  return media::WriteFragment(static_cast<uint32_t>(first.pts_ms - origin_ms_ + 1), track, fragment);
}

}  // namespace lectern::worker
