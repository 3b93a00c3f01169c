// Making and placing jobs, and what their holders say meanwhile.
#include "api/store/job_store.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status.h"
#include "common/log/log.h"

namespace lectern::api {
namespace {

// `$7` and `$2` are lists of jobs as JobsJson writes them. Children refer to their parents by position, so that one
// statement does it all.
constexpr char kInsertTask[] = R"sql(
with t as (
  insert into tasks (organization_id, kind, lecture_id, asset_id, created_by, idempotency_key)
  values ($1::bigint, $2, nullif($3::bigint, 0), nullif($4::bigint, 0), nullif($5::bigint, 0), nullif($6, ''))
  on conflict (idempotency_key) do nothing
  returning id, organization_id
), n as materialized (
  select coalesce(nullif(x.id, 0), nextval('job_ids')) as job_id, x.*
  from t cross join jsonb_to_recordset($7::jsonb) as x(
    n int, id bigint, kind text, label text, class int, priority int, capability text, pinned bigint, max_attempts int,
    run_limit int, stall int, start_within float8, spec jsonb, needs jsonb)
), j as (
  insert into jobs (id, task_id, organization_id, kind, label, class, priority, state, capability, pinned_resource_id, deps_left,
                    max_attempts, run_limit_seconds, stall_seconds, start_by, spec)
  select n.job_id, t.id, t.organization_id, n.kind, n.label, n.class, n.priority,
         case when jsonb_array_length(n.needs) = 0 then 'ready' else 'blocked' end, n.capability, nullif(n.pinned, 0),
         jsonb_array_length(n.needs), n.max_attempts, n.run_limit, n.stall,
         now() + make_interval(secs => n.start_within), n.spec
  from n cross join t
), d as (
  insert into job_dependencies (parent_id, child_id)
  select parent.job_id, child.job_id
  from n child cross join jsonb_array_elements_text(child.needs) as need(position) join n parent on parent.n = need.position::int
)
select t.id as task, n.job_id as job from t left join n on true order by n.n)sql";

constexpr char kFindTask[] = R"sql(
select t.id as task, j.id as job from tasks t left join all_jobs j on j.task_id = t.id where t.idempotency_key = $1 order by j.id)sql";

constexpr char kAllocateIds[] = R"sql(select nextval('job_ids') as id from generate_series(1, $1::int))sql";

constexpr char kAddJobs[] = R"sql(
with t as (select id, organization_id from tasks where id = $1),
n as materialized (
  select x.* from jsonb_to_recordset($2::jsonb) as x(
    n int, id bigint, kind text, label text, class int, priority int, capability text, pinned bigint, max_attempts int,
    run_limit int, stall int, start_within float8, spec jsonb, needs jsonb)
), j as (
  insert into jobs (id, task_id, organization_id, kind, label, class, priority, state, capability, pinned_resource_id, deps_left,
                    max_attempts, run_limit_seconds, stall_seconds, start_by, spec)
  select n.id, t.id, t.organization_id, n.kind, n.label, n.class, n.priority,
         case when jsonb_array_length(n.needs) = 0 then 'ready' else 'blocked' end, n.capability, nullif(n.pinned, 0),
         jsonb_array_length(n.needs), n.max_attempts, n.run_limit, n.stall,
         now() + make_interval(secs => n.start_within), n.spec
  from n cross join t
)
insert into job_dependencies (parent_id, child_id)
select parent.id, child.id
from n child cross join jsonb_array_elements_text(child.needs) as need(position) join n parent on parent.n = need.position::int)sql";

constexpr char kListReady[] = R"sql(
select id, organization_id, kind, class, priority, run_at, capability, pinned_resource_id, avoid_resources
from jobs where state = 'ready' order by class, priority, run_at, id limit $1)sql";

constexpr char kListReadySpread[] = R"sql(
select id, organization_id, kind, class, priority, run_at, capability, pinned_resource_id, avoid_resources
from (select *, row_number() over (partition by organization_id, pinned_resource_id, capability
                                   order by class, priority, run_at, id) as place
      from jobs where state = 'ready') ranked
where place <= 50 order by class, priority, run_at, id limit $1)sql";

constexpr char kPromote[] = R"sql(
with due as materialized (
  select id from jobs where state = 'retry_wait' and run_at <= now() order by run_at limit 1000 for update skip locked)
