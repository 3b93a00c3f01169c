#include "worker/runner/runner.h"

#include <algorithm>
#include <string>
#include <utility>

#include "common/base/status.h"
#include "common/log/log.h"
#include "lectern/v1/link.pb.h"
#include "worker/steps/step.h"

namespace lectern::worker {
namespace {

constexpr absl::Duration kWatchInterval = absl::Milliseconds(500);
// Facts, playlists, pictures.
constexpr int64_t kSmallNeed = 64 << 20;
// For a recording whose length is not known.
constexpr int64_t kUnknownNeed = int64_t{1} << 30;
// Of containers, and of a rate limit that is kept on average only.
constexpr double kHeadroom = 1.2;
const prometheus::Histogram::BucketBoundaries kRunBuckets = {0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14400};

template <typename Proto>
absl::Duration LimitOf(const Proto& proto) {
  absl::Duration limit = absl::Seconds(proto.seconds()) + absl::Nanoseconds(proto.nanos());
  return limit > absl::ZeroDuration() ? limit : absl::InfiniteDuration();
}

int64_t NeedOf(double bitrate_bps, double seconds) {
  if (seconds <= 0 || bitrate_bps <= 0) return kUnknownNeed;
  return kSmallNeed + static_cast<int64_t>(kHeadroom * bitrate_bps * seconds / 8);
}

// A label value: the name of the work in the spec.
std::string KindOf(const v1::JobSpec& spec) {
  const auto* field = spec.GetDescriptor()->FindFieldByNumber(spec.work_case());
  return field == nullptr ? "unknown" : std::string(field->name());
}

const char* WordOf(const link::Outcome& outcome) {
  switch (outcome.kind) {
    case link::Outcome::kDone:
      return "done";
    case link::Outcome::kFailed:
      return "failed";
    case link::Outcome::kCancelled:
      return "cancelled";
  }
  return "failed";
}

link::Outcome Failure(v1::FailureClass failure_class, std::string error) {
  link::Outcome outcome;
  outcome.kind = link::Outcome::kFailed;
  outcome.failure_class = failure_class;
  outcome.error = std::move(error);
  return outcome;
}

}  // namespace

int64_t ScratchNeed(const v1::JobSpec& spec) {
  if (spec.has_transcode_video()) return NeedOf(spec.transcode_video().max_bitrate_bps(), spec.media().duration_seconds());
  if (spec.has_transcode_audio()) return NeedOf(spec.transcode_audio().bitrate_bps(), spec.media().duration_seconds());
  return kSmallNeed;
}

Runner::Runner(Step step, SourceProxy& sources, Scratch& scratch, int threads, Clock& clock, Metrics& metrics)
    : step_(std::move(step)), sources_(sources), scratch_(scratch), threads_(threads), clock_(clock),
      attempts_(metrics.Counter("lectern_worker_attempts_total", "Runs that ended, by kind of job and outcome.")),
      seconds_(metrics.Histogram("lectern_worker_run_seconds", "How long runs took, by kind of job.")),
      watchdog_("run-limits", kWatchInterval, [this] { CheckLimits(); }) {}

Runner::~Runner() { watchdog_.Stop(); }

void Runner::CheckLimits() {
  absl::MutexLock lock(&mu_);
  for (LimitedContext* context : running_) context->Check();
}

link::Outcome Runner::Run(const v1::Assign& assign, link::JobContext& context) {
  absl::Duration started = clock_.Steady();
  link::Outcome outcome;
  absl::StatusOr<ScratchFolder> folder = scratch_.Make(assign.job(), assign.token(), ScratchNeed(assign.spec()));
  if (folder.ok()) {
    RunLimits limits{LimitOf(assign.run_limit()), LimitOf(assign.stall_limit())};
    LimitedContext limited(context, limits, clock_);
    outcome = RunLimited(assign, limited, *folder, limits.stall);
  } else {
    outcome = Failure(v1::RESOURCE_SHORT, std::string(folder.status().message()));
  }
  std::string kind = KindOf(assign.spec());
  attempts_.Add({{"kind", kind}, {"outcome", WordOf(outcome)}}).Increment();
  seconds_.Add({{"kind", kind}}, kRunBuckets).Observe(absl::ToDoubleSeconds(clock_.Steady() - started));
  if (outcome.kind == link::Outcome::kFailed) {
    log::Warn("job failed", {{"job", assign.job()}, {"token", assign.token()}, {"kind", kind}, {"error", outcome.error}});
  }
  return outcome;
}

link::Outcome Runner::RunLimited(const v1::Assign& assign, LimitedContext& context, const ScratchFolder& folder,
                                 absl::Duration stall) {
  StepEnvironment environment{.sources = sources_, .scratch_dir = folder.path()};
  environment.scratch_limit_bytes = folder.limit_bytes();
  environment.threads = threads_;
  // A VOD service that is away must be blamed before the recording is.
  environment.media_patience = std::min(environment.media_patience, stall * 0.75);
  {
    absl::MutexLock lock(&mu_);
    running_.insert(&context);
  }
  link::Outcome outcome = step_(assign, environment, context);
  context.Close();
  {
    absl::MutexLock lock(&mu_);
    running_.erase(&context);
  }
  if (outcome.kind == link::Outcome::kDone || context.why().empty()) return outcome;
  link::Outcome failure = Failure(v1::MEDIA, context.why());
  failure.log_tail = std::move(outcome.log_tail);
  return failure;
}

}  // namespace lectern::worker
