// Who watches live lectures on their pages, as this instance hears it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "api/store/viewer_store.h"
#include "common/base/clock.h"

namespace lectern::api {

// A page that has not asked for so long is gone.
inline constexpr absl::Duration kViewingLasts = absl::Seconds(30);

// Thread-safe. Flush is called by one thread, every few seconds.
class Viewers {
 public:
  Viewers(ViewerStore& store, std::string instance, Clock& clock)
      : store_(store), instance_(std::move(instance)), clock_(clock) {}

  // `viewing` is the number that stays the same with every exchange of a playback token.
  void Saw(int64_t lecture, int64_t viewing);

  // Forgets who is gone and writes how many are left. No statement where there is nobody and was nobody. Logs what fails.
  void Flush();

 private:
  using Viewings = absl::flat_hash_map<int64_t, absl::Duration>;   // to when it was last seen, steady
  std::vector<ViewerCount> Count();

  ViewerStore& store_;
  const std::string instance_;
  Clock& clock_;
  bool written_ = false;        // by Flush only: the rows say something
  absl::Mutex mu_;
  absl::flat_hash_map<int64_t, Viewings> lectures_ ABSL_GUARDED_BY(mu_);
};

}  // namespace lectern::api
