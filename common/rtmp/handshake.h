// The simple handshake (Adobe RTMP 1.0, 5.2): version 3, random bytes, and their echo. Pure.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace lectern::rtmp {

inline constexpr size_t kHandshakePart = 1536;

// C0+C1 or S0+S1: the version, a time of 0, zeros, and random bytes.
std::string HandshakeHello();

// Whether S0 or C0 names a version that we speak. Errors: kInvalidArgument.
absl::Status CheckVersion(absl::string_view hello);

// C2 or S2: the other side's part 1 back. `hello` has its part 0 and 1.
absl::string_view HandshakeEcho(absl::string_view hello);

}  // namespace lectern::rtmp
