// One request that appends to an upload.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/file.h"
#include "vod_service/library/records.h"
#include "vod_service/upload/digest.h"
#include "vod_service/upload/tus.h"
#include "vod_service/upload/writers.h"

namespace lectern::vod {

class UploadService;

// SHA-256 of the first `offset` bytes.
struct RunningDigest {
  Digest digest{DigestAlgorithm::kSha256};
  uint64_t offset = 0;
};

// Made by UploadService::Begin. Used by one request, from one thread at a time.
class UploadSession {
 public:
  UploadSession(UploadService& service, WriterClaim claim, UploadRecord upload, Fd file,
                std::optional<Checksum> checksum, RunningDigest digest, absl::Duration now);
  ~UploadSession();

  Writer& writer() { return *claim_; }
  uint64_t offset() const { return offset_; }
  uint64_t missing() const { return upload_.size_bytes - offset_; }

  // Appends to the page cache. Errors: kOutOfRange/TOO_LARGE (more than the upload's size: what came since the last
  // checkpoint is dropped, and Finish completes nothing), kResourceExhausted/DISK_FULL (what fitted is kept),
  // kInternal.
  absl::Status Write(absl::string_view bytes);

  // True where Checkpoint is due: enough bytes, enough time, or somebody asked.
  bool CheckpointDue(absl::Duration now) const;
  // Blocks: syncs, then records the offset. With a checksum to come it does nothing. Errors: kAborted/SUPERSEDED,
  // kDataLoss/UPLOAD_BROKEN where the disk did not take the bytes.
  absl::Status Checkpoint(absl::Duration now);

  // Blocks. The last call: keeps what was received (drops it where its checksum is wrong or `body_complete` is false
  // and there is a checksum), and completes the upload where nothing is missing. Returns the upload as it is then.
  // Errors: those of Checkpoint, kInvalidArgument/CHECKSUM_MISMATCH.
  absl::StatusOr<UploadRecord> Finish(bool body_complete);

 private:
  absl::Status VerifyChunk(bool body_complete);
  absl::Status DropChunk();
  absl::Status DropOverlong();
  absl::Status SyncAndRecord();

  UploadService& service_;
  const WriterClaim claim_;
  UploadRecord upload_;
  const Fd file_;
  const std::optional<Checksum> checksum_;
  std::optional<Digest> chunk_digest_;
  RunningDigest digest_;
  std::optional<RunningDigest> digest_before_chunk_;
  uint64_t offset_;
  absl::Duration last_checkpoint_;
  bool finished_ = false;
  bool overlong_ = false;
};

}  // namespace lectern::vod
