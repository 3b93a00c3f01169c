// Receives recordings so that no acknowledged byte is ever lost.
//
// Only synced bytes are acknowledged. One writer an upload: a place in `writers()` in this process, and an epoch in the
// catalog that fences whoever did not notice that it lost its place. An upload ends in the order sync -> digest -> move
// to its final key
// -> sync folders -> one catalog commit; a crash between any two steps is repaired by Recover and FinishPending.
//
// Methods block on the disk: call them from a thread pool. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/blob/blob_store.h"
#include "vod_service/library/catalog.h"
#include "vod_service/upload/digest.h"
#include "vod_service/upload/tus.h"
#include "vod_service/upload/upload_session.h"
#include "vod_service/upload/writers.h"

namespace lectern::vod {

struct UploadLimits {
  int64_t max_upload_bytes = int64_t{200} << 30;
  int64_t min_free_bytes = int64_t{2} << 30;  // of the disk, never given to uploads
  int64_t max_open_uploads = 10'000;
  absl::Duration expiry = absl::Hours(24);  // without a byte
};

struct NewUpload {
  std::string id;
  int64_t lecture = 0;
  std::string view;
  int64_t organization = 0;
  uint64_t size_bytes = 0;
  std::string metadata;
};

class UploadService {
 public:
  UploadService(Catalog& catalog, BlobStore& blobs, Clock& clock, UploadLimits limits);

  // Once, before the first request: makes the catalog agree with the files. After a crash of the process what reached
  // the page cache counts; after a crash of the machine only what was synced.
  absl::Status Recover();
  // Completes uploads that have all bytes and were interrupted before the last step.
  void FinishPending();
  // Ends uploads that nobody continued in time.
  void ExpireAbandoned();
  // Removes the received bytes of uploads that ended without a recording, and files that no upload knows and that are
  // older than `unknown_age`.
  void SweepParts(absl::Duration unknown_age);

  // The upload, made now or before. Errors: kInvalidArgument (EMPTY_FILE), kOutOfRange/TOO_LARGE,
  // kResourceExhausted/DISK_FULL (would not fit), kUnavailable/TOO_MANY_UPLOADS, kFailedPrecondition/UPLOAD_GONE.
  absl::StatusOr<UploadRecord> Create(const NewUpload& wanted);
  // An open or complete upload. Errors: kNotFound/UPLOAD_NOT_FOUND, kFailedPrecondition/UPLOAD_GONE.
  absl::StatusOr<UploadRecord> Get(absl::string_view id);

  // Starts a request that writes; `claim` is held until the session is gone. Errors: those of Get,
  // kAborted/OFFSET_MISMATCH (nothing changes), kDataLoss/UPLOAD_BROKEN.
  struct Start {
    uint64_t offset = 0;
    bool from_scratch = false;         // forget what was received (a plain PUT)
    std::optional<Checksum> checksum;  // of what this request sends
  };
  absl::StatusOr<std::unique_ptr<UploadSession>> Begin(WriterClaim claim, const Start& start);

  // Gives an open upload up and frees its bytes. `claim` keeps writers out. A complete one is
  // kFailedPrecondition/UPLOAD_COMPLETE.
  absl::Status Terminate(WriterClaim claim);

  // Ends the requests that write to uploads that are not open any more.
  void StopFenced();

  Writers& writers() { return writers_; }
  Catalog& catalog() { return catalog_; }
  const UploadLimits& limits() const { return limits_; }

  // Durable offsets that changed since the last call.
  absl::flat_hash_map<std::string, uint64_t> TakeProgress();
  // Called, from any thread, when an upload has ended in whatever way. Set before the first request.
  void SetOnEnded(std::function<void()> on_ended) { on_ended_ = std::move(on_ended); }

 private:
  friend class UploadSession;

  // A wall clock that runs with the monotonic one: a jump of the machine's clock ends no upload.
  absl::Time SteadyNow() { return started_at_ + (clock_.Steady() - started_steady_); }
  // One that has all its bytes is completed, however late.
  bool Abandoned(const UploadRecord& upload) {
    return upload.state == UploadState::kOpen && upload.durable_offset < upload.size_bytes &&
           upload.expires_at <= SteadyNow();
  }

  absl::Status RecoverOne(const UploadRecord& upload);
  absl::Status CheckRoom(uint64_t size_bytes);
  absl::StatusOr<Fd> OpenPart(const UploadRecord& upload);
  absl::Status SetCheckpoint(const UploadRecord& upload, uint64_t offset, bool unverified);
  absl::Status Complete(const UploadRecord& upload, RunningDigest digest);
  absl::Status MarkBroken(const UploadRecord& upload, absl::string_view why);
  void Close(const UploadRecord& upload, UploadState state, absl::string_view why);
  RunningDigest TakeDigest(absl::string_view id, uint64_t offset);
  void KeepDigest(absl::string_view id, RunningDigest digest);

  Catalog& catalog_;
  BlobStore& blobs_;
  Clock& clock_;
  const UploadLimits limits_;
  const std::string boot_id_;
  const std::string parts_dir_;
  const absl::Time started_at_;
  const absl::Duration started_steady_;
  Writers writers_;
  std::function<void()> on_ended_;
  absl::Mutex mu_;
  absl::flat_hash_map<std::string, RunningDigest> digests_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_map<std::string, uint64_t> progress_ ABSL_GUARDED_BY(mu_);
};

}  // namespace lectern::vod
