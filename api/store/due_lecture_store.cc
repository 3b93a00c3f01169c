// The part of LectureStore that finds the lecture that an encoder is for, and makes one due.
#include "api/store/lecture_store.h"
#include "api/store/row_util.h"
#include "common/base/status.h"

namespace lectern::api {
namespace {

std::optional<int64_t> FirstId(const pg::Rows& rows) {
  if (rows.empty()) return std::nullopt;
  return rows[0].Int("id");
}

absl::Status NoCourse() {
  return WithReason(absl::FailedPreconditionError("you teach no course, so there is no lecture that this could be; ask for a course, "
                                                  "or to be enrolled as its lecturer"),
                    "NO_COURSE");
}

absl::Status NotToStart(absl::string_view reason, absl::string_view why) {
  return WithReason(absl::FailedPreconditionError(why), reason);
}

absl::Status CheckStart(const pg::Row& row) {
  if (row.Bool("rehearsal")) return NotToStart("IS_REHEARSAL", "a rehearsal is seen by nobody; start the lecture that it is for");
  if (row.Bool("ended")) return NotToStart("LECTURE_ENDED", "the lecture was ended; create another one to go live again");
  if (row.Bool("hall")) return NotToStart("ON_AIR_FROM_HALL", "the lecture hall has this lecture on air already");
  if (!row.Bool("recorded") || row.Bool("on_air")) return absl::OkStatus();
  return NotToStart("LECTURE_ENDED", "the lecture has a recording already; create another one to go live");
}

}  // namespace

// A colleague whose encoder sends the same view is not thrown out by one that starts; who is silent is (the limit covers a report that
// is late).
constexpr char kFindDue[] = R"sql(
with mine as (
  select l.id, l.starts_at, coalesce(l.ends_at, l.starts_at + interval '4 hours') as ends_at
  from enrolments e join lectures l on l.course_id = e.course_id
  where e.user_id = $1 and e.role = 'lecturer' and l.starts_at is not null and l.ended_at is null and l.rehearsal_of is null
    and not exists (select 1 from live_streams s where s.lecture_id = l.id and s.view = $4 and s.source = 'encoder' and s.user_id <> $1
                      and s.publishing and s.state in ('starting', 'live') and s.reported_at > now() - interval '10 seconds')
)
select id from mine
where now() >= starts_at - $2::interval and now() < ends_at + $3::interval
order by now() >= starts_at and now() < ends_at desc, abs(extract(epoch from now() - starts_at)), id limit 1
)sql";

absl::StatusOr<std::optional<int64_t>> LectureStore::FindDue(int64_t user_id, const std::string& view, absl::Duration early,
                                                             absl::Duration late) const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"lecture_find_due", kFindDue}, user_id, early, late, view));
  return FirstId(rows);
}

constexpr char kFindInterrupted[] = R"sql(
select l.id
from live_streams s join lectures l on l.id = s.lecture_id
join enrolments e on e.course_id = l.course_id and e.user_id = $1 and e.role = 'lecturer'
where s.state in ('starting', 'live', 'interrupted') and (s.state = 'interrupted' or not s.publishing) and s.source = 'encoder'
  and s.user_id = $1 and l.rehearsal_of is null and l.ended_at is null and coalesce(s.gone_at, now()) > now() - $2::interval
order by s.id desc limit 1
)sql";

absl::StatusOr<std::optional<int64_t>> LectureStore::FindInterrupted(int64_t user_id, absl::Duration grace) const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"lecture_find_interrupted", kFindInterrupted}, user_id, grace));
  return FirstId(rows);
}

constexpr char kFindOverrunning[] = R"sql(
select l.id
from live_streams s join lectures l on l.id = s.lecture_id
join enrolments e on e.course_id = l.course_id and e.user_id = $1 and e.role = 'lecturer'
where s.state not in ('ending', 'ended') and s.user_id = $1 and l.rehearsal_of is null and l.ended_at is null
order by s.id desc limit 1
)sql";

absl::StatusOr<std::optional<int64_t>> LectureStore::FindOverrunning(int64_t user_id) const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"lecture_find_overrunning", kFindOverrunning}, user_id));
  return FirstId(rows);
}

// The course with the lecture that began last, else the one where they became lecturer last.
constexpr char kLastTaught[] = R"sql(
select c.id
from enrolments e join courses c on c.id = e.course_id
left join lateral (
  select max(l.starts_at) as at from lectures l where l.course_id = c.id and l.starts_at <= now() and l.rehearsal_of is null
) taught on true
where e.user_id = $1 and e.role = 'lecturer'
order by taught.at desc nulls last, e.created_at desc, c.id desc limit 1
)sql";

