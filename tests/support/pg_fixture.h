// A real PostgreSQL database for a test. The cluster is the one that LECTERN_TEST_PG names (tests/run starts it), else one that
// this process starts and stops. Each database is cloned from a template that has all migrations applied.
#pragma once

#include <memory>
#include <string>

namespace lectern::testing {

class TestDatabase {
 public:
  // `migrated` false: an empty database. Aborts with a message where PostgreSQL cannot be started.
  explicit TestDatabase(bool migrated = true);
  // Drops the database.
  ~TestDatabase();
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;

  const std::string& url() const { return url_; }
  // SQL without results, aborting on errors; for arranging.
  void Execute(const std::string& sql);

 private:
  std::string name_;
  std::string url_;
};

// <source>/migrations
std::string MigrationsFolder();

}  // namespace lectern::testing
