// AMF0 (Adobe AMF 0 specification, 2007): the values of RTMP commands and metadata.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace lectern::rtmp {

struct AmfField;

// One AMF0 value. Objects keep the order of their fields.
struct AmfValue {
  enum Type { kNumber, kBoolean, kString, kObject, kNull, kUndefined, kArray, kDate };
  Type type = kNull;
  double number = 0;                // kNumber, kDate
  bool boolean = false;
  std::string text;                 // kString, also long ones and XML
  std::vector<AmfField> fields;   // kObject (also ECMA arrays and typed objects); kArray: names are empty

  static AmfValue Number(double number);
  static AmfValue Boolean(bool boolean);
  static AmfValue String(absl::string_view text);
  static AmfValue Null();
  static AmfValue Object(std::vector<AmfField> fields);

  // The field of an object; null where there is none of that name.
  const AmfValue* Find(absl::string_view name) const;
  // Empty, or `absent`, where there is none of that name and type.
  std::string FindText(absl::string_view name) const;
  double FindNumber(absl::string_view name, double absent) const;
};

struct AmfField {
  std::string name;
  AmfValue value;
};

// All values of a message. Hostile bytes are safe: at most 8 levels and 2000 values. Errors: kInvalidArgument.
absl::StatusOr<std::vector<AmfValue>> DecodeAmf(absl::string_view bytes);

void AppendAmf(const AmfValue& value, std::string& out);
std::string EncodeAmf(const std::vector<AmfValue>& values);

}  // namespace lectern::rtmp
