// Which VOD service keeps a new recording.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/store/resource_store.h"

namespace lectern::api {

// The nearest that has room for `size_bytes`, as far as it has said; one silent for longer than `max_silence` is left out.
// Errors: kFailedPrecondition/NO_VOD_SERVICE, kResourceExhausted/DISK_FULL.
absl::StatusOr<EligibleResource> ChooseVodService(const ResourceStore& resources, int64_t organization, int64_t size_bytes,
                                                  absl::Duration max_silence);

}  // namespace lectern::api
