// Looking at live streams, and what proxies and workers report of them.
#include "api/store/live_store.h"

#include <algorithm>
#include <utility>

#include "api/store/live_row.h"
#include "api/store/row_util.h"
#include "common/base/status.h"

namespace lectern::api {
namespace {

constexpr char kGet[] = LECTERN_STREAM_SELECT "where s.id = $1";

constexpr char kFindBySession[] = LECTERN_STREAM_SELECT "where s.session = $1 and $1 <> '' order by s.id desc limit 1";

// Two ordered pieces, so that the many that have ended are not sorted behind the few that run.
constexpr char kList[] =
    "with taught as materialized ("
    "  select l.id from enrolments e join lectures l on l.course_id = e.course_id"
    "  where e.user_id = $3 and e.role = 'lecturer' and (l.rehearsal_of is null or l.rehearsal_of = $3)"
    "), maintained as materialized ("
    "  select p.descendant_id as id from maintainers m join organization_paths p on p.ancestor_id = m.organization_id where m.user_id = $3"
    "), below as materialized (select descendant_id as id from organization_paths where ancestor_id = $1"
    "), running as ("
    "  select s.id from live_streams s where s.state <> 'ended' and not $5 and ($6::bigint = 0 or s.id < $6)"
    "    and ($1::bigint = 0 or s.organization_id in (select id from below)) and ($2::bigint = 0 or s.lecture_id = $2)"
    "    and ($3::bigint = 0 or s.organization_id in (select id from maintained) or s.lecture_id in (select id from taught))"
    "  order by s.id desc limit $7"
    "), ended as ("
    "  select s.id from live_streams s where s.state = 'ended' and $4 and (not $5 or $6::bigint = 0 or s.id < $6)"
    "    and ($1::bigint = 0 or s.organization_id in (select id from below)) and ($2::bigint = 0 or s.lecture_id = $2)"
    "    and ($3::bigint = 0 or s.organization_id in (select id from maintained) or s.lecture_id in (select id from taught))"
    "  order by s.id desc limit $7"
    ") " LECTERN_STREAM_SELECT
    "where s.id in (select id from running union all select id from ended) order by s.state = 'ended', s.id desc limit $7";

constexpr char kListRunning[] = R"sql(
select id from live_streams where lecture_id = $1 and state <> 'ended' order by id)sql";

constexpr char kListRunningOfPerson[] = R"sql(
select id from live_streams where user_id = $1 and state <> 'ended' order by id)sql";

// Rows are locked in the order of their ids, since workers report other sets of the same streams at the same time.
constexpr char kReportProxy[] = R"sql(
with said as materialized (
  select * from unnest($2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::text[]) with ordinality
    as r(stream, session, publishing, pending, report, place)
), mine as materialized (
  select s.id, said.publishing = 't' as publishing, said.pending, said.report
  from live_streams s join said on said.stream = s.id and said.session = s.session
  where s.proxy_id = $1 and s.state <> 'ended' order by s.id for update of s
), written as (
  update live_streams s set reported_at = now(), publishing = mine.publishing, pending_bytes = mine.pending,
    proxy_report = mine.report::jsonb, gone_at = case when mine.publishing then null else coalesce(s.gone_at, now()) end,
    state = case when s.state = 'live' and not mine.publishing then 'interrupted' else s.state end
  from mine where s.id = mine.id
)
select said.stream, s.id is not null as known, coalesce(s.proxy_id = $1 and s.session = said.session, false) as mine, s.state,
       s.end_reason, j.token as epoch,
       s.state in ('starting', 'live', 'interrupted') and l.rehearsal_of is not null and exists (
         select 1 from enrolments e join lectures due on due.course_id = e.course_id
         where e.user_id = l.rehearsal_of and e.role = 'lecturer' and due.rehearsal_of is null and due.ended_at is null
           and due.starts_at between s.started_at and now() and coalesce(due.ends_at, due.starts_at + interval '4 hours') > now()
           and not exists (select 1 from live_streams other where other.lecture_id = due.id and other.view = s.view
                             and (other.state <> 'ended' or other.by_hand))) as reopen
from said left join live_streams s on s.id = said.stream left join lectures l on l.id = s.lecture_id
     left join jobs j on j.id = s.job_id and j.state in ('leased', 'running')
order by said.place)sql";

