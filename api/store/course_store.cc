#include "api/store/course_store.h"

#include <limits>

#include "api/store/row_util.h"
#include "common/base/status.h"

namespace lectern::api {
namespace {

constexpr char kNotFoundReason[] = "COURSE_NOT_FOUND";

CourseRow ParseCourse(const pg::Row& row) {
  CourseRow course;
  course.id = row.Int("id");
  course.organization_id = row.Int("organization_id");
  course.title = row.Text("title");
  course.term = row.Text("term");
  course.visibility = row.Text("visibility");
  course.description = row.Text("description");
  course.created_at = row.Time("created_at");
  course.lecture_count = static_cast<int>(row.Int("lecture_count"));
  return course;
}

absl::StatusOr<CourseRow> OneCourse(absl::StatusOr<pg::Rows> rows, int64_t id) {
  if (!rows.ok()) {
    return Explain(rows.status(),
                   {{"courses_organization_id_fkey", absl::StatusCode::kNotFound, "ORGANIZATION_NOT_FOUND",
                     "the organization does not exist"},
                    {"*_check", absl::StatusCode::kInvalidArgument, "BAD_COURSE",
                     "a title has 1 to 300 characters, a term at most 20, a description at most 20000; visibility is "
                     "public, logged_in, enrolled or hidden"}});
  }
  if (rows->empty()) return NotFound(kNotFoundReason, "course", id);
  return ParseCourse((*rows)[0]);
}

}  // namespace

constexpr char kInsert[] = R"sql(
insert into courses (organization_id, title, term, visibility, description) values ($1, $2, $3, $4, $5)
returning id, organization_id, title, term, visibility, description, created_at, 0 as lecture_count
)sql";

absl::StatusOr<CourseRow> CourseStore::Insert(const NewCourse& course) {
  return OneCourse(pool_.Run({"course_insert", kInsert}, course.organization_id, course.title, course.term,
                             course.visibility, course.description),
                   0);
}

constexpr char kGet[] = R"sql(
select id, organization_id, title, term, visibility, description, created_at,
  (select count(*) from lectures where course_id = courses.id and rehearsal_of is null) as lecture_count
from courses where id = $1
)sql";

absl::StatusOr<CourseRow> CourseStore::Get(int64_t id) const {
  return OneCourse(pool_.Run({"course_get", kGet}, id), id);
}

constexpr char kUpdate[] = R"sql(
update courses set title = coalesce($2, title), visibility = coalesce($3, visibility), description = coalesce($4, description)
where id = $1
returning id, organization_id, title, term, visibility, description, created_at,
  (select count(*) from lectures where course_id = courses.id and rehearsal_of is null) as lecture_count
)sql";

absl::StatusOr<CourseRow> CourseStore::Update(int64_t id, const CourseChange& change) {
  return OneCourse(pool_.Run({"course_update", kUpdate}, id, change.title, change.visibility, change.description), id);
}

constexpr char kDelete[] = R"sql(delete from courses where id = $1)sql";

absl::Status CourseStore::Delete(pg::Session& session, int64_t id) {
  ASSIGN_OR_RETURN(pg::Rows rows, session.Run({"course_delete", kDelete}, id));
  return rows.affected() == 0 ? NotFound(kNotFoundReason, "course", id) : absl::OkStatus();
}

// $1 is the caller's user id (0: nobody).
#define LECTERN_COURSE_VISIBLE \
  R"sql(
  c.visibility = 'public'
  or (c.visibility = 'logged_in' and $1::bigint > 0)
  or exists (select 1 from enrolments e where e.course_id = c.id and e.user_id = $1
             and (e.role = 'lecturer' or c.visibility <> 'hidden'))
  or c.organization_id in (select p.descendant_id from maintainers m
                           join organization_paths p on p.ancestor_id = m.organization_id where m.user_id = $1)
)sql"

#define LECTERN_COURSE_SELECT \
  R"sql(
select c.id, c.organization_id, c.title, c.term, c.visibility, c.description, c.created_at,
  (select count(*) from lectures l where l.course_id = c.id and l.rehearsal_of is null) as lecture_count
from courses c
)sql"

// The start page's list has a statement of its own, without optional conditions and with a limit that the planner
// cannot look into: so PostgreSQL finds nothing to gain from the values and keeps one plan, instead of planning as long
// as it runs.
constexpr char kList[] =
    LECTERN_COURSE_SELECT "where c.id < $2 and (" LECTERN_COURSE_VISIBLE ") order by c.id desc limit (select $3::int)";

// $4: the caller is an administrator.
constexpr char kListFiltered[] =
    LECTERN_COURSE_SELECT "where c.id < $2 and ($4::bool or " LECTERN_COURSE_VISIBLE R"sql()
  and ($5::bigint is null or c.organization_id in (select descendant_id from organization_paths where ancestor_id = $5))
  and ($6 = '' or c.term = $6)
order by c.id desc limit $3
)sql";

absl::StatusOr<Page<CourseRow>> CourseStore::List(const Caller& caller, const CourseFilter& filter,
                                                  const PageRequest& page) const {
  ASSIGN_OR_RETURN(int64_t before, DecodeIdToken("courses", page.token, std::numeric_limits<int64_t>::max()));
  const int64_t user_id = caller.is_user() ? caller.user_id : 0;
  const bool plain = !caller.is_administrator() && !filter.organization_id && filter.term.empty();
  absl::StatusOr<pg::Rows> rows =
      plain ? pool_.Run({"course_list", kList}, user_id, before, page.size + 1)
            : pool_.Run({"course_list_filtered", kListFiltered}, user_id, before, page.size + 1,
                        caller.is_administrator(), filter.organization_id, filter.term);
  if (!rows.ok()) return rows.status();
  return MakePage(ParseRows(*rows, ParseCourse), page.size,
                  [](const CourseRow& last) { return EncodeIdToken("courses", last.id); });
}

}  // namespace lectern::api
