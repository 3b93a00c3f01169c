#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/vod_service/support/vod_fixture.h"
#include "vod_service/library/keys.h"

namespace lectern::vod {
namespace {

using lectern::testing::TempDir;
using testing::Ask;
using testing::JobToken;
using testing::Noise;
using testing::Reply;
using testing::Sha256Hex;
using testing::UploadId;
using testing::UploadToken;

class JobFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    server_ = std::make_unique<testing::VodServer>(dir_.path(), keys_, testing::VodOptions{});
    Upload('1', recording_);
  }
  void Upload(char digit, const std::string& bytes) {
    std::string token = UploadToken(keys_, UploadId(digit), static_cast<int64_t>(bytes.size()));
    ASSERT_EQ(
        Ask(server_->port(), "PUT", "/uploads/" + UploadId(digit), {"Authorization: Bearer " + token}, bytes).status,
        204);
  }
  Reply Job(const std::string& method, int64_t job, int64_t fence, const std::string& what,
            const std::string& body = "", std::vector<std::string> headers = {}, char upload = '1') {
    headers.push_back("Authorization: Bearer " + JobToken(keys_, job, fence, UploadId(upload)));
    return Ask(server_->port(), method, absl::StrCat("/jobs/", job, "/", fence, "/", what), headers, body);
  }

  TempDir dir_;
  testing::VodKeys keys_ = testing::MakeKeys();
  std::unique_ptr<testing::VodServer> server_;
  const std::string recording_ = Noise(100'000);
};

TEST_F(JobFilesTest, AJobReadsItsSourceInRanges) {
  EXPECT_EQ(Job("GET", 5, 1, "source").body, recording_);
  Reply part = Job("GET", 5, 1, "source", "", {"Range: bytes=1000-1999"});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.Header("Content-Range"), "bytes 1000-1999/100000");
  EXPECT_EQ(part.body, recording_.substr(1000, 1000));
  Reply head = Job("HEAD", 5, 1, "source");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.Header("Content-Length"), "100000");
  EXPECT_EQ(head.Header("Accept-Ranges"), "bytes");
}

