// How values that PostgreSQL wrote in text form are read.
#include <libpq-fe.h>

#include <cstdio>
#include <cstdlib>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/text.h"
#include "common/pg/pool.h"

namespace lectern::pg {
namespace {

[[noreturn]] void Die(absl::string_view column, absl::string_view what) {
  std::fprintf(stderr, "pg: column \"%s\" %s\n", std::string(column).c_str(), std::string(what).c_str());
  std::abort();
}

// "2026-11-21 01:02:03.456789+00", as the session's settings make it.
std::optional<absl::Time> ParseTime(absl::string_view text) {
  if (text == "infinity") return absl::InfiniteFuture();
  if (text == "-infinity") return absl::InfinitePast();
  if (!absl::EndsWith(text, "+00")) return std::nullopt;
  absl::Time time;
  std::string error;
  // The year may have more than four digits: a sum of times that were each before the year 10000.
  if (!absl::ParseTime("%Y-%m-%d %H:%M:%E*S", text.substr(0, text.size() - 3), absl::UTCTimeZone(), &time, &error)) {
    return std::nullopt;
  }
  return time;
}

// One-dimensional arrays: {1,2} and {plain,"with \"quotes\"",NULL}. A null element reads as an empty text.
std::optional<std::vector<std::string>> ParseArray(absl::string_view text) {
  if (text.size() < 2 || text.front() != '{' || text.back() != '}') return std::nullopt;
  text = text.substr(1, text.size() - 2);
  std::vector<std::string> values;
  size_t at = 0;
  while (at < text.size()) {
    std::string value;
    if (text[at] == '"') {
      for (++at; at < text.size() && text[at] != '"'; ++at) {
        if (text[at] == '\\' && at + 1 < text.size()) ++at;
        value += text[at];
      }
      if (at++ >= text.size()) return std::nullopt;
    } else {
      while (at < text.size() && text[at] != ',') value += text[at++];
      if (value == "NULL") value.clear();
    }
    values.push_back(std::move(value));
    if (at < text.size() && text[at++] != ',') return std::nullopt;
  }
  return values;
}

}  // namespace

int Rows::size() const {
  return result_ ? PQntuples(static_cast<PGresult*>(result_.get())) : 0;
}

int64_t Rows::affected() const {
  int64_t count = 0;
  if (result_) (void)absl::SimpleAtoi(PQcmdTuples(static_cast<PGresult*>(result_.get())), &count);
  return count;
}

const char* Row::Value(absl::string_view column) const {
  auto* result = static_cast<PGresult*>(rows_.result_.get());
  if (index_ < 0 || index_ >= PQntuples(result)) Die(column, absl::StrCat("of row ", index_, ", which does not exist"));
  const int number = PQfnumber(result, std::string(column).c_str());
  if (number < 0) Die(column, "does not exist");
  return PQgetisnull(result, index_, number) ? nullptr : PQgetvalue(result, index_, number);
}

bool Row::IsNull(absl::string_view column) const {
  return Value(column) == nullptr;
}

std::string Row::Text(absl::string_view column) const {
  const char* value = Value(column);
  return value == nullptr ? std::string() : std::string(value);
}

int64_t Row::Int(absl::string_view column) const {
  const char* value = Value(column);
  int64_t number = 0;
  if (value != nullptr && !absl::SimpleAtoi(value, &number)) Die(column, "is not an integer");
  return number;
}

double Row::Double(absl::string_view column) const {
  const char* value = Value(column);
  double number = 0;
  if (value != nullptr && !absl::SimpleAtod(value, &number)) Die(column, "is not a number");
  return number;
}

bool Row::Bool(absl::string_view column) const {
  const char* value = Value(column);
  if (value == nullptr) return false;
  if (absl::string_view(value) != "t" && absl::string_view(value) != "f") Die(column, "is not a boolean");
  return *value == 't';
}

std::string Row::Bytes(absl::string_view column) const {
  const char* value = Value(column);
  if (value == nullptr) return "";
  absl::string_view text = value;
  std::optional<std::string> bytes;
  if (absl::StartsWith(text, "\\x")) bytes = HexDecode(text.substr(2));
  if (!bytes) Die(column, "is not a bytea");
  return *bytes;
}

absl::Time Row::Time(absl::string_view column) const {
  const char* value = Value(column);
  if (value == nullptr) return absl::InfinitePast();
  std::optional<absl::Time> time = ParseTime(value);
  if (!time) Die(column, "is not a timestamptz");
  return *time;
}

std::vector<int64_t> Row::Ints(absl::string_view column) const {
  std::vector<int64_t> numbers;
  for (const std::string& text : Texts(column)) {
    int64_t number = 0;
    if (!text.empty() && !absl::SimpleAtoi(text, &number)) Die(column, "is not a bigint[]");
    numbers.push_back(number);
  }
  return numbers;
}

std::vector<std::string> Row::Texts(absl::string_view column) const {
  const char* value = Value(column);
  if (value == nullptr) return {};
  std::optional<std::vector<std::string>> values = ParseArray(value);
  if (!values) Die(column, "is not an array");
  return *std::move(values);
}

}  // namespace lectern::pg
