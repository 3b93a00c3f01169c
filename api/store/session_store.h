// Sign-ins: sessions, the count of failed attempts, and personal tokens.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "api/store/page.h"
#include "api/store/user_store.h"
#include "common/pg/pool.h"

namespace lectern::api {

struct SessionRow {
  int64_t id = 0;
  int64_t user_id = 0;
  std::string peer;             // address of the sign-in
  std::string device;           // as the client named it; may be empty
  absl::Time created_at;
  absl::Time expires_at;
};

// Attempts within the window, the one just recorded included.
struct LoginAttempts {
  int64_t by_email = 0;
  int64_t by_peer = 0;
};

struct PersonalTokenRow {
  int64_t id = 0;
  int64_t user_id = 0;
  std::string display_name;
  absl::Time created_at;
  std::optional<absl::Time> last_used_at;
  std::optional<absl::Time> expires_at;   // absent: never
};

// Who uses a personal token.
struct PersonalTokenUse {
  int64_t token_id = 0;
  UserRow user;
  bool teaches = false;         // is a lecturer or administrator of the installation, or of a course
};

// Thread-safe. One statement a call. Times are the database's.
class SessionStore {
 public:
  explicit SessionStore(pg::Pool& pool) : pool_(pool) {}

  absl::StatusOr<SessionRow> Insert(int64_t user_id, absl::string_view peer, absl::Duration lifetime,
                                    absl::string_view device = "");
  // The person behind a live session. Errors: kUnauthenticated/SESSION_ENDED when it is expired, revoked, unknown or its user is
  // disabled.
  absl::StatusOr<UserRow> GetUser(int64_t session_id) const;
  // Live ones of the user, newest first.
  absl::StatusOr<Page<SessionRow>> List(int64_t user_id, const PageRequest& page) const;
  // Errors: kNotFound/SESSION_NOT_FOUND, also for another user's.
  absl::Status Revoke(int64_t user_id, int64_t session_id);

  // To be called before a password is looked at, so that attempts made at once count, too.
  absl::StatusOr<LoginAttempts> RecordLoginAttempt(absl::string_view email, absl::string_view peer, absl::Duration window);
  // After success: forgets what was recorded for this address and peer.
  absl::Status ForgetLoginAttempts(absl::string_view email, absl::string_view peer);
  // Deletes attempts older than `window` and sessions that ended longer ago than a day. Returns how many.
  absl::StatusOr<int64_t> Sweep(absl::Duration window);

  // `token_hash` is the SHA-256 of the token. Errors: kResourceExhausted/TOO_MANY_TOKENS above 100 live ones of a user.
  absl::StatusOr<PersonalTokenRow> InsertPersonalToken(int64_t user_id, absl::string_view display_name, absl::string_view token_hash,
                                                       std::optional<absl::Time> expires_at = std::nullopt);
  // Live ones, newest first.
  absl::StatusOr<Page<PersonalTokenRow>> ListPersonalTokens(int64_t user_id, const PageRequest& page) const;
  // Errors: kNotFound/TOKEN_NOT_FOUND, also for another user's.
  absl::Status RevokePersonalToken(int64_t user_id, int64_t token_id);
  // Whose token this is; notes its use. Errors: kUnauthenticated with TOKEN_INVALID (unknown), TOKEN_EXPIRED, or TOKEN_REVOKED (also
  // where its user is disabled).
  absl::StatusOr<PersonalTokenUse> UsePersonalToken(absl::string_view token_hash);
  // The same for the token with which this proxy has opened the stream, as long as it has not ended. TOKEN_INVALID where there is none.
  absl::StatusOr<PersonalTokenUse> UsePersonalTokenOf(int64_t stream_id, int64_t proxy_id);

 private:
  pg::Pool& pool_;
};

}  // namespace lectern::api
