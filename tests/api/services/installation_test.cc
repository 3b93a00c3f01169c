// Settings and announcements of the installation, and what organizations say of themselves, through real gRPC.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "api/services/installation.h"
#include "lectern/v1/courses.pb.h"
#include "lectern/v1/installation.pb.h"
#include "lectern/v1/organizations.pb.h"
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

constexpr absl::StatusCode kInvalidArgument = absl::StatusCode::kInvalidArgument;

class InstallationTest : public ::testing::Test {
 protected:
  absl::StatusOr<v1::Installation> Get() {
    return api_.Call<v1::Installation>("InstallationService/GetInstallation", v1::GetInstallationRequest(), "");
  }
  absl::StatusOr<v1::Installation> Update(const v1::Installation& installation) {
    v1::UpdateInstallationRequest request;
    *request.mutable_installation() = installation;
    return api_.Call<v1::Installation>("InstallationService/UpdateInstallation", request, admin_);
  }
  absl::StatusOr<v1::Announcement> Announce(const v1::CreateAnnouncementRequest& request) {
    return api_.Call<v1::Announcement>("InstallationService/CreateAnnouncement", request, admin_);
  }
  std::vector<v1::Organization> Organizations(const std::string& who, bool maintained) {
    v1::ListOrganizationsRequest request;
    request.set_maintained(maintained);
    absl::StatusOr<v1::ListOrganizationsResponse> list = api_.Call<v1::ListOrganizationsResponse>(
        "OrganizationService/ListOrganizations", request, api_.Login(Email(who), kTestPassword));
    EXPECT_OK(list);
    if (!list.ok()) return {};
    return {list->organizations().begin(), list->organizations().end()};
  }

  testing::TestDatabase database_;
  testing::World world_{database_};
  ApiInstance api_{database_.url()};
  std::string admin_ = api_.Login(Email("admin"), kTestPassword);
};

TEST_F(InstallationTest, WhatIsSetIsShownToEverybodyAndWhatIsAbsentIsReset) {
  ASSERT_OK_AND_ASSIGN(v1::Installation shown, Get());
  EXPECT_EQ(shown.ByteSizeLong(), 0u);
  v1::Installation wished;
  wished.set_display_name("  University of Examples ");
  wished.set_support_email("help.desk+av@example.org");
  wished.set_imprint_url("https://www.example.org/imprint?lang=en#top");
  wished.set_rtmp_url("rtmp://live.example.org:1935/live");
  wished.set_grpc_endpoint("[2001:db8::1]:443");
  EXPECT_OK(Update(wished));
  ASSERT_OK_AND_ASSIGN(shown, Get());
  EXPECT_EQ(shown.display_name(), "University of Examples");
  EXPECT_EQ(shown.support_email(), wished.support_email());
  EXPECT_EQ(shown.imprint_url(), wished.imprint_url());
  EXPECT_EQ(shown.rtmp_url(), wished.rtmp_url());
  EXPECT_EQ(shown.grpc_endpoint(), wished.grpc_endpoint());
  EXPECT_OK(Update(v1::Installation()));
  ASSERT_OK_AND_ASSIGN(shown, Get());
  EXPECT_EQ(shown.ByteSizeLong(), 0u);
}

