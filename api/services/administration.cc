#include "api/services/administration.h"

#include "absl/strings/str_cat.h"
#include "api/services/fields.h"
#include "api/services/passwords.h"
#include "common/base/status.h"
#include "common/log/log.h"

namespace lectern::api {

absl::StatusOr<std::string> CreateFirstAdministrator(UserStore& users, const std::string& email, absl::string_view password) {
  if (password.empty()) return absl::InvalidArgumentError("set LECTERN_ADMIN_PASSWORD to the administrator's password");
  RETURN_IF_ERROR(CheckPassword(password));
  NewUser user;
  ASSIGN_OR_RETURN(user.email, RequireText("create_admin", email, 254));
  user.display_name = "Administrator";
  user.role = "administrator";
  ASSIGN_OR_RETURN(user.password_hash, HashPassword(password));
  ASSIGN_OR_RETURN(bool inserted, users.InsertFirstAdministrator(user));
  return inserted ? absl::StrCat(user.email, " is administrator now") : "there is an administrator already; nothing was changed";
}

void Sweep(SessionStore& sessions, RevocationStore& revocations, ViewerStore& viewers) {
  absl::StatusOr<int64_t> ended = sessions.Sweep(absl::Hours(1));
  if (!ended.ok()) log::Warn("sessions not swept", {{"error", ended.status().message()}});
  absl::StatusOr<int64_t> expired = revocations.Sweep();
  if (!expired.ok()) log::Warn("revocations not swept", {{"error", expired.status().message()}});
  if (absl::Status status = viewers.Sweep(); !status.ok()) log::Warn("counts of viewers not swept", {{"error", status.message()}});
}

}  // namespace lectern::api
