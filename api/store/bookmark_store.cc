// The part of LectureStore that deals with bookmarks.
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "api/store/lecture_store.h"
#include "api/store/row_util.h"
#include "common/base/status.h"

namespace lectern::api {
namespace {

BookmarkRow ParseBookmark(const pg::Row& row) {
  return BookmarkRow{row.Int("id"), row.Int("lecture_id"), row.Int("position_ms"), row.Text("text"),
                     row.Time("created_at")};
}

absl::Status ExplainBookmark(const absl::Status& status) {
  return Explain(
      status,
      {{"bookmarks_lecture_id_fkey", absl::StatusCode::kNotFound, "LECTURE_NOT_FOUND", "the lecture does not exist"},
       {"bookmarks_user_id_fkey", absl::StatusCode::kNotFound, "USER_NOT_FOUND", "the user does not exist"},
       {"*_check", absl::StatusCode::kInvalidArgument, "BAD_BOOKMARK",
        "a bookmark has a text of 1 to 2000 characters and a position of at least 0"}});
}

}  // namespace

constexpr char kInsertBookmark[] = R"sql(
insert into bookmarks (lecture_id, user_id, position_ms, text)
select $1, $2, $3, $4 where (select count(*) from bookmarks where user_id = $2 and lecture_id = $1) < 1000
returning id, lecture_id, position_ms, text, created_at
)sql";

absl::StatusOr<BookmarkRow> LectureStore::InsertBookmark(int64_t lecture_id, int64_t user_id, int64_t position_ms,
                                                         absl::string_view text) {
  absl::StatusOr<pg::Rows> rows =
      pool_.Run({"bookmark_insert", kInsertBookmark}, lecture_id, user_id, position_ms, text);
  if (!rows.ok()) return ExplainBookmark(rows.status());
  if (rows->empty()) {
    return WithReason(absl::ResourceExhaustedError("a lecture holds at most 1000 bookmarks of a person"),
                      "TOO_MANY_BOOKMARKS");
  }
  return ParseBookmark((*rows)[0]);
}

constexpr char kUpdateBookmark[] = R"sql(
update bookmarks set position_ms = coalesce($3, position_ms), text = coalesce($4, text) where id = $2 and user_id = $1
returning id, lecture_id, position_ms, text, created_at
)sql";

absl::StatusOr<BookmarkRow> LectureStore::UpdateBookmark(int64_t user_id, int64_t bookmark_id, std::optional<int64_t> position_ms,
                                                         std::optional<std::string> text) {
  absl::StatusOr<pg::Rows> rows = pool_.Run({"bookmark_update", kUpdateBookmark}, user_id, bookmark_id, position_ms, text);
  if (!rows.ok()) return ExplainBookmark(rows.status());
  if (rows->empty()) return NotFound("BOOKMARK_NOT_FOUND", "bookmark", bookmark_id);
  return ParseBookmark((*rows)[0]);
}

constexpr char kListBookmarks[] = R"sql(
select id, lecture_id, position_ms, text, created_at from bookmarks
where user_id = $2 and lecture_id = $1 and (position_ms, id) > ($3, $4)
order by position_ms, id limit $5
)sql";

absl::StatusOr<Page<BookmarkRow>> LectureStore::ListBookmarks(int64_t lecture_id, int64_t user_id,
                                                              const PageRequest& page) const {
  int64_t position_ms = -1;
  int64_t id = 0;
  if (!page.token.empty()) {
    ASSIGN_OR_RETURN(std::vector<std::string> keys, DecodePageToken("bookmarks", page.token, 2));
    if (!absl::SimpleAtoi(keys[0], &position_ms) || !absl::SimpleAtoi(keys[1], &id)) {
      return WithReason(absl::InvalidArgumentError("page_token is not one that this list gave out"), "BAD_PAGE_TOKEN");
    }
  }
  ASSIGN_OR_RETURN(pg::Rows rows,
                   pool_.Run({"bookmark_list", kListBookmarks}, lecture_id, user_id, position_ms, id, page.size + 1));
  return MakePage(ParseRows(rows, ParseBookmark), page.size, [](const BookmarkRow& last) {
    return EncodePageToken("bookmarks", {absl::StrCat(last.position_ms), absl::StrCat(last.id)});
  });
}

constexpr char kDeleteBookmark[] = R"sql(delete from bookmarks where id = $2 and user_id = $1)sql";

absl::Status LectureStore::DeleteBookmark(int64_t user_id, int64_t bookmark_id) {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"bookmark_delete", kDeleteBookmark}, user_id, bookmark_id));
  return rows.affected() == 0 ? NotFound("BOOKMARK_NOT_FOUND", "bookmark", bookmark_id) : absl::OkStatus();
}

}  // namespace lectern::api
