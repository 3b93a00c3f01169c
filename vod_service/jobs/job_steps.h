// Steps that several jobs share. Private to the room.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/link/link.h"
#include "vod_service/library/records.h"

namespace lectern::v1 {
class RenditionInfo;
}  // namespace lectern::v1

namespace lectern::vod {

// A folder that is gone with the job, whatever became of it.
class ScratchFolder {
 public:
  explicit ScratchFolder(std::string path) : path_(std::move(path)) { Remove(); }
  ~ScratchFolder() { Remove(); }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  void Remove();
  const std::string path_;
};

// Bytes that a job may still use. Jobs may use what is kept free of uploads, but the catalog must still be able to
// write. Errors: kResourceExhausted/DISK_FULL.
absl::StatusOr<int64_t> RoomBelow(const std::string& folder);

// Results are held back while it is not sure that the job is still ours; it is adopted or taken away when the link is
// back.
absl::Status WaitForRightToPublish(link::JobContext& context);

void Describe(const RenditionRecord& rendition, v1::RenditionInfo& info);

}  // namespace lectern::vod
