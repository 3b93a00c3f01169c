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

absl::Status ApplyProbe(Shared& shared, pg::Session& session, const LockedJob& job, const v1::MediaInfo& media) {
  ASSIGN_OR_RETURN(std::vector<PlannedJob> plan, PlanAfterProbe({job.upload_id, job.lecture, job.view}, media));
  RETURN_IF_ERROR(shared.assets.SetMedia(session, job.asset, Json(media), Milliseconds(media.duration_seconds())));
  ASSIGN_OR_RETURN(std::vector<int64_t> ids, shared.jobs.AllocateIds(session, static_cast<int>(plan.size())));
  std::vector<NewJob> jobs;
  for (size_t i = 0; i < plan.size(); ++i) jobs.push_back(ToNewJob(plan[i], ids, ids[i], job.vod_resource));
  return shared.jobs.AddJobs(session, job.task, jobs);
}

absl::Status ApplyPackage(Shared& shared, pg::Session& session, const LockedJob& job, const v1::PackageResult& package) {
  if (package.renditions().empty()) return BadResult(job);
  std::vector<RenditionRow> renditions;
  for (const v1::RenditionInfo& info : package.renditions()) {
    renditions.push_back({info.label(), info.width(), info.height(), info.bandwidth_bps(), info.codecs()});
  }
  return shared.assets.Publish(session, job.asset, renditions, Milliseconds(package.duration_seconds())).status();
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
  if (job.kind == "noop" || job.kind == "delete_media") return absl::OkStatus();
  if (job.asset == 0) return BadResult(job);
  if (job.kind == "probe") {
    return result.has_probe() ? ApplyProbe(shared, session, job, result.probe()) : BadResult(job);
  }
  if (job.kind == "package") {
    return result.has_package() ? ApplyPackage(shared, session, job, result.package()) : BadResult(job);
  }
  if (job.kind == "thumbnails") {
    return result.has_thumbnails() ? shared.assets.SetThumbnails(session, job.asset, result.thumbnails().vtt_path())
                                   : BadResult(job);
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
