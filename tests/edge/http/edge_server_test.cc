#include "edge/http/edge_server.h"

#include <thread>

#include "tests/edge/http/edge_fixture.h"

namespace lectern::edge {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(EdgeTest, AMissIsFetchedOnceAndThenAHit) {
  std::string body = Bytes(300'000);
  origin_.Set("12/comb/a/seg-00001.m4s", {body});
  EXPECT_EQ(Get(Target("a/seg-00001.m4s")).body, body);
  Client::Answer hit = Get(Target("a/seg-00001.m4s"));
  EXPECT_EQ(hit.status, 200);
  EXPECT_EQ(hit.body, body);
  EXPECT_EQ(OriginRequests("a/seg-00001.m4s"), 1);
  EXPECT_THAT(metrics_.Text(), HasSubstr("lectern_edge_cache_total{result=\"hit\"} 1\n"));
  EXPECT_THAT(metrics_.Text(), HasSubstr("lectern_edge_cache_total{result=\"miss\"} 1\n"));
  EXPECT_THAT(metrics_.Text(), HasSubstr("lectern_edge_received_bytes_total 300000\n"));
  EXPECT_THAT(metrics_.Text(), HasSubstr("lectern_edge_requests_total{code=\"200\"} 2\n"));
}

TEST_F(EdgeTest, HitAndMissHaveTheSameHeaders) {
  origin_.Set("12/comb/a/index.m3u8", {"#EXTM3U\n"});
  Client::Answer miss = Get(Target("a/index.m3u8"));
  Client::Answer hit = Get(Target("a/index.m3u8"));
  Client::Answer head = Get(Target("a/index.m3u8"), "", "HEAD");
  for (const char* name : {"Content-Type", "Content-Length", "ETag", "Last-Modified", "Cache-Control", "Accept-Ranges",
                           "Access-Control-Allow-Origin", "Access-Control-Expose-Headers", "X-Content-Type-Options"}) {
    EXPECT_NE(hit.Header(name), "") << name;
    EXPECT_EQ(hit.Header(name), miss.Header(name)) << name;
    EXPECT_EQ(hit.Header(name), head.Header(name)) << name;
  }
  EXPECT_EQ(hit.Header("Content-Type"), "application/vnd.apple.mpegurl");
  EXPECT_EQ(hit.Header("Cache-Control"), "private, max-age=31536000, immutable");
  EXPECT_EQ(hit.Header("ETag"), "\"v1\"");
  clock_.Advance(absl::Seconds(30));
  EXPECT_EQ(Get(Target("a/index.m3u8")).Header("Age"), "30");
}

TEST_F(EdgeTest, PicturesAreAskedForAgainAfterAnHour) {
  origin_.Set("12/comb/a/thumbnails/sprite-1.jpg", {"old"});
  EXPECT_EQ(Get(Target("a/thumbnails/sprite-1.jpg")).Header("Cache-Control"),
            "private, max-age=3600, stale-if-error=86400");
  origin_.Set("12/comb/a/thumbnails/sprite-1.jpg", {.body = "new", .etag = "\"v2\""});
  clock_.Advance(absl::Minutes(59));
  EXPECT_EQ(Get(Target("a/thumbnails/sprite-1.jpg")).body, "old");
  clock_.Advance(absl::Minutes(2));
  EXPECT_EQ(Get(Target("a/thumbnails/sprite-1.jpg")).body, "new");
}

TEST_F(EdgeTest, AHeadMissFillsTheCache) {
  origin_.Set("12/comb/a/seg-00001.m4s", {Bytes(1000)});
  Client::Answer head = Get(Target("a/seg-00001.m4s"), "", "HEAD");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.Header("Content-Length"), "1000");
  EXPECT_EQ(Get(Target("a/seg-00001.m4s")).body, Bytes(1000));
  EXPECT_EQ(OriginRequests("a/seg-00001.m4s"), 1);
}

TEST_F(EdgeTest, ARangeOnAMissFetchesTheWholeObjectOnce) {
  std::string body = Bytes(500'000);
  origin_.Set("12/comb/a/seg-00001.m4s", {body});
  Client::Answer miss = Get(Target("a/seg-00001.m4s"), "Range: bytes=400000-400999\r\n");
  EXPECT_EQ(miss.status, 206);
  EXPECT_EQ(miss.body, body.substr(400'000, 1000));
  EXPECT_EQ(miss.Header("Content-Range"), "bytes 400000-400999/500000");
  Client::Answer hit = Get(Target("a/seg-00001.m4s"), "Range: bytes=-5\r\n");
  EXPECT_EQ(hit.status, 206);
  EXPECT_EQ(hit.body, body.substr(499'995));
  EXPECT_EQ(Get(Target("a/seg-00001.m4s"), "Range: bytes=500000-\r\n").status, 416);
  ASSERT_EQ(OriginRequests("a/seg-00001.m4s"), 1);
  EXPECT_EQ(origin_.seen()[0].range, "");
}

TEST_F(EdgeTest, ASmallObjectHasRangesToo) {
  origin_.Set("12/comb/a/index.m3u8", {"0123456789"});
  EXPECT_EQ(Get(Target("a/index.m3u8"), "Range: bytes=0-\r\n").status, 206);
  EXPECT_EQ(Get(Target("a/index.m3u8"), "Range: bytes=2-4\r\n").body, "234");
}

TEST_F(EdgeTest, ARangeIsServedWhileTheObjectIsStillBeingFilled) {
  std::string body = Bytes(300'000);
  auto gate = std::make_shared<absl::Notification>();
  origin_.Set("12/comb/a/seg-00001.m4s", {body, "\"v1\"", 100'000, gate});
  Client::Answer start = Get(Target("a/seg-00001.m4s"), "Range: bytes=1000-1999\r\n");
  EXPECT_EQ(start.body, body.substr(1000, 1000));
  Client whole(edge_->port());
  whole.Send("GET " + Target("a/seg-00001.m4s") + " HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(whole.Fill()) << "the beginning comes before the end is there";
  gate->Notify();
  EXPECT_EQ(whole.ReadAnswer().body, body);
  EXPECT_EQ(OriginRequests("a/seg-00001.m4s"), 1);
}

TEST_F(EdgeTest, TwoHundredSimultaneousMissesAreOneRequestToTheOrigin) {
  std::string body = Bytes(200'000);
  auto gate = std::make_shared<absl::Notification>();
  origin_.Set("12/comb/a/seg-00001.m4s", {body, "\"v1\"", 50'000, gate});
  std::vector<Client> clients;
  for (int i = 0; i < 200; ++i) {
    clients.emplace_back(edge_->port());
    clients.back().Send("GET " + Target("a/seg-00001.m4s") + " HTTP/1.1\r\nHost: h\r\n\r\n");
  }
  // Everybody gets the first bytes while the origin still holds the rest back.
  for (Client& client : clients) ASSERT_TRUE(client.Fill());
  gate->Notify();
  for (Client& client : clients) ASSERT_EQ(client.ReadAnswer().body, body);
  EXPECT_EQ(OriginRequests("a/seg-00001.m4s"), 1);
}

TEST_F(EdgeTest, TheViewerWhoAskedFirstMayLeave) {
  std::string body = Bytes(200'000);
  auto gate = std::make_shared<absl::Notification>();
  origin_.Set("12/comb/a/seg-00001.m4s", {body, "\"v1\"", 50'000, gate});
  Client first(edge_->port());
  first.Send("GET " + Target("a/seg-00001.m4s") + " HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(first.Fill());
  Client second(edge_->port());
  second.Send("GET " + Target("a/seg-00001.m4s") + " HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(second.Fill());
  first.Close();
  gate->Notify();
  EXPECT_EQ(second.ReadAnswer().body, body);
  EXPECT_EQ(OriginRequests("a/seg-00001.m4s"), 1);
}

TEST_F(EdgeTest, AnObjectOfUnknownLengthIsServedWhenItIsWhole) {
  std::string body = Bytes(150'000);
  FakeOrigin::Object object{body};
  object.chunked = true;
  origin_.Set("12/comb/a/seg-00001.m4s", object);
  Client::Answer answer = Get(Target("a/seg-00001.m4s"));
  EXPECT_EQ(answer.body, body);
  EXPECT_EQ(answer.Header("Content-Length"), "150000");
}

TEST_F(EdgeTest, TokensAreCheckedOnHitAndMissAlike) {
  for (bool hit : {false, true}) {
    std::string path = "a/seg-00001.m4s";
    origin_.Set("12/comb/a/seg-00001.m4s", {"body"});
    if (hit) ASSERT_EQ(Get(Target(path)).status, 200);
    EXPECT_EQ(Get("/p//12/comb/a/seg-00001.m4s").status, 401);
    Claims claims = GoodClaims();
    claims.expires_at = clock_.Now() - absl::Seconds(1);
    EXPECT_EQ(Get(Target(Sign(key_, claims), path)).status, 403);
    claims = GoodClaims();
    claims.lecture = 13;
    EXPECT_EQ(Get(Target(Sign(key_, claims), path)).status, 403);
    SigningKey stranger = GenerateKey(Audience::kPlayback);
    stranger.key_id = key_.key_id;
    EXPECT_EQ(Get(Target(Sign(stranger, GoodClaims()), path)).status, 403);
    EXPECT_EQ(Get(Target("no.such.token", path)).status, 403);
    EXPECT_EQ(OriginRequests(path), hit ? 1 : 0) << "nothing was asked without a right";
  }
  Publish({{12, "", clock_.Now() + absl::Seconds(1)}});
  Client::Answer revoked = Get(Target("a/seg-00001.m4s"));
  EXPECT_EQ(revoked.status, 403);
  EXPECT_THAT(revoked.body, HasSubstr("TOKEN_REVOKED"));
  EXPECT_EQ(revoked.Header("Access-Control-Allow-Origin"), "*");
  EXPECT_THAT(revoked.body, Not(HasSubstr(token_)));
}

TEST_F(EdgeTest, WithoutKeysItFailsClosed) {
  origin_.Set("12/comb/a/seg-00001.m4s", {"body"});
  ASSERT_EQ(Get(Target("a/seg-00001.m4s")).status, 200);
  edge_->SetDirectory(Directory());
  EXPECT_FALSE(edge_->has_keys());
  EXPECT_EQ(Get(Target("a/seg-00001.m4s")).status, 503);
}

TEST_F(EdgeTest, UnknownPathsAndMethodsAreRefused) {
  EXPECT_EQ(Get("/").status, 404);
  EXPECT_EQ(Get(Target("../13/comb/master.m3u8")).status, 404);
  EXPECT_EQ(Get(Target("%2e%2e%2fmaster.m3u8")).status, 404);
  Client::Answer post = Get(Target("master.m3u8"), "Content-Length: 0\r\n", "POST");
  EXPECT_EQ(post.status, 405);
  EXPECT_EQ(post.Header("Allow"), "GET, HEAD, OPTIONS");
  EXPECT_TRUE(origin_.seen().empty());
}

TEST_F(EdgeTest, APreflightIsAnswered) {
  Client::Answer answer =
      Get(Target("master.m3u8"), "Origin: https://x\r\nAccess-Control-Request-Headers: range\r\n", "OPTIONS");
  EXPECT_EQ(answer.status, 204);
  EXPECT_THAT(answer.Header("Access-Control-Allow-Headers"), HasSubstr("Range"));
  EXPECT_EQ(answer.Header("Access-Control-Allow-Origin"), "*");
}

TEST_F(EdgeTest, ConditionalRequestsAreAnsweredFromTheCache) {
  origin_.Set("12/comb/a/seg-00001.m4s", {Bytes(1000)});
  ASSERT_EQ(Get(Target("a/seg-00001.m4s")).status, 200);
  Client::Answer same = Get(Target("a/seg-00001.m4s"), "If-None-Match: \"v1\"\r\n");
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.Header("ETag"), "\"v1\"");
  EXPECT_EQ(Get(Target("a/seg-00001.m4s"), "If-Range: \"v0\"\r\nRange: bytes=0-4\r\n").status, 200);
}

TEST_F(EdgeTest, AQueryDoesNotMakeAnotherObject) {
  origin_.Set("12/comb/a/seg-00001.m4s", {Bytes(1000)});
  ASSERT_EQ(Get(Target("a/seg-00001.m4s?CMCD=br%3D1")).status, 200);
  ASSERT_EQ(Get(Target("a/seg-00001.m4s?x=y")).status, 200);
  EXPECT_EQ(OriginRequests("a/seg-00001.m4s"), 1);
}

TEST_F(EdgeTest, ARestartKeepsTheCache) {
  origin_.Set("12/comb/a/seg-00001.m4s", {Bytes(100'000)});
  ASSERT_EQ(Get(Target("a/seg-00001.m4s")).status, 200);
  StartEdge();
  origin_.Stop();
  EXPECT_EQ(Get(Target("a/seg-00001.m4s")).body, Bytes(100'000));
}

TEST_F(EdgeTest, TheCachesBoundHoldsUnderMoreThanFits) {
  StartEdge(2 << 20);
  for (int i = 0; i < 20; ++i) {
    std::string path = absl::StrCat("a/seg-", i, ".m4s");
    origin_.Set("12/comb/" + path, {Bytes(300'000)});
    ASSERT_EQ(Get(Target(path)).body, Bytes(300'000));
  }
  std::string text = metrics_.Text();
  size_t at = text.find("\nlectern_edge_cache_bytes ");
  ASSERT_NE(at, std::string::npos);
  EXPECT_LE(std::stod(text.substr(at + 26)), 2 << 20);
}

TEST_F(EdgeTest, AnEdgeMayStandBehindAnother) {
  origin_.Set("12/comb/a/seg-00001.m4s", {Bytes(100'000)});
  EdgeOptions options;
  options.cache_dir = dir_ / "second";
  options.cache_bytes = 64 << 20;
  options.upstream = absl::StrCat("http://127.0.0.1:", edge_->port());
  Metrics metrics;
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<EdgeServer> second, EdgeServer::Start(options, clock_, metrics));
  Directory directory;
  directory.keys = {{key_.key_id, key_.audience, key_.public_bytes}};
  second->SetDirectory(directory);
  EXPECT_EQ(Client(second->port()).Get(Target("a/seg-00001.m4s")).body, Bytes(100'000));
  EXPECT_EQ(OriginRequests("a/seg-00001.m4s"), 1);
}

}  // namespace
}  // namespace lectern::edge
