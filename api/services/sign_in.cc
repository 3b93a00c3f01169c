#include "api/services/sign_in.h"

#include "absl/strings/str_cat.h"
#include "api/calls/rate_limiter.h"
#include "api/services/passwords.h"
#include "api/services/services.h"
#include "common/base/retry_after.h"
#include "common/base/status.h"
#include "common/log/log.h"

namespace lectern::api {
namespace {

constexpr absl::Duration kAttemptWindow = absl::Minutes(15);
constexpr int kMaxAttemptsByEmail = 10;
// A campus behind one address signs in together at the start of a lecture.
constexpr int kMaxAttemptsByPeer = 200;

absl::StatusOr<UserRow> CheckPasswordOf(const UserStore& users, const std::string& email, const std::string& password) {
  absl::StatusOr<UserLogin> login = users.GetLogin(email);
  if (!login.ok() && login.status().code() != absl::StatusCode::kNotFound) return login.status();
  std::string hash = login.ok() ? login->password_hash.value_or("") : "";
  // None longer was ever hashed, and hashing megabytes would take its time.
  bool fits = VerifyPassword(hash, absl::string_view(password).substr(0, kMaxPasswordBytes + 1));
  if (!fits || !login.ok() || login->user.disabled) {
    return WithReason(absl::UnauthenticatedError("e-mail address or password is wrong"), "WRONG_CREDENTIALS");
  }
  return login->user;
}

}  // namespace

absl::StatusOr<UserRow> CheckSignIn(const ServiceDeps& deps, const CallContext& call, const std::string& email,
                                    const std::string& password) {
  const std::string network = NetworkOf(call.peer);
  ASSIGN_OR_RETURN(LoginAttempts attempts, deps.stores.sessions.RecordLoginAttempt(email, network, kAttemptWindow));
  if (attempts.by_email > kMaxAttemptsByEmail || attempts.by_peer > kMaxAttemptsByPeer) {
    absl::Status enough = absl::ResourceExhaustedError(absl::StrCat("too many attempts to sign in; wait ",
                                                                    absl::FormatDuration(kAttemptWindow)));
    return WithRetryAfter(WithReason(enough, "TOO_MANY_ATTEMPTS"), kAttemptWindow);
  }
  ASSIGN_OR_RETURN(UserRow user, CheckPasswordOf(deps.stores.users, email, password));
  if (absl::Status forgotten = deps.stores.sessions.ForgetLoginAttempts(email, network); !forgotten.ok()) {
    log::Warn("sign-in attempts not forgotten", {{"request_id", call.request_id}, {"error", forgotten.message()}});
  }
  return user;
}

}  // namespace lectern::api
