#include "worker/steps/step.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/log/log.h"
#include "worker/steps/step_call.h"

namespace lectern::worker {
namespace {

StepResult Dispatch(StepCall& call) {
  switch (call.spec().work_case()) {
    case v1::JobSpec::kProbe:
      return RunProbe(call);
    case v1::JobSpec::kTranscodeVideo:
      return RunTranscodeVideo(call);
    case v1::JobSpec::kTranscodeAudio:
      return RunTranscodeAudio(call);
    case v1::JobSpec::kThumbnails:
      return RunThumbnails(call);
    case v1::JobSpec::kLoudness:
      return RunLoudness(call);
    case v1::JobSpec::kSilence:
      return RunSilence(call);
    case v1::JobSpec::kNoop:
      return RunNoop(call);
    default:
      return absl::UnimplementedError("this worker does not know that kind of job; it may be older than the API");
  }
}

v1::FailureClass ClassOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kFailedPrecondition:
      return v1::REJECTED_INPUT;
    case absl::StatusCode::kInvalidArgument:
      return v1::MEDIA;
    case absl::StatusCode::kResourceExhausted:
      return v1::RESOURCE_SHORT;
    default:
      return v1::INFRASTRUCTURE;
  }
}

link::Outcome ToOutcome(StepResult result, StepCall& call) {
  link::Outcome outcome;
  if (result.ok()) {
    outcome.result = std::make_shared<v1::JobResult>(*std::move(result));
    return outcome;
  }
  const absl::Status& status = result.status();
  outcome.log_tail = std::move(call.log_tail);
  if (absl::IsCancelled(status) || absl::IsAborted(status)) {
    outcome.kind = link::Outcome::kCancelled;
    return outcome;
  }
  outcome.kind = link::Outcome::kFailed;
  outcome.failure_class = ClassOf(status);
  outcome.error = std::string(status.message());
  return outcome;
}

std::unique_ptr<Source> OpenSource(const v1::Assign& assign, StepEnvironment& environment, link::JobContext& context) {
  if (assign.media_url().empty()) return nullptr;
  SourceOptions options;
  options.url = absl::StrCat(assign.media_url(), "/jobs/", assign.job(), "/", assign.token(), "/source");
  options.token = assign.job_token();
  options.patience = environment.media_patience;
  options.should_stop = [&context] { return context.ShouldStop(); };
  return environment.sources.Open(assign.job(), std::move(options));
}

}  // namespace

link::Outcome RunStep(const v1::Assign& assign, StepEnvironment& environment, link::JobContext& context) {
  StepCall call{assign, environment, context, std::make_shared<StopSwitch>(), OpenSource(assign, environment, context), ""};
  // The callback may come after the step has ended: it holds the switch, not the call.
  context.OnStop([stop = call.stop] { stop->Fire(); });
  if (call.source == nullptr && assign.spec().work_case() != v1::JobSpec::kNoop) {
    return ToOutcome(absl::InternalError("the job does not say where the recording is"), call);
  }
  return ToOutcome(Dispatch(call), call);
}

}  // namespace lectern::worker
