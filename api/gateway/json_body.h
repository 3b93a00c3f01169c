// From a JSON object to a message, as proto3's JSON mapping says, and stricter.
#pragma once

#include <google/protobuf/message.h>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "api/gateway/json_value.h"

namespace lectern::api {

// Fills `message` (empty before) from an object. Fields by their JSON name or the one in the definition, not both; null is as if
// the field were absent. Text is not taken for a bool, nor a number for text; 64-bit numbers may be text. `path` stands before the
// names of fields in errors; empty at the top.
//
// Errors: kInvalidArgument/UNKNOWN_FIELD, /BAD_FIELD, with the path of the field ("views[2].kind").
absl::Status FillMessage(const JsonValue& value, google::protobuf::Message& message, absl::string_view path);

}  // namespace lectern::api
