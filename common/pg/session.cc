#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/pg/session_impl.h"

namespace lectern::pg {
namespace {

// A prepared statement whose tables changed under it (0A000, during a migration) or that a pooler in between forgot
// (26000) works again on a fresh connection.
bool IsStale(const absl::Status& status) {
  return absl::EndsWith(status.message(), "cached plan must not change result type (0A000)") ||
         absl::EndsWith(status.message(), "(26000)");
}

}  // namespace

absl::Status Session::Impl::Ready() {
  failure = absl::OkStatus();
  if (connection != nullptr && connection->IdleAndWell()) return absl::OkStatus();
  connection.reset();
  prepared.clear();
  ASSIGN_OR_RETURN(connection, Connection::Open(options.url, options.statement_timeout));
  return absl::OkStatus();
}

absl::Status Session::Impl::Prepare(const Query& query) {
  auto [it, fresh] = prepared.try_emplace(query.name, query.sql);
  if (!fresh) {
    if (it->second == query.sql || std::strcmp(it->second, query.sql) == 0) return absl::OkStatus();
    std::fprintf(stderr, "pg: two statements are named \"%s\"\n", query.name);
    std::abort();
  }
  absl::StatusOr<Result> result = connection->Prepare(query.name, query.sql);
  if (!result.ok()) prepared.erase(query.name);
  return result.status();
}

absl::StatusOr<Rows> Session::Impl::Book(const char* name, absl::Time start, absl::StatusOr<Result> result) {
  statements.fetch_add(1, std::memory_order_relaxed);
  if (options.observe) options.observe(name, absl::Now() - start, result.ok());
  if (result.ok()) {
    Rows rows;
    rows.result_ = std::shared_ptr<void>(result->release(), [](void* r) { PQclear(static_cast<PGresult*>(r)); });
    return rows;
  }
  absl::Status status = result.status();
  if (IsStale(status)) {
    connection->Break();
    status = absl::AbortedError(status.message());
  }
  // A primary that became a standby answers (25006) for ever; another connection may find the new primary.
  if (absl::IsUnavailable(status)) connection->Break();
  if (failure.ok()) failure = status;
  return status;
}

absl::StatusOr<Rows> Session::Impl::Run(const Query& query, absl::Span<const Param> params) {
  std::vector<const char*> values;
  values.reserve(params.size());
  for (const Param& param : params) {
    if (!param.valid()) {
      return WithReason(absl::InvalidArgumentError("a text may not contain a NUL character"), "BAD_VALUE");
    }
    values.push_back(param.data());
  }
  if (broken()) return WithReason(absl::UnavailableError("database: the connection is lost"), "CONNECTION_LOST");
  const absl::Time start = absl::Now();
  if (absl::Status status = Prepare(query); !status.ok()) return Book(query.name, start, status);
  return Book(query.name, start,
              connection->ExecutePrepared(query.name, static_cast<int>(values.size()), values.data()));
}

absl::StatusOr<Rows> Session::Impl::Execute(const char* sql, const char* name) {
  if (broken()) return WithReason(absl::UnavailableError("database: the connection is lost"), "CONNECTION_LOST");
  const absl::Time start = absl::Now();
  return Book(name, start, connection->Execute(sql, name));
}

bool Session::Impl::SaysRollback(const Rows& rows) {
  return std::strcmp(PQcmdStatus(static_cast<PGresult*>(rows.result_.get())), "ROLLBACK") == 0;
}

absl::StatusOr<Rows> Session::RunWith(const Query& query, absl::Span<const Param> params) {
  return impl_.Run(query, params);
}

absl::Status Session::Execute(absl::string_view sql) {
  return impl_.Execute(std::string(sql).c_str(), "execute").status();
}

}  // namespace lectern::pg
