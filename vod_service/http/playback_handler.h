// GET, HEAD /p/{playback token}/{lecture}/{view}/{path}: published media, for edges and for players without one.
#pragma once

#include "absl/strings/string_view.h"
#include "common/blob/blob_store.h"
#include "common/http/message.h"
#include "vod_service/http/access.h"

namespace lectern::vod {

// Thread-safe; does not block beyond opening a file.
class PlaybackHandler {
 public:
  PlaybackHandler(BlobStore& blobs, const Access& access) : blobs_(blobs), access_(access) {}

  // `path` is below "/p".
  http::Response Handle(const http::RequestHead& head, absl::string_view path);

 private:
  BlobStore& blobs_;
  const Access& access_;
};

}  // namespace lectern::vod
