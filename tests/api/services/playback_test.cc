// Playing a lecture from its countdown on through real gRPC against a real database.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
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
using testing::World;

constexpr auto kUnauthenticated = absl::StatusCode::kUnauthenticated;
constexpr auto kPermissionDenied = absl::StatusCode::kPermissionDenied;

class PlaybackTest : public ::testing::Test {
 protected:
  absl::StatusOr<v1::Playback> Play(int64_t lecture, bool wait, const std::string& bearer) {
    v1::CreatePlaybackRequest request;
    request.set_lecture(Name("lectures", lecture));
    request.set_wait(wait);
    return api_.Call<v1::Playback>("PlaybackService/CreatePlayback", request, bearer);
  }
  absl::StatusOr<v1::Playback> Refresh(const std::string& token) {
    v1::RefreshPlaybackRequest request;
    request.set_token(token);
    return api_.Call<v1::Playback>("PlaybackService/RefreshPlayback", request, "");
  }
  v1::Playback MustPlay(int64_t lecture, bool wait, const std::string& bearer) {
    absl::StatusOr<v1::Playback> playback = Play(lecture, wait, bearer);
    EXPECT_OK(playback);
    return playback.ok() ? *playback : v1::Playback();
  }
  std::string Subject(const std::string& token) {
    absl::StatusOr<Claims> claims = api_.keys().Verify(token, Audience::kPlayback, absl::Now());
    EXPECT_OK(claims);
    return claims.ok() ? claims->subject : "";
  }
  v1::Lecture Get(int64_t lecture) {
    v1::GetLectureRequest request;
    request.set_name(Name("lectures", lecture));
    absl::StatusOr<v1::Lecture> answer = api_.Call<v1::Lecture>("LectureService/GetLecture", request, enrolled_);
    EXPECT_OK(answer);
    return answer.ok() ? *answer : v1::Lecture();
  }

  testing::TestDatabase database_;
  World world_{database_};
  ApiInstance api_{database_.url()};
  const int64_t vod_ = world_.NewAliveResource("vod_service", "http://vod:8080", world_.chair);
  const int64_t edge_ = world_.NewAliveResource("edge", "http://edge:8080/", world_.chair);
  const std::string enrolled_ = api_.Login(Email("enrolled"), kTestPassword);
  const int64_t course_ = world_.NewCourse();
  const int64_t lecture_ = world_.NewLecture(course_);
};

TEST_F(PlaybackTest, OnePageFollowsTheLectureFromCountdownToRecording) {
  database_.Execute(absl::StrFormat("update lectures set starts_at = now() + interval '1 minute', ends_at = now() + interval '1 hour' "
                                    "where id = %d", lecture_));
  EXPECT_THAT(Play(lecture_, false, enrolled_), StatusIs(absl::StatusCode::kFailedPrecondition, "NOT_PLAYABLE_YET"));
  v1::Playback playback = MustPlay(lecture_, true, enrolled_);
  EXPECT_EQ(playback.views_size(), 0);
  EXPECT_EQ(playback.state(), v1::SCHEDULED);
  EXPECT_EQ(playback.title(), "Lecture");
  EXPECT_EQ(playback.lecture(), Name("lectures", lecture_));
  EXPECT_TRUE(playback.has_start_time() && playback.has_end_time() && playback.has_now() && playback.has_expire_time());

  const int64_t stream = world_.NewStream(lecture_, vod_, "starting");
  ASSERT_OK_AND_ASSIGN(playback, Refresh(playback.token()));
  EXPECT_EQ(playback.state(), v1::SCHEDULED) << "nothing is stored yet";
  EXPECT_EQ(playback.views_size(), 0);

  auto set = [&](const char* what) { database_.Execute(absl::StrFormat("update live_streams set %s where id = %d", what, stream)); };
  set("state = 'live', first_media_at = now(), segment_at = now()");
  ASSERT_OK_AND_ASSIGN(playback, Refresh(playback.token()));
  EXPECT_EQ(playback.state(), v1::LIVE);
  ASSERT_EQ(playback.views_size(), 1);
  EXPECT_EQ(playback.views(0).state(), v1::VIEW_LIVE);
  ASSERT_EQ(playback.views(0).urls_size(), 1);
  EXPECT_EQ(playback.views(0).urls(0),
            absl::StrCat("http://edge:8080/p/", playback.token(), "/", lecture_, "/comb/master.m3u8"));
  EXPECT_EQ(api_.keys().Verify(playback.token(), Audience::kPlayback, absl::Now())->resource, vod_);

  set("state = 'interrupted'");
  ASSERT_OK_AND_ASSIGN(playback, Refresh(playback.token()));
  EXPECT_EQ(playback.state(), v1::LIVE);
  EXPECT_EQ(playback.views(0).state(), v1::VIEW_INTERRUPTED);
  EXPECT_FALSE(playback.views(0).urls().empty());

  set("state = 'ending'");
  ASSERT_OK_AND_ASSIGN(playback, Refresh(playback.token()));
  EXPECT_EQ(playback.views(0).state(), v1::VIEW_LIVE);

  set("state = 'ended', ended_at = now()");
  database_.Execute("update assets set state = 'playable'");
  ASSERT_OK_AND_ASSIGN(playback, Refresh(playback.token()));
  EXPECT_EQ(playback.state(), v1::RECORDED);
  EXPECT_EQ(playback.views(0).state(), v1::PLAYABLE);
  EXPECT_EQ(Subject(playback.token()), Name("users", world_.enrolled));
}