TEST_F(InstallationTest, NothingIsLetInThatABrowserOrAShellWouldRun) {
  auto refused = [&](void (*fill)(v1::Installation&, const std::string&), std::vector<std::string> values) {
    for (const std::string& value : values) {
      v1::Installation wished;
      fill(wished, value);
      EXPECT_THAT(Update(wished), StatusIs(kInvalidArgument, "BAD_FIELD")) << value;
    }
  };
  const std::vector<std::string> bad_links = {"javascript:alert(1)", "https://", "http:///x", "www.example.org", "https://a b",
                                              "https://me:secret@example.org/", "https://example.org/\"onclick=", "https://a/<x>",
                                              "HTTPS//x", "https://x:99999/", "data:text/html,x", "https://-x/",
                                              absl::StrCat("https://example.org/", std::string(500, 'x'))};
  refused([](auto& i, auto& v) { i.set_imprint_url(v); }, bad_links);
  refused([](auto& i, auto& v) { i.set_privacy_url(v); }, bad_links);
  refused([](auto& i, auto& v) { i.set_support_email(v); },
          {"nobody", "@example.org", "a b@example.org", "a@b", "a@example.org?cc=x", "a@[::1]", "a@.org", "a@b@example.org", "a@x."});
  refused([](auto& i, auto& v) { i.set_rtmp_url(v); },
          {"http://x", "rtmp://", "rtmp:///live", "rtmp://h/live key", "rtmp://h/$(id)", "rtmp://u:p@h/live", "rtmp://h:0/x"});
  refused([](auto& i, auto& v) { i.set_grpc_endpoint(v); },
          {"example.org", "example.org:", ":443", "example.org:0", "example.org:65536", "example.org:443/x", "a b:1", "$(id):1",
           "x;id:1", "[::1:443", "example.org:4x", "example.org:+443"});
  refused([](auto& i, auto& v) { i.set_display_name(v); }, {std::string(101, 'x')});
  refused([](auto& i, auto& v) { i.set_welcome_text(v); }, {std::string(2001, 'x')});
  ASSERT_OK_AND_ASSIGN(v1::Installation shown, Get());
  EXPECT_EQ(shown.ByteSizeLong(), 0u);
}

TEST_F(InstallationTest, WhatTheProgramWasStartedWithIsShownUntilSomethingElseIsSet) {
  testing::ApiOptions options;
  options.public_rtmp_url = "rtmp://started.example.org/live";
  options.public_grpc_endpoint = "started.example.org:7000";
  ApiInstance api(database_.url(), options);
  auto get = [&] {
    return *api.Call<v1::Installation>("InstallationService/GetInstallation", v1::GetInstallationRequest(), "");
  };
  EXPECT_EQ(get().rtmp_url(), options.public_rtmp_url);
  // A page sends back what it was shown; that sets nothing.
  v1::UpdateInstallationRequest request;
  *request.mutable_installation() = get();
  request.mutable_installation()->set_grpc_endpoint("own.example.org:443");
  EXPECT_OK(api.Call("InstallationService/UpdateInstallation", request, nullptr, admin_));
  EXPECT_EQ(get().rtmp_url(), options.public_rtmp_url);
  EXPECT_EQ(get().grpc_endpoint(), "own.example.org:443");
  ASSERT_OK_AND_ASSIGN(v1::Installation elsewhere, Get());
  EXPECT_EQ(elsewhere.rtmp_url(), "");
  EXPECT_EQ(elsewhere.grpc_endpoint(), "own.example.org:443");
}

TEST_F(InstallationTest, AddressesOfTheCommandLineAreChecked) {
  EXPECT_OK(api::CheckPublicAddresses("", ""));
  EXPECT_OK(api::CheckPublicAddresses("rtmp://127.0.0.1:1935/live", "127.0.0.1:7000"));
  EXPECT_THAT(api::CheckPublicAddresses("127.0.0.1", ""), StatusIs(kInvalidArgument, "BAD_FIELD"));
  EXPECT_THAT(api::CheckPublicAddresses("", "http://127.0.0.1:7000"), StatusIs(kInvalidArgument, "BAD_FIELD"));
}

