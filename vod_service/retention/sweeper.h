// Deletes what is not needed any more: abandoned uploads, staged outputs of overtaken fences, replaced renditions, live
// tracks and recordings, and files that the catalog does not know.
#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/blob/blob_store.h"
#include "vod_service/library/catalog.h"
#include "vod_service/upload/upload_service.h"

namespace lectern::vod {

// Blocking. Not thread-safe: one loop calls it. Every step may be cut off and is repeated by the next run.
class Sweeper {
 public:
  Sweeper(Catalog& catalog, BlobStore& blobs, UploadService& uploads, Clock& clock)
      : catalog_(catalog), blobs_(blobs), uploads_(uploads), clock_(clock) {}

  // Once, before the first job: folders of jobs that a crash cut off.
  void CleanPackages();
  // Everything whose time has come; also completes uploads that were interrupted before their last step.
  void Run();
  // Media and scratch files older than `age` that nothing refers to. Walks the whole store.
  void SweepOrphans(absl::Duration age);

 private:
  absl::Status SweepDue();
  absl::Status SweepItemNow(const SweepItem& item);
  absl::Status SweepUpload(const std::string& id);
  absl::Status SweepTrack(const SweepItem& item);
  absl::Status SweepLive(const std::string& folder, const UploadRecord& upload, absl::Time before);
  absl::Status SweepStaged();
  absl::Status SweepRecordings(absl::Time before);
  absl::Status SweepJobFolders(absl::Time before);
  absl::Status SweepRenditions(absl::Time before);
  absl::Status SweepView(const std::string& folder, absl::Time before);
  absl::Status SweepFolder(const std::string& folder, absl::Time before);
  void SweepScratch(absl::Time before);

  Catalog& catalog_;
  BlobStore& blobs_;
  UploadService& uploads_;
  Clock& clock_;
};

}  // namespace lectern::vod
