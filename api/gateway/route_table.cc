#include "api/gateway/route_table.h"

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "api/gateway/field_text.h"
#include "common/base/status.h"
#include "google/api/annotations.pb.h"

namespace lectern::api {
namespace {

namespace pb = google::protobuf;

std::pair<std::string, std::string> VerbAndPath(const google::api::HttpRule& rule) {
  switch (rule.pattern_case()) {
    case google::api::HttpRule::kGet:
      return {"GET", rule.get()};
    case google::api::HttpRule::kPut:
      return {"PUT", rule.put()};
    case google::api::HttpRule::kPost:
      return {"POST", rule.post()};
    case google::api::HttpRule::kDelete:
      return {"DELETE", rule.delete_()};
    case google::api::HttpRule::kPatch:
      return {"PATCH", rule.patch()};
    default:
      return {rule.custom().kind(), rule.custom().path()};
  }
}

absl::StatusOr<FieldPath> Resolve(const pb::Descriptor& type, absl::string_view name) {
  FieldPath fields;
  const pb::Descriptor* message = &type;
  for (absl::string_view part : absl::StrSplit(name, '.')) {
    const pb::FieldDescriptor* field = message == nullptr ? nullptr : message->FindFieldByName(std::string(part));
    if (field == nullptr || field->is_repeated()) return absl::InternalError(absl::StrCat("no single field \"", name, "\""));
    fields.push_back(field);
    message = field->message_type();
  }
  if (message != nullptr) return absl::InternalError(absl::StrCat("\"", name, "\" is a message"));
  return fields;
}

absl::Status SetBody(const google::api::HttpRule& rule, Route& route) {
  if (!rule.response_body().empty()) return absl::InternalError("response_body is not supported");
  if (rule.body() == "*") route.body = Route::Body::kWhole;
  if (rule.body().empty() || rule.body() == "*") return absl::OkStatus();
  route.body = Route::Body::kField;
  route.body_field = route.method->descriptor->input_type()->FindFieldByName(rule.body());
  bool message = route.body_field != nullptr && route.body_field->message_type() != nullptr && !route.body_field->is_repeated();
  return message ? absl::OkStatus() : absl::InternalError(absl::StrCat("no message field \"", rule.body(), "\" for the body"));
}

absl::StatusOr<Route> MakeRoute(const Method& method, const google::api::HttpRule& rule) {
  Route route;
  route.method = &method;
  auto [verb, path] = VerbAndPath(rule);
  route.verb = verb;
  ASSIGN_OR_RETURN(route.path, PathTemplate::Parse(path));
  for (const std::string& variable : route.path.Variables()) {
    ASSIGN_OR_RETURN(route.variables[variable], Resolve(*method.descriptor->input_type(), variable));
  }
  RETURN_IF_ERROR(SetBody(rule, route));
  return route;
}

std::vector<google::api::HttpRule> RulesOf(const Method& method) {
  std::vector<google::api::HttpRule> rules;
  if (!method.descriptor->options().HasExtension(google::api::http)) return rules;
  rules.push_back(method.descriptor->options().GetExtension(google::api::http));
  const google::api::HttpRule first = rules[0];
  rules.insert(rules.end(), first.additional_bindings().begin(), first.additional_bindings().end());
  return rules;
}

}  // namespace

absl::StatusOr<RouteTable> RouteTable::Build(const Registry& registry) {
  RouteTable table;
  for (const auto& [name, method] : registry.methods()) {
    if (method.access.who == Who::kResource || method.access.who == Who::kNobody) continue;
    for (const google::api::HttpRule& rule : RulesOf(method)) {
      absl::StatusOr<Route> route = MakeRoute(method, rule);
      absl::Status status = route.ok() ? table.Add(*std::move(route)) : route.status();
      if (!status.ok()) return absl::InternalError(absl::StrCat("HTTP route of ", method.short_name, ": ", status.message()));
    }
  }
  return table;
}

absl::Status RouteTable::Add(Route route) {
  std::vector<Route>& same_size = routes_[route.path.size()];
  for (const Route& other : same_size) {
    if (other.verb == route.verb && other.path.Overlaps(route.path)) {
      return absl::InternalError(absl::StrCat("the path can be one of ", other.method->short_name, " too"));
    }
  }
  same_size.push_back(std::move(route));
  return absl::OkStatus();
}

RouteTable::Match RouteTable::Find(absl::string_view verb, absl::string_view path) const {
  Match match;
  std::optional<RequestPath> split = RequestPath::Split(path);
  auto same_size = split ? routes_.find(split->segments.size()) : routes_.end();
  if (same_size == routes_.end()) return match;
  absl::string_view wanted = verb == "HEAD" ? "GET" : verb;
  for (const Route& route : same_size->second) {
    std::optional<PathTemplate::Values> values = route.path.Match(*split);
    if (!values) continue;
    if (route.verb == wanted) return {&route, *std::move(values), {}};
    match.verbs.push_back(route.verb);
    if (route.verb == "GET") match.verbs.push_back("HEAD");
  }
  std::sort(match.verbs.begin(), match.verbs.end());
  return match;
}

std::vector<const Route*> RouteTable::routes() const {
  std::vector<const Route*> all;
  for (const auto& [size, routes] : routes_) {
    for (const Route& route : routes) all.push_back(&route);
  }
  return all;
}

absl::Status FillFromPath(const Route& route, const PathTemplate::Values& values, pb::Message& request) {
  for (const auto& [variable, value] : values) {
    const FieldPath& fields = route.variables.find(variable)->second;
    pb::Message* message = &request;
    for (size_t i = 0; i + 1 < fields.size(); ++i) message = message->GetReflection()->MutableMessage(message, fields[i]);
    const pb::FieldDescriptor& field = *fields.back();
    std::unique_ptr<pb::Message> before(message->New());
    before->CopyFrom(*message);
    bool given = message->GetReflection()->HasField(*message, &field);
    RETURN_IF_ERROR(SetFromText(*message, field, value, variable));
    if (given && before->SerializeAsString() != message->SerializeAsString()) {
      return WithReason(absl::InvalidArgumentError(absl::StrCat("field \"", variable, "\" of the body is not what the path says")),
                        "BAD_FIELD");
    }
  }
  return absl::OkStatus();
}

}  // namespace lectern::api
