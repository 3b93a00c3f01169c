// What VOD services tell about uploads.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "api/control/shared.h"

namespace lectern::v1 {
class UploadEvent;
}

namespace lectern::api {

// Thread-safe; blocks on the database.
class Uploads {
 public:
  explicit Uploads(Shared& shared) : shared_(shared) {}

  // True: UploadRecorded is due, since the event is in the database or will never be. Errors of the database: the resource
  // tells it again.
  absl::StatusOr<bool> Handle(int64_t vod_resource, const v1::UploadEvent& event);

 private:
  absl::Status Complete(int64_t vod_resource, const v1::UploadEvent& event);
  absl::Status Refuse(int64_t vod_resource, const v1::UploadEvent& event, absl::string_view error);

  Shared& shared_;
};

}  // namespace lectern::api
