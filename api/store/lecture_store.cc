#include "api/store/lecture_store.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "api/store/lecture_row.h"
#include "api/store/row_util.h"
#include "common/base/status.h"

namespace lectern::api {
namespace {

constexpr char kNotFoundReason[] = "LECTURE_NOT_FOUND";

absl::Status ExplainLecture(const absl::Status& status) {
  return Explain(status, {{"lectures_course_id_fkey", absl::StatusCode::kNotFound, "COURSE_NOT_FOUND",
                           "the course does not exist"},
                          {"*_check", absl::StatusCode::kInvalidArgument, "BAD_LECTURE",
                           "a title has 1 to 300 characters, and a lecture ends after it starts"},
                          {"lectures_hall_id_fkey", absl::StatusCode::kNotFound, "HALL_NOT_FOUND", "the hall does not exist"}});
}

}  // namespace

constexpr char kInsert[] = R"sql(
insert into lectures (course_id, title, starts_at, ends_at, hall_id) values ($1, $2, $3, $4, $5) returning id
)sql";

absl::StatusOr<LectureRow> LectureStore::Insert(const NewLecture& lecture) {
  absl::StatusOr<pg::Rows> rows =
      pool_.Run({"lecture_insert", kInsert}, lecture.course_id, lecture.title, lecture.starts_at, lecture.ends_at, lecture.hall_id);
  if (!rows.ok()) return ExplainLecture(rows.status());
  return Get((*rows)[0].Int("id"));
}

// The columns of a lecture for `picked`.
#define LECTERN_PICKED_COLUMNS                                                                        \
  "l.id, l.course_id, c.organization_id, l.title, l.starts_at, l.ends_at, l.ended_at, l.created_at, " \
  "l.hall_id, l.rehearsal_of, coalesce(l.starts_at, 'infinity') as position "

// One row a view (one with nulls for a lecture without any). `newest` is the recording that tells what is going on,
// `shown` the one that can be watched: the same, or an older one that a newer has not replaced yet. `air` are the streams that have
// stored something, by recording; a live recording without one is left out.
#define LECTERN_WITH_VIEWS \
  R"sql(
, air as (
  select distinct on (s.asset_id) s.asset_id, s.state, s.end_ms
  from picked join live_streams s on s.lecture_id = picked.id
  where s.first_media_at is not null
  order by s.asset_id, s.id desc
), known as (
  select a.*, air.state as air_state, air.end_ms as air_end_ms
  from picked join assets a on a.lecture_id = picked.id left join air on air.asset_id = a.id
  where a.state not in ('superseded', 'removed') and (a.state <> 'live' or air.asset_id is not null)
), newest as (
  select distinct on (lecture_id, view) * from known order by lecture_id, view, id desc
), shown as (
  select distinct on (lecture_id, view) * from known where state in ('playable', 'complete', 'live')
  order by lecture_id, view, id desc
)
select p.*, n.view, n.state as newest_state, n.error, n.size_bytes, n.received_bytes, n.duration_ms as newest_duration_ms,
  s.id = n.id as same, s.state as shown_state, s.air_state,
  case when s.state = 'live' then s.air_end_ms else s.duration_ms end as duration_ms, s.thumbnails_path, s.silences, s.vod_resource_id,
  coalesce(s.loudness ->> 'integratedLufs', s.loudness ->> 'integrated_lufs')::float8 as loudness_lufs,
  r.labels, r.widths, r.heights, r.bandwidths, r.codecs,
  j.job_ids, j.job_kinds, j.job_labels, j.job_states, j.job_progress
from picked p
left join newest n on n.lecture_id = p.id
left join shown s on s.lecture_id = n.lecture_id and s.view = n.view
left join lateral (
  select array_agg(label order by width desc, label) as labels, array_agg(width order by width desc, label) as widths,
    array_agg(height order by width desc, label) as heights, array_agg(bandwidth_bps order by width desc, label) as bandwidths,
    array_agg(codecs order by width desc, label) as codecs
  from renditions where asset_id = s.id
) r on true
left join lateral (
  select array_agg(j.id order by j.id) as job_ids, array_agg(j.kind order by j.id) as job_kinds,
    array_agg(j.label order by j.id) as job_labels, array_agg(j.state order by j.id) as job_states,
    array_agg((j.progress * 1e6)::bigint order by j.id) as job_progress
  from tasks t join all_jobs j on j.task_id = t.id
  where t.asset_id = n.id and t.kind in ('publish_recording', 'live') and j.kind <> 'live_ingest'
) j on true
order by p.position, p.id, array_position(array['comb', 'cam', 'pres'], n.view)
)sql"

