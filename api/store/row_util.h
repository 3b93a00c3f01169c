// Small helpers that every store uses. Internal to api/store.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "api/store/page.h"
#include "common/pg/pool.h"

namespace lectern::api {

// What a violated constraint means to the caller.
struct ConstraintMeaning {
  absl::string_view constraint;  // its name, or "*_fkey", "*_check": any of the kind
  absl::StatusCode code;
  absl::string_view reason;
  absl::string_view message;
};

// `status` as the first meaning that fits says, else as it is.
absl::Status Explain(const absl::Status& status, std::initializer_list<ConstraintMeaning> meanings);

// NOT_FOUND: "<what> <id> does not exist".
absl::Status NotFound(absl::string_view reason, absl::string_view what, int64_t id);

std::optional<int64_t> OptionalInt(const pg::Row& row, absl::string_view column);
std::optional<absl::Time> OptionalTime(const pg::Row& row, absl::string_view column);

template <typename Parse>
auto ParseRows(const pg::Rows& rows, Parse parse) {
  std::vector<decltype(parse(rows[0]))> parsed;
  parsed.reserve(rows.size());
  for (int i = 0; i < rows.size(); ++i) parsed.push_back(parse(rows[i]));
  return parsed;
}

// A statement of a list asks for one row more than the page holds; that one only tells that there is a next page.
template <typename T, typename MakeToken>
Page<T> MakePage(std::vector<T> rows, int size, MakeToken make_token) {
  Page<T> page{std::move(rows), ""};
  if (static_cast<int>(page.rows.size()) <= size) return page;
  page.rows.resize(size);
  page.next_token = make_token(page.rows.back());
  return page;
}

}  // namespace lectern::api
