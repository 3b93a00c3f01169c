#include "rtmp_proxy/sessions/encoder_name.h"

#include <algorithm>

namespace lectern::proxy {
namespace {

constexpr size_t kMaxName = 100;

}  // namespace

std::optional<std::string> EncoderName(absl::string_view metadata) {
  // Name of a property with its length before it, then the marker of a string: enough to find it wherever it is nested.
  static constexpr char kProperty[] = "\0\x07" "encoder\x02";
  absl::string_view property(kProperty, sizeof kProperty - 1);
  size_t at = metadata.find(property);
  if (at == absl::string_view::npos) return std::nullopt;
  at += property.size();
  if (at + 2 > metadata.size()) return std::nullopt;
  size_t length = static_cast<unsigned char>(metadata[at]) << 8 | static_cast<unsigned char>(metadata[at + 1]);
  std::string name(metadata.substr(at + 2, std::min(length, kMaxName)));
  std::replace_if(name.begin(), name.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return name;
}

}  // namespace lectern::proxy
