// org: the tree, its maintainers, and the tokens with which resources join.
#include <CLI/CLI.hpp>

#include <memory>

#include "absl/strings/str_cat.h"
#include "api/cli/command.h"
#include "api/cli/connection.h"
#include "api/cli/fields.h"
#include "common/base/status.h"
#include "lectern/v1/organizations.pb.h"

namespace lectern::cli {
namespace {

const std::vector<Column> kOrganization = {
    {"NAME", "name"}, {"DISPLAY NAME", "display_name"}, {"PARENT", "parent"}, {"CREATED", "create_time"}};
const std::vector<Column> kMaintainer = {
    {"USER", "user"}, {"E-MAIL", "email"}, {"DISPLAY NAME", "display_name"}, {"GRANTED AT", "organization"}};
const Argument kName = {"organization,--organization,--org", "name", "Organization", "organizations"};
const Argument kUser = {"user", "user", "Person, as users/12 or e-mail address", "users"};

absl::Status ListAll(Connection& connection, v1::ListOrganizationsResponse* all) {
  v1::ListOrganizationsRequest request;
  do {
    v1::ListOrganizationsResponse page;
    RETURN_IF_ERROR(connection.Call("OrganizationService/ListOrganizations", request, &page));
    request.set_page_token(page.next_page_token());
    page.clear_next_page_token();
    all->MergeFrom(page);
  } while (!request.page_token().empty());
  return absl::OkStatus();
}

// The list is depth first, so indentation by depth draws the tree.
std::string TreeText(const v1::ListOrganizationsResponse& all) {
  std::string text;
  for (const v1::Organization& organization : all.organizations()) {
    absl::StrAppend(&text, std::string(2 * organization.depth(), ' '), organization.display_name(), "  (",
                    organization.name(), ")\n");
  }
  return text;
}

absl::Status PrintTree(Connection& connection) {
  v1::ListOrganizationsResponse all;
  RETURN_IF_ERROR(ListAll(connection, &all));
  connection.Print(all, TreeText(all));
  return absl::OkStatus();
}

// The table form is the bare token, so that $(lecternctl org token create 7) works.
Run SetUpToken(CLI::App& app) {
  auto request = std::make_shared<v1::CreateOrganizationTokenRequest>();
  app.add_option_function<std::string>(
         "organization,--organization,--org",
         [request](const std::string& given) {
           absl::StatusOr<std::string> name = FullName("organizations", given);
           if (!name.ok()) throw CLI::ValidationError("organization", std::string(name.status().message()));
           request->set_name(*name);
         },
         "Organization")
      ->required();
  return [request](Connection& connection) -> absl::Status {
    v1::CreateOrganizationTokenResponse response;
    RETURN_IF_ERROR(connection.Call("OrganizationService/CreateOrganizationToken", *request, &response));
    connection.Print(response, absl::StrCat(response.token(), "\n"));
    return absl::OkStatus();
  };
}

}  // namespace

std::vector<Command> OrganizationCommands() {
  return {
      Rpc("org create", "Creates an organization",
          {"OrganizationService/CreateOrganization",
           {{"display_name,--display-name,--name", "display_name", "What people call it"},
            {"--parent", "parent", "Organization above it (none: a new root)", "organizations"}},
           kOrganization}),
      Rpc("org list", "Lists organizations",
          {"OrganizationService/ListOrganizations",
           {{"--parent", "parent", "Only this one and those below it", "organizations"}},
           kOrganization}),
      {"org tree", "Shows the tree", [](CLI::App&) -> Run { return PrintTree; }},
      Rpc("org rename", "Renames an organization",
          {"OrganizationService/RenameOrganization",
           {kName, {"display_name,--display-name,--name", "display_name", "New name"}},
           kOrganization}),
      Rpc("org move", "Moves an organization and all below it under another parent",
          {"OrganizationService/MoveOrganization",
           {kName, {"--parent", "parent", "New parent", "organizations", true}},
           kOrganization}),
      Rpc("org delete", "Deletes an empty organization",
          {.method = "OrganizationService/DeleteOrganization", .arguments = {kName}, .done = "Deleted"}),
      Rpc("org maintainer add", "Lets a person manage the organization and all below it",
          {"OrganizationService/AddMaintainer", {kName, kUser}, kMaintainer}),
      Rpc("org maintainer remove", "Takes that right away",
          {.method = "OrganizationService/RemoveMaintainer", .arguments = {kName, kUser}, .done = "Removed"}),
      Rpc("org maintainer list", "Lists who manages the organization, also by a right from above",
          {"OrganizationService/ListMaintainers", {kName}, kMaintainer}),
      {"org token create", "Makes a token with which resources join for 7 hours, and prints it", SetUpToken},
  };
}

}  // namespace lectern::cli
