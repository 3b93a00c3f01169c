#include "api/services/due_lecture.h"

#include <string>
#include <vector>

#include "api/services/vod_choice.h"
#include "common/base/status.h"
#include "common/log/log.h"

namespace lectern::api {
namespace {

// A VOD service that restarts just now is better than none: the worker keeps the segments until it is back.
constexpr absl::Duration kMaxVodSilence = absl::Minutes(2);

constexpr int kMaxStreamsOfLecture = 50;

}  // namespace

absl::StatusOr<OpenedLive> DueLecture::Open(const UserRow& person, const std::optional<LiveStreamRow>& before,
                                            OpenLive open) const {
  ASSIGN_OR_RETURN(open.lecture_id, Find(person, before, open.view));
  ASSIGN_OR_RETURN(open.vod_resource_id, VodServiceFor(open.lecture_id, open.view));
  ASSIGN_OR_RETURN(OpenedLive opened, deps_.stores.live.Open(open));
  if (before && before->rehearsal && before->id != opened.stream.id) {
    absl::Status ended = deps_.live.End({before->id}, "the lecture has begun", true);
    if (!ended.ok()) log::Warn("a rehearsal goes on beside its lecture", {{"stream", before->id}, {"error", ended.message()}});
  }
  return opened;
}

absl::StatusOr<int64_t> DueLecture::Find(const UserRow& person, const std::optional<LiveStreamRow>& before,
                                         const std::string& view) const {
  if (before && !before->rehearsal) {
    ASSIGN_OR_RETURN(AccessFacts facts, deps_.stores.access.Facts("lectures", before->lecture_id, person.id));
    Caller caller;
    caller.kind = Caller::Kind::kUser;
    caller.user_id = person.id;
    caller.role = person.role;
    if (facts.exists && LevelFor(caller, facts) >= Level::kLecturer) return before->lecture_id;
  }
  LectureStore& lectures = deps_.stores.lectures;
  ASSIGN_OR_RETURN(std::optional<int64_t> interrupted, lectures.FindInterrupted(person.id, deps_.live_grace));
  if (interrupted) return *interrupted;
  ASSIGN_OR_RETURN(std::optional<int64_t> due, lectures.FindDue(person.id, view, deps_.live_early, deps_.live_late));
  if (due) return *due;
  ASSIGN_OR_RETURN(std::optional<int64_t> overrunning, lectures.FindOverrunning(person.id));
  if (overrunning) return *overrunning;
  return lectures.OpenRehearsal(person.id);
}

absl::StatusOr<int64_t> DueLecture::VodServiceFor(int64_t lecture, const std::string& view) const {
  ASSIGN_OR_RETURN(LectureRow row, deps_.stores.lectures.Get(lecture));
  absl::StatusOr<EligibleResource> chosen =
      ChooseVodService(deps_.stores.resources, row.organization_id, 0, deps_.suspect_after);
  if (chosen.ok()) return chosen->id;
  if (ReasonOf(chosen.status()) != "NO_VOD_SERVICE") return chosen.status();
  absl::StatusOr<EligibleResource> silent = ChooseVodService(deps_.stores.resources, row.organization_id, 0, kMaxVodSilence);
  if (silent.ok()) return silent->id;
  // What is on air goes on where it began, also while that VOD service is away.
  LiveFilter filter;
  filter.lecture = lecture;
  filter.include_ended = true;
  filter.limit = kMaxStreamsOfLecture;
  ASSIGN_OR_RETURN(std::vector<LiveStreamRow> streams, deps_.stores.live.List(filter));
  for (const LiveStreamRow& stream : streams) {
    if (stream.view == view) return stream.vod_resource_id;
  }
  return chosen.status();
}

}  // namespace lectern::api
