// What of a message may be written down.
#pragma once

#include <google/protobuf/message.h>

#include <string>

namespace lectern::api {

// `message` as compact JSON without the values of fields marked `secret`, at any depth; cut at `max_bytes`.
std::string WithoutSecrets(const google::protobuf::Message& message, size_t max_bytes);

// The text field of that name; empty where there is none.
std::string TextField(const google::protobuf::Message& message, const std::string& name);

}  // namespace lectern::api
