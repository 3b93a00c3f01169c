// What people do with jobs: look, retry, cancel.
#include <string>

#include "absl/strings/str_cat.h"
#include "api/store/job_store.h"
#include "api/store/row_util.h"
#include "common/base/status.h"

namespace lectern::api {
namespace {

// What ReadJob reads, from `jobs` as j with its task t, recording a and lecture l.
#define LECTERN_JOB_COLUMNS                                                                                         \
  "select j.id, j.task_id, j.organization_id, coalesce(a.lecture_id, t.lecture_id) as lecture_id, a.view, j.kind, " \
  "j.label, j.state, j.progress, j.attempt, j.max_attempts, j.resource_id, j.failure_class, j.error, j.created_at, " \
  "j.started_at, j.ended_at, j.run_at, l.title as lecture_title, o.display_name as organization_name, "             \
  "h.host as resource_host "

#define LECTERN_JOB_FROM(jobs)                                                                                      \
  "from " jobs " j join tasks t on t.id = j.task_id left join assets a on a.id = t.asset_id "                       \
  "left join lectures l on l.id = coalesce(a.lecture_id, t.lecture_id) "                                            \
  "left join organizations o on o.id = j.organization_id left join resources h on h.id = j.resource_id "

// Of `jobs` as j: $1 states, $2 kinds, $3 lecture, $4 organization, $5 reader. A rehearsal is its lecturer's alone. Asks columns of
// jobs only, with sets that are made once, so that a page is read off the ids downwards however many jobs there were.
#define LECTERN_JOB_MATCHES                                                                                         \
  "(cardinality($1::text[]) = 0 or j.state = any($1::text[])) "                                                     \
  "and (cardinality($2::text[]) = 0 or j.kind = any($2::text[])) "                                                  \
  "and ($3::bigint = 0 or j.task_id in (select id from of_lecture)) "                                               \
  "and ($4::bigint = 0 or j.organization_id in (select id from below)) "                                            \
  "and ($5::bigint = 0 or j.organization_id in (select id from maintained) or j.task_id in (select id from taught)) " \
  "and ($5::bigint = 0 or j.task_id not in (select id from rehearsed)) "

#define LECTERN_JOB_SETS R"sql(
with of_lecture as materialized (
  select id from tasks where lecture_id = $3
  union select t.id from assets a join tasks t on t.asset_id = a.id where a.lecture_id = $3
), below as materialized (
  select descendant_id as id from organization_paths where ancestor_id = $4
), maintained as materialized (
  select p.descendant_id as id from maintainers m join organization_paths p on p.ancestor_id = m.organization_id where m.user_id = $5
), lectures_taught as materialized (
  select l.id from enrolments e join lectures l on l.course_id = e.course_id where e.user_id = $5 and e.role = 'lecturer'
), taught as materialized (
  select t.id from lectures_taught l join tasks t on t.lecture_id = l.id
  union select t.id from lectures_taught l join assets a on a.lecture_id = l.id join tasks t on t.asset_id = a.id
), rehearsed as materialized (
  select t.id from lectures r join tasks t on t.lecture_id = r.id where r.rehearsal_of is not null and r.rehearsal_of <> $5
)
)sql"

#define LECTERN_JOB_PAGE(page) \
  LECTERN_JOB_SETS ", page as materialized (" page ") " LECTERN_JOB_COLUMNS LECTERN_JOB_FROM("page") "order by j.id desc"

constexpr char kList[] = LECTERN_JOB_PAGE("select j.* from all_jobs j where " LECTERN_JOB_MATCHES
                                          "and ($6::bigint = 0 or j.id < $6) order by j.id desc limit $7");

// By the index of tasks, since a lecture's jobs are few among all.
constexpr char kListOfLecture[] = LECTERN_JOB_PAGE(
    "select j.* from all_jobs j where j.task_id = any(array(select id from of_lecture)) and " LECTERN_JOB_MATCHES
    "and ($6::bigint = 0 or j.id < $6) order by j.id desc limit $7");

// A job that ends while somebody looks is found for a few looks more.
constexpr char kListNews[] = LECTERN_JOB_PAGE(
    "select j.* from (select * from jobs union all select * from jobs_ended where ended_at > now() - interval '15 seconds') j "
    "where " LECTERN_JOB_MATCHES "order by j.id desc limit $6");

// Asked for one by one, since "not exists" is planned as a join with all jobs that there ever were.
constexpr char kListGone[] = LECTERN_JOB_SETS
    "select w.id from unnest($6::bigint[]) w(id) where (select true from all_jobs j "
    "where j.id = w.id and " LECTERN_JOB_MATCHES "limit 1) is null";

constexpr char kGet[] = LECTERN_JOB_COLUMNS R"sql(
  , j.class, j.priority, j.capability, j.pinned_resource_id, j.avoid_resources, j.deps_left,
  array(select 'jobs/' || p.id || ' (' || p.kind || case when p.label = '' then '' else ' ' || p.label end || ', ' || p.state || ')'
        from job_dependencies d join all_jobs p on p.id = d.parent_id
        where d.child_id = j.id and p.state <> 'done' order by p.id) as waits_for
)sql" LECTERN_JOB_FROM("all_jobs") "where j.id = $1";

