#include "common/rtmp/amf.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "common/base/status.h"
#include "common/rtmp/bytes.h"

namespace lectern::rtmp {
namespace {

constexpr int kMaxDepth = 8;
constexpr int kMaxValues = 2000;

enum Marker : uint8_t {
  kNumberMarker = 0,
  kBooleanMarker = 1,
  kStringMarker = 2,
  kObjectMarker = 3,
  kNullMarker = 5,
  kUndefinedMarker = 6,
  kEcmaArrayMarker = 8,
  kObjectEndMarker = 9,
  kStrictArrayMarker = 10,
  kDateMarker = 11,
  kLongStringMarker = 12,
  kUnsupportedMarker = 13,
  kXmlMarker = 15,
  kTypedObjectMarker = 16,
};

absl::Status Broken(absl::string_view what) { return absl::InvalidArgumentError(what); }

class Decoder {
 public:
  explicit Decoder(absl::string_view bytes) : bytes_(bytes) {}

  bool done() const { return bytes_.empty(); }

  absl::Status Value(AmfValue& value, int depth) {
    if (depth > kMaxDepth) return Broken("AMF nested too deeply");
    if (++values_ > kMaxValues) return Broken("too many AMF values");
    absl::string_view marker;
    RETURN_IF_ERROR(Take(1, marker));
    return Body(static_cast<uint8_t>(marker[0]), value, depth);
  }

 private:
  absl::Status Take(size_t count, absl::string_view& taken) {
    if (bytes_.size() < count) return Broken("AMF ends early");
    taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return absl::OkStatus();
  }

  absl::Status Text(size_t length_bytes, std::string& text) {
    absl::string_view length;
    RETURN_IF_ERROR(Take(length_bytes, length));
    absl::string_view content;
    RETURN_IF_ERROR(Take(ReadBig(length), content));
    text.assign(content.data(), content.size());
    return absl::OkStatus();
  }

  absl::Status Double(double& number) {
    absl::string_view bytes;
    RETURN_IF_ERROR(Take(8, bytes));
    uint64_t bits = ReadBig(bytes);
    std::memcpy(&number, &bits, sizeof number);
    return absl::OkStatus();
  }

  absl::Status Body(uint8_t marker, AmfValue& value, int depth) {
    absl::string_view bytes;
    switch (marker) {
      case kNumberMarker:
        value.type = AmfValue::kNumber;
        return Double(value.number);
      case kBooleanMarker:
        value.type = AmfValue::kBoolean;
        RETURN_IF_ERROR(Take(1, bytes));
        value.boolean = bytes[0] != 0;
        return absl::OkStatus();
      case kStringMarker:
        value.type = AmfValue::kString;
        return Text(2, value.text);
      case kLongStringMarker:
      case kXmlMarker:
        value.type = AmfValue::kString;
        return Text(4, value.text);
      case kNullMarker:
      case kUnsupportedMarker:
        value.type = AmfValue::kNull;
        return absl::OkStatus();
      case kUndefinedMarker:
        value.type = AmfValue::kUndefined;
        return absl::OkStatus();
      case kDateMarker:
        value.type = AmfValue::kDate;
        RETURN_IF_ERROR(Double(value.number));
        return Take(2, bytes);   // time zone
      case kTypedObjectMarker:
        RETURN_IF_ERROR(Text(2, value.text));
        return Fields(value, depth);
      case kEcmaArrayMarker:
        RETURN_IF_ERROR(Take(4, bytes));   // how many: a hint that encoders get wrong
        return Fields(value, depth);
      case kObjectMarker:
        return Fields(value, depth);
      case kStrictArrayMarker:
        return Elements(value, depth);
      default:
        return Broken("AMF value of an unknown type");
    }
  }

  absl::Status Fields(AmfValue& value, int depth) {
    value.type = AmfValue::kObject;
    while (true) {
      // Some encoders leave out the end of the last array of a message.
      if (bytes_.empty()) return absl::OkStatus();
      std::string name;
      RETURN_IF_ERROR(Text(2, name));
      if (name.empty() && !bytes_.empty() && bytes_[0] == kObjectEndMarker) {
        bytes_.remove_prefix(1);
        return absl::OkStatus();
      }
      value.fields.push_back({std::move(name), AmfValue()});
      RETURN_IF_ERROR(Value(value.fields.back().value, depth + 1));
    }
  }

