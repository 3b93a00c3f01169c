#include <google/protobuf/empty.pb.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "api/services/convert.h"
#include "api/services/fields.h"
#include "api/services/media_removal.h"
#include "api/services/services.h"
#include "common/base/status.h"
#include "lectern/v1/courses.pb.h"

namespace lectern::api {
namespace {

using google::protobuf::Empty;

constexpr int kMaxTitle = 300;
constexpr int kMaxTerm = 20;
constexpr int kMaxDescription = 20'000;

// Absent for UNSPECIFIED.
absl::StatusOr<std::optional<std::string>> OptionalVisibility(v1::Visibility visibility) {
  if (visibility == v1::VISIBILITY_UNSPECIFIED) return std::optional<std::string>();
  std::string word = VisibilityWord(visibility);
  if (word.empty()) return BadField("visibility", absl::StrCat(visibility), "write PUBLIC, LOGGED_IN, ENROLLED or HIDDEN");
  return std::optional<std::string>(word);
}

absl::StatusOr<std::string> RoleInCourse(v1::CourseRole role) {
  switch (role) {
    case v1::COURSE_ROLE_UNSPECIFIED:
    case v1::COURSE_STUDENT:
      return std::string("student");
    case v1::COURSE_LECTURER:
      return std::string("lecturer");
    default:
      return BadField("role", absl::StrCat(role), "write COURSE_STUDENT or COURSE_LECTURER");
  }
}

void ToProto(const EnrolmentRow& row, v1::Enrolment& enrolment) {
  enrolment.set_user(NameOf("users", row.user_id));
  enrolment.set_email(row.email);
  enrolment.set_display_name(row.display_name);
  enrolment.set_role(row.role == "lecturer" ? v1::COURSE_LECTURER : v1::COURSE_STUDENT);
}

class CourseService {
 public:
  explicit CourseService(const ServiceDeps& deps) : deps_(deps) {}

  absl::Status Create(CallContext& call, const v1::CreateCourseRequest& request, v1::Course& course) {
    NewCourse row;
    ASSIGN_OR_RETURN(row.organization_id, RequireName("organization", request.organization(), "organizations"));
    ASSIGN_OR_RETURN(row.title, RequireText("title", request.title(), kMaxTitle));
    ASSIGN_OR_RETURN(row.term, OptionalText("term", request.term(), kMaxTerm));
    ASSIGN_OR_RETURN(row.description, OptionalText("description", request.description(), kMaxDescription));
    ASSIGN_OR_RETURN(std::optional<std::string> visibility, OptionalVisibility(request.visibility()));
    if (visibility) row.visibility = *visibility;
    row.downloads_enabled = request.downloads_enabled();
    if (request.has_chat_enabled()) row.chat_enabled = request.chat_enabled();
    ASSIGN_OR_RETURN(CourseRow inserted, deps_.stores.courses.Insert(row, call.caller));
    ToProto(inserted, course);
    return absl::OkStatus();
  }

