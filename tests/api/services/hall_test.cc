// Lecture halls through real gRPC against a real database.
#include <google/protobuf/empty.pb.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/text.h"
#include "lectern/v1/halls.pb.h"
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
using testing::World;

class HallTest : public ::testing::Test {
 protected:
  absl::StatusOr<v1::Hall> Create(int64_t organization, const std::string& display_name) {
    v1::CreateHallRequest request;
    request.set_organization(Name("organizations", organization));
    request.set_display_name(display_name);
    return api_.Call<v1::Hall>("HallService/CreateHall", request, admin_);
  }
  absl::StatusOr<v1::Hall> SetSource(const std::string& hall, v1::View view, const std::string& url) {
    v1::SetHallSourceRequest request;
    request.set_name(hall);
    request.set_view(view);
    request.set_url(url);
    return api_.Call<v1::Hall>("HallService/SetHallSource", request, admin_);
  }
  absl::StatusOr<v1::Lecture> CreateLecture(int64_t course, const std::string& hall) {
    v1::CreateLectureRequest request;
    request.set_course(Name("courses", course));
    request.set_title("Limits");
    request.set_hall(hall);
    return api_.Call<v1::Lecture>("LectureService/CreateLecture", request, lecturer_);
  }

  testing::TestDatabase database_;
  World world_{database_};
  ApiInstance api_{database_.url()};
  const std::string admin_ = api_.Login(Email("admin"), kTestPassword);
  const std::string lecturer_ = api_.Login(Email("lecturer"), kTestPassword);
};

TEST_F(HallTest, AHallHasSourcesWhosePasswordsNobodySees) {
  ASSERT_OK_AND_ASSIGN(v1::Hall hall, Create(world_.chair, "Hall 1"));
  ASSERT_OK(SetSource(hall.name(), v1::PRES, "rtmp://10.0.0.8/live/slides"));
  ASSERT_OK_AND_ASSIGN(v1::Hall changed, SetSource(hall.name(), v1::CAM, "rtsp://viewer:hunter2@10.0.0.7/stream1"));
  ASSERT_EQ(changed.sources_size(), 2);
  EXPECT_EQ(changed.sources(0).view(), v1::CAM);
  EXPECT_EQ(changed.sources(0).url(), "rtsp://***@10.0.0.7/stream1");
  EXPECT_EQ(changed.sources(1).url(), "rtmp://10.0.0.8/live/slides");
  EXPECT_THAT(api_.TakeHints(), ::testing::Contains("work"));
  // Neither the table nor the audit log holds it; the control room can read it.
  EXPECT_EQ(database_.Query("select count(*) from audit_events where detail like '%hunter2%'"), "0");
  EXPECT_EQ(database_.Query("select count(*) from hall_sources where position('hunter2'::bytea in sealed_url) > 0"), "0");
  std::optional<std::string> sealed =
      HexDecode(database_.Query("select encode(sealed_url, 'hex') from hall_sources where view = 'cam'"));
  ASSERT_TRUE(sealed.has_value());
  EXPECT_EQ(api_.keys().Unseal(*sealed).value(), "rtsp://viewer:hunter2@10.0.0.7/stream1");
  ASSERT_OK_AND_ASSIGN(changed, SetSource(hall.name(), v1::CAM, "rtsp://10.0.0.9/"));
  EXPECT_EQ(changed.sources(0).url(), "rtsp://10.0.0.9/");
  ASSERT_OK_AND_ASSIGN(changed, SetSource(hall.name(), v1::CAM, ""));
  ASSERT_EQ(changed.sources_size(), 1);
  EXPECT_EQ(changed.sources(0).view(), v1::PRES);
  EXPECT_THAT(SetSource(hall.name(), v1::CAM, "file:///etc/passwd"),
              StatusIs(absl::StatusCode::kInvalidArgument, "BAD_SOURCE"));
  EXPECT_THAT(SetSource(hall.name(), v1::VIEW_UNSPECIFIED, "rtsp://h/"), StatusIs(absl::StatusCode::kInvalidArgument, "BAD_FIELD"));
}

