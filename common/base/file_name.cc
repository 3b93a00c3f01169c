#include "common/base/file_name.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/utf8.h"

namespace lectern {
namespace {

constexpr size_t kMaxExtension = 5;
constexpr absl::string_view kReserved = "<>:\"/\\|?*%";

// Not seen, or turning what follows around: a name must not look like another.
constexpr std::pair<uint32_t, uint32_t> kHidden[] = {{0x00, 0x1F},     {0x7F, 0x9F},     {0xAD, 0xAD},     {0x061C, 0x061C},
                                                     {0x200B, 0x200F}, {0x2028, 0x202E}, {0x2060, 0x206F}, {0xFE00, 0xFE0F},
                                                     {0xFEFF, 0xFEFF}, {0xFFF0, 0xFFFF}, {0xE0000, 0xE0FFF}};
constexpr std::pair<uint32_t, uint32_t> kSpaces[] = {{0x09, 0x0D}, {0x20, 0x20}, {0x85, 0x85}, {0xA0, 0xA0}, {0x2000, 0x200A},
                                                     {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}};

template <size_t N>
bool In(const std::pair<uint32_t, uint32_t> (&ranges)[N], uint32_t point) {
  return std::any_of(std::begin(ranges), std::end(ranges),
                     [point](const auto& range) { return point >= range.first && point <= range.second; });
}

std::string Readable(absl::string_view name) {
  std::string clean;
  while (!name.empty()) {
    const auto [point, length] = FirstCharacter(name);
    const absl::string_view character = name.substr(0, length);
    name.remove_prefix(std::max<size_t>(length, 1));
    if (length != 0 && In(kSpaces, point)) {
      if (!clean.empty() && clean.back() != ' ') clean += ' ';
    } else if (length == 0 || In(kHidden, point)) {
      continue;
    } else {
      absl::StrAppend(&clean, length == 1 && absl::StrContains(kReserved, character) ? "-" : character);
    }
  }
  return clean;
}

absl::string_view WithoutEnds(absl::string_view name) {
  const auto end = [](char c) { return c == ' ' || c == '.'; };
  while (!name.empty() && end(name.front())) name.remove_prefix(1);
  while (!name.empty() && end(name.back())) name.remove_suffix(1);
  return name;
}

// Names of Windows' devices, with whatever extension.
bool IsDevice(absl::string_view name) {
  const std::string stem = absl::AsciiStrToUpper(name.substr(0, name.find('.')));
  for (absl::string_view device : {"CON", "PRN", "AUX", "NUL"}) {
    if (stem == device) return true;
  }
  const bool port = absl::StartsWith(stem, "COM") || absl::StartsWith(stem, "LPT");
  return port && stem.size() == 4 && absl::ascii_isdigit(static_cast<unsigned char>(stem[3]));
}

absl::string_view CutTo(absl::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  size_t end = max_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

}  // namespace

std::string CleanFileName(absl::string_view name, size_t max_bytes) {
  const std::string readable = Readable(name);
  std::string clean(WithoutEnds(readable));
  if (IsDevice(clean)) clean.insert(0, "_");
  if (clean.size() <= max_bytes) return clean;
  const size_t extension = FileExtension(clean).size();
  const size_t tail = extension == 0 || extension + 1 >= max_bytes ? 0 : extension + 1;
  const std::string end = clean.substr(clean.size() - tail);
  return absl::StrCat(WithoutEnds(CutTo(clean, max_bytes - tail)), end);
}

std::string FileExtension(absl::string_view name) {
  const size_t dot = name.rfind('.');
  if (dot == absl::string_view::npos || dot == 0) return "";
  const absl::string_view extension = name.substr(dot + 1);
  const bool plain = std::all_of(extension.begin(), extension.end(), [](unsigned char c) { return absl::ascii_isalnum(c); });
  return extension.empty() || extension.size() > kMaxExtension || !plain ? "" : absl::AsciiStrToLower(extension);
}

}  // namespace lectern
