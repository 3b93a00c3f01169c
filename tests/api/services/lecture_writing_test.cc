// What lecturers do with lectures: series, going live, watching them change, uploads to go on with, sections.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "lectern/v1/lectures.pb.h"
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

constexpr auto kFailedPrecondition = absl::StatusCode::kFailedPrecondition;
constexpr auto kInvalidArgument = absl::StatusCode::kInvalidArgument;
constexpr auto kNotFound = absl::StatusCode::kNotFound;
constexpr auto kPermissionDenied = absl::StatusCode::kPermissionDenied;

constexpr int64_t kStart = 1'792'138'500;   // 2026-10-16 10:15 in Berlin

class LectureWritingTest : public ::testing::Test {
 protected:
  v1::CreateLectureSeriesRequest Series() {
    v1::CreateLectureSeriesRequest request;
    request.set_course(Name("courses", course_));
    request.set_title("Analysis {n}");
    request.set_description("Chapter by chapter.");
    request.mutable_start_time()->set_seconds(kStart);
    request.mutable_end_time()->set_seconds(kStart + 5400);
    request.mutable_until_time()->set_seconds(kStart + 4 * 7 * 86400);
    request.set_time_zone("Europe/Berlin");
    return request;
  }
  absl::StatusOr<v1::CreateLectureSeriesResponse> Create(const v1::CreateLectureSeriesRequest& request) {
    return api_.Call<v1::CreateLectureSeriesResponse>("LectureService/CreateLectureSeries", request, lecturer_);
  }
  absl::StatusOr<v1::Lecture> Start(int64_t lecture) {
    v1::StartLectureRequest request;
    request.set_name(Name("lectures", lecture));
    return api_.Call<v1::Lecture>("LectureService/StartLecture", request, lecturer_);
  }
  void Set(int64_t lecture, absl::string_view what) {
    database_.Execute(absl::StrFormat("update lectures set %s where id = %d", what, lecture));
  }
  // "start end" of the lecture in minutes from now.
  std::string Span(int64_t lecture) {
    return database_.Query(absl::StrFormat(
        "select round(extract(epoch from starts_at - now()) / 60) || ' ' || coalesce(round(extract(epoch from ends_at - now()) / 60)::text, "
        "'none') from lectures where id = %d", lecture));
  }
  int64_t Lectures() { return world_.Number(absl::StrCat("select count(*) as id from lectures where course_id = ", course_)); }
  std::string Login(const char* who) { return api_.Login(Email(who), kTestPassword); }

  testing::TestDatabase database_;
  testing::World world_{database_};
  ApiInstance api_{database_.url()};
  std::string lecturer_ = Login("lecturer");
  int64_t course_ = world_.NewCourse();
  int64_t lecture_ = world_.NewLecture(course_);
};

TEST_F(LectureWritingTest, ASeriesIsMadeTogetherAndShown) {
  const int64_t before = Lectures();
  ASSERT_OK_AND_ASSIGN(auto made, Create(Series()));
  ASSERT_EQ(made.lectures_size(), 4);
  EXPECT_EQ(Lectures(), before + 4);
  EXPECT_EQ(made.lectures(0).title(), "Analysis 1");
  EXPECT_EQ(made.lectures(3).title(), "Analysis 4");
  EXPECT_EQ(made.lectures(0).start_time().seconds(), kStart);
  EXPECT_EQ(made.lectures(1).start_time().seconds(), kStart + 7 * 86400);
  EXPECT_EQ(made.lectures(2).start_time().seconds(), kStart + 14 * 86400 + 3600) << "summer time has ended";
  EXPECT_EQ(made.lectures(2).end_time().seconds(), kStart + 14 * 86400 + 3600 + 5400);
  EXPECT_EQ(made.lectures(0).description(), "Chapter by chapter.");
  EXPECT_EQ(made.lectures(0).series().size(), 32u);
  EXPECT_EQ(made.lectures(3).series(), made.lectures(0).series());
  ASSERT_OK_AND_ASSIGN(auto other, Create(Series()));
  EXPECT_NE(other.lectures(0).series(), made.lectures(0).series());
}

