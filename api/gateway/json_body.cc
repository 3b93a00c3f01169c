#include "api/gateway/json_body.h"

#include <google/protobuf/descriptor.h>

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "api/gateway/field_text.h"
#include "common/base/status.h"

namespace lectern::api {
namespace {

namespace pb = google::protobuf;
using Kind = JsonValue::Kind;

constexpr size_t kMaxShownName = 100;

absl::Status Wrong(absl::string_view path, absl::string_view why) {
  return WithReason(absl::InvalidArgumentError(absl::StrCat("field \"", path, "\" ", why)), "BAD_FIELD");
}

absl::Status Unknown(absl::string_view path, const pb::Descriptor& type) {
  return WithReason(absl::InvalidArgumentError(absl::StrCat("there is no field \"", path, "\" in ", type.name())), "UNKNOWN_FIELD");
}

// Whether a JSON value of that kind can be the text of such a field.
bool Fits(Kind kind, const pb::FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_STRING:
      return kind == Kind::kString;
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      return kind == Kind::kBool;
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      return kind == (IsTextMessage(field) ? Kind::kString : Kind::kObject);
    default:
      return kind == Kind::kNumber || kind == Kind::kString;
  }
}

absl::string_view WordFor(const pb::FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_STRING:
      return "must be text in quotation marks";
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      return "must be true or false";
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      return IsTextMessage(field) ? "must be text in quotation marks" : "must be an object";
    case pb::FieldDescriptor::CPPTYPE_ENUM:
      return "must be the name of a value in quotation marks";
    default:
      return "must be a number";
  }
}

// One value of a field, or one item of a repeated one.
absl::Status FillOne(const JsonValue& value, pb::Message& message, const pb::FieldDescriptor& field, absl::string_view path) {
  if (!Fits(value.kind, field)) return Wrong(path, WordFor(field));
  if (value.kind != Kind::kObject) return SetFromText(message, field, value.text, path);
  const pb::Reflection& reflection = *message.GetReflection();
  return FillMessage(value, *(field.is_repeated() ? reflection.AddMessage(&message, &field)
                                                  : reflection.MutableMessage(&message, &field)), path);
}

absl::Status FillList(const JsonValue& value, pb::Message& message, const pb::FieldDescriptor& field, absl::string_view path) {
  if (value.kind != Kind::kArray || field.is_map()) return Wrong(path, "must be a list");
  for (size_t i = 0; i < value.items.size(); ++i) {
    RETURN_IF_ERROR(FillOne(value.items[i], message, field, absl::StrCat(path, "[", i, "]")));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status FillMessage(const JsonValue& value, pb::Message& message, absl::string_view path) {
  if (value.kind != Kind::kObject) {
    if (!path.empty()) return Wrong(path, "must be an object");
    return WithReason(absl::InvalidArgumentError("the body must be a JSON object"), "BAD_JSON");
  }
  std::set<const pb::FieldDescriptor*> seen;
  for (const auto& [name, member] : value.members) {
    std::string full = absl::StrCat(path, path.empty() ? "" : ".", absl::string_view(name).substr(0, kMaxShownName));
    const pb::FieldDescriptor* field = FindField(*message.GetDescriptor(), name);
    if (field == nullptr) return Unknown(full, *message.GetDescriptor());
    if (!seen.insert(field).second) return Wrong(full, "is there under both of its names");
    if (member.kind == Kind::kNull) continue;
    const pb::OneofDescriptor* choice = field->real_containing_oneof();
    if (choice != nullptr && message.GetReflection()->HasOneof(message, choice)) {
      return Wrong(full, absl::StrCat("excludes another one that is there: only one of \"", choice->name(), "\" may be"));
    }
    RETURN_IF_ERROR(field->is_repeated() ? FillList(member, message, *field, full) : FillOne(member, message, *field, full));
  }
  return absl::OkStatus();
}

}  // namespace lectern::api
