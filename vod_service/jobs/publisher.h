// Makes finished renditions visible: files first, then the catalog, then the master playlist, each step atomic and
// repeatable.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/blob/blob_store.h"
#include "vod_service/library/catalog.h"

namespace lectern::vod {

struct FinishedRendition {
  RenditionRecord record;
  std::string folder;              // local, below the store's scratch folder
  std::vector<std::string> files;  // names in it
};

// Blocking. Thread-safe.
class Publisher {
 public:
  Publisher(Catalog& catalog, BlobStore& blobs, Clock& clock, absl::Duration replace_retention)
      : catalog_(catalog), blobs_(blobs), clock_(clock), retention_(replace_retention) {}

  // Moves the files in. Nothing refers to them yet. Repeatable.
  absl::Status Store(const UploadRecord& upload, const std::vector<FinishedRendition>& renditions);
  // Records them and writes the view's master playlist. `enough`: see Catalog::PublishRenditions.
  absl::Status Publish(const UploadRecord& upload, int64_t job, int64_t fence,
                       const std::vector<FinishedRendition>& renditions, bool enough);
  // Deletes the media of a lecture (of one view, unless empty) but the recording `keep`; the files follow with the next
  // sweep.
  absl::Status DeleteMedia(int64_t lecture, const std::string& view, const std::string& keep);
  // Writes the master playlists that a crash left behind the catalog.
  absl::Status WritePending();
  // Writes one view's master playlist as the catalog has it.
  absl::Status WriteMaster(int64_t lecture, absl::string_view view);

 private:
  Catalog& catalog_;
  BlobStore& blobs_;
  Clock& clock_;
  const absl::Duration retention_;
  // Two jobs of one view end at once: without it the older list could be written last.
  absl::Mutex master_mu_;
};

}  // namespace lectern::vod
