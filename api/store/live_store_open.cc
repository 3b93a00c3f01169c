// Opening live streams: new ones, those that run, and those that are taken up again.
#include <utility>

#include "absl/strings/str_cat.h"
#include "api/domain/task_graph.h"
#include "api/store/live_row.h"
#include "api/store/live_store.h"
#include "api/store/row_util.h"
#include "common/base/status.h"
#include "common/base/text.h"

namespace lectern::api {
namespace {

// Streams of one lecture are opened, and the lecture ended or deleted, one after the other.
constexpr char kLockLecture[] = R"sql(
select c.organization_id, now() as now, l.ended_at is not null as ended, coalesce(l.ends_at, l.starts_at + interval '4 hours', 'infinity') as ends_at
from lectures l join courses c on c.id = l.course_id where l.id = $1 for no key update of l)sql";

constexpr char kNewest[] = R"sql(
select s.id, s.state, s.source, s.by_hand, s.asset_id, s.started_at, a.state as asset_state, a.upload_id, a.vod_resource_id,
       r.removed_at is null as kept
from live_streams s join assets a on a.id = s.asset_id join resources r on r.id = a.vod_resource_id
where s.lecture_id = $1 and s.view = $2 order by s.id desc limit 1)sql";

// A statement of its own, since it must see what was committed while the lecture's lock was waited for.
constexpr char kIsSuperseded[] = R"sql(select session from live_sessions_superseded where session = $1)sql";

constexpr char kSupersede[] = R"sql(
insert into live_sessions_superseded (session, stream_id)
select session, id from live_streams where id = $1 and session not in ('', $2) on conflict do nothing)sql";

constexpr char kTakeOver[] = R"sql(
update live_streams set session = $2, proxy_id = nullif($3::bigint, 0), user_id = nullif($4::bigint, 0),
  token_id = nullif($5::bigint, 0), reported_at = now(), publishing = true, gone_at = null, pending_bytes = 0, proxy_report = '{}'
where id = $1 and session <> $2)sql";

constexpr char kInsertAsset[] = R"sql(
with vod as (select id from resources where id = $5 and kind = 'vod_service' and removed_at is null for share)
insert into assets (upload_id, lecture_id, organization_id, view, vod_resource_id, file_name, fingerprint, size_bytes, state,
                    created_by, from_live)
select $1, $2, $3, $4, vod.id, 'live', 'live', 0, 'live', nullif($6::bigint, 0), true from vod returning id)sql";

constexpr char kInsertStream[] = R"sql(
insert into live_streams (lecture_id, organization_id, view, source, user_id, token_id, asset_id, task_id, job_id, proxy_id, session,
                          started_at)
values ($1, $2, $3, $4, nullif($5::bigint, 0), nullif($6::bigint, 0), $7, $8, $9, nullif($10::bigint, 0), $11, $12) returning id)sql";

// Where it was forgotten meanwhile the caller looks again.
constexpr char kReviveAsset[] = R"sql(
update assets set state = 'live', error = '' where id = $1 and state in ('live', 'processing', 'playable', 'complete'))sql";

constexpr char kResume[] = R"sql(
update live_streams set state = 'starting', source = $2, task_id = $3, job_id = $4, session = $5, proxy_id = nullif($6::bigint, 0),
  user_id = nullif($7::bigint, 0), token_id = nullif($8::bigint, 0), reported_at = now(), publishing = true, gone_at = null,
  pending_bytes = 0, proxy_report = '{}', worker_at = null, reason = '', end_reason = '', ended_at = null
where id = $1)sql";

constexpr char kGet[] = LECTERN_STREAM_SELECT "where s.id = $1";

bool IsRunning(const std::string& state) { return state == "starting" || state == "live" || state == "interrupted"; }

bool CanGoOn(const pg::Row& row) {
  const std::string state = row.Text("asset_state");
  const bool there = state == "live" || state == "processing" || state == "playable" || state == "complete";
  return there && row.Bool("kept");
}

absl::Status Ended() {
  return WithReason(absl::FailedPreconditionError("the live stream of this lecture was ended"), "STREAM_ENDED");
}

absl::Status CheckNewest(pg::Session& session, const std::string& publisher) {
  ASSIGN_OR_RETURN(pg::Rows rows, session.Run({"live_is_superseded", kIsSuperseded}, publisher));
  if (rows.empty()) return absl::OkStatus();
  return WithReason(absl::AbortedError("a newer connection with this token owns the live stream"), "SUPERSEDED");
}

// The lecture that a stream is opened for.
struct Place {
  int64_t organization = 0;
  absl::Time now;
  absl::Time ends_at;
};

absl::StatusOr<InsertedTask> InsertIngest(pg::Session& session, JobStore& jobs, const OpenLive& request, const Place& place,
                                          int64_t asset, const std::string& upload, absl::Time start) {
  const bool pull = request.source == "hall";
  const int64_t end_ms = pull && place.ends_at != absl::InfiniteFuture() ? absl::ToUnixMillis(place.ends_at) : 0;
  const PlannedJob ingest =
      PlanLiveIngest({upload, request.lecture_id, request.view}, absl::ToUnixMillis(start), pull, end_ms);
  NewTask task;
  task.organization = place.organization;
  task.kind = "live";
  task.lecture = request.lecture_id;
  task.asset = asset;
  task.created_by = request.user_id;
  task.jobs.push_back(ToNewJob(ingest, {}, 0, 0));
  return jobs.InsertTask(session, task);
}