constexpr char kListAttempts[] = R"sql(
select a.resource_id, r.host, a.started_at, a.ended_at, a.outcome, a.failure_class, a.error, a.log_tail
from job_attempts a left join resources r on r.id = a.resource_id where a.job_id = $1 order by a.token)sql";

constexpr char kRequestCancel[] = R"sql(
update jobs j set state = 'cancelling', cancel_requested_at = coalesce(j.cancel_requested_at, now())
from resource_sessions s
where j.id = $1 and j.state in ('leased', 'running', 'cancelling') and s.resource_id = j.resource_id
returning s.api_instance)sql";

constexpr char kListOfRecording[] = R"sql(
select j.id from jobs j join tasks t on t.id = j.task_id left join assets a on a.id = t.asset_id
where t.kind <> 'delete_media'
  and (($1::bigint <> 0 and coalesce(a.lecture_id, t.lecture_id) = $1) or ($2::bigint <> 0 and t.asset_id = $2)) order by j.id)sql";

// In the order of all locks: tasks before streams.
constexpr char kLockTasksOfLecture[] = R"sql(
select t.id from tasks t left join assets a on a.id = t.asset_id
where coalesce(a.lecture_id, t.lecture_id) = $1 and t.state = 'open' order by t.id for no key update of t)sql";

constexpr char kForgetStreams[] = R"sql(
update live_streams set state = 'ended', ended_at = now(), end_reason = 'the lecture was deleted', by_hand = true
where lecture_id = $1 and state <> 'ended')sql";

constexpr char kEndedJob[] = R"sql(
select t.id as task_id, t.asset_id, e.state, e.kind,
  (select p.id from job_dependencies d left join jobs_ended p on p.id = d.parent_id
   where d.child_id = $1 and p.state is distinct from 'done' order by p.id limit 1) as parent,
  exists (select 1 from job_dependencies d left join jobs_ended p on p.id = d.parent_id
          where d.child_id = $1 and p.state is distinct from 'done') as parent_missing
from jobs_ended e join tasks t on t.id = e.task_id where e.id = $1 for no key update of t)sql";

// The job itself and everything that was skipped below it. What still has a parent that did not succeed is skipped
// again by kSkipAgain.
constexpr char kBringBack[] = R"sql(
with recursive down(id) as (
  select $1::bigint union select d.child_id from job_dependencies d join down on d.parent_id = down.id
), back as (
  delete from jobs_ended e using down where e.id = down.id and (e.id = $1 or e.state = 'skipped') returning e.*
)
insert into jobs (id, task_id, organization_id, kind, label, class, priority, capability, pinned_resource_id, max_attempts, token,
                  resource_id, resource_epoch, stall_seconds, run_limit_seconds, spec, created_at, state, deps_left)
select id, task_id, organization_id, kind, label, class, priority, capability, pinned_resource_id, max_attempts, token,
       resource_id, resource_epoch, stall_seconds, run_limit_seconds, spec, created_at,
       case when left_over.count = 0 then 'ready' else 'blocked' end, left_over.count
from back cross join lateral (
  select count(*)::int as count from job_dependencies d
  where d.child_id = back.id and not exists (select 1 from jobs_ended p where p.id = d.parent_id and p.state = 'done')) left_over)sql";

constexpr char kSkipAgain[] = R"sql(
with hopeless as (
  delete from jobs j where j.task_id = $1 and j.state = 'blocked'
    and exists (select 1 from job_dependencies d join jobs_ended p on p.id = d.parent_id
                where d.child_id = j.id and p.state <> 'done')
  returning j.*
)
insert into jobs_ended (id, task_id, organization_id, kind, label, class, priority, capability, pinned_resource_id, max_attempts,
                        token, resource_id, resource_epoch, stall_seconds, run_limit_seconds, spec, created_at, state, error, ended_at)
select id, task_id, organization_id, kind, label, class, priority, capability, pinned_resource_id, max_attempts,
       token, resource_id, resource_epoch, stall_seconds, run_limit_seconds, spec, created_at, 'skipped',
       'another job that it needed did not succeed', now()
