#include "api/gateway/path_template.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/base/status.h"
#include "common/base/text.h"

namespace lectern::api {
namespace {

absl::Status Bad(absl::string_view why, absl::string_view text) {
  return absl::InvalidArgumentError(absl::StrCat("path template: ", why, ": ", text));
}

std::string Decoded(absl::string_view segment, bool alone) {
  std::string text = PercentDecode(segment).value_or("");
  return alone ? text : absl::StrReplaceAll(text, {{"/", "%2F"}});
}

}  // namespace

std::optional<RequestPath> RequestPath::Split(absl::string_view path) {
  if (path.empty() || path[0] != '/' || !PercentDecode(path)) return std::nullopt;
  RequestPath split;
  split.segments = absl::StrSplit(path.substr(1), '/');
  absl::string_view& last = split.segments.back();
  size_t colon = last.rfind(':');
  if (colon != absl::string_view::npos) {
    split.verb = last.substr(colon + 1);
    last = last.substr(0, colon);
  }
  return split;
}

absl::StatusOr<PathTemplate> PathTemplate::Parse(absl::string_view text) {
  PathTemplate result;
  if (text.empty() || text[0] != '/') return Bad("does not begin with '/'", text);
  size_t colon = text.rfind(':');
  absl::string_view rest = text.substr(1);
  if (colon != absl::string_view::npos) {
    result.verb_ = std::string(text.substr(colon + 1));
    rest = text.substr(1, colon - 1);
    if (result.verb_.empty() || result.verb_.find_first_of("/{}") != std::string::npos) return Bad("broken verb", text);
  }
  while (!rest.empty()) {
    bool variable = rest[0] == '{';
    size_t end = rest.find(variable ? '}' : '/');
    if (variable && end == absl::string_view::npos) return Bad("'{' without '}'", text);
    RETURN_IF_ERROR(variable ? result.AddVariable(rest.substr(1, end - 1)) : result.AddSegments(rest.substr(0, end)));
    rest = end == absl::string_view::npos ? "" : rest.substr(end + (variable ? 1 : 0));
    if (rest.empty()) break;
    if (rest[0] != '/' || rest.size() == 1) return Bad("broken segment", text);
    rest.remove_prefix(1);
  }
  if (result.segments_.empty()) return Bad("no segment", text);
  return result;
}

absl::Status PathTemplate::AddVariable(absl::string_view text) {
  size_t equals = text.find('=');
  Variable variable;
  variable.field = std::string(text.substr(0, equals));
  variable.first = segments_.size();
  RETURN_IF_ERROR(AddSegments(equals == absl::string_view::npos ? "*" : text.substr(equals + 1)));
  variable.count = segments_.size() - variable.first;
  if (variable.field.empty()) return Bad("variable without a name", text);
  variables_.push_back(std::move(variable));
  return absl::OkStatus();
}

absl::Status PathTemplate::AddSegments(absl::string_view text) {
  for (absl::string_view segment : absl::StrSplit(text, '/')) {
    if (segment.empty() || (segment != "*" && segment.find_first_of("*{}:%") != absl::string_view::npos)) {
      return Bad("broken segment", text);
    }
    segments_.emplace_back(segment);
  }
  return absl::OkStatus();
}

std::optional<PathTemplate::Values> PathTemplate::Match(const RequestPath& path) const {
  if (path.segments.size() != segments_.size() || path.verb != verb_) return std::nullopt;
  for (size_t i = 0; i < segments_.size(); ++i) {
    if (segments_[i] == "*" ? path.segments[i].empty() : path.segments[i] != segments_[i]) return std::nullopt;
  }
  Values values;
  for (const Variable& variable : variables_) {
    std::string value;
    for (size_t i = 0; i < variable.count; ++i) {
      absl::StrAppend(&value, i == 0 ? "" : "/", Decoded(path.segments[variable.first + i], variable.count == 1));
    }
    values.emplace_back(variable.field, std::move(value));
  }
  return values;
}

bool PathTemplate::Overlaps(const PathTemplate& other) const {
  if (segments_.size() != other.segments_.size() || verb_ != other.verb_) return false;
  for (size_t i = 0; i < segments_.size(); ++i) {
    bool literal = segments_[i] != "*" && other.segments_[i] != "*";
    if (literal && segments_[i] != other.segments_[i]) return false;
  }
  return true;
}

std::vector<std::string> PathTemplate::Variables() const {
  std::vector<std::string> fields;
  for (const Variable& variable : variables_) fields.push_back(variable.field);
  return fields;
}

}  // namespace lectern::api