update jobs set state = 'ready' from due where jobs.id = due.id)sql";

// The rows are locked before the session's room is counted, so that `busy` grows by exactly what is leased. A wish
// whose session has no room for all of its jobs leaves them ready; the next pass sees the true room. Live streams are
// counted apart, and what ends a recording finds room beside full slots (kFinaliseSlots).
constexpr char kAssign[] = R"sql(
with wish as materialized (
  select * from unnest($1::bigint[], $2::bigint[], $3::bigint[]) as w(job_id, resource_id, epoch)
), picked as materialized (
  select j.id, w.resource_id, w.epoch, j.kind = 'live_ingest' as live, j.kind = 'finalise' as last from wish w join jobs j on j.id = w.job_id
  where j.state = 'ready' and j.cancel_requested_at is null order by j.id for update of j skip locked
), room as (
  update resource_sessions s set busy = s.busy + p.count, live_busy = s.live_busy + p.live
  from (select resource_id, epoch, count(*) filter (where not live)::int as count, count(*) filter (where live)::int as live,
               bool_or(last) as last
        from picked group by 1, 2) p
  where s.resource_id = p.resource_id and s.epoch = p.epoch and s.state = 'alive' and s.disconnected_at is null
    and not s.leaving and (p.count = 0 or s.busy + p.count <= s.slots + case when p.last then 4 else 0 end) and (p.live = 0 or s.live_busy + p.live <= s.live_slots)
    and not exists (select 1 from resources r where r.id = s.resource_id and (r.draining or r.removed_at is not null))
  returning s.resource_id, s.epoch, s.api_instance
), leased as (
  update jobs j set state = 'leased', token = next_fencing_token(), resource_id = room.resource_id, resource_epoch = room.epoch,
                    accept_by = now() + $4::interval, run_by = null, progress = 0, progress_at = null
  from picked p join room on room.resource_id = p.resource_id and room.epoch = p.epoch
  where j.id = p.id
  returning j.id, j.task_id, j.token, j.resource_id, j.resource_epoch, room.api_instance, j.spec, j.run_limit_seconds,
            j.stall_seconds, j.class, j.kind, extract(epoch from now() - j.run_at)::float8 as waited
), tried as (
  insert into job_attempts (job_id, token, resource_id) select id, token, resource_id from leased
)
select l.*, a.upload_id, coalesce(a.lecture_id, t.lecture_id) as lecture_id, a.view, a.vod_resource_id, v.public_url,
       case when l.kind = 'live_ingest' then
         (select h.sealed_url from live_streams ls join lectures le on le.id = ls.lecture_id
          join hall_sources h on h.hall_id = le.hall_id and h.view = ls.view where ls.job_id = l.id and ls.source = 'hall') end as sealed_url
from leased l join tasks t on t.id = l.task_id left join assets a on a.id = t.asset_id
     left join resources v on v.id = a.vod_resource_id
order by l.id)sql";

constexpr char kListLeased[] = R"sql(
select j.id, j.task_id, j.token, j.resource_id, j.resource_epoch, s.api_instance, j.spec, j.run_limit_seconds, j.stall_seconds,
       j.class, j.kind, 0::float8 as waited,
       a.upload_id, coalesce(a.lecture_id, t.lecture_id) as lecture_id, a.view, a.vod_resource_id, v.public_url,
       case when j.kind = 'live_ingest' then
         (select h.sealed_url from live_streams ls join lectures le on le.id = ls.lecture_id
          join hall_sources h on h.hall_id = le.hall_id and h.view = ls.view where ls.job_id = j.id and ls.source = 'hall') end as sealed_url
from jobs j join resource_sessions s on s.resource_id = j.resource_id and s.epoch = j.resource_epoch
     join tasks t on t.id = j.task_id left join assets a on a.id = t.asset_id left join resources v on v.id = a.vod_resource_id
where j.state = 'leased' and s.api_instance = $1 and ($2::bigint = 0 or j.resource_id = $2) and j.accept_by > now()
order by j.id)sql";

constexpr char kListCancelling[] = R"sql(
select j.resource_id, j.id, j.token, j.progress
from jobs j join resource_sessions s on s.resource_id = j.resource_id and s.epoch = j.resource_epoch
where j.state = 'cancelling' and s.api_instance = $1 order by j.id)sql";

