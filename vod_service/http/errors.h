// Errors as HTTP answers.
#pragma once

#include "absl/status/status.h"
#include "common/http/message.h"

namespace lectern::vod {

// The status code by reason first (OFFSET_MISMATCH: 409, DISK_FULL: 507, CHECKSUM_MISMATCH: 460, UPLOAD_GONE: 410,
// ...), then by the status' code. 503 and 507 carry Retry-After. Messages of internal errors stay in the log.
http::Response ErrorAnswer(const absl::Status& status);

http::Response NotAllowed(absl::string_view allowed_methods);
http::Response UnknownPath();

}  // namespace lectern::vod
