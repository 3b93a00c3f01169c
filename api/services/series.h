// The dates of a series of lectures. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/store/lecture_store.h"

namespace lectern::api {

struct SeriesPlan {
  int interval_weeks = 0;              // 1..8; 0 means 1
  std::optional<absl::Time> until;     // the last begins before this
  std::string time_zone;               // IANA name; empty: UTC
};

// `first` again every so many weeks, at the same hour of the zone's clocks. A time that the clocks skip is that at which they
// do so, one that they have twice the earlier. "{n}" in the title becomes the lecture's number, from 1.
//
// Errors: kInvalidArgument/BAD_FIELD (no start or until_time, interval, time zone), /BAD_SERIES (none, or more than 100).
absl::StatusOr<std::vector<NewLecture>> PlanSeries(const NewLecture& first, const SeriesPlan& plan);

}  // namespace lectern::api
