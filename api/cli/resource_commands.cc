// resource: what organizations have joined, and what they lend, drain and remove.
#include "api/cli/command.h"
#include "lectern/v1/resources.pb.h"

namespace lectern::cli {
namespace {

const std::vector<Column> kRow = {
    {"NAME", "name"},
    {"KIND", "kind"},
    {"STATE", "state"},
    {"ORGANIZATION", "organization"},
    {"SHARED", "shared"},
    {"HOST", "host"},
    {"CPU", "load.cpu", Format::kPercent},
    {"MEMORY", "load.memory_used_bytes/load.memory_total_bytes", Format::kBytes},
    {"DISK FREE", "load.disk_free_bytes", Format::kBytes},
    {"SLOTS", "load.slots_used/load.slots"},
    {"UPTIME", "load.uptime", Format::kAgo},
    {"VERSION", "version"},
    {"HEARD", "last_beat_time", Format::kAgo},
    {"REASON", "reason"},
};
const std::vector<Column> kDetails = {
    {"NAME", "name"},
    {"KIND", "kind"},
    {"STATE", "state"},
    {"REASON", "reason"},
    {"ORGANIZATION", "organization"},
    {"SHARED", "shared"},
    {"HOST", "host"},
    {"URL", "public_url"},
    {"CAPABILITIES", "capabilities"},
    {"JOINED", "create_time"},
};
const std::vector<Column> kShort = {
    {"NAME", "name"}, {"KIND", "kind"}, {"STATE", "state"}, {"SHARED", "shared"}, {"REASON", "reason"}};
const Argument kName = {"resource", "name", "Resource", "resources"};

}  // namespace

std::vector<Command> ResourceCommands() {
  // The commands name their messages only as text; this keeps the types in the program.
  google::protobuf::LinkMessageReflection<v1::Resource>();
  return {
      Rpc("resource list", "Lists resources with their state and load",
          {"ResourceService/ListResources",
           {{"--org,--organization", "organization", "Only of this organization and those below it", "organizations"},
            {"--kind", "kind", "Only of this kind"}},
           kRow}),
      Rpc("resource show", "Shows one resource", {"ResourceService/GetResource", {kName}, kDetails}),
      Rpc("resource share", "Opens a resource to all organizations",
          {"ResourceService/SetShared", {kName}, kShort, {{"shared", "true"}}}),
      Rpc("resource unshare", "Keeps a resource to its own organization and those below it",
          {"ResourceService/SetShared", {kName}, kShort, {{"shared", "false"}}}),
      Rpc("resource drain", "Gives it no new work; running work is finished",
          {"ResourceService/DrainResource", {kName}, kShort}),
      Rpc("resource resume", "Gives it work again", {"ResourceService/ResumeResource", {kName}, kShort}),
      Rpc("resource remove", "Withdraws its credential; its jobs run elsewhere",
          {.method = "ResourceService/RemoveResource",
           .arguments = {kName, {"--force", "force", "Also where it still keeps recordings"}},
           .done = "Removed"}),
  };
}

}  // namespace lectern::cli