absl::Status TakeOver(pg::Session& session, const OpenLive& request, const pg::Row& newest) {
  if (request.source == "hall") return absl::OkStatus();
  if (newest.Text("source") == "hall") {
    return WithReason(absl::FailedPreconditionError("the lecture hall has this view on air"), "ON_AIR_FROM_HALL");
  }
  RETURN_IF_ERROR(session.Run({"live_supersede", kSupersede}, newest.Int("id"), request.session).status());
  return session
      .Run({"live_take_over", kTakeOver}, newest.Int("id"), request.session, request.proxy_id, request.user_id, request.token_id)
      .status();
}

// What was to end or to improve the recording is cancelled; the API instances to be told.
absl::StatusOr<std::vector<std::string>> Resume(pg::Session& session, JobStore& jobs, const OpenLive& request, const Place& place,
                                                const pg::Row& ended) {
  const int64_t asset = ended.Int("asset_id");
  ASSIGN_OR_RETURN(std::vector<std::string> instances, jobs.CancelAll(session, 0, asset));
  ASSIGN_OR_RETURN(pg::Rows revived, session.Run({"live_revive_asset", kReviveAsset}, asset));
  if (revived.affected() == 0) return absl::AbortedError("the recording was forgotten meanwhile");
  ASSIGN_OR_RETURN(InsertedTask task, InsertIngest(session, jobs, request, place, asset, ended.Text("upload_id"),
                                                   ended.Time("started_at")));
  RETURN_IF_ERROR(session.Run({"live_supersede", kSupersede}, ended.Int("id"), request.session).status());
  RETURN_IF_ERROR(session
                      .Run({"live_resume", kResume}, ended.Int("id"), request.source, task.task, task.jobs[0], request.session,
                           request.proxy_id, request.user_id, request.token_id)
                      .status());
  return instances;
}

absl::StatusOr<int64_t> Create(pg::Session& session, JobStore& jobs, const OpenLive& request, const Place& place) {
  // Whole milliseconds, as everybody else counts.
  const absl::Time start = absl::FromUnixMillis(absl::ToUnixMillis(place.now));
  const std::string upload = RandomHex(16);
  ASSIGN_OR_RETURN(pg::Rows asset, session.Run({"live_insert_asset", kInsertAsset}, upload, request.lecture_id,
                                               place.organization, request.view, request.vod_resource_id, request.user_id));
  if (asset.empty()) return NotFound("RESOURCE_NOT_FOUND", "VOD service", request.vod_resource_id);
  ASSIGN_OR_RETURN(InsertedTask task, InsertIngest(session, jobs, request, place, asset[0].Int("id"), upload, start));
  ASSIGN_OR_RETURN(pg::Rows stream,
                   session.Run({"live_insert", kInsertStream}, request.lecture_id, place.organization, request.view,
                               request.source, request.user_id, request.token_id, asset[0].Int("id"), task.task, task.jobs[0],
                               request.proxy_id, request.session, start));
  return stream[0].Int("id");
}

}  // namespace

absl::StatusOr<OpenedLive> LiveStore::Open(const OpenLive& request) {
  OpenedLive opened;
  RETURN_IF_ERROR(pool_.Transaction([&](pg::Session& session) -> absl::Status {
    ASSIGN_OR_RETURN(opened, Open(session, request));
    return absl::OkStatus();
  }));
  return opened;
}

absl::StatusOr<OpenedLive> LiveStore::Open(pg::Session& session, const OpenLive& request) {
  ASSIGN_OR_RETURN(pg::Rows lecture, session.Run({"live_lock_lecture", kLockLecture}, request.lecture_id));
  if (lecture.empty()) return NotFound("LECTURE_NOT_FOUND", "lecture", request.lecture_id);
  const Place place{lecture[0].Int("organization_id"), lecture[0].Time("now"), lecture[0].Time("ends_at")};
  if (lecture[0].Bool("ended")) return Ended();
  RETURN_IF_ERROR(CheckNewest(session, request.session));
  ASSIGN_OR_RETURN(pg::Rows newest, session.Run({"live_newest", kNewest}, request.lecture_id, request.view));
  OpenedLive opened;
  int64_t id = 0;
  if (!newest.empty() && IsRunning(newest[0].Text("state"))) {
    id = newest[0].Int("id");
    RETURN_IF_ERROR(TakeOver(session, request, newest[0]));
  } else if (!newest.empty() && newest[0].Bool("by_hand")) {
    return Ended();
  } else if (!newest.empty() && CanGoOn(newest[0])) {
    id = newest[0].Int("id");
    opened.resumed = true;
    ASSIGN_OR_RETURN(opened.instances, Resume(session, jobs_, request, place, newest[0]));
  } else {
    opened.first = true;
    ASSIGN_OR_RETURN(id, Create(session, jobs_, request, place));
  }
  ASSIGN_OR_RETURN(pg::Rows rows, session.Run({"live_get", kGet}, id));
  opened.stream = ParseStream(rows[0]);
  return opened;
}

}  // namespace lectern::api
