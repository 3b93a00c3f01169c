#include "common/pg/connection.h"

#include <poll.h>

#include <cerrno>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/base/status.h"

namespace lectern::pg {
namespace {

constexpr absl::Duration kAnswerGrace = absl::Seconds(5);

absl::string_view Field(const PGresult* result, int field) {
  const char* text = PQresultErrorField(result, field);
  return text == nullptr ? absl::string_view() : absl::string_view(text);
}

absl::Status ConnectionLost(absl::string_view what) {
  while (!what.empty() && what.back() == '\n') what.remove_suffix(1);
  return WithReason(absl::UnavailableError(absl::StrCat("database: ", what)), "CONNECTION_LOST");
}

absl::StatusCode CodeOf(absl::string_view sqlstate) {
  if (sqlstate == "23505") return absl::StatusCode::kAlreadyExists;
  if (absl::StartsWith(sqlstate, "23") || absl::StartsWith(sqlstate, "LE"))
    return absl::StatusCode::kFailedPrecondition;
  if (absl::StartsWith(sqlstate, "22")) return absl::StatusCode::kInvalidArgument;
  if (sqlstate == "40001" || sqlstate == "40P01") return absl::StatusCode::kAborted;
  if (sqlstate == "57014") return absl::StatusCode::kDeadlineExceeded;
  // 25006: a standby after a failover; 53300: no connection left.
  if (absl::StartsWith(sqlstate, "08") || absl::StartsWith(sqlstate, "57P") || sqlstate == "25006" ||
      sqlstate == "53300") {
    return absl::StatusCode::kUnavailable;
  }
  return absl::StatusCode::kInternal;
}

}  // namespace

absl::Status StatusOfResult(const PGresult* result, const char* statement) {
  absl::string_view sqlstate = Field(result, PG_DIAG_SQLSTATE);
  absl::string_view message = Field(result, PG_DIAG_MESSAGE_PRIMARY);
  if (sqlstate.empty()) return ConnectionLost(PQresultErrorMessage(result));
  const absl::StatusCode code = CodeOf(sqlstate);
  absl::Status status(code, absl::StrCat("database, ", statement, ": ", message, " (", sqlstate, ")"));
  if (absl::StartsWith(sqlstate, "23")) return WithReason(status, Field(result, PG_DIAG_CONSTRAINT_NAME));
  if (absl::StartsWith(sqlstate, "LE")) return WithReason(status, message);
  if (code == absl::StatusCode::kInvalidArgument) return WithReason(status, "BAD_VALUE");
  if (code == absl::StatusCode::kUnavailable) return WithReason(status, "CONNECTION_LOST");
  return status;
}

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const std::string& url, absl::Duration statement_timeout) {
  // What stands before dbname are defaults that the URL may override; what stands after it is ours.
  const char* keys[] = {"connect_timeout",
                        "tcp_user_timeout",
                        "keepalives_idle",
                        "keepalives_interval",
                        "keepalives_count",
                        "fallback_application_name",
                        "dbname",
                        "client_encoding",
                        nullptr};
  const char* values[] = {"3", "4000", "2", "1", "3", "lectern", url.c_str(), "UTF8", nullptr};
  PGconn* conn = PQconnectdbParams(keys, values, /*expand_dbname=*/1);
  if (conn == nullptr) return ConnectionLost("out of memory");
  std::unique_ptr<Connection> connection(new Connection(conn, statement_timeout));
  if (PQstatus(conn) != CONNECTION_OK) return ConnectionLost(PQerrorMessage(conn));
  PQsetNoticeProcessor(
      conn, [](void*, const char*) {}, nullptr);
  // JIT: a statement of ours runs for microseconds, and compiling it for tenths of a second.
  const std::string settings = absl::StrCat(
      "set jit = off; set timezone = 'UTC'; set datestyle = 'ISO'; set bytea_output = 'hex'; set "
      "idle_in_transaction_session_timeout = '30s';"
      "set statement_timeout = ",
      absl::ToInt64Milliseconds(statement_timeout));
  absl::StatusOr<Result> set = connection->Execute(settings.c_str(), "connect");
  if (!set.ok()) return set.status();
  return connection;
}

Connection::Connection(PGconn* conn, absl::Duration statement_timeout)
    : conn_(conn),
      answer_timeout_(statement_timeout == absl::ZeroDuration() ? absl::InfiniteDuration()
                                                                : statement_timeout + kAnswerGrace) {}

Connection::~Connection() {
  PQfinish(conn_);
}

bool Connection::IdleAndWell() {
  if (broken_) return false;
  pollfd fd{PQsocket(conn_), POLLIN, 0};
  // The farewell may be here before the end of the stream is, so it does not help to look whether the connection still
  // stands.
  broken_ = poll(&fd, 1, 0) != 0;
  return !broken_;
}

absl::StatusOr<Result> Connection::Execute(const char* sql, const char* name) {
  return Collect(PQsendQuery(conn_, sql), name);
}

absl::StatusOr<Result> Connection::Prepare(const char* name, const char* sql) {
  return Collect(PQsendPrepare(conn_, name, sql, 0, nullptr), name);
}

absl::StatusOr<Result> Connection::ExecutePrepared(const char* name, int count, const char* const* values) {
  return Collect(PQsendQueryPrepared(conn_, name, count, values, nullptr, nullptr, 0), name);
}

absl::Status Connection::Lost(const char* name) {
  broken_ = true;
  return ConnectionLost(absl::StrCat(name, ": ", PQerrorMessage(conn_)));
}

absl::Status Connection::AwaitResult(absl::Time deadline, const char* name) {
  while (PQisBusy(conn_)) {
    int wait_ms = -1;
    if (deadline != absl::InfiniteFuture()) {
      const absl::Duration left = deadline - absl::Now();
      if (left <= absl::ZeroDuration()) {
        broken_ = true;
        return absl::DeadlineExceededError(absl::StrCat("database, ", name, ": no answer"));
      }
      wait_ms = static_cast<int>(absl::ToInt64Milliseconds(left)) + 1;
    }
    pollfd fd{PQsocket(conn_), POLLIN, 0};
    if (poll(&fd, 1, wait_ms) < 0 && errno != EINTR) return Lost(name);
    if (fd.revents != 0 && PQconsumeInput(conn_) == 0) return Lost(name);
  }
  return absl::OkStatus();
}

absl::StatusOr<Result> Connection::Collect(int sent, const char* name) {
  if (sent != 1) return Lost(name);
  const absl::Time deadline = absl::Now() + answer_timeout_;
  Result last;
  absl::Status error;
  while (true) {
    if (absl::Status status = AwaitResult(deadline, name); !status.ok()) return status;
    Result result(PQgetResult(conn_));
    if (result == nullptr) break;
    const ExecStatusType kind = PQresultStatus(result.get());
    if (kind == PGRES_COPY_IN || kind == PGRES_COPY_OUT || kind == PGRES_COPY_BOTH) {
      broken_ = true;
      return absl::InternalError(absl::StrCat("database, ", name, ": COPY is not supported"));
    }
    const bool good = kind == PGRES_TUPLES_OK || kind == PGRES_COMMAND_OK || kind == PGRES_EMPTY_QUERY;
    if (!good && error.ok()) error = StatusOfResult(result.get(), name);
    last = std::move(result);
  }
  if (PQstatus(conn_) != CONNECTION_OK) broken_ = true;
  if (!error.ok()) return error;
  if (last == nullptr) return Lost(name);
  return last;
}

}  // namespace lectern::pg
