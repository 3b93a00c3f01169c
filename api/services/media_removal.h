// What must happen to the recordings of lectures that are deleted.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "api/domain/hints.h"
#include "api/store/asset_store.h"
#include "api/store/job_store.h"
#include "api/store/revocation_store.h"
#include "common/pg/pool.h"

namespace lectern::api {

// In the transaction that deletes the lectures, before it does: stops their jobs, withdraws their playback tokens and puts a job
// for each recording into the queue of the VOD service that keeps it. Returns the API instances to be told of cancelled jobs.
absl::StatusOr<std::vector<std::string>> RemoveMedia(pg::Session& session, JobStore& jobs, RevocationStore& revocations,
                                                     absl::Span<const MediaRow> media, int64_t user);

// After that transaction was committed.
void TellOfRemoval(const Hints& hints, const std::vector<std::string>& instances);

}  // namespace lectern::api
