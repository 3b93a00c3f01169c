#include "api/domain/access.h"

#include "absl/strings/str_cat.h"

namespace lectern::api {

std::string Caller::Name() const {
  switch (kind) {
    case Kind::kAnonymous:
      return "";
    case Kind::kUser:
      return absl::StrCat("users/", user_id);
    case Kind::kResource:
      return absl::StrCat("resources/", resource_id);
  }
  return "";
}

absl::string_view LevelWord(Level level) {
  switch (level) {
    case Level::kNone:
      return "none";
    case Level::kViewer:
      return "viewer";
    case Level::kLecturer:
      return "lecturer";
    case Level::kMaintainer:
      return "maintainer";
    case Level::kAdministrator:
      return "administrator";
  }
  return "none";
}

Level LevelFor(const Caller& caller, const AccessFacts& facts) {
  if (caller.is_administrator()) return Level::kAdministrator;
  if (!facts.exists || caller.kind == Caller::Kind::kResource) return Level::kNone;
  if (facts.rehearsal_of != 0) {
    if (caller.is_user() && facts.machinery && facts.maintains) return Level::kMaintainer;
    return caller.is_user() && caller.user_id == facts.rehearsal_of ? Level::kLecturer : Level::kNone;
  }
  if (caller.is_user()) {
    if (facts.maintains) return Level::kMaintainer;
    if (facts.lecturer) return Level::kLecturer;
    if (facts.enrolled || facts.visibility == "logged_in") return Level::kViewer;
  }
  if (facts.visibility == "public" || facts.visibility == "hidden") return Level::kViewer;
  return Level::kNone;
}

}  // namespace lectern::api
