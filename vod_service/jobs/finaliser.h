// Ends what was on air: first the playlists, so that it is playable as a recording at once; then one file of the best
// picture and the sound, as the source for the jobs that improve it.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/blob/blob_store.h"
#include "common/link/link.h"
#include "vod_service/jobs/publisher.h"
#include "vod_service/library/catalog.h"
#include "vod_service/live/live_library.h"

namespace lectern::v1 {
class Assign;
class FinaliseResult;
class JobResult;
}  // namespace lectern::v1

namespace lectern::vod {

// May be run again after a crash at any point. Thread-safe; blocks.
class Finaliser {
 public:
  Finaliser(Catalog& catalog, BlobStore& blobs, LiveLibrary& live, Publisher& publisher)
      : catalog_(catalog), blobs_(blobs), live_(live), publisher_(publisher) {}

  // Progress 0.1 says that the recording is playable. Errors: kFailedPrecondition/TAKEN_UP where the stream went on
  // with a newer job, /UPLOAD_GONE; those of MakeSource; kResourceExhausted/DISK_FULL.
  absl::Status Run(const v1::Assign& assign, link::JobContext& context, v1::JobResult& result);

 private:
  absl::StatusOr<UploadRecord> Complete(const v1::Assign& assign, const LiveRecord& live, link::JobContext& context,
                                        bool& continuous);
  absl::Status StoreSource(const LiveRecord& live, const std::string& path, const std::string& sha256);

  Catalog& catalog_;
  BlobStore& blobs_;
  LiveLibrary& live_;
  Publisher& publisher_;
};

}  // namespace lectern::vod
