// A real PostgreSQL database for a test. The cluster is the one that LECTERN_TEST_PG names (a libpq URL of a superuser; tests/run
// starts one), else one that this process starts and stops. Each database is cloned from a template that has all migrations
// applied; the template is made once a cluster and set of migrations, whichever of several test processes comes first.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

namespace lectern::testing {

// A cluster of this process's own, for tests that stop and start the server. Unix socket only, not durable. Runs as the user
// postgres where the test runs as root. All methods abort with a message on failure.
class PgCluster {
 public:
  // Made and started.
  PgCluster();
  // Stopped and deleted.
  ~PgCluster();
  PgCluster(const PgCluster&) = delete;
  PgCluster& operator=(const PgCluster&) = delete;

  void Start();
  // Cuts all connections and waits for the end.
  void Stop();
  std::string Url(const std::string& database = "postgres") const;

 private:
  std::string folder_;
  pid_t server_ = -1;
};

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
  // The first column of the first row as text, empty for none; aborting on errors. For looking.
  std::string Query(const std::string& sql);

 private:
  std::string name_;
  std::string url_;
};

// <source>/migrations
std::string MigrationsFolder();

}  // namespace lectern::testing
