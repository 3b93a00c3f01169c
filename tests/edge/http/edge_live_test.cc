// Playlists that grow, and what remains of them.
#include "tests/edge/http/edge_fixture.h"

namespace lectern::edge {
namespace {

using ::testing::HasSubstr;

constexpr char kPlaylist[] = "a/live/720p.m3u8";
constexpr char kKey[] = "12/comb/a/live/720p.m3u8";

FakeOrigin::Object OnAir(const std::string& body, const std::string& etag) {
  return {.body = body, .etag = etag, .caching = "public, max-age=1"};
}

TEST_F(EdgeTest, ALivePlaylistIsFreshForASecond) {
  origin_.Set(kKey, OnAir("#EXTM3U one", "\"1\""));
  EXPECT_EQ(Get(Target(kPlaylist)).body, "#EXTM3U one");
  origin_.Set(kKey, OnAir("#EXTM3U two", "\"2\""));
  clock_.Advance(absl::Milliseconds(900));
  Client::Answer hit = Get(Target(kPlaylist));
  EXPECT_EQ(hit.body, "#EXTM3U one");
  EXPECT_EQ(hit.Header("Cache-Control"), "private, max-age=1");
  clock_.Advance(absl::Milliseconds(100));
  EXPECT_EQ(Get(Target(kPlaylist)).body, "#EXTM3U two");
  EXPECT_EQ(OriginRequests(kPlaylist), 2);
}

TEST_F(EdgeTest, ALivePlaylistThatEndsBecomesTheRecordings) {
  origin_.Set(kKey, OnAir("#EXTM3U EVENT", "\"live\""));
  ASSERT_EQ(Get(Target(kPlaylist)).status, 200);
  origin_.Set(kKey, {.body = "#EXTM3U VOD", .etag = "\"file\"", .caching = "public, max-age=10, stale-if-error=86400"});
  clock_.Advance(absl::Seconds(1));
  Client::Answer ended = Get(Target(kPlaylist));
  EXPECT_EQ(ended.body, "#EXTM3U VOD");
  EXPECT_EQ(ended.Header("Cache-Control"), "private, max-age=10, stale-if-error=86400");
  EXPECT_EQ(origin_.seen().back().if_none_match, "\"live\"");
  // The recording outlives its origin; taken up again it goes on.
  clock_.Advance(absl::Seconds(9));
  EXPECT_EQ(OriginRequests(kPlaylist), 2);
  origin_.Set(kKey, OnAir("#EXTM3U EVENT again", "\"live 2\""));
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Get(Target(kPlaylist)).body, "#EXTM3U EVENT again");
}

TEST_F(EdgeTest, AnEndedPlaylistOutlivesItsOriginAndALiveOneDoesNot) {
  origin_.Set(kKey, OnAir("#EXTM3U", "\"1\""));
  origin_.Set("12/comb/b/live/720p.m3u8", {.body = "#EXTM3U VOD", .caching = "public, max-age=10"});
  ASSERT_EQ(Get(Target(kPlaylist)).status, 200);
  ASSERT_EQ(Get(Target("b/live/720p.m3u8")).status, 200);
  origin_.Stop();
  clock_.Advance(absl::Seconds(9));
  EXPECT_EQ(Get(Target(kPlaylist)).body, "#EXTM3U");
  clock_.Advance(absl::Seconds(2));
  Client::Answer late = Get(Target(kPlaylist));
  EXPECT_EQ(late.status, 503);
  EXPECT_NE(late.Header("Retry-After"), "");
  EXPECT_EQ(Get(Target("b/live/720p.m3u8")).body, "#EXTM3U VOD");
  EXPECT_EQ(Get(Target("c/live/720p.m3u8")).status, 503) << "one that was never here";
}

TEST_F(EdgeTest, AnOriginThatIsBackIsAskedAgainAfterASecond) {
  origin_.Set(kKey, OnAir("#EXTM3U one", "\"1\""));
  ASSERT_EQ(Get(Target(kPlaylist)).status, 200);
  FakeOrigin::Object broken = OnAir("x", "\"x\"");
  broken.status = 500;
  origin_.Set(kKey, broken);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Get(Target(kPlaylist)).body, "#EXTM3U one");
  origin_.Set(kKey, OnAir("#EXTM3U two", "\"2\""));
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Get(Target(kPlaylist)).body, "#EXTM3U two");
}

