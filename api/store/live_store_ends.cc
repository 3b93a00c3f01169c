// The rules that the leader applies to live streams, where their ingests are, and how they end.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "api/store/live_row.h"
#include "api/store/live_store.h"
#include "api/store/row_util.h"
#include "common/base/status.h"

namespace lectern::api {
namespace {

// What has ended or was cancelled has no row in `jobs`.
constexpr char kLocate[] = R"sql(
select j.state, j.token, j.resource_id, j.resource_epoch, j.organization_id, j.kind, j.class, j.priority, j.run_at, j.capability,
       j.avoid_resources, coalesce(rs.state = 'alive' and rs.epoch = j.resource_epoch, false) as alive, r.public_url
from live_streams s join jobs j on j.id = s.job_id left join resource_sessions rs on rs.resource_id = j.resource_id
     left join resources r on r.id = j.resource_id
where s.id = $1 and s.job_id = $2)sql";

constexpr char kMarkInterrupted[] = R"sql(
with silent as materialized (
  select id from live_streams where state = 'live' and segment_at < now() - $1::interval order by id for update
)
update live_streams s set state = 'interrupted' from silent where s.id = silent.id)sql";

// A publisher that has gone is believed gone only once its proxy could have told that it is back; a proxy's silence counts only
// as far as it could have been heard.
constexpr char kListDueEnds[] = R"sql(
select id, reason, by_hand from (
  select s.id, l.ended_at is not null as by_hand,
    case when l.id is null then 'the lecture was deleted'
         when l.ended_at is not null then 'the lecture was ended'
         when s.source = 'hall' and coalesce(l.ends_at, l.starts_at + interval '4 hours') <= now() then 'the lecture is over'
         when s.source = 'encoder' and not s.publishing and s.pending_bytes = 0 and s.gone_at < now() - $1::interval
              and $2::interval >= least($1::interval, interval '5 seconds') then 'the encoder has gone'
         when s.source = 'encoder' and s.reported_at < now() - $1::interval and $2::interval >= $1::interval
              then 'the RTMP proxy has not been heard any more' end as reason
  from live_streams s left join lectures l on l.id = s.lecture_id
  where s.state in ('starting', 'live', 'interrupted')) due
where reason is not null order by id limit 500)sql";

// Bounded in the past, so that it does not read the lectures of all years. A worker ends a source by its own clock, which may be
// ahead: what has ended in the last seconds of a lecture is over.
constexpr char kListDueHalls[] = R"sql(
select l.id, c.organization_id, hs.view, extract(epoch from now() - l.starts_at)::float8 as late
from lectures l join courses c on c.id = l.course_id join halls h on h.id = l.hall_id and h.removed_at is null
     join hall_sources hs on hs.hall_id = h.id
where l.hall_id is not null and l.ended_at is null and l.starts_at <= now() and l.starts_at > now() - interval '2 days'
  and coalesce(l.ends_at, l.starts_at + interval '4 hours') > now()
  and not exists (select 1 from live_streams s where s.lecture_id = l.id and s.view = hs.view and (s.state <> 'ended' or s.by_hand
                    or coalesce(l.ends_at, l.starts_at + interval '4 hours') < now() + interval '5 seconds'))
order by l.starts_at, l.id, hs.view limit 200)sql";

constexpr char kListOldRehearsals[] = R"sql(
select l.id from lectures l
where l.rehearsal_of is not null and l.created_at < now() - $1::interval
  and not exists (select 1 from live_streams s where s.lecture_id = l.id and s.state <> 'ended')
order by l.created_at limit $2)sql";

constexpr char kListOnDraining[] = R"sql(
select s.id from live_streams s join jobs j on j.id = s.job_id and j.state in ('leased', 'running')
join resources r on r.id = j.resource_id and r.draining
where s.state in ('starting', 'live', 'interrupted') order by s.id limit $1)sql";

constexpr char kForgetSuperseded[] = R"sql(
delete from live_sessions_superseded where superseded_at < now() - $1::interval)sql";

constexpr char kCount[] = R"sql(select state, count(*) as n from live_streams where state <> 'ended' group by state)sql";

constexpr char kState[] = R"sql(select state, job_id from live_streams where id = $1)sql";

constexpr char kMarkEnding[] = R"sql(
update live_streams set by_hand = by_hand or $3::boolean, state = case when state = 'ended' then state else 'ending' end,
  end_reason = case when $5::boolean then left($4, 500) else end_reason end
where id = $1 and job_id = $2)sql";

constexpr char kListFinalising[] = R"sql(
select distinct j.task_id from unnest($1::bigint[], $2::bigint[]) f(job, token) join jobs j on j.id = f.job and j.token = f.token
join live_streams s on s.task_id = j.task_id
where j.kind = 'finalise' and s.state = 'ending' and s.first_media_at is not null order by j.task_id)sql";

