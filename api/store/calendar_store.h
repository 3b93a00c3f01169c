// Lectures for calendars, and the feeds through which calendar programs read them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "api/domain/access.h"
#include "api/store/page.h"
#include "common/pg/pool.h"

namespace lectern::api {

struct CalendarLectureRow {
  int64_t lecture_id = 0;
  std::string title;
  std::string description;
  std::string course_title;
  std::string hall;             // empty: none
  absl::Time starts_at;
  std::optional<absl::Time> ends_at;
  absl::Time created_at;
};

struct CalendarFeedRow {
  int64_t id = 0;
  int64_t course_id = 0;        // 0: all of the person's
  std::string course_title;
  absl::Time created_at;
  std::optional<absl::Time> last_used_at;
};

// Whose feed it is, and of what.
struct CalendarFeedUse {
  Caller person;
  std::optional<int64_t> course_id;
};

// Thread-safe. One statement a call.
class CalendarStore {
 public:
  explicit CalendarStore(pg::Pool& pool) : pool_(pool) {}

  // From a year ago to two years ahead, by start; at most 5000. Only what the reader may watch now, never rehearsals. Of the course; or,
  // where that is absent, of all that are the reader's: pinned, enrolled in (unless hidden) or taught.
  absl::StatusOr<std::vector<CalendarLectureRow>> ListLectures(const Caller& reader, std::optional<int64_t> course) const;

  // `token_hash` is the SHA-256 of the token. Errors: kResourceExhausted/TOO_MANY_FEEDS above 50 of a person;
  // kNotFound/COURSE_NOT_FOUND.
  absl::StatusOr<CalendarFeedRow> InsertFeed(int64_t user_id, std::optional<int64_t> course, absl::string_view token_hash);
  // Those that work, newest first. The title of a course that the reader may not watch any more is empty.
  absl::StatusOr<Page<CalendarFeedRow>> ListFeeds(const Caller& reader, const PageRequest& page) const;
  // Errors: kNotFound/FEED_NOT_FOUND, also for another person's.
  absl::Status RevokeFeed(int64_t user_id, int64_t feed_id);
  // Notes the use. Errors: kNotFound/FEED_NOT_FOUND, also where it was revoked or its person is disabled.
  absl::StatusOr<CalendarFeedUse> UseFeed(absl::string_view token_hash);

 private:
  pg::Pool& pool_;
};

}  // namespace lectern::api
