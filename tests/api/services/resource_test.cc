#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
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
using ::testing::Contains;
using ::testing::ElementsAre;

constexpr absl::StatusCode kUnauthenticated = absl::StatusCode::kUnauthenticated;

class ResourceTest : public ::testing::Test {
 protected:
  std::string OrganizationToken(absl::Time expires_at) {
    Claims claims;
    claims.subject = Name("users", world_.maintainer);
    claims.organization = world_.chair;
    claims.issued_at = expires_at - absl::Hours(7);
    claims.expires_at = expires_at;
    return api_.keys().Sign(Audience::kOrganization, claims);
  }
  v1::JoinRequest JoinOf(v1::ResourceKind kind) {
    v1::JoinRequest request;
    request.set_organization_token(OrganizationToken(absl::Now() + absl::Hours(7)));
    request.set_kind(kind);
    request.set_host("gpu1");
    request.set_version("0.1.0");
    request.add_capabilities("h264");
    request.set_slots(4);
    request.set_instance_key("0123456789abcdef0123456789abcdef");
    if (kind == v1::EDGE || kind == v1::VOD_SERVICE) request.set_public_url("http://127.0.0.1:7002/");
    return request;
  }
  absl::StatusOr<v1::JoinResponse> Join(const v1::JoinRequest& request) {
    return api_.Call<v1::JoinResponse>("ResourceService/Join", request, "");
  }
  absl::Status CheckCredential(const std::string& credential) {
    auto claims = api_.keys().Verify(credential, Audience::kResource, absl::Now());
    if (!claims.ok()) return claims.status();
    return api_.stores().resources.CheckCredential(Id(claims->subject), claims->serial).status();
  }
  static int64_t Id(const std::string& name) { return std::stoll(name.substr(name.find('/') + 1)); }

  testing::TestDatabase database_;
  testing::World world_{database_};
  ApiInstance api_{database_.url()};
  std::string maintainer_ = api_.Login(Email("maintainer"), kTestPassword);
};

TEST_F(ResourceTest, JoiningTurnsAnOrganizationTokenIntoACredential) {
  ASSERT_OK_AND_ASSIGN(v1::JoinResponse joined, Join(JoinOf(v1::WORKER)));
  EXPECT_OK(CheckCredential(joined.credential()));
  v1::GetResourceRequest get;
  get.set_name(joined.name());
  ASSERT_OK_AND_ASSIGN(auto resource, api_.Call<v1::Resource>("ResourceService/GetResource", get, maintainer_));
  EXPECT_EQ(resource.organization(), Name("organizations", world_.chair));
  EXPECT_EQ(resource.kind(), v1::WORKER);
  EXPECT_EQ(resource.state(), v1::NEVER_ATTACHED);
  EXPECT_EQ(resource.host(), "gpu1");
  EXPECT_EQ(resource.version(), "0.1.0");
  EXPECT_THAT(resource.capabilities(), ElementsAre("h264"));
  EXPECT_EQ(resource.load().slots(), 4);
}

TEST_F(ResourceTest, JoiningAgainGivesTheSameResourceAndWithdrawsTheOlderCredential) {
  ASSERT_OK_AND_ASSIGN(v1::JoinResponse first, Join(JoinOf(v1::WORKER)));
  ASSERT_OK_AND_ASSIGN(v1::JoinResponse second, Join(JoinOf(v1::WORKER)));
  EXPECT_EQ(first.name(), second.name());
  EXPECT_THAT(CheckCredential(first.credential()), StatusIs(kUnauthenticated, "CREDENTIAL_WITHDRAWN"));
  EXPECT_OK(CheckCredential(second.credential()));
  v1::JoinRequest other = JoinOf(v1::WORKER);
  other.set_instance_key("ffffffffffffffffffffffffffffffff");
  ASSERT_OK_AND_ASSIGN(v1::JoinResponse third, Join(other));
  EXPECT_NE(third.name(), first.name());
}

TEST_F(ResourceTest, AnExpiredForgedOrOrphanedTokenJoinsNothing) {
  v1::JoinRequest request = JoinOf(v1::WORKER);
  request.set_organization_token(OrganizationToken(absl::Now() - absl::Seconds(1)));
  EXPECT_THAT(Join(request), StatusIs(kUnauthenticated, "TOKEN_EXPIRED"));
  std::string good = OrganizationToken(absl::Now() + absl::Hours(7));
  request.set_organization_token(good.substr(0, good.size() - 2) + (good[good.size() - 2] == 'A' ? "B" : "A") + good.back());
  EXPECT_THAT(Join(request), StatusIs(kUnauthenticated, "TOKEN_INVALID"));
  ASSERT_OK_AND_ASSIGN(v1::JoinResponse joined, Join(JoinOf(v1::WORKER)));
  request.set_organization_token(joined.credential());
  EXPECT_THAT(Join(request), StatusIs(kUnauthenticated, "TOKEN_INVALID"));
  Claims claims;
  claims.organization = 987654;
  claims.issued_at = absl::Now();
  claims.expires_at = absl::Now() + absl::Hours(7);
  request.set_organization_token(api_.keys().Sign(Audience::kOrganization, claims));
  EXPECT_THAT(Join(request), StatusIs(absl::StatusCode::kFailedPrecondition, "ORGANIZATION_GONE"));
}

