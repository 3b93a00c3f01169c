// One HTTP/1.1 connection that stays open, for measuring: blocking, with no more than the gateway's answers need.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace lectern {

class HttpConnection {
 public:
  // `address` is HOST:PORT with a numeric host.
  explicit HttpConnection(std::string address) : address_(std::move(address)) {}
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  // The body of the answer. `bearer` and `body` may be empty. Errors: kUnavailable for the connection, kUnknown for a status above 299.
  absl::StatusOr<std::string> Call(absl::string_view method, absl::string_view path, absl::string_view bearer, absl::string_view body);

 private:
  absl::Status Connect();
  absl::Status Send(absl::string_view bytes);
  absl::Status Receive();

  const std::string address_;
  int socket_ = -1;
  std::string received_;
};

}  // namespace lectern
