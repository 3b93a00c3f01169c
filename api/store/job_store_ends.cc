// How attempts, jobs and tasks end.
#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "api/store/job_store.h"
#include "common/base/status.h"

namespace lectern::api {
namespace {

// The task's row is the lock that all changes to a graph share: two jobs that end at the same moment would otherwise
// each see the other as unfinished, and nobody would end the task.
constexpr char kLockTaskOfJob[] = R"sql(
select id from tasks where id = (select task_id from jobs where id = $1) for no key update)sql";

#define LECTERN_LOCKED_JOB_COLUMNS                                                                                \
  "select j.id, j.task_id, j.organization_id, t.asset_id, d.upload_id, d.lecture_id, d.view, d.vod_resource_id, " \
  "d.state as asset_state, d.from_live, "                                                                         \
  "j.kind, j.label, j.capability, j.state, j.token, "                                                             \
  "j.resource_id, j.resource_epoch, j.cancel_requested_at is not null as cancel_requested, j.spec, j.attempt, "   \
  "j.max_attempts, "                                                                                              \
  "j.losses, j.media_failures, coalesce(j.pinned_resource_id, 0) as pinned_resource_id, "                         \
  "(select count(distinct a.resource_id) from job_attempts a "                                                    \
  " where a.job_id = j.id and (a.outcome = 'lost' or a.token = j.token)) as lost_resources, "                     \
  "exists (select 1 from job_attempts a where a.job_id = j.id and a.resource_id = j.resource_id and a.token <> "  \
  "j.token "                                                                                                      \
  "        and a.failure_class = 'media') as media_failed_here, "                                                 \
  "(select extract(epoch from now() - coalesce(a.accepted_at, a.started_at))::float8 from job_attempts a "        \
  " where a.job_id = j.id and a.token = j.token) as ran "                                                         \
  "from jobs j join tasks t on t.id = j.task_id left join assets d on d.id = t.asset_id "

constexpr char kLockHeldJob[] = LECTERN_LOCKED_JOB_COLUMNS
    "where j.id = $1 and j.token = $2 and ($3::bigint = 0 or j.resource_id = $3) "
    "and j.state in ('leased', 'running', 'cancelling') for update of j";
constexpr char kLockJob[] = LECTERN_LOCKED_JOB_COLUMNS "where j.id = $1 for update of j";

// Columns of `jobs` that a job keeps when it ends.
#define LECTERN_KEPT_COLUMNS                                                                                        \
  "id, task_id, organization_id, kind, label, class, priority, capability, pinned_resource_id, run_at, deps_left, " \
  "attempt, max_attempts, losses, media_failures, token, resource_id, resource_epoch, stall_seconds, "              \
  "run_limit_seconds, start_by, cancel_requested_at, avoid_resources, spec, created_at, started_at"

// `= any(array(...))` keeps the planner on the primary key: with a join it reads all waiting jobs for each that ends.
// One statement ends the job, its attempt and its slot, and unblocks or skips what comes after it. Children are locked
// in the order of their ids.
constexpr char kEndJob[] =
    "with recursive gone as ("
    "  delete from jobs where id = $1 returning *"
    "), kept as ("
    "  insert into jobs_ended (" LECTERN_KEPT_COLUMNS
    ", state, progress, progress_at, result, failure_class, error, ended_at) "
    "  select " LECTERN_KEPT_COLUMNS
    ", $2::text, case when $2::text = 'done' then 1 else progress end, progress_at, nullif($4, '')::jsonb,"
    "         $5, left($6, 2000), now() from gone"
    "), tried as ("
    "  update job_attempts a set ended_at = now(), outcome = $3::text, failure_class = $5, error = left($6, 2000), "
    "log_tail = left($7, 4096)"
    "  from gone where $3::text <> '' and a.job_id = gone.id and a.token = gone.token and a.ended_at is null"
    "), freed as ("
    "  update resource_sessions s set busy = greatest(s.busy - (gone.kind <> 'live_ingest')::int, 0),"
    "                                 live_busy = greatest(s.live_busy - (gone.kind = 'live_ingest')::int, 0) from gone"
    "  where s.resource_id = gone.resource_id and s.epoch = gone.resource_epoch and gone.state in ('leased', "
    "'running', 'cancelling')"
    "), children as materialized ("
    "  select c.id from jobs c"
    "  where $2::text = 'done' and c.id = any(array(select d.child_id from job_dependencies d where d.parent_id = $1))"
    "    and c.state = 'blocked' order by c.id for update of c"
    "), unblocked as ("
    "  update jobs c set deps_left = c.deps_left - 1, state = case when c.deps_left <= 1 then 'ready' else c.state end,"
    "                    run_at = case when c.deps_left <= 1 then now() else c.run_at end"
    "  from children where c.id = children.id returning c.state"
    "), down(id) as ("
    "  select d.child_id from job_dependencies d where $2::text <> 'done' and d.parent_id = $1"
    "  union select d.child_id from job_dependencies d join down on d.parent_id = down.id"
    "), unneeded as ("
    "  delete from jobs where state = 'blocked' and id = any(array(select id from down)) returning *"
    "), skipped as ("
    "  insert into jobs_ended (" LECTERN_KEPT_COLUMNS
    ", state, progress, result, failure_class, error, ended_at) "
    "  select " LECTERN_KEPT_COLUMNS
    ", 'skipped', 0, null, '', $8, now() from unneeded"
    ") select (select count(*) from unblocked where state = 'ready') as ready, (select count(*) from gone) as ended";

// An attempt whose failure came before its Accept was written counts all the same.
constexpr char kRequeue[] = R"sql(
with back as (
  update jobs j set state = $2, run_at = now() + $3::interval, losses = $4, media_failures = $5, failure_class = $6,
                    attempt = j.attempt + case when j.state = 'leased' and $9::text <> 'not_accepted' then 1 else 0 end,
                    error = left($7, 2000), accept_by = null, run_by = null, progress = 0, progress_at = null,
                    avoid_resources = case when $8::boolean and j.resource_id is not null
                                           then array_remove(j.avoid_resources, j.resource_id) || j.resource_id
                                           else j.avoid_resources end
  where j.id = $1
  returning j.id, j.token, j.resource_id, j.resource_epoch, j.kind
), tried as (
  update job_attempts a set ended_at = now(), outcome = $9::text, failure_class = $6, error = left($7, 2000), log_tail = left($10, 4096)
  from back where a.job_id = back.id and a.token = back.token
), freed as (
  update resource_sessions s set busy = greatest(s.busy - (back.kind <> 'live_ingest')::int, 0),
                                 live_busy = greatest(s.live_busy - (back.kind = 'live_ingest')::int, 0) from back
  where s.resource_id = back.resource_id and s.epoch = back.resource_epoch
)
update live_streams ls set failovers = ls.failovers + 1, reason = left($7, 500) from back
where back.kind = 'live_ingest' and ls.job_id = back.id and $9::text <> 'moved')sql";

