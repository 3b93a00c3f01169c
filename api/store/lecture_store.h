// Lectures with what can be watched of them, and bookmarks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "api/domain/access.h"
#include "api/store/page.h"
#include "common/pg/pool.h"

namespace lectern::api {

// As the proto's RenditionInfo.
struct RenditionRow {
  std::string label;
  int width = 0;
  int height = 0;
  int64_t bandwidth_bps = 0;
  std::string codecs;
};

// As the proto's ProcessingStep.
struct StepRow {
  int64_t job_id = 0;
  std::string kind;       // "probe", "package", "transcode", "audio", "thumbnails", "loudness", "silence", "finalise"
  std::string label;
  std::string state;      // "waiting", "running", "done", "failed", "cancelled"
  double progress = 0;    // 0..1
  int job_class = 0;      // domain/task_graph.h
  absl::Duration elapsed; // since it was started; zero where it is not running
};

// One view. What can be watched comes from the newest recording that is playable; steps, error and upload from the newest
// recording at all, which may still be on its way to replace it. A live recording can be watched from its first segment on; before
// that the view says nothing of it.
struct ViewRow {
  std::string view;                     // "comb", "cam", "pres"
  std::string state;                    // "uploading", "processing", "playable", "complete", "failed", "live", "interrupted"
  std::optional<int64_t> duration_ms;   // absent: unknown
  std::string error;                    // for a person
  std::vector<RenditionRow> renditions; // widest first, sound last
  std::vector<StepRow> steps;           // oldest job first
  std::string silences_json;            // SilenceResult; empty: none yet
  std::string thumbnails_path;          // empty: none yet
  std::string poster_path;              // of a still, below the view's playback address; empty: none
  double loudness_lufs = 0;             // 0: unknown
  int64_t upload_size_bytes = 0;
  int64_t uploaded_bytes = 0;
  int64_t vod_resource_id = 0;          // that keeps what can be watched; 0: nothing can be watched
  bool playable() const { return vod_resource_id != 0; }
  bool live() const { return state == "live" || state == "interrupted"; }
};

// Where a person is in a lecture.
struct ProgressRow {
  int64_t position_ms = 0;
  bool watched = false;
  absl::Time updated_at;
};

struct LectureRow {
  int64_t id = 0;
  int64_t course_id = 0;
  int64_t organization_id = 0;
  std::string title;
  std::optional<absl::Time> starts_at;
  std::optional<absl::Time> ends_at;
  std::optional<absl::Time> ended_at;   // when it was ended
  std::string state;                    // "scheduled", "live", "processing", "recorded", "failed"
  std::vector<ViewRow> views;           // comb, cam, pres
  absl::Time created_at;
  int64_t hall_id = 0;                  // 0: none
  int64_t rehearsal_of = 0;             // whose private try-out it is; 0: it is none
  std::string course_title;
  std::string description;
  std::string series;                   // the same for all that were made together; empty: none
  bool downloads_enabled = false;       // by the course
  int viewers = 0;                      // who watch it live
  absl::Time read_at;                   // when all this was so, by the database's clock
  // Of the reader.
  bool for_person = false;              // they are signed in
  Level level = Level::kNone;
  std::optional<ProgressRow> progress;  // absent: never begun
};

struct NewLecture {
  int64_t course_id = 0;
  std::string title;
  std::optional<absl::Time> starts_at;
  std::optional<absl::Time> ends_at;
  std::optional<int64_t> hall_id = std::nullopt;
  std::string description = {};
};

// Absent fields stay as they are.
struct LectureChange {
  std::optional<std::string> title;
  std::optional<absl::Time> starts_at;
  std::optional<absl::Time> ends_at;
  std::optional<int64_t> hall_id;       // 0: none any more
  std::optional<std::string> description;
};

// A chapter.
struct SectionRow {
  int64_t id = 0;
  int64_t lecture_id = 0;
  int64_t position_ms = 0;
  std::string title;
};

struct BookmarkRow {
  int64_t id = 0;
  int64_t lecture_id = 0;
  int64_t position_ms = 0;
  std::string text;
  absl::Time created_at;
};

// Thread-safe. NOT_FOUND has the reason LECTURE_NOT_FOUND. Get and List are one statement, whatever hangs on the lectures;
// Insert, Update and End are one more.
class LectureStore {
 public:
  explicit LectureStore(pg::Pool& pool) : pool_(pool) {}

