// The part of AssetStore that deals with uploads: opening them, and what the VOD service reports of them.
#include <limits>

#include "absl/strings/str_cat.h"
#include "api/store/asset_row.h"
#include "api/store/asset_store.h"
#include "api/store/row_util.h"
#include "common/base/status.h"
#include "common/base/text.h"

namespace lectern::api {
namespace {

absl::Status ExplainUpload(const absl::Status& status) {
  return Explain(status, {{"*_check", absl::StatusCode::kInvalidArgument, "BAD_UPLOAD",
                           "an upload has a view (comb, cam or pres) and at least one byte"}});
}

}  // namespace

AssetRow ParseAsset(const pg::Row& row) {
  AssetRow asset;
  asset.id = row.Int("id");
  asset.upload_id = row.Text("upload_id");
  asset.lecture_id = OptionalInt(row, "lecture_id");
  asset.organization_id = row.Int("organization_id");
  asset.view = row.Text("view");
  asset.vod_resource_id = row.Int("vod_resource_id");
  asset.file_name = row.Text("file_name");
  asset.fingerprint = row.Text("fingerprint");
  asset.size_bytes = row.Int("size_bytes");
  asset.received_bytes = row.Int("received_bytes");
  asset.state = row.Text("state");
  asset.error = row.Text("error");
  asset.media_json = row.Text("media");
  asset.duration_ms = OptionalInt(row, "duration_ms");
  asset.created_by = OptionalInt(row, "created_by");
  asset.created_at = row.Time("created_at");
  return asset;
}

absl::StatusOr<AssetRow> OneUpload(absl::StatusOr<pg::Rows> rows, absl::string_view upload_id) {
  if (!rows.ok()) return rows.status();
  if (!rows->empty()) return ParseAsset((*rows)[0]);
  return WithReason(absl::NotFoundError(absl::StrCat("upload ", upload_id, " does not exist here")),
                    "UPLOAD_NOT_FOUND");
}

// Uploads of one lecture are opened one after the other, so that two identical calls end in one upload.
constexpr char kLockLecture[] = R"sql(
select c.organization_id from lectures l join courses c on c.id = l.course_id where l.id = $1 for no key update of l
)sql";

constexpr char kFindOpen[] = R"sql(
select )sql" LECTERN_ASSET_COLUMNS R"sql(
from assets
where lecture_id = $1 and view = $2 and fingerprint = $3 and size_bytes = $4 and file_name = $5 and state = 'uploading'
  and vod_resource_id in (select id from resources where removed_at is null)
order by id desc limit 1
)sql";

// Of the organization and its ancestors; in one order, so that two that open uploads wait for each other and do not
// deadlock.
constexpr char kLockQuotas[] = R"sql(
select o.id from organizations o join organization_paths p on p.ancestor_id = o.id
where p.descendant_id = $1 and o.quota_bytes is not null
order by o.id for no key update of o
)sql";

constexpr char kExceededQuota[] = R"sql(
select o.display_name, o.quota_bytes, used.bytes
from organization_paths up
join organizations o on o.id = up.ancestor_id
cross join lateral (
  select coalesce(sum(a.size_bytes), 0) as bytes
  from organization_paths down join assets a on a.organization_id = down.descendant_id
  where down.ancestor_id = o.id and a.state <> 'removed' and (a.state <> 'failed' or a.received_at is not null)
) used
where up.descendant_id = $1 and o.quota_bytes is not null and used.bytes + $2 > o.quota_bytes
order by up.distance limit 1
)sql";