TEST_F(LectureWritingTest, ASeriesIsMadeWhollyOrNotAtAll) {
  const int64_t before = Lectures();
  // Only the hundredth title is too long.
  v1::CreateLectureSeriesRequest request = Series();
  request.mutable_until_time()->set_seconds(kStart + 99 * 7 * 86400 + 86400);
  request.set_title(std::string(298, 'x') + "{n}");
  EXPECT_THAT(Create(request).status(), StatusIs(kInvalidArgument, "BAD_FIELD"));
  EXPECT_EQ(Lectures(), before);
  request = Series();
  request.set_hall(Name("halls", world_.NewHall(world_.foreign)));
  EXPECT_THAT(Create(request).status(), StatusIs(kNotFound, "HALL_NOT_FOUND"));
  request = Series();
  request.mutable_until_time()->set_seconds(kStart);
  EXPECT_THAT(Create(request).status(), StatusIs(kInvalidArgument, "BAD_SERIES"));
  request.mutable_until_time()->set_seconds(kStart + 101 * 7 * 86400);
  EXPECT_THAT(Create(request).status(), StatusIs(kInvalidArgument, "BAD_SERIES"));
  request.set_time_zone("Mars/Olympus");
  EXPECT_THAT(Create(request).status(), StatusIs(kInvalidArgument, "BAD_FIELD"));
  EXPECT_EQ(Lectures(), before);
  // What the database refuses in the middle of the statement takes the others with it.
  database_.Execute("alter table lectures add constraint no_third_check check (title <> 'Analysis 3')");
  EXPECT_THAT(Create(Series()).status(), StatusIs(kInvalidArgument, "BAD_LECTURE"));
  EXPECT_EQ(Lectures(), before);
}

TEST_F(LectureWritingTest, TimesFarAwayAreShownAndEndNothing) {
  constexpr int64_t kYear2400 = 13'569'465'600, kYear10000 = 253'402'300'800;
  v1::CreateLectureSeriesRequest request = Series();
  request.mutable_end_time()->set_seconds(kYear2400);
  request.mutable_end_time()->set_nanos(500'000'000);
  ASSERT_OK_AND_ASSIGN(auto made, Create(request));
  EXPECT_EQ(made.lectures(0).end_time().seconds(), kYear2400);
  EXPECT_EQ(made.lectures(0).end_time().nanos(), 500'000'000);
  request.mutable_end_time()->set_seconds(kYear10000 - 86400);
  EXPECT_THAT(Create(request).status(), StatusIs(kInvalidArgument, "BAD_SERIES"));
  // One that was made so before.
  Set(lecture_, "starts_at = '1970-01-02+00', ends_at = '9999-12-31+00'");
  ASSERT_OK_AND_ASSIGN(auto started, Start(lecture_));
  EXPECT_LT(started.end_time().seconds(), kYear10000);
  Set(lecture_, "ends_at = '12345-06-07+00'");
  v1::GetLectureRequest get;
  get.set_name(Name("lectures", lecture_));
  ASSERT_OK_AND_ASSIGN(auto shown, api_.Call<v1::Lecture>("LectureService/GetLecture", get, lecturer_));
  EXPECT_EQ(shown.end_time().seconds(), kYear10000 - 1);
  EXPECT_EQ(shown.end_time().nanos(), 999'999'999);
}

TEST_F(LectureWritingTest, ASeriesTakesPlaceInAHall) {
  v1::CreateLectureSeriesRequest request = Series();
  request.set_hall(Name("halls", world_.NewHall(world_.school)));
  request.clear_end_time();
  ASSERT_OK_AND_ASSIGN(auto made, Create(request));
  for (const v1::Lecture& lecture : made.lectures()) {
    EXPECT_EQ(lecture.hall(), request.hall());
    EXPECT_FALSE(lecture.has_end_time());
  }
}

