#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "api/services/convert.h"
#include "api/services/fields.h"
#include "api/services/installation.h"
#include "api/services/pictures.h"
#include "api/services/services.h"
#include "common/base/status.h"
#include "lectern/v1/home.pb.h"
#include "lectern/v1/lectures.pb.h"

namespace lectern::api {
namespace {

constexpr int kMaxTerm = 20;
constexpr int kMinQuery = 2;
constexpr int kMaxQuery = 200;

class HomeService {
 public:
  explicit HomeService(const ServiceDeps& deps) : deps_(deps) {}

  absl::Status GetMe(CallContext& call, const v1::GetMeRequest&, v1::Me& me) {
    RETURN_IF_ERROR(ReadInstallation(deps_, *me.mutable_installation()));
    ASSIGN_OR_RETURN(std::vector<AnnouncementRow> announcements, deps_.stores.announcements.ListCurrent());
    for (const AnnouncementRow& row : announcements) ToProto(row, *me.add_announcements());
    SetTime(deps_.clock.Now(), *me.mutable_now());
    if (!call.caller.is_user()) return absl::OkStatus();
    ASSIGN_OR_RETURN(PersonRow person, deps_.stores.home.Person(call.caller.user_id));
    ToProto(person.user, *me.mutable_user());
    for (int64_t organization : person.maintains) me.add_maintains(NameOf("organizations", organization));
    me.set_teaches(person.teaches);
    me.set_administrator(person.user.role == "administrator");
    return ParseSettings(person.settings_json, *me.mutable_settings());
  }

  absl::Status GetHome(CallContext& call, const v1::GetHomeRequest& request, v1::Home& home) {
    ASSIGN_OR_RETURN(std::string term, OptionalText("term", request.term(), kMaxTerm));
    ASSIGN_OR_RETURN(HomeLectures lectures, deps_.stores.home.Lectures(call.caller));
    ASSIGN_OR_RETURN(HomeCourses courses, deps_.stores.home.Courses(call.caller, term));
    std::vector<LectureRow> rows;
    std::vector<v1::Lecture*> messages;
    auto add = [&](std::vector<LectureRow>& list, google::protobuf::RepeatedPtrField<v1::Lecture>& answer) {
      for (LectureRow& row : list) {
        messages.push_back(answer.Add());
        ToProto(row, *messages.back());
        rows.push_back(std::move(row));
      }
    };
    add(lectures.live, *home.mutable_live());
    add(lectures.upcoming, *home.mutable_upcoming());
    add(lectures.continue_watching, *home.mutable_continue_watching());
    for (const CourseRow& row : courses.mine) ToProto(row, *home.add_my_courses());
    for (const CourseRow& row : courses.listed) ToProto(row, *home.add_public_courses());
    for (const std::string& known : courses.terms) home.add_terms(known);
    home.set_term(courses.term);
    SetTime(deps_.clock.Now(), *home.mutable_now());
    return pictures_.Add(call.caller, rows, messages);
  }

  absl::Status Search(CallContext& call, const v1::SearchRequest& request, v1::SearchResponse& response) {
    ASSIGN_OR_RETURN(std::string query, RequireText("query", request.query(), kMaxQuery));
    if (CountCharacters(query) < kMinQuery) {
      return BadField("query", query, absl::StrCat("write at least ", kMinQuery, " characters"));
    }
    ASSIGN_OR_RETURN(PageRequest page, RequirePage(request.page_size(), request.page_token(), 20, 50));
    ASSIGN_OR_RETURN(std::optional<int64_t> course, OptionalName("course", request.course(), "courses"));
    ASSIGN_OR_RETURN(Page<SearchHitRow> hits, deps_.stores.search.Search(call.caller, query, course, page));
    response.set_next_page_token(hits.next_token);
    return Show(call.caller, hits.rows, response);
  }

 private:
  absl::Status Show(const Caller& reader, const std::vector<SearchHitRow>& hits, v1::SearchResponse& response) {
    std::vector<int64_t> course_ids, lecture_ids;
    for (const SearchHitRow& hit : hits) (hit.course ? course_ids : lecture_ids).push_back(hit.id);
    ASSIGN_OR_RETURN(std::vector<CourseRow> courses, deps_.stores.courses.GetMany(course_ids, reader));
    ASSIGN_OR_RETURN(std::vector<LectureRow> lectures, deps_.stores.lectures.GetMany(lecture_ids, reader));
    std::map<int64_t, const CourseRow*> course_by_id;
    std::map<int64_t, const LectureRow*> lecture_by_id;
    for (const CourseRow& row : courses) course_by_id[row.id] = &row;
    for (const LectureRow& row : lectures) lecture_by_id[row.id] = &row;
    std::vector<LectureRow> rows;
    std::vector<v1::Lecture*> messages;
    for (const SearchHitRow& hit : hits) {
      // What was deleted, or closed to the reader, since it was found is not shown.
      auto course = course_by_id.find(hit.id);
      auto lecture = lecture_by_id.find(hit.id);
      if (hit.course && course != course_by_id.end() && course->second->level >= Level::kViewer) {
        ToProto(*course->second, *response.add_hits()->mutable_course());
      } else if (!hit.course && lecture != lecture_by_id.end() && lecture->second->level >= Level::kViewer) {
        messages.push_back(response.add_hits()->mutable_lecture());
        ToProto(*lecture->second, *messages.back());
        rows.push_back(*lecture->second);
      }
    }
    return pictures_.Add(reader, rows, messages);
  }

  const ServiceDeps deps_;
  const Pictures pictures_{deps_};
};

}  // namespace

void AddHomeService(Registry& registry, const ServiceDeps& deps) {
  auto service = std::make_shared<HomeService>(deps);
  registry.Add("lectern.v1.HomeService.GetMe", service, &HomeService::GetMe);
  registry.Add("lectern.v1.HomeService.GetHome", service, &HomeService::GetHome);
  registry.Add("lectern.v1.HomeService.Search", service, &HomeService::Search);
}

}  // namespace lectern::api
