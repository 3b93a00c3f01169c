// Blocking HTTP client on libcurl, for worker steps, uploads and the command line.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/http/message.h"

namespace lectern::http {

struct ClientRequest {
  std::string method = "GET";
  std::string url;
  std::vector<Header> headers;
  std::string body;  // small bodies
  int body_fd = -1;  // or bytes of a file
  uint64_t body_offset = 0;
  uint64_t body_length = 0;
  absl::Duration connect_timeout = absl::Seconds(5);
  absl::Duration stall_timeout = absl::Seconds(30);  // less than 1 byte/s for so long
  size_t max_response_bytes = 16 << 20;              // without `on_body`
  // Takes the response's body as it comes; false breaks off (kCancelled). Called for 2xx only.
  std::function<bool(absl::string_view)> on_body;
  // Bytes of the body sent so far; false breaks off (kCancelled).
  std::function<bool(uint64_t sent)> on_sent;
};

struct ClientResponse {
  int status = 0;
  std::vector<Header> headers;
  std::string body;
  absl::string_view Find(absl::string_view name) const;
};

// Keeps connections alive between calls. Not thread-safe: one a thread.
class Client {
 public:
  Client();
  ~Client();

  // Any HTTP status is a response; errors are transport trouble: kUnavailable (could not connect, broken off),
  // kDeadlineExceeded (stalled), kCancelled, kInvalidArgument (bad URL). Messages never contain the query or headers.
  absl::StatusOr<ClientResponse> Send(const ClientRequest& request);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lectern::http
