#include "api/store/lecture_store.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "api/store/lecture_row.h"
#include "api/store/lecture_sql.h"
#include "api/store/row_util.h"
#include "common/base/status.h"

namespace lectern::api {
namespace {

constexpr char kNotFoundReason[] = "LECTURE_NOT_FOUND";

}  // namespace

absl::Status ExplainLecture(const absl::Status& status) {
  return Explain(status, {{"lectures_course_id_fkey", absl::StatusCode::kNotFound, "COURSE_NOT_FOUND",
                           "the course does not exist"},
                          {"*_check", absl::StatusCode::kInvalidArgument, "BAD_LECTURE",
                           "a title has 1 to 300 characters, and a lecture ends after it starts"},
                          {"lectures_hall_id_fkey", absl::StatusCode::kNotFound, "HALL_NOT_FOUND", "the hall does not exist"}});
}

constexpr char kInsert[] = R"sql(
insert into lectures (course_id, title, starts_at, ends_at, hall_id, description) values ($1, $2, $3, $4, $5, $6) returning id
)sql";

absl::StatusOr<LectureRow> LectureStore::Insert(const NewLecture& lecture, const Caller& reader) {
  absl::StatusOr<pg::Rows> rows = pool_.Run({"lecture_insert", kInsert}, lecture.course_id, lecture.title, lecture.starts_at,
                                            lecture.ends_at, lecture.hall_id, lecture.description);
  if (!rows.ok()) return ExplainLecture(rows.status());
  return Get((*rows)[0].Int("id"), reader);
}

constexpr char kGet[] = "with picked as materialized (select " LECTERN_PICKED_COLUMNS R"sql(
  from lectures l join courses c on c.id = l.course_id where l.id = $2
))sql" LECTERN_WITH_VIEWS;

absl::StatusOr<LectureRow> LectureStore::Get(int64_t id, const Caller& reader) const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"lecture_get", kGet}, reader.user_id, id));
  if (rows.empty()) return NotFound(kNotFoundReason, "lecture", id);
  return std::move(ParseLectures(rows, reader)[0]);
}

constexpr char kGetMany[] = "with picked as materialized (select " LECTERN_PICKED_COLUMNS R"sql(
  from lectures l join courses c on c.id = l.course_id where l.id = any ($2::bigint[])
))sql" LECTERN_WITH_VIEWS;

absl::StatusOr<std::vector<LectureRow>> LectureStore::GetMany(absl::Span<const int64_t> ids, const Caller& reader) const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"lecture_get_many", kGetMany}, reader.user_id, ids));
  return ParseLectures(rows, reader);
}

// $3 and $4 are the last start and id that the caller saw. The planner cannot look into the limit, so PostgreSQL keeps
// one plan instead of planning this large statement for each call.
constexpr char kList[] = "with picked as materialized (select " LECTERN_PICKED_COLUMNS R"sql(
  from lectures l join courses c on c.id = l.course_id
  where l.course_id = $2 and (coalesce(l.starts_at, 'infinity'), l.id) > ($3::timestamptz, $4::bigint)
    and (l.rehearsal_of is null or l.rehearsal_of = $1 or $6::boolean)
  order by coalesce(l.starts_at, 'infinity'), l.id limit (select $5::int)
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
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"lecture_list", kList}, reader.user_id, course_id, start, id, page.size + 1,
                                            reader.is_administrator()));
  return MakePage(ParseLectures(rows, reader), page.size, [](const LectureRow& last) {
    std::string position = last.starts_at ? absl::StrCat(absl::ToUnixMicros(*last.starts_at)) : "unscheduled";
    return EncodePageToken("lectures", {position, absl::StrCat(last.id)});
  });
}

constexpr char kUpdate[] = R"sql(
update lectures set title = coalesce($2, title), starts_at = coalesce($3, starts_at), ends_at = coalesce($4, ends_at),
  hall_id = case when $5::bigint is null then hall_id else nullif($5, 0) end, description = coalesce($6, description)
where id = $1
)sql";

absl::StatusOr<LectureRow> LectureStore::Update(int64_t id, const LectureChange& change, const Caller& reader) {
  absl::StatusOr<pg::Rows> rows = pool_.Run({"lecture_update", kUpdate}, id, change.title, change.starts_at, change.ends_at,
                                            change.hall_id, change.description);
  if (!rows.ok()) return ExplainLecture(rows.status());
  return Get(id, reader);
}

constexpr char kEnd[] = R"sql(update lectures set ended_at = now() where id = $1 and ended_at is null)sql";

absl::StatusOr<LectureRow> LectureStore::End(int64_t id, const Caller& reader) {
  RETURN_IF_ERROR(pool_.Run({"lecture_end", kEnd}, id).status());
  return Get(id, reader);
}

constexpr char kDelete[] = R"sql(delete from lectures where id = $1)sql";

absl::Status LectureStore::Delete(pg::Session& session, int64_t id) {
  ASSIGN_OR_RETURN(pg::Rows rows, session.Run({"lecture_delete", kDelete}, id));
  return rows.affected() == 0 ? NotFound(kNotFoundReason, "lecture", id) : absl::OkStatus();
}

}  // namespace lectern::api
