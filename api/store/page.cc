#include "api/store/page.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/status.h"
#include "common/base/text.h"

namespace lectern::api {
namespace {

constexpr size_t kLongestToken = 16384;

absl::Status BadToken() {
  return WithReason(absl::InvalidArgumentError("page_token is not one that this list gave out"), "BAD_PAGE_TOKEN");
}

}  // namespace

std::string EncodePageToken(absl::string_view list, absl::Span<const std::string> keys) {
  std::string text(list);
  for (const std::string& key : keys) {
    text += '\0';
    text += key;
  }
  return Base64UrlEncode(text);
}

absl::StatusOr<std::vector<std::string>> DecodePageToken(absl::string_view list, absl::string_view token,
                                                         size_t count) {
  if (token.size() > kLongestToken) return BadToken();
  std::optional<std::string> text = Base64UrlDecode(token);
  if (!text) return BadToken();
  std::vector<std::string> parts = absl::StrSplit(*text, '\0');
  if (parts[0] != list || parts.size() < 2 || (count != 0 && parts.size() != count + 1)) return BadToken();
  parts.erase(parts.begin());
  return parts;
}

std::string EncodeIdToken(absl::string_view list, int64_t id) {
  return EncodePageToken(list, {absl::StrCat(id)});
}

absl::StatusOr<int64_t> DecodeIdToken(absl::string_view list, absl::string_view token, int64_t start) {
  if (token.empty()) return start;
  ASSIGN_OR_RETURN(std::vector<std::string> keys, DecodePageToken(list, token, 1));
  int64_t id = 0;
  if (!absl::SimpleAtoi(keys[0], &id)) return BadToken();
  return id;
}

}  // namespace lectern::api
