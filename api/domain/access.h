// Who may do what with an object: the highest level that a caller has for it. Pure.
//
// The levels are ordered; each includes those below it (options.proto, Who).
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace lectern::api {

// Who calls, as established from a session token or a resource credential.
struct Caller {
  enum class Kind { kAnonymous, kUser, kResource };
  Kind kind = Kind::kAnonymous;
  int64_t user_id = 0;              // kUser
  std::string role;                 // kUser: "student", "lecturer", "administrator"
  int64_t session_id = 0;           // kUser
  int64_t resource_id = 0;          // kResource
  int64_t organization_id = 0;      // kResource: where it joined
  std::string resource_kind;        // kResource: "worker", "vod_service", "edge", "rtmp_proxy"

  bool is_user() const { return kind == Kind::kUser; }
  bool is_administrator() const { return kind == Kind::kUser && role == "administrator"; }
  // "users/12", "resources/3", or empty for an anonymous caller.
  std::string Name() const;
};

// What is known of the object and of the caller's relation to it (AccessStore::Facts).
struct AccessFacts {
  bool exists = false;
  int64_t organization_id = 0;      // that owns the object
  int64_t course_id = 0;            // 0: the object belongs to no course
  int64_t lecture_id = 0;           // 0: the object belongs to no lecture
  int64_t rehearsal_of = 0;         // whose private try-out the lecture is; 0: it is none
  bool machinery = false;           // the object tells how the lecture is carried, not what is in it (a live stream)
  std::string visibility;           // of the course: "public", "logged_in", "enrolled", "hidden"; empty: no course
  bool enrolled = false;            // in the course, as student or lecturer
  bool lecturer = false;            // of the course
  bool maintains = false;           // the organization or one of its ancestors
};

enum class Level { kNone, kViewer, kLecturer, kMaintainer, kAdministrator };

// "none", "viewer", ...
absl::string_view LevelWord(Level level);

// kNone for an object that does not exist, for everybody but an administrator. Resources get kNone: what they may reach is
// decided by the token of the job, not by these levels. Viewing follows the course: public and hidden (whoever knows its name)
// for anyone, logged_in for any person, enrolled for those enrolled. A rehearsal is there for its lecturer and for administrators
// only, whatever the course says; maintainers see the machinery that carries it.
Level LevelFor(const Caller& caller, const AccessFacts& facts);

}  // namespace lectern::api
