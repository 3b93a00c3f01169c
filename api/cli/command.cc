#include "api/cli/command.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <CLI/CLI.hpp>

#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "api/cli/connection.h"
#include "api/cli/fields.h"
#include "common/base/status.h"

namespace lectern::cli {
namespace {

namespace pb = google::protobuf;

// A positional argument may be given by its name too: scripts read better with `--course 3`.
std::string OptionName(const std::string& flag) {
  return absl::StartsWith(flag, "--") || absl::StrContains(flag, ',') ? flag : absl::StrCat(flag, ",--", flag);
}

const pb::MethodDescriptor& Method(const std::string& method) {
  const std::string full = absl::StrCat("lectern.v1.", absl::StrReplaceAll(method, {{"/", "."}}));
  const pb::MethodDescriptor* found = pb::DescriptorPool::generated_pool()->FindMethodByName(full);
  GOOGLE_CHECK(found != nullptr) << full;
  return *found;
}

std::unique_ptr<pb::Message> New(const pb::Descriptor* type) {
  return std::unique_ptr<pb::Message>(pb::MessageFactory::generated_factory()->GetPrototype(type)->New());
}

std::string HelpOf(const Argument& argument, const pb::FieldDescriptor* field) {
  if (field == nullptr || field->enum_type() == nullptr) return argument.help;
  return absl::StrCat(argument.help, " (", EnumWords(*field->enum_type()), ")");
}

// A bad value is wrong usage, so it is found while parsing.
void AddArgument(CLI::App& app, const Argument& argument, const std::shared_ptr<pb::Message>& request) {
  const pb::FieldDescriptor* field = request->GetDescriptor()->FindFieldByName(argument.field);
  const auto set = [argument, request](const std::string& given) {
    absl::StatusOr<std::string> text = given;
    if (!argument.collection.empty()) text = FullName(argument.collection, given);
    const absl::Status status = text.ok() ? SetField(*request, argument.field, *text) : text.status();
    if (!status.ok()) throw CLI::ValidationError(argument.flag, std::string(status.message()));
  };
  const std::string help = HelpOf(argument, field);
  const std::string name = OptionName(argument.flag);
  if (field != nullptr && field->cpp_type() == pb::FieldDescriptor::CPPTYPE_BOOL) {
    app.add_flag_callback(
        argument.flag, [set] { set("true"); }, help);
    return;
  }
  CLI::Option* option = field != nullptr && field->is_repeated()
                            ? app.add_option_function<std::vector<std::string>>(
                                     name,
                                     [set](const std::vector<std::string>& all) {
                                       for (const std::string& one : all) set(one);
                                     },
                                     help)
                                  ->delimiter(',')
                            : app.add_option_function<std::string>(name, set, help);
  option->required(argument.required || !absl::StartsWith(argument.flag, "--"));
}

absl::Status CallAllPages(Connection& connection, const std::string& method, pb::Message& request, pb::Message* all) {
  const pb::FieldDescriptor* next = all->GetDescriptor()->FindFieldByName("next_page_token");
  if (next == nullptr) return connection.Call(method, request, all);
  const pb::FieldDescriptor* token = request.GetDescriptor()->FindFieldByName("page_token");
  std::string next_token;
  do {
    std::unique_ptr<pb::Message> page(all->New());
    RETURN_IF_ERROR(connection.Call(method, request, page.get()));
    next_token = page->GetReflection()->GetString(*page, next);
    page->GetReflection()->ClearField(page.get(), next);
    all->MergeFrom(*page);
    request.GetReflection()->SetString(&request, token, next_token);
  } while (!next_token.empty());
  return absl::OkStatus();
}

}  // namespace

Command Rpc(std::string path, std::string help, RpcCommand rpc) {
  Command command{std::move(path), std::move(help), nullptr};
  command.setup = [rpc = std::move(rpc)](CLI::App& app) -> Run {
    const pb::MethodDescriptor& method = Method(rpc.method);
    const std::shared_ptr<pb::Message> request = New(method.input_type());
    for (const Argument& argument : rpc.arguments) AddArgument(app, argument, request);
    return [rpc, request, &method](Connection& connection) -> absl::Status {
      for (const auto& [field, value] : rpc.fixed) RETURN_IF_ERROR(SetField(*request, field, value));
      const std::unique_ptr<pb::Message> response = New(method.output_type());
      RETURN_IF_ERROR(CallAllPages(connection, rpc.method, *request, response.get()));
      connection.Print(*response,
                       rpc.done.empty() ? MessageTable(*response, rpc.columns) : absl::StrCat(rpc.done, "\n"));
      return absl::OkStatus();
    };
  };
  return command;
}

}  // namespace lectern::cli
