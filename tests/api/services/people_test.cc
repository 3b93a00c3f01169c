#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "api/services/administration.h"
#include "lectern/v1/auth.pb.h"
#include "lectern/v1/courses.pb.h"
#include "lectern/v1/organizations.pb.h"
#include "lectern/v1/users.pb.h"
#include "tests/api/support/api_instance.h"
#include "tests/api/support/world.h"
#include "tests/support/status_matchers.h"

namespace lectern {
namespace {

using testing::ApiInstance;
using testing::Email;
using testing::kTestPassword;
using testing::Name;
using testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::Not;

class PeopleTest : public ::testing::Test {
 protected:
  v1::CreateUserRequest NewUserRequest() {
    v1::CreateUserRequest request;
    request.set_email("Ada@Example.org");
    request.set_display_name("Ada");
    request.set_password("analytical engine");
    return request;
  }
  absl::StatusOr<v1::User> CreateUser(const v1::CreateUserRequest& request) {
    return api_.Call<v1::User>("UserService/CreateUser", request, admin_);
  }

  testing::TestDatabase database_;
  testing::World world_{database_};
  ApiInstance api_{database_.url()};
  std::string admin_ = api_.Login(Email("admin"), kTestPassword);
};

TEST_F(PeopleTest, ANewUserSignsIn) {
  ASSERT_OK_AND_ASSIGN(v1::User user, CreateUser(NewUserRequest()));
  EXPECT_EQ(user.email(), "ada@example.org");
  EXPECT_EQ(user.role(), v1::STUDENT);
  EXPECT_NE(api_.Login("ada@example.org", "analytical engine"), "");
  EXPECT_THAT(CreateUser(NewUserRequest()), StatusIs(absl::StatusCode::kAlreadyExists, "USER_EXISTS"));
}

TEST_F(PeopleTest, AWeakPasswordIsRefusedAndNotShown) {
  v1::CreateUserRequest request = NewUserRequest();
  request.set_password("nine-char");
  absl::Status status = CreateUser(request).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, "BAD_FIELD"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("at least 10"));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("nine-char")));
  request.set_password(std::string(1025, 'x'));
  EXPECT_THAT(CreateUser(request), StatusIs(absl::StatusCode::kInvalidArgument, "BAD_FIELD"));
}

TEST_F(PeopleTest, UsersAreFoundByNameAddressAndFilter) {
  v1::GetUserRequest get;
  get.set_name(Email("lecturer"));
  ASSERT_OK_AND_ASSIGN(auto user, api_.Call<v1::User>("UserService/GetUser", get, admin_));
  EXPECT_EQ(user.name(), Name("users", world_.lecturer));
  get.set_name("nobody@example.org");
  EXPECT_THAT(api_.Call("UserService/GetUser", get, nullptr, admin_), StatusIs(absl::StatusCode::kNotFound, "USER_NOT_FOUND"));
  get.set_name("lecturer");
  EXPECT_THAT(api_.Call("UserService/GetUser", get, nullptr, admin_), StatusIs(absl::StatusCode::kInvalidArgument, "BAD_FIELD"));
  v1::ListUsersRequest list;
  list.set_filter("MAINTAINER");
  list.set_page_size(2);
  ASSERT_OK_AND_ASSIGN(auto page, api_.Call<v1::ListUsersResponse>("UserService/ListUsers", list, admin_));
  EXPECT_EQ(page.users_size(), 2);
  list.set_page_token(page.next_page_token());
  ASSERT_OK_AND_ASSIGN(page, api_.Call<v1::ListUsersResponse>("UserService/ListUsers", list, admin_));
  EXPECT_EQ(page.users_size(), 1);
  list.set_page_token("nonsense");
  EXPECT_THAT(api_.Call("UserService/ListUsers", list, nullptr, admin_),
              StatusIs(absl::StatusCode::kInvalidArgument, "BAD_PAGE_TOKEN"));
  list.set_page_size(-1);
  EXPECT_THAT(api_.Call("UserService/ListUsers", list, nullptr, admin_), StatusIs(absl::StatusCode::kInvalidArgument, "BAD_FIELD"));
}