TEST_F(PlaybackTest, ALectureIsLiveWhileAnyOfItsViewsIs) {
  world_.NewRecording(lecture_, vod_);
  world_.NewStream(lecture_, vod_, "live", "cam");
  world_.NewStream(lecture_, vod_, "starting", "pres");
  v1::Lecture lecture = Get(lecture_);
  EXPECT_EQ(lecture.state(), v1::LIVE);
  ASSERT_EQ(lecture.views_size(), 2);
  EXPECT_EQ(lecture.views(0).state(), v1::PLAYABLE);
  EXPECT_EQ(lecture.views(1).state(), v1::VIEW_LIVE);
  EXPECT_EQ(lecture.views(1).duration().seconds(), 12);
  EXPECT_EQ(lecture.views(1).steps_size(), 0);
  v1::Playback playback = MustPlay(lecture_, false, enrolled_);
  EXPECT_EQ(playback.views_size(), 2);
  // A stream of the view that has stored nothing yet leaves what can be watched alone.
  world_.NewStream(lecture_, vod_, "starting", "comb");
  EXPECT_EQ(Get(lecture_).views(0).state(), v1::PLAYABLE);
}

TEST_F(PlaybackTest, AnAnonymousViewerStaysAnonymous) {
  const int64_t lecture = world_.NewLecture(world_.NewCourse("public"));
  v1::Playback playback = MustPlay(lecture, true, "");
  EXPECT_EQ(Subject(playback.token()), "anonymous");
  ASSERT_OK_AND_ASSIGN(playback, Refresh(playback.token()));
  EXPECT_EQ(Subject(playback.token()), "anonymous");
  database_.Execute("update courses set visibility = 'logged_in'");
  EXPECT_THAT(Refresh(playback.token()), StatusIs(absl::StatusCode::kNotFound, "LECTURE_NOT_FOUND"));
}

TEST_F(PlaybackTest, OnlyAGoodPlaybackTokenIsExchanged) {
  EXPECT_THAT(Refresh(""), StatusIs(kUnauthenticated, "TOKEN_INVALID"));
  EXPECT_THAT(Refresh("garbage"), StatusIs(kUnauthenticated, "TOKEN_INVALID"));
  EXPECT_THAT(Refresh(enrolled_), StatusIs(kUnauthenticated, "TOKEN_INVALID")) << "a session token";
  Claims claims;
  claims.subject = Name("users", world_.enrolled);
  claims.lecture = lecture_;
  claims.issued_at = absl::Now() - absl::Hours(3);
  claims.expires_at = absl::Now() - absl::Hours(1);
  EXPECT_THAT(Refresh(api_.keys().Sign(Audience::kPlayback, claims)), StatusIs(kUnauthenticated, "TOKEN_EXPIRED"));
  claims.expires_at = absl::Now() + absl::Hours(1);
  EXPECT_OK(Refresh(api_.keys().Sign(Audience::kPlayback, claims)));
  claims.subject = "resources/1";
  EXPECT_THAT(Refresh(api_.keys().Sign(Audience::kPlayback, claims)), StatusIs(kUnauthenticated, "TOKEN_INVALID"));
}

