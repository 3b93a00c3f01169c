#include "api/gateway/field_text.h"

#include <google/protobuf/util/field_mask_util.h>
#include <google/protobuf/util/time_util.h>

#include <limits>
#include <string>
#include <type_traits>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/base/utf8.h"
#include "lectern/v1/options.pb.h"

namespace lectern::api {
namespace {

namespace pb = google::protobuf;

constexpr size_t kMaxShown = 60;

// Sets or adds one value of a scalar type.
#define LECTERN_PUT(Type, value)                                                       \
  (field.is_repeated() ? message.GetReflection()->Add##Type(&message, &field, (value)) \
                       : message.GetReflection()->Set##Type(&message, &field, (value)))

// Digits with an optional minus; none of the signs, spaces and bases that SimpleAtoi takes as well.
template <typename Number>
bool ParseWhole(absl::string_view text, Number& number) {
  absl::string_view digits = text;
  if (std::is_signed_v<Number> && absl::StartsWith(digits, "-")) digits.remove_prefix(1);
  return !digits.empty() && digits.find_first_not_of("0123456789") == absl::string_view::npos && absl::SimpleAtoi(text, &number);
}

bool ParseReal(absl::string_view text, double& number) {
  if (text == "NaN" || text == "Infinity" || text == "-Infinity") {
    number = text == "NaN" ? std::numeric_limits<double>::quiet_NaN() : std::numeric_limits<double>::infinity();
    if (absl::StartsWith(text, "-")) number = -number;
    return true;
  }
  return text.find_first_not_of("0123456789+-.eE") == absl::string_view::npos && absl::SimpleAtod(text, &number);
}

bool PutEnum(pb::Message& message, const pb::FieldDescriptor& field, absl::string_view text) {
  const pb::EnumValueDescriptor* value = field.enum_type()->FindValueByName(std::string(text));
  int32_t number = 0;
  if (value == nullptr && ParseWhole(text, number)) value = field.enum_type()->FindValueByNumber(number);
  if (value != nullptr) LECTERN_PUT(Enum, value);
  return value != nullptr;
}

bool PutString(pb::Message& message, const pb::FieldDescriptor& field, absl::string_view text) {
  std::string value(text);
  if (field.type() == pb::FieldDescriptor::TYPE_STRING && !IsUtf8(text)) return false;
  if (field.type() == pb::FieldDescriptor::TYPE_BYTES && !absl::Base64Unescape(text, &value) &&
      !absl::WebSafeBase64Unescape(text, &value)) {
    return false;
  }
  LECTERN_PUT(String, std::move(value));
  return true;
}

bool PutTextMessage(pb::Message& message, const pb::FieldDescriptor& field, absl::string_view text) {
  if (!IsTextMessage(field)) return false;
  const pb::Reflection& reflection = *message.GetReflection();
  pb::Message* value = field.is_repeated() ? reflection.AddMessage(&message, &field) : reflection.MutableMessage(&message, &field);
  std::string copy(text);
  if (auto* time = dynamic_cast<pb::Timestamp*>(value)) return pb::util::TimeUtil::FromString(copy, time);
  if (auto* duration = dynamic_cast<pb::Duration*>(value)) return pb::util::TimeUtil::FromString(copy, duration);
  auto* mask = dynamic_cast<pb::FieldMask*>(value);
  return mask != nullptr && pb::util::FieldMaskUtil::FromJsonString(copy, mask);
}

template <typename Number>
bool PutWhole(pb::Message& message, const pb::FieldDescriptor& field, absl::string_view text) {
  Number number = 0;
  if (!ParseWhole(text, number)) return false;
  if constexpr (std::is_same_v<Number, int32_t>) LECTERN_PUT(Int32, number);
  if constexpr (std::is_same_v<Number, int64_t>) LECTERN_PUT(Int64, number);
  if constexpr (std::is_same_v<Number, uint32_t>) LECTERN_PUT(UInt32, number);
  if constexpr (std::is_same_v<Number, uint64_t>) LECTERN_PUT(UInt64, number);
  return true;
}

bool PutReal(pb::Message& message, const pb::FieldDescriptor& field, absl::string_view text) {
  double number = 0;
  if (!ParseReal(text, number)) return false;
  if (field.cpp_type() == pb::FieldDescriptor::CPPTYPE_FLOAT) {
    LECTERN_PUT(Float, static_cast<float>(number));
  } else {
    LECTERN_PUT(Double, number);
  }
  return true;
}

bool PutBool(pb::Message& message, const pb::FieldDescriptor& field, absl::string_view text) {
  if (text != "true" && text != "false") return false;
  LECTERN_PUT(Bool, text == "true");
  return true;
}

#undef LECTERN_PUT

bool Put(pb::Message& message, const pb::FieldDescriptor& field, absl::string_view text) {
  switch (field.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_INT32:
      return PutWhole<int32_t>(message, field, text);
    case pb::FieldDescriptor::CPPTYPE_INT64:
      return PutWhole<int64_t>(message, field, text);
    case pb::FieldDescriptor::CPPTYPE_UINT32:
      return PutWhole<uint32_t>(message, field, text);
    case pb::FieldDescriptor::CPPTYPE_UINT64:
      return PutWhole<uint64_t>(message, field, text);
    case pb::FieldDescriptor::CPPTYPE_FLOAT:
    case pb::FieldDescriptor::CPPTYPE_DOUBLE:
      return PutReal(message, field, text);
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      return PutBool(message, field, text);
    case pb::FieldDescriptor::CPPTYPE_ENUM:
      return PutEnum(message, field, text);
    case pb::FieldDescriptor::CPPTYPE_STRING:
      return PutString(message, field, text);
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      return PutTextMessage(message, field, text);
  }
  return false;
}

std::string EnumWords(const pb::EnumDescriptor& type) {
  std::string words = "one of";
  for (int i = 0; i < type.value_count(); ++i) absl::StrAppend(&words, i == 0 ? " " : ", ", type.value(i)->name());
  return words;
}

std::string Wanted(const pb::FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_INT32:
    case pb::FieldDescriptor::CPPTYPE_INT64:
      return "a whole number that fits";
    case pb::FieldDescriptor::CPPTYPE_UINT32:
    case pb::FieldDescriptor::CPPTYPE_UINT64:
      return "a whole number from 0 that fits";
    case pb::FieldDescriptor::CPPTYPE_FLOAT:
    case pb::FieldDescriptor::CPPTYPE_DOUBLE:
      return "a number";
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      return "true or false";
    case pb::FieldDescriptor::CPPTYPE_ENUM:
      return EnumWords(*field.enum_type());
    case pb::FieldDescriptor::CPPTYPE_STRING:
      return field.type() == pb::FieldDescriptor::TYPE_BYTES ? "Base64" : "text in UTF-8";
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  absl::string_view type = field.message_type()->full_name();
  if (type == "google.protobuf.Timestamp") return "a time like \"2026-03-01T10:15:00Z\"";
  if (type == "google.protobuf.Duration") return "a duration like \"1.5s\"";
  return type == "google.protobuf.FieldMask" ? "names of fields with commas" : "an object";
}

}  // namespace

const pb::FieldDescriptor* FindField(const pb::Descriptor& type, absl::string_view name) {
  for (int i = 0; i < type.field_count(); ++i) {
    const pb::FieldDescriptor& field = *type.field(i);
    if (absl::string_view(field.json_name()) == name || absl::string_view(field.name()) == name) return &field;
  }
  return nullptr;
}

bool IsTextMessage(const pb::FieldDescriptor& field) {
  if (field.cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) return false;
  absl::string_view type = field.message_type()->full_name();
  return type == "google.protobuf.Timestamp" || type == "google.protobuf.Duration" || type == "google.protobuf.FieldMask";
}

absl::Status SetFromText(pb::Message& message, const pb::FieldDescriptor& field, absl::string_view text, absl::string_view name) {
  if (Put(message, field, text)) return absl::OkStatus();
  std::string shown = absl::CHexEscape(text.substr(0, kMaxShown));
  if (text.size() > kMaxShown) shown += "...";
  std::string what = field.options().GetExtension(v1::secret) ? "it" : absl::StrCat("\"", shown, "\"");
  absl::Status wrong = absl::InvalidArgumentError(absl::StrCat("field \"", name, "\": ", what, " is not ", Wanted(field)));
  return WithReason(wrong, "BAD_FIELD");
}

}  // namespace lectern::api
