// What watchers of resources, jobs and live streams are told, second by second.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "api/calls/registry.h"
#include "api/calls/watch.h"
#include "lectern/v1/auth.pb.h"
#include "lectern/v1/jobs.pb.h"
#include "lectern/v1/live.pb.h"
#include "lectern/v1/resources.pb.h"
#include "tests/api/support/api_instance.h"
#include "tests/api/support/world.h"
#include "tests/support/status_matchers.h"

namespace lectern {
namespace {

using testing::ApiInstance;
using testing::Email;
using testing::kTestPassword;
using testing::Name;
using testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// One who watches, looking only when the test says so.
template <typename Changes>
class Watcher {
 public:
  Watcher(ApiInstance& api, absl::string_view method, const google::protobuf::Message& request, int64_t user,
          const std::string& role = "student")
      : api_(api), method_(*api.registry().Find(absl::StrCat("/lectern.v1.", method))), request_(request.New()) {
    request_->CopyFrom(request);
    call_.caller.kind = api::Caller::Kind::kUser;
    call_.caller.user_id = user;
    call_.caller.role = role;
  }

  // What comes of the next look.
  std::vector<Changes> Look() {
    api::Method::Events events;
    const int64_t before = api_.pool().statements();
    EXPECT_OK(method_.poll(call_, *request_, state_, events));
    statements_ = api_.pool().statements() - before;
    std::vector<Changes> changes;
    for (const auto& event : events) changes.push_back(static_cast<const Changes&>(*event));
    return changes;
  }
  // The same where exactly one message comes.
  Changes One() {
    std::vector<Changes> changes = Look();
    EXPECT_THAT(changes, SizeIs(1));
    return changes.empty() ? Changes() : changes[0];
  }
  absl::Status Error() {
    api::Method::Events events;
    return method_.poll(call_, *request_, state_, events);
  }
  // Of the last look.
  int64_t statements() const { return statements_; }

 private:
  ApiInstance& api_;
  const api::Method& method_;
  std::unique_ptr<google::protobuf::Message> request_;
  api::CallContext call_;
  std::shared_ptr<void> state_;
  int64_t statements_ = 0;
};

class WatchTest : public ::testing::Test {
 protected:
  using Resources = Watcher<v1::ResourceChanges>;
  using Jobs = Watcher<v1::JobChanges>;
  using Streams = Watcher<v1::LiveStreamChanges>;

  Resources WatchResources(int64_t user, const v1::WatchResourcesRequest& request = {}, const std::string& role = "student") {
    return Resources(api_, "ResourceService/WatchResources", request, user, role);
  }
  Jobs WatchJobs(int64_t user, const v1::WatchJobsRequest& request = {}, const std::string& role = "student") {
    return Jobs(api_, "JobService/WatchJobs", request, user, role);
  }
  Streams WatchStreams(int64_t user, const v1::WatchLiveStreamsRequest& request = {}, const std::string& role = "student") {
    return Streams(api_, "LiveService/WatchLiveStreams", request, user, role);
  }
  int64_t NewStream(int64_t lecture, const char* view = "comb") {
    return world_.NewStream(lecture, world_.NewResource("vod_service"), "live", view);
  }
  int64_t NewJob(int64_t organization, int64_t lecture = 0, const char* kind = "probe") {
    const int64_t task = world_.Number(absl::StrFormat(
        "insert into tasks (organization_id, kind, lecture_id) values (%d, 'test', nullif(%d, 0)) returning id", organization, lecture));
    return world_.Number(absl::StrFormat(
        "insert into jobs (task_id, organization_id, kind, class, state, spec) values (%d, %d, '%s', 3, 'ready', '{}') returning id",
        task, organization, kind));
  }
  void RunOn(int64_t job, int64_t resource, double progress = 0) {
    database_.Execute(absl::StrFormat("update jobs set state = 'running', resource_id = %d, progress = %f, "
                                      "started_at = coalesce(started_at, clock_timestamp()) where id = %d", resource, progress, job));
  }
  void EndJob(int64_t job, const char* state = "done", const char* ended_at = "now()") {
    database_.Execute(absl::StrFormat("with gone as (delete from jobs where id = %d returning *) "
                                      "insert into jobs_ended select * from gone; "
                                      "update jobs_ended set state = '%s', ended_at = %s where id = %d", job, state, ended_at, job));
  }
  void SetLoad(int64_t resource, double cpu, int64_t memory = 500, int64_t disk = 5000, int uptime = 100) {
    database_.Execute(absl::StrFormat(
        R"(update resource_sessions set last_beat_at = clock_timestamp(), load = '{"cpu": %f, "memoryUsedBytes": "%d",
           "memoryTotalBytes": "1000", "diskFreeBytes": "%d", "diskTotalBytes": "10000", "uptime": "%ds"}' where resource_id = %d)",
        cpu, memory, disk, uptime, resource));
  }
  template <typename Items>
  static std::vector<std::string> Names(const Items& items) {
    std::vector<std::string> names;
    for (const auto& item : items) names.push_back(item.name());
    return names;
  }