// A recording that is on air again, or was since, is not ended by what was to become of it before.
constexpr char kEndTask[] = R"sql(
update tasks t set ended_at = now(),
  state = case when exists (select 1 from jobs_ended e where e.task_id = t.id and e.state in ('failed', 'expired')) then 'failed'
               when exists (select 1 from jobs_ended e where e.task_id = t.id and e.state = 'cancelled' and e.kind <> 'live_ingest')
                 then 'cancelled'
               else 'done' end
where t.id = $1 and t.state = 'open' and not exists (select 1 from jobs j where j.task_id = t.id)
returning t.id, t.kind, t.state,
  (select a.id from assets a where a.id = t.asset_id and a.state <> 'live'
     and (t.kind <> 'live' or exists (select 1 from live_streams s where s.task_id = t.id))) as asset_id,
  (select e.error from jobs_ended e where e.task_id = t.id and e.state in ('failed', 'expired') order by e.id limit 1) as error)sql";

constexpr char kListChildren[] = R"sql(
select c.id, c.spec from jobs c join job_dependencies d on d.child_id = c.id where d.parent_id = $1 and c.kind = $2 order by c.id)sql";

constexpr char kSetSpec[] = R"sql(update jobs set spec = $2::jsonb where id = $1 and state = 'blocked')sql";

constexpr char kReleaseUnaccepted[] = R"sql(
with late as materialized (
  select id from jobs where state = 'leased' and accept_by < now() order by id limit 1000 for update skip locked
), back as (
  update jobs j set state = 'ready', run_at = now(), accept_by = null,
    avoid_resources = case when j.kind = 'live_ingest' then array_remove(j.avoid_resources, j.resource_id) || j.resource_id
                           else j.avoid_resources end
  from late where j.id = late.id
  returning j.id, j.token, j.resource_id, j.resource_epoch, j.kind
), tried as (
  update job_attempts a set ended_at = now(), outcome = 'not_accepted' from back where a.job_id = back.id and a.token = back.token
), freed as (
  update resource_sessions s set busy = greatest(s.busy - b.count, 0), live_busy = greatest(s.live_busy - b.live, 0)
  from (select resource_id, resource_epoch, count(*) filter (where kind <> 'live_ingest')::int as count,
               count(*) filter (where kind = 'live_ingest')::int as live from back group by 1, 2) b
  where s.resource_id = b.resource_id and s.epoch = b.resource_epoch
)
select distinct resource_id, resource_epoch from back)sql";

