#include "worker/ingest/live_job.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/text.h"
#include "common/log/log.h"
#include "lectern/v1/link.pb.h"
#include "lectern/v1/live_media.pb.h"
#include "worker/ingest/live_report.h"
#include "worker/ingest/warnings.h"

namespace lectern::worker {
namespace {

constexpr absl::Duration kReportInterval = absl::Seconds(1);
constexpr int64_t kSpoolMemoryBytes = 8 << 20;
// The end of a lecture waits for the encoder no longer than viewers would.
constexpr absl::Duration kFinishPatience = absl::Seconds(3);
// A recording's end is worth waiting for a VOD service that is away: nobody else has it any more.
constexpr absl::Duration kEndPatience = absl::Minutes(10);
// A proxy still has what is not stored when a job is handed back.
constexpr absl::Duration kHandBackPatience = absl::Seconds(2);
constexpr absl::Duration kHurryPatience = absl::Seconds(4);
constexpr absl::Duration kFirstLook = absl::Seconds(3);
constexpr double kSilentDbfs = -60;
constexpr double kBlackLuma = 0.02;

link::Outcome Cancelled() {
  link::Outcome outcome;
  outcome.kind = link::Outcome::kCancelled;
  return outcome;
}

std::string WordOf(v1::View view) {
  switch (view) {
    case v1::CAM:
      return "cam";
    case v1::PRES:
      return "pres";
    default:
      return "comb";
  }
}

ResumePoint ResumeFrom(const v1::LiveStored& stored) {
  ResumePoint resume;
  resume.origin_ms = stored.origin_ms();
  // Positions begin at 0, so that 0 says that a message without the field was meant.
  resume.end_ms = stored.origin_ms() < 0 ? -1 : stored.end_ms();
  for (const v1::LiveTrack& track : stored.tracks()) {
    resume.formats.push_back({track.label(), track.audio(), track.codecs(), track.width(), track.height(), track.frame_rate(),
                              track.channels(), track.copied(), nullptr});
  }
  return resume;
}

}  // namespace

LiveJob::LiveJob(const v1::Assign& assign, std::string scratch_dir, LiveServices& services)
    : vod_{assign.media_url(), assign.job(), assign.token(), assign.job_token()}, key_(assign.ingest_key()),
      pull_url_(assign.pull_url()), view_(WordOf(assign.spec().view())), pull_(assign.spec().live_ingest().pull()),
      start_time_ms_(assign.spec().live_ingest().start_time_ms()), end_time_ms_(assign.spec().live_ingest().end_time_ms()),
      scratch_dir_(std::move(scratch_dir)), services_(services), spool_(scratch_dir_, services.budget, kSpoolMemoryBytes),
      intake_(scratch_dir_, services.budget, [this] { Wake(); }, services.clock, services.metrics),
      stored_(std::make_shared<v1::LiveReport>()) {
  looks_.next = services.clock.Steady() + kFirstLook;
}

LiveJob::~LiveJob() = default;

bool LiveJob::Admits(absl::string_view key) const { return !pull_ && !key_.empty() && ConstantTimeEquals(key, key_); }

link::Outcome LiveJob::Run(link::JobContext& context) {
  context.OnStop([weak = weak_from_this()] {
    if (std::shared_ptr<LiveJob> self = weak.lock()) self->Wake();
  });
  Uploader::Events events;
  events.on_stored = [this](const v1::LiveStored& stored, const SegmentSet* set) { OnStored(stored, set); };
  events.on_change = [this] { Wake(); };
  uploader_ = std::make_unique<Uploader>(vod_, start_time_ms_, spool_, std::move(events), services_.metrics);
  if (pull_) {
    PullOptions options;
    options.url = pull_url_;
    options.scratch_dir = scratch_dir_;
    options.start_time_ms = start_time_ms_;
    intake_.Pull(std::move(options));
  }
  std::optional<link::Outcome> outcome;
  while (!outcome) {
    {
      absl::MutexLock lock(&mu_);
      mu_.AwaitWithTimeout(absl::Condition(&woken_), kReportInterval);
      woken_ = false;
    }
    outcome = CheckEnd(context);
    if (!outcome) Report();
  }
  intake_.Close();
  uploader_.reset();
  std::shared_ptr<Pipeline> pipeline;
  {
    absl::MutexLock lock(&mu_);
    pipeline.swap(pipeline_);
  }
  return *std::move(outcome);
}

std::optional<link::Outcome> LiveJob::CheckEnd(link::JobContext& context) {
  switch (context.stop_reason()) {
    case link::StopReason::kCancelled:
      return End(context);
    case link::StopReason::kHandBack:
      return HandBack(context);
    case link::StopReason::kTakenAway:
      return Cancelled();
    case link::StopReason::kNone:
      break;
  }
  absl::Status status = uploader_->status();
  if (absl::IsAborted(status)) {
    log::Info("live stream fenced", {{"job", job()}, {"epoch", epoch()}});
    return Cancelled();
  }
  if (!status.ok()) {
    link::Outcome outcome;
    outcome.kind = link::Outcome::kFailed;
    outcome.failure_class = v1::INFRASTRUCTURE;
    outcome.error = std::string(status.message());
    return outcome;
  }
  if (pull_ && end_time_ms_ > 0 && absl::ToUnixMillis(services_.clock.Now()) >= end_time_ms_) return End(context);
  return std::nullopt;
}

link::Outcome LiveJob::End(link::JobContext& context) {
  log::Info("live stream ends", {{"job", job()}, {"epoch", epoch()}});
  intake_.Drain();
  auto opened = [this] {
    absl::MutexLock lock(&mu_);
    return pipeline_ != nullptr;
  };
  if (intake_.holds()) WaitFor(opened, kEndPatience, context);
  intake_.PushRest();
  std::shared_ptr<Pipeline> pipeline;
  {
    absl::MutexLock lock(&mu_);
    pipeline = pipeline_;
  }
  if (pipeline != nullptr) pipeline->Finish(kFinishPatience);
  Flush(kEndPatience, context);
  Report();
  if (absl::IsAborted(uploader_->status())) return Cancelled();
  if (!spool_.empty()) log::Warn("the end of a live stream was not stored", {{"job", job()}, {"epoch", epoch()}});
  link::Outcome outcome;
  outcome.result = std::make_shared<v1::JobResult>();
  return outcome;
}

link::Outcome LiveJob::HandBack(link::JobContext& context) {
  log::Info("live stream handed back", {{"job", job()}, {"epoch", epoch()}});
  // First of all, so that the proxy asks for another worker at once; it repeats what is not stored. A hall's source does not.
  if (pull_) intake_.Drain();
  intake_.Close();
  std::shared_ptr<Pipeline> pipeline;
  {
    absl::MutexLock lock(&mu_);
    pipeline = pipeline_;
  }
  if (pull_ && pipeline != nullptr) pipeline->Finish(kHandBackPatience);
  Flush(kHandBackPatience, context);
  return Cancelled();
}

void LiveJob::Flush(absl::Duration patience, link::JobContext& context) {
  WaitFor([this] { return spool_.empty(); }, patience, context);
}

void LiveJob::WaitFor(const std::function<bool()>& done, absl::Duration patience, link::JobContext& context) {
  constexpr absl::Duration kCheck = absl::Milliseconds(20);
  absl::Duration until = services_.clock.Steady() + patience;
  for (bool hurried = false; !done() && services_.clock.Steady() < until; absl::SleepFor(kCheck)) {
    // A newer run of this job waits for this one's end.
    if (!uploader_->status().ok() || context.stop_reason() == link::StopReason::kTakenAway) return;
    if (!hurried && services_.hurry()) {
      hurried = true;
      until = std::min(until, services_.clock.Steady() + kHurryPatience);
    }
  }
}

void LiveJob::Wake() {
  absl::MutexLock lock(&mu_);
  woken_ = true;
}

void LiveJob::OnStored(const v1::LiveStored& stored, const SegmentSet* set) {
  bool first_set = false;
  bool opened = false;
  {
    absl::MutexLock lock(&mu_);
    auto report = std::make_shared<v1::LiveReport>(*stored_);
    first_set = set != nullptr && report->renditions_size() == 0;
    FillStored(stored, set, *report);
    stored_ = std::move(report);
    opened = pipeline_ != nullptr;
  }
  int64_t end_ms = stored.origin_ms() < 0 ? -1 : stored.end_ms();
  if (opened) {
    intake_.Confirm(end_ms);
  } else {
    MakePipeline(stored, end_ms);
  }
  if (first_set || set == nullptr) Wake();
}

void LiveJob::MakePipeline(const v1::LiveStored& stored, int64_t end_ms) {
  PipelineOptions options;
  options.view = view_;
  options.max_renditions = services_.max_renditions;
  options.threads = services_.threads;
  options.resume = ResumeFrom(stored);
  options.scratch_dir = scratch_dir_;
  std::shared_ptr<Pipeline> pipeline =
      services_.create_pipeline(std::move(options), [this](SegmentSet set) { spool_.Push(std::move(set)); });
  {
    absl::MutexLock lock(&mu_);
    pipeline_ = pipeline;
  }
  intake_.Open(*pipeline, end_ms);
}

PipelineFacts LiveJob::Facts() const {
  std::shared_ptr<Pipeline> pipeline;
  {
    absl::MutexLock lock(&mu_);
    pipeline = pipeline_;
  }
  return pipeline == nullptr ? PipelineFacts{} : pipeline->facts();
}

void LiveJob::Report() {
  services_.metrics.spool_bytes.Set(static_cast<double>(services_.budget.used_bytes()));
  PipelineFacts facts = Facts();
  IntakeState intake = intake_.state();
  absl::Duration now = services_.clock.Steady();
  if (facts.gaps + facts.restarts > late_events_) late_at_ = now;
  late_events_ = facts.gaps + facts.restarts;
  StreamHealth health{.view = view_, .hall = pull_, .receiving = intake.received_for, .facts = facts};
  health.since_late_rendition = now - late_at_;
  health.since_jump = intake.since_jump;
  if (absl::Time oldest = spool_.oldest(); oldest != absl::InfiniteFuture()) health.backlog = services_.clock.Now() - oldest;
  v1::LiveReport report;
  {
    absl::MutexLock lock(&mu_);
    report = *stored_;
    if (now > looks_.silent_since) health.silent = now - looks_.silent_since;
    if (now > looks_.black_since) health.black = now - looks_.black_since;
    FillFacts(facts, looks_.last, *report.mutable_facts());
  }
  report.set_job(job());
  report.set_token(epoch());
  report.set_sets(uploader_->sets());
  report.set_receiving(intake.receiving);
  report.mutable_facts()->set_segments(uploader_->sets());
  report.mutable_facts()->set_segment_delay_seconds(absl::ToDoubleSeconds(uploader_->delay()));
  report.mutable_facts()->set_frames_dropped(facts.frames_dropped + intake.dropped);
  FillWarnings(WarningsFor(health), report);
  report.set_reason(uploader_->trouble().empty() ? intake.reason : uploader_->trouble());
  services_.report(report);
}

absl::Duration LiveJob::next_look() const {
  absl::MutexLock lock(&mu_);
  return pipeline_ == nullptr ? absl::InfiniteDuration() : looks_.next;
}

bool LiveJob::Peek(std::string& sample, bool& video, bool& audio) const {
  std::shared_ptr<Pipeline> pipeline;
  {
    absl::MutexLock lock(&mu_);
    pipeline = pipeline_;
  }
  if (pipeline == nullptr || !intake_.state().receiving) return false;
  PipelineFacts facts = pipeline->facts();
  video = facts.video_codec == "h264";
  audio = !facts.audio_codec.empty();
  sample = pipeline->Sample();
  return !sample.empty() && (video || audio);
}

void LiveJob::SetLook(const absl::StatusOr<Look>& look, absl::Duration next) {
  absl::Duration now = services_.clock.Steady();
  absl::MutexLock lock(&mu_);
  looks_.next = next;
  if (!look.ok()) return;
  looks_.last = *look;
  looks_.last.jpeg.clear();
  bool silent = look->level_dbfs < kSilentDbfs;
  bool black = look->luma >= 0 && look->luma < kBlackLuma;
  looks_.silent_since = silent ? std::min(looks_.silent_since, now) : absl::InfiniteDuration();
  looks_.black_since = black ? std::min(looks_.black_since, now) : absl::InfiniteDuration();
}

}  // namespace lectern::worker
