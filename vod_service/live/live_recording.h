// One recording that is on air, in memory. Private to the room.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "vod_service/library/catalog.h"
#include "vod_service/live/live_library.h"
#include "vod_service/live/timeline.h"

namespace lectern::v1 {
class LiveStored;
}  // namespace lectern::v1

namespace lectern::vod {

// Who changes it holds `mu`, also while waiting for the disk. Players only ever take `view_mu`, which is held for
// moments. Lock order: mu, then view_mu.
class LiveRecording {
 public:
  // From the catalog.
  static absl::StatusOr<std::shared_ptr<LiveRecording>> Load(Catalog& catalog, LiveRecord record);

  explicit LiveRecording(LiveRecord record)
      : upload(record.upload),
        lecture(record.lecture),
        view(record.view),
        record_(std::move(record)),
        timeline_(record_.start_time_ms) {}

  const std::string upload;
  const int64_t lecture;
  const std::string view;

  absl::Mutex mu;

  const LiveRecord& record() const ABSL_SHARED_LOCKS_REQUIRED(mu) { return record_; }
  // Forgets what the one before has staged.
  void SetHolder(int64_t job, int64_t fence) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  void SetEnded(bool ended) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) { record_.ended = ended; }
  bool IsHeldBy(const LiveHolder& holder) const ABSL_SHARED_LOCKS_REQUIRED(mu) {
    return record_.job == holder.job && record_.fence == holder.fence;
  }
  int64_t last_number() const ABSL_SHARED_LOCKS_REQUIRED(mu) { return last_number_; }
  // Of what is stored; only changed with `mu` held as well.
  const Timeline& timeline() const ABSL_NO_THREAD_SAFETY_ANALYSIS { return timeline_; }
  v1::LiveStored Stored() const ABSL_SHARED_LOCKS_REQUIRED(mu);

  // Files of the holder that no set has named yet, with their sizes.
  absl::flat_hash_map<std::string, int64_t>& staged() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) { return staged_; }
  int64_t staged_bytes() const ABSL_SHARED_LOCKS_REQUIRED(mu);

  // What the catalog is to be told of a set.
  LiveCommit CommitFor(const LiveSetFiles& set) const ABSL_SHARED_LOCKS_REQUIRED(mu);
  // After it was told.
  void Take(const LiveCommit& commit, const LiveSetFiles& set) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);

  void SetPreview(LiveText picture);
  // `path` below the view. Absent for what is not made of this recording.
  std::optional<LiveText> Find(absl::string_view path, bool delta);

 private:
  LiveText Render(absl::string_view path, bool delta) ABSL_EXCLUSIVE_LOCKS_REQUIRED(view_mu_);
  absl::string_view LabelOf(absl::string_view path) const ABSL_SHARED_LOCKS_REQUIRED(view_mu_);
  absl::Status TakeStored(Catalog& catalog);

  LiveRecord record_ ABSL_GUARDED_BY(mu);
  int64_t last_number_ ABSL_GUARDED_BY(mu) = 0;
  int64_t last_format_ ABSL_GUARDED_BY(mu) = 0;
  absl::flat_hash_map<std::string, int64_t> staged_ ABSL_GUARDED_BY(mu);

  absl::Mutex view_mu_;
  Timeline timeline_ ABSL_GUARDED_BY(view_mu_);
  LiveText preview_ ABSL_GUARDED_BY(view_mu_);
  absl::flat_hash_map<std::string, LiveText> texts_ ABSL_GUARDED_BY(view_mu_);  // made since the last set
};

}  // namespace lectern::vod