static absl::Status CheckQuota(pg::Session& session, int64_t organization_id, int64_t size_bytes) {
  ASSIGN_OR_RETURN(pg::Rows quotas, session.Run({"quota_lock", kLockQuotas}, organization_id));
  if (quotas.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(pg::Rows exceeded, session.Run({"quota_exceeded", kExceededQuota}, organization_id, size_bytes));
  if (exceeded.empty()) return absl::OkStatus();
  const pg::Row row = exceeded[0];
  return WithReason(
      absl::ResourceExhaustedError(absl::StrCat(
          "the recording has ", size_bytes, " bytes; \"", row.Text("display_name"), "\" has used ", row.Int("bytes"),
          " of its ", row.Int("quota_bytes"), " bytes. Delete recordings or ask for a larger quota")),
      "QUOTA_EXCEEDED");
}

// FOR SHARE keeps the VOD service from being removed meanwhile.
constexpr char kInsertUpload[] = R"sql(
with vod as (select id from resources where id = $5 and kind = 'vod_service' and removed_at is null for share)
insert into assets (upload_id, lecture_id, organization_id, view, vod_resource_id, file_name, fingerprint, size_bytes, state,
                    created_by)
select $1, $2, $3, $4, vod.id, $6, $7, $8, 'uploading', $9 from vod
returning )sql" LECTERN_ASSET_COLUMNS;

static absl::StatusOr<AssetRow> InsertUpload(pg::Session& session, const NewUpload& upload, int64_t organization_id) {
  absl::StatusOr<pg::Rows> rows =
      session.Run({"upload_insert", kInsertUpload}, RandomHex(16), upload.lecture_id, organization_id, upload.view,
                  upload.vod_resource_id, upload.file_name, upload.fingerprint, upload.size_bytes, upload.created_by);
  if (!rows.ok()) return ExplainUpload(rows.status());
  if (rows->empty()) return NotFound("RESOURCE_NOT_FOUND", "VOD service", upload.vod_resource_id);
  return ParseAsset((*rows)[0]);
}

absl::StatusOr<OpenedUpload> AssetStore::OpenUpload(const NewUpload& upload) {
  OpenedUpload opened;
  RETURN_IF_ERROR(pool_.Transaction([&](pg::Session& session) -> absl::Status {
    ASSIGN_OR_RETURN(pg::Rows lecture, session.Run({"upload_lock_lecture", kLockLecture}, upload.lecture_id));
    if (lecture.empty()) return NotFound("LECTURE_NOT_FOUND", "lecture", upload.lecture_id);
    ASSIGN_OR_RETURN(pg::Rows open, session.Run({"upload_find_open", kFindOpen}, upload.lecture_id, upload.view,
                                                upload.fingerprint, upload.size_bytes, upload.file_name));
    opened.reused = !open.empty();
    if (opened.reused) {
      opened.asset = ParseAsset(open[0]);
      return absl::OkStatus();
    }
    const int64_t organization_id = lecture[0].Int("organization_id");
    RETURN_IF_ERROR(CheckQuota(session, organization_id, upload.size_bytes));
    ASSIGN_OR_RETURN(opened.asset, InsertUpload(session, upload, organization_id));
    return absl::OkStatus();
  }));
  return opened;
}

constexpr char kListOpen[] = R"sql(
select a.*, l.title as lecture_title, c.title as course_title
from assets a join lectures l on l.id = a.lecture_id join courses c on c.id = l.course_id
join resources r on r.id = a.vod_resource_id and r.removed_at is null
where a.created_by = $1 and a.state = 'uploading' and ($2 = 0 or a.lecture_id = $2) and a.id < $3
  and (exists (select 1 from enrolments e where e.course_id = c.id and e.user_id = $1 and e.role = 'lecturer')
       or exists (select 1 from maintainers m join organization_paths p on p.ancestor_id = m.organization_id
                  where m.user_id = $1 and p.descendant_id = c.organization_id)
       or exists (select 1 from users u where u.id = $1 and u.role = 'administrator'))
order by a.id desc limit $4
)sql";

