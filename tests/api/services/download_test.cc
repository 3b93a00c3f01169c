// Recordings as files: who may have them, which file it is, what the token gives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "common/base/text.h"
#include "lectern/v1/lectures.pb.h"
#include "lectern/v1/playback.pb.h"
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
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr auto kFailedPrecondition = absl::StatusCode::kFailedPrecondition;
constexpr auto kNotFound = absl::StatusCode::kNotFound;
constexpr auto kPermissionDenied = absl::StatusCode::kPermissionDenied;

class DownloadTest : public ::testing::Test {
 protected:
  std::string Login(const std::string& who) { return who == "anyone" ? "" : api_.Login(Email(who), kTestPassword); }
  absl::StatusOr<v1::Download> Ask(int64_t lecture, const std::string& token, v1::View view = v1::VIEW_UNSPECIFIED) {
    v1::CreateDownloadRequest request;
    request.set_lecture(Name("lectures", lecture));
    request.set_view(view);
    return api_.Call<v1::Download>("PlaybackService/CreateDownload", request, token);
  }
  // A recording of the view, as its state and file are given.
  std::string Record(int64_t lecture, const char* view, const char* state = "complete", const char* file = "talk.MOV", bool live = false,
                     int64_t size = 4321) {
    const std::string upload = absl::StrFormat("%032x", ++uploads_);
    database_.Execute(absl::StrFormat(
        "insert into assets (upload_id, lecture_id, organization_id, view, vod_resource_id, file_name, fingerprint, size_bytes, "
        "state, from_live) values ('%s', %d, %d, '%s', %d, '%s', 'ab', %d, '%s', %s)",
        upload, lecture, world_.chair, view, vod_, file, size, state, live ? "true" : "false"));
    return upload;
  }
  void Allow(int64_t course) { database_.Execute(absl::StrCat("update courses set downloads_enabled = true where id = ", course)); }
  Claims ClaimsOf(const v1::Download& download) {
    const std::vector<std::string> parts = absl::StrSplit(download.url(), '/');
    auto claims = api_.keys().Verify(parts.at(4), Audience::kPlayback, absl::Now());
    EXPECT_OK(claims);
    return claims.value_or(Claims());
  }

  testing::TestDatabase database_;
  testing::World world_{database_};
  ApiInstance api_{database_.url()};
  std::string lecturer_ = Login("lecturer");
  const int64_t vod_ = world_.NewAliveResource("vod_service", "http://vod:8080/", world_.chair);
  int64_t course_ = world_.NewCourse();
  int64_t lecture_ = world_.NewLecture(course_);
  int uploads_ = 0;
};

TEST_F(DownloadTest, TheAddressGivesOneFileForAWhile) {
  database_.Execute(absl::StrFormat("update lectures set title = 'Größen: Länge/Breite' where id = %d", lecture_));
  database_.Execute(absl::StrFormat("update courses set title = 'Analysis I' where id = %d", course_));
  const std::string upload = Record(lecture_, "cam");
  ASSERT_OK_AND_ASSIGN(v1::Download download, Ask(lecture_, lecturer_));
  EXPECT_EQ(download.file_name(), "Analysis I - Größen- Länge-Breite (CAM).mov");
  EXPECT_EQ(download.size_bytes(), 4321);
  EXPECT_THAT(download.url(), StartsWith("http://vod:8080/p/"));
  const std::string end = download.url().substr(download.url().rfind('/') + 1);
  EXPECT_EQ(PercentDecode(end), download.file_name());
  EXPECT_THAT(download.url(), HasSubstr(absl::StrCat("/", lecture_, "/cam/download/", end)));
  const Claims claims = ClaimsOf(download);
  EXPECT_TRUE(claims.download);
  EXPECT_EQ(claims.upload, upload);
  EXPECT_EQ(claims.lecture, lecture_);
  EXPECT_EQ(claims.view, "cam");
  EXPECT_EQ(claims.resource, vod_);
  EXPECT_EQ(claims.subject, Name("users", world_.lecturer));
  EXPECT_EQ(claims.expires_at - claims.issued_at, absl::Hours(2));
  EXPECT_EQ(download.expire_time().seconds(), absl::ToUnixSeconds(claims.expires_at));
}

TEST_F(DownloadTest, TheCourseDecidesForItsViewersAndLecturersAlwaysMay) {
  Record(lecture_, "comb");
  for (const char* who : {"lecturer", "maintainer", "ancestor_maintainer", "admin"}) EXPECT_OK(Ask(lecture_, Login(who))) << who;
  EXPECT_THAT(Ask(lecture_, Login("enrolled")).status(), StatusIs(kPermissionDenied, "DOWNLOADS_OFF"));
  for (const char* who : {"anyone", "student", "foreign_maintainer"}) {
    EXPECT_THAT(Ask(lecture_, Login(who)).status(), StatusIs(kNotFound, "LECTURE_NOT_FOUND")) << who;
  }
  Allow(course_);
  EXPECT_OK(Ask(lecture_, Login("enrolled")));
  EXPECT_THAT(Ask(lecture_, Login("student")).status(), StatusIs(kNotFound, "LECTURE_NOT_FOUND"));
  const int64_t open = world_.NewCourse("public");
  const int64_t lecture = world_.NewLecture(open);
  Record(lecture, "comb");
  EXPECT_THAT(Ask(lecture, "").status(), StatusIs(kPermissionDenied, "DOWNLOADS_OFF"));
  Allow(open);
  ASSERT_OK_AND_ASSIGN(v1::Download download, Ask(lecture, ""));
  EXPECT_EQ(ClaimsOf(download).subject, "anonymous");
}