  testing::TestDatabase database_;
  testing::World world_{database_};
  ApiInstance api_{database_.url()};
};

TEST_F(WatchTest, AWatcherOfResourcesIsToldAllAtFirstAndThenOnlyWhatHasChanged) {
  const int64_t a = world_.NewAliveResource("worker", "", world_.chair), b = world_.NewAliveResource("edge", "", world_.chair);
  Resources watcher = WatchResources(world_.maintainer);
  v1::ResourceChanges changes = watcher.One();
  EXPECT_TRUE(changes.reset());
  EXPECT_THAT(Names(changes.resources()), ElementsAre(Name("resources", a), Name("resources", b)));
  EXPECT_THAT(watcher.Look(), IsEmpty());
  database_.Execute(absl::StrFormat("update resource_sessions set live_slots = 3, live_busy = 2 where resource_id = %d", a));
  const int64_t c = world_.NewAliveResource("worker", "", world_.chair);
  changes = watcher.One();
  EXPECT_FALSE(changes.reset());
  EXPECT_THAT(Names(changes.resources()), ElementsAre(Name("resources", a), Name("resources", c)));
  EXPECT_EQ(changes.resources(0).live_slots(), 3);
  EXPECT_EQ(changes.resources(0).live_slots_used(), 2);
  EXPECT_EQ(changes.resources(0).organization_name(), "chair");
  EXPECT_THAT(changes.removed(), IsEmpty());
  database_.Execute(absl::StrFormat("update resources set removed_at = now() where id = %d", b));
  changes = watcher.One();
  EXPECT_THAT(changes.resources(), IsEmpty());
  EXPECT_THAT(changes.removed(), ElementsAre(Name("resources", b)));
  EXPECT_THAT(watcher.Look(), IsEmpty());
}

TEST_F(WatchTest, AnEmptyListIsAFirstMessageToo) {
  Resources watcher = WatchResources(world_.student);
  const v1::ResourceChanges changes = watcher.One();
  EXPECT_TRUE(changes.reset());
  EXPECT_THAT(changes.resources(), IsEmpty());
  EXPECT_THAT(watcher.Look(), IsEmpty());
}

TEST_F(WatchTest, FiguresAreSentWhenTheyHaveChangedNoticeably) {
  const int64_t id = world_.NewAliveResource("worker", "", world_.chair);
  SetLoad(id, 0.50);
  Resources watcher = WatchResources(world_.maintainer);
  watcher.One();
  SetLoad(id, 0.509, 509, 5009, 160);
  EXPECT_THAT(watcher.Look(), IsEmpty());
  // Small steps add up: what counts is what was sent.
  SetLoad(id, 0.512);
  EXPECT_NEAR(watcher.One().resources(0).load().cpu(), 0.512, 1e-9);
  SetLoad(id, 0.512, 510);
  EXPECT_EQ(watcher.One().resources(0).load().memory_used_bytes(), 510);
  SetLoad(id, 0.512, 510, 5010);
  EXPECT_EQ(watcher.One().resources(0).load().disk_free_bytes(), 5010);
  // It was started anew.
  SetLoad(id, 0.512, 510, 5010, 2);
  EXPECT_EQ(watcher.One().resources(0).load().uptime().seconds(), 2);
  EXPECT_THAT(watcher.Look(), IsEmpty());
}

TEST_F(WatchTest, RunningJobsAreShownWithTheirLecturesAndProgress) {
  const int64_t worker = world_.NewAliveResource("worker", "", world_.chair);
  const int64_t lecture = world_.NewLecture(world_.NewCourse());
  const int64_t first = NewJob(world_.chair, lecture), second = NewJob(world_.chair, 0, "noop");
  Resources watcher = WatchResources(world_.maintainer);
  EXPECT_THAT(watcher.One().resources(0).running_jobs(), IsEmpty());
  RunOn(first, worker, 0.25);
  RunOn(second, worker);
  const v1::Resource resource = watcher.One().resources(0);
  ASSERT_EQ(resource.running_jobs_size(), 2);
  EXPECT_EQ(resource.running_jobs(0).job(), Name("jobs", first));
  EXPECT_EQ(resource.running_jobs(0).kind(), "probe");
  EXPECT_EQ(resource.running_jobs(0).progress(), 0.25);
  EXPECT_EQ(resource.running_jobs(0).lecture(), Name("lectures", lecture));
  EXPECT_EQ(resource.running_jobs(0).lecture_title(), "Lecture");
  EXPECT_EQ(resource.running_jobs(1).lecture(), "");
  RunOn(first, worker, 0.255);
  EXPECT_THAT(watcher.Look(), IsEmpty());
  RunOn(first, worker, 0.26);
  EXPECT_EQ(watcher.One().resources(0).running_jobs(0).progress(), 0.26);
  EndJob(first);
  EXPECT_EQ(watcher.One().resources(0).running_jobs_size(), 1);
}

TEST_F(WatchTest, WhoLendsAWorkerDoesNotSeeWhatOthersDoWithIt) {
  const int64_t worker = world_.NewAliveResource("worker", "", world_.foreign);
  RunOn(NewJob(world_.chair, world_.NewLecture(world_.NewCourse())), worker);
  const v1::Resource shown = WatchResources(world_.foreign_maintainer).One().resources(0);
  ASSERT_EQ(shown.running_jobs_size(), 1);
  EXPECT_EQ(shown.running_jobs(0).kind(), "probe");
  EXPECT_EQ(shown.running_jobs(0).job(), "");
  EXPECT_EQ(shown.running_jobs(0).lecture(), "");
  EXPECT_EQ(shown.running_jobs(0).lecture_title(), "");
  EXPECT_NE(WatchResources(world_.admin, {}, "administrator").One().resources(0).running_jobs(0).lecture(), "");
}

TEST_F(WatchTest, ARehearsalIsNamedToNobodyElse) {
  const int64_t worker = world_.NewAliveResource("worker", "", world_.chair);
  RunOn(NewJob(world_.chair, world_.NewRehearsal(world_.NewCourse(), world_.lecturer)), worker);
  EXPECT_EQ(WatchResources(world_.maintainer).One().resources(0).running_jobs(0).lecture_title(), "");
  EXPECT_THAT(WatchJobs(world_.maintainer).One().jobs(), IsEmpty());
  EXPECT_THAT(WatchJobs(world_.lecturer).One().jobs(), SizeIs(1));
}

TEST_F(WatchTest, ResourcesOfOthersAreNotShownAndThoseOfALostRightAreTakenBack) {
  const int64_t own = world_.NewAliveResource("worker", "", world_.chair);
  world_.NewAliveResource("worker", "", world_.foreign);
  Resources watcher = WatchResources(world_.maintainer);
  EXPECT_THAT(Names(watcher.One().resources()), ElementsAre(Name("resources", own)));
  database_.Execute(absl::StrFormat("delete from maintainers where user_id = %d", world_.maintainer));
  EXPECT_THAT(watcher.One().removed(), ElementsAre(Name("resources", own)));
}

TEST_F(WatchTest, FiltersOfResourcesHoldForAllLooks) {
  const int64_t worker = world_.NewAliveResource("worker", "", world_.school);
  world_.NewAliveResource("edge", "", world_.school);
  v1::WatchResourcesRequest request;
  request.set_kind(v1::WORKER);
  Resources watcher = WatchResources(world_.ancestor_maintainer, request);
  EXPECT_THAT(Names(watcher.One().resources()), ElementsAre(Name("resources", worker)));
  request.set_organization(Name("organizations", world_.chair));
  EXPECT_THAT(WatchResources(world_.ancestor_maintainer, request).One().resources(), IsEmpty());
  request.set_organization("chair");
  EXPECT_THAT(WatchResources(world_.ancestor_maintainer, request).Error(), StatusIs(absl::StatusCode::kInvalidArgument, "BAD_FIELD"));
}

TEST_F(WatchTest, AWatcherOfJobsSeesThemComeRunEndAndComeBack) {
  const int64_t worker = world_.NewAliveResource("worker", "", world_.chair);
  const int64_t lecture = world_.NewLecture(world_.NewCourse());
  const int64_t old = NewJob(world_.chair);
  EndJob(old, "done", "now() - interval '1 hour'");
  const int64_t job = NewJob(world_.chair, lecture);
  Jobs watcher = WatchJobs(world_.maintainer);
  v1::JobChanges changes = watcher.One();
  EXPECT_TRUE(changes.reset());
  EXPECT_THAT(Names(changes.jobs()), ElementsAre(Name("jobs", job), Name("jobs", old)));
  EXPECT_EQ(changes.jobs(0).lecture_title(), "Lecture");
  EXPECT_EQ(changes.jobs(0).organization_name(), "chair");
  EXPECT_THAT(watcher.Look(), IsEmpty());
  RunOn(job, worker, 0.5);
  changes = watcher.One();
  EXPECT_FALSE(changes.reset());
  ASSERT_THAT(Names(changes.jobs()), ElementsAre(Name("jobs", job)));
  EXPECT_EQ(changes.jobs(0).state(), v1::RUNNING);
  EXPECT_EQ(changes.jobs(0).resource_host(), "host");
  RunOn(job, worker, 0.505);
  EXPECT_THAT(watcher.Look(), IsEmpty());
  EndJob(job, "failed");
  changes = watcher.One();
  ASSERT_EQ(changes.jobs_size(), 1);
  EXPECT_EQ(changes.jobs(0).state(), v1::JOB_FAILED);
  // It came and ended between two looks.
  const int64_t quick = NewJob(world_.chair);
  EndJob(quick);
  EXPECT_THAT(Names(watcher.One().jobs()), ElementsAre(Name("jobs", quick)));
  // A retry.
  database_.Execute(absl::StrFormat("with back as (delete from jobs_ended where id = %d returning *) insert into jobs select * from back; "
                                    "update jobs set state = 'ready', ended_at = null where id = %d", job, job));
  EXPECT_EQ(watcher.One().jobs(0).state(), v1::READY);
  EXPECT_THAT(watcher.Look(), IsEmpty());
}

TEST_F(WatchTest, AJobThatMatchesNoMoreIsRemoved) {
  const int64_t worker = world_.NewAliveResource("worker", "", world_.chair);
  const int64_t job = NewJob(world_.chair), other = NewJob(world_.chair, 0, "noop"), gone = NewJob(world_.chair);
  v1::WatchJobsRequest request;
  request.add_states(v1::READY);
  request.add_kinds("probe");
  Jobs watcher = WatchJobs(world_.maintainer, request);
  EXPECT_THAT(Names(watcher.One().jobs()), ElementsAre(Name("jobs", gone), Name("jobs", job)));
  RunOn(job, worker);
  RunOn(other, worker);
  EXPECT_THAT(watcher.One().removed(), ElementsAre(Name("jobs", job)));
  database_.Execute(absl::StrFormat("delete from jobs where id = %d", gone));
  EXPECT_THAT(watcher.One().removed(), ElementsAre(Name("jobs", gone)));
  EXPECT_THAT(watcher.Look(), IsEmpty());
}

TEST_F(WatchTest, JobsOfOthersAreNotShownAndThoseOfALostRightAreTakenBack) {
  const int64_t own = NewJob(world_.chair);
  NewJob(world_.foreign);
  Jobs watcher = WatchJobs(world_.maintainer);
  EXPECT_THAT(Names(watcher.One().jobs()), ElementsAre(Name("jobs", own)));
  const int64_t foreign = NewJob(world_.foreign);
  EndJob(foreign);
  EXPECT_THAT(watcher.Look(), IsEmpty());
  database_.Execute(absl::StrFormat("delete from maintainers where user_id = %d", world_.maintainer));
  EXPECT_THAT(watcher.One().removed(), ElementsAre(Name("jobs", own)));
}

TEST_F(WatchTest, OnlyTheNewestTwoHundredJobsAreWatched) {
  for (int i = 0; i < 3; ++i) NewJob(world_.chair);
  const int64_t oldest = world_.Number("select min(id) as id from jobs");
  auto heap = [&](int count) {
    database_.Execute(absl::StrFormat("insert into jobs (task_id, organization_id, kind, class, state, spec) "
                                      "select (select min(id) from tasks), %d, 'noop', 3, 'ready', '{}' from generate_series(1, %d)",
                                      world_.chair, count));
  };
  heap(197);
  Jobs watcher = WatchJobs(world_.maintainer);
  EXPECT_EQ(watcher.One().jobs_size(), 200);
  heap(2);
  const v1::JobChanges changes = watcher.One();
  EXPECT_EQ(changes.jobs_size(), 2);
  EXPECT_THAT(changes.removed(), ElementsAre(Name("jobs", oldest), Name("jobs", oldest + 1)));
  heap(300);
  EXPECT_EQ(watcher.One().jobs_size(), 200);
  EXPECT_THAT(watcher.Look(), IsEmpty());
}

TEST_F(WatchTest, AWatcherOfLiveStreamsSeesThemComeChangeAndEnd) {
  const int64_t course = world_.NewCourse(), lecture = world_.NewLecture(course);
  const int64_t stream = NewStream(lecture);
  Streams watcher = WatchStreams(world_.maintainer);
  v1::LiveStreamChanges changes = watcher.One();
  EXPECT_TRUE(changes.reset());
  ASSERT_THAT(Names(changes.live_streams()), ElementsAre(Name("liveStreams", stream)));
  EXPECT_EQ(changes.live_streams(0).course(), Name("courses", course));
  EXPECT_EQ(changes.live_streams(0).viewers(), 0);
  EXPECT_THAT(watcher.Look(), IsEmpty());
  database_.Execute(absl::StrFormat("insert into viewer_counts (lecture_id, instance, viewers, at) values (%d, 'a', 40, now()), "
                                    "(%d, 'b', 2, now()), (%d, 'gone', 500, now() - interval '1 minute')", lecture, lecture, lecture));
  EXPECT_EQ(watcher.One().live_streams(0).viewers(), 42);
  auto facts = [&](int bitrate, double level) {
    database_.Execute(absl::StrFormat(R"(update live_streams set facts = '{"videoBitrateBps": "%d", "levelDbfs": %f}')", bitrate, level));
  };
  facts(2'000'000, -20);
  EXPECT_EQ(watcher.One().live_streams(0).facts().video_bitrate_bps(), 2'000'000);
  facts(2'050'000, -20.9);
  EXPECT_THAT(watcher.Look(), IsEmpty());
  facts(2'050'000, -21.1);
  EXPECT_EQ(watcher.One().live_streams(0).facts().video_bitrate_bps(), 2'050'000);
  const int64_t other = NewStream(lecture, "cam");
  EXPECT_THAT(Names(watcher.One().live_streams()), ElementsAre(Name("liveStreams", other)));
  database_.Execute(absl::StrFormat("update live_streams set state = 'ended', ended_at = now() where id = %d", stream));
  EXPECT_THAT(watcher.One().removed(), ElementsAre(Name("liveStreams", stream)));
  EXPECT_THAT(watcher.Look(), IsEmpty());
}

TEST_F(WatchTest, LiveStreamsAreForThoseWhoTeachThemOrMaintainTheirOrganization) {
  const int64_t lecture = world_.NewLecture(world_.NewCourse());
  const int64_t stream = NewStream(lecture);
  const int64_t rehearsal = NewStream(world_.NewRehearsal(world_.NewCourse(), world_.NewUser("lecturer")));
  EXPECT_THAT(Names(WatchStreams(world_.lecturer).One().live_streams()), ElementsAre(Name("liveStreams", stream)));
  EXPECT_THAT(WatchStreams(world_.enrolled).One().live_streams(), IsEmpty());
  EXPECT_THAT(WatchStreams(world_.foreign_maintainer).One().live_streams(), IsEmpty());
  Streams watcher = WatchStreams(world_.maintainer);
  EXPECT_THAT(Names(watcher.One().live_streams()), ElementsAre(Name("liveStreams", rehearsal), Name("liveStreams", stream)));
  database_.Execute(absl::StrFormat("delete from maintainers where user_id = %d", world_.maintainer));
  EXPECT_THAT(watcher.One().removed(), SizeIs(2));
  v1::WatchLiveStreamsRequest request;
  request.set_lecture(Name("lectures", lecture));
  EXPECT_THAT(WatchStreams(world_.admin, request, "administrator").One().live_streams(), SizeIs(1));
}

TEST_F(WatchTest, PicturesOfLiveStreamsAreForThoseWhoMayWatchThem) {
  world_.NewAliveResource("edge", "http://edge.example.org", world_.chair);
  const int64_t lecture = world_.NewLecture(world_.NewCourse());
  const int64_t stream = NewStream(lecture, "cam");
  const int64_t rehearsal = NewStream(world_.NewRehearsal(world_.NewCourse(), world_.lecturer));
  const v1::LiveStreamChanges mine = WatchStreams(world_.lecturer).One(), theirs = WatchStreams(world_.maintainer).One();
  ASSERT_THAT(Names(theirs.live_streams()), ElementsAre(Name("liveStreams", rehearsal), Name("liveStreams", stream)));
  EXPECT_THAT(theirs.live_streams(0).picture_urls(), IsEmpty());
  ASSERT_EQ(theirs.live_streams(1).picture_urls_size(), 1);
  EXPECT_THAT(theirs.live_streams(1).picture_urls(0),
              ::testing::MatchesRegex(absl::StrCat("http://edge.example.org/p/.*/", lecture, "/cam/preview.jpg")));
  ASSERT_EQ(mine.live_streams_size(), 2);
  for (const v1::LiveStream& shown : mine.live_streams()) EXPECT_EQ(shown.picture_urls_size(), 1) << shown.name();
  // Nothing was stored that could be shown.
  database_.Execute("update live_streams set state = 'starting', first_media_at = null");
  const v1::LiveStreamChanges silent = WatchStreams(world_.lecturer).One();
  ASSERT_EQ(silent.live_streams_size(), 2);
  for (const v1::LiveStream& shown : silent.live_streams()) EXPECT_EQ(shown.picture_urls_size(), 0) << shown.name();
}

TEST_F(WatchTest, AStreamEndsWithTheSessionOfItsWatcher) {
  const std::string session = api_.Login(Email("maintainer"), kTestPassword);
  api::CallMetadata metadata;
  metadata.authorization = absl::StrCat("Bearer ", session);
  api::Method::Events events;
  ASSERT_OK_AND_ASSIGN(auto watch, api_.invoker().StartWatch(*api_.registry().Find("/lectern.v1.ResourceService/WatchResources"), metadata,
                                                             std::make_unique<v1::WatchResourcesRequest>(), events));
  EXPECT_THAT(events, SizeIs(1));
  EXPECT_OK(watch->Turn(events));
  EXPECT_OK(api_.Call("AuthService/Logout", v1::LogoutRequest(), nullptr, session));
  EXPECT_THAT(watch->Turn(events), StatusIs(absl::StatusCode::kUnauthenticated, "SESSION_ENDED"));
  EXPECT_THAT(events, SizeIs(1));
}

TEST_F(WatchTest, AWatcherCostsTheSameHoweverMuchThereIs) {
  Resources resources = WatchResources(world_.maintainer);
  Jobs jobs = WatchJobs(world_.maintainer);
  Streams streams = WatchStreams(world_.maintainer);
  auto look = [&] {
    resources.Look();
    jobs.Look();
    streams.Look();
    return std::vector<int64_t>{resources.statements(), jobs.statements(), streams.statements()};
  };
  EXPECT_THAT(look(), ElementsAre(1, 1, 1));
  EXPECT_THAT(look(), ElementsAre(1, 2, 1));
  for (int i = 0; i < 20; ++i) {
    const int64_t lecture = world_.NewLecture(world_.NewCourse());
    RunOn(NewJob(world_.chair, lecture), world_.NewResource());
    NewStream(lecture);
  }
  // The edges of all organizations are asked for at once.
  EXPECT_THAT(look(), ElementsAre(1, 2, 2));
  EXPECT_THAT(look(), ElementsAre(1, 2, 2));
}

}  // namespace
}  // namespace lectern
