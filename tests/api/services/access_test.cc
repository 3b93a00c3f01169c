// Who may call what: every method, every kind of caller, through real gRPC against a real database.
#include <google/protobuf/empty.pb.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "lectern/v1/auth.pb.h"
#include "lectern/v1/calendars.pb.h"
#include "lectern/v1/courses.pb.h"
#include "lectern/v1/halls.pb.h"
#include "lectern/v1/installation.pb.h"
#include "lectern/v1/home.pb.h"
#include "lectern/v1/jobs.pb.h"
#include "lectern/v1/lectures.pb.h"
#include "lectern/v1/live.pb.h"
#include "lectern/v1/organizations.pb.h"
#include "lectern/v1/playback.pb.h"
#include "lectern/v1/resources.pb.h"
#include "lectern/v1/users.pb.h"
#include "tests/api/support/api_instance.h"
#include "tests/api/support/world.h"
#include "tests/support/status_matchers.h"

namespace lectern {
namespace {

using google::protobuf::Message;
using testing::ApiInstance;
using testing::Email;
using testing::kTestPassword;
using testing::Name;
using testing::World;

// The order of the columns below.
constexpr const char* kCallers[] = {"anyone",     "student",            "enrolled",            "lecturer",
                                    "maintainer", "foreign_maintainer", "ancestor_maintainer", "admin",
                                    "resource"};
constexpr size_t kColumns = std::size(kCallers);

// One row: what comes of the call for each kind of caller. + allowed, U UNAUTHENTICATED, D PERMISSION_DENIED, N NOT_FOUND.
struct Row {
  const char* method;
  const char* expected;
  std::function<std::unique_ptr<Message>(World&)> request;
  // Reason with which the handler itself refuses the request of this test, once the caller was let through.
  const char* beyond = "";
};

constexpr char kAnyone[] = "++++++++U";
constexpr char kOwnSecret[] = "+++++++++";
constexpr char kUser[] = "U+++++++U";
constexpr char kAdmin[] = "UDDDDDD+U";
constexpr char kOrganization[] = "UDDD+D++U";
constexpr char kResource[] = "UNNN+N++U";
constexpr char kCourseMaintainer[] = "UNDD+N++U";
constexpr char kCourseLecturer[] = "UND++N++U";
constexpr char kCourseViewer[] = "NN+++N++U";
constexpr char kOwnRehearsal[] = "NNN+NNN+U";
constexpr char kProxy[] = "UUUUUUUU+";

template <typename Request>
std::function<std::unique_ptr<Message>(World&)> Plain() {
  return [](World&) { return std::make_unique<Request>(); };
}

template <typename Request>
std::function<std::unique_ptr<Message>(World&)> With(std::function<void(World&, Request&)> fill) {
  return [fill](World& world) {
    auto request = std::make_unique<Request>();
    fill(world, *request);
    return request;
  };
}

int64_t NewJob(World& world, int64_t lecture = 0) {
  if (lecture == 0) lecture = world.NewLecture(world.NewCourse());
  int64_t task = world.Number(absl::StrFormat("insert into tasks (organization_id, kind, lecture_id) values (%d, 'test', %d) "
                                              "returning id", world.chair, lecture));
  return world.Number(absl::StrFormat("insert into jobs (task_id, organization_id, kind, class, state, spec) "
                                      "values (%d, %d, 'noop', 3, 'ready', '{}') returning id", task, world.chair));
}

int64_t NewEndedJob(World& world) {
  int64_t job = NewJob(world);
  world.database.Execute(absl::StrFormat("with gone as (delete from jobs where id = %d returning *) "
                                         "insert into jobs_ended select * from gone; "
                                         "update jobs_ended set state = 'failed', ended_at = now() where id = %d", job, job));
  return job;
}

int64_t NewSection(World& world) {
  return world.Number(absl::StrFormat("insert into sections (lecture_id, position_ms, title) values (%d, 0, 'Proof') returning id",
                                      world.NewLecture(world.NewCourse())));
}

// A stream of the chair, not from a proxy of this test.
int64_t NewStream(World& world, int64_t lecture) {
  return world.NewStream(lecture, world.NewResource("vod_service"), "live");
}

std::vector<Row> AuthRows() {
  return {
      {"AuthService/Login", kOwnSecret, With<v1::LoginRequest>([](World&, auto& r) {
         r.set_email("nobody@example.org");
         r.set_password("wrong password");
       }), "WRONG_CREDENTIALS"},
      {"AuthService/WhoAmI", kUser, Plain<v1::WhoAmIRequest>()},
      {"AuthService/ListSessions", kUser, Plain<v1::ListSessionsRequest>()},
      {"AuthService/ChangePassword", kUser, With<v1::ChangePasswordRequest>([](World&, auto& r) {
         r.set_old_password("not the password");
         r.set_new_password("long enough");
       }), "WRONG_CREDENTIALS"},
      {"AuthService/RevokeSession", kUser, With<v1::RevokeSessionRequest>([](World&, auto& r) { r.set_name("sessions/999999"); }),
       "SESSION_NOT_FOUND"},
      {"AuthService/CreatePersonalToken", kUser, With<v1::CreatePersonalTokenRequest>([](World&, auto& r) {
         r.set_display_name("OBS");
       })},
      {"AuthService/ListPersonalTokens", kUser, Plain<v1::ListPersonalTokensRequest>()},
      {"AuthService/RevokePersonalToken", kUser, With<v1::RevokePersonalTokenRequest>([](World&, auto& r) {
         r.set_name("personalTokens/999999");
       }), "TOKEN_NOT_FOUND"},
      {"AuthService/GetKeys", kAnyone, Plain<v1::GetKeysRequest>()},
  };
}

std::vector<Row> UserRows() {
  return {
      {"UserService/CreateUser", kAdmin, With<v1::CreateUserRequest>([](World& w, auto& r) {
         r.set_email(absl::StrCat("new", ++w.made, "@example.org"));
         r.set_display_name("New");
         r.set_password("long enough");
       })},
      {"UserService/GetUser", kAdmin, With<v1::GetUserRequest>([](World& w, auto& r) { r.set_name(Name("users", w.student)); })},
      {"UserService/ListUsers", kAdmin, Plain<v1::ListUsersRequest>()},
      {"UserService/SetRole", kAdmin, With<v1::SetRoleRequest>([](World& w, auto& r) {
         r.set_name(Name("users", w.NewUser()));
         r.set_role(v1::LECTURER_ROLE);
       })},
      {"UserService/SetDisabled", kAdmin, With<v1::SetDisabledRequest>([](World& w, auto& r) {
         r.set_name(Name("users", w.NewUser()));
         r.set_disabled(true);
       })},
      {"UserService/ResetPassword", kAdmin, With<v1::ResetPasswordRequest>([](World& w, auto& r) {
         r.set_name(Name("users", w.NewUser()));
         r.set_password("long enough");
       })},
      {"UserService/GetSettings", kUser, Plain<v1::GetSettingsRequest>()},
      {"UserService/UpdateSettings", kUser, Plain<v1::UpdateSettingsRequest>()},
  };
}

std::vector<Row> InstallationRows() {
  return {
      {"InstallationService/GetInstallation", kAnyone, Plain<v1::GetInstallationRequest>()},
      {"InstallationService/UpdateInstallation", kAdmin, Plain<v1::UpdateInstallationRequest>()},
      {"InstallationService/ListAnnouncements", kAdmin, Plain<v1::ListAnnouncementsRequest>()},
      {"InstallationService/CreateAnnouncement", kAdmin, With<v1::CreateAnnouncementRequest>([](World&, auto& r) {
         r.set_text("Maintenance on Sunday.");
       })},
      {"InstallationService/DeleteAnnouncement", kAdmin, With<v1::DeleteAnnouncementRequest>([](World&, auto& r) {
         r.set_name("announcements/999999");
       }), "ANNOUNCEMENT_NOT_FOUND"},
  };
}

std::vector<Row> OrganizationRows() {
  auto chair = [](World& w, auto& r) { r.set_name(Name("organizations", w.chair)); };
  return {
      {"OrganizationService/CreateOrganization", kOrganization, With<v1::CreateOrganizationRequest>([](World& w, auto& r) {
         r.set_parent(Name("organizations", w.chair));
         r.set_display_name(absl::StrCat("new ", ++w.made));
       })},
      // Without a parent: a new root.
      {"OrganizationService/CreateOrganization", kAdmin, With<v1::CreateOrganizationRequest>([](World& w, auto& r) {
         r.set_display_name(absl::StrCat("new ", ++w.made));
       })},
      {"OrganizationService/GetOrganization", kUser, With<v1::GetOrganizationRequest>(chair)},
      {"OrganizationService/ListOrganizations", kUser, Plain<v1::ListOrganizationsRequest>()},
      {"OrganizationService/RenameOrganization", kOrganization, With<v1::RenameOrganizationRequest>([](World& w, auto& r) {
         r.set_name(Name("organizations", w.chair));
         r.set_display_name("chair");
       })},
      {"OrganizationService/MoveOrganization", kAdmin, With<v1::MoveOrganizationRequest>([](World& w, auto& r) {
         r.set_name(Name("organizations", w.NewOrganization()));
         r.set_parent(Name("organizations", w.school));
       })},
      {"OrganizationService/DeleteOrganization", kOrganization, With<v1::DeleteOrganizationRequest>([](World& w, auto& r) {
         r.set_name(Name("organizations", w.NewOrganization()));
       })},
      {"OrganizationService/AddMaintainer", kOrganization, With<v1::AddMaintainerRequest>([](World& w, auto& r) {
         r.set_name(Name("organizations", w.chair));
         r.set_user(Name("users", w.NewUser()));
       })},
      {"OrganizationService/RemoveMaintainer", kOrganization, With<v1::RemoveMaintainerRequest>([](World& w, auto& r) {
         r.set_name(Name("organizations", w.chair));
         r.set_user(Name("users", w.student));
       }), "MAINTAINER_NOT_FOUND"},
      {"OrganizationService/ListMaintainers", kOrganization, With<v1::ListMaintainersRequest>(chair)},
      {"OrganizationService/ListStorage", kUser, Plain<v1::ListStorageRequest>()},
      {"OrganizationService/CreateOrganizationToken", kOrganization, With<v1::CreateOrganizationTokenRequest>(chair)},
  };
}

std::vector<Row> HomeRows() {
  auto course = [](World& w, auto& r) { r.set_name(Name("courses", w.NewCourse())); };
  return {
      {"HomeService/GetMe", kAnyone, Plain<v1::GetMeRequest>()},
      {"HomeService/GetHome", kAnyone, Plain<v1::GetHomeRequest>()},
      {"HomeService/Search", kAnyone, With<v1::SearchRequest>([](World&, auto& r) { r.set_query("analysis"); })},
      {"CalendarService/GetCourseCalendar", kCourseViewer, With<v1::GetCourseCalendarRequest>(course)},
      {"CalendarService/GetCourseCalendar", kAnyone, With<v1::GetCourseCalendarRequest>([](World& w, auto& r) {
         r.set_name(Name("courses", w.NewCourse("public")));
       })},
      {"CalendarService/CreateCalendarFeed", kUser, Plain<v1::CreateCalendarFeedRequest>()},
      // A feed of a course is no way to learn of one.
      {"CalendarService/CreateCalendarFeed", "UN+++N++U", With<v1::CreateCalendarFeedRequest>([](World& w, auto& r) {
         r.set_course(Name("courses", w.NewCourse()));
       })},
      {"CalendarService/ListCalendarFeeds", kUser, Plain<v1::ListCalendarFeedsRequest>()},
      {"CalendarService/RevokeCalendarFeed", kUser, With<v1::RevokeCalendarFeedRequest>([](World&, auto& r) {
         r.set_name("calendarFeeds/999999");
       }), "FEED_NOT_FOUND"},
      {"CalendarService/GetCalendarFeed", kOwnSecret, With<v1::GetCalendarFeedRequest>([](World&, auto& r) { r.set_token("none"); }),
       "FEED_NOT_FOUND"},
  };
}

std::vector<Row> CourseRows() {
  auto course = [](World& w, auto& r) { r.set_name(Name("courses", w.NewCourse())); };
  auto visible = [](const char* visibility) {
    return With<v1::GetCourseRequest>([=](World& w, auto& r) { r.set_name(Name("courses", w.NewCourse(visibility))); });
  };
  return {
      {"CourseService/CreateCourse", kOrganization, With<v1::CreateCourseRequest>([](World& w, auto& r) {
         r.set_organization(Name("organizations", w.chair));
         r.set_title("Analysis");
       })},
      {"CourseService/GetCourse", kCourseViewer, visible("enrolled")},
      {"CourseService/GetCourse", "N+++++++U", visible("logged_in")},
      {"CourseService/GetCourse", "++++++++U", visible("public")},
      {"CourseService/GetCourse", "++++++++U", visible("hidden")},
      {"CourseService/ListCourses", kAnyone, Plain<v1::ListCoursesRequest>()},
      {"CourseService/UpdateCourse", kCourseLecturer, With<v1::UpdateCourseRequest>(course)},
      // That a public course exists is no secret, so that the refusal says what is missing.
      {"CourseService/UpdateCourse", "UDD++D++U", With<v1::UpdateCourseRequest>([](World& w, auto& r) {
         r.set_name(Name("courses", w.NewCourse("public")));
       })},
      {"CourseService/DeleteCourse", kCourseMaintainer, With<v1::DeleteCourseRequest>(course)},
      {"CourseService/Enrol", kCourseLecturer, With<v1::EnrolRequest>([](World& w, auto& r) {
         r.set_name(Name("courses", w.NewCourse()));
         r.set_user(Email("student"));
       })},
      {"CourseService/Unenrol", kCourseLecturer, With<v1::UnenrolRequest>([](World& w, auto& r) {
         r.set_name(Name("courses", w.NewCourse()));
         r.set_user(Email("enrolled"));
       })},
      {"CourseService/ListEnrolments", kCourseLecturer, With<v1::ListEnrolmentsRequest>(course)},
      {"CourseService/PinCourse", kCourseViewer, With<v1::PinCourseRequest>(course)},
      {"CourseService/UnpinCourse", kCourseViewer, With<v1::UnpinCourseRequest>(course)},
      {"CourseService/VisitCourse", kCourseViewer, With<v1::VisitCourseRequest>(course)},
      // An anonymous viewer of a public course has no place for pins and visits.
      {"CourseService/PinCourse", "U+++++++U", With<v1::PinCourseRequest>([](World& w, auto& r) {
         r.set_name(Name("courses", w.NewCourse("public")));
       })},
      {"CourseService/VisitCourse", "U+++++++U", With<v1::VisitCourseRequest>([](World& w, auto& r) {
         r.set_name(Name("courses", w.NewCourse("public")));
       })},
  };
}

std::vector<Row> LectureRows() {
  auto name = [](World& w, auto& r) { r.set_name(Name("lectures", w.NewLecture(w.NewCourse()))); };
  auto lecture = [](World& w, auto& r) { r.set_lecture(Name("lectures", w.NewLecture(w.NewCourse()))); };
  return {
      {"LectureService/CreateLecture", kCourseLecturer, With<v1::CreateLectureRequest>([](World& w, auto& r) {
         r.set_course(Name("courses", w.NewCourse()));
         r.set_title("Limits");
       })},
      {"LectureService/GetLecture", kCourseViewer, With<v1::GetLectureRequest>(name)},
      {"LectureService/ListLectures", kCourseViewer, With<v1::ListLecturesRequest>([](World& w, auto& r) {
         r.set_course(Name("courses", w.NewCourse()));
       })},
      {"LectureService/UpdateLecture", kCourseLecturer, With<v1::UpdateLectureRequest>(name)},
      {"LectureService/DeleteLecture", kCourseLecturer, With<v1::DeleteLectureRequest>(name)},
      {"LectureService/EndLecture", kCourseLecturer, With<v1::EndLectureRequest>(name)},
      {"LectureService/CreateUpload", kCourseLecturer, With<v1::CreateUploadRequest>([](World& w, auto& r) {
         r.set_lecture(Name("lectures", w.NewLecture(w.NewCourse())));
         r.set_view(v1::COMB);
         r.set_file_name("talk.mp4");
         r.set_size_bytes(1000);
         r.set_fingerprint("ab");
       }), "NO_VOD_SERVICE"},
      {"LectureService/CreateLectureSeries", kCourseLecturer, With<v1::CreateLectureSeriesRequest>([](World& w, auto& r) {
         r.set_course(Name("courses", w.NewCourse()));
         r.set_title("Limits {n}");
         r.mutable_start_time()->set_seconds(1'800'000'000);
         r.mutable_until_time()->set_seconds(1'801'000'000);
       })},
      {"LectureService/StartLecture", kCourseLecturer, With<v1::StartLectureRequest>(name)},
      {"LectureService/WatchLecture", kCourseLecturer, With<v1::WatchLectureRequest>(name)},
      {"LectureService/ListUploads", kUser, Plain<v1::ListUploadsRequest>()},
      {"LectureService/CreateSection", kCourseLecturer, With<v1::CreateSectionRequest>([](World& w, auto& r) {
         r.set_lecture(Name("lectures", w.NewLecture(w.NewCourse())));
         r.set_title("Proof");
       })},
      {"LectureService/ListSections", kCourseViewer, With<v1::ListSectionsRequest>(lecture)},
      {"LectureService/UpdateSection", kCourseLecturer, With<v1::UpdateSectionRequest>([](World& w, auto& r) {
         r.mutable_section()->set_name(Name("sections", NewSection(w)));
       })},
      {"LectureService/DeleteSection", kCourseLecturer, With<v1::DeleteSectionRequest>([](World& w, auto& r) {
         r.set_name(Name("sections", NewSection(w)));
       })},
      {"LectureService/CreateBookmark", kCourseViewer, With<v1::CreateBookmarkRequest>([](World& w, auto& r) {
         r.set_lecture(Name("lectures", w.NewLecture(w.NewCourse())));
         r.set_text("here");
       })},
      {"LectureService/ListBookmarks", kCourseViewer, With<v1::ListBookmarksRequest>(lecture)},
      // An anonymous viewer of a public lecture has no place for bookmarks.
      {"LectureService/ListBookmarks", "U+++++++U", With<v1::ListBookmarksRequest>([](World& w, auto& r) {
         r.set_lecture(Name("lectures", w.NewLecture(w.NewCourse("public"))));
       })},
      {"LectureService/SaveProgress", kCourseViewer, With<v1::SaveProgressRequest>(lecture)},
      {"LectureService/SaveProgress", "U+++++++U", With<v1::SaveProgressRequest>([](World& w, auto& r) {
         r.set_lecture(Name("lectures", w.NewLecture(w.NewCourse("public"))));
       })},
      {"LectureService/UpdateBookmark", kUser, With<v1::UpdateBookmarkRequest>([](World&, auto& r) {
         r.mutable_bookmark()->set_name("bookmarks/999999");
         r.mutable_bookmark()->set_text("there");
       }), "BOOKMARK_NOT_FOUND"},
      {"LectureService/DeleteBookmark", kUser, With<v1::DeleteBookmarkRequest>([](World&, auto& r) {
         r.set_name("bookmarks/999999");
       }), "BOOKMARK_NOT_FOUND"},
      // The course does not allow it, so that the right of a viewer is not enough.
      {"PlaybackService/CreateDownload", "NND++N++U", With<v1::CreateDownloadRequest>(lecture), "NOT_PLAYABLE_YET"},
      {"PlaybackService/CreatePlayback", kCourseViewer, With<v1::CreatePlaybackRequest>(lecture), "NOT_PLAYABLE_YET"},
      {"PlaybackService/CreatePlayback", "++++++++U", With<v1::CreatePlaybackRequest>([](World& w, auto& r) {
         r.set_lecture(Name("lectures", w.NewLecture(w.NewCourse("hidden"))));
       }), "NOT_PLAYABLE_YET"},
  };
}

// The course's other lecturers and the maintainers do not even see it.
std::vector<Row> RehearsalRows() {
  auto rehearsal = [](World& w) { return w.NewRehearsal(w.NewCourse("public"), w.lecturer); };
  auto name = [=](World& w, auto& r) { r.set_name(Name("lectures", rehearsal(w))); };
  auto lecture = [=](World& w, auto& r) { r.set_lecture(Name("lectures", rehearsal(w))); };
  return {
      {"LectureService/GetLecture", kOwnRehearsal, With<v1::GetLectureRequest>(name)},
      {"LectureService/UpdateLecture", "UNN+NNN+U", With<v1::UpdateLectureRequest>(name)},
      {"LectureService/DeleteLecture", "UNN+NNN+U", With<v1::DeleteLectureRequest>(name)},
      {"LectureService/EndLecture", "UNN+NNN+U", With<v1::EndLectureRequest>(name)},
      {"LectureService/CreateBookmark", kOwnRehearsal, With<v1::CreateBookmarkRequest>([=](World& w, auto& r) {
         r.set_lecture(Name("lectures", rehearsal(w)));
         r.set_text("here");
       })},
      {"LectureService/ListBookmarks", kOwnRehearsal, With<v1::ListBookmarksRequest>(lecture)},
      {"PlaybackService/CreatePlayback", kOwnRehearsal, With<v1::CreatePlaybackRequest>([=](World& w, auto& r) {
         r.set_lecture(Name("lectures", rehearsal(w)));
         r.set_wait(true);
       })},
      {"JobService/GetJob", "UNN+NNN+U", With<v1::GetJobRequest>([=](World& w, auto& r) {
         r.set_name(Name("jobs", NewJob(w, rehearsal(w))));
       })},
      // Maintainers see what uses their workers.
      {"LiveService/GetLiveStream", "UNN++N++U", With<v1::GetLiveStreamRequest>([=](World& w, auto& r) {
         r.set_name(Name("liveStreams", NewStream(w, rehearsal(w))));
       })},
      // Its lecturer sees it, and has no right to move it.
      {"LiveService/MoveLiveStream", "UNND+N++U", With<v1::MoveLiveStreamRequest>([=](World& w, auto& r) {
         r.set_name(Name("liveStreams", NewStream(w, rehearsal(w))));
       })},
  };
}

std::vector<Row> LiveRows() {
  auto stream = [](World& w, auto& r) { r.set_name(Name("liveStreams", NewStream(w, w.NewLecture(w.NewCourse())))); };
  return {
      {"LiveService/ListLiveStreams", kUser, Plain<v1::ListLiveStreamsRequest>()},
      {"LiveService/WatchLiveStreams", kUser, Plain<v1::WatchLiveStreamsRequest>()},
      {"LiveService/GetLiveStream", kCourseLecturer, With<v1::GetLiveStreamRequest>(stream)},
      {"LiveService/EndLiveStream", kCourseLecturer, With<v1::EndLiveStreamRequest>(stream)},
      {"LiveService/MoveLiveStream", kCourseMaintainer, With<v1::MoveLiveStreamRequest>(stream)},
      // The resource of this test is a worker, which gets no further; people have no credential of a resource.
      {"LiveService/OpenStream", kProxy, Plain<v1::OpenStreamRequest>(), "NOT_A_PROXY"},
      {"LiveService/AcquireIngest", kProxy, Plain<v1::AcquireIngestRequest>(), "NOT_A_PROXY"},
      {"LiveService/ReportStreams", kProxy, Plain<v1::ReportStreamsRequest>(), "NOT_A_PROXY"},
      {"PlaybackService/RefreshPlayback", kOwnSecret, With<v1::RefreshPlaybackRequest>([](World&, auto& r) {
         r.set_token("none");
       }), "TOKEN_INVALID"},
  };
}

std::vector<Row> HallRows() {
  auto hall = [](World& w, auto& r) { r.set_name(Name("halls", w.NewHall(w.chair))); };
  return {
      {"HallService/CreateHall", kOrganization, With<v1::CreateHallRequest>([](World& w, auto& r) {
         r.set_organization(Name("organizations", w.chair));
         r.set_display_name(absl::StrCat("Hall ", ++w.made));
       })},
      {"HallService/GetHall", kResource, With<v1::GetHallRequest>(hall)},
      {"HallService/ListHalls", kOrganization, With<v1::ListHallsRequest>([](World& w, auto& r) {
         r.set_organization(Name("organizations", w.chair));
       })},
      {"HallService/ListHalls", kAdmin, Plain<v1::ListHallsRequest>()},
      {"HallService/SetHallSource", kResource, With<v1::SetHallSourceRequest>([](World& w, auto& r) {
         r.set_name(Name("halls", w.NewHall(w.chair)));
         r.set_view(v1::CAM);
         r.set_url("rtsp://10.0.0.7/stream1");
       })},
      {"HallService/DeleteHall", kResource, With<v1::DeleteHallRequest>(hall)},
  };
}

std::vector<Row> ResourceRows() {
  auto resource = [](World& w, auto& r) { r.set_name(Name("resources", w.NewResource())); };
  return {
      {"ResourceService/Join", kOwnSecret, With<v1::JoinRequest>([](World&, auto& r) { r.set_organization_token("none"); }),
       "TOKEN_INVALID"},
      {"ResourceService/ListResources", kUser, Plain<v1::ListResourcesRequest>()},
      {"ResourceService/WatchResources", kUser, Plain<v1::WatchResourcesRequest>()},
      {"ResourceService/GetResource", kResource, With<v1::GetResourceRequest>(resource)},
      {"ResourceService/SetShared", kResource, With<v1::SetSharedRequest>(resource)},
      {"ResourceService/DrainResource", kResource, With<v1::DrainResourceRequest>(resource)},
      {"ResourceService/ResumeResource", kResource, With<v1::ResumeResourceRequest>(resource)},
      {"ResourceService/RemoveResource", kResource, With<v1::RemoveResourceRequest>(resource)},
      {"ResourceService/ListAuditEvents", kOrganization, With<v1::ListAuditEventsRequest>([](World& w, auto& r) {
         r.set_organization(Name("organizations", w.chair));
       })},
      {"ResourceService/ListAuditEvents", kAdmin, Plain<v1::ListAuditEventsRequest>()},
  };
}

std::vector<Row> JobRows() {
  auto job = [](World& w, auto& r) { r.set_name(Name("jobs", NewJob(w))); };
  return {
      {"JobService/ListJobs", kUser, Plain<v1::ListJobsRequest>()},
      {"JobService/WatchJobs", kUser, Plain<v1::WatchJobsRequest>()},
      {"JobService/GetJob", kCourseLecturer, With<v1::GetJobRequest>(job)},
      {"JobService/RetryJob", kCourseLecturer, With<v1::RetryJobRequest>([](World& w, auto& r) {
         r.set_name(Name("jobs", NewEndedJob(w)));
       })},
      {"JobService/CancelJob", kCourseLecturer, With<v1::CancelJobRequest>(job)},
      {"JobService/ExplainJob", kCourseLecturer, With<v1::ExplainJobRequest>(job)},
      {"JobService/CreateTestTask", kOrganization, With<v1::CreateTestTaskRequest>([](World& w, auto& r) {
         r.set_organization(Name("organizations", w.chair));
         r.set_count(1);
       })},
  };
}

std::vector<Row> AllRows() {
  std::vector<Row> rows;
  for (auto part : {AuthRows(), UserRows(), InstallationRows(), OrganizationRows(), HomeRows(), CourseRows(), LectureRows(), RehearsalRows(),
                    LiveRows(), HallRows(), ResourceRows(), JobRows()}) {
    rows.insert(rows.end(), part.begin(), part.end());
  }
  // Last, since it ends the sessions of those who call.
  rows.push_back({"AuthService/Logout", kUser, Plain<v1::LogoutRequest>()});
  return rows;
}

class AccessTest : public ::testing::Test {
 protected:
  std::map<std::string, std::string> Tokens() {
    std::map<std::string, std::string> tokens;
    for (const char* who : kCallers) {
      if (std::string(who) != "anyone" && std::string(who) != "resource") tokens[who] = api_.Login(Email(who), kTestPassword);
    }
    Claims claims;
    claims.subject = Name("resources", world_.NewResource());
    claims.serial = 1;
    claims.issued_at = absl::Now();
    claims.expires_at = absl::InfiniteFuture();
    tokens["resource"] = api_.keys().Sign(Audience::kResource, claims);
    return tokens;
  }

  static char Outcome(const absl::Status& status, const std::string& beyond) {
    if (status.ok() || (!beyond.empty() && ReasonOf(status) == beyond)) return '+';
    switch (status.code()) {
      case absl::StatusCode::kUnauthenticated:
        return 'U';
      case absl::StatusCode::kPermissionDenied:
        return 'D';
      case absl::StatusCode::kNotFound:
        return 'N';
      default:
        return '?';
    }
  }

  testing::TestDatabase database_;
  World world_{database_};
  ApiInstance api_{database_.url()};
};

TEST_F(AccessTest, EveryMethodLetsInWhomItShouldAndNobodyElse) {
  std::map<std::string, std::string> tokens = Tokens();
  for (const Row& row : AllRows()) {
    std::string outcomes;
    std::string details;
    for (const char* who : kCallers) {
      std::unique_ptr<Message> request = row.request(world_);
      absl::Status status = api_.Call(row.method, *request, nullptr, tokens[who]);
      outcomes += Outcome(status, row.beyond);
      absl::StrAppend(&details, "  ", who, ": ", status.ToString(), "\n");
    }
    EXPECT_EQ(outcomes, row.expected) << row.method << "\n" << details;
  }
}

TEST_F(AccessTest, TheTableHasEveryMethod) {
  std::set<std::string> tested;
  for (const Row& row : AllRows()) {
    tested.insert(absl::StrCat("/lectern.v1.", row.method));
    EXPECT_EQ(std::string(row.expected).size(), kColumns) << row.method;
  }
  std::set<std::string> handled;
  for (const auto& [path, method] : api_.registry().methods()) handled.insert(path);
  EXPECT_EQ(tested, handled);
}

TEST_F(AccessTest, EveryMethodHasAHandlerAndSaysWhoMayCallIt) {
  EXPECT_THAT(api::MissingMethods(api_.registry()), ::testing::IsEmpty());
}

TEST_F(AccessTest, AbsentAndHiddenObjectsCannotBeToldApart) {
  std::string student = api_.Login(Email("student"), kTestPassword);
  v1::GetLectureRequest hidden;
  hidden.set_name(Name("lectures", world_.NewLecture(world_.NewCourse())));
  v1::GetLectureRequest absent;
  absent.set_name("lectures/987654");
  absl::Status first = api_.Call("LectureService/GetLecture", hidden, nullptr, student);
  absl::Status second = api_.Call("LectureService/GetLecture", absent, nullptr, student);
  EXPECT_THAT(first, testing::StatusIs(absl::StatusCode::kNotFound, "LECTURE_NOT_FOUND"));
  EXPECT_THAT(second, testing::StatusIs(absl::StatusCode::kNotFound, "LECTURE_NOT_FOUND"));
  EXPECT_EQ(std::string(first.message()).substr(hidden.name().size()), std::string(second.message()).substr(absent.name().size()));
}

TEST_F(AccessTest, ARightOnOneObjectOpensNoOther) {
  std::string lecturer = api_.Login(Email("lecturer"), kTestPassword);
  // The scope field holds an object of another kind, on which the caller does have the right.
  v1::UpdateCourseRequest request;
  request.set_name(Name("lectures", world_.NewLecture(world_.NewCourse())));
  request.set_title("taken over");
  EXPECT_THAT(api_.Call("CourseService/UpdateCourse", request, nullptr, lecturer),
              testing::StatusIs(absl::StatusCode::kInvalidArgument, "BAD_FIELD"));
  for (const char* name : {"courses/0", "courses/-1", "courses/1/2", "courses/ 1", "x", "/", "courses/99999999999999999999"}) {
    request.set_name(name);
    EXPECT_THAT(api_.Call("CourseService/UpdateCourse", request, nullptr, lecturer),
                testing::StatusIs(absl::StatusCode::kInvalidArgument, "BAD_NAME"))
        << name;
  }
}

TEST_F(AccessTest, RefusalsAndSuccessesOfAuditedCallsAreWrittenDown) {
  std::string student = api_.Login(Email("student"), kTestPassword);
  std::string maintainer = api_.Login(Email("maintainer"), kTestPassword);
  v1::CreateCourseRequest request;
  request.set_organization(Name("organizations", world_.chair));
  request.set_title("Analysis");
  EXPECT_THAT(api_.Call("CourseService/CreateCourse", request, nullptr, student),
              testing::StatusIs(absl::StatusCode::kPermissionDenied));
  ASSERT_OK_AND_ASSIGN(auto course, api_.Call<v1::Course>("CourseService/CreateCourse", request, maintainer));
  v1::ListAuditEventsRequest list;
  list.set_organization(Name("organizations", world_.school));
  ASSERT_OK_AND_ASSIGN(auto events, api_.Call<v1::ListAuditEventsResponse>(
                                        "ResourceService/ListAuditEvents", list,
                                        api_.Login(Email("ancestor_maintainer"), kTestPassword)));
  ASSERT_EQ(events.audit_events_size(), 2);
  EXPECT_EQ(events.audit_events(0).outcome(), "OK");
  EXPECT_EQ(events.audit_events(0).actor(), Name("users", world_.maintainer));
  EXPECT_EQ(events.audit_events(0).target(), course.name());
  EXPECT_EQ(events.audit_events(1).outcome(), "PERMISSION_DENIED");
  EXPECT_EQ(events.audit_events(1).actor(), Name("users", world_.student));
  EXPECT_EQ(events.audit_events(1).organization(), Name("organizations", world_.chair));
}

}  // namespace
}  // namespace lectern
