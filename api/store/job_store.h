// Tasks and jobs: the durable queue. `jobs` holds unfinished jobs; one that ends moves to `jobs_ended` in the same transaction.
//
// Predicates use the database's clock only. Locks are taken in the order task, jobs by id, resource session. Methods with a
// Session run in the caller's transaction. Fenced means: the job is not held with this token by this resource (any more).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "api/domain/allocation.h"
#include "api/domain/job_state.h"
#include "api/store/asset_store.h"
#include "api/store/new_task.h"
#include "common/pg/pool.h"

namespace lectern::api {

struct JobToken {
  int64_t job = 0;
  int64_t token = 0;
};

// A job as it goes to its resource, with what the recording adds to it (empty for jobs without one).
struct AssignedJob {
  int64_t job = 0;
  int64_t token = 0;
  int64_t resource = 0;
  int64_t epoch = 0;
  std::string api_instance;        // that holds the resource's stream
  std::string spec_json;
  std::string upload_id;
  int64_t lecture = 0;
  std::string view;
  int64_t vod_resource = 0;
  std::string media_url;
  absl::Duration run_limit;
  absl::Duration stall_limit;
  absl::Duration waited;           // from when it was ready until this lease
  int job_class = 3;
  std::string kind;
  std::string sealed_pull_url;     // live ingest of a hall: where its source is, sealed by the services
};

// A job and the resource that holds it, or says so.
struct HeldJob {
  int64_t resource = 0;
  int64_t job = 0;
  int64_t token = 0;
  double progress = 0;             // 0..1
};

// A locked row with what the retry rules and the effects need.
struct LockedJob {
  int64_t id = 0;
  int64_t task = 0;
  int64_t organization = 0;
  int64_t asset = 0;               // 0: none; else its facts:
  std::string upload_id;
  int64_t lecture = 0;
  std::string view;
  int64_t vod_resource = 0;
  std::string asset_state;
  bool from_live = false;          // the recording is one of a live stream
  std::string kind;
  std::string label;
  std::string capability;
  JobState state = JobState::kReady;
  int64_t token = 0;
  int64_t resource = 0;
  int64_t epoch = 0;
  bool cancel_requested = false;
  std::string spec_json;
  JobHistory history;              // `eligible` is not filled in; `lost_resources` counts this resource
  int64_t pinned_resource = 0;
  absl::Duration ran;              // since it was accepted (or leased)
};

// A held job in trouble, as the reaper finds it.
struct TroubledJob {
  int64_t job = 0;
  int64_t token = 0;
  Trouble trouble = Trouble::kLost;
  bool cancelling = false;
};

struct UnacceptedSession {
  int64_t resource = 0;
  int64_t epoch = 0;
};

struct TaskEnd {
  int64_t task = 0;
  int64_t asset = 0;
  std::string kind;
  std::string state;               // "done", "failed", "cancelled"
  std::string error;               // of the first failed job
};

struct JobRow {
  int64_t id = 0;
  int64_t task = 0;
  int64_t organization = 0;
  int64_t lecture = 0;
  std::string view;                // empty: none
  std::string kind;
  std::string label;
  JobState state = JobState::kReady;
  double progress = 0;
  int attempt = 0;
  int max_attempts = 0;
  int64_t resource = 0;
  FailureClass failure = FailureClass::kNone;
  std::string error;
  absl::Time created_at;
  absl::Time started_at;           // InfinitePast: not yet
  absl::Time ended_at;
  absl::Time run_at;
  std::string lecture_title;
  std::string organization_name;
  std::string resource_host;       // of `resource`; empty: none
  // Only from Get:
  WaitingJob waiting;              // as the policy sees it
  int deps_left = 0;
  std::vector<std::string> waits_for;   // unfinished parents: "jobs/12 (probe, running)"
};

struct JobAttemptRow {
  int64_t resource = 0;
  std::string host;
  absl::Time started_at;
  absl::Time ended_at;             // InfinitePast: not yet
  std::string outcome;
  FailureClass failure = FailureClass::kNone;
  std::string error;
  std::string log;                 // the end of what the step's program wrote, as it wrote it
};

struct JobFilter {
  std::vector<JobState> states;    // empty: all
  std::vector<std::string> kinds;  // empty: all
  int64_t lecture = 0;
  int64_t organization = 0;        // and its subtree
  int64_t user = 0;                // only what this person may see; 0: everything
  int64_t before = 0;              // ids below this; 0: from the newest
  int limit = 100;
};

// What may have changed of the jobs that a filter matches.
struct JobNews {
  std::vector<JobRow> jobs;        // that match: the newest of those that have not ended and those that ended lately, newest first
  std::vector<int64_t> gone;       // of those that are watched: they match no more, or are not for the reader any more
};

// Who must be told that a job is to be stopped.
struct CancelRequest {
  JobState state = JobState::kCancelled;   // after the request
  std::string api_instance;        // of the holder; empty: nobody holds it
  int64_t task = 0;
};

struct QueueDepth {
  int job_class = 0;
  int64_t ready = 0;
  absl::Duration oldest;
};

// Thread-safe.
class JobStore {
 public:
  explicit JobStore(pg::Pool& pool) : pool_(pool), assets_(pool) {}