constexpr char kAccept[] = R"sql(
with said as materialized (
  select * from unnest($1::bigint[], $2::bigint[], $3::bigint[]) as s(resource_id, job_id, token)
), mine as materialized (
  select j.id from jobs j join said on said.job_id = j.id and said.token = j.token and said.resource_id = j.resource_id
  where j.state = 'leased' order by j.id for update of j
), run as (
  update jobs j set state = 'running', attempt = j.attempt + 1, started_at = coalesce(j.started_at, now()), accept_by = null,
                    run_by = now() + make_interval(secs => j.run_limit_seconds), progress_at = now()
  from mine where j.id = mine.id
  returning j.id, j.token
), tried as (
  update job_attempts a set accepted_at = now() from run where a.job_id = run.id and a.token = run.token
)
select id, token from run
union
select j.id, j.token from jobs j join said on said.job_id = j.id and said.token = j.token and said.resource_id = j.resource_id
where j.state in ('running', 'cancelling'))sql";

constexpr char kReject[] = R"sql(
with back as (
  update jobs j set state = case when j.kind = 'live_ingest' then 'ready' else 'retry_wait' end, run_at = now() + interval '1 second',
                    accept_by = null, run_by = null, progress = 0,
                    attempt = j.attempt - case when j.state = 'running' then 1 else 0 end,
                    avoid_resources = array_remove(j.avoid_resources, $1::bigint) || $1::bigint
  where j.id = $2 and j.token = $3 and j.resource_id = $1 and j.state in ('leased', 'running')
  returning j.id, j.token, j.resource_id, j.resource_epoch, j.kind
), tried as (
  update job_attempts a set ended_at = now(), outcome = 'rejected', error = left($4, 1000)
  from back where a.job_id = back.id and a.token = back.token
), freed as (
  update resource_sessions s set busy = greatest(s.busy - (back.kind <> 'live_ingest')::int, 0),
                                 live_busy = greatest(s.live_busy - (back.kind = 'live_ingest')::int, 0) from back
  where s.resource_id = back.resource_id and s.epoch = back.resource_epoch
)
select id from back)sql";

// No number at all is more than any number to PostgreSQL, and would let no list with the job be read any more.
constexpr char kProgress[] = R"sql(
update jobs j set progress = s.fraction::real, progress_at = now()
from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::float8[]) as s(resource_id, job_id, token, fraction)
where j.id = s.job_id and j.token = s.token and j.resource_id = s.resource_id and j.state in ('running', 'cancelling')
  and s.fraction::real > j.progress and s.fraction <= 1)sql";

// An attempt whose end the resource reported itself is no reason to stop it: the answer to that report is on its way.
constexpr char kCompare[] = R"sql(
with listed as materialized (
  select * from unnest($2::bigint[], $3::bigint[], $4::bigint[]) as l(resource_id, job_id, token)
)
select true as stop, l.resource_id, l.job_id, l.token
from listed l left join job_attempts a on a.job_id = l.job_id and a.token = l.token and a.resource_id = l.resource_id
where a.job_id is null or (a.ended_at is not null and a.outcome not in ('done', 'failed', 'cancelled'))
union all
select false, j.resource_id, j.id, j.token
from jobs j join resource_sessions s on s.resource_id = j.resource_id and s.epoch = j.resource_epoch
     join job_attempts a on a.job_id = j.id and a.token = j.token
where j.resource_id = any($1::bigint[]) and j.state in ('running', 'cancelling') and a.accepted_at <= now() - $5::interval
  and not exists (select 1 from listed l where l.job_id = j.id and l.token = j.token))sql";

constexpr char kReportedOutcome[] = R"sql(
select outcome from job_attempts
where job_id = $2 and token = $3 and resource_id = $1 and outcome in ('done', 'failed', 'cancelled'))sql";

std::string JobsJson(absl::Span<const NewJob> jobs) {
  std::string json = "[";
  for (size_t i = 0; i < jobs.size(); ++i) {
    const NewJob& job = jobs[i];
    absl::StrAppend(&json, i == 0 ? "" : ",", "{\"n\":", i, ",\"id\":", job.id, ",\"kind\":", log::JsonQuote(job.kind),
                    ",\"label\":", log::JsonQuote(job.label), ",\"class\":", job.job_class,
                    ",\"priority\":", job.priority, ",\"capability\":", log::JsonQuote(job.capability),
                    ",\"pinned\":", job.pinned_resource, ",\"max_attempts\":", job.max_attempts,
                    ",\"run_limit\":", job.run_limit_seconds, ",\"stall\":", job.stall_seconds);
    if (job.start_within != absl::InfiniteDuration()) {
      absl::StrAppend(&json, ",\"start_within\":", absl::ToDoubleSeconds(job.start_within));
    }
    absl::StrAppend(&json, ",\"spec\":", job.spec_json.empty() ? "{}" : job.spec_json, ",\"needs\":[",
                    absl::StrJoin(job.needs, ","), "]}");
  }
  return json + "]";
}

