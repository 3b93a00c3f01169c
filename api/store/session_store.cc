#include "api/store/session_store.h"

#include <limits>

#include "api/store/row_util.h"
#include "api/store/user_row.h"
#include "common/base/status.h"

namespace lectern::api {
namespace {

SessionRow ParseSession(const pg::Row& row) {
  SessionRow session;
  session.id = row.Int("id");
  session.user_id = row.Int("user_id");
  session.peer = row.Text("peer");
  session.device = row.Text("device");
  session.created_at = row.Time("created_at");
  session.expires_at = row.Time("expires_at");
  return session;
}

}  // namespace

constexpr char kInsert[] = R"sql(
insert into sessions (user_id, peer, expires_at, device)
select id, $2, now() + $3::interval, $4 from users where id = $1 and disabled_at is null
returning id, user_id, peer, device, created_at, expires_at
)sql";

absl::StatusOr<SessionRow> SessionStore::Insert(int64_t user_id, absl::string_view peer, absl::Duration lifetime,
                                                absl::string_view device) {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"session_insert", kInsert}, user_id, peer, lifetime, device));
  if (rows.empty()) return NotFound("USER_NOT_FOUND", "user", user_id);
  return ParseSession(rows[0]);
}

constexpr char kGetUser[] = R"sql(
select u.id, u.email, u.display_name, u.role, false as disabled, u.created_at
from sessions s join users u on u.id = s.user_id
where s.id = $1 and s.revoked_at is null and s.expires_at > now() and u.disabled_at is null
)sql";

absl::StatusOr<UserRow> SessionStore::GetUser(int64_t session_id) const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"session_get_user", kGetUser}, session_id));
  if (rows.empty())
    return WithReason(absl::UnauthenticatedError("the session has ended; sign in again"), "SESSION_ENDED");
  return ParseUser(rows[0]);
}

constexpr char kList[] = R"sql(
select id, user_id, peer, device, created_at, expires_at from sessions
where user_id = $1 and id < $2 and revoked_at is null and expires_at > now()
order by id desc limit $3
)sql";

absl::StatusOr<Page<SessionRow>> SessionStore::List(int64_t user_id, const PageRequest& page) const {
  ASSIGN_OR_RETURN(int64_t before, DecodeIdToken("sessions", page.token, std::numeric_limits<int64_t>::max()));
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"session_list", kList}, user_id, before, page.size + 1));
  return MakePage(ParseRows(rows, ParseSession), page.size,
                  [](const SessionRow& last) { return EncodeIdToken("sessions", last.id); });
}

constexpr char kRevoke[] = R"sql(
update sessions set revoked_at = now() where id = $2 and user_id = $1 and revoked_at is null
)sql";

absl::Status SessionStore::Revoke(int64_t user_id, int64_t session_id) {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"session_revoke", kRevoke}, user_id, session_id));
  return rows.affected() == 0 ? NotFound("SESSION_NOT_FOUND", "session", session_id) : absl::OkStatus();
}

// Counting stops at 1000, and so does recording: whoever hammers at the door must not make the count slow for
// everybody.
constexpr char kRecordAttempt[] = R"sql(
with before as (
  select (select count(*) from (select 1 from login_failures
          where email = lower(left($1, 254)) and at > now() - $3::interval limit 1000) e) as by_email,
         (select count(*) from (select 1 from login_failures
          where peer = $2 and at > now() - $3::interval limit 1000) p) as by_peer
), recorded as (
  insert into login_failures (email, peer) select lower(left($1, 254)), $2 from before where by_email < 1000 and by_peer < 1000
)
select by_email + 1 as by_email, by_peer + 1 as by_peer from before
)sql";

absl::StatusOr<LoginAttempts> SessionStore::RecordLoginAttempt(absl::string_view email, absl::string_view peer,
                                                               absl::Duration window) {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"login_record", kRecordAttempt}, email, peer, window));
  return LoginAttempts{rows[0].Int("by_email"), rows[0].Int("by_peer")};
}

constexpr char kForgetAttempts[] = R"sql(delete from login_failures where email = lower($1) and peer = $2)sql";

absl::Status SessionStore::ForgetLoginAttempts(absl::string_view email, absl::string_view peer) {
  return pool_.Run({"login_forget", kForgetAttempts}, email, peer).status();
}

constexpr char kSweep[] = R"sql(
with attempts as (delete from login_failures where at < now() - $1::interval returning 1),
ended as (delete from sessions where expires_at < now() - interval '1 day' or revoked_at < now() - interval '1 day' returning 1)
select (select count(*) from attempts) + (select count(*) from ended) as swept
)sql";

absl::StatusOr<int64_t> SessionStore::Sweep(absl::Duration window) {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"session_sweep", kSweep}, window));
  return rows[0].Int("swept");
}

}  // namespace lectern::api
