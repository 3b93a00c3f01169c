#include "api/store/hall_store.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "api/store/row_util.h"
#include "common/base/status.h"

namespace lectern::api {
namespace {

absl::Status HallNotFound(int64_t id) { return NotFound("HALL_NOT_FOUND", "hall", id); }

HallRow ParseHall(const pg::Row& row) {
  HallRow hall;
  hall.id = row.Int("id");
  hall.organization_id = row.Int("organization_id");
  hall.display_name = row.Text("display_name");
  hall.created_at = row.Time("created_at");
  const std::vector<std::string> views = row.Texts("views");
  const std::vector<std::string> urls = row.Texts("urls");
  for (size_t i = 0; i < views.size(); ++i) hall.sources.push_back({views[i], urls[i]});
  return hall;
}

}  // namespace

#define LECTERN_HALL_COLUMNS                                                                                       \
  "h.id, h.organization_id, h.display_name, h.created_at, "                                                        \
  "array(select view from hall_sources s where s.hall_id = h.id "                                                  \
  "      order by array_position(array['comb', 'cam', 'pres'], view)) as views, "                                  \
  "array(select shown_url from hall_sources s where s.hall_id = h.id "                                             \
  "      order by array_position(array['comb', 'cam', 'pres'], view)) as urls "

constexpr char kInsert[] = R"sql(insert into halls (organization_id, display_name) values ($1, $2) returning id)sql";

absl::StatusOr<HallRow> HallStore::Insert(int64_t organization_id, absl::string_view display_name) {
  absl::StatusOr<pg::Rows> rows = pool_.Run({"hall_insert", kInsert}, organization_id, display_name);
  if (!rows.ok()) {
    return Explain(rows.status(),
                   {{"*_fkey", absl::StatusCode::kNotFound, "ORGANIZATION_NOT_FOUND", "the organization does not exist"},
                    {"halls_name", absl::StatusCode::kAlreadyExists, "HALL_EXISTS", "the organization has a hall of this name"},
                    {"*_check", absl::StatusCode::kInvalidArgument, "BAD_HALL", "a hall's name has 1 to 200 characters"}});
  }
  return Get((*rows)[0].Int("id"));
}

constexpr char kGet[] = "select " LECTERN_HALL_COLUMNS "from halls h where h.id = $1 and h.removed_at is null";

absl::StatusOr<HallRow> HallStore::Get(int64_t id) const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"hall_get", kGet}, id));
  if (rows.empty()) return HallNotFound(id);
  return ParseHall(rows[0]);
}

constexpr char kList[] = "select " LECTERN_HALL_COLUMNS R"sql(
from halls h
where ($1::bigint is null or h.organization_id in (select ancestor_id from organization_paths where descendant_id = $1))
  and h.removed_at is null and (h.display_name, h.id) > ($2, $3::bigint)
order by h.display_name, h.id limit $4
)sql";

absl::StatusOr<Page<HallRow>> HallStore::List(std::optional<int64_t> organization_id, const PageRequest& page) const {
  std::string name;
  int64_t id = 0;
  if (!page.token.empty()) {
    ASSIGN_OR_RETURN(std::vector<std::string> keys, DecodePageToken("halls", page.token, 2));
    name = keys[0];
    if (!absl::SimpleAtoi(keys[1], &id)) id = 0;
  }
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"hall_list", kList}, organization_id, name, id, page.size + 1));
  return MakePage(ParseRows(rows, ParseHall), page.size, [](const HallRow& last) {
    return EncodePageToken("halls", {last.display_name, absl::StrCat(last.id)});
  });
}

constexpr char kPutSource[] = R"sql(
insert into hall_sources (hall_id, view, sealed_url, shown_url)
select id, $2, $3, $4 from halls where id = $1 and removed_at is null
on conflict (hall_id, view) do update set sealed_url = excluded.sealed_url, shown_url = excluded.shown_url
)sql";

constexpr char kDropSource[] = R"sql(delete from hall_sources where hall_id = $1 and view = $2)sql";

absl::StatusOr<HallRow> HallStore::SetSource(int64_t id, absl::string_view view, absl::string_view sealed_url,
                                             absl::string_view shown_url) {
  if (sealed_url.empty()) {
    RETURN_IF_ERROR(pool_.Run({"hall_drop_source", kDropSource}, id, view).status());
  } else {
    RETURN_IF_ERROR(pool_.Run({"hall_put_source", kPutSource}, id, view, pg::Param::Bytes(sealed_url), shown_url).status());
  }
  return Get(id);
}

// Lectures that took place there keep it. The addresses of the cameras are forgotten.
constexpr char kDelete[] = R"sql(
with gone as (update halls set removed_at = now() where id = $1 and removed_at is null returning id),
sources as (delete from hall_sources using gone where hall_id = gone.id),
lectures_there as (
  update lectures l set hall_id = null from gone where l.hall_id = gone.id and (l.starts_at is null or l.starts_at > now())
)
select id from gone
)sql";

absl::Status HallStore::Delete(int64_t id) {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"hall_delete", kDelete}, id));
  return rows.empty() ? HallNotFound(id) : absl::OkStatus();
}

constexpr char kServes[] = R"sql(
select exists (
  select 1 from halls h join organization_paths p on p.ancestor_id = h.organization_id
  join courses c on c.organization_id = p.descendant_id
  where h.id = $1 and h.removed_at is null and c.id = $2) as serves
)sql";

absl::StatusOr<bool> HallStore::Serves(int64_t id, int64_t course_id) const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"hall_serves", kServes}, id, course_id));
  return rows[0].Bool("serves");
}

}  // namespace lectern::api
