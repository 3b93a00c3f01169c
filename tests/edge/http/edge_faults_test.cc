// Origins that fail, change their mind, or go away.
#include <filesystem>

#include "tests/edge/http/edge_fixture.h"

namespace lectern::edge {
namespace {

using ::testing::HasSubstr;

TEST_F(EdgeTest, AnOriginThatDiesInTheMiddleLeavesNothingInTheCache) {
  std::string body = Bytes(300'000);
  origin_.Set("12/comb/a/seg-00001.m4s", {body, "\"v1\"", 100'000});
  Client::Answer cut = Get(Target("a/seg-00001.m4s"));
  // A viewer whose turn comes after the last attempt has failed hears of it at once.
  if (cut.status == 200) {
    EXPECT_FALSE(cut.whole);
    EXPECT_EQ(cut.body, body.substr(0, cut.body.size())) << "what came was right";
  } else {
    EXPECT_EQ(cut.status, 502);
  }
  origin_.Set("12/comb/a/seg-00001.m4s", {body});
  EXPECT_EQ(Get(Target("a/seg-00001.m4s")).body, body);
}

TEST_F(EdgeTest, ABrokenTransferIsContinuedWhereItStopped) {
  std::string body = Bytes(300'000);
  FakeOrigin::Object object{body, "\"v1\"", 100'000};
  object.once = true;
  origin_.Set("12/comb/a/seg-00001.m4s", object);
  Client::Answer answer = Get(Target("a/seg-00001.m4s"));
  EXPECT_TRUE(answer.whole);
  EXPECT_EQ(answer.body, body);
  std::vector<FakeOrigin::Seen> seen = origin_.seen();
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[1].range, "bytes=100000-");
}

TEST_F(EdgeTest, AVersionThatChangesInTheMiddleIsNeverMixed) {
  std::string old_body = Bytes(300'000);
  auto gate = std::make_shared<absl::Notification>();
  origin_.Set("12/comb/a/seg-00001.m4s", {old_body, "\"v1\"", 100'000});
  Client client(edge_->port());
  client.Send("GET " + Target("a/seg-00001.m4s") + " HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(client.Fill());
  origin_.Set("12/comb/a/seg-00001.m4s", {std::string(300'000, 'n'), "\"v2\""});
  Client::Answer answer = client.ReadAnswer();
  EXPECT_FALSE(answer.whole);
  EXPECT_EQ(answer.body, old_body.substr(0, answer.body.size()));
  EXPECT_EQ(Get(Target("a/seg-00001.m4s")).Header("ETag"), "\"v2\"");
}

TEST_F(EdgeTest, AllWaitersHearOfAFailure) {
  origin_.Stop();
  std::vector<Client> clients;
  for (int i = 0; i < 20; ++i) {
    clients.emplace_back(edge_->port());
    clients.back().Send("GET " + Target("a/seg-00001.m4s") + " HTTP/1.1\r\nHost: h\r\n\r\n");
  }
  for (Client& client : clients) EXPECT_EQ(client.ReadAnswer().status, 502);
}

TEST_F(EdgeTest, ErrorsOfTheOriginAreNotStored) {
  FakeOrigin::Object object{"x"};
  object.status = 500;
  origin_.Set("12/comb/a/seg-00001.m4s", object);
  EXPECT_EQ(Get(Target("a/seg-00001.m4s")).status, 502);
  origin_.Set("12/comb/a/seg-00001.m4s", {"now it works"});
  EXPECT_EQ(Get(Target("a/seg-00001.m4s")).body, "now it works");
}

TEST_F(EdgeTest, A404IsBelievedForASecond) {
  EXPECT_EQ(Get(Target("a/seg-00001.m4s")).status, 404);
  origin_.Set("12/comb/a/seg-00001.m4s", {"there"});
  EXPECT_EQ(Get(Target("a/seg-00001.m4s")).status, 404);
  EXPECT_EQ(OriginRequests("a/seg-00001.m4s"), 1);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Get(Target("a/seg-00001.m4s")).body, "there");
}

TEST_F(EdgeTest, AnotherViewersRefusalAtTheOriginIsNotMine) {
  Claims claims = GoodClaims();
  claims.subject = "users/6";
  std::string refused = Sign(key_, claims);
  FakeOrigin::Object object{"body"};
  object.denied_token = refused;
  origin_.Set("12/comb/a/seg-00001.m4s", object);
  EXPECT_EQ(Get(Target(refused, "a/seg-00001.m4s")).status, 403);
  EXPECT_EQ(Get(Target("a/seg-00001.m4s")).body, "body");
}

TEST_F(EdgeTest, AnOriginThatIsNotKnownIsA502) {
  Claims claims = GoodClaims();
  claims.resource = 99;
  EXPECT_EQ(Get(Target(Sign(key_, claims), "a/seg-00001.m4s")).status, 502);
}

TEST_F(EdgeTest, TheMasterPlaylistIsRevalidatedAfterTwoSeconds) {
  origin_.Set("12/comb/master.m3u8", {"#EXTM3U one"});
  EXPECT_EQ(Get(Target("master.m3u8")).body, "#EXTM3U one");
  EXPECT_EQ(Get(Target("master.m3u8")).body, "#EXTM3U one");
  EXPECT_EQ(OriginRequests("master.m3u8"), 1);
  clock_.Advance(absl::Seconds(2));
  EXPECT_EQ(Get(Target("master.m3u8")).body, "#EXTM3U one");
  std::vector<FakeOrigin::Seen> seen = origin_.seen();
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[1].if_none_match, "\"v1\"");
  EXPECT_EQ(Get(Target("master.m3u8")).body, "#EXTM3U one");
  EXPECT_EQ(OriginRequests("master.m3u8"), 2) << "confirmed: fresh again";
  clock_.Advance(absl::Seconds(2));
  origin_.Set("12/comb/master.m3u8", {"#EXTM3U two", "\"v2\""});
  EXPECT_EQ(Get(Target("master.m3u8")).body, "#EXTM3U two");
  EXPECT_EQ(Get(Target("master.m3u8")).Header("Cache-Control"), "private, max-age=2, stale-if-error=86400");
}

TEST_F(EdgeTest, AMasterPlaylistOutlivesItsOriginForADay) {
  origin_.Set("12/comb/master.m3u8", {"#EXTM3U"});
  ASSERT_EQ(Get(Target("master.m3u8")).status, 200);
  origin_.Stop();
  clock_.Advance(absl::Hours(23));
  token_ = Token();
  Client::Answer stale = Get(Target("master.m3u8"));
  EXPECT_EQ(stale.body, "#EXTM3U");
  EXPECT_EQ(stale.Header("Age"), "82800");
  EXPECT_THAT(metrics_.Text(), HasSubstr("lectern_edge_cache_total{result=\"stale\"} 1\n"));
  clock_.Advance(absl::Hours(1));
  token_ = Token();
  EXPECT_EQ(Get(Target("master.m3u8")).status, 502);
}

TEST_F(EdgeTest, AnOriginThatDoesNotAnswerHoldsUpOneViewerOnly) {
  origin_.Set("12/comb/master.m3u8", {"#EXTM3U"});
  ASSERT_EQ(Get(Target("master.m3u8")).status, 200);
  FakeOrigin::Object broken{"x"};
  broken.status = 500;
  origin_.Set("12/comb/master.m3u8", broken);
  clock_.Advance(absl::Seconds(2));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Get(Target("master.m3u8")).body, "#EXTM3U");
  EXPECT_EQ(OriginRequests("master.m3u8"), 2) << "one attempt for all of them";
  origin_.Set("12/comb/master.m3u8", {"#EXTM3U two", "\"v2\""});
  clock_.Advance(absl::Seconds(5));
  EXPECT_EQ(Get(Target("master.m3u8")).body, "#EXTM3U two");
}

TEST_F(EdgeTest, AMasterPlaylistThatWasDeletedIsGone) {
  origin_.Set("12/comb/master.m3u8", {"#EXTM3U"});
  ASSERT_EQ(Get(Target("master.m3u8")).status, 200);
  origin_.Drop("12/comb/master.m3u8");
  clock_.Advance(absl::Seconds(2));
  EXPECT_EQ(Get(Target("master.m3u8")).status, 404);
  origin_.Stop();
  clock_.Advance(absl::Seconds(2));
  EXPECT_EQ(Get(Target("master.m3u8")).status, 502) << "no old copy comes back";
}

TEST_F(EdgeTest, AnObjectLargerThanTheCacheIsRefusedAndNothingIsLeft) {
  StartEdge(1 << 20);
  origin_.Set("12/comb/a/seg-00001.m4s", {Bytes(2 << 20)});
  Client::Answer answer = Get(Target("a/seg-00001.m4s"));
  EXPECT_TRUE(answer.status == 502 || !answer.whole);
  EXPECT_TRUE(std::filesystem::is_empty(dir_ / "cache/filling"));
}

TEST_F(EdgeTest, StopDuringAFillEndsInTime) {
  auto gate = std::make_shared<absl::Notification>();
  origin_.Set("12/comb/a/seg-00001.m4s", {Bytes(300'000), "\"v1\"", 100'000, gate});
  Client client(edge_->port());
  client.Send("GET " + Target("a/seg-00001.m4s") + " HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(client.Fill());
  edge_->Stop(absl::Milliseconds(10));
  EXPECT_FALSE(client.ReadAnswer().whole);
  gate->Notify();
}

}  // namespace
}  // namespace lectern::edge
