// Addresses of lecture halls' sources.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace lectern::api {

// What people may see of the address: user and password, and the values of its query, replaced by "***". Pure.
// Errors: kInvalidArgument/BAD_SOURCE for anything but rtsp, rtsps, rtmp and rtmps with a host, for a port out of range, for white
// space and control characters, and for more than 2000 bytes; the address is not in the message.
absl::StatusOr<std::string> ShownSource(absl::string_view url);

}  // namespace lectern::api
