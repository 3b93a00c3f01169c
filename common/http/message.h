// HTTP messages as plain values; no Asio or Beast in here.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/base/file.h"

namespace lectern::http {

using Header = std::pair<std::string, std::string>;

// The head of a request. Views stay valid until the response has been sent.
struct RequestHead {
  absl::string_view method;  // "GET"
  absl::string_view target;  // as sent: path and query
  absl::string_view path;    // undecoded, without query
  absl::string_view query;   // without '?'
  std::vector<std::pair<absl::string_view, absl::string_view>> headers;
  std::string peer;             // address, without port
  int64_t content_length = -1;  // -1: none given (chunked or no body)
  bool has_body = false;

  // The first value of a header, name compared without case; empty where absent.
  absl::string_view Find(absl::string_view name) const;
  int Count(absl::string_view name) const;
};

// Bytes of a file, sent with sendfile.
struct FileBody {
  std::shared_ptr<const Fd> file;
  uint64_t offset = 0;
  uint64_t length = 0;
};

// Bytes in memory that several responses share, whole or in part.
struct SharedText {
  std::shared_ptr<const std::string> text;
  uint64_t offset = 0;
  uint64_t length = 0;
};

// Bytes that a later piece of work provides; see server.h.
class BodySource;

struct Response {
  int status = 200;
  std::vector<Header> headers;  // without Content-Length, Date, Connection: the server adds them
  // A ready header block of an object ("Content-Type: ...\r\nETag: ...\r\n"), sent as it is after `headers`. Shared by
  // all responses for the object.
  std::shared_ptr<const std::string> prepared_headers;
  // Text of its own, a part of a file, bytes that come later, or text that many responses share.
  std::variant<std::string, FileBody, std::shared_ptr<BodySource>, SharedText> body;
  int64_t content_length = -1;  // of a BodySource; -1: chunked
  bool close = false;           // close the connection afterwards
};

// A plain-text or JSON answer.
Response TextResponse(int status, absl::string_view text);
// {"error": {"code": 404, "status": "NOT_FOUND", "message": "...", "reason": "..."}}
Response ErrorResponse(int status, absl::string_view status_word, absl::string_view message,
                       absl::string_view reason = "");

const char* ReasonPhrase(int status);

}  // namespace lectern::http
