#include "api/control/effects.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "api/domain/task_graph.h"
#include "common/base/status.h"
#include "lectern/v1/jobs.pb.h"

namespace lectern::api {
namespace {

absl::Status BadResult(const LockedJob& job) {
  return WithReason(absl::InvalidArgumentError(absl::StrCat("the resource answered a ", job.kind, " job with something else")),
                    "BAD_RESULT");
}

std::string Json(const google::protobuf::Message& message) {
  std::string json;
  return google::protobuf::util::MessageToJsonString(message, &json).ok() ? json : "{}";
}

int64_t Milliseconds(double seconds) {
  constexpr double kMost = 30.0 * 24 * 3600;   // longer than any recording; keeps hostile numbers in range
  return std::isfinite(seconds) && seconds > 0 ? static_cast<int64_t>(std::min(seconds, kMost) * 1000) : 0;
}

// What was found when the live stream ended, which its source file alone does not show.
absl::StatusOr<v1::FinaliseResult> Finalised(Shared& shared, pg::Session& session, const LockedJob& job) {
  ASSIGN_OR_RETURN(const std::string json, shared.live.FinaliseResult(session, job.task));
  v1::JobResult result;
  google::protobuf::util::JsonParseOptions lenient;
  lenient.ignore_unknown_fields = true;
  if (!json.empty() && !google::protobuf::util::JsonStringToMessage(json, &result, lenient).ok()) {
    return absl::InternalError("the result of a finalise job cannot be read");
  }
  return result.finalise();
}

absl::Status ApplyProbe(Shared& shared, pg::Session& session, const LockedJob& job, const v1::MediaInfo& media) {
  const Recording recording{job.upload_id, job.lecture, job.view};
  double duration_seconds = media.duration_seconds();
  std::vector<PlannedJob> plan;
  if (job.from_live) {
    ASSIGN_OR_RETURN(const bool owns, shared.live.Owns(session, job.task));
    if (!owns) return absl::OkStatus();   // taken up again: this is half of a recording
    ASSIGN_OR_RETURN(const v1::FinaliseResult finalised, Finalised(shared, session, job));
    plan = PlanAfterLiveProbe(recording, media, finalised.continuous());
    duration_seconds = finalised.duration_seconds();   // gaps included
  } else {
    ASSIGN_OR_RETURN(plan, PlanAfterProbe(recording, media));
  }
  RETURN_IF_ERROR(shared.assets.SetMedia(session, job.asset, Json(media), Milliseconds(duration_seconds)));
  ASSIGN_OR_RETURN(std::vector<int64_t> ids, shared.jobs.AllocateIds(session, static_cast<int>(plan.size())));
  std::vector<NewJob> jobs;
  for (size_t i = 0; i < plan.size(); ++i) jobs.push_back(ToNewJob(plan[i], ids, ids[i], job.vod_resource));
  return shared.jobs.AddJobs(session, job.task, jobs);
}

std::vector<RenditionRow> Renditions(const google::protobuf::RepeatedPtrField<v1::RenditionInfo>& infos) {
  std::vector<RenditionRow> renditions;
  for (const v1::RenditionInfo& info : infos) {
    renditions.push_back({info.label(), info.width(), info.height(), info.bandwidth_bps(), info.codecs()});
  }
  return renditions;
}

// A recording that is on air again is what its stream says, not what was to become of it before.
absl::Status ApplyPackage(Shared& shared, pg::Session& session, const LockedJob& job, const v1::PackageResult& package) {
  if (package.renditions().empty()) return BadResult(job);
  if (job.asset_state == "live") return absl::OkStatus();
  return shared.assets.Publish(session, job.asset, Renditions(package.renditions()), Milliseconds(package.duration_seconds()))
      .status();
}

// Playable, if it is not already (beats.cc), and then what an upload gets. A stream that was taken up again is none of its
// business.
absl::Status ApplyFinalise(Shared& shared, pg::Session& session, const LockedJob& job, const v1::FinaliseResult& result) {
  ASSIGN_OR_RETURN(const bool owns, shared.live.Owns(session, job.task));
  if (!owns) return absl::OkStatus();
  LiveStore::Finalised finalised;
  if (result.duration_seconds() > 0) finalised.renditions = Renditions(result.renditions());
  finalised.duration_ms = Milliseconds(result.duration_seconds());
  finalised.size_bytes = std::max<int64_t>(result.size_bytes(), 0);
  finalised.sha256 = result.sha256();
  RETURN_IF_ERROR(shared.live.Finish(session, job.task, job.asset, finalised));
  if (finalised.renditions.empty() || finalised.size_bytes == 0) return absl::OkStatus();
  ASSIGN_OR_RETURN(std::vector<int64_t> ids, shared.jobs.AllocateIds(session, 1));
  const NewJob probe = ToNewJob(PlanProbe({job.upload_id, job.lecture, job.view}), ids, ids[0], job.vod_resource);
  return shared.jobs.AddJobs(session, job.task, absl::MakeConstSpan(&probe, 1));
}

absl::Status ApplyLoudness(Shared& shared, pg::Session& session, const LockedJob& job, const v1::LoudnessResult& loudness) {
  RETURN_IF_ERROR(shared.assets.SetLoudness(session, job.asset, Json(loudness)));
  ASSIGN_OR_RETURN(auto children, shared.jobs.ListChildren(session, job.id, "silence"));
  for (const auto& [id, spec_json] : children) {
    ASSIGN_OR_RETURN(std::string completed, WithLoudness(spec_json, loudness.integrated_lufs()));
    RETURN_IF_ERROR(shared.jobs.SetSpec(session, id, completed));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ApplyResult(Shared& shared, pg::Session& session, const LockedJob& job, const v1::JobResult& result) {
  if (job.kind == "noop" || job.kind == "delete_media" || job.kind == kLiveIngestKind) return absl::OkStatus();
  if (job.asset == 0) return BadResult(job);
  if (job.kind == "probe") {
    return result.has_probe() ? ApplyProbe(shared, session, job, result.probe()) : BadResult(job);
  }
  if (job.kind == kFinaliseKind) {
    return result.has_finalise() ? ApplyFinalise(shared, session, job, result.finalise()) : BadResult(job);
  }
  if (job.kind == "package") {
    return result.has_package() ? ApplyPackage(shared, session, job, result.package()) : BadResult(job);
  }
  if (job.kind == "thumbnails") {
    if (!result.has_thumbnails()) return BadResult(job);
    return shared.assets.SetThumbnails(session, job.asset, result.thumbnails().vtt_path(), result.thumbnails().poster_path());
  }
  if (job.kind == "loudness") {
    return result.has_loudness() ? ApplyLoudness(shared, session, job, result.loudness()) : BadResult(job);
  }
  if (job.kind == "silence") {
    return result.has_silence() ? shared.assets.SetSilences(session, job.asset, Json(result.silence())) : BadResult(job);
  }
  return result.has_output() ? absl::OkStatus() : BadResult(job);
}

}  // namespace lectern::api