// A stream on air is one that stores something while its publisher is there; what is stored of the backlog of one that has
// gone changes nothing.
constexpr char kReportWorkers[] = R"sql(
with said as materialized (
  select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[])
    as r(resource, job, token, end_ms, receiving, facts, warnings, reason)
), mine as materialized (
  select s.id, said.* from said
  join jobs j on j.id = said.job and j.token = said.token and j.resource_id = said.resource and j.state in ('leased', 'running', 'cancelling')
  join live_streams s on s.job_id = j.id where s.state <> 'ended' order by s.id for update of s
)
update live_streams s set worker_at = now(), facts = mine.facts::jsonb, warnings = mine.warnings::jsonb, reason = left(mine.reason, 500),
  end_ms = greatest(s.end_ms, mine.end_ms), segment_at = case when mine.end_ms > s.end_ms then now() else s.segment_at end,
  first_media_at = case when mine.end_ms > 0 then coalesce(s.first_media_at, now()) end,
  state = case when s.state in ('starting', 'live', 'interrupted') and mine.end_ms > s.end_ms and (s.publishing or s.source = 'hall')
               then 'live' else s.state end,
  reported_at = case when s.source = 'hall' then now() else s.reported_at end,
  publishing = case when s.source = 'hall' then mine.receiving = 't' else s.publishing end,
  gone_at = case when s.source <> 'hall' then s.gone_at when mine.receiving = 't' then null else coalesce(s.gone_at, now()) end
from mine where s.id = mine.id
returning s.job_id)sql";

constexpr char kSetRenditions[] = R"sql(
with a as materialized (
  select a.id from live_streams s join jobs j on j.id = s.job_id and j.token = $2 join assets a on a.id = s.asset_id
  where s.job_id = $1 and a.state = 'live'
), gone as (
  delete from renditions r using a where r.asset_id = a.id and r.label <> all ($3::text[])
)
insert into renditions (asset_id, label, width, height, bandwidth_bps, codecs)
select a.id, r.* from a cross join unnest($3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[]) r
on conflict (asset_id, label) do update
  set width = excluded.width, height = excluded.height, bandwidth_bps = excluded.bandwidth_bps, codecs = excluded.codecs)sql";

std::string Flag(bool value) { return value ? "t" : "f"; }

ReportedStream ParseReported(const pg::Row& row) {
  ReportedStream reported;
  reported.stream = row.Int("stream");
  reported.known = row.Bool("known");
  reported.mine = row.Bool("mine");
  reported.state = row.Text("state");
  reported.epoch = row.Int("epoch");
  reported.reopen = row.Bool("reopen");
  reported.end_reason = row.Text("end_reason");
  return reported;
}

}  // namespace

LiveStreamRow ParseStream(const pg::Row& row) {
  LiveStreamRow stream;
  stream.id = row.Int("id");
  stream.lecture_id = row.Int("lecture_id");
  stream.organization_id = row.Int("organization_id");
  stream.view = row.Text("view");
  stream.source = row.Text("source");
  stream.state = row.Text("state");
  stream.user_id = row.Int("user_id");
  stream.asset_id = row.Int("asset_id");
  stream.task_id = row.Int("task_id");
  stream.job_id = row.Int("job_id");
  stream.proxy_id = row.Int("proxy_id");
  stream.session = row.Text("session");
  stream.started_at = row.Time("started_at");
  stream.first_media_at = row.Time("first_media_at");
  stream.segment_at = row.Time("segment_at");
  stream.end_ms = row.Int("end_ms");
  stream.publishing = row.Bool("publishing");
  stream.pending_bytes = row.Int("pending_bytes");
  stream.failovers = static_cast<int>(row.Int("failovers"));
  stream.facts_json = row.Text("facts");
  stream.warnings_json = row.Text("warnings");
  stream.proxy_report_json = row.Text("proxy_report");
  stream.reason = row.Text("reason");
  stream.end_reason = row.Text("end_reason");
  stream.by_hand = row.Bool("by_hand");
  stream.ended_at = row.Time("ended_at");
  stream.upload_id = row.Text("upload_id");
  stream.vod_resource_id = row.Int("vod_resource_id");
  stream.lecture_title = row.Text("lecture_title");
  stream.course_title = row.Text("course_title");
  stream.organization_name = row.Text("organization_name");
  stream.rehearsal = row.Bool("rehearsal");
  stream.rehearsal_of = row.Int("rehearsal_of");
  stream.course_id = row.Int("course_id");
  stream.viewers = row.Int("viewers");
  stream.epoch = row.Int("epoch");
  stream.worker_id = row.Int("worker_id");
  stream.worker_host = row.Text("worker_host");
  return stream;
}

