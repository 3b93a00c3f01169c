// What this VOD service knows: uploads, committed outputs of jobs, published renditions, live recordings, and what is
// to be swept. One SQLite file (catalog.sqlite3 below the data folder, layout in keys.h); a method that returns OK has
// committed durably. Thread-safe; methods that change something wait for the disk, so never call them from an I/O
// thread.
//
// Lock order: none; each of the two connections has a mutex of its own and no method calls another one with it held.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/file.h"
#include "vod_service/library/records.h"
#include "vod_service/library/sqlite.h"

namespace lectern::vod {

class Catalog {
 public:
  // Creates the folder and the file, or brings an older schema up to date. Errors: kFailedPrecondition where another
  // process has the folder, or where a newer release wrote the file.
  static absl::StatusOr<std::unique_ptr<Catalog>> Open(const std::string& data_dir);

  // ---- Uploads ----

  // Errors: kAlreadyExists.
  absl::Status InsertUpload(const UploadRecord& upload);
  absl::StatusOr<UploadRecord> GetUpload(absl::string_view id);  // kNotFound
  absl::StatusOr<std::vector<UploadRecord>> ListUploads(UploadState state);
  absl::StatusOr<std::vector<UploadRecord>> ListUnreported(int limit);  // oldest first
  // Open uploads, and the bytes that they still miss.
  struct OpenTotals {
    int64_t count = 0;
    uint64_t missing_bytes = 0;
  };
  absl::StatusOr<OpenTotals> GetOpenTotals();
  // A new writer of an open upload: counts the epoch up, which fences off the writer before. Returns the row as it is
  // then. Errors: kFailedPrecondition/UPLOAD_GONE where the upload is not open.
  absl::StatusOr<UploadRecord> TakeEpoch(absl::string_view id, absl::string_view boot_id, bool unverified);
  // Errors, both: kAborted/SUPERSEDED where `epoch` is not the current one or the upload is not open.
  absl::Status Checkpoint(absl::string_view id, int64_t epoch, uint64_t durable_offset, bool unverified,
                          absl::Time expires_at);
  absl::Status CompleteUpload(absl::string_view id, int64_t epoch, absl::string_view sha256);
  // Ends an open upload as kExpired, kTerminated or kBroken; nothing happens to one that is not open.
  absl::Status CloseUpload(absl::string_view id, UploadState state, absl::string_view error);
  absl::Status MarkReported(absl::string_view id);
  // Complete (or live) becomes kDeleted; its renditions, pictures and sets are forgotten, and outputs of its jobs are
  // given to the sweep. Errors: kFailedPrecondition/PUBLISHED, for the recording that its view shows.
  absl::Status MarkDeleted(absl::string_view id);

  // ---- Outputs of jobs ----

  // Remembers the highest fence seen of a job. Errors: kFailedPrecondition/FENCED for a lower one.
  absl::Status RaiseFence(int64_t job, int64_t fence);
  // Changes nothing where (job, fence) has committed that name: a late repetition of the request must not undo it.
  absl::Status StageOutput(const OutputRecord& output);
  absl::StatusOr<std::vector<OutputRecord>> ListOutputs(int64_t job, int64_t fence);
  // Records keys for what (job, fence) has staged, in one step; outputs of older fences are given to the sweep.
  // Errors: kFailedPrecondition/FENCED.
  absl::Status CommitOutputs(int64_t job, int64_t fence, const std::vector<OutputRecord>& outputs, absl::Time now);
  absl::StatusOr<OutputRecord> GetCommitted(int64_t job, absl::string_view name);  // kNotFound
  // What the highest fence of a job has committed, by name.
  absl::StatusOr<std::vector<OutputRecord>> ListCommitted(int64_t job);
  // (job, fence) pairs with staged outputs that a higher fence has overtaken, or that are older than `before`.
  struct StagedGroup {
    int64_t job = 0;
    int64_t fence = 0;
  };
  absl::StatusOr<std::vector<StagedGroup>> ListStaleStaged(absl::Time before);
  absl::Status ForgetStaged(int64_t job, int64_t fence);
  absl::StatusOr<bool> KnowsOutputs(int64_t job, int64_t fence);
  // The committed outputs of a job are deleted after `when`.
  absl::Status SweepOutputs(int64_t job, absl::Time when);

  // ---- Published media ----

