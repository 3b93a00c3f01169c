// JSON schemas (2020-12) of messages as the gateway reads and writes them. Internal to this room.
#pragma once

#include <google/protobuf/descriptor.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

namespace lectern::api {

class Schemas {
 public:
  using Json = nlohmann::ordered_json;

  // Of one value of the field, without the repetition; a message by reference to components/schemas.
  Json OfValue(const google::protobuf::FieldDescriptor& field);
  // Of the field as it stands in a message, with its comment.
  Json OfField(const google::protobuf::FieldDescriptor& field);
  // Of the message itself, for answers.
  Json Reference(const google::protobuf::Descriptor& message);
  // Of a request's body: the message without the fields that the path gives.
  Json Body(const google::protobuf::Descriptor& message, const std::set<std::string>& given);

  // All that was referred to, by name.
  Json Components();

 private:
  Json Object(const google::protobuf::Descriptor& message, const std::set<std::string>& given);
  Json OfMessage(const google::protobuf::Descriptor& message);
  Json OfEnum(const google::protobuf::EnumDescriptor& type);

  std::map<std::string, Json> components_;
};

}  // namespace lectern::api
