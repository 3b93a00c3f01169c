// The command line as data: each noun's file lists its commands; main.cc hangs them into the parser.
//
// Most commands are one RPC: arguments fill fields of its request, columns show fields of its response. The others set
// up their own options.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "api/cli/output.h"

namespace CLI {
class App;
}

namespace lectern::cli {

class Connection;

using Run = std::function<absl::Status(Connection&)>;

struct Command {
  std::string path;  // "course create"; the words before the last are nouns
  std::string help;
  std::function<Run(CLI::App&)> setup;  // adds its options; what it returns runs after parsing
};

// One argument of an RPC command. A flag begins with "--"; anything else is positional and required.
struct Argument {
  std::string flag;
  std::string field;  // path in the request; what may be given follows from its type
  std::string help;
  std::string collection = "";  // of a resource name: "courses" makes `12` mean `courses/12`
  bool required = false;
};

struct RpcCommand {
  std::string method;  // "CourseService/CreateCourse"
  std::vector<Argument> arguments = {};
  std::vector<Column> columns = {};                             // of each row of a list, or of the response itself
  std::vector<std::pair<std::string, std::string>> fixed = {};  // fields that the command itself sets
  std::string done = "";                                        // said instead of columns
};

// A list (its response has `next_page_token`) is fetched to its last page.
Command Rpc(std::string path, std::string help, RpcCommand rpc);

std::vector<Command> AuthCommands();
std::vector<Command> OrganizationCommands();
std::vector<Command> ResourceCommands();
std::vector<Command> CourseCommands();
std::vector<Command> LectureCommands();
std::vector<Command> UploadCommands();
std::vector<Command> StreamCommands();
std::vector<Command> LiveCommands();
std::vector<Command> HallCommands();
std::vector<Command> TokenCommands();
std::vector<Command> JobCommands();
std::vector<Command> UserCommands();
std::vector<Command> InstallationCommands();

}  // namespace lectern::cli