  // Adds finished renditions (their files are in place) and makes the upload the one that its view shows, unless a
  // newer one does already: then it is only kept for `retention`, as is what it replaces. `enough` false (sound without
  // the picture): it does not take over from another recording yet. Where the view is on air with another recording, it
  // waits for the end of that. Errors: kFailedPrecondition with FENCED or UPLOAD_GONE.
  absl::Status PublishRenditions(absl::string_view upload, int64_t job, int64_t fence,
                                 const std::vector<RenditionRecord>& renditions, bool enough, absl::Time now,
                                 absl::Duration retention);
  absl::StatusOr<std::vector<RenditionRecord>> ListRenditions(absl::string_view upload);  // by label
  absl::StatusOr<PublishedView> GetPublished(int64_t lecture, absl::string_view view);    // kNotFound
  absl::StatusOr<std::vector<PublishedView>> ListUnwrittenMasters();
  absl::Status MarkMasterWritten(const PublishedView& view);
  // Forgets and gives to the sweep all recordings of the lecture (of one view, unless empty) but `keep`; open uploads
  // end as kTerminated. Returns the views that publish nothing any more.
  absl::StatusOr<std::vector<PublishedView>> DeleteMedia(int64_t lecture, absl::string_view view,
                                                         absl::string_view keep, absl::Time now);
  absl::Status AddSweep(SweepItem::Kind kind, absl::string_view target, absl::Time not_before);
  absl::StatusOr<std::vector<SweepItem>> ListDueSweeps(absl::Time now, int limit);
  // Also forgets outputs whose objects were below a kPrefix target.
  absl::Status FinishSweep(const SweepItem& item);
  absl::StatusOr<bool> KnowsRenditionDir(absl::string_view dir);
  absl::StatusOr<bool> WaitsForSweep(SweepItem::Kind kind, absl::string_view target);

  // ---- Live recordings ----

  // The recording of this upload, made where there is none (with its upload, of state kLive), and from now on of this
  // holder. `upload` gives id, lecture, view, organization and created_at. Errors: kFailedPrecondition with FENCED
  // where a newer holder is known, UPLOAD_GONE where the upload was deleted or is not a live one.
  absl::StatusOr<LiveRecord> OpenLive(const UploadRecord& upload, int64_t start_time_ms, int64_t job, int64_t fence);
  absl::StatusOr<LiveRecord> GetLive(absl::string_view upload);  // kNotFound; also where the upload was deleted
  absl::StatusOr<std::vector<LiveRecord>> ListOnAir();           // not ended
  absl::StatusOr<std::vector<LiveFormatRecord>> ListLiveFormats(int64_t recording);
  absl::StatusOr<std::vector<LiveSetRecord>> ListLiveSets(int64_t recording);
  // Of the last set that the recording's holder has stored; 0: none.
  absl::StatusOr<int64_t> GetLastLiveNumber(const LiveRecord& live);
  // Label and the last sequence number whose file is gone.
  absl::StatusOr<std::vector<std::pair<std::string, int64_t>>> ListLiveSwept(int64_t recording);
  // All in one transaction; one status each. A set that goes on air makes its recording the one that the view shows and
  // takes improved renditions of it back. Errors of one: kFailedPrecondition/UPLOAD_GONE; an error of the disk is
  // everybody's.
  std::vector<absl::Status> CommitLiveSets(const std::vector<const LiveCommit*>& commits);
  // Ends the recording and publishes its tracks. What was published while it was on air and is newer takes the view
  // over. Errors: kFailedPrecondition/UPLOAD_GONE.
  absl::Status EndLive(const LiveRecord& live, const std::vector<RenditionRecord>& tracks, absl::Time now,
                       absl::Duration retention);
  // The upload of an ended recording is complete: its source file is in place. Errors: kFailedPrecondition/UPLOAD_GONE,
  // also where the recording went on air again.
  absl::Status CompleteLive(const LiveRecord& live, uint64_t size_bytes, absl::string_view sha256);
  // Forgets a recording of which nothing was stored, and its upload.
  absl::Status DropLive(const LiveRecord& live);
  // Before the files of a live track are deleted: they count as gone from then on. False: they are needed again.
  absl::StatusOr<bool> BeginTrackSweep(const SweepItem& item);

 private:
  Catalog(Fd lock, std::unique_ptr<Sqlite> writer, std::unique_ptr<Sqlite> reader);

  const Fd lock_;
  absl::Mutex write_mu_;
  std::unique_ptr<Sqlite> writer_ ABSL_PT_GUARDED_BY(write_mu_);
  // Readers do not wait for a writer that waits for the disk.
  absl::Mutex read_mu_;
  std::unique_ptr<Sqlite> reader_ ABSL_PT_GUARDED_BY(read_mu_);
};

}  // namespace lectern::vod
