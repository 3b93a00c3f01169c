#include <gtest/gtest.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "common/token/token.h"
#include "lectern/v1/auth.pb.h"
#include "lectern/v1/resources.pb.h"
#include "lectern/v1/users.pb.h"
#include "tests/api/support/api_instance.h"
#include "tests/api/support/world.h"
#include "tests/support/fake_clock.h"
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

constexpr absl::StatusCode kUnauthenticated = absl::StatusCode::kUnauthenticated;

class AuthTest : public ::testing::Test {
 protected:
  absl::StatusOr<v1::User> WhoAmI(absl::string_view token) { return WhoAmI(api_, token); }
  static absl::StatusOr<v1::User> WhoAmI(ApiInstance& api, absl::string_view token) {
    return api.Call<v1::User>("AuthService/WhoAmI", v1::WhoAmIRequest(), token);
  }
  absl::StatusOr<v1::LoginResponse> Login(const std::string& email, const std::string& password) {
    v1::LoginRequest request;
    request.set_email(email);
    request.set_password(password);
    return api_.Call<v1::LoginResponse>("AuthService/Login", request, "");
  }

  testing::TestDatabase database_;
  testing::World world_{database_};
  ApiInstance api_{database_.url()};
};

TEST_F(AuthTest, ASessionTokenSaysWhoCalls) {
  ASSERT_OK_AND_ASSIGN(v1::LoginResponse login, Login(" Student@Example.org ", kTestPassword));
  EXPECT_EQ(login.user().name(), Name("users", world_.student));
  EXPECT_EQ(login.user().role(), v1::STUDENT);
  EXPECT_GT(login.expire_time().seconds(), 0);
  ASSERT_OK_AND_ASSIGN(v1::User me, WhoAmI(login.session_token()));
  EXPECT_EQ(me.email(), Email("student"));
}

TEST_F(AuthTest, WrongPasswordUnknownAddressAndDisabledAccountLookTheSame) {
  database_.Execute("update users set disabled_at = now() where email = 'enrolled@example.org'");
  database_.Execute("update users set password_hash = null where email = 'lecturer@example.org'");
  std::set<std::string> messages;
  for (const char* who : {"student", "nobody", "enrolled", "lecturer"}) {
    std::string password = absl::string_view(who) == "student" ? "wrong password" : kTestPassword;
    absl::StatusOr<v1::LoginResponse> login = Login(Email(who), password);
    EXPECT_THAT(login, StatusIs(kUnauthenticated, "WRONG_CREDENTIALS")) << who;
    messages.insert(std::string(login.status().message()));
  }
  EXPECT_EQ(messages.size(), 1u);
}

TEST_F(AuthTest, TooManyFailedAttemptsLockTheAccountForAWhileAndNoOther) {
  for (int i = 0; i < 10; ++i) EXPECT_THAT(Login(Email("student"), "wrong password"), StatusIs(kUnauthenticated));
  EXPECT_THAT(Login(Email("student"), kTestPassword),
              StatusIs(absl::StatusCode::kResourceExhausted, "TOO_MANY_ATTEMPTS"));
  EXPECT_OK(Login(Email("admin"), kTestPassword));
  database_.Execute("update login_failures set at = at - interval '16 minutes'");
  EXPECT_OK(Login(Email("student"), kTestPassword));
}

TEST_F(AuthTest, SuccessForgetsEarlierFailures) {
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 8; ++i) EXPECT_THAT(Login(Email("student"), "wrong password"), StatusIs(kUnauthenticated));
    EXPECT_OK(Login(Email("student"), kTestPassword));
  }
}

TEST_F(AuthTest, AnAddressThatTriesManyAccountsIsStopped) {
  database_.Execute("insert into login_failures (email, peer) select 'x' || i || '@example.org', '127.0.0.1' "
                    "from generate_series(1, 200) i");
  EXPECT_THAT(Login(Email("student"), kTestPassword), StatusIs(absl::StatusCode::kResourceExhausted, "TOO_MANY_ATTEMPTS"));
}

TEST_F(AuthTest, LogoutEndsTheSessionAtOnce) {
  std::string token = api_.Login(Email("student"), kTestPassword);
  EXPECT_OK(WhoAmI(token));
  EXPECT_OK(api_.Call("AuthService/Logout", v1::LogoutRequest(), nullptr, token));
  EXPECT_THAT(WhoAmI(token), StatusIs(kUnauthenticated, "SESSION_ENDED"));
}