  absl::Status Elements(AmfValue& value, int depth) {
    value.type = AmfValue::kArray;
    absl::string_view bytes;
    RETURN_IF_ERROR(Take(4, bytes));
    for (uint64_t count = ReadBig(bytes); count > 0; --count) {
      value.fields.emplace_back();
      RETURN_IF_ERROR(Value(value.fields.back().value, depth + 1));
    }
    return absl::OkStatus();
  }

  absl::string_view bytes_;
  int values_ = 0;
};

void AppendText(absl::string_view text, std::string& out) {
  text = text.substr(0, 0xffff);
  AppendBig(text.size(), 2, out);
  out.append(text.data(), text.size());
}

}  // namespace

AmfValue AmfValue::Number(double number) {
  AmfValue value;
  value.type = kNumber;
  value.number = number;
  return value;
}

AmfValue AmfValue::Boolean(bool boolean) {
  AmfValue value;
  value.type = kBoolean;
  value.boolean = boolean;
  return value;
}

AmfValue AmfValue::String(absl::string_view text) {
  AmfValue value;
  value.type = kString;
  value.text = std::string(text);
  return value;
}

AmfValue AmfValue::Null() { return AmfValue(); }

AmfValue AmfValue::Object(std::vector<AmfField> fields) {
  AmfValue value;
  value.type = kObject;
  value.fields = std::move(fields);
  return value;
}

const AmfValue* AmfValue::Find(absl::string_view name) const {
  auto found = std::find_if(fields.begin(), fields.end(), [&](const auto& field) { return field.name == name; });
  return found == fields.end() ? nullptr : &found->value;
}

std::string AmfValue::FindText(absl::string_view name) const {
  const AmfValue* found = Find(name);
  return found && found->type == kString ? found->text : "";
}

double AmfValue::FindNumber(absl::string_view name, double absent) const {
  const AmfValue* found = Find(name);
  return found && found->type == kNumber ? found->number : absent;
}

absl::StatusOr<std::vector<AmfValue>> DecodeAmf(absl::string_view bytes) {
  Decoder decoder(bytes);
  std::vector<AmfValue> values;
  while (!decoder.done()) {
    values.emplace_back();
    RETURN_IF_ERROR(decoder.Value(values.back(), 0));
  }
  return values;
}

void AppendAmf(const AmfValue& value, std::string& out) {
  switch (value.type) {
    case AmfValue::kNumber: {
      uint64_t bits;
      std::memcpy(&bits, &value.number, sizeof bits);
      out.push_back(kNumberMarker);
      AppendBig(bits, 8, out);
      return;
    }
    case AmfValue::kBoolean:
      out.push_back(kBooleanMarker);
      out.push_back(value.boolean ? 1 : 0);
      return;
    case AmfValue::kString:
      if (value.text.size() > 0xffff) {
        out.push_back(kLongStringMarker);
        AppendBig(value.text.size(), 4, out);
        out += value.text;
        return;
      }
      out.push_back(kStringMarker);
      return AppendText(value.text, out);
    case AmfValue::kObject:
      out.push_back(kObjectMarker);
      for (const auto& [name, field] : value.fields) {
        AppendText(name, out);
        AppendAmf(field, out);
      }
      out.append({0, 0, kObjectEndMarker});
      return;
    case AmfValue::kArray:
      out.push_back(kStrictArrayMarker);
      AppendBig(value.fields.size(), 4, out);
      for (const auto& [name, element] : value.fields) AppendAmf(element, out);
      return;
    case AmfValue::kUndefined:
      out.push_back(kUndefinedMarker);
      return;
    default:
      out.push_back(kNullMarker);
  }
}

std::string EncodeAmf(const std::vector<AmfValue>& values) {
  std::string out;
  for (const AmfValue& value : values) AppendAmf(value, out);
  return out;
}

}  // namespace lectern::rtmp