TEST_F(PeopleTest, SettingsAreKeptAndChecked) {
  std::string student = api_.Login(Email("student"), kTestPassword);
  ASSERT_OK_AND_ASSIGN(auto settings, api_.Call<v1::UserSettings>("UserService/GetSettings", v1::GetSettingsRequest(), student));
  EXPECT_EQ(settings.playback_rate(), 0);
  v1::UpdateSettingsRequest update;
  update.mutable_settings()->set_playback_rate(1.5);
  update.mutable_settings()->set_skip_silence(true);
  EXPECT_OK(api_.Call("UserService/UpdateSettings", update, nullptr, student));
  ASSERT_OK_AND_ASSIGN(settings, api_.Call<v1::UserSettings>("UserService/GetSettings", v1::GetSettingsRequest(), student));
  EXPECT_EQ(settings.playback_rate(), 1.5);
  EXPECT_TRUE(settings.skip_silence());
  for (double rate : {0.4, 3.1, -1.0, std::numeric_limits<double>::quiet_NaN()}) {
    update.mutable_settings()->set_playback_rate(rate);
    EXPECT_THAT(api_.Call("UserService/UpdateSettings", update, nullptr, student),
                StatusIs(absl::StatusCode::kInvalidArgument, "BAD_FIELD"));
  }
}

