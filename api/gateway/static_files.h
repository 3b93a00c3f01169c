// The web pages: the files of a folder, read once at start and served from memory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/http/message.h"

namespace lectern::api {

// Immutable after Load; thread-safe.
class StaticFiles {
 public:
  // `folder` is what api/web's build writes: pages as NAME.html at the top, everything else below assets/ with the content's hash
  // in its name. Errors: kNotFound where the folder or its watch.html is missing; the message says how to build it.
  static absl::StatusOr<StaticFiles> Load(const std::string& folder);

  // The answer to any request: "/" leads to /watch, "/watch" is watch.html. 404 and 405 with an error body for the rest.
  http::Response Serve(const http::RequestHead& request) const;

 private:
  struct File {
    std::string content;
    std::string etag;                                      // strong, with quotes
    std::shared_ptr<const std::string> headers;
  };

  absl::flat_hash_map<std::string, File> files_;           // by URL path
};

}  // namespace lectern::api
