#include <gtest/gtest.h>

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "lectern/v1/courses.pb.h"
#include "lectern/v1/jobs.pb.h"
#include "lectern/v1/lectures.pb.h"
#include "lectern/v1/playback.pb.h"
#include "tests/api/support/api_instance.h"
#include "tests/api/support/world.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"

namespace lectern {
namespace {

using testing::ApiInstance;
using testing::Email;
using testing::kTestPassword;
using testing::Name;
using testing::StatusIs;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class LectureTest : public ::testing::Test {
 protected:
  v1::CreateUploadRequest UploadRequest(int64_t lecture) {
    v1::CreateUploadRequest request;
    request.set_lecture(Name("lectures", lecture));
    request.set_view(v1::CAM);
    request.set_file_name("talk.mp4");
    request.set_size_bytes(5000);
    request.set_fingerprint("ABcd01");
    return request;
  }
  absl::StatusOr<v1::Upload> Upload(const v1::CreateUploadRequest& request) {
    return api_.Call<v1::Upload>("LectureService/CreateUpload", request, lecturer_);
  }
  absl::StatusOr<v1::Playback> Play(int64_t lecture, absl::string_view token) {
    v1::CreatePlaybackRequest request;
    request.set_lecture(Name("lectures", lecture));
    return api_.Call<v1::Playback>("PlaybackService/CreatePlayback", request, token);
  }
  // The claims of the token in ".../p/TOKEN/...".
  Claims TokenIn(const std::string& url) {
    std::vector<std::string> parts = absl::StrSplit(url, '/');
    auto claims = api_.keys().Verify(parts.at(4), Audience::kPlayback, absl::Now());
    EXPECT_OK(claims);
    return claims.value_or(Claims());
  }

  testing::TestDatabase database_;
  testing::World world_{database_};
  ApiInstance api_{database_.url()};
  std::string lecturer_ = api_.Login(Email("lecturer"), kTestPassword);
  int64_t course_ = world_.NewCourse();
  int64_t lecture_ = world_.NewLecture(course_);
};

TEST_F(LectureTest, WhatWentWrongTellsViewersNoSecret) {
  database_.Execute(absl::StrFormat(
      "insert into assets (upload_id, lecture_id, organization_id, view, vod_resource_id, file_name, fingerprint, size_bytes, state, error) "
      "values (md5('failed'), %d, %d, 'comb', %d, 'a.mp4', 'ab', 1, 'failed', 'cannot read rtsp://me:hunter2@camera/1')",
      lecture_, world_.chair, world_.NewResource("vod_service")));
  v1::GetLectureRequest get;
  get.set_name(Name("lectures", lecture_));
  ASSERT_OK_AND_ASSIGN(auto lecture, api_.Call<v1::Lecture>("LectureService/GetLecture", get, lecturer_));
  ASSERT_EQ(lecture.views_size(), 1);
  EXPECT_EQ(lecture.views(0).error(), "cannot read rtsp://***@camera/1");
}

TEST_F(LectureTest, ALectureIsCreatedShownChangedEndedAndListed) {
  v1::CreateLectureRequest create;
  create.set_course(Name("courses", course_));
  create.set_title("  Limits  ");
  create.mutable_start_time()->set_seconds(1'800'000'000);
  create.mutable_end_time()->set_seconds(1'800'003'600);
  ASSERT_OK_AND_ASSIGN(auto lecture, api_.Call<v1::Lecture>("LectureService/CreateLecture", create, lecturer_));
  EXPECT_EQ(lecture.title(), "Limits");
  EXPECT_EQ(lecture.state(), v1::SCHEDULED);
  EXPECT_EQ(lecture.start_time().seconds(), 1'800'000'000);
  v1::UpdateLectureRequest update;
  update.set_name(lecture.name());
  update.set_title("Series");
  ASSERT_OK_AND_ASSIGN(lecture, api_.Call<v1::Lecture>("LectureService/UpdateLecture", update, lecturer_));
  EXPECT_EQ(lecture.title(), "Series");
  EXPECT_EQ(lecture.end_time().seconds(), 1'800'003'600);
  v1::EndLectureRequest end;
  end.set_name(lecture.name());
  EXPECT_OK(api_.Call("LectureService/EndLecture", end, nullptr, lecturer_));
  EXPECT_OK(api_.Call("LectureService/EndLecture", end, nullptr, lecturer_));
  v1::ListLecturesRequest list;
  list.set_course(Name("courses", course_));
  list.set_page_size(1);
  ASSERT_OK_AND_ASSIGN(auto page, api_.Call<v1::ListLecturesResponse>("LectureService/ListLectures", list, lecturer_));
  ASSERT_EQ(page.lectures_size(), 1);
  EXPECT_EQ(page.lectures(0).name(), lecture.name());
  list.set_page_token(page.next_page_token());
  ASSERT_OK_AND_ASSIGN(page, api_.Call<v1::ListLecturesResponse>("LectureService/ListLectures", list, lecturer_));
  ASSERT_EQ(page.lectures_size(), 1);
  EXPECT_EQ(page.lectures(0).name(), Name("lectures", lecture_));
  EXPECT_EQ(page.next_page_token(), "");
}

TEST_F(LectureTest, WrongFieldsAreNamed) {
  v1::CreateLectureRequest create;
  create.set_course(Name("courses", course_));
  auto refused = [&](const char* field) {
    absl::Status status = api_.Call("LectureService/CreateLecture", create, nullptr, lecturer_);
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, "BAD_FIELD"));
    EXPECT_THAT(std::string(status.message()), StartsWith(absl::StrCat("field \"", field, "\"")));
  };
  refused("title");
  create.set_title("   ");
  refused("title");
  create.set_title(std::string(301, 'x'));
  refused("title");
  create.set_title(std::string("a\0b", 3));
  refused("title");
  create.set_title("Limits");
  create.mutable_start_time()->set_seconds(1'800'000'000);
  create.mutable_end_time()->set_seconds(1'800'000'000);
  refused("end_time");
  create.mutable_end_time()->set_seconds(-5);
  refused("end_time");
}

TEST_F(LectureTest, AnUploadGoesToTheNearestVodServiceWithATokenOfItsOwn) {
  world_.NewAliveResource("vod_service", "http://far.example.org", world_.root);
  int64_t near = world_.NewAliveResource("vod_service", "http://near.example.org/", world_.chair);
  world_.NewAliveResource("vod_service", "http://foreign.example.org", world_.foreign);
  ASSERT_OK_AND_ASSIGN(v1::Upload upload, Upload(UploadRequest(lecture_)));
  EXPECT_EQ(upload.vod_service(), Name("resources", near));
  EXPECT_EQ(upload.create_url(), "http://near.example.org/uploads");
  EXPECT_EQ(upload.upload_url(), absl::StrCat("http://near.example.org/uploads/", upload.upload_id()));
  ASSERT_OK_AND_ASSIGN(Claims claims, api_.keys().Verify(upload.token(), Audience::kUpload, absl::Now()));
  EXPECT_EQ(claims.upload, upload.upload_id());
  EXPECT_EQ(claims.lecture, lecture_);
  EXPECT_EQ(claims.view, "cam");
  EXPECT_EQ(claims.size_bytes, 5000);
  EXPECT_EQ(claims.resource, near);
  EXPECT_EQ(claims.subject, Name("users", world_.lecturer));
  EXPECT_EQ(absl::ToUnixSeconds(claims.expires_at), upload.expire_time().seconds());
}

TEST_F(LectureTest, TheSameFileResumesItsUploadWhereItIs) {
  int64_t first = world_.NewAliveResource("vod_service", "http://first.example.org", world_.school);
  ASSERT_OK_AND_ASSIGN(v1::Upload upload, Upload(UploadRequest(lecture_)));
  world_.NewAliveResource("vod_service", "http://nearer.example.org", world_.chair);
  ASSERT_OK_AND_ASSIGN(v1::Upload again, Upload(UploadRequest(lecture_)));
  EXPECT_EQ(again.upload_id(), upload.upload_id());
  EXPECT_EQ(again.vod_service(), Name("resources", first));
  EXPECT_THAT(again.upload_url(), StartsWith("http://first.example.org/"));
  v1::CreateUploadRequest other = UploadRequest(lecture_);
  other.set_fingerprint("ef");
  ASSERT_OK_AND_ASSIGN(v1::Upload fresh, Upload(other));
  EXPECT_NE(fresh.upload_id(), upload.upload_id());
}

TEST_F(LectureTest, UploadsThatCannotWorkAreRefusedWithTheReason) {
  v1::CreateUploadRequest request = UploadRequest(lecture_);
  EXPECT_THAT(Upload(request), StatusIs(absl::StatusCode::kFailedPrecondition, "NO_VOD_SERVICE"));
  world_.NewAliveResource("vod_service", "http://vod.example.org", world_.chair);
  request.set_size_bytes(0);
  EXPECT_THAT(Upload(request), StatusIs(absl::StatusCode::kInvalidArgument, "EMPTY_FILE"));
  request.set_size_bytes(2'000'000'000);
  EXPECT_THAT(Upload(request), StatusIs(absl::StatusCode::kResourceExhausted, "DISK_FULL"));
  request.set_size_bytes(5000);
  database_.Execute(absl::StrFormat("update organizations set quota_bytes = 4999 where id = %d", world_.school));
  EXPECT_THAT(Upload(request), StatusIs(absl::StatusCode::kResourceExhausted, "QUOTA_EXCEEDED"));
  for (auto breakage : {+[](v1::CreateUploadRequest& r) { r.set_view(v1::VIEW_UNSPECIFIED); },
                        +[](v1::CreateUploadRequest& r) { r.set_size_bytes(-1); },
                        +[](v1::CreateUploadRequest& r) { r.set_file_name(""); },
                        +[](v1::CreateUploadRequest& r) { r.set_file_name("a\nb"); },
                        +[](v1::CreateUploadRequest& r) { r.set_file_name(std::string(256, 'x')); },
                        +[](v1::CreateUploadRequest& r) { r.set_fingerprint("xyz"); }}) {
    v1::CreateUploadRequest broken = UploadRequest(lecture_);
    breakage(broken);
    EXPECT_THAT(Upload(broken), StatusIs(absl::StatusCode::kInvalidArgument, "BAD_FIELD")) << broken.ShortDebugString();
  }
}

TEST_F(LectureTest, PlaybackListsLivingEdgesNearestFirstWithATokenForThisLecture) {
  int64_t vod = world_.NewAliveResource("vod_service", "http://vod.example.org", world_.chair);
  world_.NewRecording(lecture_, vod);
  EXPECT_THAT(Play(lecture_, lecturer_), StatusIs(absl::StatusCode::kUnavailable, "NO_EDGE"));
  world_.NewAliveResource("edge", "http://far.example.org", world_.root);
  world_.NewAliveResource("edge", "http://near.example.org", world_.chair);
  int64_t dead = world_.NewAliveResource("edge", "http://dead.example.org", world_.chair);
  database_.Execute(absl::StrFormat("update resource_sessions set state = 'lost' where resource_id = %d", dead));
  ASSERT_OK_AND_ASSIGN(v1::Playback playback, Play(lecture_, lecturer_));
  ASSERT_EQ(playback.views_size(), 1);
  EXPECT_EQ(playback.views(0).view(), v1::COMB);
  ASSERT_EQ(playback.views(0).urls_size(), 2);
  EXPECT_THAT(playback.views(0).urls(0), StartsWith("http://near.example.org/p/"));
  EXPECT_THAT(playback.views(0).urls(1), StartsWith("http://far.example.org/p/"));
  EXPECT_TRUE(absl::EndsWith(playback.views(0).urls(0), absl::StrCat("/", lecture_, "/comb/master.m3u8")));
  Claims claims = TokenIn(playback.views(0).urls(0));
  EXPECT_EQ(claims.lecture, lecture_);
  EXPECT_EQ(claims.resource, vod);
  EXPECT_EQ(claims.subject, Name("users", world_.lecturer));
  EXPECT_EQ(claims.expires_at - claims.issued_at, absl::Hours(2));
}

TEST_F(LectureTest, AnAnonymousViewerOfAPublicLecturePlaysIt) {
  int64_t lecture = world_.NewLecture(world_.NewCourse("public"));
  EXPECT_THAT(Play(lecture, ""), StatusIs(absl::StatusCode::kFailedPrecondition, "NOT_PLAYABLE_YET"));
  world_.NewRecording(lecture, world_.NewAliveResource("vod_service", "http://vod.example.org", world_.chair));
  world_.NewAliveResource("edge", "http://edge.example.org", world_.chair);
  ASSERT_OK_AND_ASSIGN(v1::Playback playback, Play(lecture, ""));
  EXPECT_EQ(TokenIn(playback.views(0).urls(0)).subject, "anonymous");
}

TEST_F(LectureTest, DeletingALectureWithdrawsItsTokensAndDeletesItsMediaWhereTheyAre) {
  int64_t vod = world_.NewAliveResource("vod_service", "http://vod.example.org", world_.chair);
  world_.NewRecording(lecture_, vod);
  int64_t asset = world_.Number("select id from assets");
  v1::DeleteLectureRequest request;
  request.set_name(Name("lectures", lecture_));
  EXPECT_OK(api_.Call("LectureService/DeleteLecture", request, nullptr, lecturer_));
  EXPECT_EQ(world_.Number("select count(*) as id from lectures"), 0);
  EXPECT_EQ(world_.Number("select lecture_id as id from playback_revocations where subject = ''"), lecture_);
  EXPECT_EQ(world_.Number("select pinned_resource_id as id from jobs where kind = 'delete_media' and state = 'ready'"), vod);
  EXPECT_EQ(world_.Number("select asset_id as id from tasks where kind = 'delete_media'"), asset);
  EXPECT_EQ(world_.Number("select (spec->>'lecture')::bigint as id from jobs"), lecture_);
  std::vector<std::string> hints = api_.TakeHints();
  EXPECT_THAT(hints, Contains("work"));
  EXPECT_THAT(hints, Contains("directory"));
  EXPECT_THAT(api_.Call("LectureService/DeleteLecture", request, nullptr, lecturer_), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(LectureTest, DeletingALectureStopsTheJobsOfItsRecording) {
  int64_t vod = world_.NewAliveResource("vod_service", "http://vod.example.org", world_.chair);
  world_.NewRecording(lecture_, vod);
  int64_t asset = world_.Number("select id from assets");
  int64_t task = world_.Number(absl::StrFormat("insert into tasks (organization_id, kind, lecture_id, asset_id) "
                                               "values (%d, 'publish_recording', %d, %d) returning id",
                                               world_.chair, lecture_, asset));
  world_.Number(absl::StrFormat("insert into jobs (task_id, organization_id, kind, class, state, spec) "
                                "values (%d, %d, 'probe', 1, 'ready', '{}') returning id", task, world_.chair));
  v1::DeleteLectureRequest request;
  request.set_name(Name("lectures", lecture_));
  EXPECT_OK(api_.Call("LectureService/DeleteLecture", request, nullptr, lecturer_));
  EXPECT_EQ(world_.Number("select count(*) as id from jobs where kind = 'probe'"), 0);
  EXPECT_EQ(world_.Number("select count(*) as id from jobs_ended where kind = 'probe' and state = 'cancelled'"), 1);
  EXPECT_EQ(world_.Number("select count(*) as id from jobs where kind = 'delete_media'"), 1);
}

TEST_F(LectureTest, DeletingACourseDeletesTheMediaOfAllItsLectures) {
  int64_t vod = world_.NewAliveResource("vod_service", "http://vod.example.org", world_.chair);
  int64_t second = world_.NewLecture(course_);
  world_.NewRecording(lecture_, vod);
  world_.NewRecording(second, vod);
  v1::DeleteCourseRequest request;
  request.set_name(Name("courses", course_));
  EXPECT_OK(api_.Call("CourseService/DeleteCourse", request, nullptr, api_.Login(Email("maintainer"), kTestPassword)));
  EXPECT_EQ(world_.Number("select count(*) as id from lectures"), 0);
  EXPECT_EQ(world_.Number("select count(*) as id from playback_revocations"), 2);
  EXPECT_EQ(world_.Number("select count(*) as id from jobs where kind = 'delete_media'"), 2);
}

TEST_F(LectureTest, BookmarksBelongToOnePerson) {
  std::string student = api_.Login(Email("enrolled"), kTestPassword);
  v1::CreateBookmarkRequest create;
  create.set_lecture(Name("lectures", lecture_));
  create.set_text("the proof");
  create.mutable_position()->set_seconds(61);
  create.mutable_position()->set_nanos(500'000'000);
  ASSERT_OK_AND_ASSIGN(auto bookmark, api_.Call<v1::Bookmark>("LectureService/CreateBookmark", create, student));
  EXPECT_EQ(bookmark.position().seconds(), 61);
  EXPECT_EQ(bookmark.position().nanos(), 500'000'000);
  v1::ListBookmarksRequest list;
  list.set_lecture(create.lecture());
  ASSERT_OK_AND_ASSIGN(auto mine, api_.Call<v1::ListBookmarksResponse>("LectureService/ListBookmarks", list, student));
  EXPECT_EQ(mine.bookmarks_size(), 1);
  ASSERT_OK_AND_ASSIGN(auto others, api_.Call<v1::ListBookmarksResponse>("LectureService/ListBookmarks", list, lecturer_));
  EXPECT_EQ(others.bookmarks_size(), 0);
  v1::DeleteBookmarkRequest remove;
  remove.set_name(bookmark.name());
  EXPECT_THAT(api_.Call("LectureService/DeleteBookmark", remove, nullptr, lecturer_), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_OK(api_.Call("LectureService/DeleteBookmark", remove, nullptr, student));
}

TEST_F(LectureTest, WhatOneInstanceWritesTheOtherReads) {
  ApiInstance other(database_.url());
  v1::CreateLectureRequest create;
  create.set_course(Name("courses", course_));
  create.set_title("Limits");
  ASSERT_OK_AND_ASSIGN(auto lecture, api_.Call<v1::Lecture>("LectureService/CreateLecture", create, lecturer_));
  v1::GetLectureRequest get;
  get.set_name(lecture.name());
  ASSERT_OK_AND_ASSIGN(auto read, other.Call<v1::Lecture>("LectureService/GetLecture", get, lecturer_));
  EXPECT_EQ(read.title(), "Limits");
}

TEST_F(LectureTest, AListCostsTheSameNumberOfStatementsWhateverItsLength) {
  testing::FakeClock clock;   // stands still, so that who calls stays known
  clock.Jump(absl::Now() - clock.Now());
  ApiInstance api(database_.url(), {.clock = &clock});
  auto statements = [&] {
    v1::ListLecturesRequest list;
    list.set_course(Name("courses", course_));
    list.set_page_size(200);
    EXPECT_OK(api.Call("LectureService/ListLectures", list, nullptr, lecturer_));
    int64_t before = api.pool().statements();
    EXPECT_OK(api.Call("LectureService/ListLectures", list, nullptr, lecturer_));
    return api.pool().statements() - before;
  };
  int64_t few = statements();
  int64_t vod = world_.NewAliveResource("vod_service", "http://vod.example.org", world_.chair);
  for (int i = 0; i < 50; ++i) world_.NewRecording(world_.NewLecture(course_), vod);
  EXPECT_EQ(statements(), few);
  // The right, the list, and the edges that serve pictures.
  EXPECT_EQ(few, 3);
}

}  // namespace
}  // namespace lectern