TEST_F(InstallationTest, AnnouncementsComeAndGo) {
  v1::CreateAnnouncementRequest request;
  EXPECT_THAT(Announce(request), StatusIs(kInvalidArgument, "BAD_FIELD"));
  request.set_text("  Maintenance on Sunday. ");
  request.set_level(static_cast<v1::AnnouncementLevel>(7));
  EXPECT_THAT(Announce(request), StatusIs(kInvalidArgument, "BAD_FIELD"));
  request.set_level(v1::WARNING);
  request.mutable_end_time()->set_seconds(1000);
  EXPECT_THAT(Announce(request), StatusIs(kInvalidArgument, "BAD_FIELD"));
  request.clear_end_time();
  ASSERT_OK_AND_ASSIGN(v1::Announcement made, Announce(request));
  EXPECT_EQ(made.text(), "Maintenance on Sunday.");
  EXPECT_EQ(made.level(), v1::WARNING);
  EXPECT_TRUE(made.has_start_time());
  EXPECT_FALSE(made.has_end_time());
  request.set_text("Later.");
  request.clear_level();
  request.mutable_start_time()->set_seconds(4'000'000'000);
  request.mutable_end_time()->set_seconds(4'000'000'001);
  EXPECT_OK(Announce(request));
  ASSERT_OK_AND_ASSIGN(auto list, api_.Call<v1::ListAnnouncementsResponse>("InstallationService/ListAnnouncements",
                                                                          v1::ListAnnouncementsRequest(), admin_));
  ASSERT_EQ(list.announcements_size(), 2);
  EXPECT_EQ(list.announcements(0).text(), "Later.");
  EXPECT_EQ(list.announcements(0).level(), v1::INFO);
  v1::DeleteAnnouncementRequest remove;
  remove.set_name(made.name());
  EXPECT_OK(api_.Call("InstallationService/DeleteAnnouncement", remove, nullptr, admin_));
  EXPECT_THAT(api_.Call("InstallationService/DeleteAnnouncement", remove, nullptr, admin_),
              StatusIs(absl::StatusCode::kNotFound, "ANNOUNCEMENT_NOT_FOUND"));
}

TEST_F(InstallationTest, OrganizationsSayWhatTheyHoldToThoseWhoMaintainThem) {
  world_.NewCourse();
  world_.NewCourse("hidden");
  world_.NewResource();
  database_.Execute("update resources set removed_at = now() where id = (select max(id) from resources)");
  world_.NewResource();
  std::vector<v1::Organization> all = Organizations("maintainer", false);
  ASSERT_EQ(all.size(), 4u);
  for (const v1::Organization& organization : all) {
    const bool own = organization.name() == Name("organizations", world_.chair);
    EXPECT_EQ(organization.right(), own ? v1::MAINTAIN : v1::RIGHT_UNSPECIFIED) << organization.display_name();
    EXPECT_EQ(organization.course_count(), own ? 2 : 0) << organization.display_name();
    EXPECT_EQ(organization.resource_count(), own ? 1 : 0) << organization.display_name();
  }
  auto names = [](const std::vector<v1::Organization>& list) {
    std::vector<std::string> result;
    for (const v1::Organization& organization : list) result.push_back(organization.display_name());
    return result;
  };
  EXPECT_THAT(names(Organizations("maintainer", true)), ElementsAre("chair"));
  EXPECT_THAT(names(Organizations("ancestor_maintainer", true)), ElementsAre("root", "school", "chair"));
  EXPECT_THAT(names(Organizations("student", true)), IsEmpty());
  EXPECT_EQ(names(Organizations("admin", true)).size(), 4u);
  EXPECT_EQ(Organizations("admin", false)[0].right(), v1::ADMINISTER);
  v1::GetOrganizationRequest get;
  get.set_name(Name("organizations", world_.chair));
  ASSERT_OK_AND_ASSIGN(auto chair, api_.Call<v1::Organization>("OrganizationService/GetOrganization", get, admin_));
  EXPECT_EQ(chair.course_count(), 2);
  EXPECT_EQ(chair.right(), v1::ADMINISTER);
}

TEST_F(InstallationTest, StorageIsForThoseWhoMaintainTheOrganization) {
  world_.NewRecording(world_.NewLecture(world_.NewCourse()), world_.NewResource("vod_service"));
  auto list = [&](const char* who, int64_t organization) {
    v1::ListStorageRequest request;
    if (organization != 0) request.set_organization(Name("organizations", organization));
    absl::StatusOr<v1::ListStorageResponse> storage = api_.Call<v1::ListStorageResponse>(
        "OrganizationService/ListStorage", request, api_.Login(Email(who), kTestPassword));
    EXPECT_OK(storage);
    std::vector<std::string> lines;
    for (const v1::StorageUse& use : storage->storage()) {
      lines.push_back(absl::StrFormat("%s %d/%d %d %ds", use.display_name(), use.bytes(), use.subtree_bytes(), use.recordings(),
                                      use.duration().seconds()));
    }
    return lines;
  };
  EXPECT_THAT(list("maintainer", 0), ElementsAre("chair 1000/1000 1 60s"));
  EXPECT_THAT(list("ancestor_maintainer", world_.school), ElementsAre("school 0/1000 0 0s", "chair 1000/1000 1 60s"));
  EXPECT_THAT(list("foreign_maintainer", world_.chair), IsEmpty());
  EXPECT_THAT(list("lecturer", 0), IsEmpty());
}

}  // namespace
}  // namespace lectern