constexpr char kLockTask[] = R"sql(select id from tasks where id = $1 for no key update)sql";

constexpr char kEnding[] = R"sql(
select s.asset_id, s.end_ms,
  array(select label from renditions r where r.asset_id = s.asset_id order by label) as labels,
  array(select width::bigint from renditions r where r.asset_id = s.asset_id order by label) as widths,
  array(select height::bigint from renditions r where r.asset_id = s.asset_id order by label) as heights,
  array(select bandwidth_bps from renditions r where r.asset_id = s.asset_id order by label) as bandwidths,
  array(select codecs from renditions r where r.asset_id = s.asset_id order by label) as codecs
from live_streams s where s.task_id = $1 and s.state = 'ending')sql";

constexpr char kOwns[] = R"sql(select id from live_streams where task_id = $1)sql";

constexpr char kOffAir[] = R"sql(
update assets set state = 'processing' where id = $1 and state = 'live')sql";

constexpr char kSetSource[] = R"sql(
update assets set size_bytes = $2, received_bytes = $2, sha256 = nullif($3, ''), received_at = coalesce(received_at, now())
where id = $1)sql";

constexpr char kMarkEnded[] = R"sql(
update live_streams set state = 'ended', ended_at = now() where task_id = $1 and state <> 'ended')sql";

constexpr char kFinaliseResult[] = R"sql(
select result from jobs_ended where task_id = $1 and kind = 'finalise' and state = 'done' order by id desc limit 1)sql";

std::vector<RenditionRow> ParseRenditions(const pg::Row& row) {
  const std::vector<std::string> labels = row.Texts("labels"), codecs = row.Texts("codecs");
  const std::vector<int64_t> widths = row.Ints("widths"), heights = row.Ints("heights"), bandwidths = row.Ints("bandwidths");
  std::vector<RenditionRow> renditions;
  for (size_t i = 0; i < labels.size(); ++i) {
    renditions.push_back({labels[i], static_cast<int>(widths[i]), static_cast<int>(heights[i]), bandwidths[i], codecs[i]});
  }
  return renditions;
}

// Playable from now on, and no longer live.
absl::Status PublishEnded(pg::Session& session, AssetStore& assets, int64_t task, int64_t asset,
                          const std::vector<RenditionRow>& renditions, int64_t duration_ms) {
  RETURN_IF_ERROR(session.Run({"live_off_air", kOffAir}, asset).status());
  RETURN_IF_ERROR(assets.Publish(session, asset, renditions, duration_ms).status());
  return session.Run({"live_mark_ended", kMarkEnded}, task).status();
}

}  // namespace

absl::StatusOr<IngestPlace> LiveStore::Locate(int64_t stream) const {
  IngestPlace place;
  ASSIGN_OR_RETURN(place.stream, Get(stream));
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"live_locate", kLocate}, stream, place.stream.job_id));
  if (rows.empty()) {
    place.job_state = JobState::kDone;
    return place;
  }
  const pg::Row row = rows[0];
  place.job_state = ParseJobState(row.Text("state")).value_or(JobState::kDone);
  place.token = row.Int("token");
  place.resource = row.Int("resource_id");
  place.resource_epoch = row.Int("resource_epoch");
  place.holder_alive = row.Bool("alive");
  place.holder_url = row.Text("public_url");
  place.waiting = {place.stream.job_id, row.Int("organization_id"), row.Text("kind"), static_cast<int>(row.Int("class")),
                   static_cast<int>(row.Int("priority")), row.Time("run_at"), row.Text("capability"), 0,
                   row.Ints("avoid_resources")};
  return place;
}

absl::StatusOr<int64_t> LiveStore::MarkInterrupted(absl::Duration silent_for) {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"live_mark_interrupted", kMarkInterrupted}, silent_for));
  return rows.affected();
}

absl::StatusOr<std::vector<DueEnd>> LiveStore::ListDueEnds(const LiveTimes& times) const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"live_due_ends", kListDueEnds}, times.grace,
                                            std::min(times.well_for, absl::Hours(24 * 365))));
  return ParseRows(rows, [](const pg::Row& row) { return DueEnd{row.Int("id"), row.Text("reason"), row.Bool("by_hand")}; });
}

absl::StatusOr<std::vector<DueHall>> LiveStore::ListDueHalls() const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"live_due_halls", kListDueHalls}));
  return ParseRows(rows, [](const pg::Row& row) {
    return DueHall{row.Int("id"), row.Int("organization_id"), row.Text("view"), absl::Seconds(row.Double("late"))};
  });
}

