// Fields of messages as text, by reflection: what a person types and what a table shows.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "api/cli/output.h"

namespace google::protobuf {
class EnumDescriptor;
class EnumValueDescriptor;
class Message;
}  // namespace google::protobuf

namespace lectern::cli {

// Sets (or appends to a repeated) field. Strings, numbers, booleans, enums by their words, Timestamp by ParseTime.
// Errors: kInvalidArgument with what may be given.
absl::Status SetField(google::protobuf::Message& message, absl::string_view path, absl::string_view text);

// Empty for absent fields. Enums as words, times in the local zone, durations as clock text.
std::string FieldText(const google::protobuf::Message& message, absl::string_view path, Format format);

// "VOD_SERVICE" is "vod-service"; the parts that only keep proto names apart (JOB_FAILED, LECTURER_ROLE) are left out.
std::string EnumWord(const google::protobuf::EnumValueDescriptor& value);
std::string EnumWords(const google::protobuf::EnumDescriptor& type);

// `12` and `courses/12` are both course 12. With `collection` "users" an e-mail address stays as it is,
// with "halls" "-" (none).
absl::StatusOr<std::string> FullName(absl::string_view collection, absl::string_view text);

// RFC 3339 ("2026-11-21T14:00:00+01:00"), or local: "2026-11-21 14:00", "2026-11-21T14:00:30", "now".
absl::StatusOr<std::string> ParseTime(absl::string_view text);

}  // namespace lectern::cli
