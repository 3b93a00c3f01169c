// Puts ISO BMFF boxes together. Private to the room.
#pragma once

#include <cstdint>
#include <string>

namespace lectern::media {

// Big-endian.
inline void Append(std::string& out, uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift & 0xff));
}

inline std::string MakeBox(const char* type, const std::string& payload) {
  std::string box;
  Append(box, payload.size() + 8, 4);
  return box.append(type, 4) + payload;
}

inline std::string MakeFullBox(const char* type, uint32_t version, uint32_t flags, const std::string& payload) {
  std::string head;
  Append(head, version << 24 | flags, 4);
  return MakeBox(type, head + payload);
}

}  // namespace lectern::media
