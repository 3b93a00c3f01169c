// /live/{job}/{fence}/...: media of a lecture that is on air, from the worker that has it. Includes Asio: keep it out
// of other headers. docs/live.md, "Storing", has the requests; errors are those of ARCHITECTURE.md with these reasons:
//
//   409 FENCED         another worker has the stream now: stop
//   409 NOT_OPEN       POST open comes first
//   409 OUT_OF_ORDER   X-Expected-Number says which number comes next
//   409 OVERLAPS       the set begins before the end of what is stored
//   409 FILE_MISSING   a file of the set is not here: store all its files and the set again
//   409 NAME_TAKEN     other bytes are stored under this name
//   410 UPLOAD_GONE    the recording was deleted: stop
//   400 BAD_NAME, BAD_SET, BAD_PICTURE, DIGEST_MISMATCH; 413 TOO_LARGE
//   503, 507 DISK_FULL, TOO_MANY_FILES   the same again later; Retry-After
#pragma once

#include <string>

#include "common/base/clock.h"
#include "common/blob/blob_store.h"
#include "common/exec/thread_pool.h"
#include "common/http/server.h"
#include "common/metrics/metrics.h"
#include "vod_service/http/access.h"
#include "vod_service/http/receive.h"
#include "vod_service/live/live_library.h"

namespace lectern::vod {

struct LiveHandlerOptions {
  int64_t max_file_bytes = int64_t{256} << 20;
  size_t max_message_bytes = 256 * 1024;  // of open and sets
  size_t max_picture_bytes = 1 << 20;
  ReceiveLimits receive;
};

// Thread-safe.
class LiveHandler {
 public:
  LiveHandler(LiveLibrary& library, BlobStore& blobs, const Access& access, ThreadPool& pool, Clock& clock,
              Metrics& metrics, LiveHandlerOptions options);

  // `path` is below "/live": "/<job>/<fence>/...".
  http::Awaitable<http::Response> Handle(const http::RequestHead& head, http::BodyReader& body, absl::string_view path);

 private:
  struct Request;

  http::Awaitable<http::Response> Dispatch(Request& request, absl::string_view what);
  http::Awaitable<http::Response> Open(Request& request);
  http::Awaitable<http::Response> File(Request& request, absl::string_view name);
  http::Awaitable<http::Response> Set(Request& request);
  http::Awaitable<http::Response> Preview(Request& request);

  LiveLibrary& library_;
  BlobStore& blobs_;
  const Access& access_;
  ThreadPool& pool_;
  Clock& clock_;
  const LiveHandlerOptions options_;
  prometheus::Histogram& commit_seconds_;
};

}  // namespace lectern::vod
