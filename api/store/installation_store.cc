#include "api/store/installation_store.h"

#include "api/store/row_util.h"
#include "common/base/status.h"

namespace lectern::api {

constexpr char kGet[] = R"sql(select settings from installation)sql";

absl::StatusOr<std::string> InstallationStore::Get() const {
  ASSIGN_OR_RETURN(pg::Rows rows, pool_.Run({"installation_get", kGet}));
  return rows.empty() ? std::string("{}") : rows[0].Text("settings");
}

constexpr char kPut[] = R"sql(
insert into installation (settings) values ($1::jsonb)
on conflict (only_row) do update set settings = excluded.settings, updated_at = now()
)sql";

absl::Status InstallationStore::Put(absl::string_view json) {
  return pool_.Run({"installation_put", kPut}, json).status();
}

}  // namespace lectern::api
