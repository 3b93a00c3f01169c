#include "api/calls/text_check.h"

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace lectern::api {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

absl::Status CheckText(const FieldDescriptor& field, const std::string& text) {
  if (text.find('\0') == std::string::npos) return absl::OkStatus();
  return WithReason(absl::InvalidArgumentError(absl::StrCat("field \"", field.name(), "\" holds a NUL byte; take it out")),
                    "BAD_FIELD");
}

absl::Status CheckField(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  bool is_text = field.type() == FieldDescriptor::TYPE_STRING;
  bool is_message = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
  if (!is_text && !is_message) return absl::OkStatus();
  if (!field.is_repeated()) {
    return is_text ? CheckText(field, reflection.GetString(message, &field)) : CheckTexts(reflection.GetMessage(message, &field));
  }
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    RETURN_IF_ERROR(is_text ? CheckText(field, reflection.GetRepeatedString(message, &field, i))
                            : CheckTexts(reflection.GetRepeatedMessage(message, &field, i)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckTexts(const Message& request) {
  std::vector<const FieldDescriptor*> fields;
  request.GetReflection()->ListFields(request, &fields);
  for (const FieldDescriptor* field : fields) RETURN_IF_ERROR(CheckField(request, *field));
  return absl::OkStatus();
}

}  // namespace lectern::api
