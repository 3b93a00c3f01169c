#include <algorithm>
#include <filesystem>
#include <system_error>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/log/log.h"
#include "common/pg/pool.h"

namespace lectern::pg {
namespace {

struct Migration {
  std::string name;  // "0001_people.sql"; the first four digits order
  std::string sql;
};

bool IsMigrationName(absl::string_view name) {
  if (name.size() < 10 || name[4] != '_' || !absl::EndsWith(name, ".sql")) return false;
  return std::all_of(name.begin(), name.begin() + 4, [](char c) { return absl::ascii_isdigit(c); });
}

absl::StatusOr<std::vector<Migration>> ReadFolder(const std::string& folder) {
  std::error_code error;
  std::filesystem::directory_iterator files(folder, error);
  if (error) return ErrnoStatus(error.value(), folder);
  std::vector<Migration> migrations;
  for (const auto& file : files) {
    const std::string name = file.path().filename().string();
    if (!absl::EndsWith(name, ".sql")) continue;
    if (!IsMigrationName(name)) return absl::InvalidArgumentError(absl::StrCat(name, " is not named NNNN_name.sql"));
    ASSIGN_OR_RETURN(std::string sql, ReadFile(file.path().string()));
    migrations.push_back({name, std::move(sql)});
  }
  std::sort(migrations.begin(), migrations.end(),
            [](const Migration& a, const Migration& b) { return a.name < b.name; });
  for (size_t i = 1; i < migrations.size(); ++i) {
    if (migrations[i].name.substr(0, 4) == migrations[i - 1].name.substr(0, 4)) {
      return absl::InvalidArgumentError(
          absl::StrCat(migrations[i].name, " and ", migrations[i - 1].name, " have one number"));
    }
  }
  return migrations;
}

// Held until the transaction ends, so that two that start at once work one after the other.
constexpr char kLock[] = R"sql(select pg_advisory_xact_lock(hashtext('lectern.migrate')))sql";

constexpr char kCreateTable[] = R"sql(
create table if not exists schema_migrations (
  name        text primary key,
  checksum    bytea not null,
  applied_at  timestamptz not null default now()
))sql";

constexpr char kListApplied[] = R"sql(
select name, encode(checksum, 'hex') as checksum from schema_migrations order by name)sql";

constexpr char kChecksum[] = R"sql(select encode(sha256($1::bytea), 'hex') as checksum)sql";

constexpr char kRecord[] = R"sql(insert into schema_migrations (name, checksum) values ($1, sha256($2::bytea)))sql";

// The first migration that is still to be applied, nullptr when there is none.
absl::StatusOr<const Migration*> Next(Session& session, const std::vector<Migration>& migrations) {
  ASSIGN_OR_RETURN(Rows rows, session.Run({"migrate_list", kListApplied}));
  absl::flat_hash_map<std::string, std::string> applied;
  for (int i = 0; i < rows.size(); ++i) applied[rows[i].Text("name")] = rows[i].Text("checksum");
  const Migration* next = nullptr;
  for (const Migration& migration : migrations) {
    auto it = applied.find(migration.name);
    if (it == applied.end()) {
      if (next == nullptr) next = &migration;
      continue;
    }
    if (next != nullptr) {
      return absl::FailedPreconditionError(
          absl::StrCat("migration ", next->name, " stands before ", migration.name, ", which is applied already"));
    }
    ASSIGN_OR_RETURN(Rows sum, session.Run({"migrate_checksum", kChecksum}, Param::Bytes(migration.sql)));
    if (sum[0].Text("checksum") != it->second) {
      return absl::FailedPreconditionError(
          absl::StrCat("migration ", migration.name, " has changed since it was applied"));
    }
    applied.erase(it);
  }
  for (const auto& [name, checksum] : applied) {
    if (!migrations.empty() && name < migrations.back().name) {
      return absl::FailedPreconditionError(absl::StrCat("migration ", name, " was applied and its file is gone"));
    }
  }
  return next;
}

absl::StatusOr<bool> ApplyNext(Pool& pool, const std::vector<Migration>& migrations) {
  bool applied = false;
  RETURN_IF_ERROR(pool.Transaction([&](Session& session) -> absl::Status {
    applied = false;
    RETURN_IF_ERROR(session.Run({"migrate_lock", kLock}).status());
    RETURN_IF_ERROR(session.Execute(kCreateTable));
    ASSIGN_OR_RETURN(const Migration* next, Next(session, migrations));
    if (next == nullptr) return absl::OkStatus();
    if (absl::Status status = session.Execute(next->sql); !status.ok()) return Annotate(status, next->name);
    RETURN_IF_ERROR(session.Run({"migrate_record", kRecord}, next->name, Param::Bytes(next->sql)).status());
    log::Info("migration applied", {{"name", next->name}});
    applied = true;
    return absl::OkStatus();
  }));
  return applied;
}

}  // namespace

absl::StatusOr<int> Migrate(const std::string& url, const std::string& folder) {
  ASSIGN_OR_RETURN(std::vector<Migration> migrations, ReadFolder(folder));
  if (migrations.empty()) return absl::NotFoundError(absl::StrCat("no migrations in ", folder));
  PoolOptions options;
  options.url = url;
  options.connections = 1;
  options.statement_timeout = absl::ZeroDuration();  // a large table may take its time
  Pool pool(options);
  for (int count = 0;; ++count) {
    ASSIGN_OR_RETURN(bool applied, ApplyNext(pool, migrations));
    if (!applied) return count;
  }
}

}  // namespace lectern::pg
