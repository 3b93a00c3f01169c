#include "api/store/row_util.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace lectern::api {

absl::Status Explain(const absl::Status& status, std::initializer_list<ConstraintMeaning> meanings) {
  if (status.ok()) return status;
  const std::string violated = ReasonOf(status);
  for (const ConstraintMeaning& meaning : meanings) {
    const bool any = absl::StartsWith(meaning.constraint, "*");
    if (any ? absl::EndsWith(violated, meaning.constraint.substr(1)) : violated == meaning.constraint) {
      return WithReason(absl::Status(meaning.code, meaning.message), meaning.reason);
    }
  }
  return status;
}

absl::Status NotFound(absl::string_view reason, absl::string_view what, int64_t id) {
  return WithReason(absl::NotFoundError(absl::StrCat(what, " ", id, " does not exist")), reason);
}

std::optional<int64_t> OptionalInt(const pg::Row& row, absl::string_view column) {
  if (row.IsNull(column)) return std::nullopt;
  return row.Int(column);
}

std::optional<absl::Time> OptionalTime(const pg::Row& row, absl::string_view column) {
  if (row.IsNull(column)) return std::nullopt;
  return row.Time(column);
}

}  // namespace lectern::api
