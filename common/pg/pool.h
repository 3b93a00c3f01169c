// PostgreSQL: a pool of blocking libpq connections, statements with names, typed parameters and rows.
//
//   constexpr char kGetCourse[] = R"sql(select title from courses where id = $1)sql";
//   ASSIGN_OR_RETURN(pg::Rows rows, pool.Run({"get_course", kGetCourse}, id));
//   if (rows.empty()) return absl::NotFoundError(...);
//   std::string title = rows[0].Text("title");
//
// Statements are prepared once a connection. SQLSTATE maps to absl codes: 23505 kAlreadyExists, 23503 and 23514
// kFailedPrecondition, 40001 and 40P01 kAborted, 57014 kDeadlineExceeded, connection trouble kUnavailable with reason
// CONNECTION_LOST (a statement that was under way may have been done), LE0xx (raised by our triggers) kFailedPrecondition with the
// exception's text as reason, values that the types cannot hold kInvalidArgument with reason BAD_VALUE; else kInternal. The
// constraint's name is the reason of 23xxx. No free connection within acquire_timeout: kResourceExhausted/DATABASE_BUSY.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

namespace lectern::pg {

// A statement: `name` for metrics, logs and preparing; both live for ever.
struct Query {
  const char* name;
  const char* sql;
};

// A bound parameter. Arrays are written as PostgreSQL array literals.
class Param {
 public:
  Param(std::nullopt_t) {}
  Param(int value) : text_(std::to_string(value)) {}
  Param(long value) : text_(std::to_string(value)) {}
  Param(long long value) : text_(std::to_string(value)) {}
  Param(unsigned value) : text_(std::to_string(value)) {}
  Param(unsigned long value) : text_(std::to_string(value)) {}
  Param(bool value) : text_(value ? "t" : "f") {}
  Param(double value);
  Param(const char* value) : text_(value) {}
  Param(const std::string& value) : text_(value) {}
  Param(absl::string_view value) : text_(std::string(value)) {}
  Param(absl::Time value);                 // timestamptz; InfiniteFuture is 'infinity'
  Param(absl::Duration value);             // interval
  Param(absl::Span<const int64_t> values); // bigint[]
  Param(absl::Span<const std::string> values);   // text[]
  template <typename T>
  Param(const std::optional<T>& value) {
    if (value) *this = Param(*value);
  }
  // bytea
  static Param Bytes(absl::string_view bytes);

  const char* data() const { return text_ ? text_->c_str() : nullptr; }
  // False for a text with a NUL byte, which PostgreSQL cannot store and libpq would cut there.
  bool valid() const { return !text_ || text_->find('\0') == std::string::npos; }

 private:
  std::optional<std::string> text_;
};

class Rows;

// One row; columns by name. A column that does not exist or does not parse is a programming error and aborts.
class Row {
 public:
  bool IsNull(absl::string_view column) const;
  std::string Text(absl::string_view column) const;      // null: empty
  int64_t Int(absl::string_view column) const;           // null: 0
  double Double(absl::string_view column) const;         // null: 0
  bool Bool(absl::string_view column) const;             // null: false
  std::string Bytes(absl::string_view column) const;     // bytea
  absl::Time Time(absl::string_view column) const;       // null: InfinitePast
  std::vector<int64_t> Ints(absl::string_view column) const;      // bigint[]
  std::vector<std::string> Texts(absl::string_view column) const; // text[]

 private:
  friend class Rows;
  Row(const Rows& rows, int index) : rows_(rows), index_(index) {}
  const char* Value(absl::string_view column) const;
  const Rows& rows_;
  int index_;
};

class Rows {
 public:
  int size() const;
  bool empty() const { return size() == 0; }
  int64_t affected() const;
  Row operator[](int index) const { return Row(*this, index); }

 private:
  friend class Row;
  friend class Session;
  std::shared_ptr<void> result_;   // PGresult
};

// One connection, for a while. Not thread-safe.
class Session {
 public:
  template <typename... P>
  absl::StatusOr<Rows> Run(const Query& query, P&&... params) {
    std::vector<Param> list{Param(std::forward<P>(params))...};
    return RunWith(query, list);
  }
  absl::StatusOr<Rows> RunWith(const Query& query, absl::Span<const Param> params);
  // Text that needs no parameters and is not prepared; several statements may stand in it.
  absl::Status Execute(absl::string_view sql);

 private:
  friend class Pool;
  struct Impl;
  explicit Session(Impl& impl) : impl_(impl) {}
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  Impl& impl_;
};

struct PoolOptions {
  std::string url;                  // libpq connection string or URI
  int connections = 8;
  absl::Duration statement_timeout = absl::Seconds(15);
  absl::Duration acquire_timeout = absl::Seconds(5);
  // Called after each statement with its name, duration and status code word; for metrics. May be empty.
  std::function<void(absl::string_view name, absl::Duration took, bool ok)> observe;
};

// Thread-safe. Connections are opened on first use and replaced when they break; a statement that finds its idle connection
// broken before anything was sent is sent again on a fresh one.
class Pool {
 public:
  explicit Pool(PoolOptions options);
  ~Pool();

  // One statement in a transaction of its own; kAborted is tried again as below.
  template <typename... P>
  absl::StatusOr<Rows> Run(const Query& query, P&&... params) {
    std::vector<Param> list{Param(std::forward<P>(params))...};
    return RunWith(query, list);
  }
  absl::StatusOr<Rows> RunWith(const Query& query, absl::Span<const Param> params);

  // `body` between BEGIN and COMMIT; an error of `body` rolls back and is returned. What the database aborted (serialisation,
  // deadlock) and what lost its connection before COMMIT is tried again up to 3 times, so `body` may run more than once. A lost
  // COMMIT answer is kUnavailable with reason COMMIT_UNKNOWN. Where `body` answers OK although one of its statements failed, that
  // statement's error is returned, since PostgreSQL has rolled back.
  absl::Status Transaction(const std::function<absl::Status(Session&)>& body);

  // Number of statements sent since the start, BEGIN, COMMIT and ROLLBACK included; for tests that count them.
  int64_t statements() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// LISTEN on a connection and thread of its own; reconnects and listens again by itself. `on_notify` is called from that thread
// with channel and payload, and once with an empty channel after each (re)connect, since hints may have been lost before it.
class Listener {
 public:
  Listener(std::string url, std::vector<std::string> channels,
           std::function<void(absl::string_view channel, absl::string_view payload)> on_notify);
  // Stops and waits.
  ~Listener();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Applies NNNN_name.sql files of `folder` that `schema_migrations` does not list, in order, each in a transaction, under an
// advisory lock. A file that was applied and has changed or vanished since is an error; so is a new one that stands before an
// applied one. A schema newer than the folder is left alone (rolling upgrade). Returns how many were applied.
absl::StatusOr<int> Migrate(const std::string& url, const std::string& folder);

}  // namespace lectern::pg
