#include "api/store/storage_store.h"

#include "api/store/row_util.h"
#include "common/base/status.h"

namespace lectern::api {
namespace {

StorageRow ParseStorage(const pg::Row& row) {
  StorageRow storage;
  storage.organization_id = row.Int("id");
  storage.display_name = row.Text("display_name");
  storage.depth = static_cast<int>(row.Int("depth"));
  storage.bytes = row.Int("bytes");
  storage.subtree_bytes = row.Int("subtree_bytes");
  storage.quota_bytes = OptionalInt(row, "quota_bytes");
  storage.recordings = row.Int("recordings");
  storage.duration = absl::Milliseconds(row.Int("duration_ms"));
  return storage;
}

}  // namespace

// Whoever maintains an organization maintains all below it, so its sum over the subtree tells them nothing that they may not know.
constexpr char kList[] = R"sql(
with shown as (
  select o.id, o.display_name, o.quota_bytes, array_agg(a.display_name order by p.distance desc) as path
  from organizations o join organization_paths p on p.descendant_id = o.id join organizations a on a.id = p.ancestor_id
  where ($2 or o.id in (select down.descendant_id from maintainers m join organization_paths down on down.ancestor_id = m.organization_id
                        where m.user_id = $1))
    and ($3::bigint is null or o.id in (select descendant_id from organization_paths where ancestor_id = $3))
  group by o.id
), page as (
  select * from shown where $4::text[] is null or path > $4 order by path limit $5
), kept as (
  select organization_id, sum(size_bytes)::bigint as bytes, count(*) as recordings, sum(duration_ms)::bigint as duration_ms
  from assets where state <> 'removed' group by organization_id
)
select page.id, page.display_name, page.quota_bytes, page.path, cardinality(page.path) - 1 as depth,
  coalesce(own.bytes, 0) as bytes, coalesce(own.recordings, 0) as recordings, coalesce(own.duration_ms, 0) as duration_ms,
  coalesce((select sum(below.bytes) from organization_paths down join kept below on below.organization_id = down.descendant_id
            where down.ancestor_id = page.id), 0)::bigint as subtree_bytes
from page left join kept own on own.organization_id = page.id
order by page.path
)sql";

absl::StatusOr<Page<StorageRow>> StorageStore::List(const Caller& caller, std::optional<int64_t> root,
                                                    const PageRequest& page) const {
  pg::Param after = std::nullopt;
  if (!page.token.empty()) {
    ASSIGN_OR_RETURN(std::vector<std::string> path, DecodePageToken("storage", page.token, 0));
    after = pg::Param(path);
  }
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"storage_list", kList}, caller.is_user() ? caller.user_id : 0,
                                            caller.is_administrator(), root, after, page.size + 1));
  return MakePage(ParseRows(rows, ParseStorage), page.size,
                  [&](const StorageRow&) { return EncodePageToken("storage", rows[page.size - 1].Texts("path")); });
}

}  // namespace lectern::api