TEST_F(PlaybackTest, WhoLosesTheRightLosesItWithTheNextExchange) {
  auto token = [&](const std::string& who) { return MustPlay(lecture_, true, api_.Login(Email(who), kTestPassword)).token(); };
  const std::string enrolled = token("enrolled"), lecturer = token("lecturer"), maintainer = token("maintainer");
  database_.Execute(absl::StrFormat("delete from enrolments where user_id = %d", world_.enrolled));
  EXPECT_THAT(Refresh(enrolled), StatusIs(absl::StatusCode::kNotFound, "LECTURE_NOT_FOUND"));
  database_.Execute(absl::StrFormat("update users set disabled_at = now() where id = %d", world_.lecturer));
  EXPECT_THAT(Refresh(lecturer), StatusIs(kPermissionDenied, "TOKEN_REVOKED"));
  EXPECT_OK(Refresh(maintainer));
  ASSERT_OK(api_.stores().revocations.Insert(lecture_, Name("users", world_.student), absl::Hours(2)));
  EXPECT_OK(Refresh(maintainer)) << "somebody else's";
  database_.Execute(absl::StrFormat("insert into playback_revocations (lecture_id, subject, issued_before, keep_until) "
                                    "values (%d, '', now() + interval '10 seconds', now() + interval '2 hours')", lecture_));
  EXPECT_THAT(Refresh(maintainer), StatusIs(kPermissionDenied, "TOKEN_REVOKED"));
}

TEST_F(PlaybackTest, ARehearsalPlaysForItsLecturerOnly) {
  const int64_t rehearsal = world_.NewRehearsal(course_, world_.lecturer);
  world_.NewStream(rehearsal, vod_, "live");
  const std::string lecturer = api_.Login(Email("lecturer"), kTestPassword);
  v1::Playback playback = MustPlay(rehearsal, false, lecturer);
  EXPECT_OK(Refresh(playback.token()));
  EXPECT_THAT(Play(rehearsal, false, enrolled_), StatusIs(absl::StatusCode::kNotFound, "LECTURE_NOT_FOUND"));
  Claims claims;
  claims.subject = Name("users", world_.enrolled);
  claims.lecture = rehearsal;
  claims.issued_at = absl::Now();
  claims.expires_at = absl::Now() + absl::Hours(1);
  EXPECT_THAT(Refresh(api_.keys().Sign(Audience::kPlayback, claims)), StatusIs(absl::StatusCode::kNotFound, "LECTURE_NOT_FOUND"));
  auto listed = [&](const std::string& who) {
    v1::ListLecturesRequest request;
    request.set_course(Name("courses", course_));
    auto list = api_.Call<v1::ListLecturesResponse>("LectureService/ListLectures", request, api_.Login(Email(who), kTestPassword));
    EXPECT_OK(list);
    return list.ok() ? list->lectures_size() : -1;
  };
  EXPECT_EQ(listed("lecturer"), 2);
  EXPECT_EQ(listed("admin"), 2);
  EXPECT_EQ(listed("enrolled"), 1);
  EXPECT_EQ(listed("maintainer"), 1);
}

TEST_F(PlaybackTest, AFullLectureHallBehindOneAddressIsNotTurnedAwayAndOneViewerIsNoHall) {
  ApiInstance narrow(database_.url(), {.rate = 0.0001, .burst = 3});
  const auto refresh = [&](const std::string& token) {
    v1::RefreshPlaybackRequest request;
    request.set_token(token);
    return narrow.Call<v1::Playback>("PlaybackService/RefreshPlayback", request, "");
  };
  constexpr auto kExhausted = absl::StatusCode::kResourceExhausted;
  database_.Execute("update courses set visibility = 'public'");
  std::vector<std::string> tokens;
  for (int i = 0; i < 10; ++i) tokens.push_back(MustPlay(lecture_, true, "").token());
  for (const std::string& token : tokens) EXPECT_OK(refresh(token));
  // The tokens that one gets in exchange bring no new allowance.
  std::string token = tokens[0];
  for (int i = 0; i < 2; ++i) {
    absl::StatusOr<v1::Playback> playback = refresh(token);
    ASSERT_OK(playback);
    token = playback->token();
  }
  EXPECT_THAT(refresh(token), StatusIs(kExhausted, "RATE_LIMITED"));
  EXPECT_THAT(refresh(tokens[0]), StatusIs(kExhausted, "RATE_LIMITED"));
  for (int i = 0; i < 3; ++i) EXPECT_THAT(refresh("forged"), StatusIs(kUnauthenticated, "TOKEN_INVALID"));
  EXPECT_THAT(refresh("forged too"), StatusIs(kExhausted, "RATE_LIMITED")) << "by the address";
  EXPECT_OK(refresh(tokens[1]));
}

TEST_F(PlaybackTest, WithoutAnEdgeOneMayWaitButNotPlay) {
  database_.Execute(absl::StrFormat("update resource_sessions set state = 'lost' where resource_id = %d", edge_));
  v1::Playback waiting = MustPlay(lecture_, true, enrolled_);
  world_.NewStream(lecture_, vod_, "live");
  EXPECT_THAT(Refresh(waiting.token()), StatusIs(absl::StatusCode::kUnavailable, "NO_EDGE"));
}

}  // namespace
}  // namespace lectern
