// How values are written for PostgreSQL, in text form.
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "common/pg/pool.h"

namespace lectern::pg {

Param::Param(double value) {
  if (std::isnan(value)) {
    text_ = "NaN";
  } else if (std::isinf(value)) {
    text_ = value > 0 ? "Infinity" : "-Infinity";
  } else {
    text_ = absl::StrFormat("%.17g", value);
  }
}

Param::Param(absl::Time value) {
  if (value == absl::InfiniteFuture()) {
    text_ = "infinity";
  } else if (value == absl::InfinitePast()) {
    text_ = "-infinity";
  } else {
    text_ = absl::FormatTime("%E4Y-%m-%d %H:%M:%E6S+00", value, absl::UTCTimeZone());
  }
}

Param::Param(absl::Duration value) {
  // PostgreSQL 15 knows no infinite interval; a hundred years end no wait of ours.
  const absl::Duration bound = absl::Hours(24 * 36525);
  text_ = absl::StrCat(absl::ToInt64Microseconds(std::clamp(value, -bound, bound)), " microseconds");
}

Param::Param(absl::Span<const int64_t> values) : text_(absl::StrCat("{", absl::StrJoin(values, ","), "}")) {}

Param::Param(absl::Span<const std::string> values) {
  std::string list = "{";
  for (const std::string& value : values) {
    if (list.size() > 1) list += ',';
    absl::StrAppend(&list, "\"", absl::StrReplaceAll(value, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
  }
  text_ = list + "}";
}

Param Param::Bytes(absl::string_view bytes) {
  return Param(absl::StrCat("\\x", absl::BytesToHexString(bytes)));
}

}  // namespace lectern::pg
