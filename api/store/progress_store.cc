#include "api/store/progress_store.h"

#include "api/store/row_util.h"

namespace lectern::api {

// What is answered where the row was not written is what another call wrote, which this statement's snapshot may not show yet; so the
// conflict always writes, and keeps what is newer.
constexpr char kSave[] = R"sql(
with known as (
  select l.id as lecture_id, coalesce((
    select max(a.duration_ms) from assets a where a.lecture_id = l.id and a.state in ('playable', 'complete')), 0) as duration_ms
  from lectures l where l.id = $2
), seen as (
  select lecture_id, duration_ms > 0 and $3 * 2 >= duration_ms
    and ($3 >= duration_ms - 30000 or $3 >= duration_ms * 0.95) as at_end from known
)
insert into progress as p (user_id, lecture_id, position_ms, watched, updated_at)
select $1, lecture_id, $3::bigint, coalesce($4::bool, at_end), $5::timestamptz from seen
on conflict (user_id, lecture_id) do update set
  position_ms = case when p.updated_at <= excluded.updated_at then excluded.position_ms else p.position_ms end,
  watched = case when p.updated_at > excluded.updated_at then p.watched else coalesce($4, p.watched or excluded.watched) end,
  updated_at = greatest(p.updated_at, excluded.updated_at)
returning position_ms, watched, updated_at
)sql";

absl::StatusOr<ProgressRow> ProgressStore::Save(const NewProgress& progress) {
  absl::StatusOr<pg::Rows> rows = pool_.Run({"progress_save", kSave}, progress.user_id, progress.lecture_id, progress.position_ms,
                                            progress.watched, progress.at);
  if (!rows.ok()) {
    return Explain(rows.status(), {{"progress_lecture_id_fkey", absl::StatusCode::kNotFound, "LECTURE_NOT_FOUND",
                                    "the lecture does not exist"}});
  }
  if (rows->empty()) return NotFound("LECTURE_NOT_FOUND", "lecture", progress.lecture_id);
  const pg::Row row = (*rows)[0];
  return ProgressRow{row.Int("position_ms"), row.Bool("watched"), row.Time("updated_at")};
}

}  // namespace lectern::api
