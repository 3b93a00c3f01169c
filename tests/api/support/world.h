// People, organizations and courses that tests of rights and services share.
//
//   root ── school ── chair        foreign
//
// The chair owns the courses and a worker. Everybody's password is kTestPassword.
#pragma once

#include <cstdint>
#include <list>
#include <string>

#include "absl/strings/string_view.h"
#include "tests/api/support/api_instance.h"
#include "tests/support/pg_fixture.h"

namespace lectern::testing {

struct World {
  explicit World(TestDatabase& database);

  // A course of the chair with `enrolled` and `lecturer` in it.
  int64_t NewCourse(absl::string_view visibility = "enrolled");
  int64_t NewLecture(int64_t course);
  int64_t NewRehearsal(int64_t course, int64_t user);
  int64_t NewHall(int64_t organization);
  // A stream of the lecture's view with recording, task and ready ingest job; something of it is stored where it is "live" or
  // "interrupted".
  int64_t NewStream(int64_t lecture, int64_t vod, absl::string_view state, absl::string_view view = "comb");
  // Of the chair, without children.
  int64_t NewOrganization();
  // Of the chair, joined, never attached.
  int64_t NewResource(absl::string_view kind = "worker");
  // As NewResource, with a stream and a fresh beat.
  int64_t NewAliveResource(absl::string_view kind, absl::string_view url, int64_t organization);
  int64_t NewUser(absl::string_view role = "student");
  // A recording of the lecture's COMB view that can be watched, kept by `vod`.
  void NewRecording(int64_t lecture, int64_t vod);
  // Runs a statement that returns one number.
  int64_t Number(const std::string& sql);

  TestDatabase& database;
  std::list<std::string> kept;
  pg::Pool pool;
  int64_t root = 0, school = 0, chair = 0, foreign = 0;
  int64_t admin = 0, student = 0, enrolled = 0, lecturer = 0, maintainer = 0, foreign_maintainer = 0, ancestor_maintainer = 0;
  int made = 0;   // makes names unique
};

// "courses/12"
std::string Name(absl::string_view collection, int64_t id);
// The address of the user with that key: "admin@example.org".
std::string Email(absl::string_view who);

}  // namespace lectern::testing
