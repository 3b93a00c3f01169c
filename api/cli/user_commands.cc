// user: people of the installation; for administrators.
#include <google/protobuf/empty.pb.h>

#include <CLI/CLI.hpp>

#include <memory>

#include "absl/strings/str_cat.h"
#include "api/cli/command.h"
#include "api/cli/connection.h"
#include "api/cli/fields.h"
#include "api/cli/password.h"
#include "common/base/status.h"
#include "lectern/v1/users.pb.h"

namespace lectern::cli {
namespace {

const std::vector<Column> kUser = {{"NAME", "name"},
                                   {"E-MAIL", "email"},
                                   {"DISPLAY NAME", "display_name"},
                                   {"ROLE", "role"},
                                   {"DISABLED", "disabled"},
                                   {"CREATED", "create_time"}};

Run SetUpCreate(CLI::App& app) {
  auto request = std::make_shared<v1::CreateUserRequest>();
  auto password_file = std::make_shared<std::string>();
  const auto field = [&app, request](const std::string& flag, const std::string& name, const std::string& help) {
    return app.add_option_function<std::string>(
        flag,
        [request, flag, name](const std::string& text) {
          const absl::Status status = SetField(*request, name, text);
          if (!status.ok()) throw CLI::ValidationError(flag, std::string(status.message()));
        },
        help);
  };
  field("--email", "email", "E-mail address, with which they sign in")->required();
  field("--name", "display_name", "What people call them")->required();
  field("--role", "role", absl::StrCat("Role; student where absent (", EnumWords(*v1::Role_descriptor()), ")"));
  app.add_option("--password-file,--password_file", *password_file,
                 "File whose first line is the password (else LECTERN_PASSWORD, else asked)");
  return [request, password_file](Connection& connection) -> absl::Status {
    ASSIGN_OR_RETURN(*request->mutable_password(),
                     ReadPassword(*password_file, absl::StrCat("Password for ", request->email())));
    v1::User user;
    RETURN_IF_ERROR(connection.Call("UserService/CreateUser", *request, &user));
    connection.Print(user, MessageTable(user, kUser));
    return absl::OkStatus();
  };
}

Run SetUpResetPassword(CLI::App& app) {
  auto request = std::make_shared<v1::ResetPasswordRequest>();
  auto password_file = std::make_shared<std::string>();
  app.add_option("user", *request->mutable_name(), "Person, as users/12 or e-mail address")
      ->required()
      ->transform([](const std::string& given) {
        absl::StatusOr<std::string> name = FullName("users", given);
        if (!name.ok()) throw CLI::ValidationError("user", std::string(name.status().message()));
        return *name;
      });
  app.add_option("--password-file,--password_file", *password_file,
                 "File whose first line is the new password (else LECTERN_PASSWORD, else asked)");
  return [request, password_file](Connection& connection) -> absl::Status {
    ASSIGN_OR_RETURN(*request->mutable_password(),
                     ReadPassword(*password_file, absl::StrCat("New password for ", request->name())));
    google::protobuf::Empty done;
    RETURN_IF_ERROR(connection.Call("UserService/ResetPassword", *request, &done));
    connection.Print(done, absl::StrCat("Reset; all sessions of ", request->name(), " are ended\n"));
    return absl::OkStatus();
  };
}

}  // namespace

std::vector<Command> UserCommands() {
  return {
      {"user create", "Creates a person", SetUpCreate},
      Rpc("user list", "Lists people",
          {"UserService/ListUsers", {{"--filter", "filter", "Part of the e-mail address or name"}}, kUser}),
      Rpc("user set-role", "Changes a person's role",
          {"UserService/SetRole", {{"user", "name", "Person", "users"}, {"role", "role", "New role"}}, kUser}),
      Rpc("user disable", "Ends all that a person may do, from this moment on",
          {"UserService/SetDisabled", {{"user", "name", "Person", "users"}}, kUser, {{"disabled", "true"}}}),
      Rpc("user enable", "Lets a disabled person sign in again",
          {"UserService/SetDisabled", {{"user", "name", "Person", "users"}}, kUser, {{"disabled", "false"}}}),
      {"user reset-password", "Gives a person a new password, and ends their sessions", SetUpResetPassword},
  };
}

}  // namespace lectern::cli
