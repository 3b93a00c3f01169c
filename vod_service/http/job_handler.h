// /jobs/{job}/{fence}/...: what running jobs read and write here. Includes Asio: keep it out of other headers.
//
// Every request raises the job's highest fence; one with a lower fence is refused with 409 FENCED. PUT outputs/{name}
// replaces what the same (job, fence) staged under that name (400 DIGEST_MISMATCH where X-Content-SHA256 differs);
// nothing is visible to others before POST commit. Commit may be repeated; it answers 200 with {"outputs": [{"name",
// "size_bytes", "sha256", "path"}]}, where `path` is set for pictures: below the view's playback URL.
#pragma once

#include <string>

#include "common/base/clock.h"
#include "common/blob/blob_store.h"
#include "common/exec/thread_pool.h"
#include "common/http/server.h"
#include "vod_service/http/access.h"
#include "vod_service/http/receive.h"
#include "vod_service/library/catalog.h"

namespace lectern::vod {

struct JobHandlerOptions {
  int64_t min_free_bytes = 0;  // of the disk, never given to outputs
  int max_outputs = 2000;      // of one job
  ReceiveLimits receive;
};

// Thread-safe.
class JobHandler {
 public:
  JobHandler(Catalog& catalog, BlobStore& blobs, const Access& access, ThreadPool& pool, Clock& clock,
             JobHandlerOptions options);

  // `path` is below "/jobs": "/<job>/<fence>/...".
  http::Awaitable<http::Response> Handle(const http::RequestHead& head, http::BodyReader& body, absl::string_view path);

 private:
  struct Request;

  http::Awaitable<http::Response> Dispatch(Request& request, absl::string_view what);
  http::Awaitable<http::Response> Source(Request& request);
  http::Awaitable<http::Response> Input(Request& request, absl::string_view what);
  http::Awaitable<http::Response> Output(Request& request, absl::string_view name);
  http::Awaitable<http::Response> Commit(Request& request);

  absl::StatusOr<UploadRecord> LookUpUpload(const Claims& claims);
  absl::Status CheckRoom(const Request& request, absl::string_view name);
  absl::StatusOr<std::string> CommitOutputs(const Claims& claims);
  absl::Status MoveOutputs(const UploadRecord& upload, std::vector<OutputRecord>& outputs);

  Catalog& catalog_;
  BlobStore& blobs_;
  const Access& access_;
  ThreadPool& pool_;
  Clock& clock_;
  const JobHandlerOptions options_;
};

}  // namespace lectern::vod
