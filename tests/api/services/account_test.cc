// Passwords that are changed and people who are disabled: what ends with them, and at once.
#include <gmock/gmock.h>
#include <google/protobuf/empty.pb.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/text.h"
#include "lectern/v1/auth.pb.h"
#include "lectern/v1/playback.pb.h"
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
using ::testing::AnyOf;

constexpr absl::StatusCode kUnauthenticated = absl::StatusCode::kUnauthenticated;
constexpr absl::StatusCode kPermissionDenied = absl::StatusCode::kPermissionDenied;
constexpr absl::StatusCode kFailedPrecondition = absl::StatusCode::kFailedPrecondition;
constexpr char kNewPassword[] = "battery staple";

class AccountTest : public ::testing::Test {
 protected:
  absl::Status ChangePassword(const std::string& session, const std::string& old_password, const std::string& new_password) {
    v1::ChangePasswordRequest request;
    request.set_old_password(old_password);
    request.set_new_password(new_password);
    return api_.Call("AuthService/ChangePassword", request, nullptr, session);
  }
  absl::StatusOr<v1::User> SetDisabled(const std::string& caller, int64_t user, bool disabled) {
    v1::SetDisabledRequest request;
    request.set_name(Name("users", user));
    request.set_disabled(disabled);
    return api_.Call<v1::User>("UserService/SetDisabled", request, caller);
  }
  absl::Status ResetPassword(int64_t user, const std::string& password) {
    v1::ResetPasswordRequest request;
    request.set_name(Name("users", user));
    request.set_password(password);
    return api_.Call("UserService/ResetPassword", request, nullptr, admin_);
  }
  absl::Status WhoAmI(const std::string& session) { return api_.Call("AuthService/WhoAmI", v1::WhoAmIRequest(), nullptr, session); }
  absl::Status Login(const std::string& who, const std::string& password) {
    v1::LoginRequest request;
    request.set_email(Email(who));
    request.set_password(password);
    return api_.Call("AuthService/Login", request, nullptr, "");
  }

  testing::TestDatabase database_;
  testing::World world_{database_};
  ApiInstance api_{database_.url()};
  std::string admin_ = api_.Login(Email("admin"), kTestPassword);
};

TEST_F(AccountTest, ANewPasswordEndsAllOtherSessionsAtOnce) {
  const std::string here = api_.Login(Email("student"), kTestPassword), there = api_.Login(Email("student"), kTestPassword);
  const std::string somebody = api_.Login(Email("enrolled"), kTestPassword);
  for (const std::string& session : {here, there, somebody}) EXPECT_OK(WhoAmI(session));
  EXPECT_OK(ChangePassword(here, kTestPassword, kNewPassword));
  EXPECT_OK(WhoAmI(here));
  EXPECT_THAT(WhoAmI(there), StatusIs(kUnauthenticated, "SESSION_ENDED"));
  EXPECT_OK(WhoAmI(somebody));
  EXPECT_THAT(Login("student", kTestPassword), StatusIs(kUnauthenticated, "WRONG_CREDENTIALS"));
  EXPECT_OK(Login("student", kNewPassword));
}

TEST_F(AccountTest, TheOldPasswordIsAskedForAndGuessingItIsSlow) {
  const std::string session = api_.Login(Email("student"), kTestPassword);
  EXPECT_THAT(ChangePassword(session, kTestPassword, "too short"), StatusIs(absl::StatusCode::kInvalidArgument, "BAD_FIELD"));
  for (int i = 0; i < 10; ++i) {
    EXPECT_THAT(ChangePassword(session, "not the password", kNewPassword), StatusIs(kPermissionDenied, "WRONG_CREDENTIALS"));
  }
  EXPECT_THAT(ChangePassword(session, "not the password", kNewPassword),
              StatusIs(absl::StatusCode::kResourceExhausted, "TOO_MANY_ATTEMPTS"));
  EXPECT_THAT(ChangePassword(session, kTestPassword, kNewPassword), StatusIs(absl::StatusCode::kResourceExhausted, "TOO_MANY_ATTEMPTS"));
  // The session is good all the while.
  EXPECT_OK(WhoAmI(session));
  // Whoever guesses here has no further guesses there.
  EXPECT_THAT(Login("student", kTestPassword), StatusIs(absl::StatusCode::kResourceExhausted, "TOO_MANY_ATTEMPTS"));
}

TEST_F(AccountTest, AResetPasswordEndsEverySession) {
  const std::string session = api_.Login(Email("student"), kTestPassword);
  EXPECT_OK(WhoAmI(session));
  EXPECT_THAT(ResetPassword(world_.student, "too short"), StatusIs(absl::StatusCode::kInvalidArgument, "BAD_FIELD"));
  EXPECT_OK(WhoAmI(session));
  EXPECT_OK(ResetPassword(world_.student, kNewPassword));
  EXPECT_THAT(WhoAmI(session), StatusIs(kUnauthenticated, "SESSION_ENDED"));
  EXPECT_OK(Login("student", kNewPassword));
  EXPECT_THAT(ResetPassword(987654, kNewPassword), StatusIs(absl::StatusCode::kNotFound, "USER_NOT_FOUND"));
}

