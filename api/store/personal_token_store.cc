// The part of SessionStore that deals with personal tokens.
#include <limits>

#include "api/store/row_util.h"
#include "api/store/session_store.h"
#include "api/store/user_row.h"
#include "common/base/status.h"

namespace lectern::api {
namespace {

PersonalTokenRow ParseToken(const pg::Row& row) {
  PersonalTokenRow token;
  token.id = row.Int("id");
  token.user_id = row.Int("user_id");
  token.display_name = row.Text("display_name");
  token.created_at = row.Time("created_at");
  token.last_used_at = OptionalTime(row, "last_used_at");
  token.expires_at = OptionalTime(row, "expires_at");
  return token;
}

}  // namespace

constexpr char kInsertToken[] = R"sql(
insert into personal_tokens (user_id, display_name, token_hash, expires_at)
select $1, $2, $3, $4::timestamptz
where (select count(*) from personal_tokens where user_id = $1 and revoked_at is null and coalesce(expires_at, 'infinity') > now()) < 100
returning id, user_id, display_name, created_at, last_used_at, expires_at
)sql";

absl::StatusOr<PersonalTokenRow> SessionStore::InsertPersonalToken(int64_t user_id, absl::string_view display_name,
                                                                   absl::string_view token_hash,
                                                                   std::optional<absl::Time> expires_at) {
  auto rows =
      pool_.Run({"personal_token_insert", kInsertToken}, user_id, display_name, pg::Param::Bytes(token_hash), expires_at);
  if (!rows.ok()) {
    return Explain(rows.status(),
                   {{"*_fkey", absl::StatusCode::kNotFound, "USER_NOT_FOUND", "the user does not exist"}});
  }
  if (rows->empty()) {
    return WithReason(absl::ResourceExhaustedError("a person has at most 100 personal tokens; revoke some"),
                      "TOO_MANY_TOKENS");
  }
  return ParseToken((*rows)[0]);
}

constexpr char kListTokens[] = R"sql(
select id, user_id, display_name, created_at, last_used_at, expires_at from personal_tokens
where user_id = $1 and id < $2 and revoked_at is null
order by id desc limit $3
)sql";

absl::StatusOr<Page<PersonalTokenRow>> SessionStore::ListPersonalTokens(int64_t user_id,
                                                                        const PageRequest& page) const {
  ASSIGN_OR_RETURN(int64_t before, DecodeIdToken("personal_tokens", page.token, std::numeric_limits<int64_t>::max()));
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"personal_token_list", kListTokens}, user_id, before, page.size + 1));
  return MakePage(ParseRows(rows, ParseToken), page.size,
                  [](const PersonalTokenRow& last) { return EncodeIdToken("personal_tokens", last.id); });
}

constexpr char kRevokeToken[] = R"sql(
update personal_tokens set revoked_at = now() where id = $2 and user_id = $1 and revoked_at is null
)sql";

absl::Status SessionStore::RevokePersonalToken(int64_t user_id, int64_t token_id) {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"personal_token_revoke", kRevokeToken}, user_id, token_id));
  return rows.affected() == 0 ? NotFound("TOKEN_NOT_FOUND", "personal token", token_id) : absl::OkStatus();
}

#define LECTERN_USE_TOKEN(found)                                                                                   \
  "with found as ("                                                                                                \
  "  select t.id as token_id, t.revoked_at is not null or u.disabled_at is not null as revoked, "                  \
  "    coalesce(t.expires_at, 'infinity') <= now() as expired, u.id, u.email, u.display_name, u.role, u.created_at " \
  "  from personal_tokens t join users u on u.id = t.user_id where " found                                         \
  "), used as ("                                                                                                   \
  "  update personal_tokens t set last_used_at = now() from found "                                                \
  "  where t.id = found.token_id and not found.revoked and not found.expired"                                      \
  ") "                                                                                                             \
  "select *, false as disabled, role <> 'student' or exists (select 1 from enrolments e "                          \
  "  where e.user_id = found.id and e.role = 'lecturer') as teaches from found"

constexpr char kUseToken[] = LECTERN_USE_TOKEN("t.token_hash = $1");
constexpr char kUseTokenOf[] = LECTERN_USE_TOKEN(
    "t.id = (select s.token_id from live_streams s where s.id = $1 and s.proxy_id = $2 and s.state <> 'ended')");

static absl::StatusOr<PersonalTokenUse> Used(const absl::StatusOr<pg::Rows>& rows) {
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return WithReason(absl::UnauthenticatedError("the personal token is unknown; copy it again"), "TOKEN_INVALID");
  const pg::Row row = (*rows)[0];
  if (row.Bool("revoked")) {
    return WithReason(absl::UnauthenticatedError("the personal token was revoked; make a new one"), "TOKEN_REVOKED");
  }
  if (row.Bool("expired")) {
    return WithReason(absl::UnauthenticatedError("the personal token has expired; make a new one"), "TOKEN_EXPIRED");
  }
  return PersonalTokenUse{row.Int("token_id"), ParseUser(row), row.Bool("teaches")};
}

absl::StatusOr<PersonalTokenUse> SessionStore::UsePersonalToken(absl::string_view token_hash) {
  return Used(pool_.Run({"personal_token_use", kUseToken}, pg::Param::Bytes(token_hash)));
}

absl::StatusOr<PersonalTokenUse> SessionStore::UsePersonalTokenOf(int64_t stream_id, int64_t proxy_id) {
  return Used(pool_.Run({"personal_token_use_of", kUseTokenOf}, stream_id, proxy_id));
}

}  // namespace lectern::api