from hopeless)sql";

constexpr char kReopenTask[] = R"sql(
update tasks set state = 'open', ended_at = null where id = $1 and state <> 'open')sql";

constexpr char kListDepths[] = R"sql(
select class, count(*) as ready, extract(epoch from now() - min(run_at))::float8 as oldest
from jobs where state = 'ready' group by class order by class)sql";

using Texts = absl::Span<const std::string>;

std::vector<std::string> Words(const std::vector<JobState>& states) {
  std::vector<std::string> words;
  for (const JobState state : states) words.emplace_back(JobStateWord(state));
  return words;
}

JobRow ReadJob(const pg::Row& row) {
  JobRow job;
  job.id = row.Int("id");
  job.task = row.Int("task_id");
  job.organization = row.Int("organization_id");
  job.lecture = row.Int("lecture_id");
  job.view = row.Text("view");
  job.kind = row.Text("kind");
  job.label = row.Text("label");
  job.state = ParseJobState(row.Text("state")).value_or(JobState::kReady);
  job.progress = row.Double("progress");
  job.attempt = static_cast<int>(row.Int("attempt"));
  job.max_attempts = static_cast<int>(row.Int("max_attempts"));
  job.resource = row.Int("resource_id");
  job.failure = ParseFailureClass(row.Text("failure_class"));
  job.error = row.Text("error");
  job.created_at = row.Time("created_at");
  job.started_at = row.Time("started_at");
  job.ended_at = row.Time("ended_at");
  job.run_at = row.Time("run_at");
  job.lecture_title = row.Text("lecture_title");
  job.organization_name = row.Text("organization_name");
  job.resource_host = row.Text("resource_host");
  return job;
}

absl::Status NotFound(int64_t job) {
  return WithReason(absl::NotFoundError(absl::StrCat("there is no job jobs/", job)), "JOB_NOT_FOUND");
}

absl::Status CheckRetry(int64_t job, const pg::Row& row) {
  if (row.Text("state") == "done") {
    return WithReason(
        absl::FailedPreconditionError(absl::StrCat("jobs/", job, " has succeeded; there is nothing to retry")),
        "JOB_DONE");
  }
  if (row.Text("kind") == kLiveIngestKind) {
    return WithReason(absl::FailedPreconditionError(absl::StrCat(
                          "jobs/", job, " took in a live stream that is over; it goes on when its encoder publishes again")),
                      "STREAM_ENDED");
  }
  if (row.Bool("parent_missing")) {
    return WithReason(
        absl::FailedPreconditionError(absl::StrCat("jobs/", job, " needs the result of jobs/", row.Int("parent"),
                                                   ", which did not succeed; retry that one")),
        "PARENT_NOT_DONE");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<JobRow>> JobStore::List(const JobFilter& filter) {
  const std::vector<std::string> states = Words(filter.states);
  const pg::Query query = filter.lecture == 0 ? pg::Query{"list_jobs", kList} : pg::Query{"list_jobs_of_lecture", kListOfLecture};
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run(query, Texts(states), Texts(filter.kinds), filter.lecture,
                                            filter.organization, filter.user, filter.before, filter.limit));
  return ParseRows(rows, ReadJob);
}

absl::StatusOr<JobNews> JobStore::ListNews(const JobFilter& filter, absl::Span<const int64_t> watched) {
  const std::vector<std::string> states = Words(filter.states);
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"list_job_news", kListNews}, Texts(states), Texts(filter.kinds), filter.lecture,
                                            filter.organization, filter.user, filter.limit));
  ASSIGN_OR_RETURN(pg::Rows gone, pool_.Run({"list_gone_jobs", kListGone}, Texts(states), Texts(filter.kinds), filter.lecture,
                                            filter.organization, filter.user, watched));
  return JobNews{ParseRows(rows, ReadJob), ParseRows(gone, [](const pg::Row& row) { return row.Int("id"); })};
}

absl::StatusOr<JobRow> JobStore::Get(int64_t id) {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"get_job", kGet}, id));
  if (rows.empty()) return NotFound(id);
  const pg::Row row = rows[0];
  JobRow job = ReadJob(row);
  job.deps_left = static_cast<int>(row.Int("deps_left"));
  job.waits_for = row.Texts("waits_for");
  job.waiting = {job.id,
                 job.organization,
                 job.kind,
                 static_cast<int>(row.Int("class")),
                 static_cast<int>(row.Int("priority")),
                 job.run_at,
                 row.Text("capability"),
                 row.Int("pinned_resource_id"),
                 row.Ints("avoid_resources")};
  return job;
}