TEST_F(ResourceTest, JoinsThatCannotWorkAreRefused) {
  for (auto breakage : {+[](v1::JoinRequest& r) { r.clear_kind(); }, +[](v1::JoinRequest& r) { r.clear_host(); },
                        +[](v1::JoinRequest& r) { r.set_instance_key("short"); },
                        +[](v1::JoinRequest& r) { r.set_instance_key(std::string(32, 'x')); },
                        +[](v1::JoinRequest& r) { r.clear_public_url(); },
                        +[](v1::JoinRequest& r) { r.set_public_url("ftp://host"); },
                        +[](v1::JoinRequest& r) { r.set_public_url("http:///path"); },
                        +[](v1::JoinRequest& r) { r.set_public_url("http://user@host/?q=1"); },
                        +[](v1::JoinRequest& r) { r.set_slots(-1); },
                        +[](v1::JoinRequest& r) { for (int i = 0; i < 65; ++i) r.add_capabilities("x"); }}) {
    v1::JoinRequest request = JoinOf(v1::EDGE);
    breakage(request);
    EXPECT_THAT(Join(request), StatusIs(absl::StatusCode::kInvalidArgument, "BAD_FIELD")) << request.ShortDebugString();
  }
}

TEST_F(ResourceTest, AListShowsStateAndLoadOfWhatTheCallerMaintains) {
  int64_t alive = world_.NewAliveResource("worker", "", world_.chair);
  world_.NewAliveResource("worker", "", world_.foreign);
  ASSERT_OK_AND_ASSIGN(auto list, api_.Call<v1::ListResourcesResponse>("ResourceService/ListResources",
                                                                      v1::ListResourcesRequest(), maintainer_));
  ASSERT_EQ(list.resources_size(), 1);
  EXPECT_EQ(list.resources(0).name(), Name("resources", alive));
  EXPECT_EQ(list.resources(0).state(), v1::ALIVE);
  EXPECT_EQ(list.resources(0).load().disk_free_bytes(), 1'000'000'000);
  EXPECT_EQ(list.resources(0).load().slots(), 4);
  std::string admin = api_.Login(Email("admin"), kTestPassword);
  ASSERT_OK_AND_ASSIGN(list, api_.Call<v1::ListResourcesResponse>("ResourceService/ListResources",
                                                                 v1::ListResourcesRequest(), admin));
  EXPECT_EQ(list.resources_size(), 2);
}

TEST_F(ResourceTest, DrainingSharingAndRemovingTellWhoHoldsTheStream) {
  int64_t id = world_.NewAliveResource("worker", "", world_.chair);
  v1::DrainResourceRequest drain;
  drain.set_name(Name("resources", id));
  ASSERT_OK_AND_ASSIGN(auto resource, api_.Call<v1::Resource>("ResourceService/DrainResource", drain, maintainer_));
  EXPECT_EQ(resource.state(), v1::DRAINING);
  EXPECT_THAT(api_.TakeHints(), Contains("push:"));
  v1::ResumeResourceRequest resume;
  resume.set_name(drain.name());
  ASSERT_OK_AND_ASSIGN(resource, api_.Call<v1::Resource>("ResourceService/ResumeResource", resume, maintainer_));
  EXPECT_EQ(resource.state(), v1::ALIVE);
  EXPECT_THAT(api_.TakeHints(), Contains("work"));
  v1::SetSharedRequest share;
  share.set_name(drain.name());
  share.set_shared(true);
  ASSERT_OK_AND_ASSIGN(resource, api_.Call<v1::Resource>("ResourceService/SetShared", share, maintainer_));
  EXPECT_TRUE(resource.shared());
  v1::RemoveResourceRequest remove;
  remove.set_name(drain.name());
  EXPECT_OK(api_.Call("ResourceService/RemoveResource", remove, nullptr, maintainer_));
  EXPECT_THAT(api_.TakeHints(), Contains("push:"));
  EXPECT_THAT(api_.Call("ResourceService/RemoveResource", remove, nullptr, maintainer_), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(ResourceTest, AVodServiceThatKeepsRecordingsIsRemovedOnlyByForce) {
  int64_t vod = world_.NewAliveResource("vod_service", "http://vod.example.org", world_.chair);
  world_.NewRecording(world_.NewLecture(world_.NewCourse()), vod);
  v1::RemoveResourceRequest remove;
  remove.set_name(Name("resources", vod));
  EXPECT_THAT(api_.Call("ResourceService/RemoveResource", remove, nullptr, maintainer_),
              StatusIs(absl::StatusCode::kFailedPrecondition, "HOLDS_MEDIA"));
  remove.set_force(true);
  EXPECT_OK(api_.Call("ResourceService/RemoveResource", remove, nullptr, maintainer_));
}

TEST_F(ResourceTest, JoiningIsAuditedWithoutTheToken) {
  v1::JoinRequest request = JoinOf(v1::WORKER);
  ASSERT_OK_AND_ASSIGN(v1::JoinResponse joined, Join(request));
  ASSERT_OK_AND_ASSIGN(auto page, api_.stores().audit.List(world_.chair, {10, ""}));
  ASSERT_EQ(page.rows.size(), 1u);
  EXPECT_EQ(page.rows[0].event.action, "ResourceService.Join");
  EXPECT_EQ(page.rows[0].event.target, joined.name());
  EXPECT_EQ(page.rows[0].event.detail.find(request.organization_token()), std::string::npos);
}

}  // namespace
}  // namespace lectern
