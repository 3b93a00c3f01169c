// One libpq connection. Internal to common/pg.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lectern::pg {

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, ClearResult>;

// The status of a failed result. `statement` is its name, for the message.
absl::Status StatusOfResult(const PGresult* result, const char* statement);

// Not thread-safe. After an error that leaves the connection in an unknown state `broken` is true and nothing more is
// sent.
class Connection {
 public:
  // Sets UTC, the timeouts, and what makes a dead peer noticed. `statement_timeout` zero: none.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const std::string& url, absl::Duration statement_timeout);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Text without parameters; the last result of several statements, or the first error.
  absl::StatusOr<Result> Execute(const char* sql, const char* name);
  absl::StatusOr<Result> Prepare(const char* name, const char* sql);
  absl::StatusOr<Result> ExecutePrepared(const char* name, int count, const char* const* values);

  // True when an idle connection has nothing to say, as it should be: what the server says unasked is that it goes away
  // (or that its configuration was reloaded, which costs a connection now and then).
  bool IdleAndWell();
  bool broken() const { return broken_; }
  void Break() { broken_ = true; }
  bool in_transaction() const { return PQtransactionStatus(conn_) != PQTRANS_IDLE; }
  PGconn* get() { return conn_; }

 private:
  Connection(PGconn* conn, absl::Duration statement_timeout);
  absl::StatusOr<Result> Collect(int sent, const char* name);
  absl::Status AwaitResult(absl::Time deadline, const char* name);
  absl::Status Lost(const char* name);

  PGconn* const conn_;
  const absl::Duration answer_timeout_;  // beyond the server's own, for a server that froze
  bool broken_ = false;
};

}  // namespace lectern::pg
