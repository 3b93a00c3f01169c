// Tells the API how uploads go: progress now and then, and how they ended until the API says that it has recorded it.
#pragma once

#include <functional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "common/exec/periodic_loop.h"
#include "vod_service/upload/upload_service.h"

namespace lectern::v1 {
class UploadEvent;
}  // namespace lectern::v1

namespace lectern::vod {

// Thread-safe.
class UploadReporter {
 public:
  // `send` may drop events. Starts at once.
  UploadReporter(UploadService& uploads, std::function<void(const v1::UploadEvent&)> send);

  // Sends what is waiting now: an upload ended, or the link is attached again.
  void Wake() { loop_.Wake(); }
  // The API has recorded how this upload ended.
  void Recorded(absl::string_view upload);
  void Stop() { loop_.Stop(); }

 private:
  void Report();
  void ReportEnded();

  UploadService& uploads_;
  const std::function<void(const v1::UploadEvent&)> send_;
  PeriodicLoop loop_;  // last: it calls Report
};

}  // namespace lectern::vod
