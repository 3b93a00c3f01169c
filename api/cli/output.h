// What a command prints: tables for people, the API's message as JSON for programs.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace google::protobuf {
class Message;
}

namespace lectern::cli {

enum class Format { kPlain, kPercent, kBytes, kAgo };

// One column, or one line of a single message. `path` names fields ("load.cpu"); "a/b" shows two fields as a fraction.
struct Column {
  std::string title;
  std::string path;
  Format format = Format::kPlain;
};

// Left-aligned columns, as wide as their widest text; headings even without rows.
std::string TableText(const std::vector<std::string>& titles, const std::vector<std::vector<std::string>>& rows);

// The repeated message field of a list response as a table, or the message itself as one row.
std::string MessageTable(const google::protobuf::Message& message, const std::vector<Column>& columns);

// Proto JSON (lowerCamelCase, 64-bit numbers as strings) with empty lists and zeroes shown; ends with a newline.
std::string MessageJson(const google::protobuf::Message& message);

// "1.5 GiB", "23 MiB", "17 B"
std::string BytesText(double bytes);

// "3 d 4 h", "2 h 5 min", "4 min 10 s", "12 s"
std::string AgeText(double seconds);

// "1:02:03", "2:03"
std::string ClockText(double seconds);

}  // namespace lectern::cli
