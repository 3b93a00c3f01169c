// Which method answers which HTTP request, by the google.api.http options of the registry's methods.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "api/calls/registry.h"
#include "api/gateway/path_template.h"

namespace lectern::api {

// From the request message down to a field.
using FieldPath = std::vector<const google::protobuf::FieldDescriptor*>;

struct Route {
  enum class Body { kNone, kWhole, kField };

  const Method* method = nullptr;
  std::string verb;                       // "GET"
  PathTemplate path;
  std::map<std::string, FieldPath, std::less<>> variables;
  Body body = Body::kNone;
  const google::protobuf::FieldDescriptor* body_field = nullptr;   // kField: a message field of the request
};

// Immutable after Build; thread-safe.
class RouteTable {
 public:
  // All bindings of all methods that have the option. Methods for resources (Who::kResource) and for nobody have no route, whatever
  // their options say. `registry` must outlive the table. Error: kInternal where an option cannot work or two routes overlap.
  static absl::StatusOr<RouteTable> Build(const Registry& registry);

  struct Match {
    const Route* route = nullptr;         // null: nothing of that verb
    PathTemplate::Values values;
    std::vector<std::string> verbs;       // where there is no route: what the path has; empty: there is no such path
  };
  // HEAD is answered by GET's route. `path` is undecoded; the values' keys live as long as the table.
  Match Find(absl::string_view verb, absl::string_view path) const;

  // In no particular order.
  std::vector<const Route*> routes() const;

 private:
  absl::Status Add(Route route);

  std::map<size_t, std::vector<Route>> routes_;   // by number of segments
};

// Sets the variables' fields. They must not be set to something else already (by a body). Error: kInvalidArgument/BAD_FIELD.
absl::Status FillFromPath(const Route& route, const PathTemplate::Values& values, google::protobuf::Message& request);

}  // namespace lectern::api
