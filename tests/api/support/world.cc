#include "tests/api/support/world.h"

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace lectern::testing {
namespace {

constexpr char kInsertUser[] = R"sql(
insert into users (email, display_name, role, password_hash) values ('%s', '%s', '%s', '%s') returning id)sql";

constexpr char kInsertResource[] = R"sql(
insert into resources (organization_id, kind, instance_key, host, public_url)
values (%d, '%s', md5('%d'), 'host', '%s') returning id)sql";

constexpr char kInsertSession[] = R"sql(
insert into resource_sessions (resource_id, state, epoch, api_instance, slots, lease_until, last_beat_at, load)
values (%d, 'alive', 1, 'test', 4, now() + interval '1 hour', now() + interval '1 hour',
        '{"cpu": 0.1, "diskFreeBytes": "1000000000", "diskTotalBytes": "2000000000"}')
on conflict (resource_id) do update set state = 'alive', epoch = 1, api_instance = 'test', slots = 4, load = excluded.load,
  lease_until = excluded.lease_until, last_beat_at = excluded.last_beat_at)sql";

constexpr char kInsertRecording[] = R"sql(
with asset as (
  insert into assets (upload_id, lecture_id, organization_id, view, vod_resource_id, file_name, fingerprint, size_bytes,
                      received_bytes, state, duration_ms, playable_at)
  values (md5('%d'), %d, %d, 'comb', %d, 'talk.mp4', 'ab', 1000, 1000, 'playable', 60000, now()) returning id
), rendition as (
  insert into renditions (asset_id, label, width, height, bandwidth_bps, codecs)
  select id, '720p', 1280, 720, 2000000, 'avc1.64001f' from asset
)
select id from asset)sql";

constexpr char kInsertStream[] = R"sql(
with asset as (
  insert into assets (upload_id, lecture_id, organization_id, view, vod_resource_id, file_name, fingerprint, size_bytes, state, from_live)
  values (md5('%d'), %d, %d, '%s', %d, 'live', 'live', 0, 'live', true) returning id
), task as (
  insert into tasks (organization_id, kind, lecture_id, asset_id) select %d, 'live', %d, id from asset returning id
), job as (
  insert into jobs (task_id, organization_id, kind, class, state, spec) select id, %d, 'live_ingest', 0, 'ready', '{}' from task
  returning id
)
insert into live_streams (lecture_id, organization_id, view, source, state, asset_id, task_id, job_id, first_media_at, segment_at, end_ms)
select %d, %d, '%s', 'encoder', '%s', asset.id, task.id, job.id, media.at, media.at, 12000
from asset, task, job, (select case when '%s' <> 'starting' then now() end as at) media
returning id)sql";

}  // namespace

std::string Name(absl::string_view collection, int64_t id) { return absl::StrCat(collection, "/", id); }

std::string Email(absl::string_view who) { return absl::StrCat(who, "@example.org"); }

World::World(TestDatabase& db) : database(db), pool({.url = db.url(), .connections = 1}) {
  auto organization = [&](const char* name, int64_t parent) {
    return Number(absl::StrFormat("insert into organizations (display_name, parent_id) values ('%s', nullif(%d, 0)) returning id",
                                  name, parent));
  };
  root = organization("root", 0);
  school = organization("school", root);
  chair = organization("chair", school);
  foreign = organization("foreign", 0);
  auto user = [&](const char* who, const char* role) {
    return Number(absl::StrFormat(kInsertUser, Email(who), who, role, TestPasswordHash()));
  };
  admin = user("admin", "administrator");
  student = user("student", "student");
  enrolled = user("enrolled", "student");
  lecturer = user("lecturer", "lecturer");
  maintainer = user("maintainer", "student");
  foreign_maintainer = user("foreign_maintainer", "student");
  ancestor_maintainer = user("ancestor_maintainer", "student");
  database.Execute(absl::StrFormat("insert into maintainers (organization_id, user_id) values (%d, %d), (%d, %d), (%d, %d)", chair,
                                   maintainer, foreign, foreign_maintainer, root, ancestor_maintainer));
}

int64_t World::Number(const std::string& sql) {
  absl::StatusOr<pg::Rows> rows = absl::UnknownError("not run");
  absl::Status status = pool.Transaction([&](pg::Session& session) {
    // A statement's name and text must live as long as the connection that prepared it.
    const std::string& name = kept.emplace_back(absl::StrCat("world_", kept.size()));
    const std::string& text = kept.emplace_back(absl::StrCat("with answer as (", sql, ") select * from answer"));
    rows = session.Run({name.c_str(), text.c_str()});
    return rows.status();
  });
  if (!status.ok() || rows->size() != 1) {
    std::fprintf(stderr, "world: %s: %s\n", sql.c_str(), status.ToString().c_str());
    std::abort();
  }
  return (*rows)[0].Int("id");
}

int64_t World::NewUser(absl::string_view role) {
  std::string who = absl::StrCat("person", ++made);
  return Number(absl::StrFormat(kInsertUser, Email(who), who, role, TestPasswordHash()));
}

int64_t World::NewCourse(absl::string_view visibility) {
  int64_t course = Number(absl::StrFormat("insert into courses (organization_id, title, visibility) values (%d, 'Course', '%s') "
                                          "returning id", chair, visibility));
  database.Execute(absl::StrFormat("insert into enrolments (course_id, user_id, role) values (%d, %d, 'student'), "
                                   "(%d, %d, 'lecturer')", course, enrolled, course, lecturer));
  return course;
}

int64_t World::NewLecture(int64_t course) {
  return Number(absl::StrFormat("insert into lectures (course_id, title) values (%d, 'Lecture') returning id", course));
}

int64_t World::NewRehearsal(int64_t course, int64_t user) {
  return Number(absl::StrFormat("insert into lectures (course_id, title, rehearsal_of) values (%d, 'Rehearsal', %d) returning id",
                                course, user));
}

int64_t World::NewHall(int64_t organization) {
  return Number(absl::StrFormat("insert into halls (organization_id, display_name) values (%d, 'hall %d') returning id", organization,
                                ++made));
}

int64_t World::NewStream(int64_t lecture, int64_t vod, absl::string_view state, absl::string_view view) {
  // Number() runs it inside another statement, where it could not insert.
  return std::atoll(database.Query(absl::StrFormat(kInsertStream, ++made, lecture, chair, view, vod, chair, lecture, chair, lecture,
                                                   chair, view, state, state)).c_str());
}

int64_t World::NewOrganization() {
  return Number(absl::StrFormat("insert into organizations (display_name, parent_id) values ('made %d', %d) returning id", ++made,
                                chair));
}

int64_t World::NewResource(absl::string_view kind) {
  return Number(absl::StrFormat(kInsertResource, chair, kind, ++made, ""));
}

int64_t World::NewAliveResource(absl::string_view kind, absl::string_view url, int64_t organization) {
  int64_t id = Number(absl::StrFormat(kInsertResource, organization, kind, ++made, url));
  database.Execute(absl::StrFormat(kInsertSession, id));
  return id;
}

void World::NewRecording(int64_t lecture, int64_t vod) {
  int64_t id = ++made;
  std::string sql = absl::StrFormat(kInsertRecording, id, lecture, chair, vod);
  database.Execute(sql);
}

}  // namespace lectern::testing
