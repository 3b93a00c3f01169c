// The part of LectureService that changes lectures.
#include <google/protobuf/empty.pb.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "api/services/convert.h"
#include "api/services/fields.h"
#include "api/services/media_removal.h"
#include "api/services/pictures.h"
#include "api/services/series.h"
#include "api/services/services.h"
#include "common/base/status.h"
#include "lectern/v1/lectures.pb.h"

namespace lectern::api {
namespace {

using google::protobuf::Empty;

constexpr int kMaxTitle = 300;
constexpr int kMaxDescription = 20000;
constexpr char kNoHall[] = "-";
constexpr absl::Duration kWatchInterval = absl::Seconds(1);

absl::Status CheckOrder(std::optional<absl::Time> start, std::optional<absl::Time> end) {
  if (!start || !end || *end > *start) return absl::OkStatus();
  return BadField("end_time", absl::FormatTime(*end, absl::UTCTimeZone()), "write a time after start_time");
}

// What both ways to create lectures ask for, times and title as they were written.
template <typename Request>
absl::StatusOr<NewLecture> RowOf(const Request& request) {
  NewLecture row;
  ASSIGN_OR_RETURN(row.course_id, RequireName("course", request.course(), "courses"));
  ASSIGN_OR_RETURN(row.title, RequireText("title", request.title(), kMaxTitle));
  ASSIGN_OR_RETURN(row.description, OptionalText("description", request.description(), kMaxDescription));
  ASSIGN_OR_RETURN(row.starts_at, OptionalTime("start_time", request.has_start_time(), request.start_time()));
  ASSIGN_OR_RETURN(row.ends_at, OptionalTime("end_time", request.has_end_time(), request.end_time()));
  RETURN_IF_ERROR(CheckOrder(row.starts_at, row.ends_at));
  ASSIGN_OR_RETURN(row.hall_id, OptionalName("hall", request.hall(), "halls"));
  return row;
}

// What a watcher saw last.
struct Watched {
  std::string message;
};

class LectureWriting {
 public:
  explicit LectureWriting(const ServiceDeps& deps) : deps_(deps), pictures_(deps_) {}

  absl::Status Create(CallContext& call, const v1::CreateLectureRequest& request, v1::Lecture& lecture) {
    ASSIGN_OR_RETURN(NewLecture row, RowOf(request));
    if (row.hall_id) RETURN_IF_ERROR(CheckHall(*row.hall_id, row.course_id));
    ASSIGN_OR_RETURN(LectureRow inserted, deps_.stores.lectures.Insert(row, call.caller));
    return Answer(call, inserted, lecture);
  }

  absl::Status CreateSeries(CallContext& call, const v1::CreateLectureSeriesRequest& request,
                            v1::CreateLectureSeriesResponse& response) {
    ASSIGN_OR_RETURN(NewLecture first, RowOf(request));
    SeriesPlan plan;
    ASSIGN_OR_RETURN(plan.until, OptionalTime("until_time", request.has_until_time(), request.until_time()));
    plan.interval_weeks = request.interval_weeks();
    plan.time_zone = request.time_zone();
    ASSIGN_OR_RETURN(std::vector<NewLecture> lectures, PlanSeries(first, plan));
    for (const NewLecture& lecture : lectures) RETURN_IF_ERROR(RequireText("title", lecture.title, kMaxTitle).status());
    if (first.hall_id) RETURN_IF_ERROR(CheckHall(*first.hall_id, first.course_id));
    ASSIGN_OR_RETURN(std::vector<LectureRow> rows, deps_.stores.lectures.InsertSeries(lectures, call.caller));
    return pictures_.Answer(call.caller, rows, [&] { return response.add_lectures(); });
  }

