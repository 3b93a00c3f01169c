// Files of the web pages' build, read once at start and served from memory.
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
  // `folder` is what api/web's build writes: everything below assets/ has its content's hash in its name and is kept for ever;
  // other files for a day. FILE.br and FILE.gz beside FILE are its coded forms. `with_pages`: NAME.html is a page at /NAME, and "/"
  // leads to /watch. Errors: kNotFound where the folder cannot be read; the message says how to build it.
  static absl::StatusOr<StaticFiles> Load(const std::string& folder, bool with_pages);

  // One more file, made by the program: any origin may read it, and asks each time whether it has changed. Before it is shared.
  void Add(const std::string& path, std::string content);

  bool Has(absl::string_view path) const { return files_.contains(path); }

  // The answer to any request: 404 and 405 with an error body where there is no file.
  http::Response Serve(const http::RequestHead& request) const;

 private:
  struct Form {
    std::shared_ptr<const std::string> content;              // null: there is none
    std::string etag;                                        // strong, with quotes
    std::shared_ptr<const std::string> headers;
  };
  struct File {
    Form plain, gzip, brotli;
  };
  static Form MakeForm(const std::string& path, std::string content, absl::string_view coding, bool has_others);
  static File MakeFile(const std::string& path, absl::flat_hash_map<std::string, std::string>& contents);

  absl::flat_hash_map<std::string, File> files_;             // by URL path
  bool with_pages_ = false;
};

}  // namespace lectern::api
