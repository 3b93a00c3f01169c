// Parses heads of HTTP/1.x messages that lie whole in one buffer (RFC 9112). Pure; views point into the buffer.
//
// Strict where leniency has let one program see another message than the next: bare LF, obs-fold, white space before
// the colon, several or broken Content-Length, Content-Length beside Transfer-Encoding, missing or double Host are
// errors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/http/message.h"

namespace lectern::http {

enum class ParseResult {
  kComplete,
  kNeedMore,
  kBad,          // 400
  kUnsupported,  // 501: a transfer coding other than chunked
  kBadVersion,   // 505
};

// What the head says about the connection and the body.
struct Framing {
  size_t head_bytes = 0;  // up to and including the empty line
  bool http_1_0 = false;
  bool keep_alive = true;
  bool chunked = false;
  bool expect_continue = false;
  bool unknown_expectation = false;  // 417
};

// `bytes` begins with the request line; `head` keeps its capacity between calls. Nothing but kComplete fills it.
ParseResult ParseRequestHead(absl::string_view bytes, RequestHead& head, Framing& framing);

struct ResponseHead {
  int status = 0;
  std::vector<std::pair<absl::string_view, absl::string_view>> headers;
  int64_t content_length = -1;
  absl::string_view Find(absl::string_view name) const;
};

// Same, for a client.
ParseResult ParseResponseHead(absl::string_view bytes, ResponseHead& head, Framing& framing);

}  // namespace lectern::http
