#include "api/store/home_store.h"

#include <algorithm>
#include <utility>

#include "api/store/course_sql.h"
#include "api/store/lecture_row.h"
#include "api/store/lecture_sql.h"
#include "api/store/row_util.h"
#include "api/store/user_row.h"
#include "api/store/visibility_sql.h"
#include "common/base/status.h"

namespace lectern::api {

constexpr char kPerson[] = R"sql(
select u.id, u.email, u.display_name, u.role, u.disabled_at is not null as disabled, u.created_at, u.settings,
  array(select organization_id from maintainers where user_id = u.id order by organization_id) as maintains,
  exists (select 1 from enrolments where user_id = u.id and role = 'lecturer') as teaches
from users u where u.id = $1
)sql";

absl::StatusOr<PersonRow> HomeStore::Person(int64_t user_id) const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"home_person", kPerson}, user_id));
  if (rows.empty()) return NotFound("USER_NOT_FOUND", "user", user_id);
  return PersonRow{ParseUser(rows[0]), rows[0].Text("settings"), rows[0].Ints("maintains"), rows[0].Bool("teaches")};
}

// $1 is the reader, $2 whether they are an administrator.
#define LECTERN_COURSE_AT_HOME                                                                      \
  "($2::bool or " LECTERN_COURSE_LISTED("$1")                                                       \
  " or (c.visibility = 'hidden' and exists (select 1 from course_marks k where k.course_id = c.id " \
  "and k.user_id = $1 and k.pinned_at is not null))) "

constexpr char kLectures[] = R"sql(
with on_air as (
  select l.id, )sql" LECTERN_VIEWERS R"sql( as viewers from lectures l join courses c on c.id = l.course_id
  where l.id in (select lecture_id from live_streams where state <> 'ended' and first_media_at is not null)
    and l.rehearsal_of is null and )sql" LECTERN_COURSE_AT_HOME R"sql(
  order by viewers desc, l.id limit 50
), soon as (
  select l.id from lectures l join courses c on c.id = l.course_id
  where l.starts_at > now() and l.starts_at <= now() + interval '24 hours' and l.ended_at is null and l.rehearsal_of is null
    and )sql" LECTERN_COURSE_AT_HOME R"sql(
  order by l.starts_at, l.id limit 50
), begun as (
  select l.id from progress g join lectures l on l.id = g.lecture_id join courses c on c.id = l.course_id
  where g.user_id = $1 and not g.watched and g.position_ms > 0 and l.rehearsal_of is null
    and exists (select 1 from assets a where a.lecture_id = l.id and a.state in ('playable', 'complete', 'live'))
    and )sql" LECTERN_COURSE_WATCHABLE("$1", "$2") R"sql(
  order by g.updated_at desc limit 12
), wanted as (
  select id, bool_or(list = 'live') as is_live, bool_or(list = 'soon') as is_soon, bool_or(list = 'begun') as is_begun
  from (select id, 'live' as list from on_air union all select id, 'soon' from soon union all select id, 'begun' from begun) lists
  group by id
), picked as materialized (select w.is_live, w.is_soon, w.is_begun, )sql" LECTERN_PICKED_COLUMNS R"sql(
  from wanted w join lectures l on l.id = w.id join courses c on c.id = l.course_id
))sql" LECTERN_WITH_VIEWS;

namespace {

struct Lists {
  bool live = false;
  bool soon = false;
  bool begun = false;
};

// What a stream was on air for may have ended since its row was read; what begins soon may have begun early.
void Distribute(const LectureRow& lecture, const Lists& lists, HomeLectures& home) {
  const bool live = lecture.state == "live";
  if (lists.live && live) home.live.push_back(lecture);
  if (lists.soon && !live && lecture.state != "recorded") home.upcoming.push_back(lecture);
  if (lists.begun && (live || lecture.state == "recorded")) home.continue_watching.push_back(lecture);
}

}  // namespace

