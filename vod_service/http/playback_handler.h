// GET, HEAD /p/{playback token}/{lecture}/{view}/{path}: published media, and what is on air, for edges and for players
// without one. "{label}.delta.m3u8" is the short form of a live playlist, for who has an older one; so is
// ?_HLS_skip=YES. After the end both give the whole playlist.
#pragma once

#include "absl/strings/string_view.h"
#include "common/blob/blob_store.h"
#include "common/http/message.h"
#include "vod_service/http/access.h"
#include "vod_service/live/live_library.h"

namespace lectern::vod {

// Thread-safe; does not block beyond opening a file.
class PlaybackHandler {
 public:
  PlaybackHandler(BlobStore& blobs, LiveLibrary& live, const Access& access)
      : blobs_(blobs), live_(live), access_(access) {}

  // `path` is below "/p".
  http::Response Handle(const http::RequestHead& head, absl::string_view path);

 private:
  BlobStore& blobs_;
  LiveLibrary& live_;
  const Access& access_;
};

}  // namespace lectern::vod