  absl::Status Update(CallContext& call, const v1::UpdateLectureRequest& request, v1::Lecture& lecture) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "lectures"));
    LectureChange change;
    if (!request.title().empty()) {
      ASSIGN_OR_RETURN(change.title, RequireText("title", request.title(), kMaxTitle));
    }
    if (request.has_description()) {
      ASSIGN_OR_RETURN(change.description, OptionalText("description", request.description(), kMaxDescription));
    }
    ASSIGN_OR_RETURN(change.starts_at, OptionalTime("start_time", request.has_start_time(), request.start_time()));
    ASSIGN_OR_RETURN(change.ends_at, OptionalTime("end_time", request.has_end_time(), request.end_time()));
    RETURN_IF_ERROR(CheckOrder(change.starts_at, change.ends_at));
    if (request.hall() == kNoHall) {
      change.hall_id = 0;
    } else if (!request.hall().empty()) {
      ASSIGN_OR_RETURN(change.hall_id, OptionalName("hall", request.hall(), "halls"));
      ASSIGN_OR_RETURN(LectureRow lecture_now, deps_.stores.lectures.Get(id));
      RETURN_IF_ERROR(CheckHall(*change.hall_id, lecture_now.course_id));
    }
    ASSIGN_OR_RETURN(LectureRow row, deps_.stores.lectures.Update(id, change, call.caller));
    return Answer(call, row, lecture);
  }

  absl::Status Delete(CallContext& call, const v1::DeleteLectureRequest& request, Empty&) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "lectures"));
    RETURN_IF_ERROR(EndStreams(id, "the lecture was deleted"));
    std::vector<std::string> instances;
    RETURN_IF_ERROR(deps_.pool.Transaction([&](pg::Session& session) -> absl::Status {
      ASSIGN_OR_RETURN(std::vector<MediaRow> media, deps_.stores.assets.MediaOfLecture(session, id));
      ASSIGN_OR_RETURN(instances, RemoveMedia(session, deps_.stores.jobs, deps_.stores.revocations, media, call.caller.user_id));
      return deps_.stores.lectures.Delete(session, id);
    }));
    TellOfRemoval(deps_.hints, instances);
    return absl::OkStatus();
  }

  absl::Status Start(CallContext& call, const v1::StartLectureRequest& request, v1::Lecture& lecture) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "lectures"));
    ASSIGN_OR_RETURN(LectureRow row, deps_.stores.lectures.Start(id, call.caller));
    return Answer(call, row, lecture);
  }

  absl::Status End(CallContext& call, const v1::EndLectureRequest& request, v1::Lecture& lecture) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "lectures"));
    // First, so that nobody takes a stream up again in between.
    RETURN_IF_ERROR(deps_.stores.lectures.End(id).status());
    RETURN_IF_ERROR(EndStreams(id, "the lecture was ended"));
    ASSIGN_OR_RETURN(LectureRow row, deps_.stores.lectures.Get(id, call.caller));
    return Answer(call, row, lecture);
  }

  // Addresses of pictures change with the hour, so that they alone are no change.
  absl::Status Watch(CallContext& call, const v1::WatchLectureRequest& request, Watched& last, std::vector<v1::Lecture>& events) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "lectures"));
    ASSIGN_OR_RETURN(LectureRow row, deps_.stores.lectures.Get(id, call.caller));
    v1::Lecture lecture;
    ToProto(row, lecture);
    std::string message = lecture.SerializeAsString();
    if (message == last.message) return absl::OkStatus();
    last.message = std::move(message);
    RETURN_IF_ERROR(pictures_.AddOne(call.caller, row, lecture));
    events.push_back(std::move(lecture));
    return absl::OkStatus();
  }

 private:
  // Where the course's lectures can take place.
  absl::Status CheckHall(int64_t hall, int64_t course) {
    ASSIGN_OR_RETURN(bool serves, deps_.stores.halls.Serves(hall, course));
    if (serves) return absl::OkStatus();
    return WithReason(absl::NotFoundError(absl::StrCat(NameOf("halls", hall), " does not exist, or is neither of this course's "
                                                       "organization nor of one above it")),
                      "HALL_NOT_FOUND");
  }

  absl::Status EndStreams(int64_t lecture, absl::string_view reason) {
    ASSIGN_OR_RETURN(std::vector<int64_t> streams, deps_.stores.live.ListRunning(lecture));
    return streams.empty() ? absl::OkStatus() : deps_.live.End(streams, reason, true);
  }

  absl::Status Answer(const CallContext& call, const LectureRow& row, v1::Lecture& lecture) const {
    ToProto(row, lecture);
    return pictures_.AddOne(call.caller, row, lecture);
  }

  const ServiceDeps deps_;
  const Pictures pictures_;
};

}  // namespace

void AddLectureWriting(Registry& registry, const ServiceDeps& deps) {
  auto service = std::make_shared<LectureWriting>(deps);
  registry.Add("lectern.v1.LectureService.CreateLecture", service, &LectureWriting::Create);
  registry.Add("lectern.v1.LectureService.CreateLectureSeries", service, &LectureWriting::CreateSeries);
  registry.Add("lectern.v1.LectureService.UpdateLecture", service, &LectureWriting::Update);
  registry.Add("lectern.v1.LectureService.DeleteLecture", service, &LectureWriting::Delete);
  registry.Add("lectern.v1.LectureService.StartLecture", service, &LectureWriting::Start);
  registry.Add("lectern.v1.LectureService.EndLecture", service, &LectureWriting::End);
  registry.AddWatch("lectern.v1.LectureService.WatchLecture", kWatchInterval, service, &LectureWriting::Watch);
}

}  // namespace lectern::api
