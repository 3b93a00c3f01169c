// Bodies of requests. Includes Asio: internal to this room.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/http/server.h"

namespace lectern::api {

// The whole body, empty where there is none. Errors: kInvalidArgument/BODY_TOO_LARGE, /NOT_JSON where there is one that does not
// say that it is JSON, and those of the connection.
http::Awaitable<absl::StatusOr<std::string>> ReadJsonBody(const http::RequestHead& head, http::BodyReader& body, size_t max_bytes);

}  // namespace lectern::api
