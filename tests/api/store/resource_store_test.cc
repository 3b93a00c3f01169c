#include "api/store/resource_store.h"

#include "tests/api/store/store_fixture.h"

namespace lectern::api {
namespace {

using ::lectern::testing::StatusIs;
using ::testing::ElementsAre;

constexpr absl::Duration kSuspectAfter = absl::Seconds(5);

class ResourceStoreTest : public StoreFixture {
 protected:
  NewResource Worker(const std::string& key = "0123456789abcdef0123456789abcdef") {
    NewResource resource;
    resource.organization_id = chair_;
    resource.kind = "worker";
    resource.instance_key = key;
    resource.host = "gpu1";
    resource.version = "0.1.0";
    resource.capabilities = {"ffmpeg", "h264 \"fast\""};
    resource.slots = 4;
    return resource;
  }
  static Caller Person(int64_t id, const std::string& role = "student") {
    Caller caller;
    caller.kind = Caller::Kind::kUser;
    caller.user_id = id;
    caller.role = role;
    return caller;
  }
  std::vector<int64_t> Ids(const Caller& caller, const ResourceFilter& filter = {}, int page_size = 2) {
    std::vector<int64_t> ids;
    PageRequest page{page_size, ""};
    do {
      absl::StatusOr<Page<ResourceRow>> list = store_.List(caller, filter, page);
      EXPECT_OK(list);
      if (!list.ok()) return ids;
      for (const ResourceRow& row : list->rows) ids.push_back(row.id);
      page.token = list->next_token;
    } while (!page.token.empty());
    return ids;
  }
  std::vector<int64_t> Eligible(int64_t organization, const std::string& kind) {
    absl::StatusOr<std::vector<EligibleResource>> rows = store_.ListEligible(organization, kind, absl::Seconds(10));
    EXPECT_OK(rows);
    std::vector<int64_t> ids;
    if (rows.ok())
      for (const EligibleResource& row : *rows) ids.push_back(row.id);
    return ids;
  }
  void Set(const std::string& assignments, int64_t id) {
    database_.Execute(absl::StrCat("update resource_sessions set ", assignments, " where resource_id = ", id));
  }
  int64_t Upload(int64_t vod) {
    return Number(
        absl::StrCat("insert into assets (upload_id, organization_id, view, vod_resource_id, file_name, fingerprint, "
                     "size_bytes, state) values (md5(random()::text), ",
                     chair_, ", 'comb', ", vod, ", 'f', 'f', 1, 'complete') returning id"));
  }