TEST_F(PeopleTest, TheFirstAdministratorIsMadeOnce) {
  testing::TestDatabase empty;
  pg::Pool pool({.url = empty.url(), .connections = 1});
  api::UserStore users(pool);
  EXPECT_THAT(api::CreateFirstAdministrator(users, "root@example.org", ""), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(api::CreateFirstAdministrator(users, "root@example.org", "short"), StatusIs(absl::StatusCode::kInvalidArgument));
  ASSERT_OK(api::CreateFirstAdministrator(users, "root@example.org", "long enough"));
  ASSERT_OK(api::CreateFirstAdministrator(users, "second@example.org", "long enough"));
  EXPECT_THAT(users.GetByEmail("second@example.org"), StatusIs(absl::StatusCode::kNotFound));
  ApiInstance api(empty.url());
  EXPECT_NE(api.Login("root@example.org", "long enough"), "");
}

TEST_F(PeopleTest, OrganizationsFormATreeThatStaysOne) {
  v1::ListOrganizationsRequest list;
  list.set_parent(Name("organizations", world_.root));
  ASSERT_OK_AND_ASSIGN(auto tree, api_.Call<v1::ListOrganizationsResponse>("OrganizationService/ListOrganizations", list, admin_));
  ASSERT_EQ(tree.organizations_size(), 3);
  EXPECT_EQ(tree.organizations(0).parent(), "");
  EXPECT_EQ(tree.organizations(2).display_name(), "chair");
  EXPECT_EQ(tree.organizations(2).depth(), 2);
  v1::MoveOrganizationRequest move;
  move.set_name(Name("organizations", world_.root));
  move.set_parent(Name("organizations", world_.chair));
  EXPECT_THAT(api_.Call("OrganizationService/MoveOrganization", move, nullptr, admin_),
              StatusIs(absl::StatusCode::kFailedPrecondition, "TREE_CYCLE"));
  v1::DeleteOrganizationRequest remove;
  remove.set_name(Name("organizations", world_.school));
  EXPECT_THAT(api_.Call("OrganizationService/DeleteOrganization", remove, nullptr, admin_),
              StatusIs(absl::StatusCode::kFailedPrecondition, "ORGANIZATION_NOT_EMPTY"));
  v1::CreateOrganizationRequest create;
  create.set_parent(Name("organizations", world_.school));
  create.set_display_name("chair");
  EXPECT_THAT(api_.Call("OrganizationService/CreateOrganization", create, nullptr, admin_),
              StatusIs(absl::StatusCode::kAlreadyExists, "ORGANIZATION_EXISTS"));
}

TEST_F(PeopleTest, ANewMaintainerReachesTheSubtreeAtOnceAndLosesItAgain) {
  std::string student = api_.Login(Email("student"), kTestPassword);
  v1::CreateCourseRequest course;
  course.set_organization(Name("organizations", world_.chair));
  course.set_title("Analysis");
  EXPECT_THAT(api_.Call("CourseService/CreateCourse", course, nullptr, student), StatusIs(absl::StatusCode::kPermissionDenied));
  v1::AddMaintainerRequest add;
  add.set_name(Name("organizations", world_.school));
  add.set_user(Email("student"));
  EXPECT_OK(api_.Call("OrganizationService/AddMaintainer", add, nullptr, admin_));
  EXPECT_OK(api_.Call("CourseService/CreateCourse", course, nullptr, student));
  v1::ListMaintainersRequest list;
  list.set_name(Name("organizations", world_.chair));
  ASSERT_OK_AND_ASSIGN(auto who, api_.Call<v1::ListMaintainersResponse>("OrganizationService/ListMaintainers", list, student));
  ASSERT_EQ(who.maintainers_size(), 3);
  EXPECT_EQ(who.maintainers(1).email(), Email("student"));
  EXPECT_EQ(who.maintainers(1).organization(), Name("organizations", world_.school));
  v1::RemoveMaintainerRequest remove;
  remove.set_name(add.name());
  remove.set_user(add.user());
  EXPECT_OK(api_.Call("OrganizationService/RemoveMaintainer", remove, nullptr, admin_));
  EXPECT_THAT(api_.Call("CourseService/CreateCourse", course, nullptr, student), StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_F(PeopleTest, AnOrganizationTokenIsForThatOrganizationAndSevenHours) {
  v1::CreateOrganizationTokenRequest request;
  request.set_name(Name("organizations", world_.chair));
  ASSERT_OK_AND_ASSIGN(auto token, api_.Call<v1::CreateOrganizationTokenResponse>("OrganizationService/CreateOrganizationToken",
                                                                                 request, admin_));
  ASSERT_OK_AND_ASSIGN(Claims claims, api_.keys().Verify(token.token(), Audience::kOrganization, absl::Now()));
  EXPECT_EQ(claims.organization, world_.chair);
  EXPECT_EQ(claims.expires_at - claims.issued_at, absl::Hours(7));
  request.set_name("organizations/987654");
  EXPECT_THAT(api_.Call("OrganizationService/CreateOrganizationToken", request, nullptr, admin_),
              StatusIs(absl::StatusCode::kNotFound, "ORGANIZATION_NOT_FOUND"));
}

TEST_F(PeopleTest, ACourseShowsItselfToThoseItIsFor) {
  world_.NewCourse("public");
  world_.NewCourse("enrolled");
  world_.NewCourse("hidden");
  world_.NewCourse("logged_in");
  auto visible = [&](absl::string_view token) {
    auto courses = api_.Call<v1::ListCoursesResponse>("CourseService/ListCourses", v1::ListCoursesRequest(), token);
    EXPECT_OK(courses);
    return courses.ok() ? courses->courses_size() : -1;
  };
  EXPECT_EQ(visible(""), 1);
  EXPECT_EQ(visible(api_.Login(Email("student"), kTestPassword)), 2);
  EXPECT_EQ(visible(api_.Login(Email("enrolled"), kTestPassword)), 3);
  EXPECT_EQ(visible(api_.Login(Email("lecturer"), kTestPassword)), 4);
  EXPECT_EQ(visible(api_.Login(Email("ancestor_maintainer"), kTestPassword)), 4);
}

TEST_F(PeopleTest, ACourseIsCreatedChangedAndPeopleComeAndGo) {
  std::string maintainer = api_.Login(Email("maintainer"), kTestPassword);
  v1::CreateCourseRequest create;
  create.set_organization(Name("organizations", world_.chair));
  create.set_title("Analysis");
  create.set_term("2026W");
  ASSERT_OK_AND_ASSIGN(auto course, api_.Call<v1::Course>("CourseService/CreateCourse", create, maintainer));
  EXPECT_EQ(course.visibility(), v1::ENROLLED);
  v1::UpdateCourseRequest update;
  update.set_name(course.name());
  update.set_visibility(v1::PUBLIC);
  update.set_description("");
  ASSERT_OK_AND_ASSIGN(course, api_.Call<v1::Course>("CourseService/UpdateCourse", update, maintainer));
  EXPECT_EQ(course.visibility(), v1::PUBLIC);
  EXPECT_EQ(course.title(), "Analysis");
  v1::EnrolRequest enrol;
  enrol.set_name(course.name());
  enrol.set_user(Email("student"));
  enrol.set_role(v1::COURSE_LECTURER);
  EXPECT_THAT(api_.Call("CourseService/Enrol", enrol, nullptr, maintainer),
              StatusIs(absl::StatusCode::kFailedPrecondition, "NOT_A_LECTURER"));
  enrol.clear_role();
  EXPECT_OK(api_.Call("CourseService/Enrol", enrol, nullptr, maintainer));
  v1::ListEnrolmentsRequest list;
  list.set_name(course.name());
  ASSERT_OK_AND_ASSIGN(auto people, api_.Call<v1::ListEnrolmentsResponse>("CourseService/ListEnrolments", list, maintainer));
  ASSERT_EQ(people.enrolments_size(), 1);
  EXPECT_EQ(people.enrolments(0).role(), v1::COURSE_STUDENT);
  v1::UnenrolRequest unenrol;
  unenrol.set_name(course.name());
  unenrol.set_user(Name("users", world_.student));
  EXPECT_OK(api_.Call("CourseService/Unenrol", unenrol, nullptr, maintainer));
  EXPECT_THAT(api_.Call("CourseService/Unenrol", unenrol, nullptr, maintainer), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace lectern
