#include <google/protobuf/empty.pb.h>

#include <memory>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "api/services/convert.h"
#include "api/services/fields.h"
#include "api/services/services.h"
#include "api/services/sign_in.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "lectern/v1/auth.pb.h"

namespace lectern::api {
namespace {

using google::protobuf::Empty;

constexpr size_t kMaxEmailBytes = 254;
constexpr int kMaxDevice = 200;

void ToProto(const PersonalTokenRow& row, v1::PersonalToken& token) {
  token.set_name(NameOf("personalTokens", row.id));
  token.set_display_name(row.display_name);
  SetTime(row.created_at, *token.mutable_create_time());
  if (row.last_used_at) SetTime(*row.last_used_at, *token.mutable_last_use_time());
  if (row.expires_at) SetTime(*row.expires_at, *token.mutable_expire_time());
}

class AuthService {
 public:
  explicit AuthService(const ServiceDeps& deps) : deps_(deps) {}

  absl::Status Login(CallContext& call, const v1::LoginRequest& request, v1::LoginResponse& response) {
    std::string email = absl::AsciiStrToLower(absl::StripAsciiWhitespace(request.email())).substr(0, kMaxEmailBytes);
    if (email.empty()) return BadField("email", "", "is empty; write the address of your account");
    ASSIGN_OR_RETURN(std::string device, OptionalText("device", request.device(), kMaxDevice));
    ASSIGN_OR_RETURN(UserRow user, CheckSignIn(deps_, call, email, request.password()));
    call.audit_target = NameOf("users", user.id);
    return StartSession(call, user, device, response);
  }

  absl::Status Logout(CallContext& call, const v1::LogoutRequest&, Empty&) {
    return EndSession(call.caller.user_id, call.caller.session_id);
  }

  absl::Status WhoAmI(CallContext& call, const v1::WhoAmIRequest&, v1::User& user) {
    ASSIGN_OR_RETURN(UserRow row, deps_.stores.users.Get(call.caller.user_id));
    ToProto(row, user);
    return absl::OkStatus();
  }

  absl::Status ListSessions(CallContext& call, const v1::ListSessionsRequest& request, v1::ListSessionsResponse& response) {
    ASSIGN_OR_RETURN(PageRequest page, RequirePage(request.page_size(), request.page_token(), 50, 200));
    ASSIGN_OR_RETURN(Page<SessionRow> sessions, deps_.stores.sessions.List(call.caller.user_id, page));
    for (const SessionRow& row : sessions.rows) {
      v1::Session& session = *response.add_sessions();
      session.set_name(NameOf("sessions", row.id));
      SetTime(row.created_at, *session.mutable_create_time());
      SetTime(row.expires_at, *session.mutable_expire_time());
      session.set_peer(row.peer);
      session.set_device(row.device);
      session.set_current(row.id == call.caller.session_id);
    }
    response.set_next_page_token(sessions.next_token);
    return absl::OkStatus();
  }