TEST_F(JobFilesTest, AnOutputIsSeenByOthersOnlyAfterItsCommit) {
  const std::string bytes = Noise(50'000, 2);
  EXPECT_EQ(Job("PUT", 5, 1, "outputs/video.mp4", bytes, {"X-Content-SHA256: " + Sha256Hex(bytes)}).status, 204);
  EXPECT_EQ(Job("GET", 6, 1, "input/5/video.mp4").status, 404);
  Reply commit = Job("POST", 5, 1, "commit");
  EXPECT_EQ(commit.status, 200);
  EXPECT_TRUE(absl::StrContains(commit.body, Sha256Hex(bytes))) << commit.body;
  EXPECT_EQ(Job("GET", 6, 1, "input/5/video.mp4").body, bytes);
  EXPECT_EQ(Job("POST", 5, 1, "commit").status, 200) << "repeated after a lost answer";
  EXPECT_EQ(Job("GET", 6, 1, "input/5/other.mp4").status, 404);
}

TEST_F(JobFilesTest, AnOlderFenceIsRefusedEverywhere) {
  EXPECT_EQ(Job("PUT", 5, 1, "outputs/a.mp4", "old").status, 204);
  EXPECT_EQ(Job("HEAD", 5, 2, "source").status, 200) << "the job runs elsewhere now";
  for (const Reply& reply :
       {Job("PUT", 5, 1, "outputs/a.mp4", "late"), Job("POST", 5, 1, "commit"), Job("GET", 5, 1, "source")}) {
    EXPECT_EQ(reply.status, 409);
    EXPECT_TRUE(absl::StrContains(reply.body, "FENCED")) << reply.body;
  }
  EXPECT_EQ(Job("PUT", 5, 2, "outputs/a.mp4", "new").status, 204);
  EXPECT_EQ(Job("POST", 5, 2, "commit").status, 200);
  EXPECT_EQ(Job("GET", 6, 1, "input/5/a.mp4").body, "new");
}

TEST_F(JobFilesTest, ACommitCutOffInTheMiddleIsFinishedByTheNext) {
  EXPECT_EQ(Job("PUT", 5, 1, "outputs/a.mp4", "aaa").status, 204);
  EXPECT_EQ(Job("PUT", 5, 1, "outputs/b.mp4", "bbb").status, 204);
  ASSERT_OK(server_->blobs().PutFile("jobs/5/1/a.mp4", StagedFolder(server_->blobs().ScratchDir(), 5, 1) + "/a.mp4"));
  EXPECT_EQ(Job("POST", 5, 1, "commit").status, 200);
  EXPECT_EQ(Job("GET", 6, 1, "input/5/a.mp4").body, "aaa");
  EXPECT_EQ(Job("GET", 6, 1, "input/5/b.mp4").body, "bbb");
}

TEST_F(JobFilesTest, NothingStagedIsNothingCommitted) {
  Reply reply = Job("POST", 5, 1, "commit");
  EXPECT_EQ(reply.status, 409);
  EXPECT_TRUE(absl::StrContains(reply.body, "NOTHING_STAGED"));
}

TEST_F(JobFilesTest, AWrongDigestIsRefusedAndLeavesNothing) {
  EXPECT_EQ(Job("PUT", 5, 1, "outputs/a.mp4", "abc", {"X-Content-SHA256: " + Sha256Hex("abd")}).status, 400);
  EXPECT_EQ(Job("POST", 5, 1, "commit").status, 409);
  EXPECT_TRUE(std::filesystem::is_empty(StagedFolder(server_->blobs().ScratchDir(), 5, 1)));
}

TEST_F(JobFilesTest, HostileNamesAreUnknown) {
  for (std::string name : {std::string("../a"), std::string("..%2fa"), std::string(".hidden"), std::string("a/b"),
                           std::string("a%00"), std::string(), std::string(101, 'a'), std::string("a;b")}) {
    EXPECT_EQ(Job("PUT", 5, 1, "outputs/" + name, "x").status, 404) << name;
    EXPECT_EQ(Job("GET", 6, 1, "input/5/" + name).status, 404) << name;
  }
}

TEST_F(JobFilesTest, AnotherRecordingsOutputsAreNotReadable) {
  Upload('2', "another");
  EXPECT_EQ(Job("PUT", 5, 1, "outputs/a.mp4", "secret").status, 204);
  EXPECT_EQ(Job("POST", 5, 1, "commit").status, 200);
  EXPECT_EQ(Job("GET", 9, 1, "input/5/a.mp4", "", {}, '2').status, 404);
}

TEST_F(JobFilesTest, TokensOpenTheirOwnJobOnly) {
  std::string other = "Authorization: Bearer " + JobToken(keys_, 6, 1, UploadId('1'));
  EXPECT_EQ(Ask(server_->port(), "GET", "/jobs/5/1/source", {other}).status, 403);
  EXPECT_EQ(Ask(server_->port(), "GET", "/jobs/5/1/source", {}).status, 401);
  std::string upload = "Authorization: Bearer " + UploadToken(keys_, UploadId('1'), 100'000);
  EXPECT_EQ(Ask(server_->port(), "GET", "/jobs/5/1/source", {upload}).status, 403);
  EXPECT_EQ(Job("GET", 5, 1, "source", "", {}, '3').status, 404) << "an upload that is not here";
}

TEST_F(JobFilesTest, PicturesArePublishedWithTheirCommit) {
  EXPECT_EQ(Job("PUT", 5, 1, "outputs/thumbnails.vtt", "WEBVTT\n").status, 204);
  EXPECT_EQ(Job("PUT", 5, 1, "outputs/sprite-001.jpg", "jpeg").status, 204);
  Reply commit = Job("POST", 5, 1, "commit");
  const std::string path = UploadId('1') + "/thumbnails/thumbnails.vtt";
  EXPECT_TRUE(absl::StrContains(commit.body, path)) << commit.body;
  Reply vtt = Ask(server_->port(), "GET",
                  absl::StrCat("/p/", testing::PlaybackToken(keys_, testing::kLecture), "/12/comb/", path), {});
  EXPECT_EQ(vtt.status, 200);
  EXPECT_EQ(vtt.body, "WEBVTT\n");
  EXPECT_EQ(vtt.Header("Content-Type"), "text/vtt; charset=utf-8");
}

}  // namespace
}  // namespace lectern::vod
