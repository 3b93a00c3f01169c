#include "api/store/key_store.h"

#include "api/store/row_util.h"
#include "common/base/status.h"

namespace lectern::api {
namespace {

SigningKeyRow ParseKey(const pg::Row& row) {
  SigningKeyRow key;
  key.key_id = row.Text("key_id");
  key.audience = row.Text("audience");
  key.public_key = row.Bytes("public_key");
  key.sealed_secret = row.Bytes("sealed_secret");
  key.created_at = row.Time("created_at");
  key.retired_at = OptionalTime(row, "retired_at");
  return key;
}

}  // namespace

constexpr char kLock[] = R"sql(select pg_advisory_xact_lock(hashtext('lectern.signing_keys')))sql";

constexpr char kActive[] = R"sql(
select key_id, audience, public_key, sealed_secret, created_at, retired_at
from signing_keys where audience = $1 and retired_at is null
)sql";

constexpr char kInsert[] = R"sql(
insert into signing_keys (key_id, audience, public_key, sealed_secret) values ($1, $2, $3, $4)
returning key_id, audience, public_key, sealed_secret, created_at, retired_at
)sql";

constexpr char kRetire[] =
    R"sql(update signing_keys set retired_at = now() where audience = $1 and retired_at is null)sql";

static absl::StatusOr<SigningKeyRow> InsertKey(pg::Session& session, const SigningKeyRow& key) {
  auto rows = session.Run({"key_insert", kInsert}, key.key_id, key.audience, pg::Param::Bytes(key.public_key),
                          pg::Param::Bytes(key.sealed_secret));
  if (!rows.ok()) return rows.status();
  return ParseKey((*rows)[0]);
}

absl::StatusOr<SigningKeyRow> KeyStore::InsertIfAbsent(const SigningKeyRow& key) {
  SigningKeyRow active;
  RETURN_IF_ERROR(pool_.Transaction([&](pg::Session& session) -> absl::Status {
    RETURN_IF_ERROR(session.Run({"key_lock", kLock}).status());
    ASSIGN_OR_RETURN(pg::Rows rows, session.Run({"key_active", kActive}, key.audience));
    if (!rows.empty()) {
      active = ParseKey(rows[0]);
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(active, InsertKey(session, key));
    return absl::OkStatus();
  }));
  return active;
}

absl::StatusOr<SigningKeyRow> KeyStore::Rotate(const SigningKeyRow& key) {
  SigningKeyRow active;
  RETURN_IF_ERROR(pool_.Transaction([&](pg::Session& session) -> absl::Status {
    RETURN_IF_ERROR(session.Run({"key_lock", kLock}).status());
    RETURN_IF_ERROR(session.Run({"key_retire", kRetire}, key.audience).status());
    ASSIGN_OR_RETURN(active, InsertKey(session, key));
    return absl::OkStatus();
  }));
  return active;
}

constexpr char kList[] = R"sql(
select key_id, audience, public_key, sealed_secret, created_at, retired_at from signing_keys order by created_at, key_id
)sql";

absl::StatusOr<std::vector<SigningKeyRow>> KeyStore::List() const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"key_list", kList}));
  return ParseRows(rows, ParseKey);
}

constexpr char kDeleteRetired[] = R"sql(delete from signing_keys where retired_at < now() - $1::interval)sql";

absl::StatusOr<int64_t> KeyStore::DeleteRetired(absl::Duration age) {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"key_delete_retired", kDeleteRetired}, age));
  return rows.affected();
}

}  // namespace lectern::api