absl::StatusOr<Page<OpenUploadRow>> AssetStore::ListOpen(int64_t user_id, int64_t lecture_id, const PageRequest& page) const {
  ASSIGN_OR_RETURN(int64_t before, DecodeIdToken("uploads", page.token, std::numeric_limits<int64_t>::max()));
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"upload_list_open", kListOpen}, user_id, lecture_id, before, page.size + 1));
  auto parse = [](const pg::Row& row) {
    return OpenUploadRow{ParseAsset(row), row.Text("lecture_title"), row.Text("course_title")};
  };
  return MakePage(ParseRows(rows, parse), page.size,
                  [](const OpenUploadRow& last) { return EncodeIdToken("uploads", last.asset.id); });
}

constexpr char kUsedBytes[] = R"sql(
select coalesce(sum(a.size_bytes), 0)::bigint as bytes
from organization_paths down join assets a on a.organization_id = down.descendant_id
where down.ancestor_id = $1 and a.state <> 'removed' and (a.state <> 'failed' or a.received_at is not null)
)sql";

absl::StatusOr<int64_t> AssetStore::UsedBytes(int64_t organization_id) const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"quota_used", kUsedBytes}, organization_id));
  return rows[0].Int("bytes");
}

constexpr char kSetProgress[] = R"sql(
update assets set received_bytes = $3
where upload_id = $2 and vod_resource_id = $1 and state = 'uploading' and received_bytes < $3 and $3 <= size_bytes
)sql";

absl::Status AssetStore::SetProgress(int64_t vod_resource_id, absl::string_view upload_id, int64_t received_bytes) {
  return pool_.Run({"upload_progress", kSetProgress}, vod_resource_id, upload_id, received_bytes).status();
}

constexpr char kLockUpload[] = R"sql(
select )sql" LECTERN_ASSET_COLUMNS R"sql( from assets where upload_id = $2 and vod_resource_id = $1 for update
)sql";

constexpr char kReceived[] = R"sql(
update assets set state = case when lecture_id is null then 'removed' else 'processing' end, received_bytes = size_bytes,
  sha256 = $2, received_at = now()
where id = $1
returning )sql" LECTERN_ASSET_COLUMNS;

absl::StatusOr<ReceivedUpload> AssetStore::Received(pg::Session& session, int64_t vod_resource_id,
                                                    absl::string_view upload_id, int64_t size_bytes,
                                                    absl::string_view sha256) {
  ReceivedUpload received;
  ASSIGN_OR_RETURN(received.asset,
                   OneUpload(session.Run({"upload_lock", kLockUpload}, vod_resource_id, upload_id), upload_id));
  if (received.asset.state != "uploading") return received;
  if (size_bytes != received.asset.size_bytes) {
    return WithReason(
        absl::FailedPreconditionError(absl::StrCat("upload ", upload_id, " was to have ", received.asset.size_bytes,
                                                   " bytes and has ", size_bytes)),
        "SIZE_MISMATCH");
  }
  ASSIGN_OR_RETURN(received.asset,
                   OneUpload(session.Run({"upload_received", kReceived}, received.asset.id, sha256), upload_id));
  received.first = received.asset.state == "processing";
  return received;
}

constexpr char kEnd[] = R"sql(
update assets set error = case when state = 'uploading' then $4 else error end,
  state = case when state = 'uploading' then $3 else state end
where upload_id = $2 and vod_resource_id = $1
returning )sql" LECTERN_ASSET_COLUMNS;

absl::StatusOr<AssetRow> AssetStore::Rejected(pg::Session& session, int64_t vod_resource_id,
                                              absl::string_view upload_id, absl::string_view error) {
  return OneUpload(session.Run({"upload_end", kEnd}, vod_resource_id, upload_id, "failed", error), upload_id);
}

absl::StatusOr<AssetRow> AssetStore::Removed(pg::Session& session, int64_t vod_resource_id,
                                             absl::string_view upload_id) {
  return OneUpload(session.Run({"upload_end", kEnd}, vod_resource_id, upload_id, "removed", ""), upload_id);
}

}  // namespace lectern::api
