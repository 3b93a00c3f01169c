#include "api/store/user_store.h"

#include "absl/strings/str_cat.h"
#include "api/store/row_util.h"
#include "api/store/user_row.h"
#include "common/base/status.h"

namespace lectern::api {
namespace {

constexpr char kUserNotFound[] = "USER_NOT_FOUND";

absl::Status ExplainUser(const absl::Status& status) {
  return Explain(
      status,
      {{"users_email", absl::StatusCode::kAlreadyExists, "USER_EXISTS", "there is a user with this e-mail address"},
       {"users_email_check", absl::StatusCode::kInvalidArgument, "BAD_EMAIL", "this is not an e-mail address"},
       {"*_check", absl::StatusCode::kInvalidArgument, "BAD_USER",
        "a display name has 1 to 200 characters; a role is student, lecturer or administrator"}});
}

absl::StatusOr<UserRow> OneUser(absl::StatusOr<pg::Rows> rows, int64_t id) {
  if (!rows.ok()) return ExplainUser(rows.status());
  if (rows->empty()) return NotFound(kUserNotFound, "user", id);
  return ParseUser((*rows)[0]);
}

absl::Status NoSuchEmail() {
  return WithReason(absl::NotFoundError("there is no user with this e-mail address"), kUserNotFound);
}

absl::Status LastAdministrator() {
  return WithReason(absl::FailedPreconditionError("this is the last administrator; make another one first"), "LAST_ADMINISTRATOR");
}

}  // namespace

UserRow ParseUser(const pg::Row& row) {
  UserRow user;
  user.id = row.Int("id");
  user.email = row.Text("email");
  user.display_name = row.Text("display_name");
  user.role = row.Text("role");
  user.disabled = row.Bool("disabled");
  user.created_at = row.Time("created_at");
  return user;
}

constexpr char kInsert[] = R"sql(
insert into users (email, display_name, role, password_hash) values (lower($1), $2, $3, $4)
returning id, email, display_name, role, disabled_at is not null as disabled, created_at
)sql";

absl::StatusOr<UserRow> UserStore::Insert(const NewUser& user) {
  return OneUser(pool_.Run({"user_insert", kInsert}, user.email, user.display_name, user.role, user.password_hash), 0);
}

constexpr char kLockAdministrators[] = R"sql(select pg_advisory_xact_lock(hashtext('lectern.first_administrator')))sql";

constexpr char kHasAdministrator[] = R"sql(select exists (select 1 from users where role = 'administrator') as has)sql";

absl::StatusOr<bool> UserStore::InsertFirstAdministrator(const NewUser& user) {
  bool inserted = false;
  RETURN_IF_ERROR(pool_.Transaction([&](pg::Session& session) -> absl::Status {
    inserted = false;
    RETURN_IF_ERROR(session.Run({"user_lock_administrators", kLockAdministrators}).status());
    ASSIGN_OR_RETURN(pg::Rows rows, session.Run({"user_has_administrator", kHasAdministrator}));
    if (rows[0].Bool("has")) return absl::OkStatus();
    inserted = true;
    return ExplainUser(
        session.Run({"user_insert", kInsert}, user.email, user.display_name, "administrator", user.password_hash)
            .status());
  }));
  return inserted;
}

constexpr char kGet[] = R"sql(
select id, email, display_name, role, disabled_at is not null as disabled, created_at from users where id = $1
)sql";

absl::StatusOr<UserRow> UserStore::Get(int64_t id) const {
  return OneUser(pool_.Run({"user_get", kGet}, id), id);
}

constexpr char kGetLogin[] = R"sql(
select id, email, display_name, role, disabled_at is not null as disabled, created_at, password_hash
from users where email = lower($1)
)sql";

absl::StatusOr<UserLogin> UserStore::GetLogin(absl::string_view email) const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"user_get_login", kGetLogin}, email));
  if (rows.empty()) return NoSuchEmail();
  UserLogin login;
  login.user = ParseUser(rows[0]);
  if (!rows[0].IsNull("password_hash")) login.password_hash = rows[0].Text("password_hash");
  return login;
}

absl::StatusOr<UserRow> UserStore::GetByEmail(absl::string_view email) const {
  ASSIGN_OR_RETURN(UserLogin login, GetLogin(email));
  return login.user;
}

