#include "api/services/series.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/civil_time.h"
#include "api/services/fields.h"
#include "common/base/status.h"

namespace lectern::api {
namespace {

constexpr int64_t kYear10000 = 253'402'300'800;
constexpr int kMostWeeks = 8;
constexpr int kMostLectures = 100;
constexpr size_t kMaxZoneBytes = 64;

absl::Status BadSeries(absl::string_view why) {
  return WithReason(absl::InvalidArgumentError(absl::StrCat("this is no series: ", why)), "BAD_SERIES");
}

// Abseil opens a file of that name, so that a name must not lead out of the zones' folder; "localtime" is this machine's.
bool IsZoneName(absl::string_view name) {
  auto allowed = [](unsigned char c) { return absl::ascii_isalnum(c) || c == '/' || c == '_' || c == '-' || c == '+'; };
  return name.size() <= kMaxZoneBytes && absl::ascii_isupper(name[0]) && std::all_of(name.begin(), name.end(), allowed);
}

absl::StatusOr<absl::TimeZone> ZoneOf(const std::string& name) {
  if (name.empty()) return absl::UTCTimeZone();
  absl::TimeZone zone;
  if (IsZoneName(name) && absl::LoadTimeZone(name, &zone)) return zone;
  return BadField("time_zone", name, "write an IANA name such as Europe/Berlin");
}

absl::Time Moved(absl::Time time, int days, const absl::TimeZone& zone) {
  // As it was asked for, also within the hour that clocks show twice.
  if (days == 0) return time;
  const absl::TimeZone::CivilInfo at = zone.At(time);
  const absl::CivilDay day = absl::CivilDay(at.cs) + days;
  return at.subsecond + absl::FromCivil(absl::CivilSecond(day.year(), day.month(), day.day(), at.cs.hour(), at.cs.minute(),
                                                          at.cs.second()), zone);
}

}  // namespace

absl::StatusOr<std::vector<NewLecture>> PlanSeries(const NewLecture& first, const SeriesPlan& plan) {
  if (!first.starts_at) return BadField("start_time", "", "write when the first lecture begins");
  if (!plan.until) return BadField("until_time", "", "write the time before which the last lecture begins");
  if (plan.interval_weeks < 0 || plan.interval_weeks > kMostWeeks) {
    return BadField("interval_weeks", absl::StrCat(plan.interval_weeks), absl::StrCat("write 1 to ", kMostWeeks));
  }
  ASSIGN_OR_RETURN(absl::TimeZone zone, ZoneOf(plan.time_zone));
  const int days = 7 * std::max(1, plan.interval_weeks);
  std::vector<NewLecture> lectures;
  for (int n = 0;; ++n) {
    NewLecture lecture = first;
    lecture.starts_at = Moved(*first.starts_at, n * days, zone);
    if (*lecture.starts_at >= *plan.until) break;
    if (n == kMostLectures) {
      return BadSeries(absl::StrCat("it has more than ", kMostLectures, " lectures; choose an earlier until_time"));
    }
    if (first.ends_at) {
      lecture.ends_at = Moved(*first.ends_at, n * days, zone);
      // A night in which the clocks change can leave nothing of it.
      if (*lecture.ends_at <= *lecture.starts_at) lecture.ends_at = *lecture.starts_at + (*first.ends_at - *first.starts_at);
    }
    if (std::max(*lecture.starts_at, lecture.ends_at.value_or(*lecture.starts_at)) >= absl::FromUnixSeconds(kYear10000)) {
      return BadSeries("it goes on beyond the year 9999; choose an earlier end_time");
    }
    lecture.title = absl::StrReplaceAll(first.title, {{"{n}", absl::StrCat(n + 1)}});
    lectures.push_back(std::move(lecture));
  }
  if (lectures.empty()) return BadSeries("until_time is not after start_time, so that it has no lecture");
  return lectures;
}

}  // namespace lectern::api