InsertedTask ReadTask(const pg::Rows& rows, bool existed) {
  InsertedTask task;
  task.existed = existed;
  for (int i = 0; i < rows.size(); ++i) {
    task.task = rows[i].Int("task");
    if (!rows[i].IsNull("job")) task.jobs.push_back(rows[i].Int("job"));
  }
  return task;
}

std::vector<AssignedJob> ReadAssigned(const pg::Rows& rows) {
  std::vector<AssignedJob> jobs;
  jobs.reserve(rows.size());
  for (int i = 0; i < rows.size(); ++i) {
    const pg::Row row = rows[i];
    AssignedJob& job = jobs.emplace_back();
    job.job = row.Int("id");
    job.token = row.Int("token");
    job.resource = row.Int("resource_id");
    job.epoch = row.Int("resource_epoch");
    job.api_instance = row.Text("api_instance");
    job.spec_json = row.Text("spec");
    job.upload_id = row.Text("upload_id");
    job.lecture = row.Int("lecture_id");
    job.view = row.Text("view");
    job.vod_resource = row.Int("vod_resource_id");
    job.media_url = row.Text("public_url");
    job.run_limit = absl::Seconds(row.Int("run_limit_seconds"));
    job.stall_limit = absl::Seconds(row.Int("stall_seconds"));
    job.waited = absl::Seconds(row.Double("waited"));
    job.job_class = static_cast<int>(row.Int("class"));
    job.kind = row.Text("kind");
    if (!row.IsNull("sealed_url")) job.sealed_pull_url = row.Bytes("sealed_url");
  }
  return jobs;
}

// The columns of a list of held jobs.
struct Columns {
  explicit Columns(absl::Span<const HeldJob> held) {
    for (const HeldJob& one : held) {
      resources.push_back(one.resource);
      jobs.push_back(one.job);
      tokens.push_back(one.token);
      fractions.push_back(absl::StrCat(one.progress));
    }
  }
  std::vector<int64_t> resources, jobs, tokens;
  std::vector<std::string> fractions;
};

pg::Param Ints(const std::vector<int64_t>& values) {
  return pg::Param(absl::Span<const int64_t>(values));
}

}  // namespace

absl::StatusOr<InsertedTask> JobStore::InsertTask(pg::Session& session, const NewTask& task) {
  ASSIGN_OR_RETURN(pg::Rows rows, session.Run({"insert_task", kInsertTask}, task.organization, task.kind, task.lecture,
                                              task.asset, task.created_by, task.idempotency_key, JobsJson(task.jobs)));
  if (!rows.empty()) return ReadTask(rows, false);
  ASSIGN_OR_RETURN(rows, session.Run({"find_task", kFindTask}, task.idempotency_key));
  return ReadTask(rows, true);
}

absl::StatusOr<InsertedTask> JobStore::InsertTask(const NewTask& task) {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"insert_task", kInsertTask}, task.organization, task.kind, task.lecture,
                                            task.asset, task.created_by, task.idempotency_key, JobsJson(task.jobs)));
  if (!rows.empty()) return ReadTask(rows, false);
  ASSIGN_OR_RETURN(rows, pool_.Run({"find_task", kFindTask}, task.idempotency_key));
  return ReadTask(rows, true);
}

absl::StatusOr<std::vector<int64_t>> JobStore::AllocateIds(pg::Session& session, int count) {
  ASSIGN_OR_RETURN(pg::Rows rows, session.Run({"allocate_job_ids", kAllocateIds}, count));
  std::vector<int64_t> ids;
  for (int i = 0; i < rows.size(); ++i) ids.push_back(rows[i].Int("id"));
  return ids;
}

absl::Status JobStore::AddJobs(pg::Session& session, int64_t task, absl::Span<const NewJob> jobs) {
  return session.Run({"add_jobs", kAddJobs}, task, JobsJson(jobs)).status();
}

