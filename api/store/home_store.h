// What a person sees first, and what pictures of lectures need.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "api/domain/access.h"
#include "api/store/course_store.h"
#include "api/store/lecture_store.h"
#include "api/store/user_store.h"
#include "common/pg/pool.h"

namespace lectern::api {

struct PersonRow {
  UserRow user;
  std::string settings_json;                // UserSettings
  std::vector<int64_t> maintains;           // organizations where the right was granted
  bool teaches = false;                     // lecturer of some course
};

// Lists as in the proto's Home, in its order and with its limits.
struct HomeLectures {
  std::vector<LectureRow> live;
  std::vector<LectureRow> upcoming;
  std::vector<LectureRow> continue_watching;
};

struct HomeCourses {
  std::vector<CourseRow> mine;
  std::vector<CourseRow> listed;
  std::vector<std::string> terms;           // newest first
  std::string term;                         // that the lists are of
};

// Thread-safe. One statement a call, whatever there is to show. Rehearsals are in none of the lists. Hidden courses are in them only for
// who teaches, maintains or has pinned them; where somebody stopped watching, they know the lecture.
class HomeStore {
 public:
  explicit HomeStore(pg::Pool& pool) : pool_(pool) {}

  // Errors: kNotFound/USER_NOT_FOUND.
  absl::StatusOr<PersonRow> Person(int64_t user_id) const;
  absl::StatusOr<HomeLectures> Lectures(const Caller& reader) const;
  // `term` empty: the newest that has listed courses. Courses without a term belong to every one.
  absl::StatusOr<HomeCourses> Courses(const Caller& reader, absl::string_view term) const;
  // Addresses of edges that are alive and serve the organization, best first, at most `limit` each.
  absl::StatusOr<std::map<int64_t, std::vector<std::string>>> Edges(absl::Span<const int64_t> organizations,
                                                                               absl::Duration max_silence, int limit) const;

 private:
  pg::Pool& pool_;
};

}  // namespace lectern::api
