#include "api/gateway/query.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "api/gateway/field_text.h"
#include "common/base/status.h"
#include "common/base/text.h"

namespace lectern::api {
namespace {

namespace pb = google::protobuf;

constexpr size_t kMaxShownName = 100;

absl::Status Bad(absl::string_view name, absl::string_view why, absl::string_view reason) {
  absl::string_view shown = name.substr(0, kMaxShownName);
  return WithReason(absl::InvalidArgumentError(absl::StrCat("query parameter \"", shown, "\" ", why)), reason);
}

std::optional<std::string> Decode(absl::string_view text) { return PercentDecode(absl::StrReplaceAll(text, {{"+", " "}})); }

// From the request down to the parameter's field; empty where there is none.
FieldPath Resolve(const pb::Descriptor& type, absl::string_view name) {
  FieldPath fields;
  const pb::Descriptor* message = &type;
  for (absl::string_view part : absl::StrSplit(name, '.')) {
    const pb::FieldDescriptor* field = message == nullptr ? nullptr : FindField(*message, part);
    bool passable = fields.empty() || !fields.back()->is_repeated();
    if (field == nullptr || !passable) return {};
    fields.push_back(field);
    message = IsTextMessage(*field) ? nullptr : field->message_type();
  }
  if (message != nullptr) return {};
  return fields;
}

bool GivenElsewhere(const Route& route, const FieldPath& fields) {
  if (route.body == Route::Body::kWhole || fields.front() == route.body_field) return true;
  return std::any_of(route.variables.begin(), route.variables.end(), [&](const auto& entry) { return entry.second == fields; });
}

absl::Status FillOne(const Route& route, absl::string_view pair, std::set<FieldPath>& seen, pb::Message& request) {
  size_t equals = std::min(pair.find('='), pair.size());
  std::optional<std::string> name = Decode(pair.substr(0, equals));
  std::optional<std::string> value = Decode(pair.substr(std::min(equals + 1, pair.size())));
  if (!name || !value) return Bad(pair.substr(0, equals), "has a broken %-escape", "BAD_FIELD");
  FieldPath fields = Resolve(*request.GetDescriptor(), *name);
  if (fields.empty()) return Bad(*name, "does not exist", "UNKNOWN_PARAMETER");
  if (GivenElsewhere(route, fields)) return Bad(*name, "does not exist: the path or the body says it", "UNKNOWN_PARAMETER");
  if (!seen.insert(fields).second && !fields.back()->is_repeated()) return Bad(*name, "is there twice", "BAD_FIELD");
  pb::Message* message = &request;
  for (size_t i = 0; i + 1 < fields.size(); ++i) message = message->GetReflection()->MutableMessage(message, fields[i]);
  return SetFromText(*message, *fields.back(), *value, *name);
}

}  // namespace

absl::Status FillFromQuery(const Route& route, absl::string_view query, pb::Message& request) {
  std::set<FieldPath> seen;
  for (absl::string_view pair : absl::StrSplit(query, '&', absl::SkipEmpty())) {
    RETURN_IF_ERROR(FillOne(route, pair, seen, request));
  }
  return absl::OkStatus();
}

}  // namespace lectern::api
