#include "api/calls/authenticator.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "common/token/token.h"

namespace lectern::api {
namespace {

constexpr size_t kMaxKnown = 20'000;

absl::Status Invalid(absl::string_view why) {
  return WithReason(absl::UnauthenticatedError(absl::StrCat("the token is not valid: ", why)), "TOKEN_INVALID");
}

}  // namespace

absl::StatusOr<absl::string_view> BearerToken(absl::string_view authorization) {
  if (authorization.empty()) return absl::string_view();
  if (!absl::StartsWithIgnoreCase(authorization, "Bearer ")) return Invalid("write \"Bearer\" and the token");
  absl::string_view token = authorization.substr(7);
  if (token.empty()) return Invalid("it is empty");
  return token;
}

absl::StatusOr<Caller> Authenticator::User(absl::string_view token) { return Cached(token, Audience::kSession); }

absl::StatusOr<Caller> Authenticator::Resource(absl::string_view token) { return Cached(token, Audience::kResource); }

absl::StatusOr<Caller> Authenticator::Cached(absl::string_view token, Audience audience) {
  std::string key = Sha256(absl::StrCat(AudienceWord(audience), ":", token));
  absl::Duration now = clock_.Steady();
  {
    absl::MutexLock lock(&mu_);
    auto found = known_.find(key);
    if (found != known_.end() && now - found->second.checked_at < kCallerCacheTime && clock_.Now() < found->second.expires_at) {
      return found->second.caller;
    }
  }
  ASSIGN_OR_RETURN(Claims claims, keys_.Verify(token, audience, clock_.Now()));
  ASSIGN_OR_RETURN(Caller caller, audience == Audience::kSession ? CheckSession(claims) : CheckResource(claims));
  absl::MutexLock lock(&mu_);
  if (known_.size() >= kMaxKnown) {
    absl::erase_if(known_, [&](const auto& entry) { return now - entry.second.checked_at >= kCallerCacheTime; });
    if (known_.size() >= kMaxKnown) known_.clear();
  }
  known_[std::move(key)] = {caller, now, claims.expires_at};
  return caller;
}

absl::StatusOr<Caller> Authenticator::CheckSession(const Claims& claims) {
  std::optional<int64_t> session = ParseName(claims.id, "sessions");
  if (!session) return Invalid("it names no session");
  ASSIGN_OR_RETURN(UserRow user, sessions_.GetUser(*session));
  if (claims.subject != absl::StrCat("users/", user.id)) return Invalid("it is of another person than its session");
  Caller caller;
  caller.kind = Caller::Kind::kUser;
  caller.user_id = user.id;
  caller.role = user.role;
  caller.session_id = *session;
  return caller;
}

absl::StatusOr<Caller> Authenticator::CheckResource(const Claims& claims) {
  std::optional<int64_t> id = ParseName(claims.subject, "resources");
  if (!id) return Invalid("it names no resource");
  ASSIGN_OR_RETURN(ResourceIdentity resource, resources_.CheckCredential(*id, claims.serial));
  Caller caller;
  caller.kind = Caller::Kind::kResource;
  caller.resource_id = resource.id;
  caller.organization_id = resource.organization_id;
  caller.resource_kind = resource.kind;
  return caller;
}

void Authenticator::ForgetSession(int64_t session_id) {
  absl::MutexLock lock(&mu_);
  absl::erase_if(known_, [&](const auto& entry) { return entry.second.caller.session_id == session_id; });
}

void Authenticator::ForgetUser(int64_t user_id) {
  absl::MutexLock lock(&mu_);
  absl::erase_if(known_, [&](const auto& entry) {
    const Caller& caller = entry.second.caller;
    return caller.is_user() && caller.user_id == user_id;
  });
}

}  // namespace lectern::api
