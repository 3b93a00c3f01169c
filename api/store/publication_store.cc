// The part of AssetStore that makes a recording playable and lets it take over from older ones.
#include "api/store/asset_row.h"
#include "api/store/asset_store.h"
#include "api/store/row_util.h"
#include "common/base/status.h"

namespace lectern::api {

// All recordings of the view, in one order: of two that become playable at once the second sees the first.
constexpr char kLockView[] = R"sql(
select a.id from assets a
where a.id = $1 or (a.lecture_id, a.view) = (select lecture_id, view from assets where id = $1)
order by a.id for update
)sql";

constexpr char kReplaceRenditions[] = R"sql(
with gone as (delete from renditions where asset_id = $1 and label <> all ($2::text[]))
insert into renditions (asset_id, label, width, height, bandwidth_bps, codecs)
select $1, r.* from unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[]) r
on conflict (asset_id, label) do update
  set width = excluded.width, height = excluded.height, bandwidth_bps = excluded.bandwidth_bps, codecs = excluded.codecs
)sql";

static absl::Status ReplaceRenditions(pg::Session& session, int64_t asset_id,
                                      const std::vector<RenditionRow>& renditions) {
  std::vector<std::string> labels, codecs;
  std::vector<int64_t> widths, heights, bandwidths;
  for (const RenditionRow& rendition : renditions) {
    labels.push_back(rendition.label);
    widths.push_back(rendition.width);
    heights.push_back(rendition.height);
    bandwidths.push_back(rendition.bandwidth_bps);
    codecs.push_back(rendition.codecs);
  }
  return session.Run({"renditions_replace", kReplaceRenditions}, asset_id, labels, widths, heights, bandwidths, codecs)
      .status();
}

constexpr char kMakePlayable[] = R"sql(
update assets set state = case when state in ('processing', 'failed') then 'playable' else state end,
  playable_at = coalesce(playable_at, now()), duration_ms = $2
where id = $1
)sql";

// Of the recordings that can be played or have failed, the newest playable one stays. Older ones that are still being
// processed stay as well: they are superseded by their own publication.
constexpr char kSupersede[] = R"sql(
with self as (select id, lecture_id, view from assets where id = $1),
winner as (
  select max(a.id) as id from assets a join self on a.lecture_id = self.lecture_id and a.view = self.view
  where a.state in ('playable', 'complete')
)
update assets a set state = 'superseded'
from self, winner
where a.lecture_id = self.lecture_id and a.view = self.view and a.id < winner.id
  and (a.state in ('playable', 'complete') or (a.state = 'failed' and a.received_at is not null))
returning a.id, a.upload_id, a.lecture_id, a.organization_id, a.view, a.vod_resource_id, a.state
)sql";

absl::StatusOr<std::vector<MediaRow>> AssetStore::Publish(pg::Session& session, int64_t asset_id,
                                                          const std::vector<RenditionRow>& renditions,
                                                          int64_t duration_ms) {
  if (renditions.empty()) return absl::InvalidArgumentError("a recording without renditions cannot be played");
  ASSIGN_OR_RETURN(pg::Rows locked, session.Run({"publish_lock", kLockView}, asset_id));
  if (locked.empty()) return NotFound("ASSET_NOT_FOUND", "recording", asset_id);
  RETURN_IF_ERROR(ReplaceRenditions(session, asset_id, renditions));
  RETURN_IF_ERROR(session.Run({"publish_playable", kMakePlayable}, asset_id, duration_ms).status());
  ASSIGN_OR_RETURN(pg::Rows superseded, session.Run({"publish_supersede", kSupersede}, asset_id));
  return ParseRows(superseded, ParseMedia);
}

}  // namespace lectern::api
