#include "vod_service/upload/tus.h"

#include <algorithm>
#include <limits>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/text.h"

namespace lectern::vod {
namespace {

bool IsMetadataKey(absl::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < 0x7f && c != ','; });
}

// Strict: alphabet and padding of RFC 4648 section 4; absl's decoder alone would skip white space.
bool DecodeBase64(absl::string_view text, std::string* bytes) {
  bool alphabet = std::all_of(text.begin(), text.end(),
                              [](char c) { return absl::ascii_isalnum(c) || c == '+' || c == '/' || c == '='; });
  return alphabet && text.size() % 4 == 0 && absl::Base64Unescape(text, bytes);
}

}  // namespace

absl::StatusOr<uint64_t> ParseTusNumber(absl::string_view field, absl::string_view value) {
  std::optional<uint64_t> number = ParseDigits(value);
  if (!number || *number > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    return absl::InvalidArgumentError(absl::StrCat(field, " must be a number of bytes in decimal digits"));
  }
  return *number;
}

absl::Status CheckMetadata(absl::string_view value) {
  if (value.empty()) return absl::OkStatus();
  if (value.size() > kMaxMetadataBytes) {
    return absl::InvalidArgumentError(absl::StrCat("Upload-Metadata is longer than ", kMaxMetadataBytes, " bytes"));
  }
  std::set<absl::string_view> keys;
  for (absl::string_view pair : absl::StrSplit(value, ',')) {
    pair = absl::StripAsciiWhitespace(pair);
    std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(pair, absl::MaxSplits(' ', 1));
    std::string ignored;
    if (!IsMetadataKey(parts.first)) return absl::InvalidArgumentError("Upload-Metadata has an empty or malformed key");
    if (!keys.insert(parts.first).second) return absl::InvalidArgumentError("Upload-Metadata has a key twice");
    if (!DecodeBase64(parts.second, &ignored))
      return absl::InvalidArgumentError("Upload-Metadata has a value that is not base64");
  }
  return absl::OkStatus();
}

absl::StatusOr<Checksum> ParseChecksum(absl::string_view value) {
  std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(value, absl::MaxSplits(' ', 1));
  std::optional<DigestAlgorithm> algorithm = ParseDigestAlgorithm(parts.first);
  if (!algorithm) return absl::InvalidArgumentError(absl::StrCat("Upload-Checksum must use one of ", kTusChecksums));
  Checksum checksum{*algorithm, ""};
  if (!DecodeBase64(parts.second, &checksum.bytes) || checksum.bytes.size() != DigestSize(*algorithm)) {
    return absl::InvalidArgumentError("Upload-Checksum is not the base64 of a digest of that algorithm");
  }
  return checksum;
}

bool IsOffsetStream(absl::string_view content_type) {
  absl::string_view type = content_type.substr(0, content_type.find(';'));
  return absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(type), kOffsetContentType);
}

}  // namespace lectern::vod