TEST_F(DownloadTest, TheBestViewForWatchingAloneIsGivenOrTheOneAskedFor) {
  EXPECT_THAT(Ask(lecture_, lecturer_).status(), StatusIs(kFailedPrecondition, "NOT_PLAYABLE_YET"));
  const std::string cam = Record(lecture_, "cam");
  const std::string pres = Record(lecture_, "pres");
  EXPECT_EQ(ClaimsOf(Ask(lecture_, lecturer_).value()).upload, pres);
  const std::string comb = Record(lecture_, "comb");
  EXPECT_EQ(ClaimsOf(Ask(lecture_, lecturer_).value()).upload, comb);
  EXPECT_EQ(ClaimsOf(Ask(lecture_, lecturer_, v1::CAM).value()).upload, cam);
  EXPECT_THAT(Ask(lecture_, lecturer_, static_cast<v1::View>(7)).status(), StatusIs(absl::StatusCode::kInvalidArgument, "BAD_FIELD"));
}

TEST_F(DownloadTest, TheRecordingThatIsWatchedIsGiven) {
  const std::string first = Record(lecture_, "comb", "playable");
  Record(lecture_, "comb", "processing");
  EXPECT_EQ(ClaimsOf(Ask(lecture_, lecturer_).value()).upload, first) << "the newer one cannot be watched yet";
  const std::string second = Record(lecture_, "comb", "complete");
  EXPECT_EQ(ClaimsOf(Ask(lecture_, lecturer_).value()).upload, second);
  for (const char* state : {"uploading", "processing", "failed", "superseded", "removed"}) {
    const int64_t lecture = world_.NewLecture(course_);
    Record(lecture, "comb", state);
    EXPECT_THAT(Ask(lecture, lecturer_).status(), StatusIs(kFailedPrecondition, "NOT_PLAYABLE_YET")) << state;
  }
}

TEST_F(DownloadTest, WhatIsOnAirIsAFileOnceItIsPutTogether) {
  const int64_t lecture = world_.NewLecture(course_);
  const int64_t stream = world_.NewStream(lecture, vod_, "live");
  EXPECT_THAT(Ask(lecture, lecturer_).status(), StatusIs(kFailedPrecondition, "NO_FILE"));
  database_.Execute(absl::StrFormat("update assets set state = 'playable' where lecture_id = %d", lecture));
  EXPECT_THAT(Ask(lecture, lecturer_).status(), StatusIs(kFailedPrecondition, "NO_FILE")) << "it was not put together yet";
  database_.Execute(absl::StrFormat("update assets set size_bytes = 99 where lecture_id = %d", lecture));
  database_.Execute(absl::StrFormat("update live_streams set state = 'ended' where id = %d", stream));
  ASSERT_OK_AND_ASSIGN(v1::Download download, Ask(lecture, lecturer_));
  EXPECT_EQ(download.file_name(), "Course - Lecture (COMB).mp4");
  EXPECT_EQ(download.size_bytes(), 99);
}

TEST_F(DownloadTest, WithoutItsVodServiceThereIsNoFile) {
  Record(lecture_, "comb");
  database_.Execute("update resource_sessions set last_beat_at = now() - interval '1 hour'");
  EXPECT_THAT(Ask(lecture_, lecturer_).status(), StatusIs(absl::StatusCode::kUnavailable, "NO_VOD_SERVICE"));
  database_.Execute("update resources set removed_at = now()");
  EXPECT_THAT(Ask(lecture_, lecturer_).status(), StatusIs(absl::StatusCode::kUnavailable, "NO_VOD_SERVICE"));
}

TEST_F(DownloadTest, HostileTitlesAndFileNamesMakePlainNames) {
  database_.Execute(absl::StrFormat("update lectures set title = E'../..\\n\u202egpj.exe\"' where id = %d", lecture_));
  database_.Execute(absl::StrFormat("update courses set title = repeat('Ä', 300) where id = %d", course_));
  Record(lecture_, "comb", "complete", "x.\"; filename=evil.exe");
  ASSERT_OK_AND_ASSIGN(v1::Download download, Ask(lecture_, lecturer_));
  EXPECT_TRUE(absl::EndsWith(download.file_name(), " (COMB).exe")) << download.file_name();
  EXPECT_LT(download.file_name().size(), 200u);
  for (const char* bad : {"/", "\"", "\n", "\u202e", "\\"}) EXPECT_FALSE(absl::StrContains(download.file_name(), bad)) << bad;
  EXPECT_LT(download.url().size(), 1500u);
}

TEST_F(DownloadTest, ADownloadTokenIsNotExchangedForOneThatPlays) {
  Record(lecture_, "comb");
  ASSERT_OK_AND_ASSIGN(v1::Download download, Ask(lecture_, lecturer_));
  v1::RefreshPlaybackRequest request;
  request.set_token(std::vector<std::string>(absl::StrSplit(download.url(), '/')).at(4));
  EXPECT_THAT(api_.Call("PlaybackService/RefreshPlayback", request, nullptr, ""),
              StatusIs(absl::StatusCode::kUnauthenticated, "TOKEN_INVALID"));
}

}  // namespace
}  // namespace lectern
