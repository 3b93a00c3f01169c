// Asking for a password.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "api/calls/call_context.h"
#include "api/store/user_store.h"

namespace lectern::api {

struct ServiceDeps;

// The person with this address, if the password is theirs. Attempts are counted per address and per peer before the password is
// looked at, so that guessing is slow; success forgets them. An unknown address, a disabled account and a wrong password get one
// answer, after the same work.
// Errors: kUnauthenticated/WRONG_CREDENTIALS, kResourceExhausted/TOO_MANY_ATTEMPTS.
absl::StatusOr<UserRow> CheckSignIn(const ServiceDeps& deps, const CallContext& call, const std::string& email,
                                    const std::string& password);

}  // namespace lectern::api
