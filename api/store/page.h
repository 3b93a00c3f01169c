// Pages of a list. A list is ordered by a key; the page token holds the key of the last row that was seen, so that rows that
// come or go meanwhile neither repeat nor hide others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace lectern::api {

struct PageRequest {
  int size = 50;         // at least 1; the service bounds it
  std::string token;     // empty: from the start
};

template <typename T>
struct Page {
  std::vector<T> rows;
  std::string next_token;   // empty: this is the last page
};

// Opaque to callers. `list` names the list, so that a token of one list is refused by another. Keys hold no NUL byte.
std::string EncodePageToken(absl::string_view list, absl::Span<const std::string> keys);

// `count` keys; 0: any number, but at least one. Error: kInvalidArgument with reason BAD_PAGE_TOKEN.
absl::StatusOr<std::vector<std::string>> DecodePageToken(absl::string_view list, absl::string_view token, size_t count);

// The same for a list that is ordered by an integer id. `start` is what an empty token means.
std::string EncodeIdToken(absl::string_view list, int64_t id);
absl::StatusOr<int64_t> DecodeIdToken(absl::string_view list, absl::string_view token, int64_t start);

}  // namespace lectern::api
