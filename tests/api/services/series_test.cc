#include "api/services/series.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/support/status_matchers.h"

namespace lectern::api {
namespace {

using testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr auto kInvalidArgument = absl::StatusCode::kInvalidArgument;

absl::Time At(absl::string_view text) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, std::string(text), &time, &error)) << error;
  return time;
}

std::vector<std::string> Clocks(const std::vector<NewLecture>& lectures, const char* zone, bool ends = false) {
  absl::TimeZone clocks;
  EXPECT_TRUE(absl::LoadTimeZone(zone, &clocks));
  std::vector<std::string> times;
  for (const NewLecture& lecture : lectures) {
    times.push_back(absl::FormatTime("%d.%m. %H:%M", ends ? *lecture.ends_at : *lecture.starts_at, clocks));
  }
  return times;
}

NewLecture First(absl::string_view start, absl::string_view end = "") {
  NewLecture lecture;
  lecture.course_id = 1;
  lecture.title = "Analysis {n}: week {n}";
  lecture.starts_at = At(start);
  if (!end.empty()) lecture.ends_at = At(end);
  return lecture;
}

SeriesPlan Until(absl::string_view until, std::string zone = "", int weeks = 0) {
  SeriesPlan plan;
  plan.until = At(until);
  plan.time_zone = std::move(zone);
  plan.interval_weeks = weeks;
  return plan;
}

TEST(SeriesTest, TheFirstIsAsItWasAskedForInTheHourThatComesTwice) {
  const NewLecture first = First("2026-10-25T02:30:00+01:00", "2026-10-25T03:30:00+01:00");
  ASSERT_OK_AND_ASSIGN(auto lectures, PlanSeries(first, Until("2026-11-02T00:00:00+01:00", "Europe/Berlin")));
  ASSERT_EQ(lectures.size(), 2u);
  EXPECT_EQ(lectures[0].starts_at, first.starts_at);
  EXPECT_EQ(lectures[0].ends_at, first.ends_at);
  EXPECT_EQ(*lectures[1].starts_at, *first.starts_at + absl::Hours(7 * 24));
}

TEST(SeriesTest, TheHourStaysThroughTheChangesOfSummerTime) {
  ASSERT_OK_AND_ASSIGN(auto autumn, PlanSeries(First("2026-10-16T10:15:00+02:00", "2026-10-16T11:45:00+02:00"),
                                               Until("2026-11-07T00:00:00+01:00", "Europe/Berlin")));
  EXPECT_THAT(Clocks(autumn, "Europe/Berlin"), ElementsAre("16.10. 10:15", "23.10. 10:15", "30.10. 10:15", "06.11. 10:15"));
  EXPECT_THAT(Clocks(autumn, "Europe/Berlin", true), ElementsAre("16.10. 11:45", "23.10. 11:45", "30.10. 11:45", "06.11. 11:45"));
  EXPECT_EQ(*autumn[2].starts_at - *autumn[1].starts_at, absl::Hours(7 * 24 + 1));
  ASSERT_OK_AND_ASSIGN(auto spring, PlanSeries(First("2027-03-22T10:15:00+01:00"),
                                               Until("2027-04-05T10:15:00+02:00", "Europe/Berlin")));
  EXPECT_THAT(Clocks(spring, "Europe/Berlin"), ElementsAre("22.03. 10:15", "29.03. 10:15")) << "the last begins before the end";
  ASSERT_OK_AND_ASSIGN(auto utc, PlanSeries(First("2026-10-16T10:15:00Z"), Until("2026-11-01T00:00:00Z")));
  EXPECT_THAT(Clocks(utc, "UTC"), ElementsAre("16.10. 10:15", "23.10. 10:15", "30.10. 10:15"));
}

TEST(SeriesTest, AnHourThatTheClocksSkipOrHaveTwiceIsStillALecture) {
  ASSERT_OK_AND_ASSIGN(auto skipped, PlanSeries(First("2027-03-21T02:30:00+01:00", "2027-03-21T03:00:00+01:00"),
                                                Until("2027-04-01T00:00:00Z", "Europe/Berlin")));
  EXPECT_THAT(Clocks(skipped, "Europe/Berlin"), ElementsAre("21.03. 02:30", "28.03. 03:00"));
  EXPECT_THAT(Clocks(skipped, "Europe/Berlin", true), ElementsAre("21.03. 03:00", "28.03. 03:30")) << "as long as the others";
  ASSERT_OK_AND_ASSIGN(auto twice, PlanSeries(First("2026-10-18T02:30:00+02:00"), Until("2026-10-27T00:00:00Z", "Europe/Berlin")));
  EXPECT_EQ(*twice[1].starts_at, At("2026-10-25T02:30:00+02:00"));
}

TEST(SeriesTest, TitlesAreNumberedAndWeeksMayBeSkipped) {
  ASSERT_OK_AND_ASSIGN(auto lectures, PlanSeries(First("2026-10-16T10:15:00Z"), Until("2026-11-20T00:00:00Z", "", 2)));
  ASSERT_EQ(lectures.size(), 3u);
  EXPECT_EQ(lectures[2].title, "Analysis 3: week 3");
  EXPECT_THAT(Clocks(lectures, "UTC"), ElementsAre("16.10. 10:15", "30.10. 10:15", "13.11. 10:15"));
  EXPECT_FALSE(lectures[0].ends_at.has_value());
}

TEST(SeriesTest, ASeriesHasOneToAHundredLectures) {
  const absl::Time start = At("2026-10-16T10:15:00Z");
  SeriesPlan plan;
  plan.until = start + 100 * 7 * absl::Hours(24);
  ASSERT_OK_AND_ASSIGN(auto hundred, PlanSeries(First("2026-10-16T10:15:00Z"), plan));
  EXPECT_EQ(hundred.size(), 100u);
  plan.until = *plan.until + absl::Microseconds(1);
  EXPECT_THAT(PlanSeries(First("2026-10-16T10:15:00Z"), plan).status(), StatusIs(kInvalidArgument, "BAD_SERIES"));
  plan.until = start;
  EXPECT_THAT(PlanSeries(First("2026-10-16T10:15:00Z"), plan).status(), StatusIs(kInvalidArgument, "BAD_SERIES"));
}

TEST(SeriesTest, WhatIsMissingOrNoTimeZoneIsNamed) {
  auto refused = [](const NewLecture& first, const SeriesPlan& plan, const char* field) {
    const absl::Status status = PlanSeries(first, plan).status();
    EXPECT_THAT(status, StatusIs(kInvalidArgument, "BAD_FIELD")) << field;
    EXPECT_THAT(std::string(status.message()), HasSubstr(field));
  };
  const NewLecture first = First("2026-10-16T10:15:00Z");
  refused(NewLecture(), Until("2026-11-01T00:00:00Z"), "start_time");
  refused(first, SeriesPlan(), "until_time");
  refused(first, Until("2026-11-01T00:00:00Z", "", 9), "interval_weeks");
  refused(first, Until("2026-11-01T00:00:00Z", "", -1), "interval_weeks");
  for (const char* zone : {"Europe/Nowhere", "/etc/passwd", "../../etc/localtime", "file:/etc/localtime", "localtime", "Europe/../UTC",
                           "libc:localtime", "Europe/Berlin ", "UTC\n"}) {
    refused(first, Until("2026-11-01T00:00:00Z", zone), "time_zone");
  }
  refused(first, Until("2026-11-01T00:00:00Z", std::string(65, 'A')), "time_zone");
}

}  // namespace
}  // namespace lectern::api
