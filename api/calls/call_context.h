// What a handler knows about the call that it answers.
#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace lectern::api {

// Who calls. The wrapper has established it; handlers trust it.
struct Caller {
  int64_t user = 0;                 // 0: nobody signed in
  bool administrator = false;
  int64_t session = 0;              // of the user
  int64_t resource = 0;             // 0: no resource
  int64_t organization = 0;         // of the resource
  std::string peer;                 // address without port

  bool anonymous() const { return user == 0 && resource == 0; }
  // "users/12", "resources/3", or empty.
  std::string Name() const;
};

struct CallContext {
  Caller caller;
  absl::Time deadline;              // after which nobody waits for the answer
  std::string request_id;
  // For the audit row; the wrapper fills them from the scope field, and a handler that creates or finds something sets them.
  std::string audit_target;         // "courses/12"
  int64_t audit_organization = 0;   // 0: that of the installation
};

}  // namespace lectern::api