constexpr char kGet[] = "with picked as materialized (select " LECTERN_PICKED_COLUMNS R"sql(
  from lectures l join courses c on c.id = l.course_id where l.id = $1
))sql" LECTERN_WITH_VIEWS;

absl::StatusOr<LectureRow> LectureStore::Get(int64_t id) const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"lecture_get", kGet}, id));
  if (rows.empty()) return NotFound(kNotFoundReason, "lecture", id);
  return std::move(ParseLectures(rows)[0]);
}

// $2 and $3 are the last start and id that the caller saw. The planner cannot look into the limit, so PostgreSQL keeps
// one plan instead of planning this large statement for each call.
constexpr char kList[] = "with picked as materialized (select " LECTERN_PICKED_COLUMNS R"sql(
  from lectures l join courses c on c.id = l.course_id
  where l.course_id = $1 and (coalesce(l.starts_at, 'infinity'), l.id) > ($2::timestamptz, $3::bigint)
    and (l.rehearsal_of is null or l.rehearsal_of = $5 or $6::boolean)
  order by coalesce(l.starts_at, 'infinity'), l.id limit (select $4::int)
))sql" LECTERN_WITH_VIEWS;

absl::StatusOr<Page<LectureRow>> LectureStore::List(int64_t course_id, const PageRequest& page, const Caller& reader) const {
  absl::Time start = absl::InfinitePast();
  int64_t id = 0;
  if (!page.token.empty()) {
    ASSIGN_OR_RETURN(std::vector<std::string> keys, DecodePageToken("lectures", page.token, 2));
    int64_t micros = 0;
    start = absl::SimpleAtoi(keys[0], &micros) ? absl::FromUnixMicros(micros) : absl::InfiniteFuture();
    if (!absl::SimpleAtoi(keys[1], &id)) id = 0;
  }
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"lecture_list", kList}, course_id, start, id, page.size + 1, reader.user_id,
                                            reader.is_administrator()));
  return MakePage(ParseLectures(rows), page.size, [](const LectureRow& last) {
    std::string position = last.starts_at ? absl::StrCat(absl::ToUnixMicros(*last.starts_at)) : "unscheduled";
    return EncodePageToken("lectures", {position, absl::StrCat(last.id)});
  });
}

constexpr char kUpdate[] = R"sql(
update lectures set title = coalesce($2, title), starts_at = coalesce($3, starts_at), ends_at = coalesce($4, ends_at),
  hall_id = case when $5::bigint is null then hall_id else nullif($5, 0) end
where id = $1
)sql";

absl::StatusOr<LectureRow> LectureStore::Update(int64_t id, const LectureChange& change) {
  absl::StatusOr<pg::Rows> rows =
      pool_.Run({"lecture_update", kUpdate}, id, change.title, change.starts_at, change.ends_at, change.hall_id);
  if (!rows.ok()) return ExplainLecture(rows.status());
  return Get(id);
}

constexpr char kEnd[] = R"sql(update lectures set ended_at = now() where id = $1 and ended_at is null)sql";

absl::StatusOr<LectureRow> LectureStore::End(int64_t id) {
  RETURN_IF_ERROR(pool_.Run({"lecture_end", kEnd}, id).status());
  return Get(id);
}

constexpr char kDelete[] = R"sql(delete from lectures where id = $1)sql";

absl::Status LectureStore::Delete(pg::Session& session, int64_t id) {
  ASSIGN_OR_RETURN(pg::Rows rows, session.Run({"lecture_delete", kDelete}, id));
  return rows.affected() == 0 ? NotFound(kNotFoundReason, "lecture", id) : absl::OkStatus();
}

}  // namespace lectern::api
