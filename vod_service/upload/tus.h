// Header fields of tus 1.0 (https://tus.io/protocols/resumable-upload) as far as they carry syntax of their own. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "vod_service/upload/digest.h"

namespace lectern::vod {

inline constexpr char kTusVersion[] = "1.0.0";
inline constexpr char kTusExtensions[] = "creation,creation-with-upload,termination,checksum,expiration";
inline constexpr char kTusChecksums[] = "sha1,sha256,crc32c";
inline constexpr char kOffsetContentType[] = "application/offset+octet-stream";
inline constexpr size_t kMaxMetadataBytes = 8192;

// Upload-Length and Upload-Offset: digits only, at most 2^63 - 1. Errors: kInvalidArgument naming `field`.
absl::StatusOr<uint64_t> ParseTusNumber(absl::string_view field, absl::string_view value);

// Upload-Metadata: comma-separated "key" or "key base64"; keys are unique, not empty, printable ASCII without space and
// comma. Values are checked and otherwise left alone: nothing here uses them.
absl::Status CheckMetadata(absl::string_view value);

struct Checksum {
  DigestAlgorithm algorithm = DigestAlgorithm::kSha1;
  std::string bytes;
};
// Upload-Checksum: "sha1 <base64>". Errors: kInvalidArgument for another algorithm or a value that is not base64 of its
// length.
absl::StatusOr<Checksum> ParseChecksum(absl::string_view value);

// The media type without parameters, compared without case.
bool IsOffsetStream(absl::string_view content_type);

}  // namespace lectern::vod
