#include "api/store/asset_store.h"

#include "absl/strings/str_cat.h"
#include "api/store/asset_row.h"
#include "api/store/row_util.h"
#include "common/base/status.h"

namespace lectern::api {
namespace {

constexpr char kNotFoundReason[] = "ASSET_NOT_FOUND";

absl::Status MustExist(const absl::StatusOr<pg::Rows>& rows, int64_t id) {
  if (!rows.ok()) return rows.status();
  return rows->affected() == 0 ? NotFound(kNotFoundReason, "recording", id) : absl::OkStatus();
}

}  // namespace

MediaRow ParseMedia(const pg::Row& row) {
  MediaRow media;
  media.asset_id = row.Int("id");
  media.upload_id = row.Text("upload_id");
  media.lecture_id = OptionalInt(row, "lecture_id");
  media.organization_id = row.Int("organization_id");
  media.view = row.Text("view");
  media.vod_resource_id = row.Int("vod_resource_id");
  media.state = row.Text("state");
  return media;
}

absl::StatusOr<AssetRow> OneAsset(absl::StatusOr<pg::Rows> rows, int64_t id) {
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return NotFound(kNotFoundReason, "recording", id);
  return ParseAsset((*rows)[0]);
}

constexpr char kGet[] = R"sql(select )sql" LECTERN_ASSET_COLUMNS R"sql( from assets where id = $1)sql";

absl::StatusOr<AssetRow> AssetStore::Get(int64_t asset_id) const {
  return OneAsset(pool_.Run({"asset_get", kGet}, asset_id), asset_id);
}

constexpr char kGetByUpload[] = R"sql(select )sql" LECTERN_ASSET_COLUMNS R"sql( from assets where upload_id = $1)sql";

absl::StatusOr<AssetRow> AssetStore::GetByUpload(absl::string_view upload_id) const {
  return OneUpload(pool_.Run({"asset_get_by_upload", kGetByUpload}, upload_id), upload_id);
}

constexpr char kSetMedia[] = R"sql(update assets set media = $2::jsonb, duration_ms = $3 where id = $1)sql";

absl::Status AssetStore::SetMedia(pg::Session& session, int64_t asset_id, absl::string_view media_json,
                                  int64_t duration_ms) {
  return MustExist(session.Run({"asset_set_media", kSetMedia}, asset_id, media_json, duration_ms), asset_id);
}

constexpr char kSetThumbnails[] = R"sql(update assets set thumbnails_path = $2, poster_path = nullif($3, '') where id = $1)sql";

absl::Status AssetStore::SetThumbnails(pg::Session& session, int64_t asset_id, absl::string_view vtt_path,
                                       absl::string_view poster_path) {
  return MustExist(session.Run({"asset_set_thumbnails", kSetThumbnails}, asset_id, vtt_path, poster_path), asset_id);
}

constexpr char kSetLoudness[] = R"sql(update assets set loudness = $2::jsonb where id = $1)sql";

absl::Status AssetStore::SetLoudness(pg::Session& session, int64_t asset_id, absl::string_view loudness_json) {
  return MustExist(session.Run({"asset_set_loudness", kSetLoudness}, asset_id, loudness_json), asset_id);
}

constexpr char kSetSilences[] = R"sql(update assets set silences = $2::jsonb where id = $1)sql";

absl::Status AssetStore::SetSilences(pg::Session& session, int64_t asset_id, absl::string_view silence_json) {
  return MustExist(session.Run({"asset_set_silences", kSetSilences}, asset_id, silence_json), asset_id);
}

constexpr char kFinish[] = R"sql(
update assets set
  error = case when state = 'processing' and $2 = '' then 'processing ended without anything that can be played' else $2 end,
  state = case state when 'playable' then 'complete' when 'processing' then 'failed' else state end
where id = $1
returning )sql" LECTERN_ASSET_COLUMNS;

absl::StatusOr<AssetRow> AssetStore::Finish(pg::Session& session, int64_t asset_id, absl::string_view error) {
  return OneAsset(session.Run({"asset_finish", kFinish}, asset_id, error), asset_id);
}

constexpr char kSetError[] = R"sql(update assets set error = $2 where id = $1)sql";

absl::Status AssetStore::SetError(pg::Session& session, int64_t asset_id, absl::string_view error) {
  return MustExist(session.Run({"asset_set_error", kSetError}, asset_id, error), asset_id);
}

constexpr char kReopen[] = R"sql(
update assets set error = '', state = case state when 'failed' then 'processing' when 'complete' then 'playable' else state end
where id = $1
)sql";

absl::Status AssetStore::Reopen(pg::Session& session, int64_t asset_id) {
  return MustExist(session.Run({"asset_reopen", kReopen}, asset_id), asset_id);
}

// Uploads that are being opened or have just arrived wait until the lecture is gone, or are seen.
constexpr char kLockDyingLecture[] = R"sql(select id from lectures where id = $1 for update)sql";
constexpr char kLockDyingLectures[] = R"sql(select id from lectures where course_id = $1 order by id for update)sql";

constexpr char kMediaOfLecture[] = R"sql(
select id, upload_id, lecture_id, organization_id, view, vod_resource_id, state
from assets where lecture_id = $1 and state <> 'removed' order by id
)sql";

absl::StatusOr<std::vector<MediaRow>> AssetStore::MediaOfLecture(pg::Session& session, int64_t lecture_id) const {
  RETURN_IF_ERROR(session.Run({"media_lock_lecture", kLockDyingLecture}, lecture_id).status());
  ASSIGN_OR_RETURN(pg::Rows rows, session.Run({"media_of_lecture", kMediaOfLecture}, lecture_id));
  return ParseRows(rows, ParseMedia);
}

constexpr char kMediaOfCourse[] = R"sql(
select a.id, a.upload_id, a.lecture_id, a.organization_id, a.view, a.vod_resource_id, a.state
from lectures l join assets a on a.lecture_id = l.id where l.course_id = $1 and a.state <> 'removed' order by a.id
)sql";

absl::StatusOr<std::vector<MediaRow>> AssetStore::MediaOfCourse(pg::Session& session, int64_t course_id) const {
  RETURN_IF_ERROR(session.Run({"media_lock_lectures", kLockDyingLectures}, course_id).status());
  ASSIGN_OR_RETURN(pg::Rows rows, session.Run({"media_of_course", kMediaOfCourse}, course_id));
  return ParseRows(rows, ParseMedia);
}

constexpr char kListSuperseded[] = R"sql(
select a.id, a.upload_id, a.lecture_id, a.organization_id, a.view, a.vod_resource_id, a.state
from assets a
where a.state = 'superseded'
  and exists (select 1 from assets s where s.lecture_id = a.lecture_id and s.view = a.view and s.id > a.id
              and s.playable_at < now() - $1::interval)
  and not exists (select 1 from tasks t where t.asset_id = a.id and t.kind = 'delete_media' and t.state = 'open')
order by a.id limit $2
)sql";

absl::StatusOr<std::vector<MediaRow>> AssetStore::ListSuperseded(absl::Duration age, int limit) const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"media_superseded", kListSuperseded}, age, limit));
  return ParseRows(rows, ParseMedia);
}

constexpr char kMarkRemoved[] = R"sql(
with gone as (delete from renditions where asset_id = $1)
update assets set state = 'removed' where id = $1
)sql";

absl::Status AssetStore::MarkRemoved(pg::Session& session, int64_t asset_id) {
  return MustExist(session.Run({"asset_mark_removed", kMarkRemoved}, asset_id), asset_id);
}

}  // namespace lectern::api
