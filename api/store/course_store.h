// Courses and who is enrolled.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "api/domain/access.h"
#include "api/store/page.h"
#include "common/pg/pool.h"

namespace lectern::api {

struct CourseRow {
  int64_t id = 0;
  int64_t organization_id = 0;
  std::string title;
  std::string term;
  std::string visibility;       // "public", "logged_in", "enrolled", "hidden"
  std::string description;
  absl::Time created_at;
  int lecture_count = 0;
  std::string organization_name;
  bool downloads_enabled = false;
  bool chat_enabled = true;
  // Of the reader.
  bool for_person = false;      // they are signed in
  Level level = Level::kNone;
  bool enrolled = false;        // as student or lecturer
  bool pinned = false;
  std::optional<absl::Time> visited_at;   // absent: never
  int new_lectures = 0;         // that became playable since then
};

struct NewCourse {
  int64_t organization_id = 0;
  std::string title;
  std::string term;
  std::string visibility = "enrolled";
  std::string description;
  bool downloads_enabled = false;
  bool chat_enabled = true;
};

// Absent fields stay as they are.
struct CourseChange {
  std::optional<std::string> title;
  std::optional<std::string> visibility;
  std::optional<std::string> description;
  std::optional<std::string> term;
  std::optional<bool> downloads_enabled;
  std::optional<bool> chat_enabled;
};

struct CourseFilter {
  std::optional<int64_t> organization_id;   // it and its subtree
  std::string term;                         // empty: any
  bool taught = false;                      // only those of which the reader is a lecturer
};

struct EnrolmentRow {
  int64_t user_id = 0;
  std::string email;
  std::string display_name;
  std::string role;             // "student", "lecturer"
};

// Thread-safe. One statement a call. NOT_FOUND has the reason COURSE_NOT_FOUND.
class CourseStore {
 public:
  explicit CourseStore(pg::Pool& pool) : pool_(pool) {}

  // Errors: kNotFound/ORGANIZATION_NOT_FOUND, kInvalidArgument/BAD_COURSE (a text too long or empty, unknown visibility).
  absl::StatusOr<CourseRow> Insert(const NewCourse& course, const Caller& reader = Caller());
  absl::StatusOr<CourseRow> Get(int64_t id, const Caller& reader = Caller()) const;
  // Those of `ids` that exist, newest first. What the reader may see was decided before.
  absl::StatusOr<std::vector<CourseRow>> GetMany(absl::Span<const int64_t> ids, const Caller& reader) const;
  absl::StatusOr<CourseRow> Update(int64_t id, const CourseChange& change, const Caller& reader = Caller());
  // For a reader who is a person. Idempotent.
  absl::StatusOr<CourseRow> SetPinned(int64_t id, const Caller& reader, bool pinned);
  // Notes that the person looks at the course now. The answer is as it was before.
  absl::StatusOr<CourseRow> Visit(int64_t id, const Caller& reader);
  // With its lectures, enrolments and bookmarks. Recordings stay, without a lecture, until their media are deleted: read
  // AssetStore::MediaOfCourse before, in the same transaction.
  absl::Status Delete(pg::Session& session, int64_t id);

  // What the caller may see, newest first. Hidden ones appear only for their lecturers and maintainers (and administrators).
  absl::StatusOr<Page<CourseRow>> List(const Caller& caller, const CourseFilter& filter, const PageRequest& page) const;

  // Enrols or changes the role. Errors: kNotFound/COURSE_NOT_FOUND, kNotFound/USER_NOT_FOUND,
  // kFailedPrecondition/NOT_A_LECTURER when a person whose role is student would become lecturer.
  absl::StatusOr<EnrolmentRow> Enrol(int64_t course_id, int64_t user_id, absl::string_view role);
  // Errors: kNotFound/ENROLMENT_NOT_FOUND.
  absl::Status Unenrol(int64_t course_id, int64_t user_id);
  // By e-mail address.
  absl::StatusOr<Page<EnrolmentRow>> ListEnrolments(int64_t course_id, const PageRequest& page) const;

 private:
  pg::Pool& pool_;
};

}  // namespace lectern::api
