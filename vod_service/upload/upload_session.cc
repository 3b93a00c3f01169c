#include "vod_service/upload/upload_session.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "common/base/status.h"
#include "vod_service/upload/upload_service.h"

namespace lectern::vod {
namespace {

// What a crash of the machine may cost a client to send again.
constexpr uint64_t kCheckpointBytes = 64 << 20;
constexpr absl::Duration kCheckpointInterval = absl::Seconds(5);

}  // namespace

UploadSession::UploadSession(UploadService& service, WriterClaim claim, UploadRecord upload, Fd file,
                             std::optional<Checksum> checksum, RunningDigest digest, absl::Duration now)
    : service_(service),
      claim_(std::move(claim)),
      upload_(std::move(upload)),
      file_(std::move(file)),
      checksum_(std::move(checksum)),
      digest_(std::move(digest)),
      offset_(upload_.durable_offset),
      last_checkpoint_(now) {
  if (!checksum_) return;
  chunk_digest_.emplace(checksum_->algorithm);
  digest_before_chunk_ = digest_;
}

UploadSession::~UploadSession() {
  // Refused before the first byte, for example; the next request goes on with it.
  if (!finished_)
    service_.KeepDigest(upload_.id, digest_before_chunk_ ? *std::move(digest_before_chunk_) : std::move(digest_));
}

absl::Status UploadSession::Write(absl::string_view bytes) {
  if (bytes.size() > missing()) {
    overlong_ = true;
    return WithReason(absl::OutOfRangeError("the request has more bytes than the upload is long"), "TOO_LARGE");
  }
  claim_->Touch();
  while (!bytes.empty()) {
    // At a tracked offset and never O_APPEND: the file may be longer than what counts.
    ssize_t written = pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset_));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoStatus(errno, "storing received bytes");
    absl::string_view stored = bytes.substr(0, static_cast<size_t>(written));
    if (digest_.offset == offset_) {
      digest_.digest.Update(stored);
      digest_.offset += stored.size();
    }
    if (chunk_digest_) chunk_digest_->Update(stored);
    offset_ += stored.size();
    bytes.remove_prefix(stored.size());
  }
  return absl::OkStatus();
}

bool UploadSession::CheckpointDue(absl::Duration now) const {
  if (checksum_ || offset_ == upload_.durable_offset) return false;
  return offset_ - upload_.durable_offset >= kCheckpointBytes || now - last_checkpoint_ >= kCheckpointInterval ||
         claim_->checkpoint_wanted();
}

absl::Status UploadSession::Checkpoint(absl::Duration now) {
  if (checksum_) return absl::OkStatus();
  last_checkpoint_ = now;
  RETURN_IF_ERROR(SyncAndRecord());
  claim_->CheckpointDone();
  return absl::OkStatus();
}

absl::Status UploadSession::SyncAndRecord() {
  // After a failed sync the kernel may have dropped the pages and call the next sync a success: the upload cannot be
  // trusted.
  if (offset_ != upload_.durable_offset && fdatasync(file_.get()) != 0) {
    return service_.MarkBroken(upload_, ErrnoStatus(errno, "syncing received bytes").message());
  }
  RETURN_IF_ERROR(service_.SetCheckpoint(upload_, offset_, false));
  upload_.durable_offset = offset_;
  return absl::OkStatus();
}

absl::Status UploadSession::VerifyChunk(bool body_complete) {
  if (!checksum_) return absl::OkStatus();
  if (!body_complete) return DropChunk();
  if (chunk_digest_->Value() == checksum_->bytes) return absl::OkStatus();
  RETURN_IF_ERROR(DropChunk());
  return WithReason(absl::InvalidArgumentError("the bytes do not match their checksum and were dropped"),
                    "CHECKSUM_MISMATCH");
}

absl::Status UploadSession::DropChunk() {
  offset_ = upload_.durable_offset;
  digest_ = *digest_before_chunk_;
  if (ftruncate(file_.get(), static_cast<off_t>(offset_)) != 0) return ErrnoStatus(errno, "dropping received bytes");
  return SyncAndRecord();
}

// What was sent is not the file that was announced: completing it with the bytes that fit would pass a part of another
// file off as the recording.
absl::Status UploadSession::DropOverlong() {
  offset_ = upload_.durable_offset;
  digest_ = RunningDigest();
  // Not open where nothing was missing at the start.
  if (file_.valid() && ftruncate(file_.get(), static_cast<off_t>(offset_)) != 0) {
    return ErrnoStatus(errno, "dropping received bytes");
  }
  return absl::OkStatus();
}

absl::StatusOr<UploadRecord> UploadSession::Finish(bool body_complete) {
  finished_ = true;
  if (overlong_) {
    RETURN_IF_ERROR(DropOverlong());
    return service_.catalog().GetUpload(upload_.id);
  }
  absl::Status verified = VerifyChunk(body_complete);
  absl::Status recorded = verified.ok() ? SyncAndRecord() : verified;
  if (!recorded.ok()) {
    if (verified.ok()) return recorded;
    service_.KeepDigest(upload_.id, std::move(digest_));
    return recorded;
  }
  if (missing() == 0) {
    RETURN_IF_ERROR(service_.Complete(upload_, std::move(digest_)));
  } else {
    service_.KeepDigest(upload_.id, std::move(digest_));
  }
  return service_.catalog().GetUpload(upload_.id);
}

}  // namespace lectern::vod
