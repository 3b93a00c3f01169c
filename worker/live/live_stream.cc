#include "worker/live/live_stream.h"

#include <algorithm>
#include <utility>

#include "common/base/clock.h"

namespace lectern::worker {
namespace {

const int64_t kCopyGopMs = absl::ToInt64Milliseconds(kCopyGop);
// Encoders begin with key frames at odd places (a change of scene): one distance alone does not tell.
constexpr int64_t kLeastLookMs = 1500;
constexpr int64_t kMostLookMs = 2500;
// A copied picture without a key frame for so long would make segments that nobody can play in time.
constexpr int64_t kMostGopMs = 4000;
constexpr int64_t kPictureSilentMs = 3000;
constexpr size_t kMostKeptBytes = 64 << 20;
constexpr size_t kOverloadKeptBytes = 40 << 20;
constexpr size_t kOverloadQueueBytes = 4 << 20;
constexpr absl::Duration kPausePatience = absl::Seconds(3);

absl::Duration Now() { return RealClock().Steady(); }

}  // namespace

LiveStream::LiveStream(PipelineOptions options) : options_(std::move(options)) {}
LiveStream::~LiveStream() = default;

void LiveStream::NoteLoss() {
  wait_for_key_ = true;
  meter_.NoteDropped();
}

void LiveStream::Take(const rtmp::MediaMessage& message, absl::Time arrived) {
  if (message.payload == nullptr || message.timestamp_ms < 0) return;
  Parsed parsed = reader_.Read(message);
  // A publisher that comes back sends again what it does not know to be stored.
  if (parsed.kind == Parsed::kPicture && parsed.picture.dts_ms <= last_dts_ms_) return;
  if (parsed.kind == Parsed::kSound && parsed.sound.ts_ms <= last_sound_ms_) return;
  meter_.Note(parsed, reader_, message.timestamp_ms, message.size());
  if (parsed.kind == Parsed::kPicture) OnPicture(std::move(parsed.picture), arrived);
  if (parsed.kind == Parsed::kSound) OnSound(parsed.sound, arrived);
  if (parsed.kind == Parsed::kSoundConfig) OnSoundConfig();
  Collect(false);
}

void LiveStream::OnPicture(Picture picture, absl::Time arrived) {
  picture.key = picture.key || picture.idr;
  last_dts_ms_ = picture.dts_ms;
  if (wait_for_key_ && !picture.key) {
    meter_.NoteDropped();
    return;
  }
  wait_for_key_ = sound_leads_ = false;
  Kept kept{true, std::move(picture), {}, reader_.video(), arrived};
  const Picture& now = kept.picture;
  bool other = config_ != nullptr && kept.config != config_;
  // Between a new configuration and its first key frame nothing can be decoded.
  if (other && !now.key) {
    meter_.NoteDropped();
    return;
  }
  if (state_ == State::kUndecided && other) Decide(true);
  if (config_ == nullptr) config_ = kept.config;
  bool begins = state_ == State::kSoundOnly || (state_ != State::kUndecided && now.key && (other || replan_));
  if (state_ == State::kCopying ? now.idr : now.key) last_key_ms_ = now.pts_ms;
  Keep(kept);
  if (begins) {
    config_ = kept.config;
    return BeginEra(Judge(true), kept_.size() - 1);
  }
  if (state_ == State::kUndecided) return Decide(false);
  Deliver(kept);
  if (state_ == State::kCopying && now.pts_ms - last_key_ms_ > kMostGopMs) {
    return BeginEra(State::kEncoding, KeyAtOrBefore(last_key_ms_));
  }
  if (NeedsEncoder() && encoder_ == nullptr && restart_at_ == absl::InfiniteDuration()) return RestartEncoder();
  FeedEncoder(kept);
}

void LiveStream::OnSound(const Sound& sound, absl::Time arrived) {
  last_sound_ms_ = sound.ts_ms;
  Kept kept{false, {}, sound, nullptr, arrived};
  Keep(kept);
  if (state_ == State::kUndecided) return Decide(false);
  bool silent = state_ != State::kSoundOnly && sound.ts_ms - last_dts_ms_ > kPictureSilentMs;
  if (silent && !std::exchange(sound_leads_, true)) {
    DrainEncoder(kPausePatience);
    builder_->LetSoundLead(Now());
  }
  Deliver(kept);
  FeedEncoder(kept);
}

void LiveStream::OnSoundConfig() {
  if (state_ == State::kUndecided) return;
  bool encode = !reader_.sound()->aac.Playable();
  if (encode == sound_encoded_ && builder_->has_sound() && !encode) return;
  if (!encode && !sound_encoded_) return UseSound();
  replan_ = true;
  if (state_ == State::kSoundOnly) BeginSoundOnly();
}

LiveStream::State LiveStream::Remembered(const VideoConfig& config) const {
  for (const TrackFormat& format : options_.resume.formats) {
    if (format.audio) continue;
    bool same = format.copied ? format.width == config.avc.sps.width && format.height == config.avc.sps.height
                              : format.height == Ladder(config, false).front().height;
    return !same ? State::kUndecided : format.copied ? State::kCopying : State::kEncoding;
  }
  return State::kUndecided;
}

LiveStream::State LiveStream::Judge(bool finishing) const {
  const media::H264Sps& sps = config_->avc.sps;
  bool common = sps.profile == 66 || sps.profile == 77 || sps.profile == 100;
  bool plain = sps.chroma_format == 1 && sps.bit_depth == 8 && sps.progressive && sps.pixel_width == sps.pixel_height;
  if (!common || !plain) return State::kEncoding;
  // What was once too seldom for copying would be again.
  if (state_ == State::kEncoding) return State::kEncoding;
  std::vector<int64_t> keys;
  int64_t last = -1;
  for (const Kept& kept : kept_) {
    if (!kept.video) continue;
    last = std::max(last, kept.picture.pts_ms);
    if (kept.picture.key && !kept.picture.idr) return State::kEncoding;
    if (kept.picture.key) keys.push_back(kept.picture.pts_ms);
  }
  if (finishing) return State::kCopying;
  for (size_t i = 1; i < keys.size(); ++i) {
    if (keys[i] - keys[i - 1] > kCopyGopMs) return State::kEncoding;
  }
  if (keys.size() >= 2 && last - keys[0] >= kLeastLookMs) return State::kCopying;
  if (last - keys[0] < kMostLookMs) return State::kUndecided;
  return keys.size() >= 2 ? State::kCopying : State::kEncoding;
}

void LiveStream::Decide(bool finishing) {
  auto first = std::find_if(kept_.begin(), kept_.end(), [](const Kept& kept) { return kept.video; });
  if (first == kept_.end()) {
    bool enough = !kept_.empty() && (finishing || last_sound_ms_ - kept_.front().sound.ts_ms >= kMostLookMs);
    if (enough) BeginSoundOnly();
    return;
  }
  State state = Remembered(*first->config);
  State judged = Judge(finishing);
  // Remembered does not tell that it can be copied: the profile may be another.
  if (state == State::kUndecided || (state == State::kCopying && judged == State::kEncoding)) state = judged;
  if (state != State::kUndecided) BeginEra(state, static_cast<size_t>(first - kept_.begin()));
}

void LiveStream::Keep(Kept kept) {
  kept_bytes_ += (kept.video ? kept.picture.payload : kept.sound.payload)->size();
  bool key = kept.video && kept.picture.key;
  kept_.push_back(std::move(kept));
  if (key || state_ == State::kSoundOnly || kept_bytes_ > kMostKeptBytes) Trim();
}

size_t LiveStream::KeyAtOrBefore(int64_t position_ms) const {
  size_t found = kept_.size();
  for (size_t i = 0; i < kept_.size(); ++i) {
    if (!kept_[i].video || !kept_[i].picture.key) continue;
    if (found < kept_.size() && kept_[i].picture.pts_ms > position_ms) break;
    found = i;
  }
  return found;
}

void LiveStream::Trim() {
  size_t until = 0;
  if (state_ == State::kCopying || state_ == State::kEncoding) {
    int64_t from = builder_->open_ms() >= 0 ? builder_->open_ms() : builder_->floor_ms();
    if (state_ == State::kCopying && rungs_.empty()) from = last_key_ms_;
    until = KeyAtOrBefore(std::min(from, last_key_ms_));
    if (until == kept_.size()) until = 0;
  } else if (state_ == State::kSoundOnly) {
    while (until < kept_.size() && !kept_[until].video && kept_[until].sound.ts_ms < last_sound_ms_ - kMostLookMs) ++until;
  }
  for (; until > 0 || kept_bytes_ > kMostKeptBytes; until -= until > 0 ? 1 : 0) {
    const Kept& first = kept_.front();
    kept_bytes_ -= (first.video ? first.picture.payload : first.sound.payload)->size();
    kept_.pop_front();
  }
}

void LiveStream::Pause() {
  if (builder_ == nullptr) return;
  DrainEncoder(kPausePatience);
  Collect(true);
}

void LiveStream::Finish(absl::Duration patience) {
  if (state_ == State::kUndecided) Decide(true);
  if (builder_ == nullptr) return;
  if (restart_at_ != absl::InfiniteDuration()) RestartEncoder();
  DrainEncoder(patience);
  builder_->Close(Now());
  Collect(true);
}

void LiveStream::Collect(bool everything) {
  if (builder_ == nullptr) return;
  if (encoder_ == nullptr && state_ == State::kCopying) builder_->GiveUpRenditions();
  for (SegmentSet& set : builder_->Collect(Now(), everything)) sets_.push_back(std::move(set));
}

std::vector<SegmentSet> LiveStream::TakeSets() { return std::exchange(sets_, {}); }

bool LiveStream::overloaded() const {
  if (state_ != State::kEncoding) return false;
  return kept_bytes_ > kOverloadKeptBytes || (encoder_ != nullptr && encoder_->queued_bytes() > kOverloadQueueBytes);
}

PipelineFacts LiveStream::facts() const {
  PipelineFacts facts = meter_.facts();
  if (state_ == State::kCopying) facts.renditions.push_back(builder_->pictures(0).label() + " (copied)");
  for (const media::LadderRung& rung : rungs_) facts.renditions.push_back(rung.label);
  facts.gaps = builder_ == nullptr ? 0 : builder_->gaps();
  facts.restarts = restarts_;
  return facts;
}

}  // namespace lectern::worker
