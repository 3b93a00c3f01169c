// Path templates of google.api.http: "/v1/{name=lectures/*}:play".
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace lectern::api {

// The path of a request, cut up. Views into the path, undecoded.
struct RequestPath {
  // Absent where it does not begin with '/', or an escape is broken.
  static std::optional<RequestPath> Split(absl::string_view path);

  std::vector<absl::string_view> segments;
  absl::string_view verb;   // behind the last ':' of the last segment; without it. A ':' that is part of a value is sent as %3A
};

class PathTemplate {
 public:
  // A variable without pattern stands for one segment. "**" is not supported. Error: kInvalidArgument.
  static absl::StatusOr<PathTemplate> Parse(absl::string_view text);

  // Variable (path of a field) to decoded value. Absent where the path does not match. '*' stands for one segment that is not
  // empty. A %2F stays as it is in a variable of several segments, where a '/' would mean something else.
  using Values = std::vector<std::pair<absl::string_view, std::string>>;
  std::optional<Values> Match(const RequestPath& path) const;

  // True where some path matches both.
  bool Overlaps(const PathTemplate& other) const;

  std::vector<std::string> Variables() const;
  size_t size() const { return segments_.size(); }

 private:
  struct Variable {
    std::string field;
    size_t first = 0;
    size_t count = 1;
  };

  absl::Status AddVariable(absl::string_view text);
  absl::Status AddSegments(absl::string_view text);

  std::vector<std::string> segments_;   // "*" or a literal
  std::vector<Variable> variables_;
  std::string verb_;
};

}  // namespace lectern::api