absl::StatusOr<std::vector<JobAttemptRow>> JobStore::ListAttempts(int64_t job) {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"list_job_attempts", kListAttempts}, job));
  std::vector<JobAttemptRow> attempts;
  for (int i = 0; i < rows.size(); ++i) {
    const pg::Row row = rows[i];
    attempts.push_back({row.Int("resource_id"), row.Text("host"), row.Time("started_at"), row.Time("ended_at"),
                        row.Text("outcome"), ParseFailureClass(row.Text("failure_class")), row.Text("error"),
                        row.Text("log_tail")});
  }
  return attempts;
}

absl::StatusOr<CancelRequest> JobStore::Cancel(pg::Session& session, int64_t id) {
  ASSIGN_OR_RETURN(std::optional<LockedJob> job, Lock(session, id));
  if (!job)
    return WithReason(absl::FailedPreconditionError(absl::StrCat("jobs/", id, " has already ended")), "JOB_ENDED");
  CancelRequest request{JobState::kCancelled, "", job->task};
  if (IsHeld(job->state)) {
    ASSIGN_OR_RETURN(pg::Rows rows, session.Run({"request_cancel", kRequestCancel}, id));
    request.state = JobState::kCancelling;
    if (!rows.empty()) request.api_instance = rows[0].Text("api_instance");
    return request;
  }
  Ending ending;
  ending.state = JobState::kCancelled;
  ending.error = "cancelled by a person";
  RETURN_IF_ERROR(End(session, *job, ending));
  RETURN_IF_ERROR(EndTask(session, job->task).status());
  return request;
}

absl::StatusOr<CancelRequest> JobStore::RequestCancel(int64_t id) {
  CancelRequest request;
  RETURN_IF_ERROR(pool_.Transaction([&](pg::Session& session) -> absl::Status {
    ASSIGN_OR_RETURN(request, Cancel(session, id));
    return absl::OkStatus();
  }));
  return request;
}

absl::StatusOr<std::vector<std::string>> JobStore::CancelAll(pg::Session& session, int64_t lecture, int64_t asset) {
  if (lecture != 0) {
    RETURN_IF_ERROR(session.Run({"lock_tasks_of_lecture", kLockTasksOfLecture}, lecture).status());
    RETURN_IF_ERROR(session.Run({"forget_streams", kForgetStreams}, lecture).status());
  }
  ASSIGN_OR_RETURN(pg::Rows rows, session.Run({"list_jobs_of_recording", kListOfRecording}, lecture, asset));
  std::vector<std::string> instances;
  for (int i = 0; i < rows.size(); ++i) {
    absl::StatusOr<CancelRequest> request = Cancel(session, rows[i].Int("id"));
    if (absl::IsFailedPrecondition(request.status())) continue;  // ended, or skipped with the one before it
    if (!request.ok()) return request.status();
    if (!request->api_instance.empty()) instances.push_back(request->api_instance);
  }
  return instances;
}

absl::Status JobStore::Retry(int64_t job) {
  return pool_.Transaction([&](pg::Session& session) -> absl::Status {
    ASSIGN_OR_RETURN(pg::Rows rows, session.Run({"lock_ended_job", kEndedJob}, job));
    if (rows.empty()) {
      ASSIGN_OR_RETURN(JobRow row, Get(job));
      return WithReason(
          absl::FailedPreconditionError(absl::StrCat("jobs/", job, " has not ended; it is ", JobStateWord(row.state))),
          "JOB_NOT_ENDED");
    }
    RETURN_IF_ERROR(CheckRetry(job, rows[0]));
    const int64_t task = rows[0].Int("task_id"), asset = rows[0].Int("asset_id");
    RETURN_IF_ERROR(session.Run({"bring_back_jobs", kBringBack}, job).status());
    for (bool again = true; again;) {
      ASSIGN_OR_RETURN(pg::Rows skipped, session.Run({"skip_jobs_again", kSkipAgain}, task));
      again = skipped.affected() > 0;
    }
    RETURN_IF_ERROR(session.Run({"reopen_task", kReopenTask}, task).status());
    return asset == 0 ? absl::OkStatus() : assets_.Reopen(session, asset);
  });
}

absl::StatusOr<std::vector<QueueDepth>> JobStore::ListDepths() {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"list_queue_depths", kListDepths}));
  std::vector<QueueDepth> depths;
  for (int i = 0; i < rows.size(); ++i) {
    depths.push_back(
        {static_cast<int>(rows[i].Int("class")), rows[i].Int("ready"), absl::Seconds(rows[i].Double("oldest"))});
  }
  return depths;
}

}  // namespace lectern::api
