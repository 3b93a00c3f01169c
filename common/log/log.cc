#include "common/log/log.h"

#include <unistd.h>

#include <atomic>
#include <cmath>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"

namespace lectern::log {
namespace {

struct Settings {
  std::string prefix = ",\"service\":\"\",\"host\":\"\",\"msg\":";
  std::atomic<Level> level = Level::kInfo;
};

Settings& TheSettings() {
  static Settings* const settings = new Settings;
  return *settings;
}

const char* Word(Level level) {
  switch (level) {
    case Level::kDebug:
      return "DEBUG";
    case Level::kInfo:
      return "INFO";
    case Level::kWarn:
      return "WARN";
    case Level::kError:
      return "ERROR";
  }
  return "INFO";
}

// Length of the valid UTF-8 sequence at the start of `text`, 0 where there is none.
size_t SequenceLength(absl::string_view text) {
  auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  size_t length = byte(0) < 0x80 ? 1 : byte(0) >= 0xC2 && byte(0) < 0xE0 ? 2 : (byte(0) & 0xF0) == 0xE0 ? 3
                  : byte(0) >= 0xF0 && byte(0) < 0xF5 ? 4 : 0;
  if (length == 0 || length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  if (length == 3 && ((byte(0) == 0xE0 && byte(1) < 0xA0) || (byte(0) == 0xED && byte(1) >= 0xA0))) return 0;
  if (length == 4 && ((byte(0) == 0xF0 && byte(1) < 0x90) || (byte(0) == 0xF4 && byte(1) >= 0x90))) return 0;
  return length;
}

}  // namespace

Field::Field(absl::string_view name, absl::string_view text) : name_(name), json_(JsonQuote(text)) {}
Field::Field(absl::string_view name, bool value) : name_(name), json_(value ? "true" : "false") {}
Field::Field(absl::string_view name, double value)
    : name_(name), json_(std::isfinite(value) ? absl::StrCat(value) : "null") {}
Field::Field(absl::string_view name, absl::Duration value) : Field(name, absl::ToDoubleSeconds(value)) {}
Field::Field(absl::string_view name, long long value) : name_(name), json_(absl::StrCat(value)) {}
Field::Field(absl::string_view name, unsigned long long value) : name_(name), json_(absl::StrCat(value)) {}

void Init(absl::string_view service, Level level) {
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  TheSettings().prefix =
      absl::StrCat(",\"service\":", JsonQuote(service), ",\"host\":", JsonQuote(host), ",\"msg\":");
  TheSettings().level = level;
}

Level ParseLevel(absl::string_view word) {
  if (word == "debug") return Level::kDebug;
  if (word == "warn") return Level::kWarn;
  if (word == "error") return Level::kError;
  return Level::kInfo;
}

void Write(Level level, absl::string_view message, Fields fields) {
  const Settings& settings = TheSettings();
  if (level < settings.level) return;
  std::string line =
      absl::StrCat("{\"ts\":\"", absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", absl::Now(), absl::UTCTimeZone()),
                   "\",\"level\":\"", Word(level), "\"", settings.prefix, JsonQuote(message));
  for (const Field& field : fields) absl::StrAppend(&line, ",", JsonQuote(field.name()), ":", field.json());
  line += "}\n";
  // One write, so that lines of several threads and processes do not mix. A log that cannot be written has no remedy.
  [[maybe_unused]] ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

std::string Redact(absl::string_view url) {
  std::string clean(url.substr(0, url.find_first_of("?#")));
  if (clean.size() < url.size()) clean += "?...";
  if (size_t scheme = clean.find("://"); scheme != std::string::npos) {
    size_t host = scheme + 3;
    size_t path = clean.find('/', host);
    size_t at = clean.rfind('@', path);
    if (at != std::string::npos && at > host) clean.erase(host, at + 1 - host);
  }
  // Playback, and private calendar addresses.
  for (const std::string before : {"/p/", "/v1/calendars/"}) {
    size_t token = clean.find(before);
    if (token == std::string::npos) continue;
    size_t start = token + before.size();
    size_t end = clean.find('/', start);
    clean.replace(start, end == std::string::npos ? std::string::npos : end - start, "...");
  }
  return clean;
}

std::string JsonQuote(absl::string_view text) {
  std::string quoted = "\"";
  while (!text.empty()) {
    char c = text.front();
    size_t length = SequenceLength(text);
    if (length == 0) {
      quoted += "\\ufffd";
      length = 1;
    } else if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (static_cast<uint8_t>(c) < 0x20 || c == 0x7F) {
      absl::StrAppendFormat(&quoted, "\\u%04x", static_cast<unsigned>(static_cast<uint8_t>(c)));
    } else {
      quoted.append(text.data(), length);
    }
    text.remove_prefix(length);
  }
  quoted += '"';
  return quoted;
}

}  // namespace lectern::log
