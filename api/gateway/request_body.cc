#include "api/gateway/request_body.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status.h"

namespace lectern::api {
namespace {

absl::Status Bad(absl::string_view why, absl::string_view reason) { return WithReason(absl::InvalidArgumentError(why), reason); }

// A form, or text without a type, could come from another site's page without a preflight; "application/json" cannot.
bool IsJson(absl::string_view content_type) {
  std::vector<absl::string_view> parts = absl::StrSplit(content_type, ';');
  if (!absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(parts[0]), "application/json")) return false;
  for (size_t i = 1; i < parts.size(); ++i) {
    absl::string_view parameter = absl::StripAsciiWhitespace(parts[i]);
    if (absl::StartsWithIgnoreCase(parameter, "charset=") && !absl::EqualsIgnoreCase(parameter, "charset=utf-8")) return false;
  }
  return true;
}

}  // namespace

http::Awaitable<absl::StatusOr<std::string>> ReadJsonBody(const http::RequestHead& head, http::BodyReader& body, size_t max_bytes) {
  absl::StatusOr<std::string> text = co_await body.ReadAll(max_bytes);
  if (absl::IsResourceExhausted(text.status())) {
    co_return Bad(absl::StrCat("the body is larger than ", max_bytes, " bytes"), "BODY_TOO_LARGE");
  }
  if (!text.ok() || text->empty()) co_return text;
  if (!IsJson(head.Find("Content-Type"))) co_return Bad("send the body as Content-Type: application/json", "NOT_JSON");
  co_return text;
}

}  // namespace lectern::api