TEST_F(LectureWritingTest, ADescriptionIsSetChangedAndCleared) {
  v1::CreateLectureRequest create;
  create.set_course(Name("courses", course_));
  create.set_title("Limits");
  create.set_description("What is near.");
  ASSERT_OK_AND_ASSIGN(auto lecture, api_.Call<v1::Lecture>("LectureService/CreateLecture", create, lecturer_));
  EXPECT_EQ(lecture.description(), "What is near.");
  v1::UpdateLectureRequest update;
  update.set_name(lecture.name());
  update.set_title("Series");
  ASSERT_OK_AND_ASSIGN(lecture, api_.Call<v1::Lecture>("LectureService/UpdateLecture", update, lecturer_));
  EXPECT_EQ(lecture.description(), "What is near.");
  update.set_description("");
  ASSERT_OK_AND_ASSIGN(lecture, api_.Call<v1::Lecture>("LectureService/UpdateLecture", update, lecturer_));
  EXPECT_EQ(lecture.description(), "");
  update.set_description(std::string(20001, 'x'));
  EXPECT_THAT(api_.Call("LectureService/UpdateLecture", update, nullptr, lecturer_), StatusIs(kInvalidArgument, "BAD_FIELD"));
}

TEST_F(LectureWritingTest, GoingLiveMakesTheLectureDueNowAndKeepsItsLength) {
  Set(lecture_, "starts_at = now() + interval '3 days', ends_at = now() + interval '3 days 45 minutes'");
  ASSERT_OK(Start(lecture_));
  EXPECT_EQ(Span(lecture_), "0 45");
  const std::string once = database_.Query(absl::StrCat("select starts_at from lectures where id = ", lecture_));
  ASSERT_OK(Start(lecture_));
  EXPECT_EQ(database_.Query(absl::StrCat("select starts_at from lectures where id = ", lecture_)), once) << "again changes nothing";
  Set(lecture_, "starts_at = null, ends_at = null");
  ASSERT_OK(Start(lecture_));
  EXPECT_EQ(Span(lecture_), "0 90");
  Set(lecture_, "starts_at = now() + interval '1 day', ends_at = null");
  ASSERT_OK(Start(lecture_));
  EXPECT_EQ(Span(lecture_), "0 90");
  Set(lecture_, "starts_at = now() - interval '3 hours', ends_at = now() - interval '2 hours'");
  ASSERT_OK(Start(lecture_));
  EXPECT_EQ(Span(lecture_), "0 60") << "its time was over, it was not ended";
  Set(lecture_, "starts_at = now() - interval '10 minutes', ends_at = now() + interval '80 minutes'");
  ASSERT_OK(Start(lecture_));
  EXPECT_EQ(Span(lecture_), "-10 80") << "it runs already";
}

