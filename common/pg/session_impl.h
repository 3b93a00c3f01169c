// A connection with its prepared statements and books. Internal to common/pg.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "common/pg/connection.h"
#include "common/pg/pool.h"

namespace lectern::pg {

struct Session::Impl {
  Impl(const PoolOptions& options, std::atomic<int64_t>& statements) : options(options), statements(statements) {}

  // Opens the connection, or another one in place of a broken one.
  absl::Status Ready();
  absl::StatusOr<Rows> Run(const Query& query, absl::Span<const Param> params);
  absl::StatusOr<Rows> Execute(const char* sql, const char* name);
  // COMMIT of a transaction in which a statement failed answers ROLLBACK.
  static bool SaysRollback(const Rows& rows);
  bool broken() const { return connection == nullptr || connection->broken(); }

  const PoolOptions& options;
  std::atomic<int64_t>& statements;
  std::unique_ptr<Connection> connection;
  absl::flat_hash_map<std::string, const char*> prepared;  // name to SQL
  absl::Status failure;                                    // first failed statement since it was last cleared

 private:
  absl::Status Prepare(const Query& query);
  absl::StatusOr<Rows> Book(const char* name, absl::Time start, absl::StatusOr<Result> result);
};

}  // namespace lectern::pg
