// Fields of messages from text: in paths, queries, and the scalars of JSON.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace lectern::api {

// By its JSON name ("pageSize") or the one in the definition ("page_size"); null where there is none.
const google::protobuf::FieldDescriptor* FindField(const google::protobuf::Descriptor& type, absl::string_view name);

// True for timestamps, durations and field masks: messages that are text in JSON.
bool IsTextMessage(const google::protobuf::FieldDescriptor& field);

// Sets `field` of `message`, or adds to it where it is repeated. Numbers are decimal and whole where the field is, enum values
// names or known numbers, bytes Base64 (either alphabet), timestamps RFC 3339, durations "1.5s".
//
// Error: kInvalidArgument/BAD_FIELD, which calls the field `name` and shows the value where it is no secret.
absl::Status SetFromText(google::protobuf::Message& message, const google::protobuf::FieldDescriptor& field, absl::string_view text,
                         absl::string_view name);

}  // namespace lectern::api
