#include "api/calls/authorizer.h"

#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "api/domain/access.h"
#include "common/base/status.h"
#include "common/base/text.h"

namespace lectern::api {
namespace {

struct ObjectName {
  std::string collection;
  int64_t id = 0;
};

std::string ScopeValue(const AccessRule& rule, const google::protobuf::Message& request) {
  const google::protobuf::Message* message = &request;
  for (size_t i = 0; i + 1 < rule.scope.size(); ++i) {
    message = &message->GetReflection()->GetMessage(*message, rule.scope[i]);
  }
  return message->GetReflection()->GetString(*message, rule.scope.back());
}

absl::StatusOr<ObjectName> ParseObjectName(const std::string& field, const std::string& value) {
  absl::string_view collection = absl::string_view(value).substr(0, value.find('/'));
  std::optional<int64_t> id = ParseName(value, collection);
  if (id) return ObjectName{std::string(collection), *id};
  return WithReason(absl::InvalidArgumentError(absl::StrCat("field \"", field, "\": \"", value.substr(0, 100),
                                                            "\" is no resource name; write one such as courses/12")),
                    "BAD_NAME");
}

Level NeededLevel(Who who) {
  switch (who) {
    case Who::kViewer:
      return Level::kViewer;
    case Who::kLecturer:
      return Level::kLecturer;
    case Who::kMaintainer:
      return Level::kMaintainer;
    default:
      return Level::kAdministrator;
  }
}

absl::Status LoginRequired() {
  return WithReason(absl::UnauthenticatedError("sign in first: this call needs a session token"), "LOGIN_REQUIRED");
}

absl::Status Denied(absl::string_view needed) {
  return WithReason(absl::PermissionDeniedError(absl::StrCat("this call needs the right of ", needed)), "RIGHT_MISSING");
}

// "courses/12" gives COURSE_NOT_FOUND.
absl::Status Absent(const std::string& value, const ObjectName& name) {
  absl::string_view noun = absl::StripSuffix(name.collection, "s");
  return WithReason(absl::NotFoundError(absl::StrCat(value, " does not exist or is not for you to see")),
                    absl::StrCat(absl::AsciiStrToUpper(noun), "_NOT_FOUND"));
}

std::string NeededWords(Level needed, const std::string& value) {
  switch (needed) {
    case Level::kLecturer:
      return absl::StrCat("a lecturer of ", value);
    case Level::kMaintainer:
      return absl::StrCat("a maintainer of ", value, " or of an organization above it");
    default:
      return "an administrator";
  }
}

absl::Status AuthorizeObject(const AccessRule& rule, const google::protobuf::Message& request, AccessStore& access,
                             CallContext& call) {
  std::string value = ScopeValue(rule, request);
  if (value.empty()) {
    if (call.caller.is_administrator()) return absl::OkStatus();
    if (!call.caller.is_user()) return LoginRequired();
    return Denied(absl::StrCat("an administrator while the field \"", rule.scope.back()->name(), "\" is empty"));
  }
  ASSIGN_OR_RETURN(ObjectName name, ParseObjectName(rule.scope.back()->name(), value));
  ASSIGN_OR_RETURN(AccessFacts facts, access.Facts(name.collection, name.id, call.caller.user_id));
  call.audit_target = value;
  call.audit_organization = facts.organization_id;
  Level needed = NeededLevel(rule.who);
  Level level = LevelFor(call.caller, facts);
  call.level = level;
  if (level >= needed) return absl::OkStatus();
  // Organizations are listed for everyone who is signed in, so that they exist is no secret.
  bool may_see = facts.exists && (level >= Level::kViewer || name.collection == "organizations");
  return may_see ? Denied(NeededWords(needed, value)) : Absent(value, name);
}

}  // namespace

absl::Status Authorize(const AccessRule& rule, const google::protobuf::Message& request, AccessStore& access,
                       CallContext& call) {
  switch (rule.who) {
    case Who::kAnyone:
      return absl::OkStatus();
    case Who::kUser:
      return call.caller.is_user() ? absl::OkStatus() : LoginRequired();
    case Who::kAdministrator:
      if (!call.caller.is_user()) return LoginRequired();
      return call.caller.is_administrator() ? absl::OkStatus() : Denied("an administrator");
    case Who::kResource:
      return call.caller.kind == Caller::Kind::kResource ? absl::OkStatus() : LoginRequired();
    case Who::kViewer:
      return AuthorizeObject(rule, request, access, call);
    case Who::kLecturer:
    case Who::kMaintainer:
      if (!call.caller.is_user()) return LoginRequired();
      return AuthorizeObject(rule, request, access, call);
    case Who::kNobody:
      break;
  }
  return WithReason(absl::PermissionDeniedError("this call is open to nobody"), "RIGHT_MISSING");
}

}  // namespace lectern::api
