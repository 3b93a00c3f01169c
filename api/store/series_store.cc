// The part of LectureStore that makes lectures together.
#include "api/store/lecture_row.h"
#include "api/store/lecture_store.h"
#include "common/base/status.h"
#include "common/base/text.h"

namespace lectern::api {
namespace {

constexpr int64_t kNoEnd = -1;

}  // namespace

// Times are microseconds since 1970; there is no array of optional times.
constexpr char kInsertSeries[] = R"sql(
insert into lectures (course_id, title, starts_at, ends_at, hall_id, description, series)
select $1, n.title, 'epoch'::timestamptz + n.starts_us * interval '1 microsecond',
  'epoch'::timestamptz + nullif(n.ends_us, -1) * interval '1 microsecond', $5, $6, $7
from unnest($2::text[], $3::bigint[], $4::bigint[]) with ordinality as n(title, starts_us, ends_us, place)
order by n.place returning id
)sql";

absl::StatusOr<std::vector<LectureRow>> LectureStore::InsertSeries(absl::Span<const NewLecture> lectures, const Caller& reader) {
  if (lectures.empty()) return std::vector<LectureRow>();
  std::vector<std::string> titles;
  std::vector<int64_t> starts;
  std::vector<int64_t> ends;
  for (const NewLecture& lecture : lectures) {
    titles.push_back(lecture.title);
    starts.push_back(absl::ToUnixMicros(lecture.starts_at.value_or(absl::UnixEpoch())));
    ends.push_back(lecture.ends_at ? absl::ToUnixMicros(*lecture.ends_at) : kNoEnd);
  }
  const NewLecture& first = lectures[0];
  absl::StatusOr<pg::Rows> rows = pool_.Run({"lecture_insert_series", kInsertSeries}, first.course_id, titles, starts, ends,
                                            first.hall_id, first.description, RandomHex(16));
  if (!rows.ok()) return ExplainLecture(rows.status());
  std::vector<int64_t> ids;
  for (int i = 0; i < rows->size(); ++i) ids.push_back((*rows)[i].Int("id"));
  return GetMany(ids, reader);
}

}  // namespace lectern::api