  // --- making ---
  absl::StatusOr<InsertedTask> InsertTask(pg::Session& session, const NewTask& task);
  absl::StatusOr<InsertedTask> InsertTask(const NewTask& task);
  absl::StatusOr<std::vector<int64_t>> AllocateIds(pg::Session& session, int count);
  // More jobs of an open task; all have ids from AllocateIds.
  absl::Status AddJobs(pg::Session& session, int64_t task, absl::Span<const NewJob> jobs);

  // --- placing (the leader) ---
  // Ready jobs by class, priority, age. `spread`: the first ones of each kind of need (organization, pinned resource,
  // capability), so that many jobs that can go nowhere do not hide others; costs a pass over all ready jobs.
  absl::StatusOr<std::vector<WaitingJob>> ListReady(int limit, bool spread = false);
  // Moves due jobs out of retry_wait; how many.
  absl::StatusOr<int64_t> Promote();
  // Guarded: those that are still ready, on sessions that are alive with that epoch and have room. The others stay as they are.
  absl::StatusOr<std::vector<AssignedJob>> Assign(absl::Span<const Assignment> wishes, absl::Duration accept_timeout);

  // --- the holder's side ---
  // Leased jobs of sessions that `api_instance` holds, or of one resource of it (0: all), to be pushed.
  absl::StatusOr<std::vector<AssignedJob>> ListLeased(const std::string& api_instance, int64_t resource = 0);
  // Jobs that resources whose streams `api_instance` holds are to be asked to stop.
  absl::StatusOr<std::vector<HeldJob>> ListCancelling(const std::string& api_instance);
  // leased -> running, where resource and token are the holder's. Answers with those that run now (idempotent).
  absl::StatusOr<std::vector<JobToken>> Accept(absl::Span<const HeldJob> jobs);
  // The holder does not want it, or gives it back because it shuts down: retry_wait for a second (a live ingest: ready), preferably
  // elsewhere; the attempt does not count. False: fenced.
  absl::StatusOr<bool> Reject(int64_t resource, int64_t job, int64_t token, const std::string& reason);
  // Only growing progress counts against the stall limit.
  absl::Status Progress(absl::Span<const HeldJob> jobs);
  // What `resources` say they hold, against the rows: what they must stop, and what they run by the rows since longer than
  // `grace` and do not list.
  struct Comparison {
    std::vector<HeldJob> stop;
    std::vector<HeldJob> missing;
  };
  absl::StatusOr<Comparison> Compare(absl::Span<const int64_t> resources, absl::Span<const HeldJob> listed, absl::Duration grace);
  // The outcome of an attempt that this resource reported itself ("done", "failed", "cancelled"); empty: there is none.
  absl::StatusOr<std::string> ReportedOutcome(int64_t resource, int64_t job, int64_t token);