absl::StatusOr<std::vector<WaitingJob>> JobStore::ListReady(int limit, bool spread) {
  const pg::Query query =
      spread ? pg::Query{"list_ready_spread", kListReadySpread} : pg::Query{"list_ready", kListReady};
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run(query, limit));
  std::vector<WaitingJob> jobs;
  jobs.reserve(rows.size());
  for (int i = 0; i < rows.size(); ++i) {
    const pg::Row row = rows[i];
    jobs.push_back({row.Int("id"), row.Int("organization_id"), row.Text("kind"), static_cast<int>(row.Int("class")),
                    static_cast<int>(row.Int("priority")), row.Time("run_at"), row.Text("capability"),
                    row.Int("pinned_resource_id"), row.Ints("avoid_resources")});
  }
  return jobs;
}

absl::StatusOr<int64_t> JobStore::Promote() {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"promote_jobs", kPromote}));
  return rows.affected();
}

absl::StatusOr<std::vector<AssignedJob>> JobStore::Assign(absl::Span<const Assignment> wishes,
                                                          absl::Duration accept_timeout) {
  std::vector<int64_t> jobs, resources, epochs;
  for (const Assignment& wish : wishes) {
    jobs.push_back(wish.job);
    resources.push_back(wish.resource);
    epochs.push_back(wish.epoch);
  }
  ASSIGN_OR_RETURN(pg::Rows rows,
                   pool_.Run({"assign_jobs", kAssign}, Ints(jobs), Ints(resources), Ints(epochs), accept_timeout));
  return ReadAssigned(rows);
}

absl::StatusOr<std::vector<AssignedJob>> JobStore::ListLeased(const std::string& api_instance, int64_t resource) {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"list_leased_jobs", kListLeased}, api_instance, resource));
  return ReadAssigned(rows);
}

absl::StatusOr<std::vector<HeldJob>> JobStore::ListCancelling(const std::string& api_instance) {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"list_cancelling_jobs", kListCancelling}, api_instance));
  std::vector<HeldJob> jobs;
  for (int i = 0; i < rows.size(); ++i) {
    jobs.push_back({rows[i].Int("resource_id"), rows[i].Int("id"), rows[i].Int("token"), rows[i].Double("progress")});
  }
  return jobs;
}

absl::StatusOr<std::vector<JobToken>> JobStore::Accept(absl::Span<const HeldJob> jobs) {
  const Columns columns(jobs);
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"accept_jobs", kAccept}, Ints(columns.resources), Ints(columns.jobs),
                                            Ints(columns.tokens)));
  std::vector<JobToken> running;
  for (int i = 0; i < rows.size(); ++i) running.push_back({rows[i].Int("id"), rows[i].Int("token")});
  return running;
}

absl::StatusOr<bool> JobStore::Reject(int64_t resource, int64_t job, int64_t token, const std::string& reason) {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"reject_job", kReject}, resource, job, token, reason));
  return !rows.empty();
}

absl::Status JobStore::Progress(absl::Span<const HeldJob> jobs) {
  const Columns columns(jobs);
  return pool_
      .Run({"job_progress", kProgress}, Ints(columns.resources), Ints(columns.jobs), Ints(columns.tokens),
           absl::Span<const std::string>(columns.fractions))
      .status();
}

absl::StatusOr<JobStore::Comparison> JobStore::Compare(absl::Span<const int64_t> resources,
                                                       absl::Span<const HeldJob> listed, absl::Duration grace) {
  const Columns columns(listed);
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"compare_held_jobs", kCompare}, resources, Ints(columns.resources),
                                            Ints(columns.jobs), Ints(columns.tokens), grace));
  Comparison comparison;
  for (int i = 0; i < rows.size(); ++i) {
    const HeldJob job{rows[i].Int("resource_id"), rows[i].Int("job_id"), rows[i].Int("token")};
    (rows[i].Bool("stop") ? comparison.stop : comparison.missing).push_back(job);
  }
  return comparison;
}

absl::StatusOr<std::string> JobStore::ReportedOutcome(int64_t resource, int64_t job, int64_t token) {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"reported_outcome", kReportedOutcome}, resource, job, token));
  return rows.empty() ? std::string() : rows[0].Text("outcome");
}

}  // namespace lectern::api
