// What no text of a request may hold.
#pragma once

#include <google/protobuf/message.h>

#include "absl/status/status.h"

namespace lectern::api {

// kInvalidArgument/BAD_FIELD where a text anywhere in `request` holds a NUL byte: PostgreSQL keeps none, and what stands behind
// one would be cut off in silence.
absl::Status CheckTexts(const google::protobuf::Message& request);

}  // namespace lectern::api
