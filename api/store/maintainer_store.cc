// The part of OrganizationStore that deals with maintainers.
#include <climits>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "api/store/organization_store.h"
#include "api/store/row_util.h"
#include "common/base/status.h"

namespace lectern::api {

constexpr char kAddMaintainer[] = R"sql(
with added as (insert into maintainers (organization_id, user_id) values ($1, $2) on conflict do nothing)
select email, display_name from users where id = $2
)sql";

absl::StatusOr<MaintainerRow> OrganizationStore::AddMaintainer(int64_t organization_id, int64_t user_id) {
  absl::StatusOr<pg::Rows> rows = pool_.Run({"maintainer_add", kAddMaintainer}, organization_id, user_id);
  if (!rows.ok()) {
    return Explain(rows.status(), {{"maintainers_organization_id_fkey", absl::StatusCode::kNotFound,
                                    "ORGANIZATION_NOT_FOUND", "the organization does not exist"},
                                   {"maintainers_user_id_fkey", absl::StatusCode::kNotFound, "USER_NOT_FOUND",
                                    "the user does not exist"}});
  }
  if (rows->empty()) return NotFound("USER_NOT_FOUND", "user", user_id);
  return MaintainerRow{user_id, (*rows)[0].Text("email"), (*rows)[0].Text("display_name"), organization_id};
}

constexpr char kRemoveMaintainer[] = R"sql(delete from maintainers where organization_id = $1 and user_id = $2)sql";

absl::Status OrganizationStore::RemoveMaintainer(int64_t organization_id, int64_t user_id) {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"maintainer_remove", kRemoveMaintainer}, organization_id, user_id));
  if (rows.affected() > 0) return absl::OkStatus();
  return WithReason(
      absl::NotFoundError(absl::StrCat("users/", user_id, " was not made maintainer at organizations/", organization_id,
                                       "; an inherited right is removed where it was granted")),
      "MAINTAINER_NOT_FOUND");
}

constexpr char kListMaintainers[] = R"sql(
select m.user_id, u.email, u.display_name, m.organization_id, p.distance
from organization_paths p
join maintainers m on m.organization_id = p.ancestor_id
join users u on u.id = m.user_id
where p.descendant_id = $1 and (p.distance, u.email) > ($2, $3)
order by p.distance, u.email limit $4
)sql";

absl::StatusOr<Page<MaintainerRow>> OrganizationStore::ListMaintainers(int64_t organization_id,
                                                                       const PageRequest& page) const {
  int distance = -1;
  std::string email;
  if (!page.token.empty()) {
    ASSIGN_OR_RETURN(std::vector<std::string> keys, DecodePageToken("maintainers", page.token, 2));
    // A number that does not parse starts at the end.
    if (!absl::SimpleAtoi(keys[0], &distance)) distance = INT_MAX;
    email = keys[1];
  }
  ASSIGN_OR_RETURN(pg::Rows rows,
                   pool_.Run({"maintainer_list", kListMaintainers}, organization_id, distance, email, page.size + 1));
  auto parse = [](const pg::Row& row) {
    return MaintainerRow{row.Int("user_id"), row.Text("email"), row.Text("display_name"), row.Int("organization_id")};
  };
  return MakePage(ParseRows(rows, parse), page.size, [&](const MaintainerRow& last) {
    return EncodePageToken("maintainers", {rows[page.size - 1].Text("distance"), last.email});
  });
}

}  // namespace lectern::api
