#include "api/control/uploads.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "api/domain/task_graph.h"
#include "common/base/status.h"
#include "common/log/log.h"
#include "lectern/v1/link.pb.h"

namespace lectern::api {
namespace {

// Errors that will be the same however often the event is told.
bool IsFinal(const absl::Status& status) {
  return absl::IsNotFound(status) || absl::IsFailedPrecondition(status) || absl::IsInvalidArgument(status);
}

NewTask PublishTask(const AssetRow& asset) {
  const PlannedJob probe = PlanProbe({asset.upload_id, asset.lecture_id.value_or(0), asset.view});
  NewJob job;
  job.kind = probe.kind;
  job.job_class = probe.job_class;
  job.priority = probe.priority;
  job.run_limit_seconds = probe.run_limit_seconds;
  job.stall_seconds = probe.stall_seconds;
  job.spec_json = SpecJson(probe, {});
  NewTask task;
  task.organization = asset.organization_id;
  task.kind = "publish_recording";
  task.lecture = asset.lecture_id.value_or(0);
  task.asset = asset.id;
  task.created_by = asset.created_by.value_or(0);
  task.idempotency_key = absl::StrCat("upload/", asset.upload_id);
  task.jobs.push_back(std::move(job));
  return task;
}

}  // namespace

absl::StatusOr<bool> Uploads::Handle(int64_t vod_resource, const v1::UploadEvent& event) {
  absl::Status status;
  switch (event.kind()) {
    case v1::UploadEvent::PROGRESSED:
      status = shared_.assets.SetProgress(vod_resource, event.upload_id(), event.offset());
      if (!status.ok() && !IsFinal(status)) return status;
      return false;
    case v1::UploadEvent::COMPLETED: status = Complete(vod_resource, event); break;
    case v1::UploadEvent::REJECTED: status = Refuse(vod_resource, event, event.error()); break;
    case v1::UploadEvent::REMOVED:
      status = shared_.pool.Transaction([&](pg::Session& session) {
        return shared_.assets.Removed(session, vod_resource, event.upload_id()).status();
      });
      break;
    default: return true;
  }
  if (!status.ok() && !IsFinal(status)) return status;
  if (!status.ok()) {
    log::Warn("upload event refused", {{"upload", event.upload_id()}, {"resource", vod_resource}, {"error", status.ToString()}});
  }
  return true;
}

absl::Status Uploads::Complete(int64_t vod_resource, const v1::UploadEvent& event) {
  bool first = false;
  const absl::Status received = shared_.pool.Transaction([&](pg::Session& session) -> absl::Status {
    ASSIGN_OR_RETURN(ReceivedUpload upload,
                     shared_.assets.Received(session, vod_resource, event.upload_id(), event.size_bytes(), event.sha256()));
    first = upload.first;
    if (!first) return absl::OkStatus();
    return shared_.jobs.InsertTask(session, PublishTask(upload.asset)).status();
  });
  if (ReasonOf(received) == "SIZE_MISMATCH") {
    return Refuse(vod_resource, event, "the bytes that arrived are not as many as were announced");
  }
  RETURN_IF_ERROR(received);
  if (first) {
    log::Info("recording received", {{"upload", event.upload_id()}, {"resource", vod_resource}, {"bytes", event.size_bytes()}});
    shared_.hints.work();
  }
  return absl::OkStatus();
}

absl::Status Uploads::Refuse(int64_t vod_resource, const v1::UploadEvent& event, absl::string_view error) {
  return shared_.pool.Transaction([&](pg::Session& session) -> absl::Status {
    ASSIGN_OR_RETURN(AssetRow asset, shared_.assets.Rejected(session, vod_resource, event.upload_id(), error));
    AuditEvent audit;
    audit.actor = absl::StrCat("resources/", vod_resource);
    audit.action = "upload.rejected";
    audit.target = asset.lecture_id ? absl::StrCat("lectures/", *asset.lecture_id) : "";
    audit.organization_id = asset.organization_id;
    audit.outcome = "INVALID_ARGUMENT";
    audit.detail = absl::StrCat(asset.file_name, ": ", error);
    return shared_.audit.Insert(session, audit);
  });
}

}  // namespace lectern::api
