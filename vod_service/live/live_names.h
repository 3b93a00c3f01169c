// Which files a live recording is made of.
#pragma once

#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "vod_service/library/catalog.h"
#include "vod_service/live/live_set.h"

namespace lectern::vod {

// Everything that is in the catalog, in order.
absl::StatusOr<std::vector<LiveSetFiles>> StoredSets(Catalog& catalog, int64_t recording);
// Names of segments and init segments.
absl::StatusOr<absl::flat_hash_set<std::string>> StoredNames(Catalog& catalog, const LiveRecord& live);

}  // namespace lectern::vod
