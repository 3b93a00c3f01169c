#include <algorithm>
#include <utility>

#include "common/base/clock.h"
#include "common/log/log.h"
#include "worker/live/live_stream.h"

namespace lectern::worker {
namespace {

constexpr absl::Duration kFirstDelay = absl::Milliseconds(250);
constexpr absl::Duration kMostDelay = absl::Seconds(30);
// A child that ran for so long was well.
constexpr absl::Duration kHealthy = absl::Seconds(60);
// A child that was given so much and gave nothing back for so long hangs. Counted in pictures too, since an encoder looks ahead: at
// one picture a second that alone takes longer.
constexpr absl::Duration kMostSilence = absl::Seconds(8);
constexpr int kMostUnanswered = 100;
// After so many failures in a row, the media itself is what kills it: it is skipped.
constexpr int kSkipAfter = 2;

absl::Duration Now() { return RealClock().Steady(); }

}  // namespace

void LiveStream::StartEncoder(int64_t from_ms) {
  restart_at_ = absl::InfiniteDuration();
  size_t first = state_ == State::kSoundOnly ? 0 : KeyAtOrBefore(from_ms);
  if (first >= kept_.size()) return;
  EncoderPlan plan;
  if (state_ != State::kSoundOnly) plan.pictures = rungs_;
  plan.sound = sound_encoded_;
  plan.follow_source = state_ == State::kCopying;
  plan.origin_ms = builder_->origin_ms();
  plan.wanted_ms = std::max(from_ms, builder_->floor_ms());
  plan.first_picture_ms = kept_[first].picture.pts_ms;
  plan.base_ms = kept_[first].timestamp_ms();
  plan.threads = options_.threads;
  encoded_.assign(plan.pictures.size() + 1, FrameReader());
  fed_config_ = nullptr;
  fed_sound_config_ = nullptr;
  absl::StatusOr<std::unique_ptr<Encoder>> encoder = Encoder::Start(std::move(plan));
  encoder_started_ = encoder_heard_ = Now();
  unanswered_ = 0;
  if (!encoder.ok()) {
    log::Warn("the encoder does not start", {{"error", encoder.status().ToString()}});
    return GiveUpEncoder("it does not start");
  }
  encoder_ = *std::move(encoder);
  FeedHeaders(first);
  for (; encoder_ != nullptr && first < kept_.size(); ++first) FeedEncoder(kept_[first]);
}

// FFmpeg looks for streams no longer than until the first frame.
void LiveStream::FeedHeaders(size_t first) {
  using rtmp::MediaMessage;
  int64_t at = kept_[first].timestamp_ms();
  if (kept_[first].video && !encoder_->plan().pictures.empty()) {
    fed_config_ = kept_[first].config;
    encoder_->Feed(MediaMessage::kVideo, at, fed_config_->payload);
  }
  if (!encoder_->plan().sound) return;
  fed_sound_config_ = reader_.sound();
  for (size_t i = kept_.size(); i > first; --i) {
    if (!kept_[i - 1].video) fed_sound_config_ = kept_[i - 1].sound.config;
  }
  encoder_->Feed(MediaMessage::kAudio, at, fed_sound_config_->payload);
}

void LiveStream::FeedEncoder(const Kept& kept) {
  if (encoder_ == nullptr) return;
  using rtmp::MediaMessage;
  int64_t at = kept.timestamp_ms();
  if (!kept.video) {
    if (!encoder_->plan().sound) return;
    if (kept.sound.config != std::exchange(fed_sound_config_, kept.sound.config)) {
      encoder_->Feed(MediaMessage::kAudio, at, kept.sound.config->payload);
    }
    return encoder_->Feed(MediaMessage::kAudio, at, kept.sound.payload);
  }
  if (encoder_->plan().pictures.empty()) return;
  if (kept.config != std::exchange(fed_config_, kept.config)) encoder_->Feed(MediaMessage::kVideo, at, kept.config->payload);
  encoder_->Feed(MediaMessage::kVideo, at, kept.picture.payload);
  if (++unanswered_ == 1) encoder_heard_ = Now();
}

void LiveStream::OnEncoded(size_t output, const rtmp::MediaMessage& message) {
  unanswered_ = 0;
  Parsed parsed = encoded_[output].Read(message);
  if (output == encoder_->plan().pictures.size()) {
    if (parsed.kind == Parsed::kSound) builder_->AddSound(parsed.sound, Now());
    return;
  }
  size_t track = output + (state_ == State::kCopying ? 1 : 0);
  if (parsed.kind == Parsed::kVideoConfig) builder_->pictures(track).SetConfig(encoded_[output].video());
  if (parsed.kind != Parsed::kPicture) return;
  parsed.picture.key = parsed.picture.idr;
  builder_->AddPicture(track, parsed.picture, Now());
}

void LiveStream::AddPollFds(std::vector<pollfd>& fds) const {
  if (encoder_ != nullptr) encoder_->AddPollFds(fds);
}

absl::Duration LiveStream::next_deadline() const {
  return std::min(restart_at_, builder_ == nullptr ? absl::InfiniteDuration() : builder_->next_deadline());
}

void LiveStream::Pump() {
  if (builder_ == nullptr) return;
  if (encoder_ != nullptr) {
    encoder_->Pump([this](size_t output, const rtmp::MediaMessage& message) { OnEncoded(output, message); });
    if (encoder_->ended()) {
      GiveUpEncoder("it has ended");
    } else if (unanswered_ >= kMostUnanswered && Now() - encoder_heard_ > kMostSilence) {
      GiveUpEncoder("it hangs");
    }
  }
  if (Now() >= restart_at_) RestartEncoder();
  Collect(false);
  if (builder_->TakeLate() && encoder_ != nullptr) GiveUpEncoder("it is late");
}

void LiveStream::GiveUpEncoder(const char* why) {
  std::string last_words;
  if (encoder_ != nullptr) last_words = encoder_->Stop().stderr_tail;
  encoder_.reset();
  if (Now() - encoder_started_ > kHealthy) failures_ = 0;
  absl::Duration delay = std::min(kMostDelay, kFirstDelay * (1 << std::min(failures_, 10)));
  ++failures_;
  ++restarts_;
  restart_at_ = Now() + delay;
  log::Warn("the encoder is started anew", {{"because", why}, {"in_s", delay}, {"failures", failures_}, {"stderr", last_words}});
  Collect(state_ == State::kEncoding);
}

void LiveStream::RestartEncoder() {
  restart_at_ = absl::InfiniteDuration();
  int64_t from = builder_->open_ms() >= 0 ? builder_->open_ms() : builder_->floor_ms();
  if (failures_ > kSkipAfter) from = std::max(from, last_key_ms_);
  Collect(state_ == State::kEncoding);
  if (state_ == State::kEncoding) builder_->Reopen(from);
  for (size_t i = state_ == State::kEncoding ? 0 : 1; i < builder_->picture_tracks(); ++i) builder_->pictures(i).Restart();
  StartEncoder(from);
}

void LiveStream::DrainEncoder(absl::Duration patience) {
  if (encoder_ == nullptr) return;
  absl::Duration deadline = Now() + patience;
  encoder_->CloseInput();
  while (true) {
    encoder_->Pump([this](size_t output, const rtmp::MediaMessage& message) { OnEncoded(output, message); });
    absl::Duration left = deadline - Now();
    if (encoder_->ended() || left <= absl::ZeroDuration()) break;
    std::vector<pollfd> fds;
    encoder_->AddPollFds(fds);
    poll(fds.data(), fds.size(), static_cast<int>(absl::ToInt64Milliseconds(left)) + 1);
  }
  ProcessExit exit = encoder_->Stop();
  if (!exit.ok()) log::Warn("the encoder did not end well", {{"status", exit.code}, {"stderr", exit.stderr_tail}});
  encoder_.reset();
}

}  // namespace lectern::worker
