#include "vod_service/upload/upload_reporter.h"

#include <utility>

#include "common/log/log.h"
#include "lectern/v1/link.pb.h"

namespace lectern::vod {
namespace {

constexpr absl::Duration kInterval = absl::Milliseconds(2500);  // the loop shortens it by up to a fifth
// After a long time without the API; the rest follows when these are recorded.
constexpr int kMaxReports = 500;

v1::UploadEvent EndOf(const UploadRecord& upload) {
  v1::UploadEvent event;
  event.set_upload_id(upload.id);
  event.set_size_bytes(static_cast<int64_t>(upload.size_bytes));
  event.set_offset(static_cast<int64_t>(upload.durable_offset));
  switch (upload.state) {
    case UploadState::kComplete:
    case UploadState::kDeleted:  // it was complete, and the API never said that it knows
      event.set_kind(v1::UploadEvent::COMPLETED);
      event.set_sha256(upload.sha256);
      break;
    case UploadState::kBroken:
      event.set_kind(v1::UploadEvent::REJECTED);
      event.set_error("The media store's disk failed while it received the file. Please upload it again.");
      break;
    default:
      event.set_kind(v1::UploadEvent::REMOVED);
  }
  return event;
}

}  // namespace

UploadReporter::UploadReporter(UploadService& uploads, std::function<void(const v1::UploadEvent&)> send)
    : uploads_(uploads), send_(std::move(send)), loop_("up-report", kInterval, [this] { Report(); }) {}

void UploadReporter::Recorded(absl::string_view upload) {
  absl::Status marked = uploads_.catalog().MarkReported(upload);
  if (!marked.ok())
    log::Warn("an upload's report could not be noted", {{"upload", upload}, {"error", marked.message()}});
}

void UploadReporter::Report() {
  for (const auto& [upload, offset] : uploads_.TakeProgress()) {
    v1::UploadEvent event;
    event.set_upload_id(upload);
    event.set_kind(v1::UploadEvent::PROGRESSED);
    event.set_offset(static_cast<int64_t>(offset));
    send_(event);
  }
  ReportEnded();
}

void UploadReporter::ReportEnded() {
  auto ended = uploads_.catalog().ListUnreported(kMaxReports);
  if (!ended.ok()) {
    log::Error("the catalog cannot be read", {{"error", ended.status().message()}});
    return;
  }
  for (const UploadRecord& upload : *ended) send_(EndOf(upload));
}

}  // namespace lectern::vod
