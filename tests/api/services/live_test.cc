// Live streams through real gRPC against a real database: what encoders may open, what proxies are told, what people see.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "lectern/v1/auth.pb.h"
#include "lectern/v1/courses.pb.h"
#include "lectern/v1/lectures.pb.h"
#include "lectern/v1/live.pb.h"
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
constexpr auto kFailedPrecondition = absl::StatusCode::kFailedPrecondition;
constexpr auto kPermissionDenied = absl::StatusCode::kPermissionDenied;

std::string Session(int number) { return absl::StrFormat("%032x", number); }

class LiveTest : public ::testing::Test {
 protected:
  std::string Credential(int64_t resource) {
    Claims claims;
    claims.subject = Name("resources", resource);
    claims.serial = 1;
    claims.issued_at = absl::Now();
    claims.expires_at = absl::InfiniteFuture();
    return api_.keys().Sign(Audience::kResource, claims);
  }
  // A personal token of the user.
  std::string Token(int64_t user, std::optional<absl::Time> expires_at = std::nullopt) {
    std::string token = absl::StrCat("lectern", ++tokens_);
    EXPECT_OK(api_.stores().sessions.InsertPersonalToken(user, "OBS", Sha256(token), expires_at));
    return token;
  }
  int64_t Lecture(int64_t course, int start_minutes, std::optional<int> end_minutes) {
    return world_.Number(absl::StrFormat(
        "insert into lectures (course_id, title, starts_at, ends_at) values (%d, 'Lecture', now() + interval '%d minutes', %s) "
        "returning id", course, start_minutes,
        end_minutes ? absl::StrFormat("now() + interval '%d minutes'", *end_minutes) : "null"));
  }
  absl::StatusOr<v1::OpenStreamResponse> Open(const std::string& token, int session, v1::View view = v1::COMB,
                                              const std::string& resume = "") {
    v1::OpenStreamRequest request;
    request.set_personal_token(token);
    request.set_session(Session(session));
    request.set_view(view);
    request.set_peer("192.0.2.7");
    request.set_resume_stream(resume);
    return api_.Call<v1::OpenStreamResponse>("LiveService/OpenStream", request, proxy_token_);
  }
  v1::StreamCommand Report(const std::string& stream, int session, int64_t epoch = 0) {
    v1::ReportStreamsRequest request;
    v1::StreamReport& report = *request.add_streams();
    report.set_stream(stream);
    report.set_session(Session(session));
    report.set_publishing(true);
    report.set_epoch(epoch);
    report.set_encoder("OBS");
    report.set_bitrate_bps(2'000'000);
    report.add_warnings()->set_code("KEYFRAME_INTERVAL");
    absl::StatusOr<v1::ReportStreamsResponse> response =
        api_.Call<v1::ReportStreamsResponse>("LiveService/ReportStreams", request, proxy_token_);
    EXPECT_OK(response);
    return response.ok() && response->commands_size() == 1 ? response->commands(0) : v1::StreamCommand();
  }
  absl::StatusOr<v1::LiveStream> Get(const std::string& stream, const std::string& who) {
    v1::GetLiveStreamRequest request;
    request.set_name(stream);
    return api_.Call<v1::LiveStream>("LiveService/GetLiveStream", request, api_.Login(Email(who), kTestPassword));
  }
  std::vector<std::string> List(const std::string& who, bool include_ended = false, int page_size = 0) {
    v1::ListLiveStreamsRequest request;
    request.set_include_ended(include_ended);
    request.set_page_size(page_size);
    const std::string session = api_.Login(Email(who), kTestPassword);
    std::vector<std::string> names;
    do {
      absl::StatusOr<v1::ListLiveStreamsResponse> page =
          api_.Call<v1::ListLiveStreamsResponse>("LiveService/ListLiveStreams", request, session);
      EXPECT_OK(page);
      if (!page.ok()) break;
      for (const v1::LiveStream& stream : page->live_streams()) names.push_back(stream.name());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return names;
  }

  testing::TestDatabase database_;
  World world_{database_};
  ApiInstance api_{database_.url()};
  const int64_t vod_ = world_.NewAliveResource("vod_service", "http://vod:8080", world_.chair);
  const int64_t proxy_ = world_.NewAliveResource("rtmp_proxy", "rtmp://proxy", world_.chair);
  const std::string proxy_token_ = Credential(proxy_);
  int tokens_ = 0;
};

TEST_F(LiveTest, EveryTokenThatIsNotGoodIsRefusedWithItsReason) {
  world_.NewCourse();
  EXPECT_THAT(Open("lecternunknown", 1), StatusIs(kUnauthenticated, "TOKEN_INVALID"));
  EXPECT_THAT(Open("", 1), StatusIs(kUnauthenticated, "TOKEN_INVALID"));
  const std::string expired = Token(world_.lecturer, absl::Now() - absl::Seconds(1));
  EXPECT_THAT(Open(expired, 1), StatusIs(kUnauthenticated, "TOKEN_EXPIRED"));
  const std::string revoked = Token(world_.lecturer);
  database_.Execute(absl::StrFormat("update personal_tokens set revoked_at = now() where id = (select max(id) from personal_tokens)"));
  EXPECT_THAT(Open(revoked, 1), StatusIs(kUnauthenticated, "TOKEN_REVOKED"));
  EXPECT_THAT(Open(Token(world_.enrolled), 1), StatusIs(kPermissionDenied, "NOT_A_LECTURER"));
  const std::string good = Token(world_.lecturer, absl::Now() + absl::Hours(1));
  EXPECT_OK(Open(good, 1));
  database_.Execute(absl::StrFormat("update users set disabled_at = now() where id = %d", world_.lecturer));
  EXPECT_THAT(Open(good, 2), StatusIs(kUnauthenticated, "TOKEN_REVOKED"));
}

TEST_F(LiveTest, ALecturerWithoutACourseIsToldSo) {
  EXPECT_THAT(Open(Token(world_.NewUser("lecturer")), 1), StatusIs(kFailedPrecondition, "NO_COURSE"));
}

TEST_F(LiveTest, TheLectureThatIsDueIsFound) {
  struct Planned {
    int start;                     // minutes from now
    std::optional<int> end;
    bool ended = false;
  };
  struct Case {
    const char* what;
    std::vector<Planned> lectures;
    int due;                       // index; -1: a rehearsal
  };
  const std::vector<Case> cases = {
      {"nothing planned", {}, -1},
      {"running", {{-10, 80}}, 0},
      {"fourteen minutes before its start", {{14, 100}}, 0},
      {"sixteen minutes before its start", {{16, 100}}, -1},
      {"fourteen minutes after its end", {{-100, -14}}, 0},
      {"sixteen minutes after its end", {{-100, -16}}, -1},
      {"without an end, three hours in", {{-180, std::nullopt}}, 0},
      {"without an end, four hours and a half in", {{-270, std::nullopt}}, -1},
      {"ended by hand", {{-10, 80, true}}, -1},
      {"running before the one that starts sooner", {{-80, 10}, {12, 90}}, 0},
      {"running before the one that has just ended", {{-90, -2}, {-1, 90}}, 1},
      {"of two running ones the nearer start", {{-60, 60}, {-5, 60}}, 1},
      {"of two coming ones the nearer start", {{14, 60}, {5, 60}}, 1},
      {"the ended one does not hide the next", {{-90, 10, true}, {10, 90}}, 1},
  };
  for (const Case& one : cases) {
    const int64_t person = world_.NewUser("lecturer");
    std::vector<int64_t> ids;
    for (const Planned& planned : one.lectures) {
      // Each in a course of its own: any course that the person teaches counts.
      const int64_t course = world_.NewCourse();
      database_.Execute(absl::StrFormat("insert into enrolments (course_id, user_id, role) values (%d, %d, 'lecturer')", course, person));
      ids.push_back(Lecture(course, planned.start, planned.end));
      if (planned.ended) database_.Execute(absl::StrFormat("update lectures set ended_at = now() where id = %d", ids.back()));
    }
    if (ids.empty()) {
      database_.Execute(absl::StrFormat("insert into enrolments (course_id, user_id, role) values (%d, %d, 'lecturer')",
                                        world_.NewCourse(), person));
    }
    absl::StatusOr<v1::OpenStreamResponse> opened = Open(Token(person), 1000 + tokens_);
    ASSERT_OK(opened) << one.what;
    EXPECT_EQ(opened->rehearsal(), one.due < 0) << one.what;
    if (one.due >= 0) EXPECT_EQ(opened->lecture(), Name("lectures", ids[one.due])) << one.what;
  }
}

TEST_F(LiveTest, LecturesOfOthersAndUnscheduledOnesAreNeverDue) {
  const int64_t mine = world_.NewCourse();
  world_.NewLecture(mine);   // without times
  const int64_t watched = world_.NewCourse();
  const int64_t person = world_.NewUser("lecturer");
  database_.Execute(absl::StrFormat("insert into enrolments (course_id, user_id, role) values (%d, %d, 'lecturer'), "
                                    "(%d, %d, 'student')", mine, person, watched, person));
  Lecture(watched, -5, 60);
  ASSERT_OK_AND_ASSIGN(v1::OpenStreamResponse opened, Open(Token(person), 1));
  EXPECT_TRUE(opened.rehearsal());
  EXPECT_EQ(world_.Number("select course_id as id from lectures where rehearsal_of is not null"), mine);
}

TEST_F(LiveTest, AColleagueOnAirIsNotThrownOut) {
  const int64_t course = world_.NewCourse();
  const int64_t colleague = world_.NewUser("lecturer");
  database_.Execute(absl::StrFormat("insert into enrolments (course_id, user_id, role) values (%d, %d, 'lecturer')", course, colleague));
  const std::string due = Name("lectures", Lecture(course, -5, 60));
  ASSERT_OK_AND_ASSIGN(v1::OpenStreamResponse first, Open(Token(world_.lecturer), 1));
  ASSERT_EQ(first.lecture(), due);
  const std::string token = Token(colleague);
  ASSERT_OK_AND_ASSIGN(v1::OpenStreamResponse second, Open(token, 2));
  EXPECT_TRUE(second.rehearsal());
  EXPECT_EQ(Report(first.stream(), 1).kind(), v1::StreamCommand::KEEP);
  EXPECT_EQ(Report(second.stream(), 2).kind(), v1::StreamCommand::KEEP) << "it would be the same rehearsal again";
  ASSERT_OK_AND_ASSIGN(v1::OpenStreamResponse other_view, Open(token, 3, v1::CAM));
  EXPECT_EQ(other_view.lecture(), due);
  // Who has gone silent, without a word or with one, is followed.
  database_.Execute("update live_streams set publishing = false, gone_at = now()");
  ASSERT_OK_AND_ASSIGN(v1::OpenStreamResponse third, Open(Token(colleague), 4));
  EXPECT_EQ(third.lecture(), due);
  database_.Execute("update live_streams set publishing = true, gone_at = null, reported_at = now() - interval '11 seconds'");
  ASSERT_OK_AND_ASSIGN(v1::OpenStreamResponse fourth, Open(Token(world_.lecturer), 5));
  EXPECT_EQ(fourth.lecture(), due);
}

TEST_F(LiveTest, ARehearsalIsInTheCourseTaughtLastAndReusedUntilItsStreamHasEnded) {
  const int64_t recent = world_.NewCourse();
  Lecture(recent, -5000, -4900);
  const int64_t older = world_.NewCourse();
  Lecture(older, -9000, -8900);
  world_.NewCourse();
  const std::string token = Token(world_.lecturer);
  ASSERT_OK_AND_ASSIGN(v1::OpenStreamResponse first, Open(token, 1, v1::CAM));
  EXPECT_TRUE(first.rehearsal());
  EXPECT_EQ(world_.Number("select course_id as id from lectures where rehearsal_of is not null"), recent);
  ASSERT_OK_AND_ASSIGN(v1::OpenStreamResponse second, Open(token, 2, v1::PRES));
  EXPECT_EQ(second.lecture(), first.lecture());
  EXPECT_NE(second.stream(), first.stream());
  database_.Execute("update live_streams set state = 'ended', ended_at = now()");
  ASSERT_OK_AND_ASSIGN(v1::OpenStreamResponse third, Open(token, 3, v1::CAM));
  EXPECT_NE(third.lecture(), first.lecture());
}

TEST_F(LiveTest, AStreamHasAllThatItNeedsAndIsOpenedOnceASession) {
  const int64_t lecture = Lecture(world_.NewCourse(), -5, 60);
  const std::string token = Token(world_.lecturer);
  ASSERT_OK_AND_ASSIGN(v1::OpenStreamResponse opened, Open(token, 1, v1::VIEW_UNSPECIFIED));
  EXPECT_EQ(opened.lecture(), Name("lectures", lecture));
  EXPECT_EQ(opened.lecture_title(), "Lecture");
  EXPECT_NEAR(opened.start_time_ms(), absl::ToUnixMillis(absl::Now()), 60'000);
  EXPECT_NEAR(opened.now_ms(), absl::ToUnixMillis(absl::Now()), 60'000);
  EXPECT_THAT(api_.TakeHints(), ::testing::Contains("work"));
  ASSERT_OK_AND_ASSIGN(v1::OpenStreamResponse again, Open(token, 1));
  EXPECT_EQ(again.stream(), opened.stream());
  EXPECT_EQ(again.start_time_ms(), opened.start_time_ms());
  EXPECT_EQ(world_.Number("select count(*) as id from assets where state = 'live' and from_live"), 1);
  EXPECT_EQ(world_.Number("select count(*) as id from jobs where kind = 'live_ingest' and class = 0"), 1);
  EXPECT_EQ(world_.Number("select count(*) as id from tasks where kind = 'live'"), 1);
  EXPECT_EQ(world_.Number("select count(last_used_at) as id from personal_tokens"), 1);
}

TEST_F(LiveTest, ManyThatOpenAtOnceEndInOneStreamThatTheLastOneOwns) {
  Lecture(world_.NewCourse(), -5, 60);
  const std::string token = Token(world_.lecturer);
  std::vector<std::thread> threads;
  std::vector<std::string> streams(8);
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      absl::StatusOr<v1::OpenStreamResponse> opened = Open(token, 1 + i);
      if (opened.ok()) streams[i] = opened->stream();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(streams, ::testing::Each(streams[0]));
  EXPECT_EQ(world_.Number("select count(*) as id from live_streams"), 1);
  int owners = 0;
  for (int i = 0; i < 8; ++i) owners += Report(streams[0], 1 + i).kind() == v1::StreamCommand::KEEP;
  EXPECT_EQ(owners, 1);
}

TEST_F(LiveTest, TwoEncodersThatRehearseAtOnceShareOneRehearsal) {
  world_.NewCourse();
  const std::string token = Token(world_.lecturer);
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] { EXPECT_OK(Open(token, 1 + i, i % 2 == 0 ? v1::CAM : v1::PRES)); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(world_.Number("select count(*) as id from lectures where rehearsal_of is not null"), 1);
  EXPECT_EQ(world_.Number("select count(*) as id from live_streams"), 2);
}

TEST_F(LiveTest, WithoutAVodServiceNothingBeginsButWhatRunsGoesOn) {
  Lecture(world_.NewCourse(), -5, 60);
  const std::string token = Token(world_.lecturer);
  ASSERT_OK_AND_ASSIGN(v1::OpenStreamResponse opened, Open(token, 1));
  database_.Execute(absl::StrFormat("update resource_sessions set state = 'lost' where resource_id = %d", vod_));
  ASSERT_OK_AND_ASSIGN(v1::OpenStreamResponse again, Open(token, 2));
  EXPECT_EQ(again.stream(), opened.stream());
  EXPECT_THAT(Open(token, 3, v1::CAM), StatusIs(kFailedPrecondition, "NO_VOD_SERVICE"));
}

TEST_F(LiveTest, ProxiesAreToldWhatToDo) {
  Lecture(world_.NewCourse(), -5, 60);
  const std::string token = Token(world_.lecturer);
  ASSERT_OK_AND_ASSIGN(v1::OpenStreamResponse opened, Open(token, 1));
  EXPECT_EQ(Report(opened.stream(), 1).kind(), v1::StreamCommand::KEEP);
  // It sends to a worker that does not hold the job.
  EXPECT_EQ(Report(opened.stream(), 1, 77).kind(), v1::StreamCommand::REACQUIRE);
  EXPECT_EQ(Report("liveStreams/999999", 1).kind(), v1::StreamCommand::END);
  ASSERT_OK(Open(token, 2));
  EXPECT_EQ(Report(opened.stream(), 1).kind(), v1::StreamCommand::SUPERSEDED);
  EXPECT_EQ(Report(opened.stream(), 2).kind(), v1::StreamCommand::KEEP);
  v1::EndLiveStreamRequest end;
  end.set_name(opened.stream());
  ASSERT_OK(api_.Call("LiveService/EndLiveStream", end, nullptr, api_.Login(Email("lecturer"), kTestPassword)));
  EXPECT_EQ(Report(opened.stream(), 2).kind(), v1::StreamCommand::END);
  EXPECT_THAT(Open(token, 3), StatusIs(kFailedPrecondition, "STREAM_ENDED"));
}

TEST_F(LiveTest, ReportsThatMakeNoSenseAreRefused) {
  v1::ReportStreamsRequest request;
  EXPECT_OK(api_.Call("LiveService/ReportStreams", request, nullptr, proxy_token_));
  request.add_streams()->set_stream("liveStreams/1");
  EXPECT_THAT(api_.Call("LiveService/ReportStreams", request, nullptr, proxy_token_),
              StatusIs(absl::StatusCode::kInvalidArgument, "BAD_FIELD"));
  request.mutable_streams(0)->set_session(Session(1));
  request.mutable_streams(0)->set_stream("lectures/1");
  EXPECT_THAT(api_.Call("LiveService/ReportStreams", request, nullptr, proxy_token_),
              StatusIs(absl::StatusCode::kInvalidArgument, "BAD_FIELD"));
  EXPECT_THAT(Open("x", 1, v1::COMB, "lectures/1"), StatusIs(absl::StatusCode::kInvalidArgument, "BAD_FIELD"));
}

TEST_F(LiveTest, AReportIsKeptOnlyAsFarAsItIsOfUse) {
  Lecture(world_.NewCourse(), -10, 80);
  ASSERT_OK_AND_ASSIGN(v1::OpenStreamResponse opened, Open(Token(world_.lecturer), 1));
  v1::ReportStreamsRequest request;
  v1::StreamReport& report = *request.add_streams();
  report.set_stream(opened.stream());
  report.set_session(Session(1));
  for (std::string* text : {report.mutable_reason(), report.mutable_encoder()}) text->assign(100'000, 'x');
  for (int i = 0; i < 30; ++i) {
    report.add_warnings()->set_code(std::string(50'000, 'x'));
    report.mutable_warnings(i)->set_message(std::string(50'000, 'x'));
  }
  ASSERT_OK(api_.Call<v1::ReportStreamsResponse>("LiveService/ReportStreams", request, proxy_token_));
  EXPECT_LT(world_.Number("select length(proxy_report::text) as id from live_streams"), 20'000);
}

TEST_F(LiveTest, AnotherProxyReachesNoStreamOfThisOne) {
  Lecture(world_.NewCourse(), -5, 60);
  ASSERT_OK_AND_ASSIGN(v1::OpenStreamResponse opened, Open(Token(world_.lecturer), 1));
  const std::string other = Credential(world_.NewAliveResource("rtmp_proxy", "rtmp://other", world_.chair));
  v1::ReportStreamsRequest request;
  request.add_streams()->set_stream(opened.stream());
  request.mutable_streams(0)->set_session(Session(1));
  ASSERT_OK_AND_ASSIGN(auto response, api_.Call<v1::ReportStreamsResponse>("LiveService/ReportStreams", request, other));
  EXPECT_EQ(response.commands(0).kind(), v1::StreamCommand::SUPERSEDED);
  v1::OpenStreamRequest resume;
  resume.set_resume_stream(opened.stream());
  resume.set_session(Session(9));
  EXPECT_THAT(api_.Call("LiveService/OpenStream", resume, nullptr, other), StatusIs(kUnauthenticated, "TOKEN_INVALID"));
  EXPECT_EQ(Report(opened.stream(), 1).kind(), v1::StreamCommand::KEEP);
}

TEST_F(LiveTest, ARestartedProxyTakesUpItsStreamAlsoWhereTheLectureRunsOver) {
  const int64_t lecture = Lecture(world_.NewCourse(), -90, -14);
  const std::string token = Token(world_.lecturer);
  ASSERT_OK_AND_ASSIGN(v1::OpenStreamResponse opened, Open(token, 1, v1::CAM));
  database_.Execute("update lectures set ends_at = now() - interval '30 minutes'");
  ASSERT_OK_AND_ASSIGN(v1::OpenStreamResponse resumed, Open("", 2, v1::VIEW_UNSPECIFIED, opened.stream()));
  EXPECT_EQ(resumed.stream(), opened.stream());
  EXPECT_EQ(Report(opened.stream(), 2).kind(), v1::StreamCommand::KEEP);
  // The lecturer's own reconnect finds it as well.
  ASSERT_OK_AND_ASSIGN(v1::OpenStreamResponse reconnected, Open(token, 3, v1::CAM));
  EXPECT_EQ(reconnected.stream(), opened.stream());
  EXPECT_EQ(reconnected.lecture(), Name("lectures", lecture));
  database_.Execute("update personal_tokens set revoked_at = now()");
  EXPECT_THAT(Open("", 4, v1::VIEW_UNSPECIFIED, opened.stream()), StatusIs(kUnauthenticated, "TOKEN_REVOKED"));
}

TEST_F(LiveTest, AnEncoderThatComesBackGoesOnInItsLectureThoughTheNextOneIsDue) {
  const int64_t course = world_.NewCourse();
  const int64_t first = Lecture(course, -90, 5);
  const std::string token = Token(world_.lecturer);
  ASSERT_OK_AND_ASSIGN(v1::OpenStreamResponse opened, Open(token, 1));
  ASSERT_EQ(opened.lecture(), Name("lectures", first));
  database_.Execute("update lectures set ends_at = now() - interval '1 minute'");
  const int64_t second = Lecture(course, -1, 90);
  const auto set = [&](const std::string& what) { database_.Execute(absl::StrCat("update live_streams set ", what)); };
  set("state = 'live', publishing = false, gone_at = now() - interval '50 seconds'");
  ASSERT_OK_AND_ASSIGN(v1::OpenStreamResponse back, Open(token, 2));
  EXPECT_EQ(back.stream(), opened.stream());
  set("state = 'interrupted'");   // nothing is stored, and the proxy does not know yet that the publisher has gone
  ASSERT_OK_AND_ASSIGN(back, Open(token, 3));
  EXPECT_EQ(back.stream(), opened.stream());
  EXPECT_THAT(Open(token, 2), StatusIs(absl::StatusCode::kAborted, "SUPERSEDED"));
  // Who is on air there comes with another encoder for the next lecture, as who was gone for too long.
  set("state = 'live'");
  ASSERT_OK_AND_ASSIGN(v1::OpenStreamResponse next, Open(token, 4));
  EXPECT_EQ(next.lecture(), Name("lectures", second));
  set("state = 'interrupted', publishing = false, gone_at = now() - interval '70 seconds', pending_bytes = 5");
  ASSERT_OK_AND_ASSIGN(next, Open(token, 5));
  EXPECT_EQ(next.lecture(), Name("lectures", second));
}

TEST_F(LiveTest, ARehearsalAfterTheEndIsNoPartOfTheLecture) {
  const int64_t course = world_.NewCourse();
  const int64_t lecture = Lecture(course, -10, 80);
  const std::string token = Token(world_.lecturer);
  ASSERT_OK_AND_ASSIGN(v1::OpenStreamResponse opened, Open(token, 1));
  const std::string session = api_.Login(Email("lecturer"), kTestPassword);
  v1::EndLectureRequest end;
  end.set_name(Name("lectures", lecture));
  ASSERT_OK(api_.Call<v1::Lecture>("LectureService/EndLecture", end, session));
  ASSERT_OK_AND_ASSIGN(v1::OpenStreamResponse rehearsal, Open(token, 2));
  EXPECT_TRUE(rehearsal.rehearsal());
  v1::ListLiveStreamsRequest list;
  list.set_lecture(Name("lectures", lecture));
  list.set_include_ended(true);
  ASSERT_OK_AND_ASSIGN(v1::ListLiveStreamsResponse listed,
                       api_.Call<v1::ListLiveStreamsResponse>("LiveService/ListLiveStreams", list, session));
  ASSERT_EQ(listed.live_streams_size(), 1);
  EXPECT_EQ(listed.live_streams(0).name(), opened.stream());
  v1::GetLectureRequest get;
  get.set_name(Name("lectures", lecture));
  ASSERT_OK_AND_ASSIGN(v1::Lecture page, api_.Call<v1::Lecture>("LectureService/GetLecture", get, session));
  EXPECT_EQ(page.views_size(), 0) << "nothing was stored for it, and what is on air is another lecture";
  EXPECT_NE(page.state(), v1::LIVE);
  EXPECT_THAT(List("enrolled"), ::testing::IsEmpty());
}

TEST_F(LiveTest, ARehearsalGoesOnAirWhenItsLectureBegins) {
  const int64_t course = world_.NewCourse();
  const std::string token = Token(world_.lecturer);
  ASSERT_OK_AND_ASSIGN(v1::OpenStreamResponse rehearsal, Open(token, 1));
  ASSERT_TRUE(rehearsal.rehearsal());
  EXPECT_EQ(Report(rehearsal.stream(), 1).kind(), v1::StreamCommand::KEEP);
  const int64_t lecture = Lecture(course, 0, 90);
  EXPECT_EQ(Report(rehearsal.stream(), 1).kind(), v1::StreamCommand::REOPEN);
  ASSERT_OK_AND_ASSIGN(v1::OpenStreamResponse opened, Open(token, 1, v1::COMB, rehearsal.stream()));
  EXPECT_EQ(opened.lecture(), Name("lectures", lecture));
  EXPECT_FALSE(opened.rehearsal());
  ASSERT_OK_AND_ASSIGN(v1::LiveStream left, Get(rehearsal.stream(), "lecturer"));
  EXPECT_THAT(left.state(), ::testing::AnyOf(v1::ENDING, v1::ENDED));
  EXPECT_EQ(Report(opened.stream(), 1).kind(), v1::StreamCommand::KEEP);
}

TEST_F(LiveTest, ARehearsalGoesOnAirWhenItsLecturerPressesGoLive) {
  const int64_t course = world_.NewCourse();
  const int64_t lecture = Lecture(course, 24 * 60, 25 * 60);
  const std::string token = Token(world_.lecturer);
  ASSERT_OK_AND_ASSIGN(v1::OpenStreamResponse camera, Open(token, 1, v1::CAM));
  ASSERT_OK_AND_ASSIGN(v1::OpenStreamResponse slides, Open(token, 2, v1::PRES));
  ASSERT_TRUE(camera.rehearsal() && slides.rehearsal());
  EXPECT_EQ(Report(camera.stream(), 1).kind(), v1::StreamCommand::KEEP);
  v1::StartLectureRequest start;
  start.set_name(Name("lectures", lecture));
  ASSERT_OK(api_.Call("LectureService/StartLecture", start, nullptr, api_.Login(Email("lecturer"), kTestPassword)));
  EXPECT_EQ(Report(camera.stream(), 1).kind(), v1::StreamCommand::REOPEN);
  ASSERT_OK_AND_ASSIGN(camera, Open(token, 1, v1::CAM, camera.stream()));
  EXPECT_EQ(camera.lecture(), Name("lectures", lecture));
  // The other view is on air; this one still has to come.
  EXPECT_EQ(Report(slides.stream(), 2).kind(), v1::StreamCommand::REOPEN);
  ASSERT_OK_AND_ASSIGN(slides, Open(token, 2, v1::PRES, slides.stream()));
  EXPECT_EQ(slides.lecture(), Name("lectures", lecture));
  EXPECT_FALSE(slides.rehearsal());
}

TEST_F(LiveTest, ALectureThatHadBegunBeforeTheRehearsalTakesItsEncoderToo) {
  const int64_t course = world_.NewCourse();
  const std::string token = Token(world_.lecturer);
  ASSERT_OK_AND_ASSIGN(v1::OpenStreamResponse rehearsal, Open(token, 1));
  ASSERT_TRUE(rehearsal.rehearsal());
  const int64_t lecture = Lecture(course, -10, 80);
  EXPECT_EQ(Report(rehearsal.stream(), 1).kind(), v1::StreamCommand::KEEP);
  v1::StartLectureRequest start;
  start.set_name(Name("lectures", lecture));
  const std::string session = api_.Login(Email("lecturer"), kTestPassword);
  ASSERT_OK(api_.Call("LectureService/StartLecture", start, nullptr, session));
  EXPECT_EQ(Report(rehearsal.stream(), 1).kind(), v1::StreamCommand::REOPEN);
}

TEST_F(LiveTest, TheWorkerComesFromTheControlRoom) {
  Lecture(world_.NewCourse(), -5, 60);
  ASSERT_OK_AND_ASSIGN(v1::OpenStreamResponse opened, Open(Token(world_.lecturer), 1));
  v1::AcquireIngestRequest request;
  request.set_stream(opened.stream());
  request.set_session(Session(1));
  request.set_failed_epoch(4);
  request.set_reason("connection reset");
  api_.live().SetLease(api::IngestLease{7, 5, 3, "host", "rtmp://host:1935/ingest/7-5", "secret"});
  ASSERT_OK_AND_ASSIGN(auto target, api_.Call<v1::IngestTarget>("LiveService/AcquireIngest", request, proxy_token_));
  EXPECT_EQ(target.epoch(), 5);
  EXPECT_EQ(target.url(), "rtmp://host:1935/ingest/7-5");
  EXPECT_EQ(target.key(), "secret");
  EXPECT_EQ(target.worker(), "resources/3");
  std::vector<api::IngestRequest> asked = api_.live().TakeRequests();
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(Name("liveStreams", asked[0].stream), opened.stream());
  EXPECT_EQ(asked[0].proxy, proxy_);
  EXPECT_EQ(asked[0].failed_epoch, 4);
  EXPECT_EQ(asked[0].reason, "connection reset");
  api_.live().SetLease(WithReason(absl::ResourceExhaustedError("no worker is free"), "NO_FREE_WORKER"));
  EXPECT_THAT(api_.Call("LiveService/AcquireIngest", request, nullptr, proxy_token_),
              StatusIs(absl::StatusCode::kResourceExhausted, "NO_FREE_WORKER"));
}

TEST_F(LiveTest, EndingTheLectureEndsAllItsStreamsForGood) {
  const int64_t lecture = Lecture(world_.NewCourse(), -5, 60);
  const std::string token = Token(world_.lecturer);
  ASSERT_OK_AND_ASSIGN(v1::OpenStreamResponse cam, Open(token, 1, v1::CAM));
  ASSERT_OK_AND_ASSIGN(v1::OpenStreamResponse pres, Open(token, 2, v1::PRES));
  v1::EndLectureRequest end;
  end.set_name(Name("lectures", lecture));
  ASSERT_OK(api_.Call("LectureService/EndLecture", end, nullptr, api_.Login(Email("lecturer"), kTestPassword)));
  EXPECT_EQ(Report(cam.stream(), 1).kind(), v1::StreamCommand::END);
  EXPECT_EQ(Report(pres.stream(), 2).kind(), v1::StreamCommand::END);
  // The encoder that connects again shows it to nobody.
  ASSERT_OK_AND_ASSIGN(v1::OpenStreamResponse again, Open(token, 3, v1::CAM));
  EXPECT_TRUE(again.rehearsal());
}

TEST_F(LiveTest, DeletingTheLectureEndsItsStreams) {
  const int64_t lecture = Lecture(world_.NewCourse(), -5, 60);
  ASSERT_OK_AND_ASSIGN(v1::OpenStreamResponse opened, Open(Token(world_.lecturer), 1));
  v1::DeleteLectureRequest request;
  request.set_name(Name("lectures", lecture));
  ASSERT_OK(api_.Call("LectureService/DeleteLecture", request, nullptr, api_.Login(Email("lecturer"), kTestPassword)));
  EXPECT_EQ(Report(opened.stream(), 1).kind(), v1::StreamCommand::END);
}

TEST_F(LiveTest, DeletingTheCourseEndsTheStreamsOfItsLectures) {
  const int64_t course = world_.NewCourse();
  Lecture(course, -5, 60);
  ASSERT_OK_AND_ASSIGN(v1::OpenStreamResponse opened, Open(Token(world_.lecturer), 1));
  v1::DeleteCourseRequest request;
  request.set_name(Name("courses", course));
  ASSERT_OK(api_.Call("CourseService/DeleteCourse", request, nullptr, api_.Login(Email("maintainer"), kTestPassword)));
  EXPECT_EQ(Report(opened.stream(), 1).kind(), v1::StreamCommand::END);
}

TEST_F(LiveTest, AStreamShowsWhatProxyAndWorkerFound) {
  const int64_t lecture = Lecture(world_.NewCourse(), -5, 60);
  ASSERT_OK_AND_ASSIGN(v1::OpenStreamResponse opened, Open(Token(world_.lecturer), 1, v1::CAM));
  ASSERT_EQ(Report(opened.stream(), 1).kind(), v1::StreamCommand::KEEP);
  database_.Execute("update live_streams set state = 'live', end_ms = 90000, first_media_at = now(), segment_at = now(), "
                    "facts = '{\"videoCodec\": \"h264\", \"of_tomorrow\": 1}', "
                    "warnings = '[{\"code\": \"SILENCE\", \"message\": \"no sound\"}]'");
  ASSERT_OK_AND_ASSIGN(v1::LiveStream stream, Get(opened.stream(), "maintainer"));
  EXPECT_EQ(stream.lecture(), Name("lectures", lecture));
  EXPECT_EQ(stream.state(), v1::ON_AIR);
  EXPECT_EQ(stream.view(), v1::CAM);
  EXPECT_EQ(stream.proxy(), Name("resources", proxy_));
  EXPECT_EQ(stream.organization_name(), "chair");
  EXPECT_EQ(stream.duration().seconds(), 90);
  EXPECT_EQ(stream.facts().video_codec(), "h264");
  EXPECT_EQ(stream.facts().encoder(), "OBS");
  EXPECT_EQ(stream.facts().video_bitrate_bps(), 2'000'000);
  ASSERT_EQ(stream.warnings_size(), 2);
  EXPECT_EQ(stream.warnings(0).code(), "SILENCE");
  EXPECT_EQ(stream.warnings(1).code(), "KEYFRAME_INTERVAL");
  v1::MoveLiveStreamRequest move;
  move.set_name(opened.stream());
  EXPECT_OK(api_.Call("LiveService/MoveLiveStream", move, nullptr, api_.Login(Email("maintainer"), kTestPassword)));
  EXPECT_EQ(api_.live().TakeMoved().size(), 1u);
}

TEST_F(LiveTest, PeopleSeeTheStreamsThatAreTheirs) {
  const int64_t course = world_.NewCourse();
  std::vector<std::string> running, ended;
  for (int i = 0; i < 3; ++i) {
    ended.insert(ended.begin(), Name("liveStreams", world_.NewStream(world_.NewLecture(course), vod_, "ended")));
    running.insert(running.begin(), Name("liveStreams", world_.NewStream(world_.NewLecture(course), vod_, "live")));
  }
  const int64_t colleague = world_.NewUser("lecturer");
  database_.Execute(absl::StrFormat("insert into enrolments (course_id, user_id, role) values (%d, %d, 'lecturer')", course, colleague));
  running.insert(running.begin(), Name("liveStreams", world_.NewStream(world_.NewRehearsal(course, world_.lecturer), vod_, "live")));
  EXPECT_THAT(List("maintainer"), ::testing::ElementsAreArray(running));
  EXPECT_THAT(List("ancestor_maintainer"), ::testing::ElementsAreArray(running));
  std::vector<std::string> all = running;
  all.insert(all.end(), ended.begin(), ended.end());
  for (int page_size : {0, 1, 2, 3, 4}) EXPECT_THAT(List("maintainer", true, page_size), ::testing::ElementsAreArray(all)) << page_size;
  EXPECT_THAT(List("foreign_maintainer", true), ::testing::IsEmpty());
  EXPECT_THAT(List("enrolled", true), ::testing::IsEmpty());
  EXPECT_THAT(List("student", true), ::testing::IsEmpty());
  EXPECT_THAT(List("lecturer"), ::testing::ElementsAreArray(running));
  EXPECT_THAT(List(database_.Query(absl::StrCat("select display_name from users where id = ", colleague))), ::testing::ElementsAre(running[1], running[2], running[3]));
  EXPECT_EQ(List("admin").size(), 4u);
}

TEST_F(LiveTest, WhoOpenedAndWhoWasRefusedIsWrittenDownWithoutTheToken) {
  Lecture(world_.NewCourse(), -5, 60);
  const std::string token = Token(world_.lecturer);
  ASSERT_OK(Open(token, 1));
  EXPECT_FALSE(Open("lecternwrongsecret", 2).ok());
  EXPECT_EQ(database_.Query("select count(*) from audit_events where action = 'LiveService.OpenStream' and outcome = 'OK' "
                            "and actor = 'users/" + absl::StrCat(world_.lecturer) + "' and target like 'lectures/%'"), "1");
  EXPECT_EQ(database_.Query("select count(*) from audit_events where action = 'LiveService.OpenStream' "
                            "and outcome = 'UNAUTHENTICATED' and detail like '%192.0.2.7%'"), "1");
  EXPECT_EQ(database_.Query("select count(*) from audit_events where detail like '%" + token + "%' "
                            "or detail like '%wrongsecret%'"), "0");
  for (int i = 0; i < 50; ++i) EXPECT_FALSE(Open(absl::StrCat("wrong", i), 100 + i).ok());
  EXPECT_LT(std::stoi(database_.Query("select count(*) from audit_events where outcome = 'UNAUTHENTICATED'")), 20);
}

}  // namespace
}  // namespace lectern
