#include "api/cli/fields.h"

#include <google/protobuf/message.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/time_util.h>

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/base/status.h"
#include "common/base/text.h"

namespace lectern::cli {
namespace {

namespace pb = google::protobuf;
using pb::FieldDescriptor;

constexpr char kDuration[] = "google.protobuf.Duration";

const FieldDescriptor& Field(const pb::Message& message, absl::string_view name) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(std::string(name));
  GOOGLE_CHECK(field != nullptr) << message.GetTypeName() << " has no field " << std::string(name);
  return *field;
}

absl::StatusOr<const pb::EnumValueDescriptor*> EnumByWord(const pb::EnumDescriptor& type, absl::string_view text) {
  const std::string wanted = absl::StrReplaceAll(absl::AsciiStrToLower(text), {{"_", "-"}});
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0 && EnumWord(*type.value(i)) == wanted) return type.value(i);
  }
  return absl::InvalidArgumentError(absl::StrCat("'", text, "' is none of ", EnumWords(type)));
}

absl::Status SetEnum(pb::Message& message, const FieldDescriptor& field, absl::string_view text) {
  ASSIGN_OR_RETURN(const pb::EnumValueDescriptor* value, EnumByWord(*field.enum_type(), text));
  if (field.is_repeated()) {
    message.GetReflection()->AddEnum(&message, &field, value);
  } else {
    message.GetReflection()->SetEnum(&message, &field, value);
  }
  return absl::OkStatus();
}

absl::Status SetTime(pb::Message& message, const FieldDescriptor& field, absl::string_view text) {
  ASSIGN_OR_RETURN(const std::string rfc3339, ParseTime(text));
  pb::Timestamp time;
  if (!pb::util::TimeUtil::FromString(rfc3339, &time)) {
    return absl::InvalidArgumentError(absl::StrCat("'", text, "' is out of range"));
  }
  message.GetReflection()->MutableMessage(&message, &field)->CopyFrom(time);
  return absl::OkStatus();
}

absl::Status SetNumber(pb::Message& message, const FieldDescriptor& field, absl::string_view text) {
  int32_t number = 0;
  if (!absl::SimpleAtoi(text, &number)) return absl::InvalidArgumentError(absl::StrCat("'", text, "' is not a number"));
  message.GetReflection()->SetInt32(&message, &field, number);
  return absl::OkStatus();
}

std::string ScalarText(const pb::Message& message, const FieldDescriptor& field) {
  const pb::Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection.GetString(message, &field);
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(reflection.GetInt32(message, &field));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(reflection.GetInt64(message, &field));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return absl::StrCat(reflection.GetDouble(message, &field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(message, &field) ? "yes" : "no";
    case FieldDescriptor::CPPTYPE_ENUM: {
      const pb::EnumValueDescriptor* value = reflection.GetEnum(message, &field);
      return value->number() == 0 ? "" : EnumWord(*value);
    }
    default:
      return "";
  }
}

std::string RepeatedText(const pb::Message& message, const FieldDescriptor& field) {
  std::vector<std::string> texts;
  for (int i = 0; i < message.GetReflection()->FieldSize(message, &field); ++i) {
    texts.push_back(message.GetReflection()->GetRepeatedString(message, &field, i));
  }
  return absl::StrJoin(texts, ", ");
}

// The well-known types show as what they mean.
std::string WellKnownText(const pb::Message& value, Format format) {
  const auto number = [&](absl::string_view name) {
    return value.GetReflection()->GetInt64(value, &Field(value, name));
  };
  const auto nanos = value.GetReflection()->GetInt32(value, &Field(value, "nanos"));
  const absl::Duration duration = absl::Seconds(number("seconds")) + absl::Nanoseconds(nanos);
  if (value.GetTypeName() == kDuration) {
    return format == Format::kAgo ? AgeText(absl::ToDoubleSeconds(duration))
                                  : ClockText(absl::ToDoubleSeconds(duration));
  }
  const absl::Time time = absl::UnixEpoch() + duration;
  if (format != Format::kAgo) return absl::FormatTime("%Y-%m-%d %H:%M:%S", time, absl::LocalTimeZone());
  return absl::StrCat(AgeText(absl::ToDoubleSeconds(absl::Now() - time)), " ago");
}

std::string OneFieldText(const pb::Message& message, absl::string_view path, Format format) {
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(path, absl::MaxSplits('.', 1));
  const FieldDescriptor& field = Field(message, parts.first);
  if (field.is_repeated()) return RepeatedText(message, field);
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    if (!message.GetReflection()->HasField(message, &field)) return "";
    const pb::Message& inner = message.GetReflection()->GetMessage(message, &field);
    if (!parts.second.empty()) return OneFieldText(inner, parts.second, format);
    return WellKnownText(inner, format);
  }
  const std::string text = ScalarText(message, field);
  double number = 0;
  if (format == Format::kPlain || !absl::SimpleAtod(text, &number)) return text;
  return format == Format::kBytes ? BytesText(number) : absl::StrCat(static_cast<int>(number * 100 + 0.5), " %");
}

}  // namespace

