#include "api/services/icalendar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace lectern::api {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

CalendarEvent Event() {
  CalendarEvent event;
  event.uid = "lecture-7@lectern";
  event.summary = "Analysis: Limits";
  event.start = absl::FromUnixSeconds(1'800'000'000);
  event.end = event.start + absl::Minutes(90);
  event.created = absl::FromUnixSeconds(1'700'000'000);
  return event;
}

std::string Write(const CalendarEvent& event) { return WriteCalendar({"Lectures", {event}}, absl::FromUnixSeconds(1'750'000'000)); }

TEST(ICalendarTest, AnEventIsWhatCalendarProgramsRead) {
  CalendarEvent event = Event();
  event.location = "Hall 1";
  event.url = "https://lectern.example.org/lectures/7";
  EXPECT_THAT(Write(event), HasSubstr("BEGIN:VEVENT\r\n"
                                      "UID:lecture-7@lectern\r\n"
                                      "DTSTAMP:20250615T150640Z\r\n"
                                      "CREATED:20231114T221320Z\r\n"
                                      "DTSTART:20270115T080000Z\r\n"
                                      "DTEND:20270115T093000Z\r\n"
                                      "SUMMARY:Analysis: Limits\r\n"
                                      "LOCATION:Hall 1\r\n"
                                      "URL:https://lectern.example.org/lectures/7\r\n"
                                      "STATUS:CONFIRMED\r\n"
                                      "END:VEVENT\r\n"
                                      "END:VCALENDAR\r\n"));
}

TEST(ICalendarTest, TextCannotLeaveItsProperty) {
  CalendarEvent event = Event();
  event.summary = "a;b,c\\d\r\nEND:VEVENT\x01\x7F";
  event.description = "two\nlines";
  event.url = "https://x/\r\nATTENDEE:evil";
  const std::string text = Write(event);
  EXPECT_THAT(text, HasSubstr("SUMMARY:a\\;b\\,c\\\\d\\nEND:VEVENT\r\n"));
  EXPECT_THAT(text, HasSubstr("DESCRIPTION:two\\nlines\r\n"));
  EXPECT_THAT(text, HasSubstr("URL:https://x/ATTENDEE:evil\r\n"));
  EXPECT_THAT(text, Not(HasSubstr("\r\nATTENDEE")));
}

TEST(ICalendarTest, LongLinesAreFoldedBetweenCharactersAndComeTogetherAgain) {
  for (const char* letter : {"x", "ü", "数", "🎓"}) {
    CalendarEvent event = Event();
    event.summary.clear();
    for (int i = 0; i < 200; ++i) event.summary += letter;
    for (int shift = 0; shift < 4; ++shift, event.summary.insert(0, "-")) {
      const std::string text = Write(event);
      for (absl::string_view line : absl::StrSplit(text, "\r\n")) {
        EXPECT_LE(line.size(), 75u);
        EXPECT_FALSE(line.size() > 1 && (static_cast<unsigned char>(line[1]) & 0xC0) == 0x80 && line[0] == ' ') << line;
      }
      EXPECT_THAT(absl::StrReplaceAll(text, {{"\r\n ", ""}}), HasSubstr(absl::StrCat("SUMMARY:", event.summary, "\r\n")));
    }
  }
}

TEST(ICalendarTest, ACalendarWithoutEventsIsOneToo) {
  EXPECT_TRUE(absl::StartsWith(WriteCalendar({"Empty", {}}, absl::UnixEpoch()), "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:"));
}

}  // namespace
}  // namespace lectern::api
