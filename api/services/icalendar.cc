#include "api/services/icalendar.h"

#include "absl/strings/str_cat.h"

namespace lectern::api {
namespace {

constexpr size_t kMaxLineOctets = 75;

bool Continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// RFC 5545 3.3.11.
std::string Escaped(absl::string_view text) {
  std::string escaped;
  for (char c : text) {
    if (c == '\\' || c == ';' || c == ',') {
      escaped += '\\';
      escaped += c;
    } else if (c == '\n') {
      escaped += "\\n";
    } else if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F) {
      escaped += c;
    }
  }
  return escaped;
}

// RFC 5545 3.1: what is too long goes on in the next line, behind a space that counts.
void AddLine(absl::string_view name, absl::string_view value, std::string& text) {
  const std::string line = absl::StrCat(name, ":", value);
  size_t room = kMaxLineOctets;
  size_t begin = 0;
  while (line.size() - begin > room) {
    size_t end = begin + room;
    while (end > begin + 1 && Continues(line[end])) --end;
    absl::StrAppend(&text, absl::string_view(line).substr(begin, end - begin), "\r\n ");
    begin = end;
    room = kMaxLineOctets - 1;
  }
  absl::StrAppend(&text, absl::string_view(line).substr(begin), "\r\n");
}

void AddText(absl::string_view name, absl::string_view value, std::string& text) {
  if (!value.empty()) AddLine(name, Escaped(value), text);
}

std::string Utc(absl::Time time) { return absl::FormatTime("%Y%m%dT%H%M%SZ", time, absl::UTCTimeZone()); }

// An address is no TEXT and is not escaped, so nothing of it may end the line.
std::string CleanUri(absl::string_view uri) {
  std::string clean;
  for (char c : uri) {
    if (static_cast<unsigned char>(c) > 0x20 && c != 0x7F) clean += c;
  }
  return clean;
}

void AddEvent(const CalendarEvent& event, absl::Time stamp, std::string& text) {
  AddLine("BEGIN", "VEVENT", text);
  AddLine("UID", Escaped(event.uid), text);
  AddLine("DTSTAMP", Utc(stamp), text);
  AddLine("CREATED", Utc(event.created), text);
  AddLine("DTSTART", Utc(event.start), text);
  AddLine("DTEND", Utc(event.end), text);
  AddText("SUMMARY", event.summary, text);
  AddText("DESCRIPTION", event.description, text);
  AddText("LOCATION", event.location, text);
  if (!event.url.empty()) AddLine("URL", CleanUri(event.url), text);
  AddLine("STATUS", "CONFIRMED", text);
  AddLine("END", "VEVENT", text);
}

}  // namespace

std::string WriteCalendar(const Calendar& calendar, absl::Time stamp) {
  std::string text;
  AddLine("BEGIN", "VCALENDAR", text);
  AddLine("VERSION", "2.0", text);
  AddLine("PRODID", "-//Lectern//Lectures//EN", text);
  AddLine("CALSCALE", "GREGORIAN", text);
  AddText("X-WR-CALNAME", calendar.display_name, text);
  AddText("NAME", calendar.display_name, text);
  // RFC 7986 5.7, and what older programs know instead.
  AddLine("REFRESH-INTERVAL;VALUE=DURATION", "PT1H", text);
  AddLine("X-PUBLISHED-TTL", "PT1H", text);
  for (const CalendarEvent& event : calendar.events) AddEvent(event, stamp, text);
  AddLine("END", "VCALENDAR", text);
  return text;
}

}  // namespace lectern::api
