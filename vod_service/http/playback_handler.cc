#include "vod_service/http/playback_handler.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "common/http/range.h"
#include "vod_service/http/errors.h"
#include "vod_service/library/keys.h"

namespace lectern::vod {
namespace {

constexpr size_t kMaxPathBytes = 1024;

// A master playlist grows with each finished rendition; players and edges shall see that soon, and go on with the old
// one when this service is away. Everything else never changes under its name, but pictures, which a repeated job makes
// again.
constexpr absl::string_view kMasterCaching = "public, max-age=10, stale-while-revalidate=60, stale-if-error=86400";
constexpr absl::string_view kPictureCaching = "public, max-age=3600";
constexpr absl::string_view kImmutableCaching = "public, max-age=31536000, immutable";

struct Wanted {
  absl::string_view token;
  int64_t lecture = 0;
  absl::string_view view;
  absl::string_view path;  // below the view
  absl::string_view caching;
};

// "master.m3u8", "<upload>/<rendition>/<file>" or "<upload>/thumbnails/<file>": nothing else is ever published, so
// nothing else is looked up. No decoding: no name of ours needs it.
bool ParseMediaPath(absl::string_view path, Wanted& wanted) {
  wanted.path = path;
  if (path == "master.m3u8") {
    wanted.caching = kMasterCaching;
    return true;
  }
  std::vector<absl::string_view> parts = absl::StrSplit(path, '/');
  if (parts.size() != 3 || !IsUploadId(parts[0]) || !IsOutputName(parts[1]) || !IsOutputName(parts[2])) return false;
  wanted.caching = parts[1] == "thumbnails" ? kPictureCaching : kImmutableCaching;
  return true;
}

bool Parse(absl::string_view path, Wanted& wanted) {
  std::vector<absl::string_view> parts = absl::StrSplit(path, absl::MaxSplits('/', 4));
  if (path.size() > kMaxPathBytes || parts.size() != 5 || !parts[0].empty()) return false;
  std::optional<uint64_t> lecture = ParseDigits(parts[2]);
  if (!lecture || *lecture == 0 || *lecture > (uint64_t{1} << 62) || parts[2].front() == '0' || !IsView(parts[3]))
    return false;
  wanted.token = parts[1];
  wanted.lecture = static_cast<int64_t>(*lecture);
  wanted.view = parts[3];
  return ParseMediaPath(parts[4], wanted);
}

}  // namespace

http::Response PlaybackHandler::Handle(const http::RequestHead& head, absl::string_view path) {
  if (head.method != "GET" && head.method != "HEAD") return NotAllowed("GET, HEAD, OPTIONS");
  Wanted wanted;
  if (!Parse(path, wanted)) return UnknownPath();
  if (auto claims = access_.CheckPlayback(wanted.token, wanted.lecture, wanted.view); !claims.ok()) {
    return ErrorAnswer(claims.status());
  }
  auto blob = blobs_.Open(absl::StrCat(ViewFolder(wanted.lecture, wanted.view), "/", wanted.path));
  if (absl::IsNotFound(blob.status()) || absl::IsInvalidArgument(blob.status())) return UnknownPath();
  if (!blob.ok()) return ErrorAnswer(blob.status());
  auto headers = std::make_shared<const std::string>(
      absl::StrCat("Content-Type: ", http::ContentTypeOf(wanted.path), "\r\nETag: ", blob->info.etag,
                   "\r\nLast-Modified: ", http::HttpDate(blob->info.modified), "\r\nCache-Control: ", wanted.caching,
                   "\r\nX-Content-Type-Options: nosniff\r\nTiming-Allow-Origin: *\r\n"));
  http::Validators validators{blob->info.etag, absl::FromUnixSeconds(absl::ToUnixSeconds(blob->info.modified))};
  return http::FileResponse(head, std::move(blob->file), blob->info.size_bytes, validators, std::move(headers));
}

}  // namespace lectern::vod
