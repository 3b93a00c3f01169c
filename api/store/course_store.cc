#include "api/store/course_store.h"

#include <limits>

#include "api/store/course_sql.h"
#include "api/store/row_util.h"
#include "api/store/visibility_sql.h"
#include "common/base/status.h"

namespace lectern::api {
namespace {

constexpr char kNotFoundReason[] = "COURSE_NOT_FOUND";

absl::StatusOr<CourseRow> OneCourse(absl::StatusOr<pg::Rows> rows, int64_t id, const Caller& reader) {
  if (!rows.ok()) {
    return Explain(rows.status(),
                   {{"courses_organization_id_fkey", absl::StatusCode::kNotFound, "ORGANIZATION_NOT_FOUND",
                     "the organization does not exist"},
                    {"*_check", absl::StatusCode::kInvalidArgument, "BAD_COURSE",
                     "a title has 1 to 300 characters, a term at most 20, a description at most 20000; visibility is "
                     "public, logged_in, enrolled or hidden"}});
  }
  if (rows->empty()) return NotFound(kNotFoundReason, "course", id);
  return ParseCourse((*rows)[0], reader);
}

}  // namespace

CourseRow ParseCourse(const pg::Row& row, const Caller& reader) {
  CourseRow course;
  course.id = row.Int("id");
  course.organization_id = row.Int("organization_id");
  course.organization_name = row.Text("organization_name");
  course.title = row.Text("title");
  course.term = row.Text("term");
  course.visibility = row.Text("visibility");
  course.description = row.Text("description");
  course.downloads_enabled = row.Bool("downloads_enabled");
  course.chat_enabled = row.Bool("chat_enabled");
  course.created_at = row.Time("created_at");
  course.lecture_count = static_cast<int>(row.Int("lecture_count"));
  course.for_person = reader.is_user();
  course.enrolled = !row.IsNull("enrolment");
  course.pinned = row.Bool("pinned");
  course.visited_at = OptionalTime(row, "visited_at");
  course.new_lectures = static_cast<int>(row.Int("new_lectures"));
  AccessFacts facts;
  facts.exists = true;
  facts.visibility = course.visibility;
  facts.enrolled = course.enrolled;
  facts.lecturer = row.Text("enrolment") == "lecturer";
  facts.maintains = row.Bool("maintains");
  course.level = LevelFor(reader, facts);
  return course;
}

constexpr char kInsert[] = R"sql(
with c as (
  insert into courses (organization_id, title, term, visibility, description, downloads_enabled, chat_enabled)
  values ($2, $3, $4, $5, $6, $7, $8) returning *
) select )sql" LECTERN_COURSE_COLUMNS "from c " LECTERN_COURSE_JOINS("course_marks");

absl::StatusOr<CourseRow> CourseStore::Insert(const NewCourse& course, const Caller& reader) {
  return OneCourse(pool_.Run({"course_insert", kInsert}, reader.user_id, course.organization_id, course.title, course.term,
                             course.visibility, course.description, course.downloads_enabled, course.chat_enabled),
                   0, reader);
}

constexpr char kGet[] = "select " LECTERN_COURSE_COLUMNS "from courses c " LECTERN_COURSE_JOINS("course_marks") "where c.id = $2";

absl::StatusOr<CourseRow> CourseStore::Get(int64_t id, const Caller& reader) const {
  return OneCourse(pool_.Run({"course_get", kGet}, reader.user_id, id), id, reader);
}

constexpr char kGetMany[] = "select " LECTERN_COURSE_COLUMNS "from courses c " LECTERN_COURSE_JOINS("course_marks")
    "where c.id = any ($2::bigint[]) order by c.id desc";

absl::StatusOr<std::vector<CourseRow>> CourseStore::GetMany(absl::Span<const int64_t> ids, const Caller& reader) const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"course_get_many", kGetMany}, reader.user_id, ids));
  return ParseRows(rows, [&](const pg::Row& row) { return ParseCourse(row, reader); });
}

constexpr char kUpdate[] = R"sql(
with c as (
  update courses set title = coalesce($3, title), visibility = coalesce($4, visibility), description = coalesce($5, description),
    term = coalesce($6, term), downloads_enabled = coalesce($7, downloads_enabled), chat_enabled = coalesce($8, chat_enabled)
  where id = $2 returning *
) select )sql" LECTERN_COURSE_COLUMNS "from c " LECTERN_COURSE_JOINS("course_marks");

