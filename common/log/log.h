// Logging: one JSON object a line on stderr with ts, level, service, host, msg, then fields.
//
// `msg` is a constant text, facts are fields:
//   log::Info("job leased", {{"job", id}, {"resource", name}, {"lease_s", 30}});
// ERROR: a person must act. WARN: degraded but handled. INFO: changes of state. DEBUG: off by default.
// Never pass a token, key, password or query string; URLs go through Redact.
#pragma once

#include <initializer_list>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace lectern::log {

enum class Level { kDebug, kInfo, kWarn, kError };

// A named value, already written as JSON.
class Field {
 public:
  Field(absl::string_view name, absl::string_view text);
  Field(absl::string_view name, const std::string& text) : Field(name, absl::string_view(text)) {}
  Field(absl::string_view name, const char* text) : Field(name, absl::string_view(text)) {}
  Field(absl::string_view name, bool value);
  Field(absl::string_view name, double value);
  Field(absl::string_view name, absl::Duration value);   // seconds
  Field(absl::string_view name, long long value);
  Field(absl::string_view name, unsigned long long value);
  Field(absl::string_view name, int value) : Field(name, static_cast<long long>(value)) {}
  Field(absl::string_view name, long value) : Field(name, static_cast<long long>(value)) {}
  Field(absl::string_view name, unsigned value) : Field(name, static_cast<unsigned long long>(value)) {}
  Field(absl::string_view name, unsigned long value) : Field(name, static_cast<unsigned long long>(value)) {}

  const std::string& name() const { return name_; }
  const std::string& json() const { return json_; }

 private:
  std::string name_;
  std::string json_;
};

using Fields = std::initializer_list<Field>;

// Sets what every line carries. Call once, before threads are started.
void Init(absl::string_view service, Level level);

// Absent words give kInfo.
Level ParseLevel(absl::string_view word);

void Write(Level level, absl::string_view message, Fields fields);
inline void Debug(absl::string_view message, Fields fields = {}) { Write(Level::kDebug, message, fields); }
inline void Info(absl::string_view message, Fields fields = {}) { Write(Level::kInfo, message, fields); }
inline void Warn(absl::string_view message, Fields fields = {}) { Write(Level::kWarn, message, fields); }
inline void Error(absl::string_view message, Fields fields = {}) { Write(Level::kError, message, fields); }

// Takes query strings, user info and playback tokens ("/p/<token>/") out of a URL or path.
std::string Redact(absl::string_view url);

// A JSON string literal, quotes included. Bytes that are not UTF-8 become U+FFFD.
std::string JsonQuote(absl::string_view text);

}  // namespace lectern::log
