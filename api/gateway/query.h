// Query parameters as fields of a request: "?pageSize=10&filter.states=LIVE&filter.states=RECORDED".
#pragma once

#include <google/protobuf/message.h>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "api/gateway/route_table.h"

namespace lectern::api {

// Sets every parameter's field; '+' is a space. Repeated fields may come several times, others once. What the path or the body of
// `route` gives is no parameter; where the body is the whole request there is none.
//
// Errors: kInvalidArgument/UNKNOWN_PARAMETER, /BAD_FIELD, with the parameter's name.
absl::Status FillFromQuery(const Route& route, absl::string_view query, google::protobuf::Message& request);

}  // namespace lectern::api
