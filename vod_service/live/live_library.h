// Recordings that are on air: what was broadcast of them, in which order, and the playlists that say so.
//
// A recording has one holder, the newest (job, fence) that was seen; whoever is older is refused. It takes sets (one
// segment of every track over the same stretch of time) in the order of their numbers. A set that was answered is in
// the catalog and in the playlists. Until the first set of a newer holder an ended recording stays what it is; that set
// takes it on air again.
//
// Thread-safe. Methods other than Find and figures block on the disk: call them from a thread pool.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/blob/blob_store.h"
#include "vod_service/library/catalog.h"
#include "vod_service/live/group_commit.h"

namespace lectern::v1 {
class LiveOpen;
class LiveSet;
class LiveStored;
}  // namespace lectern::v1

namespace lectern::vod {

struct LiveLimits {
  int64_t max_file_bytes = int64_t{256} << 20;
  // Stored by the current holder and not named by a set yet.
  size_t max_staged_files = 1000;
  int64_t max_staged_bytes = int64_t{4} << 30;
  // Live media may use what is kept free of uploads; the catalog must still be able to write.
  int64_t min_free_bytes = int64_t{64} << 20;
  // A recording that this one replaces is kept for so long; so are files that an improved rendition replaces.
  absl::Duration retention = absl::Hours(24);
};

// Who asks: the claims of a job token.
struct LiveHolder {
  std::string upload;
  int64_t lecture = 0;
  std::string view;
  int64_t organization = 0;
  int64_t job = 0;
  int64_t fence = 0;
};

// What a player gets.
struct LiveText {
  std::shared_ptr<const std::string> text;
  std::shared_ptr<const std::string> headers;  // prepared block
  std::string etag;
};

// A recording that was ended.
struct EndedLive {
  bool stored = false;  // false: nothing was, and it is forgotten
  int64_t origin_ms = 0;
  int64_t end_ms = 0;
};

struct LiveFigures {
  int64_t streams = 0;  // on air
  int64_t sets = 0;     // since the start of the process
  double gap_seconds = 0;
};

class LiveRecording;
struct LiveSetFiles;

class LiveLibrary {
 public:
  LiveLibrary(Catalog& catalog, BlobStore& blobs, Clock& clock, LiveLimits limits);
  ~LiveLibrary();

  // Once, before the first request: the recordings that were on air.
  absl::Status Load();

  // ---- For holders ----
  // Errors of all: kFailedPrecondition/FENCED for one that is not the newest, /NOT_OPEN before Open, /UPLOAD_GONE where
  // the recording was deleted or is one that was uploaded.

  // Makes the recording where there is none.
  absl::StatusOr<v1::LiveStored> Open(const LiveHolder& holder, const v1::LiveOpen& request);

  // Whether a file may be sent. Errors: kInvalidArgument/BAD_NAME; kOutOfRange/TOO_LARGE; kResourceExhausted/DISK_FULL,
  // kResourceExhausted/TOO_MANY_FILES. `size_bytes` -1: not known yet.
  absl::Status CheckFile(const LiveHolder& holder, absl::string_view name, int64_t size_bytes);
  // Takes a finished, synced file at `path` (below the store's scratch folder) in. The same bytes again: nothing
  // happens. Errors, beside those of CheckFile: kAlreadyExists/NAME_TAKEN for other bytes under the name of a file that
  // is in the playlists.
  absl::Status StoreFile(const LiveHolder& holder, absl::string_view name, const std::string& path, int64_t size_bytes);

  // Errors: kInvalidArgument/BAD_SET; kFailedPrecondition/OUT_OF_ORDER (see `expected`), /OVERLAPS (it begins before
  // the end of what is stored), /FILE_MISSING (store the files of the set again).
  absl::StatusOr<v1::LiveStored> Commit(const LiveHolder& holder, const v1::LiveSet& set, int64_t* expected);

  // Kept in memory only. Errors: kInvalidArgument/BAD_PICTURE.
  absl::Status SetPreview(const LiveHolder& holder, std::string jpeg);

  // ---- For players ----

  // master.m3u8, preview.jpg and media playlists of what is on air; absent for everything else. `delta`: the player
  // knows an older version of the playlist. Does not block.
  std::optional<LiveText> Find(int64_t lecture, absl::string_view view, absl::string_view path, bool delta);

  // ---- For the holder of the recording's last job ----

  // Writes the final playlists and records the end; the caller then writes the view's master playlist and calls
  // Release. Repeatable. Errors: FENCED where a newer holder has opened it.
  absl::StatusOr<EndedLive> End(const std::string& upload, int64_t job, int64_t fence);
  // Players get the files from now on.
  void Release(const std::string& upload);
  // Recordings that the catalog has as deleted.
  void ForgetDeleted();

  LiveFigures figures();

 private:
  using RecordingPtr = std::shared_ptr<LiveRecording>;

  absl::StatusOr<RecordingPtr> Recall(const std::string& upload);
  absl::StatusOr<RecordingPtr> Admit(const LiveHolder& holder);
  void Show(const RecordingPtr& recording);
  void Forget(const std::string& upload);
  void EraseShown(const LiveRecording& recording) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status CheckFiles(LiveRecording& recording, const LiveSetFiles& set);
  absl::Status CommitSet(const RecordingPtr& recording, const LiveSetFiles& set);
  bool SameAsStored(const std::string& key, const std::string& path, int64_t size_bytes);

  Catalog& catalog_;
  BlobStore& blobs_;
  Clock& clock_;
  const LiveLimits limits_;
  GroupCommit commits_;
  std::atomic<int64_t> sets_ = 0;
  std::atomic<int64_t> gap_ms_ = 0;
  absl::Mutex mu_;
  // On air, or opened by a holder that has stored nothing yet.
  absl::flat_hash_map<std::string, RecordingPtr> recordings_ ABSL_GUARDED_BY(mu_);
  // Those that a view shows, by "<lecture>/<view>".
  absl::flat_hash_map<std::string, RecordingPtr> shown_ ABSL_GUARDED_BY(mu_);
};

}  // namespace lectern::vod
