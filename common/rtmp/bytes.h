// Integers and times of a wire format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace lectern::rtmp {

// All of `bytes` (at most 8) as one number, most significant byte first.
inline uint64_t ReadBig(absl::string_view bytes) {
  uint64_t value = 0;
  for (char byte : bytes) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

// The lowest `count` bytes of `value`, most significant first.
inline void AppendBig(uint64_t value, int count, std::string& out) {
  for (int shift = 8 * (count - 1); shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift & 0xff));
}

// The 64-bit time nearest to `reference_ms` whose lowest 32 bits are `wire_ms`: RTMP and FLV count modulo 2^32 milliseconds.
inline int64_t UnwrapMs(uint32_t wire_ms, int64_t reference_ms) {
  return reference_ms + static_cast<int32_t>(wire_ms - static_cast<uint32_t>(reference_ms));
}

}  // namespace lectern::rtmp
