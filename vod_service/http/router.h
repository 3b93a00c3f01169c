// The public port: uploads, job files, live media, playback, downloads. Includes Asio: keep it out of other headers.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "common/http/server.h"
#include "common/metrics/metrics.h"
#include "vod_service/http/download_handler.h"
#include "vod_service/http/job_handler.h"
#include "vod_service/http/live_handler.h"
#include "vod_service/http/playback_handler.h"
#include "vod_service/http/upload_handler.h"

namespace lectern::vod {

// Adds CORS (any origin: nothing here uses cookies) and counts requests. Thread-safe.
class Router {
 public:
  Router(UploadHandler& uploads, JobHandler& jobs, LiveHandler& live, PlaybackHandler& playback, DownloadHandler& downloads,
         Metrics& metrics);

  http::Awaitable<http::Response> Handle(const http::RequestHead& head, http::BodyReader& body);
  // Playback and downloads, without a coroutine.
  std::optional<http::Response> HandleFast(const http::RequestHead& head);

 private:
  enum Route { kUploads, kJobs, kLive, kPlayback, kDownload, kOther, kRoutes };

  http::Response Count(Route route, const http::RequestHead& head, http::Response response);

  UploadHandler& uploads_;
  JobHandler& jobs_;
  LiveHandler& live_;
  PlaybackHandler& playback_;
  DownloadHandler& downloads_;
  prometheus::Family<prometheus::Counter>& requests_;
  absl::Mutex mu_;
  absl::flat_hash_map<std::string, prometheus::Counter*> counters_ ABSL_GUARDED_BY(mu_);
};

}  // namespace lectern::vod
