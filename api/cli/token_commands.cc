// token: a lecturer's personal tokens, which are the stream keys of their encoders.
#include <CLI/CLI.hpp>

#include <memory>

#include "absl/strings/str_cat.h"
#include "api/cli/command.h"
#include "api/cli/connection.h"
#include "api/cli/fields.h"
#include "common/base/status.h"
#include "lectern/v1/auth.pb.h"

namespace lectern::cli {
namespace {

const std::vector<Column> kToken = {
    {"NAME", "name"}, {"DISPLAY NAME", "display_name"}, {"CREATED", "create_time"}, {"LAST USED", "last_use_time"},
    {"EXPIRES", "expire_time"}};

// The table form is the bare token, for pasting and for scripts.
Run SetUpCreate(CLI::App& app) {
  auto request = std::make_shared<v1::CreatePersonalTokenRequest>();
  request->set_display_name("lecternctl");
  app.add_option_function<std::string>(
      "--name", [request](const std::string& name) { request->set_display_name(name); }, "What it is for");
  app.add_option_function<std::string>(
      "--expires",
      [request](const std::string& time) {
        const absl::Status set = SetField(*request, "expire_time", time);
        if (!set.ok()) throw CLI::ValidationError("--expires", std::string(set.message()));
      },
      "Until when it is good (absent: until it is revoked)");
  return [request](Connection& connection) -> absl::Status {
    v1::CreatePersonalTokenResponse response;
    RETURN_IF_ERROR(connection.Call("AuthService/CreatePersonalToken", *request, &response));
    connection.Print(response, absl::StrCat(response.token(), "\n"));
    return absl::OkStatus();
  };
}

}  // namespace

std::vector<Command> TokenCommands() {
  return {
      {"token create", "Makes a personal token and prints it; it is shown only once", SetUpCreate},
      Rpc("token list", "Lists your personal tokens", {"AuthService/ListPersonalTokens", {}, kToken}),
      Rpc("token revoke", "Revokes a personal token",
          {.method = "AuthService/RevokePersonalToken",
           .arguments = {{"token", "name", "Token", "personalTokens"}},
           .done = "Revoked"}),
  };
}

}  // namespace lectern::cli