constexpr char kList[] = R"sql(
select id, email, display_name, role, disabled_at is not null as disabled, created_at
from users
where email > $2 and ($1 = '' or position(lower($1) in email) > 0 or position(lower($1) in lower(display_name)) > 0)
order by email limit $3
)sql";

absl::StatusOr<Page<UserRow>> UserStore::List(absl::string_view filter, const PageRequest& page) const {
  std::string after;
  if (!page.token.empty()) {
    ASSIGN_OR_RETURN(std::vector<std::string> keys, DecodePageToken("users", page.token, 1));
    after = keys[0];
  }
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"user_list", kList}, filter, after, page.size + 1));
  return MakePage(ParseRows(rows, ParseUser), page.size,
                  [](const UserRow& last) { return EncodePageToken("users", {last.email}); });
}

// All administrators, in one order, so that two who demote each other do not both succeed.
constexpr char kAdministratorsForUpdate[] = R"sql(
select id from users where role = 'administrator' and disabled_at is null order by id for update
)sql";

constexpr char kSetRole[] = R"sql(
update users set role = $2 where id = $1
returning id, email, display_name, role, disabled_at is not null as disabled, created_at
)sql";

absl::StatusOr<UserRow> UserStore::SetRole(int64_t id, absl::string_view role) {
  UserRow user;
  RETURN_IF_ERROR(pool_.Transaction([&](pg::Session& session) -> absl::Status {
    ASSIGN_OR_RETURN(pg::Rows administrators, session.Run({"user_administrators", kAdministratorsForUpdate}));
    if (role != "administrator" && administrators.size() == 1 && administrators[0].Int("id") == id) {
      return LastAdministrator();
    }
    ASSIGN_OR_RETURN(user, OneUser(session.Run({"user_set_role", kSetRole}, id, role), id));
    return absl::OkStatus();
  }));
  return user;
}

constexpr char kSetDisabled[] = R"sql(
with changed as (
  update users set disabled_at = case when $2 then coalesce(disabled_at, now()) end where id = $1 returning *
), ended as (
  update sessions set revoked_at = now() from changed where $2 and user_id = changed.id and revoked_at is null
)
select id, email, display_name, role, disabled_at is not null as disabled, created_at from changed
)sql";

absl::StatusOr<UserRow> UserStore::SetDisabled(int64_t id, bool disabled) {
  UserRow user;
  RETURN_IF_ERROR(pool_.Transaction([&](pg::Session& session) -> absl::Status {
    ASSIGN_OR_RETURN(pg::Rows administrators, session.Run({"user_administrators", kAdministratorsForUpdate}));
    if (disabled && administrators.size() == 1 && administrators[0].Int("id") == id) return LastAdministrator();
    ASSIGN_OR_RETURN(user, OneUser(session.Run({"user_set_disabled", kSetDisabled}, id, disabled), id));
    return absl::OkStatus();
  }));
  return user;
}

constexpr char kSetPasswordHash[] = R"sql(
with changed as (update users set password_hash = $2 where id = $1 returning id),
ended as (update sessions set revoked_at = now() from changed where user_id = changed.id and sessions.id <> $3 and revoked_at is null)
select id from changed
)sql";

absl::Status UserStore::SetPasswordHash(int64_t id, const std::optional<std::string>& hash, int64_t kept_session) {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"user_set_password", kSetPasswordHash}, id, hash, kept_session));
  return rows.empty() ? NotFound(kUserNotFound, "user", id) : absl::OkStatus();
}

constexpr char kGetSettings[] = R"sql(select settings from users where id = $1)sql";

absl::StatusOr<std::string> UserStore::GetSettings(int64_t id) const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"user_get_settings", kGetSettings}, id));
  if (rows.empty()) return NotFound(kUserNotFound, "user", id);
  return rows[0].Text("settings");
}

constexpr char kPutSettings[] = R"sql(update users set settings = $2::jsonb where id = $1)sql";

absl::Status UserStore::PutSettings(int64_t id, absl::string_view json) {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"user_put_settings", kPutSettings}, id, json));
  return rows.affected() == 0 ? NotFound(kUserNotFound, "user", id) : absl::OkStatus();
}

}  // namespace lectern::api
