// What is done beside the calls: the first administrator, and the sweeping of rows that have served their time.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "api/store/revocation_store.h"
#include "api/store/session_store.h"
#include "api/store/user_store.h"
#include "api/store/viewer_store.h"

namespace lectern::api {

// Makes `email` the installation's first administrator; nothing where there is one already. Returns what it did, in words.
// Errors: kInvalidArgument for an address or password that is not accepted.
absl::StatusOr<std::string> CreateFirstAdministrator(UserStore& users, const std::string& email, absl::string_view password);

// Deletes ended sessions, old sign-in attempts, revocations of tokens that have all expired, and counts of viewers by instances
// that have gone. Logs what fails.
void Sweep(SessionStore& sessions, RevocationStore& revocations, ViewerStore& viewers);

}  // namespace lectern::api