TEST_F(LectureWritingTest, WhatIsOverOrOnAirIsNotStartedAgain) {
  const int64_t vod = world_.NewResource("vod_service");
  EXPECT_THAT(Start(999'999).status(), StatusIs(kNotFound, "LECTURE_NOT_FOUND"));
  EXPECT_THAT(Start(world_.NewRehearsal(course_, world_.lecturer)).status(), StatusIs(kFailedPrecondition, "IS_REHEARSAL"));
  Set(lecture_, "ended_at = now()");
  EXPECT_THAT(Start(lecture_).status(), StatusIs(kFailedPrecondition, "LECTURE_ENDED"));
  const int64_t recorded = world_.NewLecture(course_);
  world_.NewRecording(recorded, vod);
  EXPECT_THAT(Start(recorded).status(), StatusIs(kFailedPrecondition, "LECTURE_ENDED"));
  const int64_t on_air = world_.NewLecture(course_);
  Set(on_air, "starts_at = now() + interval '5 minutes', ends_at = now() + interval '95 minutes'");
  const int64_t stream = world_.NewStream(on_air, vod, "live");
  ASSERT_OK(Start(on_air));
  EXPECT_EQ(Span(on_air), "5 95") << "it is on air before its time, nothing changes";
  database_.Execute(absl::StrCat("update live_streams set source = 'hall' where id = ", stream));
  EXPECT_THAT(Start(on_air).status(), StatusIs(kFailedPrecondition, "ON_AIR_FROM_HALL"));
}

TEST_F(LectureWritingTest, AStreamThatBrokeOffWithinTheScheduleHasEndedNothing) {
  Set(lecture_, "starts_at = now() - interval '10 minutes', ends_at = now() + interval '80 minutes'");
  const int64_t stream = world_.NewStream(lecture_, world_.NewResource("vod_service"), "live");
  database_.Execute(absl::StrCat("update live_streams set state = 'ended' where id = ", stream));
  database_.Execute("update assets set state = 'complete'");
  ASSERT_OK(Start(lecture_));
  EXPECT_EQ(Span(lecture_), "-10 80");
  Set(lecture_, "starts_at = now() - interval '3 hours', ends_at = now() - interval '1 hour'");
  EXPECT_THAT(Start(lecture_).status(), StatusIs(kFailedPrecondition, "LECTURE_ENDED"));
}

TEST_F(LectureWritingTest, AWatcherSeesTheLectureAndEachChangeOnce) {
  const api::Method* method = api_.registry().Find("/lectern.v1.LectureService/WatchLecture");
  ASSERT_NE(method, nullptr);
  ASSERT_TRUE(method->poll);
  v1::WatchLectureRequest request;
  request.set_name(Name("lectures", lecture_));
  std::shared_ptr<void> state;
  api::CallContext call;
  call.caller.kind = api::Caller::Kind::kUser;
  call.caller.user_id = world_.lecturer;
  auto poll = [&]() -> std::vector<std::string> {
    api::Method::Events events;
    EXPECT_OK(method->poll(call, request, state, events));
    std::vector<std::string> titles;
    for (const auto& event : events) titles.push_back(static_cast<const v1::Lecture&>(*event).title());
    return titles;
  };
  EXPECT_THAT(poll(), ElementsAre("Lecture"));
  EXPECT_THAT(poll(), IsEmpty());
  Set(lecture_, "title = 'Limits'");
  EXPECT_THAT(poll(), ElementsAre("Limits"));
  EXPECT_THAT(poll(), IsEmpty());
  world_.NewRecording(lecture_, world_.NewResource("vod_service"));
  EXPECT_THAT(poll(), ElementsAre("Limits"));
  database_.Execute(absl::StrCat("delete from lectures where id = ", lecture_));
  api::Method::Events events;
  EXPECT_THAT(method->poll(call, request, state, events), StatusIs(kNotFound, "LECTURE_NOT_FOUND"));
}

class UploadListTest : public LectureWritingTest {
 protected:
  std::string Upload(int64_t lecture, const std::string& name, const std::string& who) {
    v1::CreateUploadRequest request;
    request.set_lecture(Name("lectures", lecture));
    request.set_view(v1::PRES);
    request.set_file_name(name);
    request.set_size_bytes(5000);
    request.set_fingerprint("abcd01");
    auto upload = api_.Call<v1::Upload>("LectureService/CreateUpload", request, who);
    EXPECT_OK(upload);
    return upload.ok() ? upload->upload_id() : "";
  }
  std::vector<std::string> Names(const std::string& who, int64_t lecture = 0, int page_size = 0) {
    v1::ListUploadsRequest request;
    request.set_lecture(lecture == 0 ? "" : Name("lectures", lecture));
    request.set_page_size(page_size);
    std::vector<std::string> names;
    do {
      auto page = api_.Call<v1::ListUploadsResponse>("LectureService/ListUploads", request, who);
      EXPECT_OK(page);
      if (!page.ok()) break;
      for (const v1::OpenUpload& upload : page->uploads()) names.push_back(upload.file_name());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return names;
  }
  const int64_t vod_ = world_.NewAliveResource("vod_service", "http://vod:8080", world_.chair);
};

TEST_F(UploadListTest, WhatCanBeGoneOnWithIsListedNewestFirst) {
  const std::string maintainer = Login("maintainer");
  const int64_t other = world_.NewLecture(course_);
  const std::string first = Upload(lecture_, "a.mp4", lecturer_);
  Upload(other, "b.mp4", lecturer_);
  Upload(lecture_, "c.mp4", lecturer_);
  Upload(lecture_, "of the maintainer.mp4", maintainer);
  EXPECT_THAT(Names(lecturer_), ElementsAre("c.mp4", "b.mp4", "a.mp4"));
  EXPECT_THAT(Names(lecturer_, 0, 1), ElementsAre("c.mp4", "b.mp4", "a.mp4"));
  EXPECT_THAT(Names(lecturer_, lecture_), ElementsAre("c.mp4", "a.mp4"));
  EXPECT_THAT(Names(maintainer), ElementsAre("of the maintainer.mp4"));
  EXPECT_THAT(Names(Login("student")), IsEmpty());
  ASSERT_OK(api_.stores().assets.SetProgress(vod_, first, 1234));
  v1::ListUploadsRequest request;
  ASSERT_OK_AND_ASSIGN(auto page, api_.Call<v1::ListUploadsResponse>("LectureService/ListUploads", request, lecturer_));
  const v1::OpenUpload& upload = page.uploads(2);
  EXPECT_EQ(upload.upload_id(), first);
  EXPECT_EQ(upload.lecture(), Name("lectures", lecture_));
  EXPECT_EQ(upload.lecture_title(), "Lecture");
  EXPECT_EQ(upload.course_title(), "Course");
  EXPECT_EQ(upload.view(), v1::PRES);
  EXPECT_EQ(upload.size_bytes(), 5000);
  EXPECT_EQ(upload.received_bytes(), 1234);
  EXPECT_EQ(upload.fingerprint(), "abcd01");
  EXPECT_TRUE(upload.has_create_time());
}

TEST_F(UploadListTest, WhatNothingCanComeOfIsNotListed) {
  Upload(lecture_, "a.mp4", lecturer_);
  const std::string done = Upload(lecture_, "done.mp4", lecturer_);
  const int64_t gone = world_.NewLecture(course_);
  Upload(gone, "b.mp4", lecturer_);
  database_.Execute(absl::StrFormat("update assets set state = 'processing' where upload_id = '%s'", done));
  EXPECT_THAT(Names(lecturer_), ElementsAre("b.mp4", "a.mp4"));
  database_.Execute(absl::StrCat("delete from lectures where id = ", gone));
  EXPECT_THAT(Names(lecturer_), ElementsAre("a.mp4"));
  database_.Execute(absl::StrFormat("update enrolments set role = 'student' where user_id = %d", world_.lecturer));
  EXPECT_THAT(Names(lecturer_), IsEmpty());
  database_.Execute(absl::StrFormat("update enrolments set role = 'lecturer' where user_id = %d", world_.lecturer));
  database_.Execute(absl::StrFormat("update resources set removed_at = now() where id = %d", vod_));
  EXPECT_THAT(Names(lecturer_), IsEmpty());
}

class SectionTest : public LectureWritingTest {
 protected:
  absl::StatusOr<v1::Section> Add(int64_t seconds, const std::string& title, const std::string& who) {
    v1::CreateSectionRequest request;
    request.set_lecture(Name("lectures", lecture_));
    request.mutable_position()->set_seconds(seconds);
    request.set_title(title);
    return api_.Call<v1::Section>("LectureService/CreateSection", request, who);
  }
  std::vector<std::string> Titles(const std::string& who) {
    v1::ListSectionsRequest request;
    request.set_lecture(Name("lectures", lecture_));
    auto response = api_.Call<v1::ListSectionsResponse>("LectureService/ListSections", request, who);
    EXPECT_OK(response);
    std::vector<std::string> titles;
    if (!response.ok()) return titles;
    for (const v1::Section& section : response->sections()) {
      titles.push_back(absl::StrCat(section.position().seconds(), " ", section.title()));
    }
    return titles;
  }
};

TEST_F(SectionTest, SectionsAreAddedListedByPositionChangedAndDeleted) {
  ASSERT_OK_AND_ASSIGN(v1::Section end, Add(600, "Proof", lecturer_));
  ASSERT_OK_AND_ASSIGN(v1::Section begin, Add(0, "  Introduction ", lecturer_));
  ASSERT_OK(Add(600, "Same place", lecturer_));
  EXPECT_EQ(begin.lecture(), Name("lectures", lecture_));
  EXPECT_THAT(Titles(Login("enrolled")), ElementsAre("0 Introduction", "600 Proof", "600 Same place"));
  v1::UpdateSectionRequest update;
  update.mutable_section()->set_name(end.name());
  update.mutable_section()->mutable_position()->set_seconds(30);
  ASSERT_OK_AND_ASSIGN(v1::Section moved, api_.Call<v1::Section>("LectureService/UpdateSection", update, lecturer_));
  EXPECT_EQ(moved.title(), "Proof");
  EXPECT_EQ(moved.position().seconds(), 30);
  update.mutable_section()->set_title("Idea");
  update.mutable_update_mask()->add_paths("title");
  update.mutable_section()->mutable_position()->set_seconds(99);
  ASSERT_OK(api_.Call("LectureService/UpdateSection", update, nullptr, lecturer_));
  v1::DeleteSectionRequest remove;
  remove.set_name(begin.name());
  ASSERT_OK(api_.Call("LectureService/DeleteSection", remove, nullptr, lecturer_));
  EXPECT_THAT(Titles(lecturer_), ElementsAre("30 Idea", "600 Same place"));
  EXPECT_THAT(api_.Call("LectureService/DeleteSection", remove, nullptr, lecturer_), StatusIs(kNotFound, "SECTION_NOT_FOUND"));
}

TEST_F(SectionTest, WrongSectionsAreNamed) {
  EXPECT_THAT(Add(0, " ", lecturer_).status(), StatusIs(kInvalidArgument, "BAD_FIELD"));
  EXPECT_THAT(Add(0, std::string(201, 'x'), lecturer_).status(), StatusIs(kInvalidArgument, "BAD_FIELD"));
  EXPECT_THAT(Add(-1, "Before", lecturer_).status(), StatusIs(kInvalidArgument, "BAD_FIELD"));
  EXPECT_THAT(Add(8 * 86400, "After", lecturer_).status(), StatusIs(kInvalidArgument, "BAD_FIELD"));
  ASSERT_OK_AND_ASSIGN(v1::Section section, Add(0, "Introduction", lecturer_));
  v1::UpdateSectionRequest update;
  update.mutable_section()->set_name(section.name());
  update.mutable_update_mask()->add_paths("title");
  EXPECT_THAT(api_.Call("LectureService/UpdateSection", update, nullptr, lecturer_), StatusIs(kInvalidArgument, "BAD_FIELD"));
  update.mutable_update_mask()->set_paths(0, "lecture");
  EXPECT_THAT(api_.Call("LectureService/UpdateSection", update, nullptr, lecturer_), StatusIs(kInvalidArgument, "BAD_FIELD"));
  EXPECT_THAT(Titles(lecturer_), ElementsAre("0 Introduction"));
}

TEST_F(SectionTest, ALectureHasAtMostTwoHundredSections) {
  database_.Execute(absl::StrFormat("insert into sections (lecture_id, position_ms, title) select %d, n, 'n' from generate_series(1, 199) n",
                                    lecture_));
  EXPECT_OK(Add(0, "The last", lecturer_));
  EXPECT_THAT(Add(0, "One more", lecturer_).status(), StatusIs(absl::StatusCode::kResourceExhausted, "TOO_MANY_SECTIONS"));
}

TEST_F(SectionTest, OnlyLecturersOfTheCourseChangeSections) {
  ASSERT_OK_AND_ASSIGN(v1::Section section, Add(0, "Introduction", lecturer_));
  EXPECT_THAT(Add(1, "Mine", Login("enrolled")).status(), StatusIs(kPermissionDenied, "RIGHT_MISSING"));
  EXPECT_THAT(Add(1, "Mine", Login("student")).status(), StatusIs(kNotFound, "LECTURE_NOT_FOUND"));
  v1::UpdateSectionRequest update;
  update.mutable_section()->set_name(section.name());
  update.mutable_section()->set_title("Mine");
  EXPECT_THAT(api_.Call("LectureService/UpdateSection", update, nullptr, Login("enrolled")), StatusIs(kPermissionDenied, "RIGHT_MISSING"));
  EXPECT_THAT(api_.Call("LectureService/UpdateSection", update, nullptr, Login("student")), StatusIs(kNotFound, "SECTION_NOT_FOUND"));
  v1::DeleteSectionRequest remove;
  remove.set_name(section.name());
  EXPECT_THAT(api_.Call("LectureService/DeleteSection", remove, nullptr, Login("enrolled")), StatusIs(kPermissionDenied, "RIGHT_MISSING"));
  EXPECT_OK(api_.Call("LectureService/UpdateSection", update, nullptr, Login("maintainer")));
  EXPECT_OK(api_.Call("LectureService/DeleteSection", remove, nullptr, Login("maintainer")));
}

}  // namespace
}  // namespace lectern
