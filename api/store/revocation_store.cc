#include "api/store/revocation_store.h"

#include "api/store/row_util.h"
#include "common/base/status.h"

namespace lectern::api {
namespace {

RevocationRow ParseRevocation(const pg::Row& row) {
  return RevocationRow{row.Int("id"), row.Int("lecture_id"), row.Text("subject"), row.Time("issued_before")};
}

absl::StatusOr<RevocationRow> OneRevocation(absl::StatusOr<pg::Rows> rows) {
  if (!rows.ok()) return rows.status();
  return ParseRevocation((*rows)[0]);
}

}  // namespace

constexpr char kInsert[] = R"sql(
insert into playback_revocations (lecture_id, subject, issued_before, keep_until) values ($1, $2, now(), now() + $3::interval)
returning id, lecture_id, subject, issued_before
)sql";

absl::StatusOr<RevocationRow> RevocationStore::Insert(pg::Session& session, int64_t lecture_id,
                                                      absl::string_view subject, absl::Duration keep) {
  return OneRevocation(session.Run({"revocation_insert", kInsert}, lecture_id, subject, keep));
}

absl::StatusOr<RevocationRow> RevocationStore::Insert(int64_t lecture_id, absl::string_view subject,
                                                      absl::Duration keep) {
  return OneRevocation(pool_.Run({"revocation_insert", kInsert}, lecture_id, subject, keep));
}

constexpr char kListLive[] = R"sql(
select * from (
  select distinct on (lecture_id, subject) id, lecture_id, subject, issued_before
  from playback_revocations where keep_until > now()
  order by lecture_id, subject, issued_before desc
) latest order by id
)sql";

absl::StatusOr<std::vector<RevocationRow>> RevocationStore::ListLive() const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"revocation_list", kListLive}));
  return ParseRows(rows, ParseRevocation);
}

constexpr char kCovers[] = R"sql(
select exists (select 1 from playback_revocations
               where lecture_id = $1 and subject in ('', $2) and issued_before > $3 and keep_until > now()) as covers
)sql";

absl::StatusOr<bool> RevocationStore::Covers(int64_t lecture_id, absl::string_view subject, absl::Time issued_at) const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"revocation_covers", kCovers}, lecture_id, subject, issued_at));
  return rows[0].Bool("covers");
}

constexpr char kSweep[] = R"sql(delete from playback_revocations where keep_until <= now())sql";

absl::StatusOr<int64_t> RevocationStore::Sweep() {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"revocation_sweep", kSweep}));
  return rows.affected();
}

}  // namespace lectern::api
