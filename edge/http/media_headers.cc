#include "edge/http/media_headers.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
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

// No credentials are used, so that any page may play: the right is in the token.
constexpr char kAllowOrigin[] = "*";
constexpr char kExposed[] = "Accept-Ranges, Age, Content-Length, Content-Range, Date, ETag";

}  // namespace

absl::Duration FreshFor(absl::string_view key) {
  if (IsMaster(key)) return absl::Seconds(2);
  return IsPicture(key) ? absl::Hours(1) : absl::InfiniteDuration();
}

std::string MediaHeaders(const ObjectMeta& meta) {
  absl::string_view cache = "private, max-age=31536000, immutable";
  if (IsMaster(meta.key)) cache = "private, max-age=2, stale-if-error=86400";
  if (IsPicture(meta.key)) cache = "private, max-age=3600, stale-if-error=86400";
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
