// Puts lectures together from the rows of LectureStore's statement. Internal to api/store.
#pragma once

#include <vector>

#include "api/store/lecture_store.h"

namespace lectern::api {

// Rows of one lecture follow each other, one a view (lecture_sql.h). Levels are those of `reader`, for whom they were read.
std::vector<LectureRow> ParseLectures(const pg::Rows& rows, const Caller& reader);

// A rendition's and a job's words as people see them; for tests, too.
std::string StepKind(absl::string_view job_kind);
std::string StepState(absl::string_view job_state);
// Of the lecture, from its views.
std::string LectureStateOf(const std::vector<ViewRow>& views);

// What a refused row of lectures means to the caller.
absl::Status ExplainLecture(const absl::Status& status);

}  // namespace lectern::api
