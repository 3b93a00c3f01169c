// The part of CourseStore that deals with enrolments.
#include "absl/strings/str_cat.h"
#include "api/store/course_store.h"
#include "api/store/row_util.h"
#include "common/base/status.h"

namespace lectern::api {

constexpr char kEnrol[] = R"sql(
with person as (select id, email, display_name, role from users where id = $2),
enrolled as (
  insert into enrolments (course_id, user_id, role)
  select $1, id, $3 from person where $3 <> 'lecturer' or role <> 'student'
  on conflict (course_id, user_id) do update set role = excluded.role
  returning role
)
select person.email, person.display_name, enrolled.role from person left join enrolled on true
)sql";

absl::StatusOr<EnrolmentRow> CourseStore::Enrol(int64_t course_id, int64_t user_id, absl::string_view role) {
  absl::StatusOr<pg::Rows> rows = pool_.Run({"enrolment_put", kEnrol}, course_id, user_id, role);
  if (!rows.ok()) {
    return Explain(rows.status(), {{"enrolments_course_id_fkey", absl::StatusCode::kNotFound, "COURSE_NOT_FOUND",
                                    "the course does not exist"},
                                   {"*_check", absl::StatusCode::kInvalidArgument, "BAD_ENROLMENT",
                                    "a role in a course is student or lecturer"}});
  }
  if (rows->empty()) return NotFound("USER_NOT_FOUND", "user", user_id);
  const pg::Row row = (*rows)[0];
  if (row.IsNull("role")) {
    return WithReason(
        absl::FailedPreconditionError(absl::StrCat(
            "users/", user_id, " is a student of the installation; an administrator makes people lecturers first")),
        "NOT_A_LECTURER");
  }
  return EnrolmentRow{user_id, row.Text("email"), row.Text("display_name"), row.Text("role")};
}

constexpr char kUnenrol[] = R"sql(delete from enrolments where course_id = $1 and user_id = $2)sql";

absl::Status CourseStore::Unenrol(int64_t course_id, int64_t user_id) {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"enrolment_delete", kUnenrol}, course_id, user_id));
  if (rows.affected() > 0) return absl::OkStatus();
  return WithReason(absl::NotFoundError(absl::StrCat("users/", user_id, " is not enrolled in courses/", course_id)),
                    "ENROLMENT_NOT_FOUND");
}

constexpr char kListEnrolments[] = R"sql(
select e.user_id, u.email, u.display_name, e.role
from enrolments e join users u on u.id = e.user_id
where e.course_id = $1 and u.email > $2
order by u.email limit $3
)sql";

absl::StatusOr<Page<EnrolmentRow>> CourseStore::ListEnrolments(int64_t course_id, const PageRequest& page) const {
  std::string after;
  if (!page.token.empty()) {
    ASSIGN_OR_RETURN(std::vector<std::string> keys, DecodePageToken("enrolments", page.token, 1));
    after = keys[0];
  }
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"enrolment_list", kListEnrolments}, course_id, after, page.size + 1));
  auto parse = [](const pg::Row& row) {
    return EnrolmentRow{row.Int("user_id"), row.Text("email"), row.Text("display_name"), row.Text("role")};
  };
  return MakePage(ParseRows(rows, parse), page.size,
                  [](const EnrolmentRow& last) { return EncodePageToken("enrolments", {last.email}); });
}

}  // namespace lectern::api
