// A migrated database with a pool, and short ways to fill it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/pg/pool.h"
#include "gtest/gtest.h"
#include "tests/support/pg_fixture.h"
#include "tests/support/status_matchers.h"

namespace lectern::api {

class StoreFixture : public ::testing::Test {
 protected:
  int64_t Number(const std::string& sql) { return std::stoll("0" + database_.Query(sql)); }

  // Rows made without the stores, so that one store's test does not hang on another's.
  int64_t User(const std::string& name, const std::string& role = "student") {
    return Number(absl::StrCat("insert into users (email, display_name, role) values ('", name, "@example.org', '",
                               name, "', '", role, "') returning id"));
  }
  int64_t Organization(const std::string& name, int64_t parent = 0) {
    return Number(absl::StrCat("insert into organizations (parent_id, display_name) values (nullif(", parent, ", 0), '",
                               name, "') returning id"));
  }
  int64_t Course(int64_t organization, const std::string& visibility = "public", const std::string& title = "Course") {
    return Number(absl::StrCat("insert into courses (organization_id, title, visibility) values (", organization, ", '",
                               title, "', '", visibility, "') returning id"));
  }
  int64_t Lecture(int64_t course, const std::string& title = "Lecture") {
    return Number(
        absl::StrCat("insert into lectures (course_id, title) values (", course, ", '", title, "') returning id"));
  }
  // Alive, with a fresh heartbeat.
  int64_t Resource(int64_t organization, const std::string& kind, const std::string& load = "{}") {
    const int64_t id = Number(absl::StrCat("insert into resources (organization_id, kind, instance_key, host) values (",
                                           organization, ", '", kind, "', md5(random()::text), 'host') returning id"));
    database_.Execute(absl::StrCat("insert into resource_sessions (resource_id, state, last_beat_at, load) values (",
                                   id, ", 'alive', now(), '", load, "')"));
    return id;
  }
  void Maintain(int64_t organization, int64_t user) {
    database_.Execute(
        absl::StrCat("insert into maintainers (organization_id, user_id) values (", organization, ", ", user, ")"));
  }
  void Enrol(int64_t course, int64_t user, const std::string& role = "student") {
    database_.Execute(absl::StrCat("insert into enrolments (course_id, user_id, role) values (", course, ", ", user,
                                   ", '", role, "')"));
  }

  // Runs `body` in a transaction that must succeed.
  template <typename Body>
  void InTransaction(Body body) {
    ASSERT_OK(pool_.Transaction([&](pg::Session& session) {
      body(session);
      return absl::OkStatus();
    }));
  }

  // Statements that `body` sends.
  template <typename Body>
  int64_t StatementsOf(Body body) {
    const int64_t before = pool_.statements();
    body();
    return pool_.statements() - before;
  }

  testing::TestDatabase database_;
  pg::Pool pool_{{.url = database_.url(), .connections = 4}};
};

}  // namespace lectern::api