// A live ingest that is to end stores what has arrived, however long its VOD service is away, and tells that it is at it.
constexpr char kListTroubled[] = R"sql(
select id, token, trouble, cancelling from (
  select j.id, j.token, j.state = 'cancelling' as cancelling,
    case when s.resource_id is null or s.state <> 'alive' or s.epoch <> j.resource_epoch then 'lost'
         when j.state = 'cancelling' and j.cancel_requested_at < now() - $1::interval
              and not (j.kind = 'live_ingest' and j.cancel_requested_at > now() - interval '1 hour'
                       and exists (select 1 from live_streams ls where ls.job_id = j.id and ls.worker_at > now() - $1::interval))
           then 'lost'
         when j.state = 'running' and j.run_by < now() then 'overdue'
         when j.state = 'running' and j.progress_at < now() - make_interval(secs => j.stall_seconds)
              and make_interval(secs => j.stall_seconds) <= $2::interval then 'stalled' end as trouble
  from jobs j left join resource_sessions s on s.resource_id = j.resource_id
  where j.state in ('leased', 'running', 'cancelling')) held
where trouble is not null order by id limit $3)sql";

constexpr char kListUnstarted[] = R"sql(
select id from jobs where start_by < now() and state in ('blocked', 'ready', 'retry_wait') and started_at is null
order by id limit $1)sql";

constexpr char kListHomeless[] = R"sql(
select j.id from resources r join jobs j on j.pinned_resource_id = r.id
where r.removed_at is not null and j.state in ('blocked', 'ready', 'retry_wait') order by j.id limit $1)sql";

LockedJob ReadLocked(const pg::Row& row) {
  LockedJob job;
  job.id = row.Int("id");
  job.task = row.Int("task_id");
  job.organization = row.Int("organization_id");
  job.asset = row.Int("asset_id");
  job.upload_id = row.Text("upload_id");
  job.lecture = row.Int("lecture_id");
  job.view = row.Text("view");
  job.vod_resource = row.Int("vod_resource_id");
  job.asset_state = row.Text("asset_state");
  job.from_live = row.Bool("from_live");
  job.kind = row.Text("kind");
  job.label = row.Text("label");
  job.capability = row.Text("capability");
  job.state = ParseJobState(row.Text("state")).value_or(JobState::kReady);
  job.token = row.Int("token");
  job.resource = row.Int("resource_id");
  job.epoch = row.Int("resource_epoch");
  job.cancel_requested = row.Bool("cancel_requested");
  job.spec_json = row.Text("spec");
  job.pinned_resource = row.Int("pinned_resource_id");
  job.ran = absl::Seconds(row.Double("ran"));
  // The holder's Accept counts the attempt; its outcome may be handled first.
  job.history.attempt = static_cast<int>(row.Int("attempt")) + (job.state == JobState::kLeased ? 1 : 0);
  job.history.max_attempts = static_cast<int>(row.Int("max_attempts"));
  job.history.losses = static_cast<int>(row.Int("losses"));
  job.history.lost_resources = static_cast<int>(row.Int("lost_resources"));
  job.history.media_failures = static_cast<int>(row.Int("media_failures"));
  job.history.media_failed_here = row.Bool("media_failed_here");
  job.history.live = job.kind == kLiveIngestKind;
  job.history.ran = job.ran;
  return job;
}

absl::StatusOr<std::vector<int64_t>> ReadIds(const absl::StatusOr<pg::Rows>& rows) {
  if (!rows.ok()) return rows.status();
  std::vector<int64_t> ids;
  for (int i = 0; i < rows->size(); ++i) ids.push_back((*rows)[i].Int("id"));
  return ids;
}

std::string SkipReason(const LockedJob& job, JobState state) {
  return absl::StrCat("it needed jobs/", job.id, " (", job.kind, job.label.empty() ? "" : " ", job.label, "), which ",
                      state == JobState::kCancelled ? "was cancelled"
                      : state == JobState::kExpired ? "expired"
                                                    : "failed");
}

// A recording's state follows its task; an error without a task of its own to show it would be lost.
absl::Status EndRecording(pg::Session& session, AssetStore& assets, const TaskEnd& end) {
  if (end.asset == 0) return absl::OkStatus();
  if (end.kind == "delete_media") {
    return end.state == "done" ? assets.MarkRemoved(session, end.asset) : absl::OkStatus();
  }
  const std::string error = end.state == "cancelled" && end.error.empty() ? "processing was cancelled" : end.error;
  return assets.Finish(session, end.asset, error).status();
}

}  // namespace

