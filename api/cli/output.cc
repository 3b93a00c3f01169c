#include "api/cli/output.h"

#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "api/cli/fields.h"

namespace lectern::cli {
namespace {

namespace pb = google::protobuf;

// Characters, not bytes, so that umlauts do not shift the columns.
size_t Width(absl::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
}

void AppendRow(const std::vector<std::string>& row, const std::vector<size_t>& widths, std::string* out) {
  std::string line;
  for (size_t i = 0; i < row.size(); ++i) {
    absl::StrAppend(&line, row[i], std::string(widths[i] - Width(row[i]) + 2, ' '));
  }
  absl::StrAppend(out, absl::StripTrailingAsciiWhitespace(line), "\n");
}

// The list in a list response; null for any other message.
const pb::FieldDescriptor* RowsField(const pb::Message& message) {
  const pb::Descriptor& type = *message.GetDescriptor();
  if (type.FindFieldByName("next_page_token") == nullptr) return nullptr;
  for (int i = 0; i < type.field_count(); ++i) {
    if (type.field(i)->is_repeated()) return type.field(i);
  }
  return nullptr;
}

std::vector<std::string> Row(const pb::Message& message, const std::vector<Column>& columns) {
  std::vector<std::string> row;
  for (const Column& column : columns) row.push_back(FieldText(message, column.path, column.format));
  return row;
}

}  // namespace

std::string TableText(const std::vector<std::string>& titles, const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const std::string& title : titles) widths.push_back(Width(title));
  for (const std::vector<std::string>& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Width(row[i]));
  }
  std::string out;
  AppendRow(titles, widths, &out);
  for (const std::vector<std::string>& row : rows) AppendRow(row, widths, &out);
  return out;
}

std::string MessageTable(const pb::Message& message, const std::vector<Column>& columns) {
  std::vector<std::string> titles;
  for (const Column& column : columns) titles.push_back(column.title);
  std::vector<std::vector<std::string>> rows;
  if (const pb::FieldDescriptor* field = RowsField(message)) {
    const pb::Reflection& reflection = *message.GetReflection();
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      rows.push_back(Row(reflection.GetRepeatedMessage(message, field, i), columns));
    }
  } else {
    rows.push_back(Row(message, columns));
  }
  return TableText(titles, rows);
}

std::string MessageJson(const pb::Message& message) {
  pb::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.always_print_primitive_fields = true;
  std::string json;
  const auto status = pb::util::MessageToJsonString(message, &json, options);
  GOOGLE_CHECK(status.ok()) << status.ToString();
  return json;
}

std::string BytesText(double bytes) {
  static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  size_t unit = 0;
  while (std::abs(bytes) >= 1024 && unit + 1 < std::size(kUnits)) {
    bytes /= 1024;
    ++unit;
  }
  const int digits = unit > 0 && bytes < 10 ? 1 : 0;
  return absl::StrFormat("%.*f %s", digits, bytes, kUnits[unit]);
}

std::string AgeText(double seconds) {
  const int64_t s = std::max<int64_t>(0, std::llround(seconds));
  if (s < 60) return absl::StrCat(s, " s");
  if (s < 3600) return absl::StrCat(s / 60, " min ", s % 60, " s");
  if (s < 86400) return absl::StrCat(s / 3600, " h ", s % 3600 / 60, " min");
  return absl::StrCat(s / 86400, " d ", s % 86400 / 3600, " h");
}

std::string ClockText(double seconds) {
  const int64_t s = std::max<int64_t>(0, std::llround(seconds));
  if (s < 3600) return absl::StrFormat("%d:%02d", s / 60, s % 60);
  return absl::StrFormat("%d:%02d:%02d", s / 3600, s % 3600 / 60, s % 60);
}

}  // namespace lectern::cli