TEST_F(AccountTest, WhoIsDisabledCanDoNothingAnyMore) {
  const std::string session = api_.Login(Email("enrolled"), kTestPassword);
  const std::string token = "lectern0123456789";
  EXPECT_OK(api_.stores().sessions.InsertPersonalToken(world_.enrolled, "OBS", Sha256(token), std::nullopt));
  v1::CreatePlaybackRequest play;
  play.set_lecture(Name("lectures", world_.NewLecture(world_.NewCourse())));
  play.set_wait(true);
  ASSERT_OK_AND_ASSIGN(auto playback, api_.Call<v1::Playback>("PlaybackService/CreatePlayback", play, session));
  v1::RefreshPlaybackRequest refresh;
  refresh.set_token(playback.token());
  EXPECT_OK(api_.Call("PlaybackService/RefreshPlayback", refresh, nullptr, ""));

  ASSERT_OK_AND_ASSIGN(v1::User user, SetDisabled(admin_, world_.enrolled, true));
  EXPECT_TRUE(user.disabled());
  EXPECT_THAT(WhoAmI(session), StatusIs(kUnauthenticated, "SESSION_ENDED"));
  EXPECT_THAT(Login("enrolled", kTestPassword), StatusIs(kUnauthenticated, "WRONG_CREDENTIALS"));
  EXPECT_THAT(api_.stores().sessions.UsePersonalToken(Sha256(token)), StatusIs(kUnauthenticated, "TOKEN_REVOKED"));
  EXPECT_THAT(api_.Call("PlaybackService/RefreshPlayback", refresh, nullptr, ""), StatusIs(kPermissionDenied, "TOKEN_REVOKED"));
  v1::ListUsersRequest list;
  list.set_filter("enrolled");
  ASSERT_OK_AND_ASSIGN(auto users, api_.Call<v1::ListUsersResponse>("UserService/ListUsers", list, admin_));
  ASSERT_EQ(users.users_size(), 1);
  EXPECT_TRUE(users.users(0).disabled());

  ASSERT_OK_AND_ASSIGN(user, SetDisabled(admin_, world_.enrolled, false));
  EXPECT_FALSE(user.disabled());
  EXPECT_THAT(WhoAmI(session), StatusIs(kUnauthenticated, "SESSION_ENDED"));
  EXPECT_OK(Login("enrolled", kTestPassword));
  EXPECT_OK(api_.stores().sessions.UsePersonalToken(Sha256(token)));
}

TEST_F(AccountTest, WhoIsDisabledIsOnAirNoMore) {
  const int64_t vod = world_.NewResource("vod_service");
  const int64_t theirs = world_.NewStream(world_.NewLecture(world_.NewCourse()), vod, "live");
  const int64_t anothers = world_.NewStream(world_.NewLecture(world_.NewCourse()), vod, "live");
  auto set_person = [&](int64_t stream, int64_t user) {
    database_.Execute(absl::StrCat("update live_streams set user_id = ", user, " where id = ", stream));
  };
  set_person(theirs, world_.enrolled);
  set_person(anothers, world_.student);
  EXPECT_OK(SetDisabled(admin_, world_.enrolled, false));
  EXPECT_EQ(database_.Query(absl::StrCat("select state from live_streams where id = ", theirs)), "live");
  EXPECT_OK(SetDisabled(admin_, world_.enrolled, true));
  EXPECT_THAT(database_.Query(absl::StrCat("select state from live_streams where id = ", theirs)), AnyOf("ending", "ended"));
  EXPECT_EQ(database_.Query(absl::StrCat("select state from live_streams where id = ", anothers)), "live");
}

TEST_F(AccountTest, NobodyDisablesThemselvesNorTheLastAdministrator) {
  EXPECT_THAT(SetDisabled(admin_, world_.admin, true), StatusIs(kFailedPrecondition, "ONESELF"));
  EXPECT_OK(WhoAmI(admin_));
  EXPECT_OK(SetDisabled(admin_, world_.admin, false));
  // Two who disable each other at the same moment: the second is the last one.
  const int64_t other = world_.NewUser("administrator");
  EXPECT_OK(SetDisabled(admin_, other, true));
  EXPECT_THAT(api_.stores().users.SetDisabled(world_.admin, true), StatusIs(kFailedPrecondition, "LAST_ADMINISTRATOR"));
  EXPECT_THAT(SetDisabled(admin_, 987654, true), StatusIs(absl::StatusCode::kNotFound, "USER_NOT_FOUND"));
}

TEST_F(AccountTest, PasswordsAreNotInTheAuditLog) {
  EXPECT_OK(ResetPassword(world_.student, kNewPassword));
  const std::string session = api_.Login(Email("student"), kNewPassword);
  EXPECT_OK(ChangePassword(session, kNewPassword, "another password"));
  ASSERT_OK_AND_ASSIGN(auto page, api_.stores().audit.List(std::nullopt, {100, ""}));
  int seen = 0;
  for (const api::AuditRow& row : page.rows) {
    seen += row.event.action == "AuthService.ChangePassword" || row.event.action == "UserService.ResetPassword";
    for (const char* secret : {kNewPassword, "another password"}) {
      EXPECT_EQ(row.event.detail.find(secret), std::string::npos) << row.event.action;
    }
    if (row.event.action == "AuthService.ChangePassword") EXPECT_EQ(row.event.target, Name("users", world_.student));
  }
  EXPECT_EQ(seen, 2);
}

}  // namespace
}  // namespace lectern
