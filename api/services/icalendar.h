// Calendars as text: iCalendar (RFC 5545).
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace lectern::api {

struct CalendarEvent {
  std::string uid;              // the same for the same event, whoever asks and whenever
  std::string summary;
  std::string description;      // may be empty, as the next two
  std::string location;
  std::string url;
  absl::Time start;
  absl::Time end;
  absl::Time created;
};

struct Calendar {
  std::string display_name;
  std::vector<CalendarEvent> events;
};

inline constexpr char kCalendarType[] = "text/calendar; charset=utf-8";

// Lines end with CRLF and are folded so that none has more than 75 octets, never within a character (3.1). Text is escaped
// (3.3.11); control characters are left out. `stamp` is DTSTAMP of all events. Pure.
std::string WriteCalendar(const Calendar& calendar, absl::Time stamp);

}  // namespace lectern::api
