// Byte ranges and conditional requests (RFC 9110 sections 13 and 14). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/http/message.h"

namespace lectern::http {

struct ByteRange {
  uint64_t first = 0;
  uint64_t length = 0;
};

struct RangeDecision {
  enum Kind { kWhole, kPartial, kUnsatisfiable } kind = kWhole;
  ByteRange range;
};

// What a Range header (may be empty) asks of an object of `size` bytes. Single ranges only: several ranges, another
// unit and syntax that RFC 9110 lets a server ignore give kWhole; "bytes=5-2", "bytes=" and the like are
// kUnsatisfiable.
RangeDecision DecideRange(absl::string_view range_header, uint64_t size);

struct Validators {
  absl::string_view etag;    // strong, with quotes
  absl::Time last_modified;  // whole seconds
};

enum class Precondition { kProceed, kNotModified, kFailed };

// If-Match, If-Unmodified-Since, If-None-Match, If-Modified-Since in the order of RFC 9110 13.2.2 for GET and HEAD.
Precondition CheckPreconditions(const RequestHead& request, const Validators& validators);

// True where a Range may be applied: no If-Range, or one that matches strongly.
bool IfRangeAllows(const RequestHead& request, const Validators& validators);

// IMF-fixdate.
std::string HttpDate(absl::Time time);
std::optional<absl::Time> ParseHttpDate(absl::string_view text);

// "video/mp4" by the file name's ending; application/octet-stream where unknown.
absl::string_view ContentTypeOf(absl::string_view path);

// 200, 206, 304, 412 or 416 for a GET or HEAD of a file. `headers` hold what does not depend on the request
// (Content-Type, ETag, Last-Modified, Cache-Control, ...), as one prepared block.
Response FileResponse(const RequestHead& request, std::shared_ptr<const Fd> file, uint64_t size,
                      const Validators& validators, std::shared_ptr<const std::string> headers);

}  // namespace lectern::http
