// What workers report of their live streams, written together: the latest of each stream once a second, the first sign of media
// at once.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "api/control/shared.h"
#include "common/exec/periodic_loop.h"

namespace lectern::v1 {
class LiveReport;
}

namespace lectern::api {

// Thread-safe.
class LiveReports {
 public:
  explicit LiveReports(Shared& shared);
  ~LiveReports();

  void Start();
  void Stop();

  // Never blocks. A newer report of the same run replaces one that waits.
  void Add(int64_t resource, const v1::LiveReport& report);

 private:
  struct Entry;
  void Flush();
  void Remember(const v1::LiveReport& report);
  void WriteRenditions(const Entry& entry);

  Shared& shared_;
  absl::Mutex mu_;
  absl::flat_hash_map<int64_t, std::unique_ptr<Entry>> waiting_ ABSL_GUARDED_BY(mu_);   // by token
  // What this instance knows of each run.
  struct Known {
    bool media = false;            // has been told that something is stored
    std::string renditions;        // as written, without their bandwidth
    int64_t bandwidth = 0;         // of all of them, as written
    absl::Duration at;
  };
  absl::flat_hash_map<int64_t, Known> known_ ABSL_GUARDED_BY(mu_);                      // by token
  std::unique_ptr<PeriodicLoop> loop_ ABSL_GUARDED_BY(mu_);
};

}  // namespace lectern::api
