// When something of a lecture will be playable.
#pragma once

#include <optional>

#include "absl/time/time.h"
#include "api/store/lecture_store.h"

namespace lectern::api {

// Of a lecture that is being processed and not playable yet, as estimated from how fast the jobs went so far that its first
// publication waits for, by the database's clock; never before the row was read. Absent while one of them has not begun, or not
// come far enough to tell its pace, and where nothing is being processed. Pure.
std::optional<absl::Time> ReadyTime(const LectureRow& lecture);

}  // namespace lectern::api