  absl::Status RevokeSession(CallContext& call, const v1::RevokeSessionRequest& request, Empty&) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "sessions"));
    return EndSession(call.caller.user_id, id);
  }

  absl::Status CreatePersonalToken(CallContext& call, const v1::CreatePersonalTokenRequest& request,
                                   v1::CreatePersonalTokenResponse& response) {
    ASSIGN_OR_RETURN(std::string display_name, RequireText("display_name", request.display_name(), 200));
    ASSIGN_OR_RETURN(std::optional<absl::Time> expires_at,
                     OptionalTime("expire_time", request.has_expire_time(), request.expire_time()));
    if (expires_at && *expires_at <= deps_.clock.Now()) {
      return BadField("expire_time", absl::FormatTime(*expires_at, absl::UTCTimeZone()), "write a time to come, or none");
    }
    // Encoders take it as a stream key, so it is made of letters and digits only.
    std::string token = absl::StrCat("lectern", RandomHex(24));
    ASSIGN_OR_RETURN(PersonalTokenRow row,
                     deps_.stores.sessions.InsertPersonalToken(call.caller.user_id, display_name, Sha256(token), expires_at));
    call.audit_target = NameOf("personalTokens", row.id);
    ToProto(row, *response.mutable_personal_token());
    response.set_token(token);
    return absl::OkStatus();
  }

  absl::Status ListPersonalTokens(CallContext& call, const v1::ListPersonalTokensRequest& request,
                                  v1::ListPersonalTokensResponse& response) {
    ASSIGN_OR_RETURN(PageRequest page, RequirePage(request.page_size(), request.page_token(), 50, 200));
    ASSIGN_OR_RETURN(Page<PersonalTokenRow> tokens, deps_.stores.sessions.ListPersonalTokens(call.caller.user_id, page));
    for (const PersonalTokenRow& row : tokens.rows) ToProto(row, *response.add_personal_tokens());
    response.set_next_page_token(tokens.next_token);
    return absl::OkStatus();
  }

  absl::Status RevokePersonalToken(CallContext& call, const v1::RevokePersonalTokenRequest& request, Empty&) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "personalTokens"));
    return deps_.stores.sessions.RevokePersonalToken(call.caller.user_id, id);
  }

  absl::Status GetKeys(CallContext&, const v1::GetKeysRequest&, v1::KeySet& set) {
    for (const PublishedKey& published : deps_.keys.PublicKeys()) {
      v1::Key& key = *set.add_keys();
      key.set_key_id(published.key.key_id);
      key.set_audience(std::string(AudienceWord(published.key.audience)));
      key.set_public_key(published.key.bytes);
      if (published.not_after != absl::InfiniteFuture()) SetTime(published.not_after, *key.mutable_not_after());
    }
    return absl::OkStatus();
  }

 private:
  absl::Status StartSession(CallContext& call, const UserRow& user, const std::string& device, v1::LoginResponse& response) {
    ASSIGN_OR_RETURN(SessionRow session,
                     deps_.stores.sessions.Insert(user.id, call.peer, MaxLifetime(Audience::kSession), device));
    Claims claims;
    claims.subject = NameOf("users", user.id);
    claims.id = NameOf("sessions", session.id);
    claims.issued_at = deps_.clock.Now();
    claims.expires_at = session.expires_at;
    response.set_session_token(deps_.keys.Sign(Audience::kSession, claims));
    SetTime(session.expires_at, *response.mutable_expire_time());
    ToProto(user, *response.mutable_user());
    return absl::OkStatus();
  }

  absl::Status EndSession(int64_t user, int64_t session) {
    RETURN_IF_ERROR(deps_.stores.sessions.Revoke(user, session));
    deps_.authenticator.ForgetSession(session);
    return absl::OkStatus();
  }

  const ServiceDeps deps_;
};

}  // namespace

void AddAuthService(Registry& registry, const ServiceDeps& deps) {
  auto service = std::make_shared<AuthService>(deps);
  registry.Add("lectern.v1.AuthService.Login", service, &AuthService::Login);
  registry.Add("lectern.v1.AuthService.Logout", service, &AuthService::Logout);
  registry.Add("lectern.v1.AuthService.WhoAmI", service, &AuthService::WhoAmI);
  registry.Add("lectern.v1.AuthService.ListSessions", service, &AuthService::ListSessions);
  registry.Add("lectern.v1.AuthService.RevokeSession", service, &AuthService::RevokeSession);
  registry.Add("lectern.v1.AuthService.CreatePersonalToken", service, &AuthService::CreatePersonalToken);
  registry.Add("lectern.v1.AuthService.ListPersonalTokens", service, &AuthService::ListPersonalTokens);
  registry.Add("lectern.v1.AuthService.RevokePersonalToken", service, &AuthService::RevokePersonalToken);
  registry.Add("lectern.v1.AuthService.GetKeys", service, &AuthService::GetKeys);
}

}  // namespace lectern::api
