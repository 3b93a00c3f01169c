// JSON text as a tree, read strictly (RFC 8259): one value, no duplicate names, valid UTF-8, bounded depth and number of values.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace lectern::api {

inline constexpr size_t kMaxJsonDepth = 32;
inline constexpr size_t kMaxJsonValues = 20'000;   // one takes about 100 bytes of memory, and two of text

struct JsonMember;

struct JsonValue {
  enum class Kind { kNull, kBool, kNumber, kString, kArray, kObject };

  Kind kind = Kind::kNull;
  std::string text;                                          // string: its value; number: as written; bool: "true" or "false"
  std::vector<JsonValue> items;
  std::vector<JsonMember> members;                           // in order, names are unique
};

struct JsonMember {
  std::string name;
  JsonValue value;
};

// Error: kInvalidArgument/BAD_JSON; the message says what is wrong and where, and repeats nothing of the text but names.
absl::StatusOr<JsonValue> ParseJson(absl::string_view text);

}  // namespace lectern::api
