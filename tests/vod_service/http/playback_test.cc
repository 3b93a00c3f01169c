#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lectern/v1/link.pb.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/vod_service/support/vod_fixture.h"

namespace lectern::vod {
namespace {

using lectern::testing::TempDir;
using testing::Ask;
using testing::kLecture;
using testing::PlaybackToken;
using testing::Reply;

class PlaybackTest : public ::testing::Test {
 protected:
  void SetUp() override {
    server_ = std::make_unique<testing::VodServer>(dir_.path(), keys_, testing::VodOptions{});
    ASSERT_OK(server_->blobs().Put("media/12/comb/master.m3u8", "#EXTM3U\n"));
    ASSERT_OK(server_->blobs().Put("media/12/comb/" + segment_, "0123456789abcdefghijklmnopqr"));
  }
  Reply Get(const std::string& path, std::vector<std::string> headers = {}, const std::string& method = "GET") {
    return Ask(server_->port(), method, absl::StrCat("/p/", PlaybackToken(keys_, kLecture), "/12/comb/", path),
               headers);
  }

  TempDir dir_;
  testing::VodKeys keys_ = testing::MakeKeys();
  std::unique_ptr<testing::VodServer> server_;
  const std::string segment_ = testing::UploadId('1') + "/720p-5-1/seg-00001.m4s";
};

TEST_F(PlaybackTest, EachKindHasItsTypeAndItsCaching) {
  Reply master = Get("master.m3u8");
  EXPECT_EQ(master.status, 200);
  EXPECT_EQ(master.Header("Content-Type"), "application/vnd.apple.mpegurl");
  EXPECT_TRUE(absl::StrContains(master.Header("Cache-Control"), "max-age=10,"));
  Reply segment = Get(segment_);
  EXPECT_EQ(segment.status, 200);
  EXPECT_EQ(segment.body.size(), 28u);
  EXPECT_EQ(segment.Header("Content-Type"), "video/iso.segment");
  EXPECT_TRUE(absl::StrContains(segment.Header("Cache-Control"), "immutable"));
  EXPECT_EQ(segment.Header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(segment.Header("Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(segment.Header("Accept-Ranges"), "bytes");
}

TEST_F(PlaybackTest, R1ToR44RangesAndConditions) {
  const std::string etag = Get(segment_).Header("ETag");
  ASSERT_EQ(etag.front(), '"');
  EXPECT_EQ(Get(segment_, {"Range: bytes=0-4"}).Header("Content-Range"), "bytes 0-4/28");
  EXPECT_EQ(Get(segment_, {"Range: bytes=0-"}).status, 206);
  EXPECT_EQ(Get(segment_, {"Range: bytes=-4"}).body, "opqr");
  EXPECT_EQ(Get(segment_, {"Range: bytes=28-"}).status, 416);
  EXPECT_EQ(Get(segment_, {"Range: bytes=28-"}).Header("Content-Range"), "bytes */28");
  EXPECT_EQ(Get(segment_, {"Range: bytes=0-4"}, "HEAD").status, 200);
  EXPECT_EQ(Get(segment_, {"Range: bytes=0-4", "If-Range: " + etag}).status, 206);
  EXPECT_EQ(Get(segment_, {"Range: bytes=0-4", "If-Range: \"other\""}).status, 200);
  EXPECT_EQ(Get(segment_, {"If-None-Match: " + etag}).status, 304);
  EXPECT_EQ(Get(segment_, {"If-Match: \"other\""}).status, 412);
  EXPECT_EQ(Get(segment_, {}, "PUT").status, 405);
}

TEST_F(PlaybackTest, ATokenOpensItsLectureOnly) {
  const std::string token = PlaybackToken(keys_, kLecture);
  EXPECT_EQ(Ask(server_->port(), "GET", "/p/" + token + "/13/comb/master.m3u8", {}).status, 403);
  EXPECT_EQ(Ask(server_->port(), "GET", "/p/forged/12/comb/master.m3u8", {}).status, 403);
  EXPECT_EQ(Ask(server_->port(), "GET", "/p/" + token + "/12/cam/master.m3u8", {}).status, 404);
  Claims expired;
  expired.issued_at = absl::Now() - absl::Hours(3);
  expired.expires_at = absl::Now() - absl::Hours(1);
  expired.resource = testing::kResource;
  expired.lecture = kLecture;
  EXPECT_EQ(Ask(server_->port(), "GET", "/p/" + Sign(keys_.playback, expired) + "/12/comb/master.m3u8", {}).status,
            403);
  expired.expires_at = absl::Now() + absl::Hours(1);
  expired.resource = testing::kResource + 1;
  EXPECT_EQ(Ask(server_->port(), "GET", "/p/" + Sign(keys_.playback, expired) + "/12/comb/master.m3u8", {}).status, 403)
      << "a token for another media service";
}

TEST_F(PlaybackTest, AWithdrawnTokenPlaysNothingAlsoAfterARestart) {
  v1::Directory directory;
  v1::Key* key = directory.add_keys();
  key->set_key_id(keys_.playback.key_id);
  key->set_audience("playback");
  key->set_public_key(keys_.playback.public_bytes);
  v1::Revocation* revocation = directory.add_revocations();
  revocation->set_lecture(kLecture);
  revocation->set_subject("users/5");
  revocation->mutable_issued_before()->set_seconds(absl::ToUnixSeconds(absl::Now()));
  server_->access().SetDirectory(directory);
  Reply reply = Get("master.m3u8");
  EXPECT_EQ(reply.status, 403);
  EXPECT_TRUE(absl::StrContains(reply.body, "TOKEN_REVOKED"));
  Access restarted(RealClock(), dir_ / "directory.pb");
  ASSERT_OK(restarted.Load());
  restarted.SetResource(testing::kResource);
  EXPECT_THAT(restarted.CheckPlayback(PlaybackToken(keys_, kLecture), kLecture, "comb"),
              lectern::testing::StatusIs(absl::StatusCode::kPermissionDenied, "TOKEN_REVOKED"));
}

TEST_F(PlaybackTest, R36R37NothingOutsideIsReachable) {
  std::filesystem::create_symlink("/etc/passwd",
                                  dir_ / ("store/objects/media/12/comb/" + testing::UploadId('1') + "/720p-5-1/x"));
  ASSERT_OK(server_->blobs().Put("recordings/" + testing::UploadId('1'), "the whole recording"));
  const std::string id = testing::UploadId('1');
  for (const std::string& path : std::vector<std::string>{
           std::string("../../../recordings/") + id, std::string("..%2f..%2f..%2frecordings%2f") + id,
           id + "/720p-5-1/../../master.m3u8", id + "/720p-5-1/x", id + "//seg-00001.m4s",
           id + "/720p-5-1/seg-00001.m4s;", id + "/720p-5-1/%00", id, id + "/720p-5-1", std::string("master.m3u8/"),
           std::string("./master.m3u8"), std::string("%6daster.m3u8"), id + "/720p-5-1/.hidden"}) {
    EXPECT_EQ(Get(path).status, 404) << path;
  }
  const std::string token = PlaybackToken(keys_, kLecture);
  for (const std::string& path : std::vector<std::string>{
           "/p/" + token, "/p/" + token + "/12", "/p/" + token + "/012/comb/master.m3u8",
           "/p/" + token + "/12/COMB/master.m3u8", "/p/" + token + "/-12/comb/master.m3u8"}) {
    EXPECT_EQ(Ask(server_->port(), "GET", path, {}).status, 404) << path;
  }
  EXPECT_EQ(Ask(server_->port(), "GET", "/p//12/comb/master.m3u8", {}).status, 401);
}

TEST_F(PlaybackTest, R32PlayersMayAskForRanges) {
  Reply preflight = Get("master.m3u8", {"Origin: https://x", "Access-Control-Request-Headers: range"}, "OPTIONS");
  EXPECT_EQ(preflight.status, 204);
  EXPECT_TRUE(absl::StrContains(preflight.Header("Access-Control-Allow-Headers"), "Range"));
}

}  // namespace
}  // namespace lectern::vod
