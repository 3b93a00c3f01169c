#include "api/services/fields.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/base/text.h"

namespace lectern::api {
namespace {

constexpr size_t kMaxShownBytes = 100;

// Cut between UTF-8 characters.
absl::string_view Shown(absl::string_view value) {
  if (value.size() <= kMaxShownBytes) return value;
  size_t end = kMaxShownBytes;
  while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xC0) == 0x80) --end;
  return value.substr(0, end);
}

}  // namespace

int CountCharacters(absl::string_view text) {
  int count = 0;
  for (char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

absl::Status BadField(absl::string_view field, absl::string_view value, absl::string_view remedy) {
  std::string what = value.empty() ? absl::StrCat("field \"", field, "\": ", remedy)
                                   : absl::StrCat("field \"", field, "\": \"", Shown(value), "\" is not accepted: ", remedy);
  return WithReason(absl::InvalidArgumentError(what), "BAD_FIELD");
}

absl::StatusOr<int64_t> RequireName(absl::string_view field, absl::string_view value, absl::string_view collection) {
  if (std::optional<int64_t> id = ParseName(value, collection)) return *id;
  return BadField(field, value, absl::StrCat("write a name such as ", collection, "/12"));
}

absl::StatusOr<std::optional<int64_t>> OptionalName(absl::string_view field, absl::string_view value,
                                                    absl::string_view collection) {
  if (value.empty()) return std::optional<int64_t>();
  ASSIGN_OR_RETURN(int64_t id, RequireName(field, value, collection));
  return std::optional<int64_t>(id);
}

absl::StatusOr<std::string> RequireText(absl::string_view field, absl::string_view value, int max) {
  ASSIGN_OR_RETURN(std::string text, OptionalText(field, value, max));
  if (text.empty()) return BadField(field, "", absl::StrCat("is empty; write 1 to ", max, " characters"));
  return text;
}

absl::StatusOr<std::string> OptionalText(absl::string_view field, absl::string_view value, int max) {
  absl::string_view text = absl::StripAsciiWhitespace(value);
  int length = CountCharacters(text);
  if (length <= max) return std::string(text);
  return BadField(field, text, absl::StrCat("it has ", length, " characters; at most ", max, " are possible"));
}

absl::StatusOr<PageRequest> RequirePage(int size, const std::string& token, int standard, int max) {
  if (size < 0) return BadField("page_size", absl::StrCat(size), absl::StrCat("write 1 to ", max, ", or 0 for ", standard));
  return PageRequest{size == 0 ? standard : std::min(size, max), token};
}

absl::StatusOr<std::optional<absl::Time>> OptionalTime(absl::string_view field, bool present,
                                                       const google::protobuf::Timestamp& value) {
  if (!present) return std::optional<absl::Time>();
  constexpr int64_t kYear10000 = 253402300800;
  if (value.seconds() < 0 || value.seconds() >= kYear10000 || value.nanos() < 0 || value.nanos() > 999'999'999) {
    return BadField(field, absl::StrCat(value.seconds(), "s"), "write a time between the years 1970 and 9999");
  }
  return std::optional<absl::Time>(absl::FromUnixSeconds(value.seconds()) + absl::Nanoseconds(value.nanos()));
}

absl::StatusOr<int64_t> RequireUser(UserStore& users, absl::string_view field, absl::string_view value) {
  if (absl::StrContains(value, '@')) {
    ASSIGN_OR_RETURN(UserRow user, users.GetByEmail(absl::AsciiStrToLower(absl::StripAsciiWhitespace(value))));
    return user.id;
  }
  if (std::optional<int64_t> id = ParseName(value, "users")) return *id;
  return BadField(field, value, "write a name such as users/12 or an e-mail address");
}

absl::StatusOr<int64_t> RequireSignedIn(const CallContext& call) {
  if (call.caller.is_user()) return call.caller.user_id;
  return WithReason(absl::UnauthenticatedError("sign in first: this is kept with your account"), "LOGIN_REQUIRED");
}

}  // namespace lectern::api
