#include <google/api/httpbody.pb.h>
#include <google/protobuf/empty.pb.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "api/services/convert.h"
#include "api/services/fields.h"
#include "api/services/icalendar.h"
#include "api/services/services.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "lectern/v1/calendars.pb.h"

namespace lectern::api {
namespace {

using google::api::HttpBody;
using google::protobuf::Empty;

constexpr int kTokenBytes = 32;
// As long as such a lecture gets when it goes live.
constexpr absl::Duration kUsualLength = absl::Minutes(90);

void ToProto(const CalendarFeedRow& row, v1::CalendarFeed& feed) {
  feed.set_name(NameOf("calendarFeeds", row.id));
  feed.set_course(NameOf("courses", row.course_id));
  feed.set_course_title(row.course_title);
  SetTime(row.created_at, *feed.mutable_create_time());
  if (row.last_used_at) SetTime(*row.last_used_at, *feed.mutable_last_use_time());
}

class CalendarService {
 public:
  explicit CalendarService(const ServiceDeps& deps) : deps_(deps) {}

  absl::Status GetCourse(CallContext& call, const v1::GetCourseCalendarRequest& request, HttpBody& body) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "courses"));
    return Write(call.caller, id, body);
  }

  absl::Status Create(CallContext& call, const v1::CreateCalendarFeedRequest& request, v1::CreateCalendarFeedResponse& response) {
    ASSIGN_OR_RETURN(std::optional<int64_t> course, OptionalName("course", request.course(), "courses"));
    if (course) RETURN_IF_ERROR(CheckCourse(call.caller, *course));
    const std::string token = RandomHex(kTokenBytes);
    ASSIGN_OR_RETURN(CalendarFeedRow row, deps_.stores.calendar.InsertFeed(call.caller.user_id, course, Sha256(token)));
    ToProto(row, *response.mutable_calendar_feed());
    response.set_path(absl::StrCat("/v1/calendars/", token, ".ics"));
    return absl::OkStatus();
  }

  absl::Status List(CallContext& call, const v1::ListCalendarFeedsRequest& request, v1::ListCalendarFeedsResponse& response) {
    ASSIGN_OR_RETURN(PageRequest page, RequirePage(request.page_size(), request.page_token(), 50, 200));
    ASSIGN_OR_RETURN(Page<CalendarFeedRow> feeds, deps_.stores.calendar.ListFeeds(call.caller, page));
    for (const CalendarFeedRow& row : feeds.rows) ToProto(row, *response.add_calendar_feeds());
    response.set_next_page_token(feeds.next_token);
    return absl::OkStatus();
  }

  absl::Status Revoke(CallContext& call, const v1::RevokeCalendarFeedRequest& request, Empty&) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "calendarFeeds"));
    return deps_.stores.calendar.RevokeFeed(call.caller.user_id, id);
  }

  absl::Status GetFeed(CallContext&, const v1::GetCalendarFeedRequest& request, HttpBody& body) {
    ASSIGN_OR_RETURN(CalendarFeedUse use, deps_.stores.calendar.UseFeed(Sha256(absl::StripSuffix(request.token(), ".ics"))));
    return Write(use.person, use.course_id, body);
  }

 private:
  absl::Status CheckCourse(const Caller& caller, int64_t course) {
    ASSIGN_OR_RETURN(AccessFacts facts, deps_.stores.access.Facts("courses", course, caller.user_id));
    if (facts.exists && LevelFor(caller, facts) >= Level::kViewer) return absl::OkStatus();
    return WithReason(absl::NotFoundError(absl::StrCat(NameOf("courses", course), " does not exist or is not for you to see")),
                      "COURSE_NOT_FOUND");
  }

  absl::Status Write(const Caller& reader, std::optional<int64_t> course, HttpBody& body) {
    ASSIGN_OR_RETURN(std::vector<CalendarLectureRow> rows, deps_.stores.calendar.ListLectures(reader, course));
    Calendar calendar;
    calendar.display_name = course && !rows.empty() ? rows[0].course_title : "Lectures";
    for (const CalendarLectureRow& row : rows) calendar.events.push_back(EventOf(row));
    // To the hour, so that a program that asks often finds that nothing has changed.
    const absl::Time stamp = absl::FromUnixSeconds(absl::ToUnixSeconds(deps_.clock.Now()) / 3600 * 3600);
    body.set_content_type(kCalendarType);
    body.set_data(WriteCalendar(calendar, stamp));
    return absl::OkStatus();
  }

  CalendarEvent EventOf(const CalendarLectureRow& row) const {
    CalendarEvent event;
    event.uid = absl::StrCat("lecture-", row.lecture_id, "@lectern");
    event.summary = absl::StrCat(row.course_title, ": ", row.title);
    event.description = row.description;
    event.location = row.hall;
    if (!deps_.public_url.empty()) {
      event.url = absl::StrCat(absl::StripSuffix(deps_.public_url, "/"), "/", NameOf("lectures", row.lecture_id));
    }
    event.start = row.starts_at;
    event.end = row.ends_at.value_or(row.starts_at + kUsualLength);
    event.created = row.created_at;
    return event;
  }

  const ServiceDeps deps_;
};

}  // namespace

void AddCalendarService(Registry& registry, const ServiceDeps& deps) {
  auto service = std::make_shared<CalendarService>(deps);
  registry.Add("lectern.v1.CalendarService.GetCourseCalendar", service, &CalendarService::GetCourse);
  registry.Add("lectern.v1.CalendarService.CreateCalendarFeed", service, &CalendarService::Create);
  registry.Add("lectern.v1.CalendarService.ListCalendarFeeds", service, &CalendarService::List);
  registry.Add("lectern.v1.CalendarService.RevokeCalendarFeed", service, &CalendarService::Revoke);
  registry.Add("lectern.v1.CalendarService.GetCalendarFeed", service, &CalendarService::GetFeed);
}

}  // namespace lectern::api
