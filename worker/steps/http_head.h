// The head of a request to a forward proxy (RFC 9112 3.2.2). Private to the room; common/http parses requests to an origin.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace lectern::worker {

struct ProxyRequest {
  std::string method;
  std::string host;            // of the absolute target, lower case
  std::string path;
  std::string range;           // header; empty: none
  std::string user;            // of Proxy-Authorization: Basic
  std::string secret;
};

// From a whole head, the empty line included. Absent where it is not a request for an http:// address.
std::optional<ProxyRequest> ParseProxyRequest(absl::string_view head);

}  // namespace lectern::worker
