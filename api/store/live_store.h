// Live streams: one view of a lecture on its way to its VOD service (docs/live.md). The ingest job of a stream places it; the
// fencing token of that job's lease is the stream's epoch.
//
// Predicates use the database's clock only. Locks are taken in the order lecture, task, jobs, resource session, asset, stream. Methods
// with a Session run in the caller's transaction.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "api/store/asset_store.h"
#include "api/store/job_store.h"
#include "common/pg/pool.h"

namespace lectern::api {

struct LiveStreamRow {
  int64_t id = 0;
  int64_t lecture_id = 0;              // may be gone
  int64_t organization_id = 0;
  std::string view;                    // "comb", "cam", "pres"
  std::string source;                  // "encoder", "hall"
  std::string state;                   // "starting", "live", "interrupted", "ending", "ended"
  int64_t user_id = 0;                 // whose token it is; 0: none
  int64_t asset_id = 0;
  int64_t task_id = 0;
  int64_t job_id = 0;                  // the ingest
  int64_t proxy_id = 0;                // 0: a hall
  std::string session;
  absl::Time started_at;               // time zero of the timeline
  absl::Time first_media_at;           // InfinitePast: nothing stored yet
  absl::Time segment_at;               // when the newest segment was stored; InfinitePast: none
  int64_t end_ms = 0;
  bool publishing = false;
  int64_t pending_bytes = 0;
  int failovers = 0;
  std::string facts_json;              // LiveFacts
  std::string warnings_json;           // list of LiveWarning, of the worker
  std::string proxy_report_json;       // StreamReport, with the proxy's own warnings
  std::string reason;                  // why nothing comes in, or no worker has it
  std::string end_reason;
  bool by_hand = false;                // a person ended it
  absl::Time ended_at;                 // InfinitePast: it has not
  // Of what it belongs to:
  std::string upload_id;
  int64_t vod_resource_id = 0;
  std::string lecture_title;           // empty: the lecture is gone
  std::string course_title;
  std::string organization_name;
  bool rehearsal = false;
  int64_t rehearsal_of = 0;            // whose
  int64_t course_id = 0;               // 0: the lecture is gone
  int64_t viewers = 0;                 // of the lecture, as counted within the last half minute
  // The lease of the ingest; 0 and empty: nobody holds it.
  int64_t epoch = 0;
  int64_t worker_id = 0;
  std::string worker_host;
};

struct OpenLive {
  int64_t lecture_id = 0;
  std::string view;
  std::string source = "encoder";      // "hall": user, token, proxy and session are empty
  int64_t vod_resource_id = 0;         // where a new recording goes
  int64_t user_id = 0;
  int64_t token_id = 0;
  int64_t proxy_id = 0;
  std::string session;
};

struct OpenedLive {
  LiveStreamRow stream;
  bool first = false;                  // a new stream and recording
  bool resumed = false;                // it was ending or had ended and goes on
  // API instances to be told of jobs that were cancelled (Hints::push). Hints::work is due in any case.
  std::vector<std::string> instances;
};

// Where a stream's ingest is, and what a policy must know to place it.
struct IngestPlace {
  LiveStreamRow stream;
  JobState job_state = JobState::kReady;   // kDone where it has ended, in whatever way
  int64_t resource = 0;                // that holds it, with:
  int64_t token = 0;
  int64_t resource_epoch = 0;
  bool holder_alive = false;
  std::string holder_url;              // rtmp://HOST:PORT
  WaitingJob waiting;
};

struct LiveFilter {
  bool include_ended = false;
  int64_t organization = 0;            // and its subtree; 0: all
  int64_t lecture = 0;
  int64_t user = 0;                    // only what this person may see; 0: everything
  bool after_ended = false;            // position of the page's first row: behind this one
  int64_t before = 0;                  // 0: from the first
  int limit = 50;
};

// How a proxy says that a stream is.
struct ProxyReport {
  int64_t stream = 0;
  std::string session;
  bool publishing = false;
  int64_t epoch = 0;
  int64_t pending_bytes = 0;
  std::string reason;
  std::string report_json;             // StreamReport
};

// What is known of a stream that a proxy reported; the order of the answers is that of the reports.
struct ReportedStream {
  int64_t stream = 0;
  bool known = false;
  bool mine = false;                   // proxy and session own it
  std::string state;
  int64_t epoch = 0;                   // of the lease that there is now; 0: none
  bool reopen = false;                 // a rehearsal whose lecture has begun
  std::string end_reason;
};

// How a worker says that a stream is.
struct WorkerReport {
  int64_t resource = 0;
  int64_t job = 0;
  int64_t token = 0;
  int64_t end_ms = 0;
  bool receiving = false;
  std::string facts_json;
  std::string warnings_json;
  std::string reason;
};

// A view of a lecture in a hall that should be on air and is not.
struct DueHall {
  int64_t lecture_id = 0;
  int64_t organization_id = 0;
  std::string view;
  absl::Duration late;                 // since the lecture's start
};

// A stream to be ended, and why.
struct DueEnd {
  int64_t stream = 0;
  std::string reason;                  // for people
  bool by_hand = false;
};

// What keeps a stream going without its publisher: rules of docs/live.md.
struct LiveTimes {
  absl::Duration grace = absl::Seconds(60);
  absl::Duration well_for;             // this API has been leader and well for so long
};

struct LiveCounts {
  std::map<std::string, int64_t> by_state;   // those that have not ended
};

// Thread-safe. NOT_FOUND has the reason STREAM_NOT_FOUND.
class LiveStore {
 public:
  explicit LiveStore(pg::Pool& pool) : pool_(pool), assets_(pool), jobs_(pool) {}

