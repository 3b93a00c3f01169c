#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/media/mp4_boxes.h"
#include "common/media/mp4_init.h"
#include "worker/live/tracks.h"

namespace lectern::worker {
namespace {

// Messages this far from the running count have really jumped: encoders round and bundle frames by less.
constexpr int64_t kJumpMs = 60;

}  // namespace

bool SoundTrack::Add(const Sound& sound) {
  if (sound.ts_ms <= last_ms_ || sound.config->aac.sample_rate <= 0) return false;
  step_ms_ = std::max<int64_t>(1, 1000 * sound.config->aac.frame_samples / sound.config->aac.sample_rate);
  last_ms_ = sound.ts_ms;
  waiting_.push_back(sound);
  return true;
}

void SoundTrack::Restart() {
  waiting_.clear();
  last_ms_ = -1;
}

bool SoundTrack::Place(Placed& placed) {
  if (placed.sound.config != format_config_) {
    MakeFormat(placed.sound.config);
    next_ticks_ = -1;
  }
  int64_t rate = format_config_->aac.sample_rate;
  int64_t told = ((placed.sound.ts_ms - origin_ms_) * rate + 500) / 1000;
  if (next_ticks_ >= 0 && told < next_ticks_ - kJumpMs * rate / 1000) return false;
  placed.ticks = next_ticks_ >= 0 && told <= next_ticks_ + kJumpMs * rate / 1000 ? next_ticks_ : std::max<int64_t>(0, told);
  next_ticks_ = placed.ticks + format_config_->aac.frame_samples;
  return true;
}

Cut SoundTrack::Take(int64_t start_ms, int64_t end_ms) {
  while (!waiting_.empty() && waiting_.front().ts_ms < start_ms) {
    waiting_.pop_front();
    next_ticks_ = -1;
  }
  std::vector<Placed> taken;
  while (!waiting_.empty() && waiting_.front().ts_ms < end_ms) {
    Placed placed{std::move(waiting_.front()), 0};
    waiting_.pop_front();
    // Another format begins with the next segment.
    if (!taken.empty() && placed.sound.config != taken.front().sound.config) continue;
    if (Place(placed)) taken.push_back(std::move(placed));
  }
  Cut cut;
  cut.format = format_;
  cut.segment.label = "audio";
  cut.segment.duration_seconds = static_cast<double>(end_ms - start_ms) / 1000;
  if (taken.empty()) return cut;
  int64_t duration = 0;
  cut.frames = static_cast<int64_t>(taken.size());
  cut.segment.bytes = std::make_shared<const std::string>(Write(taken, duration));
  cut.segment.duration_seconds = static_cast<double>(duration) / format_config_->aac.sample_rate;
  return cut;
}

void SoundTrack::MakeFormat(const std::shared_ptr<const SoundConfig>& config) {
  TrackFormat format;
  format.label = "audio";
  format.audio = true;
  format.codecs = absl::StrCat("mp4a.40.", config->aac.object_type);
  format.channels = config->aac.channels;
  format.copied = copied_;
  format.init = std::make_shared<const std::string>(
      media::WriteAudioInit({config->record(), config->aac.sample_rate, config->aac.channels}));
  format_ = std::make_shared<const TrackFormat>(std::move(format));
  format_config_ = config;
}

std::string SoundTrack::Write(const std::vector<Placed>& frames, int64_t& duration) const {
  media::Fragment fragment;
  std::string data;
  for (size_t i = 0; i < frames.size(); ++i) {
    int64_t next = i + 1 < frames.size() ? frames[i + 1].ticks : frames[i].ticks + format_config_->aac.frame_samples;
    media::Sample sample;
    sample.duration = static_cast<uint32_t>(next - frames[i].ticks);
    sample.size = static_cast<uint32_t>(frames[i].sound.data().size());
    sample.sync = true;
    duration += sample.duration;
    fragment.samples.push_back(sample);
    data.append(frames[i].sound.data().data(), frames[i].sound.data().size());
  }
  fragment.decode_time = frames.front().ticks;
  fragment.data = data;
  media::TrackInit track;
  track.track_id = 1;
  return media::WriteFragment(static_cast<uint32_t>(std::max<int64_t>(0, frames.front().sound.ts_ms - origin_ms_) + 1), track,
                              fragment);
}

}  // namespace lectern::worker
