// Checks of request fields. Their errors say which field, what stood in it, and what to write instead.
#pragma once

#include <google/protobuf/timestamp.pb.h>

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "api/calls/call_context.h"
#include "api/store/page.h"
#include "api/store/user_store.h"

namespace lectern::api {

// kInvalidArgument/BAD_FIELD. `value` is shown shortened; leave it empty for secrets.
absl::Status BadField(absl::string_view field, absl::string_view value, absl::string_view remedy);

// "courses/12" in a field that must name one of `collection`.
absl::StatusOr<int64_t> RequireName(absl::string_view field, absl::string_view value, absl::string_view collection);

// The same; empty gives absent.
absl::StatusOr<std::optional<int64_t>> OptionalName(absl::string_view field, absl::string_view value,
                                                    absl::string_view collection);

// Of UTF-8.
int CountCharacters(absl::string_view text);

// Without surrounding white space; 1 to `max` characters.
absl::StatusOr<std::string> RequireText(absl::string_view field, absl::string_view value, int max);
// The same; may be empty.
absl::StatusOr<std::string> OptionalText(absl::string_view field, absl::string_view value, int max);

// 0 means `standard`; more than `max` means `max`.
absl::StatusOr<PageRequest> RequirePage(int size, const std::string& token, int standard, int max);

// Absent where the message is not set. Years 1970 to 9999.
absl::StatusOr<std::optional<absl::Time>> OptionalTime(absl::string_view field, bool present,
                                                       const google::protobuf::Timestamp& value);

// The id of a person named "users/12" or by an e-mail address. Errors: kNotFound/USER_NOT_FOUND.
absl::StatusOr<int64_t> RequireUser(UserStore& users, absl::string_view field, absl::string_view value);

// The signed-in caller's id. Error: kUnauthenticated/LOGIN_REQUIRED, for calls that anonymous viewers may reach.
absl::StatusOr<int64_t> RequireSignedIn(const CallContext& call);

}  // namespace lectern::api
