#include "edge/http/media_headers.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/http/range.h"

namespace lectern::edge {
namespace {

bool IsMaster(absl::string_view key) {
  return absl::EndsWith(key, "/master.m3u8");
}

// A repeated job makes pictures again under their names.
bool IsPicture(absl::string_view key) {
  return absl::StrContains(key, "/thumbnails/");
}

bool IsPreview(absl::string_view key) {
  return absl::EndsWith(key, "/preview.jpg");
}

constexpr absl::string_view kPlaylist = ".m3u8";
constexpr absl::string_view kDelta = ".delta.m3u8";

constexpr absl::Duration kMasterFresh = absl::Seconds(2);
constexpr absl::Duration kPreviewFresh = absl::Seconds(10);
// An origin that says less would be asked by every viewer, one that says more would hold viewers up.
constexpr absl::Duration kLeastLiveFresh = absl::Seconds(1);
constexpr absl::Duration kMostLiveFresh = absl::Seconds(10);
// A playlist that is fresh for less belongs to something that is on air.
constexpr absl::Duration kEndedFresh = absl::Seconds(5);
constexpr absl::Duration kLiveStale = absl::Seconds(10);
constexpr absl::Duration kRecordingStale = absl::Hours(24);

absl::Duration LiveFresh(const ObjectMeta& meta) {
  if (meta.max_age == absl::InfiniteDuration()) return kLeastLiveFresh;
  return std::clamp(meta.max_age, kLeastLiveFresh, kMostLiveFresh);
}

// No credentials are used, so that any page may play: the right is in the token.
constexpr char kAllowOrigin[] = "*";
constexpr char kExposed[] = "Accept-Ranges, Age, Content-Length, Content-Range, Date, ETag";

}  // namespace

bool IsLivePlaylist(absl::string_view key) {
  return absl::EndsWith(key, kPlaylist) && absl::StrContains(key, "/live/");
}

std::string ObjectPath(absl::string_view path, absl::string_view query) {
  if (query.empty() || !IsLivePlaylist(path) || absl::EndsWith(path, kDelta)) return std::string(path);
  for (absl::string_view part : absl::StrSplit(query, '&')) {
    if (part == "_HLS_skip=YES" || part == "_HLS_skip=v2")
      return absl::StrCat(absl::StripSuffix(path, kPlaylist), kDelta);
  }
  return std::string(path);
}

absl::Duration FreshFor(const ObjectMeta& meta) {
  if (IsMaster(meta.key)) return kMasterFresh;
  if (IsLivePlaylist(meta.key)) return LiveFresh(meta);
  if (IsPreview(meta.key)) return kPreviewFresh;
  return IsPicture(meta.key) ? absl::Hours(1) : absl::InfiniteDuration();
}

absl::Duration StaleFor(const ObjectMeta& meta) {
  const bool on_air = IsPreview(meta.key) || (IsLivePlaylist(meta.key) && LiveFresh(meta) < kEndedFresh);
  return on_air ? kLiveStale : kRecordingStale;
}

absl::Duration FailingFor(absl::string_view key) {
  return IsLivePlaylist(key) ? kLeastLiveFresh : absl::InfiniteDuration();
}

std::string MediaHeaders(const ObjectMeta& meta) {
  std::string cache = "private, max-age=31536000, immutable";
  if (const absl::Duration fresh = FreshFor(meta); fresh != absl::InfiniteDuration()) {
    cache = absl::StrCat("private, max-age=", absl::ToInt64Seconds(fresh));
    if (StaleFor(meta) == kRecordingStale)
      absl::StrAppend(&cache, ", stale-if-error=", absl::ToInt64Seconds(kRecordingStale));
  }
  std::string block =
      absl::StrCat("Content-Type: ", http::ContentTypeOf(meta.key), "\r\nCache-Control: ", cache, "\r\n");
  if (!meta.etag.empty()) absl::StrAppend(&block, "ETag: ", meta.etag, "\r\n");
  if (meta.last_modified != absl::InfinitePast()) {
    absl::StrAppend(&block, "Last-Modified: ", http::HttpDate(meta.last_modified), "\r\n");
  }
  absl::StrAppend(&block, "X-Content-Type-Options: nosniff\r\nAccess-Control-Allow-Origin: ", kAllowOrigin,
                  "\r\nAccess-Control-Expose-Headers: ", kExposed,
                  "\r\nTiming-Allow-Origin: *\r\nCross-Origin-Resource-Policy: cross-origin\r\n");
  return block;
}

void AddCors(http::Response& response) {
  response.headers.emplace_back("Access-Control-Allow-Origin", kAllowOrigin);
  response.headers.emplace_back("Access-Control-Expose-Headers", kExposed);
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
}

http::Response Preflight() {
  http::Response response;
  response.status = 204;
  response.headers = {{"Access-Control-Allow-Origin", kAllowOrigin},
                      {"Access-Control-Allow-Methods", "GET, HEAD, OPTIONS"},
                      {"Access-Control-Allow-Headers",
                       "Range, If-Range, If-None-Match, If-Modified-Since, Cache-Control, CMCD-Object, CMCD-Request, "
                       "CMCD-Session, CMCD-Status"},
                      {"Access-Control-Max-Age", "86400"},
                      {"Allow", "GET, HEAD, OPTIONS"}};
  return response;
}

}  // namespace lectern::edge