absl::StatusOr<std::optional<LockedJob>> JobStore::Lock(pg::Session& session, int64_t resource, int64_t job,
                                                        int64_t token) {
  ASSIGN_OR_RETURN(pg::Rows rows, session.Run({"lock_task_of_job", kLockTaskOfJob}, job));
  if (rows.empty()) return std::nullopt;
  ASSIGN_OR_RETURN(rows, session.Run({"lock_held_job", kLockHeldJob}, job, token, resource));
  if (rows.empty()) return std::nullopt;
  return ReadLocked(rows[0]);
}

absl::StatusOr<std::optional<LockedJob>> JobStore::Lock(pg::Session& session, int64_t job) {
  ASSIGN_OR_RETURN(pg::Rows rows, session.Run({"lock_task_of_job", kLockTaskOfJob}, job));
  if (rows.empty()) return std::nullopt;
  ASSIGN_OR_RETURN(rows, session.Run({"lock_job", kLockJob}, job));
  if (rows.empty()) return std::nullopt;
  return ReadLocked(rows[0]);
}

absl::Status JobStore::End(pg::Session& session, const LockedJob& job, const Ending& ending) {
  ASSIGN_OR_RETURN(
      pg::Rows rows,
      session.Run({"end_job", kEndJob}, job.id, JobStateWord(ending.state), ending.attempt_outcome, ending.result_json,
                  FailureClassWord(ending.failure), ending.error, ending.log_tail, SkipReason(job, ending.state)));
  if (rows[0].Int("ended") != 1) return absl::AbortedError("the job has ended meanwhile");
  return FollowLive(session, job, ending);
}

absl::Status JobStore::Requeue(pg::Session& session, const LockedJob& job, const Verdict& verdict,
                               const Ending& ending) {
  return session
      .Run({"requeue_job", kRequeue}, job.id, JobStateWord(verdict.next), verdict.delay, verdict.losses,
           verdict.media_failures, FailureClassWord(verdict.failure), ending.error, verdict.avoid,
           ending.attempt_outcome, ending.log_tail)
      .status();
}

absl::StatusOr<std::optional<TaskEnd>> JobStore::EndTask(pg::Session& session, int64_t task) {
  ASSIGN_OR_RETURN(pg::Rows rows, session.Run({"end_task", kEndTask}, task));
  if (rows.empty()) return std::nullopt;
  TaskEnd end{rows[0].Int("id"), rows[0].Int("asset_id"), rows[0].Text("kind"), rows[0].Text("state"),
              rows[0].Text("error")};
  RETURN_IF_ERROR(EndRecording(session, assets_, end));
  return end;
}

absl::StatusOr<std::vector<std::pair<int64_t, std::string>>> JobStore::ListChildren(pg::Session& session, int64_t job,
                                                                                    const std::string& kind) {
  ASSIGN_OR_RETURN(pg::Rows rows, session.Run({"list_children", kListChildren}, job, kind));
  std::vector<std::pair<int64_t, std::string>> children;
  for (int i = 0; i < rows.size(); ++i) children.emplace_back(rows[i].Int("id"), rows[i].Text("spec"));
  return children;
}

absl::Status JobStore::SetSpec(pg::Session& session, int64_t job, const std::string& spec_json) {
  return session.Run({"set_job_spec", kSetSpec}, job, spec_json).status();
}

absl::StatusOr<std::vector<UnacceptedSession>> JobStore::ReleaseUnaccepted() {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"release_unaccepted", kReleaseUnaccepted}));
  std::vector<UnacceptedSession> sessions;
  for (int i = 0; i < rows.size(); ++i) sessions.push_back({rows[i].Int("resource_id"), rows[i].Int("resource_epoch")});
  return sessions;
}

absl::StatusOr<std::vector<TroubledJob>> JobStore::ListTroubled(absl::Duration cancel_grace, absl::Duration well_for,
                                                                int limit) {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"list_troubled_jobs", kListTroubled}, cancel_grace,
                                            std::min(well_for, absl::Hours(24 * 365)), limit));
  std::vector<TroubledJob> jobs;
  for (int i = 0; i < rows.size(); ++i) {
    const std::string word = rows[i].Text("trouble");
    const Trouble trouble = word == "overdue"   ? Trouble::kOverdue
                            : word == "stalled" ? Trouble::kStalled
                                                : Trouble::kLost;
    jobs.push_back({rows[i].Int("id"), rows[i].Int("token"), trouble, rows[i].Bool("cancelling")});
  }
  return jobs;
}

absl::StatusOr<std::vector<int64_t>> JobStore::ListUnstarted(int limit) {
  return ReadIds(pool_.Run({"list_unstarted_jobs", kListUnstarted}, limit));
}

absl::StatusOr<std::vector<int64_t>> JobStore::ListHomeless(int limit) {
  return ReadIds(pool_.Run({"list_homeless_jobs", kListHomeless}, limit));
}

}  // namespace lectern::api