TEST_F(HallTest, HallsOfAnOrganizationAreItsOwnAndThoseAbove) {
  ASSERT_OK(Create(world_.chair, "Room C"));
  ASSERT_OK(Create(world_.root, "Aula"));
  ASSERT_OK(Create(world_.school, "Room B"));
  ASSERT_OK(Create(world_.foreign, "Elsewhere"));
  EXPECT_THAT(Create(world_.chair, "Room C"), StatusIs(absl::StatusCode::kAlreadyExists, "HALL_EXISTS"));
  auto list = [&](const std::string& organization, int page_size) {
    v1::ListHallsRequest request;
    request.set_organization(organization);
    request.set_page_size(page_size);
    std::vector<std::string> names;
    do {
      auto page = api_.Call<v1::ListHallsResponse>("HallService/ListHalls", request, admin_);
      EXPECT_OK(page);
      if (!page.ok()) break;
      for (const v1::Hall& hall : page->halls()) names.push_back(hall.display_name());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return names;
  };
  for (int page_size : {0, 1, 2, 3}) {
    EXPECT_THAT(list(Name("organizations", world_.chair), page_size), ::testing::ElementsAre("Aula", "Room B", "Room C"));
  }
  EXPECT_THAT(list(Name("organizations", world_.root), 0), ::testing::ElementsAre("Aula"));
  EXPECT_THAT(list("", 0), ::testing::ElementsAre("Aula", "Elsewhere", "Room B", "Room C"));
}

TEST_F(HallTest, ALectureTakesPlaceInAHallOfItsCourse) {
  const int64_t course = world_.NewCourse();
  ASSERT_OK_AND_ASSIGN(v1::Hall above, Create(world_.root, "Aula"));
  ASSERT_OK_AND_ASSIGN(v1::Hall elsewhere, Create(world_.foreign, "Elsewhere"));
  const auto not_found = StatusIs(absl::StatusCode::kNotFound, "HALL_NOT_FOUND");
  EXPECT_THAT(CreateLecture(course, elsewhere.name()), not_found);
  EXPECT_THAT(CreateLecture(course, "halls/99999"), not_found);
  EXPECT_THAT(CreateLecture(course, "courses/1"), StatusIs(absl::StatusCode::kInvalidArgument, "BAD_FIELD"));
  ASSERT_OK_AND_ASSIGN(v1::Lecture lecture, CreateLecture(course, above.name()));
  EXPECT_EQ(lecture.hall(), above.name());
  v1::UpdateLectureRequest update;
  update.set_name(lecture.name());
  update.set_title("Limits, again");
  ASSERT_OK_AND_ASSIGN(lecture, api_.Call<v1::Lecture>("LectureService/UpdateLecture", update, lecturer_));
  EXPECT_EQ(lecture.hall(), above.name());
  update.set_hall(elsewhere.name());
  EXPECT_THAT(api_.Call("LectureService/UpdateLecture", update, nullptr, lecturer_), not_found);
  update.set_hall("-");
  ASSERT_OK_AND_ASSIGN(lecture, api_.Call<v1::Lecture>("LectureService/UpdateLecture", update, lecturer_));
  EXPECT_EQ(lecture.hall(), "");
}

TEST_F(HallTest, ADeletedHallIsGoneWithItsCamerasButNotFromThePast) {
  const int64_t course = world_.NewCourse();
  ASSERT_OK_AND_ASSIGN(v1::Hall hall, Create(world_.chair, "Hall 1"));
  ASSERT_OK(SetSource(hall.name(), v1::CAM, "rtsp://10.0.0.7/"));
  ASSERT_OK_AND_ASSIGN(v1::Lecture past, CreateLecture(course, hall.name()));
  ASSERT_OK_AND_ASSIGN(v1::Lecture coming, CreateLecture(course, hall.name()));
  database_.Execute(absl::StrCat("update lectures set starts_at = now() - interval '1 day' where 'lectures/' || id = '", past.name(), "'"));
  v1::DeleteHallRequest request;
  request.set_name(hall.name());
  ASSERT_OK(api_.Call("HallService/DeleteHall", request, nullptr, admin_));
  EXPECT_THAT(api_.Call("HallService/DeleteHall", request, nullptr, lecturer_), StatusIs(absl::StatusCode::kNotFound, "HALL_NOT_FOUND"));
  EXPECT_EQ(database_.Query("select count(*) from hall_sources"), "0");
  EXPECT_EQ(database_.Query("select count(*) from lectures where hall_id is not null"), "1");
  EXPECT_OK(Create(world_.chair, "Hall 1"));
}

}  // namespace
}  // namespace lectern