absl::Status SetField(pb::Message& message, absl::string_view path, absl::string_view text) {
  const FieldDescriptor& field = Field(message, path);
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      message.GetReflection()->SetString(&message, &field, std::string(text));
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_BOOL:
      message.GetReflection()->SetBool(&message, &field, text == "true");
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_ENUM:
      return SetEnum(message, field, text);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return SetTime(message, field, text);
    default:
      return SetNumber(message, field, text);
  }
}

std::string FieldText(const pb::Message& message, absl::string_view path, Format format) {
  std::vector<std::string> texts;
  for (absl::string_view part : absl::StrSplit(path, '/')) texts.push_back(OneFieldText(message, part, format));
  return texts.front().empty() ? "" : absl::StrJoin(texts, "/");
}

std::string EnumWord(const pb::EnumValueDescriptor& value) {
  absl::string_view name = value.name();
  for (absl::string_view prefix : {"COURSE_", "VIEW_", "JOB_"}) absl::ConsumePrefix(&name, prefix);
  absl::ConsumeSuffix(&name, "_ROLE");
  return absl::StrReplaceAll(absl::AsciiStrToLower(name), {{"_", "-"}});
}

std::string EnumWords(const pb::EnumDescriptor& type) {
  std::vector<std::string> words;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0) words.push_back(EnumWord(*type.value(i)));
  }
  return absl::StrJoin(words, ", ");
}

absl::StatusOr<std::string> FullName(absl::string_view collection, absl::string_view text) {
  if (collection == "users" && absl::StrContains(text, '@')) return std::string(text);
  if (collection == "halls" && text == "-") return std::string(text);
  if (ParseName(text, collection)) return std::string(text);
  const std::string name = absl::StrCat(collection, "/", text);
  if (ParseName(name, collection)) return name;
  return absl::InvalidArgumentError(absl::StrCat("'", text, "' is no name of this kind; give ", collection, "/12 or 12",
                                                 collection == "users" ? " or an e-mail address" : ""));
}

absl::StatusOr<std::string> ParseTime(absl::string_view text) {
  if (text == "now") return absl::FormatTime(absl::RFC3339_full, absl::Now(), absl::UTCTimeZone());
  absl::Time time;
  std::string error;
  if (absl::ParseTime(absl::RFC3339_full, text, &time, &error)) {
    return absl::FormatTime(absl::RFC3339_full, time, absl::UTCTimeZone());
  }
  for (absl::string_view form : {"%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"}) {
    if (absl::ParseTime(form, text, absl::LocalTimeZone(), &time, &error)) {
      return absl::FormatTime(absl::RFC3339_full, time, absl::UTCTimeZone());
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("'", text, "' is no time; give it like 2026-11-21T14:00:00+01:00 or, local, '2026-11-21 14:00'"));
}

}  // namespace lectern::cli