absl::StatusOr<LiveStreamRow> LiveStore::Get(int64_t stream) const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"live_get", kGet}, stream));
  if (rows.empty()) return NotFound("STREAM_NOT_FOUND", "live stream", stream);
  return ParseStream(rows[0]);
}

absl::StatusOr<std::optional<LiveStreamRow>> LiveStore::FindBySession(absl::string_view session) const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"live_find_by_session", kFindBySession}, session));
  if (rows.empty()) return std::nullopt;
  return ParseStream(rows[0]);
}

absl::StatusOr<std::vector<LiveStreamRow>> LiveStore::List(const LiveFilter& filter) const {
  ASSIGN_OR_RETURN(pg::Rows rows,
                   pool_.Run({"live_list", kList}, filter.organization, filter.lecture, filter.user, filter.include_ended,
                             filter.after_ended, filter.before, filter.limit));
  return ParseRows(rows, ParseStream);
}

absl::StatusOr<std::vector<int64_t>> LiveStore::ListRunning(int64_t lecture) const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"live_list_running", kListRunning}, lecture));
  return ParseRows(rows, [](const pg::Row& row) { return row.Int("id"); });
}

absl::StatusOr<std::vector<int64_t>> LiveStore::ListRunningOfPerson(int64_t user) const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"live_list_running_of_person", kListRunningOfPerson}, user));
  return ParseRows(rows, [](const pg::Row& row) { return row.Int("id"); });
}

absl::StatusOr<std::vector<ReportedStream>> LiveStore::ReportProxy(int64_t proxy, absl::Span<const ProxyReport> reports) {
  std::vector<int64_t> streams, pending;
  std::vector<std::string> sessions, publishing, jsons;
  for (const ProxyReport& report : reports) {
    streams.push_back(report.stream);
    sessions.push_back(report.session);
    publishing.push_back(Flag(report.publishing));
    pending.push_back(report.pending_bytes);
    jsons.push_back(report.report_json.empty() ? "{}" : report.report_json);
  }
  ASSIGN_OR_RETURN(pg::Rows rows,
                   pool_.Run({"live_report_proxy", kReportProxy}, proxy, absl::Span<const int64_t>(streams),
                             absl::Span<const std::string>(sessions), absl::Span<const std::string>(publishing),
                             absl::Span<const int64_t>(pending), absl::Span<const std::string>(jsons)));
  return ParseRows(rows, ParseReported);
}

absl::StatusOr<std::vector<int64_t>> LiveStore::ReportWorkers(absl::Span<const WorkerReport> reports) {
  std::vector<int64_t> resources, jobs, tokens, ends;
  std::vector<std::string> receiving, facts, warnings, reasons;
  for (const WorkerReport& report : reports) {
    resources.push_back(report.resource);
    jobs.push_back(report.job);
    tokens.push_back(report.token);
    ends.push_back(report.end_ms);
    receiving.push_back(Flag(report.receiving));
    facts.push_back(report.facts_json.empty() ? "{}" : report.facts_json);
    warnings.push_back(report.warnings_json.empty() ? "[]" : report.warnings_json);
    reasons.push_back(report.reason);
  }
  using Texts = absl::Span<const std::string>;
  using Ints = absl::Span<const int64_t>;
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"live_report_workers", kReportWorkers}, Ints(resources), Ints(jobs), Ints(tokens),
                                            Ints(ends), Texts(receiving), Texts(facts), Texts(warnings), Texts(reasons)));
  return ParseRows(rows, [](const pg::Row& row) { return row.Int("job_id"); });
}

absl::Status LiveStore::SetRenditions(int64_t job, int64_t token, const std::vector<RenditionRow>& renditions) {
  std::vector<std::string> labels, codecs;
  std::vector<int64_t> widths, heights, bandwidths;
  for (const RenditionRow& rendition : renditions) {
    labels.push_back(rendition.label);
    widths.push_back(rendition.width);
    heights.push_back(rendition.height);
    bandwidths.push_back(rendition.bandwidth_bps);
    codecs.push_back(rendition.codecs);
  }
  return pool_.Run({"live_set_renditions", kSetRenditions}, job, token, labels, widths, heights, bandwidths, codecs).status();
}

}  // namespace lectern::api