absl::StatusOr<std::vector<int64_t>> LiveStore::ListOldRehearsals(absl::Duration age, int limit) const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"live_old_rehearsals", kListOldRehearsals}, age, limit));
  return ParseRows(rows, [](const pg::Row& row) { return row.Int("id"); });
}

absl::StatusOr<std::vector<int64_t>> LiveStore::ListOnDraining(int limit) const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"live_on_draining", kListOnDraining}, limit));
  return ParseRows(rows, [](const pg::Row& row) { return row.Int("id"); });
}

absl::Status LiveStore::ForgetSuperseded(absl::Duration age) {
  return pool_.Run({"live_forget_superseded", kForgetSuperseded}, age).status();
}

absl::StatusOr<LiveCounts> LiveStore::Count() const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"live_count", kCount}));
  LiveCounts counts;
  for (int i = 0; i < rows.size(); ++i) counts.by_state[rows[i].Text("state")] = rows[i].Int("n");
  return counts;
}

absl::StatusOr<std::string> LiveStore::End(int64_t stream, absl::string_view reason, bool by_hand) {
  std::string instance;
  RETURN_IF_ERROR(pool_.Transaction([&](pg::Session& session) -> absl::Status {
    ASSIGN_OR_RETURN(pg::Rows rows, session.Run({"live_state", kState}, stream));
    if (rows.empty()) return NotFound("STREAM_NOT_FOUND", "live stream", stream);
    const std::string state = rows[0].Text("state");
    const bool running = state != "ending" && state != "ended";
    const int64_t job = rows[0].Int("job_id");
    if (running) {
      absl::StatusOr<CancelRequest> cancelled = jobs_.Cancel(session, job);
      // Ended already: finalise is on its way.
      if (!cancelled.ok() && ReasonOf(cancelled.status()) != "JOB_ENDED") return cancelled.status();
      if (cancelled.ok()) instance = cancelled->api_instance;
    }
    ASSIGN_OR_RETURN(pg::Rows marked, session.Run({"live_mark_ending", kMarkEnding}, stream, job, by_hand, reason, running));
    return marked.affected() == 1 ? absl::OkStatus() : absl::AbortedError("the stream was taken up again meanwhile");
  }));
  return instance;
}

absl::StatusOr<int> LiveStore::MarkFinalised(absl::Span<const JobToken> finalising) {
  std::vector<int64_t> jobs, tokens;
  for (const JobToken& job : finalising) {
    jobs.push_back(job.job);
    tokens.push_back(job.token);
  }
  ASSIGN_OR_RETURN(pg::Rows tasks, pool_.Run({"live_list_finalising", kListFinalising}, absl::Span<const int64_t>(jobs),
                                             absl::Span<const int64_t>(tokens)));
  int ended = 0;
  for (int i = 0; i < tasks.size(); ++i) {
    bool marked = false;
    const int64_t task = tasks[i].Int("task_id");
    RETURN_IF_ERROR(pool_.Transaction([&](pg::Session& session) -> absl::Status {
      RETURN_IF_ERROR(session.Run({"live_lock_task", kLockTask}, task).status());
      ASSIGN_OR_RETURN(pg::Rows rows, session.Run({"live_ending", kEnding}, task));
      marked = !rows.empty() && !rows[0].Texts("labels").empty();
      if (!marked) return absl::OkStatus();
      return PublishEnded(session, assets_, task, rows[0].Int("asset_id"), ParseRenditions(rows[0]), rows[0].Int("end_ms"));
    }));
    if (marked) ++ended;
  }
  return ended;
}

absl::StatusOr<bool> LiveStore::Owns(pg::Session& session, int64_t task) {
  ASSIGN_OR_RETURN(pg::Rows rows, session.Run({"live_owns", kOwns}, task));
  return !rows.empty();
}

absl::Status LiveStore::Finish(pg::Session& session, int64_t task, int64_t asset, const Finalised& finalised) {
  if (finalised.renditions.empty()) {
    RETURN_IF_ERROR(assets_.MarkRemoved(session, asset));
    return session.Run({"live_mark_ended", kMarkEnded}, task).status();
  }
  RETURN_IF_ERROR(session.Run({"live_set_source", kSetSource}, asset, finalised.size_bytes, finalised.sha256).status());
  return PublishEnded(session, assets_, task, asset, finalised.renditions, finalised.duration_ms);
}

absl::StatusOr<std::string> LiveStore::FinaliseResult(pg::Session& session, int64_t task) const {
  ASSIGN_OR_RETURN(pg::Rows rows, session.Run({"finalise_result", kFinaliseResult}, task));
  return rows.empty() ? std::string() : rows[0].Text("result");
}

}  // namespace lectern::api
