#include "vod_service/http/playback_handler.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
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
// A recording may be taken up again, and then its playlists go on.
constexpr absl::string_view kEndedCaching = "public, max-age=10, stale-if-error=86400";
constexpr absl::string_view kImmutableCaching = "public, max-age=31536000, immutable";

struct Wanted {
  absl::string_view token;
  int64_t lecture = 0;
  absl::string_view view;
  std::string path;  // below the view
  bool delta = false;
  absl::string_view caching;
};

constexpr absl::string_view kPlaylist = ".m3u8";
constexpr absl::string_view kDelta = ".delta.m3u8";

// draft-pantos-hls-rfc8216bis 6.2.5.1.
bool AsksForDelta(absl::string_view query) {
  for (absl::string_view part : absl::StrSplit(query, '&')) {
    if (part == "_HLS_skip=YES" || part == "_HLS_skip=v2") return true;
  }
  return false;
}

// "master.m3u8", "preview.jpg", "<upload>/<rendition>/<file>" or "<upload>/thumbnails/<file>": nothing else is ever
// published, so nothing else is looked up. No decoding: no name of ours needs it.
bool ParseMediaPath(absl::string_view path, absl::string_view query, Wanted& wanted) {
  wanted.path = std::string(path);
  if (path == "master.m3u8" || path == "preview.jpg") {
    wanted.caching = kMasterCaching;
    return true;
  }
  std::vector<absl::string_view> parts = absl::StrSplit(path, '/');
  if (parts.size() != 3 || !IsUploadId(parts[0]) || !IsOutputName(parts[1]) || !IsOutputName(parts[2])) return false;
  wanted.caching = parts[1] == "thumbnails" ? kPictureCaching : kImmutableCaching;
  if (parts[1] != "live" || !absl::EndsWith(path, kPlaylist)) return true;
  wanted.caching = kEndedCaching;
  const bool named = absl::EndsWith(path, kDelta);
  wanted.delta = named || AsksForDelta(query);
  if (named) wanted.path = absl::StrCat(absl::StripSuffix(path, kDelta), kPlaylist);
  return true;
}

bool Parse(absl::string_view path, absl::string_view query, Wanted& wanted) {
  std::vector<absl::string_view> parts = absl::StrSplit(path, absl::MaxSplits('/', 4));
  if (path.size() > kMaxPathBytes || parts.size() != 5 || !parts[0].empty()) return false;
  std::optional<uint64_t> lecture = ParseDigits(parts[2]);
  if (!lecture || *lecture == 0 || *lecture > (uint64_t{1} << 62) || parts[2].front() == '0' || !IsView(parts[3]))
    return false;
  wanted.token = parts[1];
  wanted.lecture = static_cast<int64_t>(*lecture);
  wanted.view = parts[3];
  return ParseMediaPath(parts[4], query, wanted);
}

http::Response TextAnswer(const http::RequestHead& head, const LiveText& live) {
  // It changes more than once a second: a date says nothing about it.
  const http::Validators validators{live.etag, absl::InfiniteFuture()};
  http::Response response = http::FileResponse(head, nullptr, live.text->size(), validators, live.headers);
  if (const auto* body = std::get_if<http::FileBody>(&response.body)) {
    response.body = http::SharedText{live.text, body->offset, body->length};
  }
  return response;
}

}  // namespace

http::Response PlaybackHandler::Handle(const http::RequestHead& head, absl::string_view path) {
  if (head.method != "GET" && head.method != "HEAD") return NotAllowed("GET, HEAD, OPTIONS");
  Wanted wanted;
  if (!Parse(path, head.query, wanted)) return UnknownPath();
  if (auto claims = access_.CheckPlayback(wanted.token, wanted.lecture, wanted.view); !claims.ok()) {
    return ErrorAnswer(claims.status());
  }
  if (auto live = live_.Find(wanted.lecture, wanted.view, wanted.path, wanted.delta)) return TextAnswer(head, *live);
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