  // Errors: kNotFound/COURSE_NOT_FOUND, kInvalidArgument/BAD_LECTURE (empty or long title, end not after start).
  absl::StatusOr<LectureRow> Insert(const NewLecture& lecture, const Caller& reader = Caller());
  absl::StatusOr<LectureRow> Get(int64_t id, const Caller& reader = Caller()) const;
  // Those of `ids` that exist, by start time, then id. What the reader may see was decided before.
  absl::StatusOr<std::vector<LectureRow>> GetMany(absl::Span<const int64_t> ids, const Caller& reader) const;
  // Of one course, by start time (those without one last), then id. Rehearsals: the reader's own (all, for an administrator).
  absl::StatusOr<Page<LectureRow>> List(int64_t course_id, const PageRequest& page, const Caller& reader = Caller()) const;
  absl::StatusOr<LectureRow> Update(int64_t id, const LectureChange& change, const Caller& reader = Caller());
  // All of one course, or none; they get a series of their own and come back by start time. Errors: as of Insert.
  absl::StatusOr<std::vector<LectureRow>> InsertSeries(absl::Span<const NewLecture> lectures, const Caller& reader = Caller());
  // The lecture is due from now on, for as long as it was to last (90 minutes where it had no end). One that runs by its schedule stays
  // as it is, unless a lecturer of its course is in a rehearsal that began later: an encoder comes only to what begins after it.
  // Errors: kFailedPrecondition/LECTURE_ENDED (ended, or it has a recording), /ON_AIR_FROM_HALL, /IS_REHEARSAL.
  absl::StatusOr<LectureRow> Start(int64_t id, const Caller& reader = Caller());
  // Idempotent: the first end counts.
  absl::StatusOr<LectureRow> End(int64_t id, const Caller& reader = Caller());
  // With its bookmarks. Recordings stay, without a lecture, until their media are deleted: read AssetStore::MediaOfLecture
  // before, in the same transaction.
  absl::Status Delete(pg::Session& session, int64_t id);

  // ---- Which lecture an encoder is for. Times are the database's. ----

  // The lecture that is due in a course that the person teaches: from `early` before its start until `late` after its end (four hours
  // after the start, where it has none), not ended by hand, and of which nobody else streams `view` now. Running ones first, then the
  // one whose start is nearest. Lectures without a start are never due.
  absl::StatusOr<std::optional<int64_t>> FindDue(int64_t user_id, const std::string& view, absl::Duration early,
                                                 absl::Duration late) const;
  // The lecture of an encoder's stream of the person whose publisher went away less than `grace` ago, or that stores nothing now.
  absl::StatusOr<std::optional<int64_t>> FindInterrupted(int64_t user_id, absl::Duration grace) const;
  // The lecture of a stream that the person has not ended, though it is not due any more.
  absl::StatusOr<std::optional<int64_t>> FindOverrunning(int64_t user_id) const;
  // The person's rehearsal that still runs, else a new one in the course that they taught last.
  // Errors: kFailedPrecondition/NO_COURSE where they teach none.
  absl::StatusOr<int64_t> OpenRehearsal(int64_t user_id);
  // Live streams of the course's lectures that have not ended, by id.
  absl::StatusOr<std::vector<int64_t>> ListRunningStreams(int64_t course_id) const;

  // Errors: kNotFound/LECTURE_NOT_FOUND, kInvalidArgument/BAD_BOOKMARK, kResourceExhausted/TOO_MANY_BOOKMARKS (1000 a lecture
  // and person).
  absl::StatusOr<BookmarkRow> InsertBookmark(int64_t lecture_id, int64_t user_id, int64_t position_ms, absl::string_view text);
  // Absent fields stay as they are. Errors: kNotFound/BOOKMARK_NOT_FOUND, also for another user's; kInvalidArgument/BAD_BOOKMARK.
  absl::StatusOr<BookmarkRow> UpdateBookmark(int64_t user_id, int64_t bookmark_id, std::optional<int64_t> position_ms,
                                             std::optional<std::string> text);
  // The user's own, by position.
  absl::StatusOr<Page<BookmarkRow>> ListBookmarks(int64_t lecture_id, int64_t user_id, const PageRequest& page) const;
  // Errors: kNotFound/BOOKMARK_NOT_FOUND, also for another user's.
  absl::Status DeleteBookmark(int64_t user_id, int64_t bookmark_id);

  // Errors: kNotFound/LECTURE_NOT_FOUND, kInvalidArgument/BAD_SECTION, kResourceExhausted/TOO_MANY_SECTIONS (200 a lecture).
  absl::StatusOr<SectionRow> InsertSection(int64_t lecture_id, int64_t position_ms, absl::string_view title);
  // All of the lecture, by position, then id.
  absl::StatusOr<std::vector<SectionRow>> ListSections(int64_t lecture_id) const;
  // Absent fields stay. Errors: kNotFound/SECTION_NOT_FOUND, kInvalidArgument/BAD_SECTION.
  absl::StatusOr<SectionRow> UpdateSection(int64_t id, std::optional<int64_t> position_ms, const std::optional<std::string>& title);
  absl::Status DeleteSection(int64_t id);

 private:
  pg::Pool& pool_;
};

}  // namespace lectern::api
