#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "absl/strings/strip.h"
#include "common/base/status.h"
#include "common/log/log.h"
#include "vod_service/library/keys.h"
#include "vod_service/upload/upload_service.h"

namespace lectern::vod {

absl::Status UploadService::Recover() {
  RETURN_IF_ERROR(MakeDirectories(parts_dir_, 0750));
  RETURN_IF_ERROR(SyncDirectory(blobs_.ScratchDir()));
  ASSIGN_OR_RETURN(std::vector<UploadRecord> open_uploads, catalog_.ListUploads(UploadState::kOpen));
  for (const UploadRecord& upload : open_uploads) RETURN_IF_ERROR(RecoverOne(upload));
  return absl::OkStatus();
}

absl::Status UploadService::RecoverOne(const UploadRecord& upload) {
  // Complete in all but its last step: FinishPending looks for the bytes in both places.
  if (upload.durable_offset == upload.size_bytes) return absl::OkStatus();
  Fd file(open(PartPath(blobs_.ScratchDir(), upload.id).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!file.valid() && errno == ENOENT && upload.durable_offset == 0) return absl::OkStatus();
  if (!file.valid() && errno == ENOENT) {
    MarkBroken(upload, "the received bytes are not there any more").IgnoreError();
    return absl::OkStatus();
  }
  if (!file.valid()) return ErrnoStatus(errno, "opening an upload's file");
  struct stat st = {};
  if (fstat(file.get(), &st) != 0) return ErrnoStatus(errno, "reading an upload's size");
  const uint64_t size = static_cast<uint64_t>(st.st_size);
  // After a crash of the machine the tail may be zeros; with a checksum to come nobody has vouched for it.
  const bool trusted =
      !boot_id_.empty() && upload.boot_id == boot_id_ && !upload.unverified && size <= upload.size_bytes;
  if (trusted && size > upload.durable_offset) {
    if (fdatasync(file.get()) != 0) return ErrnoStatus(errno, "syncing received bytes");
    return SetCheckpoint(upload, size, false);
  }
  if (size < upload.durable_offset) {
    MarkBroken(upload, "received bytes are missing").IgnoreError();
  } else if (size > upload.durable_offset && ftruncate(file.get(), static_cast<off_t>(upload.durable_offset)) != 0) {
    return ErrnoStatus(errno, "cutting an upload's file");
  }
  return absl::OkStatus();
}

void UploadService::FinishPending() {
  auto open_uploads = catalog_.ListUploads(UploadState::kOpen);
  if (!open_uploads.ok()) return;
  for (const UploadRecord& upload : *open_uploads) {
    if (upload.durable_offset != upload.size_bytes) continue;
    WriterClaim claim = writers_.TryClaim(upload.id);
    if (claim == nullptr) continue;
    auto session = Begin(std::move(claim), {.offset = upload.size_bytes});
    absl::Status finished = session.ok() ? (*session)->Finish(true).status() : session.status();
    if (!finished.ok())
      log::Warn("an upload could not be completed", {{"upload", upload.id}, {"error", finished.message()}});
  }
}

void UploadService::ExpireAbandoned() {
  auto open_uploads = catalog_.ListUploads(UploadState::kOpen);
  if (!open_uploads.ok()) return;
  for (const UploadRecord& listed : *open_uploads) {
    if (!Abandoned(listed)) continue;
    WriterClaim claim = writers_.TryClaim(listed.id);
    if (claim == nullptr) continue;
    // With the place taken nobody can continue it; somebody may have done so just before.
    auto upload = catalog_.GetUpload(listed.id);
    if (!upload.ok() || !Abandoned(*upload)) continue;
    log::Info("upload expired", {{"upload", upload->id}, {"received_bytes", upload->durable_offset}});
    Close(*upload, UploadState::kExpired, "");
  }
}

void UploadService::SweepParts(absl::Duration unknown_age) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(parts_dir_, error)) {
    const std::string name = entry.path().filename().string();
    absl::string_view id = absl::StripSuffix(name, ".part");
    auto upload = catalog_.GetUpload(id);
    bool remove = upload.ok() && upload->state != UploadState::kOpen && upload->state != UploadState::kComplete;
    if (absl::IsNotFound(upload.status())) {
      struct stat st = {};
      remove = lstat(entry.path().c_str(), &st) == 0 && clock_.Now() - absl::TimeFromTimespec(st.st_mtim) > unknown_age;
    }
    if (remove && !writers_.IsHeld(id)) unlink(entry.path().c_str());
  }
}

}  // namespace lectern::vod
