#include "common/http/disposition.h"

#include "absl/strings/str_cat.h"
#include "common/base/text.h"

namespace lectern::http {
namespace {

// One '_' a character that is not ASCII.
std::string InAscii(absl::string_view name) {
  std::string ascii;
  for (unsigned char c : name) {
    if ((c & 0xC0) == 0x80) continue;
    const bool plain = c >= 0x20 && c < 0x7F && c != '"' && c != '\\' && c != '%';
    ascii += plain ? static_cast<char>(c) : '_';
  }
  return ascii;
}

}  // namespace

std::string Attachment(absl::string_view file_name) {
  return absl::StrCat("attachment; filename=\"", InAscii(file_name), "\"; filename*=UTF-8''", PercentEncode(file_name));
}

}  // namespace lectern::http
