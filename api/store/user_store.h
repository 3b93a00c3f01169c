// People of the installation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "api/store/page.h"
#include "common/pg/pool.h"

namespace lectern::api {

struct UserRow {
  int64_t id = 0;
  std::string email;           // lower case
  std::string display_name;
  std::string role;            // "student", "lecturer", "administrator"
  bool disabled = false;       // may not sign in
  absl::Time created_at;
};

struct NewUser {
  std::string email;           // any case
  std::string display_name;
  std::string role = "student";
  std::optional<std::string> password_hash;   // absent: signs in elsewhere
};

struct UserLogin {
  UserRow user;
  std::optional<std::string> password_hash;
};

// Thread-safe. One statement a call where nothing else is said. NOT_FOUND has the reason USER_NOT_FOUND.
class UserStore {
 public:
  explicit UserStore(pg::Pool& pool) : pool_(pool) {}

  // Errors: kAlreadyExists/USER_EXISTS (e-mail), kInvalidArgument/BAD_EMAIL, kInvalidArgument/BAD_USER.
  absl::StatusOr<UserRow> Insert(const NewUser& user);
  // Inserts the user as administrator unless the installation has an administrator; returns whether it did. Several instances
  // may call it at once.
  absl::StatusOr<bool> InsertFirstAdministrator(const NewUser& user);
  absl::StatusOr<UserRow> Get(int64_t id) const;
  absl::StatusOr<UserRow> GetByEmail(absl::string_view email) const;
  // For signing in: with the password's hash.
  absl::StatusOr<UserLogin> GetLogin(absl::string_view email) const;
  // By e-mail address. `filter`: part of the address or name, any case; empty: all.
  absl::StatusOr<Page<UserRow>> List(absl::string_view filter, const PageRequest& page) const;
  // Errors: kFailedPrecondition/LAST_ADMINISTRATOR when it would leave the installation without one. A transaction.
  absl::StatusOr<UserRow> SetRole(int64_t id, absl::string_view role);
  // A person who is disabled has no session any more, can start none, and their tokens are refused. Errors:
  // kFailedPrecondition/LAST_ADMINISTRATOR as SetRole's. A transaction.
  absl::StatusOr<UserRow> SetDisabled(int64_t id, bool disabled);
  // Also ends the sessions of the user, but `kept_session`. nullopt: no password any more.
  absl::Status SetPasswordHash(int64_t id, const std::optional<std::string>& hash, int64_t kept_session = 0);
  // JSON (UserSettings); "{}" by default.
  absl::StatusOr<std::string> GetSettings(int64_t id) const;
  absl::Status PutSettings(int64_t id, absl::string_view json);

 private:
  pg::Pool& pool_;
};

}  // namespace lectern::api
