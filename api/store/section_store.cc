// The part of LectureStore that deals with sections.
#include "api/store/lecture_store.h"
#include "api/store/row_util.h"
#include "common/base/status.h"

namespace lectern::api {
namespace {

SectionRow ParseSection(const pg::Row& row) {
  return SectionRow{row.Int("id"), row.Int("lecture_id"), row.Int("position_ms"), row.Text("title")};
}

absl::Status ExplainSection(const absl::Status& status) {
  return Explain(status, {{"*_check", absl::StatusCode::kInvalidArgument, "BAD_SECTION",
                           "a section has a title of 1 to 200 characters and a position of at least 0"}});
}

}  // namespace

// Sections of one lecture are added one after the other, so that they are counted right.
constexpr char kLockLecture[] = R"sql(select id from lectures where id = $1 for no key update)sql";

constexpr char kInsertSection[] = R"sql(
insert into sections (lecture_id, position_ms, title)
select $1, $2, $3 where (select count(*) from sections where lecture_id = $1) < 200
returning id, lecture_id, position_ms, title
)sql";

absl::StatusOr<SectionRow> LectureStore::InsertSection(int64_t lecture_id, int64_t position_ms, absl::string_view title) {
  SectionRow section;
  RETURN_IF_ERROR(pool_.Transaction([&](pg::Session& session) -> absl::Status {
    ASSIGN_OR_RETURN(pg::Rows lecture, session.Run({"section_lock_lecture", kLockLecture}, lecture_id));
    if (lecture.empty()) return NotFound("LECTURE_NOT_FOUND", "lecture", lecture_id);
    absl::StatusOr<pg::Rows> rows = session.Run({"section_insert", kInsertSection}, lecture_id, position_ms, title);
    if (!rows.ok()) return ExplainSection(rows.status());
    if (rows->empty()) {
      return WithReason(absl::ResourceExhaustedError("a lecture holds at most 200 sections"), "TOO_MANY_SECTIONS");
    }
    section = ParseSection((*rows)[0]);
    return absl::OkStatus();
  }));
  return section;
}

constexpr char kListSections[] = R"sql(
select id, lecture_id, position_ms, title from sections where lecture_id = $1 order by position_ms, id
)sql";

absl::StatusOr<std::vector<SectionRow>> LectureStore::ListSections(int64_t lecture_id) const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"section_list", kListSections}, lecture_id));
  return ParseRows(rows, ParseSection);
}

constexpr char kUpdateSection[] = R"sql(
update sections set position_ms = coalesce($2, position_ms), title = coalesce($3, title) where id = $1
returning id, lecture_id, position_ms, title
)sql";

absl::StatusOr<SectionRow> LectureStore::UpdateSection(int64_t id, std::optional<int64_t> position_ms,
                                                       const std::optional<std::string>& title) {
  absl::StatusOr<pg::Rows> rows = pool_.Run({"section_update", kUpdateSection}, id, position_ms, title);
  if (!rows.ok()) return ExplainSection(rows.status());
  if (rows->empty()) return NotFound("SECTION_NOT_FOUND", "section", id);
  return ParseSection((*rows)[0]);
}

constexpr char kDeleteSection[] = R"sql(delete from sections where id = $1)sql";

absl::Status LectureStore::DeleteSection(int64_t id) {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"section_delete", kDeleteSection}, id));
  return rows.affected() == 0 ? NotFound("SECTION_NOT_FOUND", "section", id) : absl::OkStatus();
}

}  // namespace lectern::api