  // --- ends ---
  // Locks the task and the job. Absent: fenced. `resource` 0: whoever holds it.
  absl::StatusOr<std::optional<LockedJob>> Lock(pg::Session& session, int64_t resource, int64_t job, int64_t token);
  // Locks an unended job whoever holds it, or nobody. Absent: there is none.
  absl::StatusOr<std::optional<LockedJob>> Lock(pg::Session& session, int64_t job);
  struct Ending {
    JobState state = JobState::kDone;      // kDone, kFailed, kCancelled, kExpired
    std::string attempt_outcome;           // "done", "failed", "lost", ...
    std::string result_json;               // empty: none
    FailureClass failure = FailureClass::kNone;
    std::string error;
    std::string log_tail;
  };
  // Ends a locked job: its children become ready where this was the last that they needed, or are skipped, with theirs. The ingest
  // of a live stream is followed by the job that finalises its recording, however it ends; where that one does not succeed, the
  // stream ends with what can be played.
  absl::Status End(pg::Session& session, const LockedJob& job, const Ending& ending);
  // Releases a locked job for another attempt. A live ingest whose attempt did not end by a person's wish ("moved") counts as a
  // failover of its stream.
  absl::Status Requeue(pg::Session& session, const LockedJob& job, const Verdict& verdict, const Ending& ending);
  // Ends the task where no job is left, and with it its recording (AssetStore::Finish). Absent: some are left.
  absl::StatusOr<std::optional<TaskEnd>> EndTask(pg::Session& session, int64_t task);
  // Children of one kind, with their specs, to be completed from the parent's result.
  absl::StatusOr<std::vector<std::pair<int64_t, std::string>>> ListChildren(pg::Session& session, int64_t job,
                                                                           const std::string& kind);
  absl::Status SetSpec(pg::Session& session, int64_t job, const std::string& spec_json);

  // --- the reaper's finds ---
  // leased, not accepted in time -> ready; the attempt does not count. The sessions that did not answer.
  absl::StatusOr<std::vector<UnacceptedSession>> ReleaseUnaccepted();
  // Held by a session that is lost or has a newer epoch; over the run limit; without progress; or asked to stop longer ago
  // than `cancel_grace`. Stalls shorter than `well_for` are not believed: progress may have been lost on our side.
  absl::StatusOr<std::vector<TroubledJob>> ListTroubled(absl::Duration cancel_grace, absl::Duration well_for, int limit);
  // Past start_by and not started.
  absl::StatusOr<std::vector<int64_t>> ListUnstarted(int limit);
  // Waiting jobs that only a resource could run that was removed.
  absl::StatusOr<std::vector<int64_t>> ListHomeless(int limit);

  // --- people ---
  absl::StatusOr<std::vector<JobRow>> List(const JobFilter& filter);
  // For one who was told of List's answer and looks again every second: does not look at what ended long ago, so that it costs the
  // same with a history of any length. `watched` are the jobs that they know to match; `filter.before` does not count. Two
  // statements.
  absl::StatusOr<JobNews> ListNews(const JobFilter& filter, absl::Span<const int64_t> watched);
  absl::StatusOr<JobRow> Get(int64_t job);                                   // kNotFound/JOB_NOT_FOUND
  absl::StatusOr<std::vector<JobAttemptRow>> ListAttempts(int64_t job);      // oldest first
  // kFailedPrecondition/JOB_ENDED where it has ended.
  absl::StatusOr<CancelRequest> RequestCancel(int64_t job);
  absl::StatusOr<CancelRequest> Cancel(pg::Session& session, int64_t job);
  // Takes a job that is leased or runs out of the hands of `resource`, to be placed again at once, preferably elsewhere. False:
  // fenced, or it is being cancelled.
  absl::StatusOr<bool> Release(int64_t resource, int64_t job, int64_t token, const std::string& outcome, const std::string& reason);
  // A job that waits for another attempt need not wait any longer.
  absl::Status MakeReady(int64_t job);
  // Every unended job of the lecture, or of one asset (other one 0); the API instances to tell. The streams of a whole lecture
  // end without a recording: it is going to be deleted.
  absl::StatusOr<std::vector<std::string>> CancelAll(pg::Session& session, int64_t lecture, int64_t asset);
  // A failed, cancelled, skipped or expired job runs again, with all that were skipped because of it.
  // kFailedPrecondition/JOB_NOT_ENDED, /JOB_DONE, /PARENT_NOT_DONE, /STREAM_ENDED (the ingest of a live stream).
  absl::Status Retry(int64_t job);

  absl::StatusOr<std::vector<QueueDepth>> ListDepths();

 private:
  absl::Status FollowLive(pg::Session& session, const LockedJob& job, const Ending& ending);

  pg::Pool& pool_;
  AssetStore assets_;
};

}  // namespace lectern::api
