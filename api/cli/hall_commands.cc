// hall: lecture halls, which go live by the schedule of the lectures in them.
#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "api/cli/command.h"
#include "api/cli/connection.h"
#include "api/cli/fields.h"
#include "api/cli/lecture_text.h"
#include "common/base/status.h"
#include "lectern/v1/halls.pb.h"

namespace lectern::cli {
namespace {

const std::vector<Column> kHall = {
    {"NAME", "name"}, {"DISPLAY NAME", "display_name"}, {"ORGANIZATION", "organization"}, {"CREATED", "create_time"}};

std::string HallArgument(const std::string& given) {
  absl::StatusOr<std::string> name = FullName("halls", given);
  if (!name.ok()) throw CLI::ValidationError("hall", std::string(name.status().message()));
  return *name;
}

void Print(Connection& connection, const v1::Hall& hall) {
  std::string text = absl::StrCat(hall.name(), "  ", hall.display_name(), "\n  organization: ", hall.organization(), "\n");
  for (const v1::HallSource& source : hall.sources()) {
    absl::StrAppend(&text, "  ", ViewWord(source.view()), ": ", source.url(), "\n");
  }
  if (hall.sources().empty()) absl::StrAppend(&text, "  no sources; set them with `hall source`\n");
  connection.Print(hall, text);
}

Run SetUpShow(CLI::App& app) {
  auto request = std::make_shared<v1::GetHallRequest>();
  app.add_option_function<std::string>(
         "hall,--hall", [request](const std::string& given) { request->set_name(HallArgument(given)); }, "Hall")
      ->required();
  return [request](Connection& connection) -> absl::Status {
    v1::Hall hall;
    RETURN_IF_ERROR(connection.Call("HallService/GetHall", *request, &hall));
    Print(connection, hall);
    return absl::OkStatus();
  };
}

struct SourceOptions {
  v1::SetHallSourceRequest request;
  std::string view;
  std::string url;
  bool none = false;
};

// An address with a password need not stand on the command line, which other people of the machine can see.
absl::Status SetSource(Connection& connection, SourceOptions options) {
  if (options.none != options.url.empty()) {
    return absl::InvalidArgumentError("give the source's address, '-' to read it from the standard input, or --none");
  }
  if (options.url == "-") {
    std::getline(std::cin, options.url);
    options.url = std::string(absl::StripAsciiWhitespace(options.url));
    if (options.url.empty()) return absl::InvalidArgumentError("the standard input holds no address");
  }
  RETURN_IF_ERROR(SetField(options.request, "view", options.view));
  options.request.set_url(options.url);
  v1::Hall hall;
  RETURN_IF_ERROR(connection.Call("HallService/SetHallSource", options.request, &hall));
  Print(connection, hall);
  return absl::OkStatus();
}

Run SetUpSource(CLI::App& app) {
  auto options = std::make_shared<SourceOptions>();
  app.add_option_function<std::string>(
         "hall,--hall", [options](const std::string& given) { options->request.set_name(HallArgument(given)); }, "Hall")
      ->required();
  app.add_option("url,--url", options->url,
                 "Address such as rtsp://user:password@10.0.0.7/stream1 (rtsp, rtsps, rtmp, rtmps); '-': from the standard input");
  app.add_option("--view", options->view, "What it shows")->check(CLI::IsMember({"comb", "cam", "pres"}))->required();
  app.add_flag("--none", options->none, "Takes the source of this view away");
  return [options](Connection& connection) { return SetSource(connection, *options); };
}

}  // namespace

std::vector<Command> HallCommands() {
  return {
      Rpc("hall create", "Creates a lecture hall",
          {"HallService/CreateHall",
           {{"display_name,--display-name,--name", "display_name", "What people call it"},
            {"--org,--organization", "organization", "Organization that it belongs to", "organizations", true}},
           kHall}),
      Rpc("hall list", "Lists the halls of an organization and of those above it",
          {"HallService/ListHalls",
           {{"--org,--organization", "organization", "Organization (none: all halls, for administrators)", "organizations"}},
           kHall}),
      {"hall show", "Shows a hall and its sources", SetUpShow},
      {"hall source", "Sets or takes away the source of one view", SetUpSource},
      Rpc("hall delete", "Deletes a hall; lectures to come there lose it",
          {.method = "HallService/DeleteHall", .arguments = {{"hall", "name", "Hall", "halls"}}, .done = "Deleted"}),
  };
}

}  // namespace lectern::cli
