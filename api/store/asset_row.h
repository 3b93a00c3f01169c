// Reads recordings from rows. Internal to api/store.
#pragma once

#include "api/store/asset_store.h"

namespace lectern::api {

// The columns that ParseAsset reads, for the select list or RETURNING.
#define LECTERN_ASSET_COLUMNS                                                                               \
  "id, upload_id, lecture_id, organization_id, view, vod_resource_id, file_name, fingerprint, size_bytes, " \
  "received_bytes, "                                                                                        \
  "state, error, media, duration_ms, created_by, created_at "

AssetRow ParseAsset(const pg::Row& row);

// Columns: id, upload_id, lecture_id, organization_id, view, vod_resource_id, state.
MediaRow ParseMedia(const pg::Row& row);

// NOT_FOUND with ASSET_NOT_FOUND where `rows` has none.
absl::StatusOr<AssetRow> OneAsset(absl::StatusOr<pg::Rows> rows, int64_t id);
// With UPLOAD_NOT_FOUND.
absl::StatusOr<AssetRow> OneUpload(absl::StatusOr<pg::Rows> rows, absl::string_view upload_id);

}  // namespace lectern::api
