// Calendars and their feeds through real gRPC against a real database.
#include <gmock/gmock.h>
#include <google/api/httpbody.pb.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "lectern/v1/calendars.pb.h"
#include "lectern/v1/courses.pb.h"
#include "tests/api/support/api_instance.h"
#include "tests/api/support/world.h"
#include "tests/support/status_matchers.h"

namespace lectern {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::ApiInstance;
using testing::Email;
using testing::kTestPassword;
using testing::Name;
using testing::StatusIs;
using testing::World;

class CalendarTest : public ::testing::Test {
 protected:
  std::string Login(const char* who) { return api_.Login(Email(who), kTestPassword); }
  int64_t Lecture(int64_t course, const char* title) {
    const int64_t id = world_.NewLecture(course);
    database_.Execute(absl::StrFormat("update lectures set title = '%s', starts_at = now() + interval '1 day' where id = %d", title, id));
    return id;
  }
  // The token of a new feed.
  std::string Feed(const std::string& bearer, const std::string& course = "") {
    v1::CreateCalendarFeedRequest request;
    request.set_course(course);
    auto answer = api_.Call<v1::CreateCalendarFeedResponse>("CalendarService/CreateCalendarFeed", request, bearer);
    EXPECT_OK(answer);
    if (!answer.ok()) return "";
    EXPECT_TRUE(absl::StartsWith(answer->path(), "/v1/calendars/")) << answer->path();
    return std::string(absl::StripPrefix(answer->path(), "/v1/calendars/"));
  }
  absl::StatusOr<std::string> Read(const std::string& token) {
    v1::GetCalendarFeedRequest request;
    request.set_token(token);
    auto body = api_.Call<google::api::HttpBody>("CalendarService/GetCalendarFeed", request, "");
    if (!body.ok()) return body.status();
    EXPECT_EQ(body->content_type(), "text/calendar; charset=utf-8");
    return body->data();
  }