TEST_F(AuthTest, ASessionEndedAtOneInstanceIsRefusedByTheOther) {
  testing::FakeClock clock;
  // The other instance's cache is turned by hand; tokens are issued by the machine's clock.
  clock.Jump(absl::Now() - clock.Now());
  ApiInstance other(database_.url(), {.clock = &clock});
  std::string token = api_.Login(Email("student"), kTestPassword);
  EXPECT_OK(WhoAmI(other, token));
  EXPECT_OK(api_.Call("AuthService/Logout", v1::LogoutRequest(), nullptr, token));
  clock.Advance(absl::Seconds(1));
  EXPECT_THAT(WhoAmI(other, token), StatusIs(kUnauthenticated, "SESSION_ENDED"));
}

TEST_F(AuthTest, AnotherDeviceCanBeSignedOutButNotAnotherPerson) {
  std::string phone = api_.Login(Email("student"), kTestPassword);
  std::string laptop = api_.Login(Email("student"), kTestPassword);
  std::string stranger = api_.Login(Email("enrolled"), kTestPassword);
  ASSERT_OK_AND_ASSIGN(auto list,
                       api_.Call<v1::ListSessionsResponse>("AuthService/ListSessions", v1::ListSessionsRequest(), laptop));
  ASSERT_EQ(list.sessions_size(), 2);
  EXPECT_TRUE(list.sessions(0).current());
  EXPECT_FALSE(list.sessions(1).current());
  EXPECT_EQ(list.sessions(0).peer(), "127.0.0.1");
  v1::RevokeSessionRequest request;
  request.set_name(list.sessions(1).name());
  EXPECT_THAT(api_.Call("AuthService/RevokeSession", request, nullptr, stranger), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_OK(WhoAmI(phone));
  EXPECT_OK(api_.Call("AuthService/RevokeSession", request, nullptr, laptop));
  EXPECT_THAT(WhoAmI(phone), StatusIs(kUnauthenticated, "SESSION_ENDED"));
  EXPECT_OK(WhoAmI(laptop));
}

TEST_F(AuthTest, OnlySessionTokensOpenCallsOfPeople) {
  for (Audience audience : {Audience::kOrganization, Audience::kResource, Audience::kUpload, Audience::kJob, Audience::kPlayback}) {
    Claims claims;
    claims.subject = Name("users", world_.admin);
    claims.id = "sessions/1";
    claims.organization = world_.chair;
    claims.issued_at = absl::Now();
    claims.expires_at = absl::Now() + absl::Hours(1);
    std::string token = api_.keys().Sign(audience, claims);
    EXPECT_THAT(WhoAmI(token), StatusIs(kUnauthenticated, "TOKEN_INVALID")) << AudienceWord(audience);
    EXPECT_THAT(api_.Call("AuthService/GetKeys", v1::GetKeysRequest(), nullptr, token), StatusIs(kUnauthenticated))
        << AudienceWord(audience);
  }
  EXPECT_THAT(WhoAmI("nonsense"), StatusIs(kUnauthenticated, "TOKEN_INVALID"));
  EXPECT_THAT(WhoAmI(""), StatusIs(kUnauthenticated, "LOGIN_REQUIRED"));
}

TEST_F(AuthTest, OnlyOrganizationTokensJoin) {
  v1::JoinRequest request;
  request.set_kind(v1::WORKER);
  request.set_host("host");
  request.set_instance_key("0123456789abcdef0123456789abcdef");
  request.set_organization_token(api_.Login(Email("admin"), kTestPassword));
  EXPECT_THAT(api_.Call("ResourceService/Join", request, nullptr, ""), StatusIs(kUnauthenticated, "TOKEN_INVALID"));
}

TEST_F(AuthTest, ASessionOfAnotherPersonDoesNotFitASignedToken) {
  api_.Login(Email("student"), kTestPassword);
  Claims claims;
  claims.subject = Name("users", world_.admin);
  claims.id = Name("sessions", world_.Number("select id from sessions"));
  claims.issued_at = absl::Now();
  claims.expires_at = absl::Now() + absl::Hours(1);
  EXPECT_THAT(WhoAmI(api_.keys().Sign(Audience::kSession, claims)), StatusIs(kUnauthenticated, "TOKEN_INVALID"));
}

TEST_F(AuthTest, PersonalTokensAreShownOnceAndKeptHashed) {
  std::string session = api_.Login(Email("lecturer"), kTestPassword);
  v1::CreatePersonalTokenRequest request;
  request.set_display_name("OBS at home");
  ASSERT_OK_AND_ASSIGN(auto created,
                       api_.Call<v1::CreatePersonalTokenResponse>("AuthService/CreatePersonalToken", request, session));
  ASSERT_OK_AND_ASSIGN(api::PersonalTokenUse use, api_.stores().sessions.UsePersonalToken(Sha256(created.token())));
  EXPECT_EQ(use.user.id, world_.lecturer);
  EXPECT_TRUE(use.teaches);
  ASSERT_OK_AND_ASSIGN(auto list, api_.Call<v1::ListPersonalTokensResponse>("AuthService/ListPersonalTokens",
                                                                           v1::ListPersonalTokensRequest(), session));
  ASSERT_EQ(list.personal_tokens_size(), 1);
  EXPECT_EQ(list.personal_tokens(0).display_name(), "OBS at home");
  EXPECT_TRUE(list.personal_tokens(0).has_last_use_time());
  v1::RevokePersonalTokenRequest revoke;
  revoke.set_name(created.personal_token().name());
  std::string stranger = api_.Login(Email("student"), kTestPassword);
  EXPECT_THAT(api_.Call("AuthService/RevokePersonalToken", revoke, nullptr, stranger), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_OK(api_.Call("AuthService/RevokePersonalToken", revoke, nullptr, session));
  EXPECT_THAT(api_.stores().sessions.UsePersonalToken(Sha256(created.token())), StatusIs(kUnauthenticated, "TOKEN_REVOKED"));
}

TEST_F(AuthTest, KeysArePublicAndComplete) {
  ASSERT_OK_AND_ASSIGN(auto set, api_.Call<v1::KeySet>("AuthService/GetKeys", v1::GetKeysRequest(), ""));
  std::set<std::string> audiences;
  for (const v1::Key& key : set.keys()) {
    audiences.insert(key.audience());
    EXPECT_EQ(key.public_key().size(), 32u);
  }
  EXPECT_EQ(audiences, (std::set<std::string>{"session", "organization", "resource", "upload", "job", "playback"}));
}

TEST_F(AuthTest, SignInsAreAuditedWithoutThePassword) {
  EXPECT_OK(Login(Email("student"), kTestPassword));
  EXPECT_THAT(Login(Email("student"), "my other password"), StatusIs(kUnauthenticated));
  ASSERT_OK_AND_ASSIGN(auto page, api_.stores().audit.List(std::nullopt, {10, ""}));
  ASSERT_EQ(page.rows.size(), 2u);
  EXPECT_EQ(page.rows[0].event.outcome, "UNAUTHENTICATED");
  EXPECT_EQ(page.rows[1].event.outcome, "OK");
  EXPECT_EQ(page.rows[1].event.target, Name("users", world_.student));
  for (const api::AuditRow& row : page.rows) {
    EXPECT_EQ(row.event.action, "AuthService.Login");
    EXPECT_THAT(row.event.detail, HasSubstr(Email("student")));
    EXPECT_THAT(row.event.detail, Not(HasSubstr("my other")));
    EXPECT_THAT(row.event.detail, Not(HasSubstr(kTestPassword)));
  }
}

TEST_F(AuthTest, AChangeOfRoleCountsForSessionsThatAreOpen) {
  testing::FakeClock clock;
  clock.Jump(absl::Now() - clock.Now());
  ApiInstance other(database_.url(), {.clock = &clock});
  std::string token = other.Login(Email("student"), kTestPassword);
  EXPECT_THAT(other.Call("UserService/ListUsers", v1::ListUsersRequest(), nullptr, token),
              StatusIs(absl::StatusCode::kPermissionDenied));
  v1::SetRoleRequest request;
  request.set_name(Email("student"));
  request.set_role(v1::ADMINISTRATOR_ROLE);
  EXPECT_OK(api_.Call("UserService/SetRole", request, nullptr, api_.Login(Email("admin"), kTestPassword)));
  clock.Advance(absl::Seconds(1));
  EXPECT_OK(other.Call("UserService/ListUsers", v1::ListUsersRequest(), nullptr, token));
}

}  // namespace
}  // namespace lectern
