// GET, HEAD /p/{download token}/{lecture}/{view}/download[/{file name}]: a recording as one file, as it was uploaded or put
// together after it was on air. Which one it is stands in the token; the name in the path is only what it is saved as.
#pragma once

#include "absl/strings/string_view.h"
#include "common/blob/blob_store.h"
#include "common/http/message.h"
#include "vod_service/http/access.h"

namespace lectern::vod {

// Thread-safe; does not block beyond opening a file.
class DownloadHandler {
 public:
  DownloadHandler(BlobStore& blobs, const Access& access) : blobs_(blobs), access_(access) {}

  // True for a path below "/p" that is meant for this handler.
  static bool IsDownload(absl::string_view path);
  // `path` is below "/p". Errors: those of Access::CheckDownload; 404 where the file is gone.
  http::Response Handle(const http::RequestHead& head, absl::string_view path) const;

 private:
  BlobStore& blobs_;
  const Access& access_;
};

}  // namespace lectern::vod
