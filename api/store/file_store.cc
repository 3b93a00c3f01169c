// The part of AssetStore that finds recordings as files.
#include "api/store/asset_store.h"
#include "api/store/row_util.h"
#include "common/base/status.h"

namespace lectern::api {

// As lectures show them (lecture_sql.h): a recording on air counts from its first segment on.
constexpr char kListFiles[] = R"sql(
select distinct on (a.view) a.view, a.state = 'live' as live, a.upload_id, a.vod_resource_id, a.file_name, a.size_bytes, a.from_live
from assets a
where a.lecture_id = $1 and (a.state in ('playable', 'complete') or (a.state = 'live' and exists (
  select 1 from live_streams s where s.asset_id = a.id and s.first_media_at is not null)))
order by a.view, a.id desc
)sql";

absl::StatusOr<std::vector<FileRow>> AssetStore::ListFiles(int64_t lecture_id) const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"asset_list_files", kListFiles}, lecture_id));
  return ParseRows(rows, [](const pg::Row& row) {
    FileRow file;
    file.view = row.Text("view");
    file.upload_id = row.Text("upload_id");
    file.vod_resource_id = row.Int("vod_resource_id");
    file.from_live = row.Bool("from_live");
    file.file_name = file.from_live ? "" : row.Text("file_name");
    file.size_bytes = row.Int("size_bytes");
    file.complete = !row.Bool("live") && file.size_bytes > 0;
    return file;
  });
}

}  // namespace lectern::api
