#include "vod_service/upload/upload_service.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "common/log/log.h"
#include "vod_service/library/keys.h"

namespace lectern::vod {
namespace {

constexpr size_t kReadBytes = 1 << 20;

// Changes with every start of the machine, not of the process.
std::string ReadBootId() {
  auto id = ReadFile("/proc/sys/kernel/random/boot_id");
  return id.ok() ? std::string(absl::StripAsciiWhitespace(*id)) : std::string();
}

absl::Status Gone() {
  return WithReason(absl::FailedPreconditionError("the upload has ended; ask for a new one"), "UPLOAD_GONE");
}

// Brings `digest` up to `size`, reading what it has not seen.
absl::Status CatchUp(int file, uint64_t size, RunningDigest& digest) {
  std::string buffer(kReadBytes, '\0');
  while (digest.offset < size) {
    const size_t want = std::min<uint64_t>(buffer.size(), size - digest.offset);
    ssize_t got = pread(file, buffer.data(), want, static_cast<off_t>(digest.offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoStatus(errno, "reading a recording for its digest");
    if (got == 0) return absl::DataLossError("a recording is shorter than it was");
    digest.digest.Update({buffer.data(), static_cast<size_t>(got)});
    digest.offset += static_cast<uint64_t>(got);
  }
  return absl::OkStatus();
}

}  // namespace

UploadService::UploadService(Catalog& catalog, BlobStore& blobs, Clock& clock, UploadLimits limits)
    : catalog_(catalog),
      blobs_(blobs),
      clock_(clock),
      limits_(limits),
      boot_id_(ReadBootId()),
      parts_dir_(blobs.ScratchDir() + "/uploads"),
      started_at_(clock.Now()),
      started_steady_(clock.Steady()),
      writers_(clock) {}

absl::Status UploadService::CheckRoom(uint64_t size_bytes) {
  ASSIGN_OR_RETURN(Catalog::OpenTotals open, catalog_.GetOpenTotals());
  if (open.count >= limits_.max_open_uploads) {
    return WithReason(absl::UnavailableError("too many uploads are open; try again later"), "TOO_MANY_UPLOADS");
  }
  struct statvfs disk = {};
  if (statvfs(parts_dir_.c_str(), &disk) != 0) return ErrnoStatus(errno, "reading the free space");
  const uint64_t free_bytes = static_cast<uint64_t>(disk.f_bavail) * disk.f_frsize;
  // What other open uploads still miss is promised to them.
  const uint64_t promised = open.missing_bytes + static_cast<uint64_t>(limits_.min_free_bytes);
  if (promised > free_bytes || size_bytes > free_bytes - promised) {
    return WithReason(absl::ResourceExhaustedError("the media store has no room for this file"), "DISK_FULL");
  }
  return absl::OkStatus();
}

absl::StatusOr<UploadRecord> UploadService::Create(const NewUpload& wanted) {
  if (auto existing = Get(wanted.id); !absl::IsNotFound(existing.status())) return existing;
  if (wanted.size_bytes == 0) return WithReason(absl::InvalidArgumentError("the file is empty"), "EMPTY_FILE");
  if (wanted.size_bytes > static_cast<uint64_t>(limits_.max_upload_bytes)) {
    return WithReason(
        absl::OutOfRangeError(absl::StrCat("files may have at most ", limits_.max_upload_bytes, " bytes here")),
        "TOO_LARGE");
  }
  RETURN_IF_ERROR(CheckRoom(wanted.size_bytes));
  Fd part(open(PartPath(blobs_.ScratchDir(), wanted.id).c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!part.valid()) return ErrnoStatus(errno, "creating an upload's file");
  RETURN_IF_ERROR(SyncDirectory(parts_dir_));
  UploadRecord upload;
  upload.id = wanted.id;
  upload.lecture = wanted.lecture;
  upload.view = wanted.view;
  upload.organization = wanted.organization;
  upload.size_bytes = wanted.size_bytes;
  upload.metadata = wanted.metadata;
  upload.created_at = clock_.Now();
  upload.expires_at = SteadyNow() + limits_.expiry;
  // Two requests may create at once: one row, both get it.
  absl::Status inserted = catalog_.InsertUpload(upload);
  if (!inserted.ok() && !absl::IsAlreadyExists(inserted)) return inserted;
  return Get(wanted.id);
}

absl::StatusOr<UploadRecord> UploadService::Get(absl::string_view id) {
  ASSIGN_OR_RETURN(UploadRecord upload, catalog_.GetUpload(id));
  if (upload.state == UploadState::kComplete) return upload;
  if (upload.state != UploadState::kOpen) return Gone();
  if (Abandoned(upload) && !writers_.IsHeld(id)) return Gone();
  return upload;
}

absl::StatusOr<Fd> UploadService::OpenPart(const UploadRecord& upload) {
  const std::string path = PartPath(blobs_.ScratchDir(), upload.id);
  const int create = upload.durable_offset == 0 ? O_CREAT : 0;
  Fd file(open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | create, 0640));
  if (!file.valid() && errno == ENOENT) return MarkBroken(upload, "the received bytes are not there any more");
  if (!file.valid()) return ErrnoStatus(errno, "opening an upload's file");
  if (create != 0) RETURN_IF_ERROR(SyncDirectory(parts_dir_));
  struct stat st = {};
  if (fstat(file.get(), &st) != 0) return ErrnoStatus(errno, "reading an upload's size");
  const uint64_t size = static_cast<uint64_t>(st.st_size);
  if (size < upload.durable_offset) return MarkBroken(upload, "received bytes are missing");
  // Bytes of an earlier writer that were never recorded would count as received after a crash.
  if (size > upload.durable_offset && ftruncate(file.get(), static_cast<off_t>(upload.durable_offset)) != 0) {
    return ErrnoStatus(errno, "cutting an upload's file");
  }
  return file;
}

absl::StatusOr<std::unique_ptr<UploadSession>> UploadService::Begin(WriterClaim claim, const Start& start) {
  ASSIGN_OR_RETURN(UploadRecord upload, Get(claim->upload()));
  const uint64_t current = upload.durable_offset;
  if (upload.state == UploadState::kComplete)
    return WithReason(absl::FailedPreconditionError("complete"), "UPLOAD_COMPLETE");
  if (Abandoned(upload)) return Gone();
  if (!start.from_scratch && start.offset != current) {
    return WithReason(absl::AbortedError(absl::StrCat("the upload continues at byte ", current)), "OFFSET_MISMATCH");
  }
  ASSIGN_OR_RETURN(upload, catalog_.TakeEpoch(upload.id, boot_id_, start.checksum.has_value()));
  if (start.from_scratch && current > 0) {
    RETURN_IF_ERROR(SetCheckpoint(upload, 0, false));
    upload.durable_offset = 0;
  }
  Fd file;
  if (upload.durable_offset < upload.size_bytes) {
    ASSIGN_OR_RETURN(file, OpenPart(upload));
  }
  RunningDigest digest = TakeDigest(upload.id, upload.durable_offset);
  return std::make_unique<UploadSession>(*this, std::move(claim), std::move(upload), std::move(file), start.checksum,
                                         std::move(digest), clock_.Steady());
}

absl::Status UploadService::SetCheckpoint(const UploadRecord& upload, uint64_t offset, bool unverified) {
  RETURN_IF_ERROR(catalog_.Checkpoint(upload.id, upload.epoch, offset, unverified, SteadyNow() + limits_.expiry));
  absl::MutexLock lock(&mu_);
  progress_[upload.id] = offset;
  return absl::OkStatus();
}

absl::Status UploadService::Complete(const UploadRecord& upload, RunningDigest digest) {
  const std::string path = PartPath(blobs_.ScratchDir(), upload.id);
  Fd part(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (part.valid()) {
    RETURN_IF_ERROR(CatchUp(part.get(), upload.size_bytes, digest));
    RETURN_IF_ERROR(blobs_.PutFile(RecordingKey(upload.id), path));
  } else {
    // Interrupted between the move and the commit.
    auto moved = blobs_.Open(RecordingKey(upload.id));
    if (absl::IsNotFound(moved.status()) || (moved.ok() && moved->info.size_bytes != upload.size_bytes)) {
      return MarkBroken(upload, "the received bytes are not there any more");
    }
    RETURN_IF_ERROR(moved.status());
    RETURN_IF_ERROR(CatchUp(moved->file->get(), upload.size_bytes, digest));
  }
  RETURN_IF_ERROR(catalog_.CompleteUpload(upload.id, upload.epoch, HexEncode(digest.digest.Value())));
  log::Info("upload complete", {{"upload", upload.id}, {"lecture", upload.lecture}, {"size_bytes", upload.size_bytes}});
  if (on_ended_) on_ended_();
  return absl::OkStatus();
}

void UploadService::Close(const UploadRecord& upload, UploadState state, absl::string_view why) {
  absl::Status closed = catalog_.CloseUpload(upload.id, state, why);
  if (!closed.ok()) {
    log::Error("an upload could not be closed", {{"upload", upload.id}, {"error", closed.message()}});
    return;
  }
  unlink(PartPath(blobs_.ScratchDir(), upload.id).c_str());
  {
    absl::MutexLock lock(&mu_);
    digests_.erase(upload.id);
    progress_.erase(upload.id);
  }
  if (on_ended_) on_ended_();
}

absl::Status UploadService::MarkBroken(const UploadRecord& upload, absl::string_view why) {
  log::Error("an upload is broken", {{"upload", upload.id}, {"lecture", upload.lecture}, {"error", why}});
  Close(upload, UploadState::kBroken, why);
  return WithReason(absl::DataLossError("the disk failed; the upload must start anew"), "UPLOAD_BROKEN");
}

absl::Status UploadService::Terminate(WriterClaim claim) {
  ASSIGN_OR_RETURN(UploadRecord upload, Get(claim->upload()));
  if (upload.state == UploadState::kComplete) {
    return WithReason(absl::FailedPreconditionError("the upload is complete; delete the recording instead"),
                      "UPLOAD_COMPLETE");
  }
  Close(upload, UploadState::kTerminated, "");
  return absl::OkStatus();
}

void UploadService::StopFenced() {
  for (const std::string& id : writers_.Held()) {
    auto upload = catalog_.GetUpload(id);
    if (upload.ok() && upload->state == UploadState::kOpen) continue;
    writers_.WithHolder(id, [](Writer& writer) { writer.Stop(); });
  }
}

RunningDigest UploadService::TakeDigest(absl::string_view id, uint64_t offset) {
  absl::MutexLock lock(&mu_);
  auto it = digests_.find(id);
  if (it == digests_.end()) return {};
  RunningDigest digest = std::move(it->second);
  digests_.erase(it);
  return digest.offset <= offset ? std::move(digest) : RunningDigest();
}

void UploadService::KeepDigest(absl::string_view id, RunningDigest digest) {
  absl::MutexLock lock(&mu_);
  digests_.insert_or_assign(std::string(id), std::move(digest));
}

absl::flat_hash_map<std::string, uint64_t> UploadService::TakeProgress() {
  absl::MutexLock lock(&mu_);
  return std::exchange(progress_, {});
}

}  // namespace lectern::vod
