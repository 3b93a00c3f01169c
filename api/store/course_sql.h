// What is read of a course for one person. $1 of a statement is the reader's id (0: nobody), `c` the course. Internal to api/store.
#pragma once

#include "api/store/course_store.h"

namespace lectern::api {

// A lecture is new where its first recording became playable after the reader's last visit.
#define LECTERN_COURSE_COLUMNS \
  R"sql(
c.id, c.organization_id, o.display_name as organization_name, c.title, c.term, c.visibility, c.description, c.downloads_enabled,
c.chat_enabled, c.created_at, e.role as enrolment, k.pinned_at is not null as pinned, k.visited_at,
(select count(*) from lectures l where l.course_id = c.id and l.rehearsal_of is null) as lecture_count,
case when k.visited_at is null then 0 else (
  select count(*) from lectures l where l.course_id = c.id and l.rehearsal_of is null
    and exists (select 1 from assets a where a.lecture_id = l.id and a.playable_at > k.visited_at and a.state in ('playable', 'complete'))
    and not exists (select 1 from assets a where a.lecture_id = l.id and a.playable_at <= k.visited_at)
) end as new_lectures,
exists (select 1 from maintainers m join organization_paths p on p.ancestor_id = m.organization_id
        where m.user_id = $1 and p.descendant_id = c.organization_id) as maintains
)sql"

// `marks`: course_marks, or what has its columns.
#define LECTERN_COURSE_JOINS(marks)                                                 \
  "join organizations o on o.id = c.organization_id "                               \
  "left join enrolments e on e.course_id = c.id and e.user_id = $1 "                \
  "left join " marks " k on k.course_id = c.id and k.user_id = $1 "

CourseRow ParseCourse(const pg::Row& row, const Caller& reader);

}  // namespace lectern::api
