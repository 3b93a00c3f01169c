// Runs the jobs that only the holder of the recording can do: package, finalise and delete_media.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/blob/blob_store.h"
#include "common/link/link.h"
#include "common/metrics/metrics.h"
#include "vod_service/jobs/finaliser.h"
#include "vod_service/jobs/publisher.h"
#include "vod_service/library/catalog.h"
#include "vod_service/live/live_library.h"
#include "vod_service/upload/upload_service.h"

namespace lectern::v1 {
class Assign;
class JobSpec;
class PackageSpec;
}  // namespace lectern::v1

namespace lectern::vod {

// A job may be run again after a crash at any point: what it published is adopted, what it did not is made again under
// another name. Thread-safe; Run blocks.
class JobRunner {
 public:
  JobRunner(Catalog& catalog, BlobStore& blobs, UploadService& uploads, LiveLibrary& live, Publisher& publisher,
            Metrics& metrics);

  link::Outcome Run(const v1::Assign& assign, link::JobContext& context);

  // Called when media was given to the sweep. Set before the first job.
  void SetOnSweep(std::function<void()> on_sweep) { on_sweep_ = std::move(on_sweep); }

 private:
  absl::Status RunJob(const v1::Assign& assign, link::JobContext& context, v1::JobResult& result);
  absl::Status Package(const v1::Assign& assign, link::JobContext& context, v1::JobResult& result);
  absl::Status PackageAnew(const v1::Assign& assign, const UploadRecord& upload, link::JobContext& context);
  absl::StatusOr<OpenBlob> OpenInput(const v1::PackageSpec& spec, const UploadRecord& upload);
  absl::Status DescribePublished(const UploadRecord& upload, v1::JobResult& result);
  absl::Status DeleteMedia(const v1::JobSpec& spec);

  Catalog& catalog_;
  BlobStore& blobs_;
  UploadService& uploads_;
  LiveLibrary& live_;
  Publisher& publisher_;
  Finaliser finaliser_;
  prometheus::Family<prometheus::Counter>& jobs_;
  std::function<void()> on_sweep_;
};

}  // namespace lectern::vod
