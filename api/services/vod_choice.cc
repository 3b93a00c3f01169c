#include "api/services/vod_choice.h"

#include <vector>

#include "common/base/status.h"

namespace lectern::api {

absl::StatusOr<EligibleResource> ChooseVodService(const ResourceStore& resources, int64_t organization, int64_t size_bytes,
                                                  absl::Duration max_silence) {
  ASSIGN_OR_RETURN(std::vector<EligibleResource> services, resources.ListEligible(organization, "vod_service", max_silence));
  if (services.empty()) {
    return WithReason(absl::FailedPreconditionError("no VOD service of this organization, of one above it or shared is alive; "
                                                    "start one, or ask University IT"),
                      "NO_VOD_SERVICE");
  }
  for (EligibleResource& service : services) {
    if (service.disk_free_bytes == 0 || service.disk_free_bytes > size_bytes) return service;
  }
  return WithReason(absl::ResourceExhaustedError("no VOD service has room for a file of this size; ask University IT"),
                    "DISK_FULL");
}

}  // namespace lectern::api