// Two encoders of one person that start at once end in one rehearsal.
constexpr char kLockPerson[] = R"sql(select id from users where id = $1 for no key update)sql";

constexpr char kRunningRehearsal[] = R"sql(
select l.id from lectures l
join enrolments e on e.course_id = l.course_id and e.user_id = $1 and e.role = 'lecturer'
where l.rehearsal_of = $1 and l.ended_at is null
  and (exists (select 1 from live_streams s where s.lecture_id = l.id and s.state not in ('ending', 'ended'))
       or not exists (select 1 from live_streams s where s.lecture_id = l.id))
order by l.id desc limit 1
)sql";

constexpr char kInsertRehearsal[] = R"sql(
insert into lectures (course_id, title, rehearsal_of) values ($1, 'Rehearsal', $2) returning id
)sql";

absl::StatusOr<int64_t> LectureStore::OpenRehearsal(int64_t user_id) {
  int64_t id = 0;
  RETURN_IF_ERROR(pool_.Transaction([&](pg::Session& session) -> absl::Status {
    RETURN_IF_ERROR(session.Run({"rehearsal_lock", kLockPerson}, user_id).status());
    ASSIGN_OR_RETURN(pg::Rows rows, session.Run({"rehearsal_running", kRunningRehearsal}, user_id));
    if (rows.empty()) {
      ASSIGN_OR_RETURN(pg::Rows course, session.Run({"rehearsal_course", kLastTaught}, user_id));
      if (course.empty()) return NoCourse();
      ASSIGN_OR_RETURN(rows, session.Run({"rehearsal_insert", kInsertRehearsal}, course[0].Int("id"), user_id));
    }
    id = rows[0].Int("id");
    return absl::OkStatus();
  }));
  return id;
}

// As with streams that are opened, one after the other.
constexpr char kLockStart[] = R"sql(select id from lectures where id = $1 for no key update)sql";

// `runs`: by its schedule. `recorded`: something can be watched, or is being made of what was sent. A stream that broke off goes on
// within the schedule, so that its recording ends nothing. `late`: an encoder waits that comes to no lecture that began before it.
constexpr char kFindStart[] = R"sql(
select l.rehearsal_of is not null as rehearsal, l.ended_at is not null as ended, coalesce(span.runs, false) as runs,
  exists (select 1 from assets a where a.lecture_id = l.id and a.state in ('processing', 'playable', 'complete')
            and not (a.from_live and coalesce(span.runs, false))) as recorded,
  exists (select 1 from live_streams s where s.lecture_id = l.id and s.state <> 'ended') as on_air,
  exists (select 1 from live_streams s where s.lecture_id = l.id and s.state <> 'ended' and s.source = 'hall') as hall,
  exists (select 1 from enrolments e join lectures r on r.rehearsal_of = e.user_id
                        join live_streams s on s.lecture_id = r.id and s.state in ('starting', 'live', 'interrupted')
          where e.course_id = l.course_id and e.role = 'lecturer' and s.started_at > l.starts_at) as late
from lectures l cross join lateral (
  select now() >= l.starts_at and now() < coalesce(l.ends_at, l.starts_at + interval '4 hours') as runs
) span
where l.id = $1
)sql";

constexpr char kStart[] = R"sql(
update lectures set starts_at = now(),
  ends_at = least(now() + coalesce(ends_at - starts_at, interval '90 minutes'), timestamptz '9999-12-31 00:00:00+00')
where id = $1
)sql";

absl::StatusOr<LectureRow> LectureStore::Start(int64_t id, const Caller& reader) {
  RETURN_IF_ERROR(pool_.Transaction([&](pg::Session& session) -> absl::Status {
    RETURN_IF_ERROR(session.Run({"lecture_start_lock", kLockStart}, id).status());
    ASSIGN_OR_RETURN(pg::Rows rows, session.Run({"lecture_start_find", kFindStart}, id));
    if (rows.empty()) return NotFound("LECTURE_NOT_FOUND", "lecture", id);
    const pg::Row row = rows[0];
    RETURN_IF_ERROR(CheckStart(row));
    if (row.Bool("on_air") || (row.Bool("runs") && !row.Bool("late"))) return absl::OkStatus();
    return session.Run({"lecture_start", kStart}, id).status();
  }));
  return Get(id, reader);
}

constexpr char kListRunningStreams[] = R"sql(
select s.id from lectures l join live_streams s on s.lecture_id = l.id where l.course_id = $1 and s.state <> 'ended' order by s.id
)sql";

absl::StatusOr<std::vector<int64_t>> LectureStore::ListRunningStreams(int64_t course_id) const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"course_running_streams", kListRunningStreams}, course_id));
  return ParseRows(rows, [](const pg::Row& row) { return row.Int("id"); });
}

}  // namespace lectern::api
