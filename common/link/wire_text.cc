#include "common/link/wire_text.h"

#include <algorithm>

namespace lectern::link {
namespace {

// Bytes of the UTF-8 character at the start of `text`; 0 where there is none.
size_t CharacterLength(absl::string_view text) {
  unsigned char lead = static_cast<unsigned char>(text[0]);
  if (lead != 0 && lead < 0x80) return 1;
  size_t length = lead >= 0xC2 && lead < 0xE0 ? 2 : (lead & 0xF0) == 0xE0 ? 3 : lead >= 0xF0 && lead < 0xF5 ? 4 : 0;
  if (length == 0 || length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) return 0;
  }
  unsigned char second = static_cast<unsigned char>(text[1]);
  bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  bool no_character = (lead == 0xED && second >= 0xA0) || (lead == 0xF4 && second >= 0x90);
  return overlong || no_character ? 0 : length;
}

}  // namespace

std::string WireText(absl::string_view text, size_t max_bytes) {
  text.remove_prefix(text.size() - std::min(text.size(), max_bytes));
  std::string clean;
  while (!text.empty()) {
    size_t length = CharacterLength(text);
    if (length == 0) {
      clean += '?';
      length = 1;
    } else {
      clean.append(text.data(), length);
    }
    text.remove_prefix(length);
  }
  return clean;
}

}  // namespace lectern::link