absl::StatusOr<CourseRow> CourseStore::Update(int64_t id, const CourseChange& change, const Caller& reader) {
  return OneCourse(pool_.Run({"course_update", kUpdate}, reader.user_id, id, change.title, change.visibility, change.description,
                             change.term, change.downloads_enabled, change.chat_enabled),
                   id, reader);
}

constexpr char kSetPinned[] = R"sql(
with marked as (
  insert into course_marks (user_id, course_id, pinned_at) select $1, id, case when $3::bool then now() end from courses where id = $2
  on conflict (user_id, course_id) do update set pinned_at = case when $3 then coalesce(course_marks.pinned_at, now()) end
  returning *
) select )sql" LECTERN_COURSE_COLUMNS "from courses c " LECTERN_COURSE_JOINS("marked") "where c.id = $2";

absl::StatusOr<CourseRow> CourseStore::SetPinned(int64_t id, const Caller& reader, bool pinned) {
  return OneCourse(pool_.Run({"course_set_pinned", kSetPinned}, reader.user_id, id, pinned), id, reader);
}

// The marks that are read are those before the statement.
constexpr char kVisit[] = R"sql(
with marked as (
  insert into course_marks (user_id, course_id, visited_at) select $1, id, now() from courses where id = $2
  on conflict (user_id, course_id) do update set visited_at = now()
) select )sql" LECTERN_COURSE_COLUMNS "from courses c " LECTERN_COURSE_JOINS("course_marks") "where c.id = $2";

absl::StatusOr<CourseRow> CourseStore::Visit(int64_t id, const Caller& reader) {
  return OneCourse(pool_.Run({"course_visit", kVisit}, reader.user_id, id), id, reader);
}

constexpr char kDelete[] = R"sql(delete from courses where id = $1)sql";

absl::Status CourseStore::Delete(pg::Session& session, int64_t id) {
  ASSIGN_OR_RETURN(pg::Rows rows, session.Run({"course_delete", kDelete}, id));
  return rows.affected() == 0 ? NotFound(kNotFoundReason, "course", id) : absl::OkStatus();
}

// The start page's list has a statement of its own, without optional conditions and with a limit that the planner
// cannot look into: so PostgreSQL finds nothing to gain from the values and keeps one plan, instead of planning as long
// as it runs.
constexpr char kList[] = "with c as materialized (select * from courses c where c.id < $2 and " LECTERN_COURSE_LISTED("$1")
    "order by c.id desc limit (select $3::int)) select " LECTERN_COURSE_COLUMNS
    "from c " LECTERN_COURSE_JOINS("course_marks") "order by c.id desc";

// $4: the caller is an administrator.
constexpr char kListFiltered[] = "with c as materialized (select * from courses c where c.id < $2 and ($4::bool or "
    LECTERN_COURSE_LISTED("$1") R"sql()
  and ($5::bigint is null or c.organization_id in (select descendant_id from organization_paths where ancestor_id = $5))
  and ($6 = '' or c.term = $6)
  and (not $7::bool or c.id in (select course_id from enrolments where user_id = $1 and role = 'lecturer'))
order by c.id desc limit $3) select )sql" LECTERN_COURSE_COLUMNS
    "from c " LECTERN_COURSE_JOINS("course_marks") "order by c.id desc";

absl::StatusOr<Page<CourseRow>> CourseStore::List(const Caller& caller, const CourseFilter& filter,
                                                  const PageRequest& page) const {
  ASSIGN_OR_RETURN(int64_t before, DecodeIdToken("courses", page.token, std::numeric_limits<int64_t>::max()));
  const int64_t user_id = caller.is_user() ? caller.user_id : 0;
  const bool plain = !caller.is_administrator() && !filter.organization_id && filter.term.empty() && !filter.taught;
  absl::StatusOr<pg::Rows> rows =
      plain ? pool_.Run({"course_list", kList}, user_id, before, page.size + 1)
            : pool_.Run({"course_list_filtered", kListFiltered}, user_id, before, page.size + 1,
                        caller.is_administrator(), filter.organization_id, filter.term, filter.taught);
  if (!rows.ok()) return rows.status();
  auto parse = [&](const pg::Row& row) { return ParseCourse(row, caller); };
  return MakePage(ParseRows(*rows, parse), page.size,
                  [](const CourseRow& last) { return EncodeIdToken("courses", last.id); });
}

}  // namespace lectern::api
