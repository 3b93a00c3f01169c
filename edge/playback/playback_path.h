// The path of a playback request: /p/<token>/<lecture>/<view>/<path>. Pure.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace lectern::edge {

// Views into the request's path.
struct PlaybackPath {
  absl::string_view token;
  absl::string_view key;  // "<lecture>/<view>/<path>": the name of the object in the cache and at the origin
  int64_t lecture = 0;
  absl::string_view view;  // comb, cam, pres
  absl::string_view path;  // "master.m3u8", "a7f3/video-720/seg-00001.m4s"
};

// Takes the undecoded path of a request apart. Segments consist of letters, digits, '.', '_' and '-', start with a
// letter or a digit, and are never percent-encoded, so that one object has one name and none can leave its folder.
//
// Errors: kUnauthenticated (TOKEN_MISSING) where something else stands in the token's place; kNotFound for any other
// path. The token is looked at first, but not checked.
absl::StatusOr<PlaybackPath> ParsePlaybackPath(absl::string_view path);

}  // namespace lectern::edge
