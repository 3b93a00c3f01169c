#include <google/protobuf/util/json_util.h>

#include <memory>
#include <string>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "api/services/convert.h"
#include "api/services/fields.h"
#include "api/services/passwords.h"
#include "api/services/services.h"
#include "common/base/status.h"
#include "lectern/v1/users.pb.h"

namespace lectern::api {
namespace {

// The shape of BCP 47, by which a page asks for its words; empty: the browser's.
bool IsLanguageTag(absl::string_view tag) {
  if (tag.empty()) return true;
  if (tag.size() > 35) return false;
  for (absl::string_view part : absl::StrSplit(tag, '-')) {
    const bool fits = !part.empty() && part.size() <= 8;
    if (!fits || !absl::c_all_of(part, [](unsigned char c) { return absl::ascii_isalnum(c); })) return false;
  }
  return absl::c_all_of(tag.substr(0, tag.find('-')), [](unsigned char c) { return absl::ascii_isalpha(c); });
}

absl::Status CheckSettings(const v1::UserSettings& settings) {
  if (!IsLanguageTag(settings.language())) {
    return BadField("settings.language", settings.language(), "write a tag such as de or en-GB");
  }
  double rate = settings.playback_rate();
  if (rate != 0 && !(rate >= 0.5 && rate <= 3)) {
    return BadField("settings.playback_rate", absl::StrCat(rate), "write 0.5 to 3, or 0 for 1");
  }
  int step = settings.seek_step_seconds();
  if (step != 0 && (step < 5 || step > 60)) {
    return BadField("settings.seek_step_seconds", absl::StrCat(step), "write 5 to 60, or 0 for 15");
  }
  const std::string& theme = settings.theme();
  if (!theme.empty() && theme != "light" && theme != "dark") {
    return BadField("settings.theme", theme, "write light or dark, or leave it empty for the system's");
  }
  return absl::OkStatus();
}

class UserService {
 public:
  explicit UserService(const ServiceDeps& deps) : deps_(deps) {}

  absl::Status CreateUser(CallContext&, const v1::CreateUserRequest& request, v1::User& user) {
    NewUser row;
    ASSIGN_OR_RETURN(row.email, RequireText("email", request.email(), 254));
    ASSIGN_OR_RETURN(row.display_name, RequireText("display_name", request.display_name(), 200));
    if (request.role() != v1::ROLE_UNSPECIFIED) row.role = RoleWord(request.role());
    if (row.role.empty()) return BadField("role", absl::StrCat(request.role()), "there is no such role");
    RETURN_IF_ERROR(CheckPassword(request.password()));
    ASSIGN_OR_RETURN(row.password_hash, HashPassword(request.password()));
    ASSIGN_OR_RETURN(UserRow inserted, deps_.stores.users.Insert(row));
    ToProto(inserted, user);
    return absl::OkStatus();
  }

  absl::Status GetUser(CallContext&, const v1::GetUserRequest& request, v1::User& user) {
    ASSIGN_OR_RETURN(int64_t id, RequireUser(deps_.stores.users, "name", request.name()));
    ASSIGN_OR_RETURN(UserRow row, deps_.stores.users.Get(id));
    ToProto(row, user);
    return absl::OkStatus();
  }

  absl::Status ListUsers(CallContext&, const v1::ListUsersRequest& request, v1::ListUsersResponse& response) {
    ASSIGN_OR_RETURN(PageRequest page, RequirePage(request.page_size(), request.page_token(), 50, 200));
    ASSIGN_OR_RETURN(std::string filter, OptionalText("filter", request.filter(), 254));
    ASSIGN_OR_RETURN(Page<UserRow> users, deps_.stores.users.List(filter, page));
    for (const UserRow& row : users.rows) ToProto(row, *response.add_users());
    response.set_next_page_token(users.next_token);
    return absl::OkStatus();
  }

  absl::Status SetRole(CallContext& call, const v1::SetRoleRequest& request, v1::User& user) {
    ASSIGN_OR_RETURN(int64_t id, RequireUser(deps_.stores.users, "name", request.name()));
    call.audit_target = NameOf("users", id);
    std::string role = RoleWord(request.role());
    if (role.empty()) return BadField("role", "", "write STUDENT, LECTURER_ROLE or ADMINISTRATOR_ROLE");
    ASSIGN_OR_RETURN(UserRow row, deps_.stores.users.SetRole(id, role));
    ToProto(row, user);
    return absl::OkStatus();
  }

  absl::Status GetSettings(CallContext& call, const v1::GetSettingsRequest&, v1::UserSettings& settings) {
    ASSIGN_OR_RETURN(std::string json, deps_.stores.users.GetSettings(call.caller.user_id));
    return ParseSettings(json, settings);
  }

  absl::Status UpdateSettings(CallContext& call, const v1::UpdateSettingsRequest& request, v1::UserSettings& settings) {
    RETURN_IF_ERROR(CheckSettings(request.settings()));
    settings = request.settings();
    settings.DiscardUnknownFields();
    std::string json;
    if (!google::protobuf::util::MessageToJsonString(settings, &json).ok()) {
      return absl::InternalError("settings cannot be written as JSON");
    }
    return deps_.stores.users.PutSettings(call.caller.user_id, json);
  }

 private:
  const ServiceDeps deps_;
};

}  // namespace

void AddUserService(Registry& registry, const ServiceDeps& deps) {
  auto service = std::make_shared<UserService>(deps);
  registry.Add("lectern.v1.UserService.CreateUser", service, &UserService::CreateUser);
  registry.Add("lectern.v1.UserService.GetUser", service, &UserService::GetUser);
  registry.Add("lectern.v1.UserService.ListUsers", service, &UserService::ListUsers);
  registry.Add("lectern.v1.UserService.SetRole", service, &UserService::SetRole);
  registry.Add("lectern.v1.UserService.GetSettings", service, &UserService::GetSettings);
  registry.Add("lectern.v1.UserService.UpdateSettings", service, &UserService::UpdateSettings);
}

}  // namespace lectern::api
