#include "api/services/media_removal.h"

#include <google/protobuf/util/json_util.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "api/calls/key_ring.h"
#include "api/services/convert.h"
#include "common/base/status.h"
#include "lectern/v1/jobs.pb.h"

namespace lectern::api {
namespace {

constexpr int kBackgroundClass = 4;

absl::StatusOr<NewTask> DeletionOf(const MediaRow& media, int64_t user) {
  v1::JobSpec spec;
  spec.mutable_delete_media();
  spec.set_upload_id(media.upload_id);
  spec.set_lecture(media.lecture_id.value_or(0));
  spec.set_view(ViewOf(media.view));
  NewJob job;
  job.kind = "delete_media";
  job.job_class = kBackgroundClass;
  job.pinned_resource = media.vod_resource_id;
  if (!google::protobuf::util::MessageToJsonString(spec, &job.spec_json).ok()) {
    return absl::InternalError("a job cannot be written as JSON");
  }
  NewTask task;
  task.organization = media.organization_id;
  task.kind = "delete_media";
  task.asset = media.asset_id;
  task.created_by = user;
  task.idempotency_key = absl::StrCat("delete:", media.upload_id);
  task.jobs.push_back(std::move(job));
  return task;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> RemoveMedia(pg::Session& session, JobStore& jobs, RevocationStore& revocations,
                                                     absl::Span<const MediaRow> media, int64_t user) {
  std::set<int64_t> lectures;
  for (const MediaRow& row : media) {
    if (row.lecture_id) lectures.insert(*row.lecture_id);
  }
  std::set<std::string> instances;
  for (int64_t lecture : lectures) {
    ASSIGN_OR_RETURN(std::vector<std::string> holders, jobs.CancelAll(session, lecture, 0));
    instances.insert(holders.begin(), holders.end());
    RETURN_IF_ERROR(revocations.Insert(session, lecture, "", MaxLifetime(Audience::kPlayback)).status());
  }
  for (const MediaRow& row : media) {
    ASSIGN_OR_RETURN(NewTask task, DeletionOf(row, user));
    RETURN_IF_ERROR(jobs.InsertTask(session, task).status());
  }
  return std::vector<std::string>(instances.begin(), instances.end());
}

void TellOfRemoval(const Hints& hints, const std::vector<std::string>& instances) {
  for (const std::string& instance : instances) hints.push(instance);
  hints.directory();
  hints.work();
}

}  // namespace lectern::api
