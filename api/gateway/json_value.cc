#include "api/gateway/json_value.h"

#include <nlohmann/json.hpp>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace lectern::api {
namespace {

absl::Status BadJson(absl::string_view why) {
  return WithReason(absl::InvalidArgumentError(absl::StrCat("the body is not acceptable JSON: ", why)), "BAD_JSON");
}

// Builds the tree. Every function says whether to go on.
class Builder {
 public:
  explicit Builder(JsonValue& root) { places_.push_back({&root, {}}); }

  const absl::Status& error() const { return error_; }

  bool null() { return Put(JsonValue::Kind::kNull, ""); }
  bool boolean(bool value) { return Put(JsonValue::Kind::kBool, value ? "true" : "false"); }
  bool number_integer(int64_t value) { return Put(JsonValue::Kind::kNumber, absl::StrCat(value)); }
  bool number_unsigned(uint64_t value) { return Put(JsonValue::Kind::kNumber, absl::StrCat(value)); }
  bool number_float(double, const std::string& text) { return Put(JsonValue::Kind::kNumber, text); }
  bool string(std::string& value) { return Put(JsonValue::Kind::kString, std::move(value)); }
  bool binary(std::vector<uint8_t>&) { return Fail("it has bytes"); }
  bool start_object(size_t) { return Open(JsonValue::Kind::kObject); }
  bool end_object() { return Close(); }
  bool start_array(size_t) { return Open(JsonValue::Kind::kArray); }
  bool end_array() { return Close(); }

  bool key(std::string& name) {
    Place& place = places_.back();
    if (!place.names.insert(name).second) return Fail(absl::StrCat("\"", name.substr(0, 100), "\" stands in one object twice"));
    place.value->members.push_back({std::move(name), JsonValue()});
    return true;
  }

  bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception&) {
    return Fail(absl::StrCat("it breaks off or is wrong at byte ", position));
  }

 private:
  struct Place {
    JsonValue* value;                            // what is being filled
    absl::flat_hash_set<std::string> names;
  };

  bool Fail(absl::string_view why) {
    error_ = BadJson(why);
    return false;
  }

  // The value that comes next: a member's, an array's new last, or the root.
  JsonValue* Next() {
    JsonValue& place = *places_.back().value;
    if (depth_ == 0) return &place;
    if (place.kind == JsonValue::Kind::kObject) return &place.members.back().value;
    return &place.items.emplace_back();
  }

  bool Put(JsonValue::Kind kind, std::string text) {
    if (++values_ > kMaxJsonValues) return Fail(absl::StrCat("it has more than ", kMaxJsonValues, " values"));
    JsonValue& value = *Next();
    value.kind = kind;
    value.text = std::move(text);
    return true;
  }

  bool Open(JsonValue::Kind kind) {
    if (depth_ == kMaxJsonDepth) return Fail(absl::StrCat("it is nested deeper than ", kMaxJsonDepth, " levels"));
    JsonValue* value = Next();
    if (!PutAt(*value, kind)) return false;
    ++depth_;
    places_.push_back({value, {}});
    return true;
  }

  bool PutAt(JsonValue& value, JsonValue::Kind kind) {
    value.kind = kind;
    return ++values_ <= kMaxJsonValues || Fail(absl::StrCat("it has more than ", kMaxJsonValues, " values"));
  }

  // A filled place's address may change when its array grows, but nothing is filled below it any more.
  bool Close() {
    places_.pop_back();
    --depth_;
    return true;
  }

  std::vector<Place> places_;
  size_t depth_ = 0;
  size_t values_ = 0;
  absl::Status error_;
};

}  // namespace

absl::StatusOr<JsonValue> ParseJson(absl::string_view text) {
  JsonValue root;
  Builder builder(root);
  bool complete = nlohmann::json::sax_parse(text.data(), text.data() + text.size(), &builder);
  if (complete) return root;
  return builder.error().ok() ? BadJson("it cannot be read") : builder.error();
}

}  // namespace lectern::api
