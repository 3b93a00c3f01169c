// login, logout, whoami.
#include <google/protobuf/empty.pb.h>

#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "api/cli/command.h"
#include "api/cli/connection.h"
#include "api/cli/password.h"
#include "api/cli/session.h"
#include "common/base/status.h"
#include "lectern/v1/auth.pb.h"

namespace lectern::cli {
namespace {

struct LoginOptions {
  std::string email;
  std::string password_file;
};

absl::Status Login(Connection& connection, const LoginOptions& options) {
  v1::LoginRequest request;
  request.set_email(options.email);
  ASSIGN_OR_RETURN(*request.mutable_password(),
                   ReadPassword(options.password_file, absl::StrCat("Password of ", options.email)));
  v1::LoginResponse response;
  RETURN_IF_ERROR(connection.Call("AuthService/Login", request, &response));
  RETURN_IF_ERROR(Annotate(KeepSession(connection.settings().endpoint, response.session_token()), "session file"));
  connection.Print(response.user(), absl::StrCat("Signed in as ", response.user().email(), " at ",
                                                 connection.settings().endpoint, "\n"));
  return absl::OkStatus();
}

Run SetUpLogin(CLI::App& app) {
  auto options = std::make_shared<LoginOptions>();
  app.add_option("--email", options->email, "Your e-mail address")->required();
  app.add_option("--password-file,--password_file", options->password_file,
                 "File whose first line is the password (else LECTERN_PASSWORD, else asked)");
  return [options](Connection& connection) { return Login(connection, *options); };
}

// Signs out here even where the API no longer knows the session.
absl::Status Logout(Connection& connection) {
  google::protobuf::Empty response;
  const absl::Status status = connection.Call("AuthService/Logout", v1::LogoutRequest(), &response);
  ForgetSession(connection.settings().endpoint);
  if (!status.ok() && !absl::IsUnauthenticated(status)) return Annotate(status, "signed out here only");
  connection.Print(response, "Signed out\n");
  return absl::OkStatus();
}

}  // namespace

std::vector<Command> AuthCommands() {
  return {
      {"login", "Signs in and keeps the session for this endpoint", SetUpLogin},
      {"logout", "Ends the session", [](CLI::App&) -> Run { return Logout; }},
      Rpc("whoami", "Says who is signed in",
          {"AuthService/WhoAmI",
           {},
           {{"NAME", "name"}, {"E-MAIL", "email"}, {"DISPLAY NAME", "display_name"}, {"ROLE", "role"}}}),
  };
}

}  // namespace lectern::cli
