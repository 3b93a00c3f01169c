#include "api/openapi/operations.h"

#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "api/openapi/descriptors.h"
#include "google/api/annotations.pb.h"
#include "lectern/v1/options.pb.h"

namespace lectern::api {
namespace {

namespace pb = google::protobuf;
using Json = Schemas::Json;

struct Binding {
  std::string verb;
  std::string path;
  std::string body;
};

Binding ReadBinding(const google::api::HttpRule& rule) {
  switch (rule.pattern_case()) {
    case google::api::HttpRule::kGet:
      return {"get", rule.get(), rule.body()};
    case google::api::HttpRule::kPut:
      return {"put", rule.put(), rule.body()};
    case google::api::HttpRule::kPost:
      return {"post", rule.post(), rule.body()};
    case google::api::HttpRule::kDelete:
      return {"delete", rule.delete_(), rule.body()};
    default:
      return {"patch", rule.patch(), rule.body()};
  }
}

// "courses" gives "course".
std::string Singular(absl::string_view collection) { return std::string(absl::StripSuffix(collection, "s")); }

Json PathParameter(const std::string& name, const std::string& words) {
  Json text = {{"type", "string"}, {"minLength", 1}};
  return {{"name", name}, {"in", "path"}, {"required", true}, {"description", words}, {"schema", std::move(text)}};
}

// The template with a parameter for each '*': "/v1/{name=courses/*}:pin" gives "/v1/courses/{course}:pin". Adds the
// parameters, and the fields that they give.
std::string PlainPath(const std::string& text, Json& parameters, std::set<std::string>& given) {
  std::string path;
  size_t at = 0;
  while (at < text.size()) {
    const size_t open = text.find('{', at);
    path += text.substr(at, open - at);
    if (open == std::string::npos) break;
    const size_t close = text.find('}', open);
    const std::pair<std::string, std::string> variable =
        absl::StrSplit(text.substr(open + 1, close - open - 1), absl::MaxSplits('=', 1));
    given.insert(variable.first);
    std::string collection, before;
    for (absl::string_view part : absl::StrSplit(variable.second.empty() ? "*" : variable.second, '/')) {
      if (part != "*") {
        collection = std::string(part);
        absl::StrAppend(&before, part, "/");
        path += before;
        before.clear();
        continue;
      }
      const std::string name = collection.empty() ? variable.first : Singular(collection);
      absl::StrAppend(&path, "{", name, "}");
      parameters.push_back(PathParameter(
          name, collection.empty() ? "" : absl::StrCat("What stands behind \"", collection, "/\" in `", variable.first, "`.")));
    }
    at = close + 1;
  }
  return path;
}

// Of the fields that neither path nor body give; those of messages with dots.
void AddQuery(const pb::Descriptor& message, const std::string& prefix, const std::set<std::string>& given, const std::string& body,
              Schemas& schemas, Json& parameters) {
  for (int i = 0; i < message.field_count(); ++i) {
    const pb::FieldDescriptor& field = *message.field(i);
    const bool elsewhere = prefix.empty() && (given.contains(field.name()) || field.name() == body);
    if (elsewhere) continue;
    Json schema = schemas.OfField(field);
    const bool is_object = field.message_type() != nullptr && !schema.contains("type");
    if (is_object) {
      if (field.is_repeated()) continue;
      AddQuery(*field.message_type(), absl::StrCat(prefix, field.json_name(), "."), given, body, schemas, parameters);
      continue;
    }
    Json parameter = {{"name", prefix + field.json_name()}, {"in", "query"}};
    if (schema.contains("description")) {
      parameter["description"] = schema["description"];
      schema.erase("description");
    }
    parameter["schema"] = std::move(schema);
    parameters.push_back(std::move(parameter));
  }
}

std::string WhoMayCall(const v1::Access& access) {
  const std::string scope = access.scope().empty() ? "" : absl::StrCat(" (`", access.scope(), "`)");
  switch (access.who()) {
    case v1::ANYONE:
      return "For anyone.";
    case v1::USER:
      return "For anyone who is signed in.";
    case v1::VIEWER:
      return absl::StrCat("For who may watch", scope, ".");
    case v1::LECTURER:
      return absl::StrCat("For lecturers of the course", scope, ".");
    case v1::MAINTAINER:
      return absl::StrCat("For maintainers of the organization", scope, ".");
    default:
      return "For administrators.";
  }
}

Json Answer(const pb::MethodDescriptor& method, Schemas& schemas) {
  Json content;
  if (method.output_type()->full_name() == "google.api.HttpBody") {
    content["*/*"] = Json::object();
  } else if (method.server_streaming()) {
    content["text/event-stream"] = {{"schema", {{"type", "string"}}},
                                    {"x-event-schema", schemas.Reference(*method.output_type())}};
  } else {
    content["application/json"] = {{"schema", schemas.Reference(*method.output_type())}};
  }
  const char* words = method.server_streaming() ? "Events; the data of each is one message." : "The answer.";
  return {{"description", words}, {"content", std::move(content)}};
}

Json Describe(const pb::MethodDescriptor& method, const Binding& binding, size_t number, Schemas& schemas, std::string& path) {
  const v1::Access& access = method.options().GetExtension(v1::access);
  Json parameters = Json::array();
  std::set<std::string> given;
  path = PlainPath(binding.path, parameters, given);
  if (binding.body != "*") AddQuery(*method.input_type(), "", given, binding.body, schemas, parameters);
  const std::string id = absl::StrCat(method.service()->name(), "_", method.name(),
                                      number == 0 ? "" : absl::StrCat("_", number + 1));
  const std::string comment = Prose(CommentOf(method));
  Json operation = {{"operationId", id},
                    {"tags", {method.service()->name()}},
                    {"summary", method.name()},
                    {"description", absl::StrCat(comment, comment.empty() ? "" : "\n\n", WhoMayCall(access))}};
  if (!parameters.empty()) operation["parameters"] = std::move(parameters);
  if (binding.body == "*") {
    operation["requestBody"] = {{"content", {{"application/json", {{"schema", schemas.Body(*method.input_type(), given)}}}}}};
  } else if (!binding.body.empty()) {
    const pb::FieldDescriptor* field = method.input_type()->FindFieldByName(binding.body);
    operation["requestBody"] = {{"required", true}, {"content", {{"application/json", {{"schema", schemas.OfValue(*field)}}}}}};
  }
  operation["responses"] = {{"200", Answer(method, schemas)}, {"default", {{"$ref", "#/components/responses/Error"}}}};
  Json signed_in = {{{"bearer", Json::array()}}, {{"session", Json::array()}}};
  if (access.who() == v1::ANYONE) signed_in.insert(signed_in.begin(), Json::object());
  operation["security"] = std::move(signed_in);
  return operation;
}

}  // namespace

std::vector<Operation> OperationsOf(const pb::MethodDescriptor& method, Schemas& schemas) {
  std::vector<Operation> operations;
  const v1::Who who = method.options().GetExtension(v1::access).who();
  if (!method.options().HasExtension(google::api::http) || who == v1::RESOURCE || who == v1::WHO_UNSPECIFIED) return operations;
  const google::api::HttpRule& first = method.options().GetExtension(google::api::http);
  std::vector<Binding> bindings = {ReadBinding(first)};
  for (const google::api::HttpRule& more : first.additional_bindings()) bindings.push_back(ReadBinding(more));
  for (size_t i = 0; i < bindings.size(); ++i) {
    Operation operation;
    operation.verb = bindings[i].verb;
    operation.description = Describe(method, bindings[i], i, schemas, operation.path);
    operations.push_back(std::move(operation));
  }
  return operations;
}

}  // namespace lectern::api
