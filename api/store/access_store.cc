#include "api/store/access_store.h"

#include "common/base/status.h"

namespace lectern::api {

// Only the branch of the collection in question runs: the others' one-time filters are false.
constexpr char kFacts[] = R"sql(
with object as (
  select id as organization_id, null::bigint as course_id, null::bigint as lecture_id
    from organizations where $1::text = 'organizations' and id = $2
  union all
  select organization_id, id, null from courses where $1 = 'courses' and id = $2
  union all
  select c.organization_id, c.id, l.id from lectures l join courses c on c.id = l.course_id where $1 = 'lectures' and l.id = $2
  union all
  select organization_id, null, null from resources where $1 = 'resources' and id = $2 and removed_at is null
  union all
  select t.organization_id, l.course_id, l.id from tasks t left join lectures l on l.id = t.lecture_id
    where $1 = 'tasks' and t.id = $2
  union all
  select t.organization_id, l.course_id, l.id
    from all_jobs j join tasks t on t.id = j.task_id left join lectures l on l.id = t.lecture_id
    where $1 = 'jobs' and j.id = $2
  union all
  select c.organization_id, c.id, l.id
    from bookmarks b join lectures l on l.id = b.lecture_id join courses c on c.id = l.course_id
    where $1 = 'bookmarks' and b.id = $2
)
select o.organization_id, o.course_id, o.lecture_id, c.visibility, e.role as enrolment,
  exists (select 1 from organization_paths p join maintainers m on m.organization_id = p.ancestor_id
          where p.descendant_id = o.organization_id and m.user_id = $3) as maintains
from object o
left join courses c on c.id = o.course_id
left join enrolments e on e.course_id = o.course_id and e.user_id = $3
)sql";

absl::StatusOr<AccessFacts> AccessStore::Facts(absl::string_view collection, int64_t id, int64_t user_id) const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"access_facts", kFacts}, collection, id, user_id));
  AccessFacts facts;
  if (rows.empty()) return facts;
  const pg::Row row = rows[0];
  facts.exists = true;
  facts.organization_id = row.Int("organization_id");
  facts.course_id = row.Int("course_id");
  facts.lecture_id = row.Int("lecture_id");
  facts.visibility = row.Text("visibility");
  facts.enrolled = !row.IsNull("enrolment");
  facts.lecturer = row.Text("enrolment") == "lecturer";
  facts.maintains = row.Bool("maintains");
  return facts;
}

}  // namespace lectern::api
