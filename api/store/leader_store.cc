#include "api/store/leader_store.h"

#include "common/base/status.h"

namespace lectern::api {
namespace {

constexpr char kAcquire[] = R"sql(
insert into leader_lease (role, holder, term, expires_at) values ($1, $2, 1, now() + $3::interval)
on conflict (role) do update
  set holder = excluded.holder, expires_at = excluded.expires_at,
      term = case when leader_lease.holder = excluded.holder and leader_lease.expires_at > now() then leader_lease.term
                  else leader_lease.term + 1 end
  where leader_lease.holder = excluded.holder or leader_lease.expires_at <= now()
returning term)sql";

constexpr char kRenew[] = R"sql(
update leader_lease set expires_at = now() + $4::interval
where role = $1 and holder = $2 and term = $3 and expires_at > now() returning term)sql";

constexpr char kResign[] = R"sql(
update leader_lease set expires_at = now() where role = $1 and holder = $2 and term = $3 and expires_at > now())sql";

}  // namespace

absl::StatusOr<std::optional<int64_t>> LeaderStore::Acquire(const std::string& role, const std::string& holder,
                                                            absl::Duration ttl) {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"acquire_leadership", kAcquire}, role, holder, ttl));
  if (rows.empty()) return std::nullopt;
  return rows[0].Int("term");
}

absl::StatusOr<bool> LeaderStore::Renew(const std::string& role, const std::string& holder, int64_t term, absl::Duration ttl) {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"renew_leadership", kRenew}, role, holder, term, ttl));
  return !rows.empty();
}

absl::Status LeaderStore::Resign(const std::string& role, const std::string& holder, int64_t term) {
  return pool_.Run({"resign_leadership", kResign}, role, holder, term).status();
}

}  // namespace lectern::api