TEST_F(EdgeTest, TheShortFormIsAnObjectOfItsOwnAndOtherQueriesAreNone) {
  origin_.Set(kKey, OnAir("#EXTM3U whole", "\"1\""));
  origin_.Set("12/comb/a/live/720p.delta.m3u8", OnAir("#EXTM3U short", "\"d1\""));
  EXPECT_EQ(Get(Target(std::string(kPlaylist) + "?_HLS_skip=YES")).body, "#EXTM3U short");
  EXPECT_EQ(Get(Target(std::string(kPlaylist) + "?x=1&_HLS_skip=v2")).body, "#EXTM3U short");
  EXPECT_EQ(Get(Target(kPlaylist)).body, "#EXTM3U whole");
  for (const char* query : {"?_HLS_skip=NO", "?_HLS_skip=", "?_HLS_msn=7", "?y=_HLS_skip=YES", "?1", "?2", "?3"}) {
    EXPECT_EQ(Get(Target(std::string(kPlaylist) + query)).body, "#EXTM3U whole") << query;
  }
  EXPECT_EQ(OriginRequests(kPlaylist), 1);
  EXPECT_EQ(OriginRequests("a/live/720p.delta.m3u8"), 1);
  origin_.Set("12/comb/master.m3u8", {"#EXTM3U master"});
  EXPECT_EQ(Get(Target("master.m3u8?_HLS_skip=YES")).body, "#EXTM3U master");
}

TEST_F(EdgeTest, APreviewIsFreshForTenSeconds) {
  origin_.Set("12/comb/preview.jpg", {.body = "one", .etag = "\"1\"", .caching = "public, max-age=10"});
  EXPECT_EQ(Get(Target("preview.jpg")).Header("Cache-Control"), "private, max-age=10");
  origin_.Set("12/comb/preview.jpg", {.body = "two", .etag = "\"2\"", .caching = "public, max-age=10"});
  clock_.Advance(absl::Seconds(9));
  EXPECT_EQ(Get(Target("preview.jpg")).body, "one");
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Get(Target("preview.jpg")).body, "two");
}

TEST_F(EdgeTest, OneRequestToTheOriginBringsEverybodyTheNextPlaylist) {
  origin_.Set(kKey, OnAir("#EXTM3U", "\"1\""));
  ASSERT_EQ(Get(Target(kPlaylist)).status, 200);
  clock_.Advance(absl::Seconds(1));
  FakeOrigin::Object next = OnAir(Bytes(100'000), "\"2\"");
  next.gate = std::make_shared<absl::Notification>();
  next.stop_after = 1000;
  origin_.Set(kKey, next);
  std::vector<Client> clients;
  for (int i = 0; i < 50; ++i) {
    clients.emplace_back(edge_->port());
    clients.back().Send("GET " + Target(kPlaylist) + " HTTP/1.1\r\nHost: h\r\n\r\n");
  }
  for (Client& client : clients) ASSERT_TRUE(client.Fill());
  next.gate->Notify();
  for (Client& client : clients) EXPECT_EQ(client.ReadAnswer().body, next.body);
  EXPECT_EQ(OriginRequests(kPlaylist), 2);
}

TEST_F(EdgeTest, TwoServicesWithTheSameLectureAreNotMixed) {
  FakeOrigin other;
  origin_.Set("12/comb/master.m3u8", {"#EXTM3U of the first"});
  other.Set("12/comb/master.m3u8", {"#EXTM3U of the second"});
  Directory directory;
  directory.keys = {{key_.key_id, key_.audience, key_.public_bytes}};
  directory.origins[3] = origin_.url();
  directory.origins[4] = other.url();
  edge_->SetDirectory(directory);
  Claims claims = GoodClaims();
  claims.resource = 4;
  EXPECT_EQ(Get(Target("master.m3u8")).body, "#EXTM3U of the first");
  EXPECT_EQ(Get(Target(Sign(key_, claims), "master.m3u8")).body, "#EXTM3U of the second");
  EXPECT_EQ(Get(Target("master.m3u8")).body, "#EXTM3U of the first");
}

TEST_F(EdgeTest, ARestartRemembersHowLongAPlaylistIsGood) {
  origin_.Set(kKey, OnAir("#EXTM3U one", "\"1\""));
  ASSERT_EQ(Get(Target(kPlaylist)).status, 200);
  StartEdge();
  clock_.Advance(absl::Seconds(2));
  origin_.Set(kKey, OnAir("#EXTM3U two", "\"2\""));
  EXPECT_EQ(Get(Target(kPlaylist)).body, "#EXTM3U two");
  origin_.Stop();
  StartEdge();
  clock_.Advance(absl::Seconds(60));
  EXPECT_EQ(Get(Target(kPlaylist)).status, 503);
}

}  // namespace
}  // namespace lectern::edge
