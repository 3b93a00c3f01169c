// A digest that ties a resumed upload to the same bytes without reading all of a large file.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace lectern::cli {

// SHA-256 (hex) over the size as 8 bytes, least significant first, and the first, middle and last MiB. A file of at
// most 3 MiB is read whole.
absl::StatusOr<std::string> Fingerprint(int fd, uint64_t size_bytes);

}  // namespace lectern::cli