  const int64_t school_ = Organization("School");
  const int64_t chair_ = Organization("Chair", school_);
  const int64_t other_ = Organization("Other");
  ResourceStore store_{pool_};
};

TEST_F(ResourceStoreTest, JoiningTwiceIsTheSameResourceWithANewCredential) {
  ASSERT_OK_AND_ASSIGN(JoinedResource first, store_.Join(Worker()));
  NewResource moved = Worker();
  moved.host = "gpu2";
  ASSERT_OK_AND_ASSIGN(JoinedResource second, store_.Join(moved));
  EXPECT_EQ(second.id, first.id);
  EXPECT_GT(second.credential_serial, first.credential_serial);
  EXPECT_THAT(store_.CheckCredential(first.id, first.credential_serial),
              StatusIs(absl::StatusCode::kUnauthenticated, "CREDENTIAL_WITHDRAWN"));
  ASSERT_OK_AND_ASSIGN(ResourceIdentity identity, store_.CheckCredential(second.id, second.credential_serial));
  EXPECT_EQ(identity.organization_id, chair_);
  EXPECT_EQ(identity.kind, "worker");
  ASSERT_OK_AND_ASSIGN(ResourceRow row, store_.Get(first.id));
  EXPECT_EQ(row.host, "gpu2");
  EXPECT_EQ(row.version, "0.1.0");
  EXPECT_THAT(row.capabilities, ElementsAre("ffmpeg", "h264 \"fast\""));
  EXPECT_EQ(ConditionOf(row, kSuspectAfter).state, "never_attached");
}

TEST_F(ResourceStoreTest, AnotherKeyKindOrOrganizationIsAnotherResource) {
  ASSERT_OK_AND_ASSIGN(JoinedResource first, store_.Join(Worker()));
  NewResource edge = Worker();
  edge.kind = "edge";
  NewResource elsewhere = Worker();
  elsewhere.organization_id = school_;
  EXPECT_NE(store_.Join(Worker("ffffffffffffffff")).value().id, first.id);
  EXPECT_NE(store_.Join(edge).value().id, first.id);
  EXPECT_NE(store_.Join(elsewhere).value().id, first.id);
}

TEST_F(ResourceStoreTest, BadInputHasItsReason) {
  NewResource orphan = Worker();
  orphan.organization_id = 999;
  EXPECT_THAT(store_.Join(orphan), StatusIs(absl::StatusCode::kFailedPrecondition, "ORGANIZATION_GONE"));
  EXPECT_THAT(store_.Join(Worker("short")), StatusIs(absl::StatusCode::kInvalidArgument, "BAD_RESOURCE"));
  const auto not_found = StatusIs(absl::StatusCode::kNotFound, "RESOURCE_NOT_FOUND");
  EXPECT_THAT(store_.Get(999), not_found);
  EXPECT_THAT(store_.SetShared(999, true), not_found);
  EXPECT_THAT(store_.SetDraining(999, true), not_found);
}

TEST_F(ResourceStoreTest, ARemovedResourceIsGoneAndItsKeyMayJoinAgain) {
  ASSERT_OK_AND_ASSIGN(JoinedResource joined, store_.Join(Worker()));
  InTransaction([&](pg::Session& session) { EXPECT_OK(store_.Remove(session, joined.id, false)); });
  EXPECT_THAT(store_.CheckCredential(joined.id, joined.credential_serial),
              StatusIs(absl::StatusCode::kUnauthenticated, "CREDENTIAL_WITHDRAWN"));
  EXPECT_THAT(store_.CheckCredential(joined.id, joined.credential_serial + 1),
              StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_THAT(store_.Get(joined.id), StatusIs(absl::StatusCode::kNotFound, "RESOURCE_NOT_FOUND"));
  EXPECT_THAT(pool_.Transaction([&](pg::Session& session) { return store_.Remove(session, joined.id, false); }),
              StatusIs(absl::StatusCode::kNotFound, "RESOURCE_NOT_FOUND"));
  EXPECT_NE(store_.Join(Worker()).value().id, joined.id);
}

TEST_F(ResourceStoreTest, AVodServiceThatKeepsRecordingsIsRemovedByForceOnly) {
  const int64_t vod = Resource(chair_, "vod_service");
  const int64_t asset = Upload(vod);
  EXPECT_THAT(pool_.Transaction([&](pg::Session& session) { return store_.Remove(session, vod, false); }),
              StatusIs(absl::StatusCode::kFailedPrecondition, "HOLDS_MEDIA"));
  EXPECT_OK(store_.Get(vod));
  database_.Execute(absl::StrCat("update assets set state = 'removed' where id = ", asset));
  EXPECT_OK(pool_.Transaction([&](pg::Session& session) { return store_.Remove(session, vod, false); }));
  const int64_t second = Resource(chair_, "vod_service");
  Upload(second);
  EXPECT_OK(pool_.Transaction([&](pg::Session& session) { return store_.Remove(session, second, true); }));
}

TEST_F(ResourceStoreTest, PeopleSeeTheResourcesOfTheSubtreesThatTheyMaintain) {
  const int64_t maintainer = User("maintainer");
  const int64_t student = User("student");
  Maintain(school_, maintainer);
  const int64_t a = Resource(school_, "worker");
  const int64_t b = Resource(chair_, "edge");
  const int64_t c = Resource(other_, "worker");
  const int64_t d = Resource(chair_, "worker");
  EXPECT_THAT(Ids(Person(maintainer)), ElementsAre(a, b, d));
  EXPECT_THAT(Ids(Person(maintainer), {chair_, ""}), ElementsAre(b, d));
  EXPECT_THAT(Ids(Person(maintainer), {chair_, "worker"}), ElementsAre(d));
  EXPECT_THAT(Ids(Person(maintainer), {other_, ""}), ElementsAre());
  EXPECT_THAT(Ids(Person(student)), ElementsAre());
  EXPECT_THAT(Ids(Caller()), ElementsAre());
  EXPECT_THAT(Ids(Person(999, "administrator")), ElementsAre(a, b, c, d));
  EXPECT_EQ(StatementsOf([&] { ASSERT_OK(store_.List(Person(999, "administrator"), {}, {100, ""})); }), 1);
}

TEST_F(ResourceStoreTest, TheConditionNamesWhatIsWrong) {
  const int64_t id = Resource(chair_, "worker");
  auto condition = [&] { return ConditionOf(store_.Get(id).value(), kSuspectAfter); };
  EXPECT_EQ(condition().state, "alive");
  EXPECT_EQ(condition().reason, "");
  Set("quarantined_until = now() + interval '1 minute'", id);
  EXPECT_EQ(condition().state, "alive");
  EXPECT_NE(condition().reason, "");
  Set("leaving = true", id);
  EXPECT_EQ(condition().state, "draining");
  ASSERT_OK(store_.SetDraining(id, true));
  EXPECT_EQ(condition().state, "draining");
  Set("last_beat_at = now() - interval '90 seconds'", id);
  EXPECT_EQ(condition().state, "suspect");
  EXPECT_EQ(condition().reason, "no heartbeat for 1m");
  Set("last_beat_at = now(), disconnected_at = now()", id);
  EXPECT_EQ(condition().state, "suspect");
  Set("state = 'lost'", id);
  EXPECT_EQ(condition().state, "dead");
}

TEST_F(ResourceStoreTest, EligibleAreTheOwnThenTheAncestorsThenSharedOnes) {
  const int64_t shared = Resource(other_, "vod_service");
  ASSERT_OK(store_.SetShared(shared, true));
  Resource(other_, "vod_service");  // another organization's private one
  const int64_t schools = Resource(school_, "vod_service");
  const int64_t full = Resource(chair_, "vod_service", R"({"diskFreeBytes": "1000"})");
  const int64_t roomy = Resource(chair_, "vod_service", R"({"diskFreeBytes": "5000"})");
  Resource(chair_, "edge");
  EXPECT_THAT(Eligible(chair_, "vod_service"), ElementsAre(roomy, full, schools, shared));
  EXPECT_THAT(Eligible(school_, "vod_service"), ElementsAre(schools, shared));
  ASSERT_OK_AND_ASSIGN(std::vector<EligibleResource> rows,
                       store_.ListEligible(chair_, "vod_service", absl::Seconds(10)));
  EXPECT_EQ(rows[0].tier, 0);
  EXPECT_EQ(rows[0].disk_free_bytes, 5000);
  EXPECT_EQ(rows[2].tier, 1);
  EXPECT_EQ(rows[3].tier, kSharedTier);
  EXPECT_EQ(store_.ListEligible(chair_, "vod_service", absl::Seconds(10), 1).value().size(), 1u);
}

TEST_F(ResourceStoreTest, OfEdgesTheLeastLoadedComesFirst) {
  const int64_t busy = Resource(chair_, "edge", R"({"cpu": 0.9})");
  const int64_t calm = Resource(chair_, "edge", R"({"cpu": 0.1})");
  EXPECT_THAT(Eligible(chair_, "edge"), ElementsAre(calm, busy));
}

TEST_F(ResourceStoreTest, WhatIsSilentGoneDrainedOrRemovedIsNotEligible) {
  const int64_t id = Resource(chair_, "edge");
  EXPECT_THAT(Eligible(chair_, "edge"), ElementsAre(id));
  for (const char* wrong : {"last_beat_at = now() - interval '11 seconds'", "disconnected_at = now()", "state = 'lost'",
                            "leaving = true"}) {
    Set(wrong, id);
    EXPECT_THAT(Eligible(chair_, "edge"), ElementsAre()) << wrong;
    Set("last_beat_at = now(), disconnected_at = null, state = 'alive', leaving = false", id);
  }
  ASSERT_OK(store_.SetDraining(id, true));
  EXPECT_THAT(Eligible(chair_, "edge"), ElementsAre());
  ASSERT_OK(store_.SetDraining(id, false));
  EXPECT_THAT(Eligible(chair_, "edge"), ElementsAre(id));
  database_.Execute("update resources set removed_at = now()");
  EXPECT_THAT(Eligible(chair_, "edge"), ElementsAre());
}

}  // namespace
}  // namespace lectern::api
