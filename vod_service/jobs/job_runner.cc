#include "vod_service/jobs/job_runner.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "common/base/status.h"
#include "common/log/log.h"
#include "lectern/v1/link.pb.h"
#include "vod_service/jobs/durations.h"
#include "vod_service/jobs/job_steps.h"
#include "vod_service/library/keys.h"
#include "vod_service/packaging/packager.h"

namespace lectern::vod {
namespace {

// A job that succeeded may be run again by hand for so long before the input it was made of is gone.
constexpr absl::Duration kInputRetention = absl::Hours(1);

absl::string_view ViewWord(v1::View view) {
  switch (view) {
    case v1::COMB:
      return "comb";
    case v1::CAM:
      return "cam";
    case v1::PRES:
      return "pres";
    default:
      return "";
  }
}

const char* KindOf(const v1::JobSpec& spec) {
  switch (spec.work_case()) {
    case v1::JobSpec::kPackage:
      return "package";
    case v1::JobSpec::kFinalise:
      return "finalise";
    case v1::JobSpec::kDeleteMedia:
      return "delete_media";
    case v1::JobSpec::kNoop:
      return "noop";
    default:
      return "unknown";
  }
}

v1::FailureClass ClassOf(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  if (reason == "UPLOAD_GONE" || reason == "UPLOAD_NOT_FOUND" || reason == "BAD_JOB" || reason == "TAKEN_UP")
    return v1::REJECTED_INPUT;
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kDataLoss:
      return v1::MEDIA;
    case absl::StatusCode::kResourceExhausted:
      return v1::RESOURCE_SHORT;
    default:
      return v1::INFRASTRUCTURE;
  }
}

link::Outcome OutcomeOf(const absl::Status& status, bool stopped, std::shared_ptr<v1::JobResult> result) {
  link::Outcome outcome;
  if (status.ok()) {
    outcome.result = std::move(result);
    return outcome;
  }
  outcome.kind = stopped || absl::IsCancelled(status) ? link::Outcome::kCancelled : link::Outcome::kFailed;
  outcome.failure_class = ClassOf(status);
  outcome.error = std::string(status.message());
  return outcome;
}

absl::Status BadJob(absl::string_view why) {
  return WithReason(absl::InvalidArgumentError(why), "BAD_JOB");
}

PackageRequest RequestFor(const v1::JobSpec& spec, const TrackDurations& durations, bool input_has_audio_only) {
  const v1::PackageSpec& package = spec.package();
  PackageRequest request;
  request.input_is_upload = package.source();
  request.video = package.source() ? package.copy_video() : !input_has_audio_only;
  request.audio = package.source() ? package.copy_audio() : input_has_audio_only;
  request.video_track = {package.label(), durations.video_seconds};
  request.audio_track = {request.video ? "audio" : package.label(), durations.audio_seconds};
  return request;
}

std::vector<FinishedRendition> ToRenditions(const std::vector<PackagedTrack>& tracks, const std::string& folder,
                                            const v1::Assign& assign) {
  std::vector<FinishedRendition> renditions;
  for (const PackagedTrack& track : tracks) {
    FinishedRendition& rendition = renditions.emplace_back();
    rendition.folder = absl::StrCat(folder, "/", track.label);
    for (absl::string_view file : track.files) {
      absl::ConsumePrefix(&file, track.label + "/");
      rendition.files.emplace_back(file);
    }
    const std::string& upload = assign.spec().upload_id();
    rendition.record = {upload,
                        track.label,
                        assign.job(),
                        RenditionDir(upload, track.label, assign.job(), assign.token()),
                        track.audio,
                        track.codecs,
                        track.bandwidth_bps,
                        track.average_bandwidth_bps,
                        track.width,
                        track.height,
                        track.frame_rate,
                        track.channels,
                        track.duration_seconds};
  }
  return renditions;
}

}  // namespace

JobRunner::JobRunner(Catalog& catalog, BlobStore& blobs, UploadService& uploads, LiveLibrary& live,
                     Publisher& publisher, Metrics& metrics)
    : catalog_(catalog),
      blobs_(blobs),
      uploads_(uploads),
      live_(live),
      publisher_(publisher),
      finaliser_(catalog, blobs, live, publisher),
      jobs_(metrics.Counter("lectern_vod_jobs_total", "Jobs run by kind and outcome")) {}

link::Outcome JobRunner::Run(const v1::Assign& assign, link::JobContext& context) {
  auto result = std::make_shared<v1::JobResult>();
  absl::Status status = RunJob(assign, context, *result);
  link::Outcome outcome = OutcomeOf(status, context.ShouldStop(), std::move(result));
  const char* words[] = {"done", "failed", "cancelled"};
  jobs_.Add({{"kind", KindOf(assign.spec())}, {"outcome", words[outcome.kind]}}).Increment();
  if (outcome.kind == link::Outcome::kFailed) {
    log::Warn("job failed", {{"job", assign.job()}, {"kind", KindOf(assign.spec())}, {"error", status.message()}});
  } else {
    log::Info("job ended", {{"job", assign.job()}, {"kind", KindOf(assign.spec())}, {"outcome", words[outcome.kind]}});
  }
  return outcome;
}

