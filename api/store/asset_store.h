// Recordings: uploads on their way, what processing found out, what can be played.
//
// States: uploading -> processing -> playable -> complete; failed (nothing of it can be played); superseded (a newer recording
// of the view is playable); removed (its bytes are gone).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "api/store/lecture_store.h"
#include "common/pg/pool.h"

namespace lectern::api {

struct AssetRow {
  int64_t id = 0;
  std::string upload_id;                  // 32 hex digits
  std::optional<int64_t> lecture_id;      // absent: its lecture was deleted
  int64_t organization_id = 0;
  std::string view;                       // "comb", "cam", "pres"
  int64_t vod_resource_id = 0;
  std::string file_name;
  std::string fingerprint;
  int64_t size_bytes = 0;
  int64_t received_bytes = 0;
  std::string state;
  std::string error;
  std::string media_json;                 // MediaInfo; empty: not probed yet
  std::optional<int64_t> duration_ms;
  std::optional<int64_t> created_by;
  absl::Time created_at;
};

struct NewUpload {
  int64_t lecture_id = 0;
  std::string view;
  int64_t vod_resource_id = 0;            // where it goes unless one is open already
  std::string file_name;
  std::string fingerprint;
  int64_t size_bytes = 0;
  std::optional<int64_t> created_by;
};

struct OpenedUpload {
  AssetRow asset;
  bool reused = false;                    // was open before; goes where the asset says
};

// An upload that its person can go on with.
struct OpenUploadRow {
  AssetRow asset;
  std::string lecture_title;
  std::string course_title;
};

struct ReceivedUpload {
  AssetRow asset;
  bool first = false;                     // this call made the transition: a task is due (idempotency key: upload id)
};

// The recording of a view that is watched, as a file.
struct FileRow {
  std::string view;
  std::string upload_id;
  int64_t vod_resource_id = 0;
  std::string file_name;                  // as uploaded; empty: it was on air
  int64_t size_bytes = 0;
  bool from_live = false;
  bool complete = false;                  // the file is there: it is not on air, and was put together
};

// What the database knows to lie at a VOD service.
struct MediaRow {
  int64_t asset_id = 0;
  std::string upload_id;
  std::optional<int64_t> lecture_id;
  int64_t organization_id = 0;
  std::string view;
  int64_t vod_resource_id = 0;
  std::string state;
};

// Thread-safe. NOT_FOUND has the reason ASSET_NOT_FOUND, for uploads UPLOAD_NOT_FOUND. Methods that take a Session run in the
// caller's transaction, since they belong to the completion of a job.
class AssetStore {
 public:
  explicit AssetStore(pg::Pool& pool) : pool_(pool) {}

  // Reuses the open upload with the same lecture, view, fingerprint, size and file name. A transaction.
  // Errors: kNotFound/LECTURE_NOT_FOUND, kNotFound/RESOURCE_NOT_FOUND (the VOD service was removed),
  // kResourceExhausted/QUOTA_EXCEEDED (of the organization or an ancestor), kInvalidArgument/BAD_UPLOAD.
  absl::StatusOr<OpenedUpload> OpenUpload(const NewUpload& upload);
  // The person's own that are not complete, newest first; of `lecture_id` only, unless it is 0. Those that nothing can come of are
  // left out: the lecture or the VOD service is gone, or the person may not upload there any more.
  absl::StatusOr<Page<OpenUploadRow>> ListOpen(int64_t user_id, int64_t lecture_id, const PageRequest& page) const;
  absl::StatusOr<AssetRow> Get(int64_t asset_id) const;
  absl::StatusOr<AssetRow> GetByUpload(absl::string_view upload_id) const;
  // Bytes that count against the quota of the organization, its subtree included.
  absl::StatusOr<int64_t> UsedBytes(int64_t organization_id) const;

  // ---- Events of uploads. A VOD service reaches only its own uploads; others are NOT_FOUND. ----

  // Never goes back; ignored once all bytes are received.
  absl::Status SetProgress(int64_t vod_resource_id, absl::string_view upload_id, int64_t received_bytes);
  // All bytes are at the VOD service: uploading -> processing. Idempotent; `first` once. Where the recording's lecture is gone,
  // the row becomes removed instead and `first` is false. Errors: kFailedPrecondition/SIZE_MISMATCH.
  absl::StatusOr<ReceivedUpload> Received(pg::Session& session, int64_t vod_resource_id, absl::string_view upload_id,
                                          int64_t size_bytes, absl::string_view sha256);
  // Refused for good (state failed), or terminated and expired (removed). Idempotent; ignored unless uploading.
  absl::StatusOr<AssetRow> Rejected(pg::Session& session, int64_t vod_resource_id, absl::string_view upload_id,
                                    absl::string_view error);
  absl::StatusOr<AssetRow> Removed(pg::Session& session, int64_t vod_resource_id, absl::string_view upload_id);

  // ---- Facts found by jobs. Recorded in any state; only states that go forward change. ----

  absl::Status SetMedia(pg::Session& session, int64_t asset_id, absl::string_view media_json, int64_t duration_ms);
  // The master playlist offers these renditions now; replaces what was known. processing -> playable. Where it is the newest
  // recording of its view that is playable, older ones become superseded; where a newer one is playable already, it becomes
  // superseded itself. Returns the recordings that became superseded by this call: their media may be deleted later.
  // No renditions: kInvalidArgument.
  absl::StatusOr<std::vector<MediaRow>> Publish(pg::Session& session, int64_t asset_id,
                                                const std::vector<RenditionRow>& renditions, int64_t duration_ms);
  // Paths of the WebVTT file and of the still, relative to the view's playback URL. `poster_path` empty: there is none.
  absl::Status SetThumbnails(pg::Session& session, int64_t asset_id, absl::string_view vtt_path, absl::string_view poster_path);
  absl::Status SetLoudness(pg::Session& session, int64_t asset_id, absl::string_view loudness_json);
  absl::Status SetSilences(pg::Session& session, int64_t asset_id, absl::string_view silence_json);
  // No job of it is left: playable -> complete; processing -> failed with `error`. An error beside a playable recording is kept
  // and shown, and the state is complete too.
  absl::StatusOr<AssetRow> Finish(pg::Session& session, int64_t asset_id, absl::string_view error);
  // The error is shown, the state stays.
  absl::Status SetError(pg::Session& session, int64_t asset_id, absl::string_view error);
  // Work on it starts again (a job was retried): failed -> processing, complete -> playable; the error is cleared.
  absl::Status Reopen(pg::Session& session, int64_t asset_id);

  // Of each view that can be watched, in no order.
  absl::StatusOr<std::vector<FileRow>> ListFiles(int64_t lecture_id) const;

  // ---- Deleting media ----

  // Recordings of the lecture or course whose bytes may still lie somewhere, by id.
  absl::StatusOr<std::vector<MediaRow>> MediaOfLecture(pg::Session& session, int64_t lecture_id) const;
  absl::StatusOr<std::vector<MediaRow>> MediaOfCourse(pg::Session& session, int64_t course_id) const;
  // Superseded ones whose successor has been playable for longer than `age` and that no open task deletes already, by id.
  absl::StatusOr<std::vector<MediaRow>> ListSuperseded(absl::Duration age, int limit) const;
  // The bytes are gone.
  absl::Status MarkRemoved(pg::Session& session, int64_t asset_id);

 private:
  pg::Pool& pool_;
};

}  // namespace lectern::api
