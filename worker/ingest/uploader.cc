#include "worker/ingest/uploader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/log/log.h"
#include "lectern/v1/live_media.pb.h"

namespace lectern::worker {
namespace {

constexpr absl::Duration kFirstDelay = absl::Milliseconds(100), kMaxDelay = absl::Seconds(2);
constexpr absl::Duration kCheck = absl::Milliseconds(50);
constexpr absl::Duration kWait = absl::Seconds(1);
// A recording that a VOD service does not know at all: it may be about to learn of it.
constexpr int kUnknownAttempts = 5;

bool IsFinal(const absl::Status& status) {
  return absl::IsAborted(status) || absl::IsCancelled(status) || absl::IsInvalidArgument(status) || absl::IsOutOfRange(status) ||
         absl::IsDataLoss(status);
}

void Describe(const TrackFormat& format, v1::LiveTrack& track) {
  track.set_label(format.label);
  track.set_audio(format.audio);
  track.set_codecs(format.codecs);
  track.set_width(format.width);
  track.set_height(format.height);
  track.set_frame_rate(format.frame_rate);
  track.set_channels(format.channels);
  track.set_copied(format.copied);
}

}  // namespace

Uploader::Uploader(VodTarget target, int64_t start_time_ms, Spool& spool, Events events, LiveMetrics& metrics)
    : target_(std::move(target)), start_time_ms_(start_time_ms), spool_(spool), events_(std::move(events)), metrics_(metrics),
      vod_(target_, [this] { return stopped_.load(); }), thread_([this] { Loop(); }) {}

Uploader::~Uploader() {
  stopped_ = true;
  spool_.Close();
  thread_.join();
}

absl::Status Uploader::status() const {
  absl::MutexLock lock(&mu_);
  return status_;
}

std::string Uploader::trouble() const {
  absl::MutexLock lock(&mu_);
  return trouble_;
}

int64_t Uploader::sets() const {
  absl::MutexLock lock(&mu_);
  return sets_;
}

absl::Duration Uploader::delay() const {
  absl::MutexLock lock(&mu_);
  return delay_;
}

void Uploader::Loop() {
  absl::Status status = Open();
  while (status.ok()) {
    absl::StatusOr<SegmentSet> set = spool_.Front(kWait);
    if (absl::IsDeadlineExceeded(set.status())) continue;
    status = set.ok() ? Store(*set) : set.status();
    if (status.ok()) spool_.Pop();
  }
  if (stopped_) return;
  log::Info("storing a live stream has ended", {{"job", target_.job}, {"epoch", target_.fence}, {"reason", status.message()}});
  {
    absl::MutexLock lock(&mu_);
    status_ = status;
  }
  events_.on_change();
}

absl::Status Uploader::Open() {
  v1::LiveStored stored;
  RETURN_IF_ERROR(Repeat([&]() -> absl::Status {
    ASSIGN_OR_RETURN(stored, vod_.Open(start_time_ms_));
    return absl::OkStatus();
  }));
  number_ = stored.number();
  files_ = std::max(files_, number_);
  inits_.clear();
  events_.on_stored(stored, nullptr);
  return absl::OkStatus();
}

absl::Status Uploader::Store(const SegmentSet& set) {
  absl::Status status = StoreOnce(set);
  // The two sides do not agree on what is stored: ask, and offer the set once more under the number that is expected.
  for (int attempt = 0; absl::IsOutOfRange(status) && attempt < 3; ++attempt) {
    log::Warn("sets out of order", {{"job", target_.job}, {"epoch", target_.fence}, {"number", number_ + 1}});
    RETURN_IF_ERROR(Open());
    status = StoreOnce(set);
  }
  return status;
}

absl::Status Uploader::StoreOnce(const SegmentSet& set) {
  v1::LiveSet message;
  message.set_number(number_ + 1);
  message.set_start_ms(set.start_ms);
  message.set_end_ms(set.end_ms);
  ++files_;
  RETURN_IF_ERROR(PutTracks(set, message));
  v1::LiveStored stored;
  absl::Status posted = Repeat([&]() -> absl::Status {
    ASSIGN_OR_RETURN(stored, vod_.PostSet(message));
    return absl::OkStatus();
  });
  if (absl::IsInvalidArgument(posted)) {
    // A hole is better than a stream that ends here at every worker.
    log::Error("the VOD service refuses a set for good",
               {{"job", target_.job}, {"epoch", target_.fence}, {"start_ms", set.start_ms}});
    metrics_.CountFailure("store");
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(posted);
  ++number_;
  absl::Duration delay = std::max(absl::Now() - set.arrived, absl::ZeroDuration());
  metrics_.stored_sets.Increment();
  metrics_.segment_delay.Observe(absl::ToDoubleSeconds(delay));
  {
    absl::MutexLock lock(&mu_);
    ++sets_;
    delay_ = delay;
  }
  events_.on_stored(stored, &set);
  return absl::OkStatus();
}

absl::Status Uploader::PutTracks(const SegmentSet& set, v1::LiveSet& message) {
  for (const TrackFormat& format : set.formats) {
    // A rendition that has not begun.
    if (format.init == nullptr) continue;
    v1::LiveTrack& track = *message.add_tracks();
    Describe(format, track);
    track.set_init_sha256(Sha256Of(*format.init));
    std::string& name = inits_[absl::StrCat(format.label, " ", track.init_sha256())];
    if (name.empty()) {
      std::string fresh = absl::StrCat(format.label, "-", target_.fence, "-", files_, "-init.mp4");
      RETURN_IF_ERROR(Repeat([&] { return vod_.PutFile(fresh, *format.init, track.init_sha256()); }));
      name = fresh;
    }
    track.set_init(name);
  }
  for (const TrackSegment& segment : set.segments) {
    if (segment.bytes == nullptr) continue;
    v1::LiveSegment& stored = *message.add_segments();
    stored.set_label(segment.label);
    stored.set_name(absl::StrCat(segment.label, "-", target_.fence, "-", files_, ".m4s"));
    stored.set_size_bytes(static_cast<int64_t>(segment.bytes->size()));
    stored.set_duration_seconds(segment.duration_seconds);
    std::string sha256 = Sha256Of(*segment.bytes);
    RETURN_IF_ERROR(Repeat([&] { return vod_.PutFile(stored.name(), *segment.bytes, sha256); }));
  }
  return absl::OkStatus();
}

absl::Status Uploader::Repeat(const std::function<absl::Status()>& attempt) {
  absl::Duration delay = kFirstDelay;
  for (int unknown = 0; !stopped_; delay = std::min(2 * delay, kMaxDelay)) {
    absl::Status status = attempt();
    if (status.ok() || IsFinal(status)) {
      SetTrouble(absl::OkStatus());
      return status;
    }
    if (absl::IsNotFound(status) && ++unknown >= kUnknownAttempts) return status;
    metrics_.CountFailure("store");
    SetTrouble(status);
    for (absl::Duration rest = delay; rest > absl::ZeroDuration() && !stopped_; rest -= kCheck) absl::SleepFor(kCheck);
  }
  return absl::CancelledError("stopped");
}

void Uploader::SetTrouble(const absl::Status& status) {
  std::string words = status.ok() ? "" : absl::StrCat("The VOD service stores nothing at present: ", status.message());
  {
    absl::MutexLock lock(&mu_);
    if (words == trouble_) return;
    trouble_ = words;
  }
  if (!words.empty()) log::Warn("cannot store a live stream", {{"job", target_.job}, {"error", status.ToString()}});
  events_.on_change();
}

}  // namespace lectern::worker
