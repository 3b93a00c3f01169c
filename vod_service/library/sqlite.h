// A thin wrapper of SQLite: statements prepared once, parameters bound, errors as status.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace lectern::vod {

// One run of a prepared statement: bind with operator<<, then Step. Given back when destroyed. Errors stick: the first
// one is what Step and Run return.
class Statement {
 public:
  Statement(sqlite3* db, sqlite3_stmt* statement) : db_(db), statement_(statement) {}
  Statement(Statement&& other) noexcept;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  Statement& operator<<(int64_t value);
  Statement& operator<<(uint64_t value) { return *this << static_cast<int64_t>(value); }
  Statement& operator<<(int value) { return *this << static_cast<int64_t>(value); }
  Statement& operator<<(bool value) { return *this << static_cast<int64_t>(value); }
  Statement& operator<<(double value);
  Statement& operator<<(absl::string_view value);
  Statement& operator<<(const std::string& value) { return *this << absl::string_view(value); }
  Statement& operator<<(const char* value) { return *this << absl::string_view(value); }

  // True while there is a row.
  absl::StatusOr<bool> Step();
  // Steps to the end, ignoring rows.
  absl::Status Run();

  int64_t Int(int column) const { return sqlite3_column_int64(statement_, column); }
  double Real(int column) const { return sqlite3_column_double(statement_, column); }
  std::string Text(int column) const;

 private:
  sqlite3* db_;
  sqlite3_stmt* statement_;
  int bound_ = 0;
  absl::Status status_;
};

// Not thread-safe.
class Sqlite {
 public:
  // Write-ahead log, synchronous=FULL: what a commit says is on the disk. Errors: kInternal,
  // kResourceExhausted/DISK_FULL.
  static absl::StatusOr<std::unique_ptr<Sqlite>> Open(const std::string& path);
  ~Sqlite();
  Sqlite(const Sqlite&) = delete;
  Sqlite& operator=(const Sqlite&) = delete;

  // `sql` must be a literal: its address is the key of the prepared statement. Aborts where the SQL is wrong.
  Statement Query(const char* sql);
  // Several statements without results.
  absl::Status Script(const std::string& sql);
  int changes() const { return sqlite3_changes(db_); }

 private:
  explicit Sqlite(sqlite3* db) : db_(db) {}
  sqlite3* db_;
  absl::flat_hash_map<const char*, sqlite3_stmt*> prepared_;
};

// BEGIN IMMEDIATE, rolled back unless committed.
class Transaction {
 public:
  explicit Transaction(Sqlite& db);
  ~Transaction();
  absl::Status Commit();
  const absl::Status& status() const { return status_; }

 private:
  Sqlite& db_;
  absl::Status status_;
  bool open_;
};

}  // namespace lectern::vod
