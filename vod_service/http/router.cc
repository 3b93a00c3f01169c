#include "vod_service/http/router.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "vod_service/http/errors.h"

namespace lectern::vod {
namespace {

constexpr char kAllowedMethods[] = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
constexpr char kAllowedHeaders[] =
    "Authorization, Content-Type, Range, If-Range, If-Match, If-None-Match, If-Modified-Since, Tus-Resumable, "
    "Upload-Length, "
    "Upload-Offset, Upload-Metadata, Upload-Checksum, Upload-Defer-Length, Upload-Concat, X-HTTP-Method-Override, "
    "X-Requested-With, X-Request-ID";
constexpr char kExposedHeaders[] =
    "Content-Length, Content-Range, ETag, Date, Age, Accept-Ranges, Location, Retry-After, Tus-Resumable, Tus-Version, "
    "Tus-Extension, Tus-Max-Size, Tus-Checksum-Algorithm, Upload-Offset, Upload-Length, Upload-Expires, "
    "Upload-Metadata, Content-Disposition";

// Methods are what clients send; a metric's labels must not be.
absl::string_view MethodLabel(absl::string_view method) {
  for (absl::string_view known : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
    if (method == known) return known;
  }
  return "other";
}

void AddCors(const http::RequestHead& head, http::Response& response) {
  response.headers.emplace_back("Access-Control-Allow-Origin", "*");
  if (head.method != "OPTIONS") {
    response.headers.emplace_back("Access-Control-Expose-Headers", kExposedHeaders);
    return;
  }
  response.headers.emplace_back("Access-Control-Allow-Methods", kAllowedMethods);
  response.headers.emplace_back("Access-Control-Allow-Headers", kAllowedHeaders);
  response.headers.emplace_back("Access-Control-Max-Age", "86400");
  // Chromium asks before a page from elsewhere reaches into a private network; here a token decides, wherever the page is from.
  if (head.Find("Access-Control-Request-Private-Network") == "true") {
    response.headers.emplace_back("Access-Control-Allow-Private-Network", "true");
  }
}

// "/uploads" and "/uploads/..." and not "/uploadsx".
bool Below(absl::string_view& path, absl::string_view folder) {
  if (!absl::StartsWith(path, folder)) return false;
  absl::string_view rest = path.substr(folder.size());
  if (!rest.empty() && rest.front() != '/') return false;
  path = rest;
  return true;
}

}  // namespace

Router::Router(UploadHandler& uploads, JobHandler& jobs, LiveHandler& live, PlaybackHandler& playback,
               DownloadHandler& downloads, Metrics& metrics)
    : uploads_(uploads),
      jobs_(jobs),
      live_(live),
      playback_(playback),
      downloads_(downloads),
      requests_(
          metrics.Counter("lectern_vod_requests_total", "Requests on the public port by route, method and status")) {}

http::Response Router::Count(Route route, const http::RequestHead& head, http::Response response) {
  static constexpr const char* kNames[kRoutes] = {"uploads", "jobs", "live", "playback", "download", "other"};
  const std::string method(MethodLabel(head.method));
  const std::string key = absl::StrCat(kNames[route], " ", method, " ", response.status);
  AddCors(head, response);
  absl::MutexLock lock(&mu_);
  prometheus::Counter*& counter = counters_[key];
  if (counter == nullptr) {
    counter = &requests_.Add({{"route", kNames[route]}, {"method", method}, {"code", absl::StrCat(response.status)}});
  }
  counter->Increment();
  return response;
}

std::optional<http::Response> Router::HandleFast(const http::RequestHead& head) {
  absl::string_view path = head.path;
  if (!Below(path, "/p")) return std::nullopt;
  if (head.method == "OPTIONS") return Count(kPlayback, head, http::Response{.status = 204});
  if (DownloadHandler::IsDownload(path)) return Count(kDownload, head, downloads_.Handle(head, path));
  return Count(kPlayback, head, playback_.Handle(head, path));
}

http::Awaitable<http::Response> Router::Handle(const http::RequestHead& head, http::BodyReader& body) {
  absl::string_view path = head.path;
  if (Below(path, "/uploads")) {
    http::Response response = co_await uploads_.Handle(head, body, path);
    co_return Count(kUploads, head, std::move(response));
  }
  if (Below(path, "/jobs")) {
    http::Response response = co_await jobs_.Handle(head, body, path);
    co_return Count(kJobs, head, std::move(response));
  }
  if (Below(path, "/live")) {
    http::Response response = co_await live_.Handle(head, body, path);
    co_return Count(kLive, head, std::move(response));
  }
  co_return Count(kOther, head, UnknownPath());
}

}  // namespace lectern::vod
