// Steps that several of the catalog's transactions share. Private to the room.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "vod_service/library/records.h"
#include "vod_service/library/sqlite.h"

namespace lectern::vod {

// The files of the rendition that it replaces are swept then.
absl::Status InsertRendition(Sqlite& db, const RenditionRecord& rendition, absl::Time sweep_replaced);
// The upload is the one that the view shows; the one before is swept at `sweep_old`.
absl::Status MakeCurrent(Sqlite& db, int64_t lecture, absl::string_view view, absl::string_view upload,
                         absl::Time sweep_old);
absl::Status AddSweepTo(Sqlite& db, SweepItem::Kind kind, absl::string_view target, absl::Time not_before);
// Runs a statement whose one parameter is an upload id.
absl::Status RunFor(Sqlite& db, const char* sql, absl::string_view upload);

}  // namespace lectern::vod
