#include "vod_service/jobs/job_steps.h"

#include <sys/statvfs.h>

#include <cerrno>
#include <filesystem>

#include "absl/time/clock.h"
#include "common/base/status.h"
#include "lectern/v1/lectures.pb.h"

namespace lectern::vod {
namespace {

constexpr absl::Duration kPublishPoll = absl::Milliseconds(50);
constexpr int64_t kCatalogReserveBytes = 64 << 20;

}  // namespace

void ScratchFolder::Remove() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

absl::StatusOr<int64_t> RoomBelow(const std::string& folder) {
  struct statvfs disk = {};
  if (statvfs(folder.c_str(), &disk) != 0) return ErrnoStatus(errno, "reading the free space");
  const int64_t room = static_cast<int64_t>(disk.f_bavail) * static_cast<int64_t>(disk.f_frsize) - kCatalogReserveBytes;
  if (room <= 0) return WithReason(absl::ResourceExhaustedError("the media store is full"), "DISK_FULL");
  return room;
}

absl::Status WaitForRightToPublish(link::JobContext& context) {
  while (!context.MayPublish()) {
    if (context.ShouldStop()) return absl::CancelledError("the job was taken away before it could publish");
    absl::SleepFor(kPublishPoll);
  }
  return absl::OkStatus();
}

void Describe(const RenditionRecord& rendition, v1::RenditionInfo& info) {
  info.set_label(rendition.label);
  info.set_width(rendition.width);
  info.set_height(rendition.height);
  info.set_bandwidth_bps(rendition.bandwidth_bps);
  info.set_codecs(rendition.codecs);
}

}  // namespace lectern::vod
