// The OpenAPI 3.1 description of everything that the gateway answers under /v1/ and of its session, made from the descriptors and
// the comments of the proto files.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace lectern::api {

// JSON, the same for the same program. Methods for resources have no HTTP address and are left out. `version` is the program's.
// Aborts where the descriptors that are built into the program cannot be read: that is a broken build.
std::string OpenApiDocument(absl::string_view version);

}  // namespace lectern::api
