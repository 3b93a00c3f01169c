#include "api/control/live_loop.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "api/domain/task_graph.h"
#include "common/base/status.h"
#include "common/log/log.h"

namespace lectern::api {
namespace {

constexpr absl::Duration kInterval = absl::Milliseconds(500);
// A gap between two runs longer than this is an outage of this process (frozen, starved).
constexpr absl::Duration kGap = absl::Seconds(5);
constexpr absl::Duration kReportInterval = absl::Seconds(5);
constexpr absl::Duration kSweepInterval = absl::Minutes(1);
constexpr absl::Duration kComplainInterval = absl::Minutes(1);
// A hall that starts later than this was kept from it.
constexpr absl::Duration kLate = absl::Seconds(5);
constexpr int kMostRehearsals = 100;
// A full house is not asked for room with every run.
constexpr absl::Duration kMoveInterval = absl::Seconds(5);
constexpr int kMostMoves = 50;
constexpr absl::Duration kForgetSuperseded = absl::Hours(24);

bool IsOutage(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) || absl::IsInternal(status);
}

}  // namespace

LiveLoop::LiveLoop(Shared& shared, Leader& leader, LiveControl& live) : shared_(shared), leader_(leader), live_(live) {}

LiveLoop::~LiveLoop() { Stop(); }

void LiveLoop::Start() {
  loop_ = std::make_unique<PeriodicLoop>("live", kInterval, [this] { Run(); });
}

void LiveLoop::Stop() {
  if (loop_) loop_->Stop();
}

// Silence counts only as far as this instance could have heard, as with resources (reaper.cc).
void LiveLoop::Run() {
  const absl::Duration now = shared_.clock.Steady();
  const bool gap = now - std::exchange(last_run_, now) > kGap;
  if (!leader_.IsLeader()) {
    if (well_since_ != absl::InfiniteDuration()) shared_.metrics.SetLiveStreams({});   // the leader's word counts
    well_since_ = absl::InfiniteDuration();
    return;
  }
  if (gap || well_since_ > now) well_since_ = now;
  const absl::Status applied = Apply(now - well_since_);
  last_run_ = shared_.clock.Steady();
  if (applied.ok()) return;
  if (IsOutage(applied)) well_since_ = last_run_;
  log::Warn("live streams could not be looked after", {{"error", applied.ToString()}});
}

absl::Status LiveLoop::Apply(absl::Duration well_for) {
  if (well_for >= shared_.config.live_silence) {
    RETURN_IF_ERROR(shared_.live.MarkInterrupted(shared_.config.live_silence).status());
  }
  RETURN_IF_ERROR(EndDue(well_for));
  RETURN_IF_ERROR(EmptyDraining());
  RETURN_IF_ERROR(StartHalls());
  const absl::Duration now = shared_.clock.Steady();
  if (now - reported_at_ >= kReportInterval) {
    reported_at_ = now;
    Report();
  }
  if (now - swept_at_ < std::min(kSweepInterval, shared_.config.rehearsal_age)) return absl::OkStatus();
  swept_at_ = now;
  RETURN_IF_ERROR(shared_.live.ForgetSuperseded(kForgetSuperseded));
  return DeleteRehearsals();
}

absl::Status LiveLoop::EndDue(absl::Duration well_for) {
  ASSIGN_OR_RETURN(std::vector<DueEnd> due, shared_.live.ListDueEnds({shared_.config.live_grace, well_for}));
  for (const DueEnd& end : due) {
    const absl::Status ended = live_.End(absl::MakeConstSpan(&end.stream, 1), end.reason, end.by_hand);
    if (IsOutage(ended)) return ended;
    if (!ended.ok()) log::Warn("a live stream could not be ended", {{"stream", end.stream}, {"error", ended.ToString()}});
  }
  return absl::OkStatus();
}

// One in each run, so that a worker with many does not make all of their proxies ask at once.
absl::Status LiveLoop::EmptyDraining() {
  const absl::Duration now = shared_.clock.Steady();
  if (now - moved_none_at_ < kMoveInterval) return absl::OkStatus();
  ASSIGN_OR_RETURN(std::vector<int64_t> streams, shared_.live.ListOnDraining(kMostMoves));
  for (const int64_t stream : streams) {
    const absl::Status moved = live_.Move(stream, "its worker is being drained");
    if (moved.ok() || IsOutage(moved)) return moved;
  }
  if (!streams.empty()) moved_none_at_ = now;
  return absl::OkStatus();
}

