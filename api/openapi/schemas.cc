#include "api/openapi/schemas.h"

#include "api/openapi/descriptors.h"
#include "lectern/v1/options.pb.h"

namespace lectern::api {
namespace {

namespace pb = google::protobuf;
using Json = Schemas::Json;

std::string RefOf(const std::string& name) { return "#/components/schemas/" + name; }

// Messages that JSON writes in a form of their own. Null: an ordinary one.
Json WellKnown(const std::string& name) {
  if (name == "google.protobuf.Timestamp") return {{"type", "string"}, {"format", "date-time"}};
  if (name == "google.protobuf.Duration") {
    return {{"type", "string"}, {"pattern", "^-?[0-9]+(\\.[0-9]{1,9})?s$"}, {"examples", {"90.5s"}}};
  }
  if (name == "google.protobuf.FieldMask") return {{"type", "string"}, {"examples", {"title,position"}}};
  if (name == "google.protobuf.Empty") return {{"type", "object"}, {"maxProperties", 0}};
  return nullptr;
}

Json Scalar(const pb::FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_INT32:
      return {{"type", "integer"}, {"format", "int32"}};
    case pb::FieldDescriptor::CPPTYPE_UINT32:
      return {{"type", "integer"}, {"minimum", 0}, {"maximum", 4294967295}};
    case pb::FieldDescriptor::CPPTYPE_INT64:
    case pb::FieldDescriptor::CPPTYPE_UINT64:
      return {{"type", "string"}, {"format", "int64"}, {"pattern", "^-?[0-9]+$"}};
    case pb::FieldDescriptor::CPPTYPE_DOUBLE:
    case pb::FieldDescriptor::CPPTYPE_FLOAT:
      return {{"type", "number"}, {"format", "double"}};
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      return {{"type", "boolean"}};
    default:
      break;
  }
  if (field.type() == pb::FieldDescriptor::TYPE_BYTES) return {{"type", "string"}, {"contentEncoding", "base64"}};
  Json text = {{"type", "string"}};
  if (field.options().GetExtension(v1::secret)) text["format"] = "password";
  return text;
}

}  // namespace

Json Schemas::OfValue(const pb::FieldDescriptor& field) {
  if (field.message_type() != nullptr) return OfMessage(*field.message_type());
  if (field.enum_type() != nullptr) return OfEnum(*field.enum_type());
  return Scalar(field);
}

Json Schemas::OfField(const pb::FieldDescriptor& field) {
  Json schema = OfValue(field);
  if (field.is_repeated()) schema = {{"type", "array"}, {"items", std::move(schema)}};
  std::string comment = Prose(CommentOf(field));
  if (!comment.empty()) schema["description"] = comment;
  if (field.options().deprecated()) schema["deprecated"] = true;
  return schema;
}

Json Schemas::Reference(const pb::Descriptor& message) { return OfMessage(message); }

Json Schemas::Body(const pb::Descriptor& message, const std::set<std::string>& given) {
  if (given.empty()) return OfMessage(message);
  return Object(message, given);
}

Json Schemas::OfMessage(const pb::Descriptor& message) {
  Json known = WellKnown(message.full_name());
  if (!known.is_null()) return known;
  if (components_.emplace(message.name(), nullptr).second) components_[message.name()] = Object(message, {});
  return {{"$ref", RefOf(message.name())}};
}

Json Schemas::OfEnum(const pb::EnumDescriptor& type) {
  if (components_.emplace(type.name(), nullptr).second) {
    Json names = Json::array();
    std::string words = Prose(CommentOf(type));
    for (int i = 0; i < type.value_count(); ++i) {
      names.push_back(type.value(i)->name());
      std::string comment = Prose(CommentOf(*type.value(i)));
      if (!comment.empty()) words += (words.empty() ? "" : "\n\n") + ("`" + type.value(i)->name() + "`: " + comment);
    }
    Json schema = {{"type", "string"}, {"enum", std::move(names)}};
    if (!words.empty()) schema["description"] = words;
    components_[type.name()] = std::move(schema);
  }
  return {{"$ref", RefOf(type.name())}};
}

Json Schemas::Object(const pb::Descriptor& message, const std::set<std::string>& given) {
  Json schema = {{"type", "object"}};
  std::string comment = Prose(CommentOf(message));
  if (!comment.empty()) schema["description"] = comment;
  Json properties = Json::object();
  for (int i = 0; i < message.field_count(); ++i) {
    const pb::FieldDescriptor& field = *message.field(i);
    if (!given.contains(field.name())) properties[field.json_name()] = OfField(field);
  }
  schema["properties"] = std::move(properties);
  schema["additionalProperties"] = false;
  return schema;
}

Json Schemas::Components() {
  Json all = Json::object();
  for (auto& [name, schema] : components_) all[name] = schema;
  return all;
}

}  // namespace lectern::api
