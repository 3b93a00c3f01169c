// From a message to JSON text.
#pragma once

#include <google/protobuf/message.h>

#include <string>

#include "absl/status/statusor.h"

namespace lectern::api {

// proto3's JSON mapping, all fields without presence included; on one line, without the line's end.
absl::StatusOr<std::string> PrintJson(const google::protobuf::Message& message);

}  // namespace lectern::api
