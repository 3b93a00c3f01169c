// lecternctl: the command line for IT, lecturers and scripts.
#include <CLI/CLI.hpp>

#include <iostream>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "api/cli/command.h"
#include "api/cli/connection.h"
#include "common/base/status.h"
#include "common/config/flags.h"

namespace lectern::cli {
namespace {

constexpr char kFooter[] =
    "Names are accepted as courses/12 or 12, people also as e-mail addresses, times as RFC 3339 or local '2026-11-21 "
    "14:00'.\n"
    "Exit status: 0 done, 1 failed (the reason is on stderr), 2 wrong usage.";

const std::map<std::string, std::string> kNouns = {
    {"org", "Organizations: the tree of schools, departments and chairs"},
    {"org maintainer", "Who may manage an organization and everything below it"},
    {"org token", "Tokens with which workers, VOD services and edges join"},
    {"resource", "Workers, VOD services, edges and RTMP proxies"},
    {"course", "Courses and who belongs to them"},
    {"lecture", "Lectures and their recordings"},
    {"live", "What is on air"},
    {"hall", "Lecture halls and their cameras"},
    {"token", "Your personal tokens for streaming"},
    {"job", "The steps that the system works on"},
    {"user", "People of the installation"},
};

void AddSettings(CLI::App& app, Settings& settings) {
  app.add_option("--endpoint", settings.endpoint, "The API as HOST:PORT; several separated by commas")
      ->envname("LECTERN_ENDPOINT")
      ->capture_default_str();
  app.add_option("--ca", settings.ca_file, "PEM file of the authority that signed the API's certificate (uses TLS)")
      ->envname("LECTERN_CA");
  app.add_option("--gateway", settings.gateway, "URL of the web pages (default: one port below the endpoint's)")
      ->envname("LECTERN_GATEWAY");
  app.add_option("--output", settings.output, "What is printed")
      ->check(CLI::IsMember({"table", "json"}))
      ->envname("LECTERN_OUTPUT")
      ->capture_default_str();
}

// The subcommand of `path`, made with its nouns where it is missing.
CLI::App* Subcommand(CLI::App& root, const std::string& path, const std::string& help) {
  CLI::App* at = &root;
  std::string so_far;
  for (const std::string& word : std::vector<std::string>(absl::StrSplit(path, ' '))) {
    absl::StrAppend(&so_far, so_far.empty() ? "" : " ", word);
    const std::vector<CLI::App*> known = at->get_subcommands([&](CLI::App* app) { return app->get_name() == word; });
    if (!known.empty()) {
      at = known.front();
      continue;
    }
    const auto noun = kNouns.find(so_far);
    at = at->add_subcommand(word, so_far == path ? help : noun == kNouns.end() ? "" : noun->second);
    if (so_far != path) at->require_subcommand(1);
  }
  return at;
}

void AddCommands(CLI::App& root, Run& chosen) {
  for (const auto& noun :
       {AuthCommands(), OrganizationCommands(), ResourceCommands(), CourseCommands(), LectureCommands(), UploadCommands(),
        LiveCommands(), HallCommands(), StreamCommands(), TokenCommands(), JobCommands(), UserCommands(),
        InstallationCommands()}) {
    for (const Command& command : noun) {
      CLI::App* app = Subcommand(root, command.path, command.help);
      app->callback([run = command.setup(*app), &chosen] { chosen = run; });
    }
  }
}

int Report(const absl::Status& status) {
  if (status.ok()) return 0;
  const std::string reason = ReasonOf(status);
  std::cerr << "lecternctl: " << status.message() << (reason.empty() ? "" : absl::StrCat(" (", reason, ")"))
            << std::endl;
  return 1;
}

int Main(int argc, char** argv) {
  Settings settings;
  Run chosen;
  CLI::App app("lecternctl: manage Lectern from the command line", "lecternctl");
  app.set_version_flag("--version", absl::StrCat("lecternctl ", std::string(Version())));
  app.footer(kFooter);
  app.require_subcommand(1);
  app.fallthrough();
  AddSettings(app, settings);
  AddCommands(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  Connection connection(settings);
  return Report(chosen(connection));
}

}  // namespace
}  // namespace lectern::cli

int main(int argc, char** argv) {
  return lectern::cli::Main(argc, argv);
}
