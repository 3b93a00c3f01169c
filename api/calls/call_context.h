// What a handler knows about the call that it answers.
#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "api/domain/access.h"

namespace lectern::api {

struct CallContext {
  Caller caller;                    // established by the wrapper; handlers trust it
  // The caller's right on the object in question, where the method has a scope (Authorize); kNone elsewhere.
  Level level = Level::kNone;
  std::string peer;                 // address without port
  absl::Time deadline;              // after which nobody waits for the answer
  std::string request_id;
  // For the audit row. The wrapper fills them from the object in question; a handler that finds another one sets them.
  std::string audit_target;         // "courses/12"; empty: the `name` of the response, else of the request
  int64_t audit_organization = 0;   // 0: the installation
};

}  // namespace lectern::api