  absl::Status Get(CallContext& call, const v1::GetCourseRequest& request, v1::Course& course) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "courses"));
    ASSIGN_OR_RETURN(CourseRow row, deps_.stores.courses.Get(id, call.caller));
    ToProto(row, course);
    return absl::OkStatus();
  }

  absl::Status Pin(CallContext& call, const v1::PinCourseRequest& request, v1::Course& course) {
    return SetPinned(call, request.name(), true, course);
  }

  absl::Status Unpin(CallContext& call, const v1::UnpinCourseRequest& request, v1::Course& course) {
    return SetPinned(call, request.name(), false, course);
  }

  absl::Status Visit(CallContext& call, const v1::VisitCourseRequest& request, v1::Course& course) {
    RETURN_IF_ERROR(RequireSignedIn(call).status());
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "courses"));
    ASSIGN_OR_RETURN(CourseRow row, deps_.stores.courses.Visit(id, call.caller));
    ToProto(row, course);
    return absl::OkStatus();
  }

  absl::Status List(CallContext& call, const v1::ListCoursesRequest& request, v1::ListCoursesResponse& response) {
    ASSIGN_OR_RETURN(PageRequest page, RequirePage(request.page_size(), request.page_token(), 50, 200));
    CourseFilter filter;
    ASSIGN_OR_RETURN(filter.organization_id, OptionalName("organization", request.organization(), "organizations"));
    ASSIGN_OR_RETURN(filter.term, OptionalText("term", request.term(), kMaxTerm));
    filter.taught = request.taught();
    ASSIGN_OR_RETURN(Page<CourseRow> courses, deps_.stores.courses.List(call.caller, filter, page));
    for (const CourseRow& row : courses.rows) ToProto(row, *response.add_courses());
    response.set_next_page_token(courses.next_token);
    return absl::OkStatus();
  }

  absl::Status Update(CallContext& call, const v1::UpdateCourseRequest& request, v1::Course& course) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "courses"));
    CourseChange change;
    if (!request.title().empty()) {
      ASSIGN_OR_RETURN(change.title, RequireText("title", request.title(), kMaxTitle));
    }
    ASSIGN_OR_RETURN(change.visibility, OptionalVisibility(request.visibility()));
    if (request.has_description()) {
      ASSIGN_OR_RETURN(change.description, OptionalText("description", request.description(), kMaxDescription));
    }
    if (!request.term().empty()) {
      ASSIGN_OR_RETURN(change.term, OptionalText("term", request.term(), kMaxTerm));
    }
    if (request.has_downloads_enabled()) change.downloads_enabled = request.downloads_enabled();
    if (request.has_chat_enabled()) change.chat_enabled = request.chat_enabled();
    ASSIGN_OR_RETURN(CourseRow row, deps_.stores.courses.Update(id, change, call.caller));
    ToProto(row, course);
    return absl::OkStatus();
  }

  absl::Status Delete(CallContext& call, const v1::DeleteCourseRequest& request, Empty&) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "courses"));
    ASSIGN_OR_RETURN(std::vector<int64_t> streams, deps_.stores.lectures.ListRunningStreams(id));
    if (!streams.empty()) RETURN_IF_ERROR(deps_.live.End(streams, "the course was deleted", true));
    std::vector<std::string> instances;
    RETURN_IF_ERROR(deps_.pool.Transaction([&](pg::Session& session) -> absl::Status {
      ASSIGN_OR_RETURN(std::vector<MediaRow> media, deps_.stores.assets.MediaOfCourse(session, id));
      ASSIGN_OR_RETURN(instances, RemoveMedia(session, deps_.stores.jobs, deps_.stores.revocations, media, call.caller.user_id));
      return deps_.stores.courses.Delete(session, id);
    }));
    TellOfRemoval(deps_.hints, instances);
    return absl::OkStatus();
  }

  absl::Status Enrol(CallContext&, const v1::EnrolRequest& request, v1::Enrolment& enrolment) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "courses"));
    ASSIGN_OR_RETURN(std::string role, RoleInCourse(request.role()));
    ASSIGN_OR_RETURN(int64_t user, RequireUser(deps_.stores.users, "user", request.user()));
    ASSIGN_OR_RETURN(EnrolmentRow row, deps_.stores.courses.Enrol(id, user, role));
    ToProto(row, enrolment);
    return absl::OkStatus();
  }

  absl::Status Unenrol(CallContext&, const v1::UnenrolRequest& request, Empty&) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "courses"));
    ASSIGN_OR_RETURN(int64_t user, RequireUser(deps_.stores.users, "user", request.user()));
    return deps_.stores.courses.Unenrol(id, user);
  }

  absl::Status ListEnrolments(CallContext&, const v1::ListEnrolmentsRequest& request, v1::ListEnrolmentsResponse& response) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "courses"));
    ASSIGN_OR_RETURN(PageRequest page, RequirePage(request.page_size(), request.page_token(), 50, 200));
    ASSIGN_OR_RETURN(Page<EnrolmentRow> enrolments, deps_.stores.courses.ListEnrolments(id, page));
    for (const EnrolmentRow& row : enrolments.rows) ToProto(row, *response.add_enrolments());
    response.set_next_page_token(enrolments.next_token);
    return absl::OkStatus();
  }

 private:
  absl::Status SetPinned(const CallContext& call, const std::string& name, bool pinned, v1::Course& course) {
    RETURN_IF_ERROR(RequireSignedIn(call).status());
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", name, "courses"));
    ASSIGN_OR_RETURN(CourseRow row, deps_.stores.courses.SetPinned(id, call.caller, pinned));
    ToProto(row, course);
    return absl::OkStatus();
  }

  const ServiceDeps deps_;
};

}  // namespace

void AddCourseService(Registry& registry, const ServiceDeps& deps) {
  auto service = std::make_shared<CourseService>(deps);
  registry.Add("lectern.v1.CourseService.CreateCourse", service, &CourseService::Create);
  registry.Add("lectern.v1.CourseService.GetCourse", service, &CourseService::Get);
  registry.Add("lectern.v1.CourseService.ListCourses", service, &CourseService::List);
  registry.Add("lectern.v1.CourseService.UpdateCourse", service, &CourseService::Update);
  registry.Add("lectern.v1.CourseService.DeleteCourse", service, &CourseService::Delete);
  registry.Add("lectern.v1.CourseService.PinCourse", service, &CourseService::Pin);
  registry.Add("lectern.v1.CourseService.UnpinCourse", service, &CourseService::Unpin);
  registry.Add("lectern.v1.CourseService.VisitCourse", service, &CourseService::Visit);
  registry.Add("lectern.v1.CourseService.Enrol", service, &CourseService::Enrol);
  registry.Add("lectern.v1.CourseService.Unenrol", service, &CourseService::Unenrol);
  registry.Add("lectern.v1.CourseService.ListEnrolments", service, &CourseService::ListEnrolments);
}

}  // namespace lectern::api