absl::Status LiveLoop::StartHalls() {
  ASSIGN_OR_RETURN(std::vector<DueHall> halls, shared_.live.ListDueHalls());
  for (const DueHall& due : halls) {
    const absl::Status started = StartHall(due);
    if (IsOutage(started)) return started;
    if (started.ok()) continue;
    const absl::Duration now = shared_.clock.Steady();
    auto [said, first] = complained_.try_emplace(due.lecture_id, now);
    if (!first && now - said->second < kComplainInterval) continue;
    said->second = now;
    log::Warn("a lecture hall could not go live",
              {{"lecture", due.lecture_id}, {"view", due.view}, {"error", started.ToString()}});
  }
  if (halls.empty()) complained_.clear();
  return absl::OkStatus();
}

absl::Status LiveLoop::StartHall(const DueHall& due) {
  ASSIGN_OR_RETURN(std::vector<EligibleResource> keepers,
                   shared_.resources.ListEligible(due.organization_id, "vod_service", shared_.config.suspect_after, 1));
  if (keepers.empty()) {
    return absl::FailedPreconditionError("no VOD service of its organization, of one above it or shared is alive");
  }
  OpenLive request;
  request.lecture_id = due.lecture_id;
  request.view = due.view;
  request.source = "hall";
  request.vod_resource_id = keepers[0].id;
  ASSIGN_OR_RETURN(OpenedLive opened, shared_.live.Open(request));
  log::Info("lecture hall goes live",
            {{"lecture", due.lecture_id}, {"view", due.view}, {"stream", opened.stream.id}, {"late", due.late}});
  if (opened.first && due.late > kLate) shared_.metrics.CountLateStart();
  for (const std::string& instance : opened.instances) shared_.hints.push(instance);
  shared_.hints.work();
  return absl::OkStatus();
}

absl::Status LiveLoop::DeleteRehearsals() {
  ASSIGN_OR_RETURN(std::vector<int64_t> lectures, shared_.live.ListOldRehearsals(shared_.config.rehearsal_age, kMostRehearsals));
  for (const int64_t lecture : lectures) RETURN_IF_ERROR(DeleteRehearsal(lecture));
  return absl::OkStatus();
}

// As a lecture that a person deletes.
absl::Status LiveLoop::DeleteRehearsal(int64_t lecture) {
  std::vector<std::string> instances;
  RETURN_IF_ERROR(shared_.pool.Transaction([&](pg::Session& session) -> absl::Status {
    ASSIGN_OR_RETURN(std::vector<MediaRow> media, shared_.assets.MediaOfLecture(session, lecture));
    ASSIGN_OR_RETURN(instances, shared_.jobs.CancelAll(session, lecture, 0));
    RETURN_IF_ERROR(shared_.revocations.Insert(session, lecture, "", shared_.config.playback_lifetime).status());
    for (const MediaRow& row : media) {
      NewTask task;
      task.organization = row.organization_id;
      task.kind = "delete_media";
      task.asset = row.asset_id;
      task.idempotency_key = absl::StrCat("delete:", row.upload_id);
      task.jobs.push_back(ToNewJob(PlanDeleteMedia({row.upload_id, lecture, row.view}), {}, 0, row.vod_resource_id));
      RETURN_IF_ERROR(shared_.jobs.InsertTask(session, task).status());
    }
    return shared_.lectures.Delete(session, lecture);
  }));
  log::Info("rehearsal deleted", {{"lecture", lecture}});
  for (const std::string& instance : instances) shared_.hints.push(instance);
  shared_.hints.directory();
  shared_.hints.work();
  return absl::OkStatus();
}

void LiveLoop::Report() {
  const absl::StatusOr<LiveCounts> counts = shared_.live.Count();
  if (counts.ok()) shared_.metrics.SetLiveStreams(counts->by_state);
}

}  // namespace lectern::api
