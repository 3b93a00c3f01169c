#include "api/store/access_store.h"

#include <algorithm>
#include <iterator>

#include "common/base/status.h"

namespace lectern::api {

// One statement a collection, since one for all of them costs PostgreSQL ten times as much to plan as to run. $1 is the
// object, $2 the user.
#define LECTERN_FACTS(object)                                                                                \
  "with object as (" object                                                                                  \
  ") "                                                                                                       \
  "select o.organization_id, o.course_id, o.lecture_id, o.rehearsal_of, c.visibility, e.role as enrolment, " \
  "  exists (select 1 from maintainers m join organization_paths p on p.ancestor_id = m.organization_id "    \
  "          where m.user_id = $2 and p.descendant_id = o.organization_id) as maintains "                    \
  "from object o "                                                                                           \
  "left join courses c on c.id = o.course_id "                                                               \
  "left join enrolments e on e.course_id = o.course_id and e.user_id = $2"

constexpr char kOrganization[] = LECTERN_FACTS(R"sql(
select id as organization_id, null::bigint as course_id, null::bigint as lecture_id, null::bigint as rehearsal_of
from organizations where id = $1
)sql");

constexpr char kCourse[] = LECTERN_FACTS(R"sql(
select organization_id, id as course_id, null::bigint as lecture_id, null::bigint as rehearsal_of
from courses where id = $1
)sql");

constexpr char kLecture[] = LECTERN_FACTS(R"sql(
select c.organization_id, c.id as course_id, l.id as lecture_id, l.rehearsal_of
from lectures l join courses c on c.id = l.course_id where l.id = $1
)sql");

constexpr char kResource[] = LECTERN_FACTS(R"sql(
select organization_id, null::bigint as course_id, null::bigint as lecture_id, null::bigint as rehearsal_of
from resources where id = $1 and removed_at is null
)sql");

constexpr char kTask[] = LECTERN_FACTS(R"sql(
select t.organization_id, l.course_id, l.id as lecture_id, l.rehearsal_of
from tasks t left join lectures l on l.id = t.lecture_id where t.id = $1
)sql");

constexpr char kJob[] = LECTERN_FACTS(R"sql(
select t.organization_id, l.course_id, l.id as lecture_id, l.rehearsal_of
from all_jobs j join tasks t on t.id = j.task_id left join lectures l on l.id = t.lecture_id where j.id = $1
)sql");

constexpr char kBookmark[] = LECTERN_FACTS(R"sql(
select c.organization_id, c.id as course_id, l.id as lecture_id, l.rehearsal_of
from bookmarks b join lectures l on l.id = b.lecture_id join courses c on c.id = l.course_id where b.id = $1
)sql");

constexpr char kSection[] = LECTERN_FACTS(R"sql(
select c.organization_id, c.id as course_id, l.id as lecture_id, l.rehearsal_of
from sections s join lectures l on l.id = s.lecture_id join courses c on c.id = l.course_id where s.id = $1
)sql");

// A stream is known longer than its lecture; its organization's people may still look at it.
constexpr char kLiveStream[] = LECTERN_FACTS(R"sql(
select s.organization_id, l.course_id, l.id as lecture_id, l.rehearsal_of
from live_streams s left join lectures l on l.id = s.lecture_id where s.id = $1
)sql");

constexpr char kHall[] = LECTERN_FACTS(R"sql(
select organization_id, null::bigint as course_id, null::bigint as lecture_id, null::bigint as rehearsal_of
from halls where id = $1 and removed_at is null
)sql");

struct Collection {
  absl::string_view name;
  pg::Query query;
};

constexpr Collection kCollections[] = {
    {"organizations", {"access_organization", kOrganization}},
    {"courses", {"access_course", kCourse}},
    {"lectures", {"access_lecture", kLecture}},
    {"resources", {"access_resource", kResource}},
    {"tasks", {"access_task", kTask}},
    {"jobs", {"access_job", kJob}},
    {"bookmarks", {"access_bookmark", kBookmark}},
    {"sections", {"access_section", kSection}},
    {"liveStreams", {"access_live_stream", kLiveStream}},
    {"halls", {"access_hall", kHall}},
};

absl::StatusOr<AccessFacts> AccessStore::Facts(absl::string_view collection, int64_t id, int64_t user_id) const {
  const auto* known = std::find_if(std::begin(kCollections), std::end(kCollections),
                                   [&](const Collection& candidate) { return candidate.name == collection; });
  if (known == std::end(kCollections)) return AccessFacts();
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run(known->query, id, user_id));
  AccessFacts facts;
  if (rows.empty()) return facts;
  const pg::Row row = rows[0];
  facts.exists = true;
  facts.organization_id = row.Int("organization_id");
  facts.course_id = row.Int("course_id");
  facts.lecture_id = row.Int("lecture_id");
  facts.rehearsal_of = row.Int("rehearsal_of");
  facts.machinery = collection == "liveStreams";
  facts.visibility = row.Text("visibility");
  facts.enrolled = !row.IsNull("enrolment");
  facts.lecturer = row.Text("enrolment") == "lecturer";
  facts.maintains = row.Bool("maintains");
  return facts;
}

}  // namespace lectern::api
