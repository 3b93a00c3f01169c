#include "api/calls/redaction.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/json_util.h>

#include <memory>
#include <vector>

#include "lectern/v1/options.pb.h"

namespace lectern::api {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

void ClearSecrets(Message& message) {
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  // What this build does not know may be a secret of a newer one.
  reflection.MutableUnknownFields(&message)->Clear();
  for (const FieldDescriptor* field : fields) {
    if (field->options().GetExtension(v1::secret)) {
      reflection.ClearField(&message, field);
    } else if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      continue;
    } else if (field->is_repeated()) {
      for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
        ClearSecrets(*reflection.MutableRepeatedMessage(&message, field, i));
      }
    } else {
      ClearSecrets(*reflection.MutableMessage(&message, field));
    }
  }
}

}  // namespace

std::string WithoutSecrets(const Message& message, size_t max_bytes) {
  std::unique_ptr<Message> copy(message.New());
  copy->CopyFrom(message);
  ClearSecrets(*copy);
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(*copy, &json).ok()) return "";
  if (json.size() <= max_bytes) return json;
  size_t end = max_bytes;
  while (end > 0 && (static_cast<unsigned char>(json[end]) & 0xC0) == 0x80) --end;
  json.resize(end);
  return json;
}

std::string TextField(const Message& message, const std::string& name) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
  if (field == nullptr || field->is_repeated() || field->type() != FieldDescriptor::TYPE_STRING) return "";
  return message.GetReflection()->GetString(message, field);
}

}  // namespace lectern::api
