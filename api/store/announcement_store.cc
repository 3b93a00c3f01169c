#include "api/store/announcement_store.h"

#include <limits>

#include "api/store/row_util.h"
#include "common/base/status.h"

namespace lectern::api {
namespace {

AnnouncementRow ParseAnnouncement(const pg::Row& row) {
  AnnouncementRow announcement;
  announcement.id = row.Int("id");
  announcement.text = row.Text("text");
  announcement.level = row.Text("level");
  announcement.starts_at = row.Time("starts_at");
  announcement.ends_at = OptionalTime(row, "ends_at");
  return announcement;
}

}  // namespace

constexpr char kInsert[] = R"sql(
insert into announcements (text, level, starts_at, ends_at) values ($1, $2, coalesce($3::timestamptz, now()), $4::timestamptz)
returning id, text, level, starts_at, ends_at
)sql";

absl::StatusOr<AnnouncementRow> AnnouncementStore::Insert(const NewAnnouncement& announcement) {
  absl::StatusOr<pg::Rows> rows = pool_.Run({"announcement_insert", kInsert}, announcement.text, announcement.level,
                                            announcement.starts_at, announcement.ends_at);
  if (!rows.ok()) {
    return Explain(rows.status(), {{"*_check", absl::StatusCode::kInvalidArgument, "BAD_ANNOUNCEMENT",
                                    "an announcement has 1 to 1000 characters and ends after it starts"}});
  }
  return ParseAnnouncement((*rows)[0]);
}

constexpr char kDelete[] = R"sql(delete from announcements where id = $1)sql";

absl::Status AnnouncementStore::Delete(int64_t id) {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"announcement_delete", kDelete}, id));
  return rows.affected() == 0 ? NotFound("ANNOUNCEMENT_NOT_FOUND", "announcement", id) : absl::OkStatus();
}

constexpr char kList[] = R"sql(
select id, text, level, starts_at, ends_at from announcements where id < $1 order by id desc limit $2
)sql";

absl::StatusOr<Page<AnnouncementRow>> AnnouncementStore::List(const PageRequest& page) const {
  ASSIGN_OR_RETURN(int64_t before, DecodeIdToken("announcements", page.token, std::numeric_limits<int64_t>::max()));
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"announcement_list", kList}, before, page.size + 1));
  return MakePage(ParseRows(rows, ParseAnnouncement), page.size,
                  [](const AnnouncementRow& last) { return EncodeIdToken("announcements", last.id); });
}

constexpr char kListCurrent[] = R"sql(
select id, text, level, starts_at, ends_at from announcements
where starts_at <= now() and (ends_at is null or ends_at > now())
order by level = 'warning' desc, id desc limit $1
)sql";

absl::StatusOr<std::vector<AnnouncementRow>> AnnouncementStore::ListCurrent(int limit) const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"announcement_list_current", kListCurrent}, limit));
  return ParseRows(rows, ParseAnnouncement);
}

}  // namespace lectern::api