absl::StatusOr<HomeLectures> HomeStore::Lectures(const Caller& reader) const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"home_lectures", kLectures}, reader.user_id, reader.is_administrator()));
  std::map<int64_t, Lists> lists;
  for (int i = 0; i < rows.size(); ++i) {
    const pg::Row row = rows[i];
    lists[row.Int("id")] = {row.Bool("is_live"), row.Bool("is_soon"), row.Bool("is_begun")};
  }
  HomeLectures home;
  for (const LectureRow& lecture : ParseLectures(rows, reader)) Distribute(lecture, lists[lecture.id], home);
  // They come by their start.
  std::stable_sort(home.live.begin(), home.live.end(),
                   [](const LectureRow& a, const LectureRow& b) { return a.viewers > b.viewers; });
  std::stable_sort(home.continue_watching.begin(), home.continue_watching.end(), [](const LectureRow& a, const LectureRow& b) {
    return a.progress && b.progress && a.progress->updated_at > b.progress->updated_at;
  });
  return home;
}

// The first row is there also where no course is: it tells the terms.
constexpr char kCourses[] = R"sql(
with listed as materialized (
  select c.id, c.term from courses c where $2::bool or )sql" LECTERN_COURSE_LISTED("$1") R"sql(
), at as materialized (
  select coalesce(nullif($3, ''), max(term), '') as home_term,
    array(select distinct term from listed where term <> '' order by term desc limit 100) as terms
  from listed
), own as materialized (
  select c.id, bool_or(o.pinned) as is_pinned from (
    select course_id, false as pinned from enrolments where user_id = $1
    union all select course_id, true from course_marks where user_id = $1 and pinned_at is not null
  ) o join courses c on c.id = o.course_id
  where )sql" LECTERN_COURSE_AT_HOME R"sql( group by c.id
), mine as (
  select c.id, o.is_pinned from own o join courses c on c.id = o.id, at where o.is_pinned or c.term in (at.home_term, '')
  order by o.is_pinned desc, c.id desc limit 200
), others as (
  select l.id from listed l, at where l.term in (at.home_term, '') and l.id not in (select id from own) order by l.id desc limit 50
), c as materialized (
  select c.*, w.mine, w.is_pinned from (select id, true as mine, is_pinned from mine union all select id, false, false from others) w
  join courses c on c.id = w.id
)
select at.home_term, at.terms, x.* from at left join (
  select c.mine, c.is_pinned, )sql" LECTERN_COURSE_COLUMNS "from c " LECTERN_COURSE_JOINS("course_marks") R"sql(
) x on true order by x.is_pinned desc, x.id desc
)sql";

absl::StatusOr<HomeCourses> HomeStore::Courses(const Caller& reader, absl::string_view term) const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"home_courses", kCourses}, reader.user_id, reader.is_administrator(), term));
  HomeCourses home;
  home.term = rows[0].Text("home_term");
  home.terms = rows[0].Texts("terms");
  for (int i = 0; i < rows.size(); ++i) {
    if (rows[i].IsNull("id")) continue;
    (rows[i].Bool("mine") ? home.mine : home.listed).push_back(ParseCourse(rows[i], reader));
  }
  return home;
}

// As ResourceStore's, for several organizations at once.
constexpr char kEdges[] = R"sql(
select n.organization_id, e.public_url
from unnest($1::bigint[]) n (organization_id)
cross join lateral (
  select r.public_url, coalesce(p.distance, 1000) as tier, coalesce((s.load ->> 'cpu')::float8, 0) as cpu, r.id
  from resources r
  join resource_sessions s on s.resource_id = r.id
  left join organization_paths p on p.descendant_id = n.organization_id and p.ancestor_id = r.organization_id
  where r.kind = 'edge' and r.removed_at is null and not r.draining and not s.leaving
    and s.state = 'alive' and s.disconnected_at is null and s.last_beat_at > now() - $2::interval
    and (p.ancestor_id is not null or r.shared)
  order by tier, cpu, r.id limit $3
) e
order by n.organization_id, e.tier, e.cpu, e.id
)sql";

absl::StatusOr<std::map<int64_t, std::vector<std::string>>> HomeStore::Edges(absl::Span<const int64_t> organizations,
                                                                                        absl::Duration max_silence,
                                                                                        int limit) const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"home_edges", kEdges}, organizations, max_silence, limit));
  std::map<int64_t, std::vector<std::string>> edges;
  for (int i = 0; i < rows.size(); ++i) edges[rows[i].Int("organization_id")].push_back(rows[i].Text("public_url"));
  return edges;
}

}  // namespace lectern::api
