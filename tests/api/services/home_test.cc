// What each person sees of whose courses: the start page, search and pictures, through real gRPC against a real database.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "lectern/v1/home.pb.h"
#include "lectern/v1/lectures.pb.h"
#include "tests/api/support/api_instance.h"
#include "tests/api/support/world.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"

namespace lectern {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::ApiInstance;
using testing::Email;
using testing::kTestPassword;
using testing::Name;
using testing::StatusIs;
using testing::World;

constexpr const char* kVisibilities[] = {"public", "logged_in", "enrolled", "hidden"};

class HomeTest : public ::testing::Test {
 protected:
  std::string Login(const std::string& who) { return who == "anyone" ? "" : api_.Login(Email(who), kTestPassword); }
  v1::Home Home(const std::string& bearer, const std::string& term = "") {
    v1::GetHomeRequest request;
    request.set_term(term);
    auto home = api_.Call<v1::Home>("HomeService/GetHome", request, bearer);
    EXPECT_OK(home);
    return home.ok() ? *home : v1::Home();
  }
  v1::SearchResponse Search(const std::string& query, const std::string& bearer) {
    v1::SearchRequest request;
    request.set_query(query);
    request.set_page_size(50);
    auto hits = api_.Call<v1::SearchResponse>("HomeService/Search", request, bearer);
    EXPECT_OK(hits);
    return hits.ok() ? *hits : v1::SearchResponse();
  }
  void Set(int64_t lecture, const std::string& what) {
    database_.Execute(absl::StrCat("update lectures set ", what, " where id = ", lecture));
  }
  template <typename List>
  static std::vector<std::string> Names(const List& list) {
    std::vector<std::string> names;
    for (const auto& item : list) names.push_back(item.name());
    return names;
  }
  // The words of the courses whose thing is among `items`, in the order of kVisibilities.
  template <typename List>
  static std::string Seen(const List& items, const std::map<std::string, std::string>& word_by_name) {
    std::string seen;
    for (const auto& [name, word] : word_by_name) {
      for (const auto& item : items) seen += item.name() == name ? word.substr(0, 1) : "";
    }
    std::sort(seen.begin(), seen.end());
    return seen;
  }

