#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "worker/live/live_stream.h"

namespace lectern::worker {
namespace {

constexpr absl::Duration kEraPatience = absl::Seconds(3);

media::Content ContentOf(const std::string& view) {
  return view == "cam" ? media::Content::kCamera : view == "pres" ? media::Content::kSlides : media::Content::kCombined;
}

}  // namespace

std::vector<media::LadderRung> LiveStream::Ladder(const VideoConfig& config, bool copied) const {
  const media::H264Sps& sps = config.avc.sps;
  media::LadderSource source;
  source.width = std::max(1, sps.width * sps.pixel_width / sps.pixel_height);
  source.height = sps.height;
  source.copied = copied;
  // Its rate and distance of key frames are what they are.
  source.max_gop_seconds = source.bitrate_bps = 1;
  std::vector<media::LadderRung> ladder = media::PlanLadder(ContentOf(options_.view), source);
  size_t most = static_cast<size_t>(std::max(0, options_.max_renditions)) + (copied ? 0 : 1);
  if (ladder.size() > most) ladder.resize(most);
  return ladder;
}

std::string LiveStream::TopLabel(const VideoConfig& config) const {
  int height = config.avc.sps.height;
  std::vector<media::LadderRung> encoded = Ladder(config, false);
  return !encoded.empty() && encoded.front().height >= height - 1 ? encoded.front().label : absl::StrCat(height, "p");
}

void LiveStream::MakeBuilder(int64_t first_ms) {
  if (builder_ != nullptr) return;
  SetBuilder::Options options;
  options.origin_ms = options_.resume.origin_ms >= 0 ? options_.resume.origin_ms : first_ms;
  options.floor_ms = std::max(options_.resume.end_ms, options.origin_ms);
  options.patience = options_.rendition_patience;
  builder_ = std::make_unique<SetBuilder>(options);
}

void LiveStream::UsePictures() {
  std::vector<std::unique_ptr<VideoTrack>> tracks;
  int64_t origin = builder_->origin_ms();
  if (state_ == State::kCopying) {
    tracks.push_back(std::make_unique<VideoTrack>(labels_.front(), true, origin));
    tracks.back()->SetConfig(config_);
  }
  for (const media::LadderRung& rung : rungs_) tracks.push_back(std::make_unique<VideoTrack>(rung.label, false, origin));
  builder_->UsePictures(std::move(tracks), state_ == State::kEncoding);
}

// A rendition keeps its name, though its size may change: players stay on it, and no rendition comes or goes in the middle.
void LiveStream::KeepLabels() {
  const size_t copied = state_ == State::kCopying ? 1 : 0;
  if (labels_.empty()) {
    for (const TrackFormat& format : options_.resume.formats) {
      if (!format.audio) labels_.push_back(format.label);
    }
  }
  if (labels_.empty()) {
    if (copied == 1) labels_.push_back(TopLabel(*config_));
    for (const media::LadderRung& rung : rungs_) labels_.push_back(rung.label);
  }
  if (rungs_.size() + copied > labels_.size()) rungs_.resize(labels_.size() - copied);
  for (size_t i = 0; i < rungs_.size(); ++i) rungs_[i].label = labels_[i + copied];
}

void LiveStream::UseSound() {
  if (reader_.sound() == nullptr) return;
  bool encoded = !reader_.sound()->aac.Playable();
  if (!builder_->has_sound() || encoded != sound_encoded_) {
    builder_->UseSound(std::make_unique<SoundTrack>(!encoded, builder_->origin_ms()));
  }
  sound_encoded_ = encoded;
}

bool LiveStream::NeedsEncoder() const { return !rungs_.empty() || sound_encoded_; }

void LiveStream::EndEra(int64_t next_ms) {
  if (builder_ == nullptr) return;
  DrainEncoder(kEraPatience);
  builder_->CloseBefore(next_ms, RealClock().Steady());
  Collect(true);
}

void LiveStream::BeginEra(State state, size_t from) {
  if (from >= kept_.size()) return;
  int64_t first_ms = kept_[from].picture.pts_ms;
  EndEra(first_ms);
  for (; from > 0; --from) {
    const Kept& before = kept_.front();
    kept_bytes_ -= (before.video ? before.picture.payload : before.sound.payload)->size();
    kept_.pop_front();
  }
  MakeBuilder(first_ms);
  state_ = state;
  replan_ = false;
  failures_ = 0;
  config_ = kept_.front().config;
  last_key_ms_ = first_ms;
  rungs_ = Ladder(*config_, state == State::kCopying);
  KeepLabels();
  UsePictures();
  UseSound();
  for (const Kept& kept : kept_) {
    if (kept.video && (state == State::kCopying ? kept.picture.idr : kept.picture.key)) last_key_ms_ = kept.picture.pts_ms;
    Deliver(kept);
  }
  if (NeedsEncoder()) StartEncoder(first_ms);
}

void LiveStream::BeginSoundOnly() {
  if (kept_.empty()) return;
  DrainEncoder(kEraPatience);
  if (builder_ != nullptr) Collect(true);
  MakeBuilder(kept_.front().sound.ts_ms);
  state_ = State::kSoundOnly;
  replan_ = false;
  UseSound();
  builder_->LetSoundLead(RealClock().Steady());
  for (const Kept& kept : kept_) Deliver(kept);
  if (NeedsEncoder()) StartEncoder(-1);
}

void LiveStream::Deliver(const Kept& kept) {
  builder_->NoteArrival(kept.timestamp_ms(), kept.arrived);
  absl::Duration now = RealClock().Steady();
  if (!kept.video) {
    if (!sound_encoded_ && kept.sound.config->aac.Playable()) builder_->AddSound(kept.sound, now);
    return;
  }
  if (state_ != State::kCopying) return;
  Picture picture = kept.picture;
  picture.key = picture.idr;
  builder_->AddPicture(0, picture, now);
}

}  // namespace lectern::worker
