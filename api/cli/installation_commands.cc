// installation, announcement, storage: what holds for all of the installation.
#include <CLI/CLI.hpp>

#include <memory>

#include "api/cli/command.h"
#include "api/cli/connection.h"
#include "api/cli/fields.h"
#include "common/base/status.h"
#include "lectern/v1/installation.pb.h"
#include "lectern/v1/organizations.pb.h"

namespace lectern::cli {
namespace {

const std::vector<Column> kInstallation = {{"NAME", "display_name"},      {"WELCOME", "welcome_text"},
                                           {"SUPPORT", "support_email"},  {"IMPRINT", "imprint_url"},
                                           {"PRIVACY", "privacy_url"},    {"RTMP", "rtmp_url"},
                                           {"GRPC", "grpc_endpoint"}};
const std::vector<Column> kAnnouncement = {
    {"NAME", "name"}, {"LEVEL", "level"}, {"FROM", "start_time"}, {"UNTIL", "end_time"}, {"TEXT", "text"}};
const std::vector<Column> kStorage = {{"ORGANIZATION", "organization"},
                                      {"DISPLAY NAME", "display_name"},
                                      {"OWN", "bytes", Format::kBytes},
                                      {"WITH ALL BELOW", "subtree_bytes", Format::kBytes},
                                      {"QUOTA", "quota_bytes", Format::kBytes},
                                      {"RECORDINGS", "recordings"},
                                      {"DURATION", "duration"}};

struct Setting {
  const char* flag;
  const char* field;
  const char* help;
};
constexpr Setting kSettings[] = {
    {"--name", "display_name", "Name of the university"},
    {"--welcome", "welcome_text", "Text on the home page of people who are not signed in"},
    {"--support", "support_email", "E-mail address for questions"},
    {"--imprint", "imprint_url", "Address of the imprint"},
    {"--privacy", "privacy_url", "Address of the privacy notice"},
    {"--rtmp", "rtmp_url", "Server that lecturers type into their encoder"},
    {"--grpc", "grpc_endpoint", "HOST:PORT of the API, as resources reach it"},
};

// What is not given stays as it is; an empty text takes a setting back.
Run SetUpSet(CLI::App& app) {
  auto wished = std::make_shared<std::vector<std::pair<std::string, std::string>>>();
  for (const Setting& setting : kSettings) {
    const auto note = [wished, field = setting.field](const std::string& text) { wished->emplace_back(field, text); };
    app.add_option_function<std::string>(setting.flag, note, setting.help);
  }
  return [wished](Connection& connection) -> absl::Status {
    if (wished->empty()) return absl::InvalidArgumentError("say what to set; --help lists it");
    v1::UpdateInstallationRequest request;
    RETURN_IF_ERROR(
        connection.Call("InstallationService/GetInstallation", v1::GetInstallationRequest(), request.mutable_installation()));
    for (const auto& [field, text] : *wished) RETURN_IF_ERROR(SetField(*request.mutable_installation(), field, text));
    v1::Installation installation;
    RETURN_IF_ERROR(connection.Call("InstallationService/UpdateInstallation", request, &installation));
    connection.Print(installation, MessageTable(installation, kInstallation));
    return absl::OkStatus();
  };
}

}  // namespace

std::vector<Command> InstallationCommands() {
  return {
      Rpc("installation show", "Shows what holds for the whole installation",
          {"InstallationService/GetInstallation", {}, kInstallation}),
      {"installation set", "Changes it; what is not given stays", SetUpSet},
      Rpc("announcement create", "Tells everybody something on every page",
          {"InstallationService/CreateAnnouncement",
           {{"text", "text", "What to say"},
            {"--level", "level", "How it looks; info where absent"},
            {"--start", "start_time", "Shown from then on; at once where absent"},
            {"--end", "end_time", "Shown until then; until it is deleted where absent"}},
           kAnnouncement}),
      Rpc("announcement list", "Lists announcements, also those to come and those that are over",
          {"InstallationService/ListAnnouncements", {}, kAnnouncement}),
      Rpc("announcement delete", "Deletes an announcement",
          {.method = "InstallationService/DeleteAnnouncement",
           .arguments = {{"announcement", "name", "Announcement", "announcements"}},
           .done = "Deleted"}),
      Rpc("storage", "Shows what the recordings of organizations take",
          {"OrganizationService/ListStorage",
           {{"--organization,--org", "organization", "Only this one and those below it", "organizations"}},
           kStorage}),
  };
}

}  // namespace lectern::cli
