// Calls that end somebody's sessions: passwords that are changed, people who are disabled.
#include <google/protobuf/empty.pb.h>

#include <memory>
#include <string>
#include <vector>

#include "api/services/convert.h"
#include "api/services/fields.h"
#include "api/services/passwords.h"
#include "api/services/services.h"
#include "api/services/sign_in.h"
#include "common/base/status.h"
#include "lectern/v1/auth.pb.h"
#include "lectern/v1/users.pb.h"

namespace lectern::api {
namespace {

using google::protobuf::Empty;

class AccountCalls {
 public:
  explicit AccountCalls(const ServiceDeps& deps) : deps_(deps) {}

  absl::Status ChangePassword(CallContext& call, const v1::ChangePasswordRequest& request, Empty&) {
    call.audit_target = call.caller.Name();
    RETURN_IF_ERROR(CheckPassword(request.new_password(), "new_password"));
    ASSIGN_OR_RETURN(UserRow user, deps_.stores.users.Get(call.caller.user_id));
    absl::StatusOr<UserRow> checked = CheckSignIn(deps_, call, user.email, request.old_password());
    // The session is good; only the password is not. Whoever reads UNAUTHENTICATED would sign the person out.
    if (absl::IsUnauthenticated(checked.status())) {
      return WithReason(absl::PermissionDeniedError("the old password is wrong"), "WRONG_CREDENTIALS");
    }
    RETURN_IF_ERROR(checked.status());
    ASSIGN_OR_RETURN(std::string hash, HashPassword(request.new_password()));
    RETURN_IF_ERROR(deps_.stores.users.SetPasswordHash(user.id, hash, call.caller.session_id));
    deps_.authenticator.ForgetUser(user.id);
    return absl::OkStatus();
  }

  absl::Status ResetPassword(CallContext& call, const v1::ResetPasswordRequest& request, Empty&) {
    ASSIGN_OR_RETURN(int64_t id, RequireUser(deps_.stores.users, "name", request.name()));
    call.audit_target = NameOf("users", id);
    RETURN_IF_ERROR(CheckPassword(request.password()));
    ASSIGN_OR_RETURN(std::string hash, HashPassword(request.password()));
    RETURN_IF_ERROR(deps_.stores.users.SetPasswordHash(id, hash));
    deps_.authenticator.ForgetUser(id);
    return absl::OkStatus();
  }

  absl::Status SetDisabled(CallContext& call, const v1::SetDisabledRequest& request, v1::User& user) {
    ASSIGN_OR_RETURN(int64_t id, RequireUser(deps_.stores.users, "name", request.name()));
    call.audit_target = NameOf("users", id);
    if (id == call.caller.user_id && request.disabled()) {
      return WithReason(absl::FailedPreconditionError("nobody disables themselves; ask another administrator"), "ONESELF");
    }
    ASSIGN_OR_RETURN(UserRow row, deps_.stores.users.SetDisabled(id, request.disabled()));
    deps_.authenticator.ForgetUser(id);
    if (request.disabled()) RETURN_IF_ERROR(EndStreams(id));
    ToProto(row, user);
    return absl::OkStatus();
  }

 private:
  // An encoder asks for the right to send when it begins only.
  absl::Status EndStreams(int64_t user) {
    ASSIGN_OR_RETURN(std::vector<int64_t> streams, deps_.stores.live.ListRunningOfPerson(user));
    return streams.empty() ? absl::OkStatus() : deps_.live.End(streams, "who sent it was disabled", true);
  }

  const ServiceDeps deps_;
};

}  // namespace

void AddAccountCalls(Registry& registry, const ServiceDeps& deps) {
  auto calls = std::make_shared<AccountCalls>(deps);
  registry.Add("lectern.v1.AuthService.ChangePassword", calls, &AccountCalls::ChangePassword);
  registry.Add("lectern.v1.UserService.ResetPassword", calls, &AccountCalls::ResetPassword);
  registry.Add("lectern.v1.UserService.SetDisabled", calls, &AccountCalls::SetDisabled);
}

}  // namespace lectern::api