  // --- opening ---
  // The lecture's stream of this view: the running one (the newest session owns it), one that is ending or ended and is taken up
  // again (new ingest job, same recording; what was to improve it is cancelled), else a new one with recording, task and job.
  // Idempotent by session; one that another has taken its stream from opens none any more.
  // Errors: kNotFound/LECTURE_NOT_FOUND, kNotFound/RESOURCE_NOT_FOUND (VOD service), kFailedPrecondition/STREAM_ENDED (a person
  // ended it or its lecture), /ON_AIR_FROM_HALL, kAborted/SUPERSEDED.
  absl::StatusOr<OpenedLive> Open(const OpenLive& request);
  absl::StatusOr<OpenedLive> Open(pg::Session& session, const OpenLive& request);

  // --- looking ---
  absl::StatusOr<LiveStreamRow> Get(int64_t stream) const;
  absl::StatusOr<IngestPlace> Locate(int64_t stream) const;
  // The newest one that this publisher's connection owns. Absent: none.
  absl::StatusOr<std::optional<LiveStreamRow>> FindBySession(absl::string_view session) const;
  // Running ones first, then newest first; one statement. Ask for one more than a page holds.
  absl::StatusOr<std::vector<LiveStreamRow>> List(const LiveFilter& filter) const;
  // Of the lecture, running only, by id.
  absl::StatusOr<std::vector<int64_t>> ListRunning(int64_t lecture) const;
  // Those that the person sends, running only, by id.
  absl::StatusOr<std::vector<int64_t>> ListRunningOfPerson(int64_t user) const;

  // --- reports ---
  // One statement for all. Only reports of the owner are written.
  absl::StatusOr<std::vector<ReportedStream>> ReportProxy(int64_t proxy, absl::Span<const ProxyReport> reports);
  // One statement for all; reports of anybody but the holder with its newest token are ignored. Returns the jobs that count.
  absl::StatusOr<std::vector<int64_t>> ReportWorkers(absl::Span<const WorkerReport> reports);
  // The view's master playlist offers these now, while it is live. Ignored for an older token.
  absl::Status SetRenditions(int64_t job, int64_t token, const std::vector<RenditionRow>& renditions);

  // --- rules (the leader) ---
  // Streams that store nothing are `interrupted`; how many changed.
  absl::StatusOr<int64_t> MarkInterrupted(absl::Duration silent_for);
  absl::StatusOr<std::vector<DueEnd>> ListDueEnds(const LiveTimes& times) const;
  absl::StatusOr<std::vector<DueHall>> ListDueHalls() const;
  // Streams on workers that a maintainer drains, oldest first.
  absl::StatusOr<std::vector<int64_t>> ListOnDraining(int limit) const;
  // Publishers' connections that were superseded so long ago that no retry of theirs can be under way.
  absl::Status ForgetSuperseded(absl::Duration age);
  // Rehearsals older than `age` without a running stream.
  absl::StatusOr<std::vector<int64_t>> ListOldRehearsals(absl::Duration age, int limit) const;
  absl::StatusOr<LiveCounts> Count() const;

  // --- ends ---
  // Asks the ingest to end, or ends it where nobody holds it. API instance to be told; empty: none.
  absl::StatusOr<std::string> End(int64_t stream, absl::string_view reason, bool by_hand);
  // The playlists of these finalise jobs are ended: their recordings are playable. Others are ignored; how many streams ended.
  absl::StatusOr<int> MarkFinalised(absl::Span<const JobToken> finalising);
  // Whether the task, which the caller has locked, is that of a stream that has not been taken up again since.
  absl::StatusOr<bool> Owns(pg::Session& session, int64_t task);
  // The recording as finalise left it: playable; no renditions: it is forgotten.
  struct Finalised {
    std::vector<RenditionRow> renditions;
    int64_t duration_ms = 0;
    int64_t size_bytes = 0;
    std::string sha256;
  };
  absl::Status Finish(pg::Session& session, int64_t task, int64_t asset, const Finalised& finalised);
  // Result of the task's finalise job as JSON; empty: none.
  absl::StatusOr<std::string> FinaliseResult(pg::Session& session, int64_t task) const;

 private:
  pg::Pool& pool_;
  AssetStore assets_;
  JobStore jobs_;
};

}  // namespace lectern::api
