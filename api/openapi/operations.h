// One operation of the description: a method by its HTTP option. Internal to this room.
#pragma once

#include <google/protobuf/descriptor.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "api/openapi/schemas.h"

namespace lectern::api {

struct Operation {
  std::string path;               // "/v1/courses/{course}:pin"
  std::string verb;               // "post"
  Schemas::Json description;      // Operation Object
};

// All bindings of the method; none where it has no HTTP option, or is not for people.
std::vector<Operation> OperationsOf(const google::protobuf::MethodDescriptor& method, Schemas& schemas);

}  // namespace lectern::api