  testing::TestDatabase database_;
  World world_{database_};
  ApiInstance api_{database_.url()};
};

TEST_F(CalendarTest, AFeedNeedsNoSessionAndEndsWhenItIsRevoked) {
  const int64_t course = world_.NewCourse();
  const int64_t lecture = Lecture(course, "Limits");
  const std::string student = Login("enrolled");
  const std::string token = Feed(student);
  ASSERT_OK_AND_ASSIGN(std::string text, Read(token));
  EXPECT_THAT(text, HasSubstr("SUMMARY:Course: Limits\r\n"));
  EXPECT_THAT(text, HasSubstr(absl::StrCat("UID:lecture-", lecture, "@lectern\r\n")));
  EXPECT_EQ(Read(std::string(absl::StripSuffix(token, ".ics"))).value(), text);
  const std::string hex(absl::StripSuffix(token, ".ics"));
  EXPECT_EQ(hex.size(), 64u);
  EXPECT_EQ(database_.Query(absl::StrCat("select count(*) from calendar_feeds where encode(token_hash, 'hex') = '", hex, "'")), "0");

  ASSERT_OK_AND_ASSIGN(auto list, api_.Call<v1::ListCalendarFeedsResponse>("CalendarService/ListCalendarFeeds",
                                                                           v1::ListCalendarFeedsRequest(), student));
  ASSERT_EQ(list.calendar_feeds_size(), 1);
  EXPECT_TRUE(list.calendar_feeds(0).has_last_use_time());
  v1::RevokeCalendarFeedRequest revoke;
  revoke.set_name(list.calendar_feeds(0).name());
  EXPECT_THAT(api_.Call("CalendarService/RevokeCalendarFeed", revoke, nullptr, Login("student")),
              StatusIs(absl::StatusCode::kNotFound, "FEED_NOT_FOUND"));
  EXPECT_OK(api_.Call("CalendarService/RevokeCalendarFeed", revoke, nullptr, student));
  EXPECT_THAT(Read(token), StatusIs(absl::StatusCode::kNotFound, "FEED_NOT_FOUND"));
  EXPECT_THAT(Read(""), StatusIs(absl::StatusCode::kNotFound, "FEED_NOT_FOUND"));
}

TEST_F(CalendarTest, LongDescriptionsAreCut) {
  const int64_t lecture = Lecture(world_.NewCourse(), "Limits");
  const std::string token = Feed(Login("enrolled"));
  auto written = [&](const char* description) {
    database_.Execute(absl::StrFormat("update lectures set description = %s where id = %d", description, lecture));
    return absl::StrReplaceAll(Read(token).value_or(""), {{"\r\n ", ""}});
  };
  EXPECT_THAT(written("repeat('ü', 1000)"), HasSubstr("üü\r\n"));
  const std::string cut = written("repeat('ü', 20000)");
  EXPECT_THAT(cut, HasSubstr("üü…\r\n"));
  EXPECT_LT(cut.size(), 4000u);
}

TEST_F(CalendarTest, AFeedShowsWhatItsPersonMayWatchNow) {
  const int64_t course = world_.NewCourse();
  Lecture(course, "Limits");
  const int64_t rehearsal = world_.NewRehearsal(course, world_.lecturer);
  database_.Execute(absl::StrCat("update lectures set starts_at = now() + interval '1 hour' where id = ", rehearsal));
  const std::string enrolled = Login("enrolled");
  const std::string all = Feed(enrolled), one = Feed(enrolled, Name("courses", course)), teacher = Feed(Login("lecturer"));
  for (const std::string& token : {all, one, teacher}) {
    EXPECT_THAT(Read(token).value(), HasSubstr("Limits"));
    EXPECT_THAT(Read(token).value(), Not(HasSubstr("Rehearsal")));
  }
  database_.Execute(absl::StrFormat("delete from enrolments where user_id = %d", world_.enrolled));
  for (const std::string& token : {all, one}) EXPECT_THAT(Read(token).value(), Not(HasSubstr("Limits")));
  EXPECT_THAT(Read(one).value(), Not(HasSubstr("Course")));
  database_.Execute(absl::StrFormat("update courses set visibility = 'public' where id = %d", course));
  EXPECT_THAT(Read(one).value(), HasSubstr("Limits"));
  EXPECT_THAT(Read(all).value(), Not(HasSubstr("Limits"))) << "it is none of the person's any more";
  database_.Execute(absl::StrFormat("update users set disabled_at = now() where id = %d", world_.enrolled));
  EXPECT_THAT(Read(one), StatusIs(absl::StatusCode::kNotFound, "FEED_NOT_FOUND"));
}

TEST_F(CalendarTest, WhatEachPersonFindsInTheFeedOfTheirOwn) {
  for (const char* visibility : {"public", "logged_in", "enrolled", "hidden"}) {
    const int64_t course = world_.NewCourse(visibility);
    Lecture(course, absl::StrCat("Talk ", visibility).c_str());
    const bool hidden = std::string(visibility) == "hidden";
    for (const auto& [who, expected] : std::vector<std::pair<const char*, bool>>{
             {"student", false}, {"enrolled", !hidden}, {"lecturer", true}, {"foreign_maintainer", false}}) {
      EXPECT_EQ(absl::StrContains(Read(Feed(Login(who))).value(), absl::StrCat("Talk ", visibility)), expected) << who << visibility;
    }
    // Whoever may watch it can pin it, and then it is theirs.
    v1::PinCourseRequest pin;
    pin.set_name(Name("courses", course));
    const std::string student = Login("student");
    const bool may = api_.Call("CourseService/PinCourse", pin, nullptr, student).ok();
    EXPECT_EQ(may, std::string(visibility) != "enrolled") << visibility;
    EXPECT_EQ(absl::StrContains(Read(Feed(student)).value(), absl::StrCat("Talk ", visibility)), may) << visibility;
  }
}

TEST_F(CalendarTest, FeedsOfAPersonAreNotWithoutEnd) {
  const std::string student = Login("student");
  for (int i = 0; i < 50; ++i) Feed(student);
  EXPECT_THAT(api_.Call("CalendarService/CreateCalendarFeed", v1::CreateCalendarFeedRequest(), nullptr, student),
              StatusIs(absl::StatusCode::kResourceExhausted, "TOO_MANY_FEEDS"));
}

}  // namespace
}  // namespace lectern