absl::Status JobRunner::RunJob(const v1::Assign& assign, link::JobContext& context, v1::JobResult& result) {
  RETURN_IF_ERROR(catalog_.RaiseFence(assign.job(), assign.token()));
  switch (assign.spec().work_case()) {
    case v1::JobSpec::kPackage:
      return Package(assign, context, result);
    case v1::JobSpec::kFinalise:
      return finaliser_.Run(assign, context, result);
    case v1::JobSpec::kDeleteMedia:
      return DeleteMedia(assign.spec());
    default:
      return BadJob("a media service does not run jobs of this kind");
  }
}

absl::Status JobRunner::Package(const v1::Assign& assign, link::JobContext& context, v1::JobResult& result) {
  const v1::JobSpec& spec = assign.spec();
  if (!IsLabel(spec.package().label())) return BadJob("the job's label is malformed");
  ASSIGN_OR_RETURN(UploadRecord upload, catalog_.GetUpload(spec.upload_id()));
  if (upload.state != UploadState::kComplete) {
    return WithReason(absl::FailedPreconditionError("the recording was deleted"), "UPLOAD_GONE");
  }
  ASSIGN_OR_RETURN(std::vector<RenditionRecord> existing, catalog_.ListRenditions(upload.id));
  // Published by an earlier run whose answer got lost: the master playlist is all that may be missing.
  const bool published = std::any_of(existing.begin(), existing.end(),
                                     [&](const RenditionRecord& rendition) { return rendition.job == assign.job(); });
  if (published) {
    RETURN_IF_ERROR(publisher_.WritePending());
  } else {
    RETURN_IF_ERROR(PackageAnew(assign, upload, context));
  }
  if (spec.package().job() != 0) {
    RETURN_IF_ERROR(catalog_.SweepOutputs(spec.package().job(), absl::Now() + kInputRetention));
  }
  return DescribePublished(upload, result);
}

absl::StatusOr<OpenBlob> JobRunner::OpenInput(const v1::PackageSpec& spec, const UploadRecord& upload) {
  if (spec.source()) return blobs_.Open(RecordingKey(upload.id));
  ASSIGN_OR_RETURN(std::vector<OutputRecord> outputs, catalog_.ListCommitted(spec.job()));
  if (outputs.size() != 1 || outputs[0].upload != upload.id) {
    return absl::FailedPreconditionError("the job that made the input has committed no file for this recording");
  }
  return blobs_.Open(outputs[0].key);
}

absl::Status JobRunner::PackageAnew(const v1::Assign& assign, const UploadRecord& upload, link::JobContext& context) {
  const v1::JobSpec& spec = assign.spec();
  ASSIGN_OR_RETURN(OpenBlob input, OpenInput(spec.package(), upload));
  ASSIGN_OR_RETURN(OpenBlob recording, blobs_.Open(RecordingKey(upload.id)));
  ScratchFolder folder(PackageFolder(blobs_.ScratchDir(), assign.job(), assign.token()));
  RETURN_IF_ERROR(MakeDirectories(folder.path(), 0750));
  const bool audio_only = spec.package().label() == "audio";
  PackageRequest request = RequestFor(spec, ExpectedDurations(*recording.file, spec.media()), audio_only);
  // The open file itself: it stays the same file, wherever the store keeps it.
  request.input_path = absl::StrCat("/proc/", getpid(), "/fd/", input.file->get());
  request.output_dir = folder.path();
  ASSIGN_OR_RETURN(request.output_limit_bytes, RoomBelow(folder.path()));
  request.progress = [&context](double fraction) { context.Progress(fraction * 0.95); };
  request.should_stop = [&context] { return context.ShouldStop(); };
  ASSIGN_OR_RETURN(std::vector<PackagedTrack> tracks, vod::Package(request));
  std::vector<FinishedRendition> renditions = ToRenditions(tracks, folder.path(), assign);
  // Asked before and after the move: files that lie in the store without being published for long are swept as orphans.
  RETURN_IF_ERROR(WaitForRightToPublish(context));
  RETURN_IF_ERROR(publisher_.Store(upload, renditions));
  RETURN_IF_ERROR(WaitForRightToPublish(context));
  ASSIGN_OR_RETURN(std::vector<RenditionRecord> existing, catalog_.ListRenditions(upload.id));
  bool enough = !spec.media().has_video();
  for (const RenditionRecord& rendition : existing) enough = enough || !rendition.audio;
  for (const FinishedRendition& rendition : renditions) enough = enough || !rendition.record.audio;
  return publisher_.Publish(upload, assign.job(), assign.token(), renditions, enough);
}

absl::Status JobRunner::DescribePublished(const UploadRecord& upload, v1::JobResult& result) {
  ASSIGN_OR_RETURN(std::vector<RenditionRecord> renditions, catalog_.ListRenditions(upload.id));
  v1::PackageResult& package = *result.mutable_package();
  for (const RenditionRecord& rendition : renditions) {
    Describe(rendition, *package.add_renditions());
    package.set_duration_seconds(std::max(package.duration_seconds(), rendition.duration_seconds));
  }
  return absl::OkStatus();
}

absl::Status JobRunner::DeleteMedia(const v1::JobSpec& spec) {
  if (spec.lecture() <= 0) return BadJob("the job names no lecture");
  const std::string view(ViewWord(spec.view()));
  RETURN_IF_ERROR(publisher_.DeleteMedia(spec.lecture(), view, spec.delete_media().keep_upload_id()));
  uploads_.StopFenced();
  live_.ForgetDeleted();
  if (on_sweep_) on_sweep_();
  return absl::OkStatus();
}

}  // namespace lectern::vod
