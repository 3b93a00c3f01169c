// Which page answers which path, and what it shows first: the build's pages.json (docs/web.md).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace lectern::api {

// An address of the API with places for the path's first wildcard ("$1") and for the page's own query parameters ("=?q").
class DataAddress {
 public:
  // Error: kInvalidArgument where it does not begin with "/v1/".
  static absl::StatusOr<DataAddress> Parse(absl::string_view text);

  // Path and query. `wildcard` and `query` are as sent by the browser. Absent where a parameter is not in `query`, or is empty.
  std::optional<std::string> Fill(absl::string_view wildcard, absl::string_view query) const;

 private:
  struct Piece {
    enum class Kind { kText, kWildcard, kParameter } kind = Kind::kText;
    std::string text;   // of a parameter: its name
  };
  std::vector<Piece> pieces_;
};

struct PageDatum {
  std::string name;      // letters, digits and '_'
  DataAddress address;
};

struct WebPage {
  std::string path;                    // "/courses/*"
  std::string file;                    // "course.html"
  std::vector<std::string> segments;   // of the path
  std::vector<PageDatum> data;
  int status_datum = -1;               // whose HTTP status the page gets; -1: none
};

// Immutable; thread-safe.
class PageTable {
 public:
  // Error: kInvalidArgument, with the entry's path.
  static absl::StatusOr<PageTable> Parse(absl::string_view json);

  // The first page that fits, or null. A wildcard is one segment of letters, digits, '-' and '_'; `wildcard` becomes the first.
  const WebPage* Find(absl::string_view path, absl::string_view& wildcard) const;

  // The page for paths that no other has ("*" or "/404"), or null.
  const WebPage* not_found() const { return not_found_ < 0 ? nullptr : &pages_[static_cast<size_t>(not_found_)]; }

  const std::vector<WebPage>& pages() const { return pages_; }

 private:
  std::vector<WebPage> pages_;
  int not_found_ = -1;
};

}  // namespace lectern::api
