#include "api/store/calendar_store.h"

#include <limits>

#include "api/store/row_util.h"
#include "api/store/visibility_sql.h"
#include "common/base/status.h"

namespace lectern::api {
namespace {

CalendarLectureRow ParseLecture(const pg::Row& row) {
  CalendarLectureRow lecture;
  lecture.lecture_id = row.Int("id");
  lecture.title = row.Text("title");
  lecture.description = row.Text("description");
  lecture.course_title = row.Text("course_title");
  lecture.hall = row.Text("hall");
  lecture.starts_at = row.Time("starts_at");
  lecture.ends_at = OptionalTime(row, "ends_at");
  lecture.created_at = row.Time("created_at");
  return lecture;
}

CalendarFeedRow ParseFeed(const pg::Row& row) {
  return CalendarFeedRow{row.Int("id"), row.Int("course_id"), row.Text("course_title"), row.Time("created_at"),
                         OptionalTime(row, "last_used_at")};
}

absl::Status NoSuchFeed() {
  return WithReason(absl::NotFoundError("this calendar feed does not exist or was revoked; make a new one in your settings"),
                    "FEED_NOT_FOUND");
}

}  // namespace

// Of a description only the beginning: thousands of long ones would be too much for a calendar, and for one answer.
// Two statements, since what is one course's and what is a person's have nothing in common for the planner.
#define LECTERN_CALENDAR_SELECT \
  R"sql(
select l.id, l.title, c.title as course_title,
  case when length(l.description) > 1000 then left(l.description, 999) || '…' else l.description end as description,
  h.display_name as hall, l.starts_at, l.ends_at, l.created_at
from courses c join lectures l on l.course_id = c.id left join halls h on h.id = l.hall_id
where l.rehearsal_of is null and l.starts_at > now() - interval '1 year' and l.starts_at < now() + interval '2 years' and )sql"

constexpr char kOfCourse[] = LECTERN_CALENDAR_SELECT "c.id = $3 and " LECTERN_COURSE_WATCHABLE("$1", "$2")
    "order by l.starts_at, l.id limit 5000";

constexpr char kOfPerson[] = LECTERN_CALENDAR_SELECT R"sql(
c.id in (select course_id from enrolments where user_id = $1 and (role = 'lecturer' or c.visibility <> 'hidden')
         union all select course_id from course_marks where user_id = $1 and pinned_at is not null) and )sql"
    LECTERN_COURSE_WATCHABLE("$1", "$2") "order by l.starts_at, l.id limit 5000";

absl::StatusOr<std::vector<CalendarLectureRow>> CalendarStore::ListLectures(const Caller& reader,
                                                                            std::optional<int64_t> course) const {
  absl::StatusOr<pg::Rows> rows =
      course ? pool_.Run({"calendar_of_course", kOfCourse}, reader.user_id, reader.is_administrator(), *course)
             : pool_.Run({"calendar_of_person", kOfPerson}, reader.user_id, reader.is_administrator());
  if (!rows.ok()) return rows.status();
  return ParseRows(*rows, ParseLecture);
}

constexpr char kInsertFeed[] = R"sql(
with made as (
  insert into calendar_feeds (user_id, course_id, token_hash)
  select $1, $2, $3 where (select count(*) from calendar_feeds where user_id = $1 and revoked_at is null) < 50
  returning id, course_id, created_at, last_used_at
)
select made.*, c.title as course_title from made left join courses c on c.id = made.course_id
)sql";

absl::StatusOr<CalendarFeedRow> CalendarStore::InsertFeed(int64_t user_id, std::optional<int64_t> course,
                                                          absl::string_view token_hash) {
  absl::StatusOr<pg::Rows> rows = pool_.Run({"calendar_feed_insert", kInsertFeed}, user_id, course, pg::Param::Bytes(token_hash));
  if (!rows.ok()) {
    return Explain(rows.status(), {{"calendar_feeds_course_id_fkey", absl::StatusCode::kNotFound, "COURSE_NOT_FOUND",
                                    "the course does not exist"}});
  }
  if (!rows->empty()) return ParseFeed((*rows)[0]);
  return WithReason(absl::ResourceExhaustedError("a person has at most 50 calendar feeds; revoke one that is not used any more"),
                    "TOO_MANY_FEEDS");
}

constexpr char kListFeeds[] = R"sql(
select f.id, f.course_id, case when )sql" LECTERN_COURSE_WATCHABLE("$1", "$2") R"sql( then c.title end as course_title,
  f.created_at, f.last_used_at
from calendar_feeds f left join courses c on c.id = f.course_id
where f.user_id = $1 and f.id < $3 and f.revoked_at is null order by f.id desc limit $4
)sql";

absl::StatusOr<Page<CalendarFeedRow>> CalendarStore::ListFeeds(const Caller& reader, const PageRequest& page) const {
  ASSIGN_OR_RETURN(int64_t before, DecodeIdToken("calendarFeeds", page.token, std::numeric_limits<int64_t>::max()));
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"calendar_feed_list", kListFeeds}, reader.user_id, reader.is_administrator(), before,
                                            page.size + 1));
  return MakePage(ParseRows(rows, ParseFeed), page.size,
                  [](const CalendarFeedRow& last) { return EncodeIdToken("calendarFeeds", last.id); });
}

constexpr char kRevokeFeed[] = R"sql(
update calendar_feeds set revoked_at = now() where id = $2 and user_id = $1 and revoked_at is null
)sql";

absl::Status CalendarStore::RevokeFeed(int64_t user_id, int64_t feed_id) {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"calendar_feed_revoke", kRevokeFeed}, user_id, feed_id));
  return rows.affected() == 0 ? NoSuchFeed() : absl::OkStatus();
}

// Calendar programs ask again and again; when, to the minute, is enough to know.
constexpr char kUseFeed[] = R"sql(
with feed as (
  select f.id, f.course_id, f.last_used_at, u.id as user_id, u.role
  from calendar_feeds f join users u on u.id = f.user_id
  where f.token_hash = $1 and f.revoked_at is null and u.disabled_at is null
), used as (
  update calendar_feeds c set last_used_at = now() from feed
  where c.id = feed.id and (feed.last_used_at is null or feed.last_used_at < now() - interval '1 minute')
)
select course_id, user_id, role from feed
)sql";

absl::StatusOr<CalendarFeedUse> CalendarStore::UseFeed(absl::string_view token_hash) {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"calendar_feed_use", kUseFeed}, pg::Param::Bytes(token_hash)));
  if (rows.empty()) return NoSuchFeed();
  CalendarFeedUse use;
  use.person.kind = Caller::Kind::kUser;
  use.person.user_id = rows[0].Int("user_id");
  use.person.role = rows[0].Text("role");
  use.course_id = OptionalInt(rows[0], "course_id");
  return use;
}

}  // namespace lectern::api
