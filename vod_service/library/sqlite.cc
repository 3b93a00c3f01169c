#include "vod_service/library/sqlite.h"

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace lectern::vod {
namespace {

absl::Status ErrorOf(sqlite3* db, int code) {
  std::string message = absl::StrCat("catalog: ", sqlite3_errmsg(db));
  if ((code & 0xff) == SQLITE_FULL) return WithReason(absl::ResourceExhaustedError(message), "DISK_FULL");
  if ((code & 0xff) == SQLITE_CONSTRAINT) return absl::AlreadyExistsError(message);
  return absl::InternalError(message);
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : db_(other.db_),
      statement_(std::exchange(other.statement_, nullptr)),
      bound_(other.bound_),
      status_(other.status_) {}

Statement::~Statement() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Statement& Statement::operator<<(int64_t value) {
  int code = sqlite3_bind_int64(statement_, ++bound_, value);
  if (code != SQLITE_OK && status_.ok()) status_ = ErrorOf(db_, code);
  return *this;
}

Statement& Statement::operator<<(double value) {
  int code = sqlite3_bind_double(statement_, ++bound_, value);
  if (code != SQLITE_OK && status_.ok()) status_ = ErrorOf(db_, code);
  return *this;
}

Statement& Statement::operator<<(absl::string_view value) {
  // An empty view may have no address, which SQLite would take for NULL.
  const char* data = value.data() == nullptr ? "" : value.data();
  int code = sqlite3_bind_text64(statement_, ++bound_, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  if (code != SQLITE_OK && status_.ok()) status_ = ErrorOf(db_, code);
  return *this;
}

absl::StatusOr<bool> Statement::Step() {
  if (!status_.ok()) return status_;
  int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  status_ = ErrorOf(db_, code);
  return status_;
}

absl::Status Statement::Run() {
  while (true) {
    ASSIGN_OR_RETURN(bool row, Step());
    if (!row) return absl::OkStatus();
  }
}

std::string Statement::Text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return text == nullptr ? std::string() : std::string(text, sqlite3_column_bytes(statement_, column));
}

absl::StatusOr<std::unique_ptr<Sqlite>> Sqlite::Open(const std::string& path) {
  sqlite3* handle = nullptr;
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
  int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  std::unique_ptr<Sqlite> db(new Sqlite(handle));
  if (code != SQLITE_OK) return absl::InternalError(absl::StrCat("opening ", path, ": ", sqlite3_errstr(code)));
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, 10'000);
  RETURN_IF_ERROR(db->Script("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"));
  return db;
}

Sqlite::~Sqlite() {
  for (auto& [sql, statement] : prepared_) sqlite3_finalize(statement);
  sqlite3_close(db_);
}

Statement Sqlite::Query(const char* sql) {
  sqlite3_stmt*& statement = prepared_[sql];
  if (statement == nullptr &&
      sqlite3_prepare_v3(db_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK) {
    fprintf(stderr, "wrong SQL in the catalog: %s\n%s\n", sqlite3_errmsg(db_), sql);
    abort();
  }
  return Statement(db_, statement);
}

absl::Status Sqlite::Script(const std::string& sql) {
  int code = sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : ErrorOf(db_, code);
}

Transaction::Transaction(Sqlite& db) : db_(db), status_(db.Script("BEGIN IMMEDIATE")), open_(status_.ok()) {}

Transaction::~Transaction() {
  if (open_) db_.Script("ROLLBACK").IgnoreError();
}

absl::Status Transaction::Commit() {
  RETURN_IF_ERROR(status_);
  RETURN_IF_ERROR(db_.Script("COMMIT"));
  open_ = false;
  return absl::OkStatus();
}

}  // namespace lectern::vod
