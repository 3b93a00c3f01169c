#include "vod_service/jobs/finaliser.h"

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "lectern/v1/link.pb.h"
#include "vod_service/jobs/job_steps.h"
#include "vod_service/jobs/source_file.h"
#include "vod_service/library/keys.h"
#include "vod_service/live/live_names.h"

namespace lectern::vod {
namespace {

constexpr double kPlayable = 0.1;
constexpr double kSourceMade = 0.9;

absl::Status TakenUp() {
  return WithReason(absl::FailedPreconditionError("the stream was taken up again"), "TAKEN_UP");
}

}  // namespace

absl::Status Finaliser::Run(const v1::Assign& assign, link::JobContext& context, v1::JobResult& result) {
  v1::FinaliseResult& finalise = *result.mutable_finalise();
  const std::string& upload_id = assign.spec().upload_id();
  auto ended = live_.End(upload_id, assign.job(), assign.token());
  if (ReasonOf(ended.status()) == "FENCED") return TakenUp();
  RETURN_IF_ERROR(ended.status());
  if (!ended->stored) return absl::OkStatus();
  ASSIGN_OR_RETURN(const LiveRecord live, catalog_.GetLive(upload_id));
  RETURN_IF_ERROR(publisher_.WriteMaster(live.lecture, live.view));
  live_.Release(upload_id);
  context.Progress(kPlayable);

  bool continuous = false;
  ASSIGN_OR_RETURN(const UploadRecord upload, Complete(assign, live, context, continuous));
  finalise.set_duration_seconds(static_cast<double>(ended->end_ms - ended->origin_ms) / 1000);
  finalise.set_size_bytes(static_cast<int64_t>(upload.size_bytes));
  finalise.set_sha256(upload.sha256);
  finalise.set_continuous(continuous);
  ASSIGN_OR_RETURN(std::vector<RenditionRecord> renditions, catalog_.ListRenditions(upload_id));
  for (const RenditionRecord& rendition : renditions) Describe(rendition, *finalise.add_renditions());
  return absl::OkStatus();
}

// The upload as it is with its source file, made now or by an earlier run.
absl::StatusOr<UploadRecord> Finaliser::Complete(const v1::Assign& assign, const LiveRecord& live,
                                                 link::JobContext& context, bool& continuous) {
  ASSIGN_OR_RETURN(const std::vector<LiveSetFiles> sets, StoredSets(catalog_, live.id));
  const SourcePlan plan = PlanSource(sets);
  continuous = plan.continuous;
  ASSIGN_OR_RETURN(UploadRecord upload, catalog_.GetUpload(live.upload));
  if (upload.state == UploadState::kComplete) return upload;
  ScratchFolder folder(PackageFolder(blobs_.ScratchDir(), assign.job(), assign.token()));
  RETURN_IF_ERROR(MakeDirectories(folder.path(), 0750));
  ASSIGN_OR_RETURN(const int64_t room, RoomBelow(folder.path()));
  // Parts that are joined are there twice for a while.
  const bool joined = plan.video.size() > 1 || plan.audio.size() > 1;
  if (room < plan.size_bytes * (joined ? 3 : 1)) {
    return WithReason(absl::ResourceExhaustedError("the media store has no room for the file of the recording"),
                      "DISK_FULL");
  }
  SourceRequest request;
  request.media_folder = LiveFolder(live.lecture, live.view, live.upload);
  request.work_folder = folder.path();
  request.output_path = folder.path() + "/source.mp4";
  request.progress = [&context](double fraction) {
    context.Progress(kPlayable + (kSourceMade - kPlayable) * fraction);
  };
  request.should_stop = [&context] { return context.ShouldStop(); };
  RETURN_IF_ERROR(MakeSource(blobs_, plan, request));
  ASSIGN_OR_RETURN(const std::string sha256, DigestOf(request.output_path, request.should_stop));
  RETURN_IF_ERROR(WaitForRightToPublish(context));
  RETURN_IF_ERROR(StoreSource(live, request.output_path, sha256));
  return catalog_.GetUpload(live.upload);
}

absl::Status Finaliser::StoreSource(const LiveRecord& live, const std::string& path, const std::string& sha256) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error) return ErrnoStatus(error.value(), "reading the size of the recording's file");
  // A file that belongs to less than what is stored by now is not wanted; the next job makes another one.
  auto now = catalog_.GetLive(live.upload);
  if (absl::IsNotFound(now.status()))
    return WithReason(absl::FailedPreconditionError("the recording was deleted"), "UPLOAD_GONE");
  RETURN_IF_ERROR(now.status());
  if (!now->ended) return TakenUp();
  RETURN_IF_ERROR(blobs_.PutFile(RecordingKey(live.upload), path));
  absl::Status completed = catalog_.CompleteLive(live, size, sha256);
  return ReasonOf(completed) == "UPLOAD_GONE" ? TakenUp() : completed;
}

}  // namespace lectern::vod