  testing::TestDatabase database_;
  World world_{database_};
  ApiInstance api_{database_.url()};
  const int64_t vod_ = world_.NewAliveResource("vod_service", "http://vod:8080", world_.chair);
  const int64_t edge_ = world_.NewAliveResource("edge", "http://edge:8080/", world_.chair);
};

// p: public, l: logged in, e: enrolled, h: hidden.
TEST_F(HomeTest, EverybodyFindsWhatIsForThemAndNothingElse) {
  std::map<std::string, std::string> live, soon, courses, rehearsals;
  for (const char* visibility : kVisibilities) {
    const int64_t course = world_.NewCourse(visibility);
    courses[Name("courses", course)] = visibility;
    const int64_t on_air = world_.NewLecture(course);
    world_.NewStream(on_air, vod_, "live");
    live[Name("lectures", on_air)] = visibility;
    const int64_t next = world_.NewLecture(course);
    Set(next, "starts_at = now() + interval '1 hour'");
    soon[Name("lectures", next)] = visibility;
    const int64_t rehearsal = world_.NewRehearsal(course, world_.lecturer);
    Set(rehearsal, "starts_at = now() + interval '1 hour'");
    world_.NewStream(rehearsal, vod_, "live");
    rehearsals[Name("lectures", rehearsal)] = visibility;
  }
  database_.Execute("update courses set title = 'Findable course'");
  database_.Execute("update lectures set title = 'Findable lecture'");
  for (const auto& [who, expected] : std::vector<std::pair<const char*, const char*>>{{"anyone", "p"},
                                                                                      {"student", "lp"},
                                                                                      {"enrolled", "elp"},
                                                                                      {"lecturer", "ehlp"},
                                                                                      {"maintainer", "ehlp"},
                                                                                      {"ancestor_maintainer", "ehlp"},
                                                                                      {"foreign_maintainer", "lp"},
                                                                                      {"admin", "ehlp"}}) {
    const std::string bearer = Login(who);
    const v1::Home home = Home(bearer);
    EXPECT_EQ(Seen(home.live(), live), expected) << who;
    EXPECT_EQ(Seen(home.upcoming(), soon), expected) << who;
    EXPECT_EQ(static_cast<size_t>(home.live_size() + home.upcoming_size()), 2 * std::string(expected).size()) << who;
    std::vector<v1::Course> listed(home.my_courses().begin(), home.my_courses().end());
    listed.insert(listed.end(), home.public_courses().begin(), home.public_courses().end());
    EXPECT_EQ(Seen(listed, courses), expected) << who;
    std::vector<v1::Course> found_courses;
    std::vector<v1::Lecture> found_lectures;
    const v1::SearchResponse hits = Search("find", bearer);
    for (const v1::SearchHit& hit : hits.hits()) {
      if (hit.has_course()) found_courses.push_back(hit.course());
      if (hit.has_lecture()) found_lectures.push_back(hit.lecture());
    }
    EXPECT_EQ(Seen(found_courses, courses), expected) << who;
    EXPECT_EQ(Seen(found_lectures, live), expected) << who;
    EXPECT_EQ(Seen(found_lectures, soon), expected) << who;
    EXPECT_EQ(Seen(found_lectures, rehearsals), "") << who;
    const bool mine = std::string(who) == "enrolled" || std::string(who) == "lecturer";
    EXPECT_EQ(static_cast<size_t>(home.my_courses_size()), mine ? std::string(expected).size() : 0) << who;
  }
}

TEST_F(HomeTest, RightsAreThoseOfTheReader) {
  const int64_t course = world_.NewCourse("public");
  const int64_t lecture = world_.NewLecture(course);
  Set(lecture, "starts_at = now() + interval '1 hour'");
  for (const auto& [who, right] : std::vector<std::pair<const char*, v1::Right>>{{"anyone", v1::WATCH},
                                                                                 {"student", v1::WATCH},
                                                                                 {"enrolled", v1::WATCH},
                                                                                 {"lecturer", v1::TEACH},
                                                                                 {"maintainer", v1::MAINTAIN},
                                                                                 {"ancestor_maintainer", v1::MAINTAIN},
                                                                                 {"foreign_maintainer", v1::WATCH},
                                                                                 {"admin", v1::ADMINISTER}}) {
    const std::string bearer = Login(who);
    const v1::Home home = Home(bearer);
    ASSERT_EQ(home.upcoming_size(), 1);
    EXPECT_EQ(home.upcoming(0).right(), right) << who;
    EXPECT_EQ(home.upcoming(0).has_me(), !bearer.empty()) << who;
    v1::GetCourseRequest get;
    get.set_name(Name("courses", course));
    ASSERT_OK_AND_ASSIGN(auto read, api_.Call<v1::Course>("CourseService/GetCourse", get, bearer));
    EXPECT_EQ(read.right(), right) << who;
    EXPECT_EQ(read.organization_name(), "chair");
    ASSERT_OK_AND_ASSIGN(auto list, api_.Call<v1::ListCoursesResponse>("CourseService/ListCourses", v1::ListCoursesRequest(), bearer));
    ASSERT_EQ(list.courses_size(), 1) << who;
    EXPECT_EQ(list.courses(0).right(), right) << who;
    v1::GetLectureRequest get_lecture;
    get_lecture.set_name(Name("lectures", lecture));
    ASSERT_OK_AND_ASSIGN(auto one, api_.Call<v1::Lecture>("LectureService/GetLecture", get_lecture, bearer));
    EXPECT_EQ(one.right(), right) << who;
    EXPECT_EQ(one.course_title(), "Course");
  }
}

TEST_F(HomeTest, APersonIsToldWhoTheyAre) {
  auto me = [&](const std::string& who) { return api_.Call<v1::Me>("HomeService/GetMe", v1::GetMeRequest(), Login(who)).value(); };
  world_.NewCourse();
  EXPECT_FALSE(me("anyone").has_user());
  EXPECT_TRUE(me("anyone").has_now() && me("anyone").has_installation());
  const v1::Me lecturer = me("lecturer");
  EXPECT_EQ(lecturer.user().email(), Email("lecturer"));
  EXPECT_TRUE(lecturer.teaches());
  EXPECT_FALSE(lecturer.administrator());
  EXPECT_THAT(lecturer.maintains(), IsEmpty());
  EXPECT_TRUE(lecturer.has_settings());
  EXPECT_THAT(me("maintainer").maintains(), ElementsAre(Name("organizations", world_.chair)));
  EXPECT_FALSE(me("enrolled").teaches());
  EXPECT_TRUE(me("admin").administrator());
}

TEST_F(HomeTest, PinnedCoursesComeFirstAndTermsDivideTheRest) {
  const int64_t old = world_.NewCourse("public"), now = world_.NewCourse("public"), pinned = world_.NewCourse("hidden");
  database_.Execute(absl::StrCat("update courses set term = '2025W' where id = ", old));
  database_.Execute(absl::StrCat("update courses set term = '2026S' where id = ", now));
  const std::string student = Login("student");
  EXPECT_THAT(Home(student).my_courses(), IsEmpty());
  for (int64_t course : {old, pinned}) {
    v1::PinCourseRequest pin;
    pin.set_name(Name("courses", course));
    EXPECT_OK(api_.Call("CourseService/PinCourse", pin, nullptr, student));
  }
  v1::Home home = Home(student);
  EXPECT_EQ(home.term(), "2026S");
  EXPECT_THAT(std::vector<std::string>(home.terms().begin(), home.terms().end()), ElementsAre("2026S", "2025W"));
  EXPECT_THAT(Names(home.my_courses()), ElementsAre(Name("courses", pinned), Name("courses", old)));
  EXPECT_TRUE(home.my_courses(0).me().pinned());
  EXPECT_THAT(Names(home.public_courses()), ElementsAre(Name("courses", now)));
  EXPECT_THAT(Home(student, "2025W").public_courses(), IsEmpty());
  EXPECT_THAT(Names(Home("", "2025W").public_courses()), ElementsAre(Name("courses", old)));
  EXPECT_THAT(Home("", "1999S").public_courses(), IsEmpty());
  EXPECT_EQ(Home("", "1999S").terms_size(), 2);
}

TEST_F(HomeTest, WhatWasBegunGoesOnUntilItIsWatched) {
  const int64_t course = world_.NewCourse("public");
  std::vector<int64_t> lectures;
  for (int i = 0; i < 3; ++i) {
    lectures.push_back(world_.NewLecture(course));
    world_.NewRecording(lectures.back(), vod_);
  }
  const std::string student = Login("student");
  auto save = [&](int64_t lecture, int seconds) {
    v1::SaveProgressRequest request;
    request.set_lecture(Name("lectures", lecture));
    request.mutable_position()->set_seconds(seconds);
    EXPECT_OK(api_.Call("LectureService/SaveProgress", request, nullptr, student));
  };
  for (int64_t lecture : lectures) save(lecture, 10);
  save(lectures[0], 20);
  save(lectures[1], 59);
  save(world_.NewLecture(course), 5);   // nothing is there to be watched
  const v1::Home home = Home(student);
  EXPECT_THAT(Names(home.continue_watching()), ElementsAre(Name("lectures", lectures[0]), Name("lectures", lectures[2])));
  EXPECT_EQ(home.continue_watching(0).me().position().seconds(), 20);
  EXPECT_THAT(Home(Login("enrolled")).continue_watching(), IsEmpty());
  database_.Execute(absl::StrFormat("update courses set visibility = 'enrolled' where id = %d", course));
  EXPECT_THAT(Home(student).continue_watching(), IsEmpty());
}

TEST_F(HomeTest, PicturesAreThoseOfTheBestViewAndTheSameWithinAnHour) {
  testing::FakeClock clock;
  // Sharp, and so long ago that no call is late by this clock.
  clock.Jump(absl::FromUnixSeconds(absl::ToUnixSeconds(absl::Now()) / 3600 * 3600) - absl::Hours(5) - clock.Now());
  ApiInstance api(database_.url(), {.clock = &clock});
  const int64_t lecture = world_.NewLecture(world_.NewCourse("public"));
  world_.NewStream(lecture, vod_, "live", "pres");
  auto urls = [&](const std::string& bearer) {
    v1::GetLectureRequest get;
    get.set_name(Name("lectures", lecture));
    const v1::Lecture read = api.Call<v1::Lecture>("LectureService/GetLecture", get, bearer).value();
    return std::vector<std::string>(read.picture_urls().begin(), read.picture_urls().end());
  };
  std::vector<std::string> first = urls("");
  ASSERT_EQ(first.size(), 1u);
  const std::vector<std::string> parts = absl::StrSplit(first[0], '/');
  ASSERT_EQ(parts.size(), 8u);
  EXPECT_EQ(first[0], absl::StrCat("http://edge:8080/p/", parts[4], "/", lecture, "/pres/preview.jpg"));
  ASSERT_OK_AND_ASSIGN(Claims claims, api.keys().Verify(parts[4], Audience::kPlayback, clock.Now()));
  EXPECT_EQ(claims.subject, "anonymous");
  EXPECT_EQ(claims.resource, vod_);
  EXPECT_EQ(claims.view, "pres");
  EXPECT_EQ(claims.lecture, lecture);
  clock.Advance(absl::Minutes(59));
  EXPECT_EQ(urls(""), first);
  ASSERT_OK_AND_ASSIGN(claims, api.keys().Verify(parts[4], Audience::kPlayback, clock.Now()));
  EXPECT_GE(claims.expires_at - clock.Now(), absl::Hours(1));
  clock.Advance(absl::Minutes(2));
  EXPECT_NE(urls(""), first);

  database_.Execute("update live_streams set state = 'ended', ended_at = now()");
  database_.Execute("update assets set state = 'complete', duration_ms = 60000");
  EXPECT_THAT(urls(""), IsEmpty()) << "this recording has no poster";
  database_.Execute("update assets set poster_path = 'abc/thumbnails/poster.jpg'");
  ASSERT_EQ(urls("").size(), 1u);
  EXPECT_TRUE(absl::EndsWith(urls("")[0], "/pres/abc/thumbnails/poster.jpg")) << urls("")[0];
  database_.Execute(absl::StrFormat("update resource_sessions set state = 'lost' where resource_id = %d", edge_));
  EXPECT_THAT(urls(""), IsEmpty());
}

TEST_F(HomeTest, PagesCostTheSameNumberOfStatementsWhateverTheyShow) {
  testing::FakeClock clock;   // stands still, so that who calls stays known
  clock.Jump(absl::Now() - clock.Now());
  ApiInstance api(database_.url(), {.clock = &clock});
  const std::string enrolled = api.Login(Email("enrolled"), kTestPassword);
  auto statements = [&](const char* method, const google::protobuf::Message& request) {
    EXPECT_OK(api.Call(method, request, nullptr, enrolled));
    const int64_t before = api.pool().statements();
    EXPECT_OK(api.Call(method, request, nullptr, enrolled));
    return api.pool().statements() - before;
  };
  v1::SearchRequest search;
  search.set_query("lecture");
  search.set_page_size(50);
  auto all = [&] {
    return std::vector<int64_t>{statements("HomeService/GetHome", v1::GetHomeRequest()), statements("HomeService/Search", search),
                                statements("HomeService/GetMe", v1::GetMeRequest()),
                                statements("CourseService/ListCourses", v1::ListCoursesRequest())};
  };
  const std::vector<int64_t> few = all();
  for (int i = 0; i < 20; ++i) {
    const int64_t course = world_.NewCourse(kVisibilities[i % 4]);
    world_.NewRecording(world_.NewLecture(course), vod_);
    world_.NewStream(world_.NewLecture(course), vod_, "live");
    Set(world_.NewLecture(course), "starts_at = now() + interval '1 hour'");
  }
  database_.Execute("update assets set poster_path = 'a/thumbnails/poster.jpg'");
  EXPECT_EQ(all(), few);
  EXPECT_THAT(few, ElementsAre(3, 4, 3, 1));
}

TEST_F(HomeTest, QueriesAreShortAndNotTooShort) {
  v1::SearchRequest request;
  for (const std::string& query : {std::string(), std::string("a"), std::string(" a "), std::string("ü"), std::string(201, 'a')}) {
    request.set_query(query);
    EXPECT_THAT(api_.Call("HomeService/Search", request, nullptr, ""), StatusIs(absl::StatusCode::kInvalidArgument, "BAD_FIELD")) << query;
  }
  request.set_query("!(");
  EXPECT_OK(api_.Call("HomeService/Search", request, nullptr, ""));
}

}  // namespace
}  // namespace lectern
