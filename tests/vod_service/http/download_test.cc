// Recordings as files: who may have them, how they are named, and that they come in parts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

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
using ::testing::HasSubstr;
using ::testing::Not;

class DownloadTest : public ::testing::Test {
 protected:
  void SetUp() override {
    server_ = std::make_unique<testing::VodServer>(dir_.path(), keys_, testing::VodOptions{});
    ASSERT_OK(server_->blobs().Put("recordings/" + upload_, "0123456789abcdefghijklmnopqr"));
    ASSERT_OK(server_->blobs().Put("recordings/" + testing::UploadId('2'), "of somebody else"));
    ASSERT_OK(server_->blobs().Put("media/12/cam/master.m3u8", "#EXTM3U\n"));
  }
  Claims Right() const {
    Claims claims;
    claims.subject = "users/7";
    claims.issued_at = absl::Now();
    claims.expires_at = absl::Now() + absl::Hours(2);
    claims.resource = testing::kResource;
    claims.lecture = kLecture;
    claims.view = "cam";
    claims.upload = upload_;
    claims.download = true;
    return claims;
  }
  Reply Get(const Claims& claims, const std::string& path, std::vector<std::string> headers = {}, const std::string& method = "GET") {
    return Ask(server_->port(), method, absl::StrCat("/p/", Sign(keys_.playback, claims), "/12/cam/", path), headers);
  }
  Reply Get(const std::string& path, std::vector<std::string> headers = {}, const std::string& method = "GET") {
    return Get(Right(), path, std::move(headers), method);
  }
  std::string ReasonOf(const Claims& claims, const std::string& path = "download/talk.mp4") {
    const Reply reply = Get(claims, path);
    EXPECT_EQ(reply.status, 403) << reply.body;
    const size_t at = reply.body.find("\"reason\"");
    return at == std::string::npos ? "" : reply.body.substr(at);
  }

  TempDir dir_;
  testing::VodKeys keys_ = testing::MakeKeys();
  std::unique_ptr<testing::VodServer> server_;
  const std::string upload_ = testing::UploadId('1');
};

TEST_F(DownloadTest, TheFileComesAsItIsUnderItsName) {
  const Reply reply = Get("download/Analysis%20-%20Gr%C3%B6%C3%9Fen%20%28CAM%29.mp4");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "0123456789abcdefghijklmnopqr");
  EXPECT_EQ(reply.Header("Content-Type"), "video/mp4");
  EXPECT_EQ(reply.Header("Content-Disposition"),
            "attachment; filename=\"Analysis - Gr__en (CAM).mp4\"; filename*=UTF-8''Analysis%20-%20Gr%C3%B6%C3%9Fen%20%28CAM%29.mp4");
  EXPECT_EQ(reply.Header("Accept-Ranges"), "bytes");
  EXPECT_EQ(reply.Header("X-Content-Type-Options"), "nosniff");
  EXPECT_THAT(reply.Header("Cache-Control"), HasSubstr("private"));
  EXPECT_THAT(reply.Header("Cache-Control"), HasSubstr("no-transform"));
  EXPECT_THAT(reply.Header("Cache-Control"), Not(HasSubstr("public")));
  EXPECT_EQ(Get("download/talk.mp4", {"Accept-Encoding: gzip, br"}).Header("Content-Encoding"), "");
  const Reply nameless = Get("download");
  EXPECT_EQ(nameless.status, 200);
  EXPECT_THAT(nameless.Header("Content-Disposition"), HasSubstr("filename=\"recording-12-cam\""));
  const Reply head = Get("download/talk.mp4", {}, "HEAD");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.Header("Content-Length"), "28");
  EXPECT_EQ(Get("download/talk.mp4", {}, "DELETE").status, 405);
}

TEST_F(DownloadTest, AnInterruptedDownloadGoesOn) {
  const std::string etag = Get("download/talk.mp4").Header("ETag");
  ASSERT_EQ(etag.front(), '"');
  const Reply part = Get("download/talk.mp4", {"Range: bytes=10-", "If-Range: " + etag});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.Header("Content-Range"), "bytes 10-27/28");
  EXPECT_EQ(part.body, "abcdefghijklmnopqr");
  EXPECT_THAT(part.Header("Content-Disposition"), HasSubstr("talk.mp4"));
  EXPECT_EQ(Get("download/talk.mp4", {"Range: bytes=10-", "If-Range: \"other\""}).status, 200);
  EXPECT_EQ(Get("download/talk.mp4", {"Range: bytes=28-"}).status, 416);
  EXPECT_EQ(Get("download/talk.mp4", {"If-None-Match: " + etag}).status, 304);
}

TEST_F(DownloadTest, APlaybackTokenGivesNoFileAndADownloadTokenPlaysNothing) {
  Claims playing = Right();
  playing.download = false;
  playing.upload.clear();
  EXPECT_THAT(ReasonOf(playing), HasSubstr("DOWNLOADS_OFF"));
  EXPECT_EQ(Get(playing, "master.m3u8").status, 200);
  playing.upload = upload_;
  EXPECT_THAT(ReasonOf(playing), HasSubstr("DOWNLOADS_OFF"));
  EXPECT_THAT(ReasonOf(Right(), "master.m3u8"), HasSubstr("TOKEN_NOT_FOR_THIS"));
  EXPECT_EQ(Ask(server_->port(), "GET", "/p//12/cam/download/talk.mp4", {}).status, 401);
}

TEST_F(DownloadTest, ATokenGivesTheOneFileThatItNames) {
  Claims other = Right();
  other.lecture = 13;
  EXPECT_THAT(ReasonOf(other), HasSubstr("TOKEN_NOT_FOR_THIS"));
  other = Right();
  other.view = "pres";
  EXPECT_THAT(ReasonOf(other), HasSubstr("TOKEN_NOT_FOR_THIS"));
  other = Right();
  other.resource = testing::kResource + 1;
  EXPECT_THAT(ReasonOf(other), HasSubstr("TOKEN_NOT_FOR_THIS"));
  other = Right();
  other.upload.clear();
  EXPECT_THAT(ReasonOf(other), HasSubstr("TOKEN_NOT_FOR_THIS"));
  other = Right();
  other.upload = testing::UploadId('9');
  EXPECT_EQ(Get(other, "download/talk.mp4").status, 404) << "its file is gone";
  for (const char* hostile : {"../catalog.sqlite3", "..", "x/../../../directory.pb", ""}) {
    other.upload = hostile;
    EXPECT_NE(Get(other, "download/talk.mp4").status, 200) << hostile;
  }
}

TEST_F(DownloadTest, ExpiredForgedAndWithdrawnTokensGiveNothing) {
  Claims late = Right();
  late.issued_at = absl::Now() - absl::Hours(3);
  late.expires_at = absl::Now() - absl::Hours(1);
  EXPECT_THAT(ReasonOf(late), HasSubstr("TOKEN_EXPIRED"));
  EXPECT_EQ(Ask(server_->port(), "GET", absl::StrCat("/p/", Sign(keys_.upload, Right()), "/12/cam/download"), {}).status, 403);
  EXPECT_EQ(Ask(server_->port(), "GET", "/p/forged/12/cam/download", {}).status, 403);
  v1::Directory directory;
  for (const SigningKey* key : {&keys_.upload, &keys_.job, &keys_.playback}) {
    v1::Key& out = *directory.add_keys();
    out.set_key_id(key->key_id);
    out.set_audience(std::string(AudienceWord(key->audience)));
    out.set_public_key(key->public_bytes);
  }
  v1::Revocation& revocation = *directory.add_revocations();
  revocation.set_lecture(kLecture);
  revocation.set_subject("users/7");
  revocation.mutable_issued_before()->set_seconds(absl::ToUnixSeconds(absl::Now()) + 60);
  const Claims before = Right();
  EXPECT_EQ(Get(before, "download/talk.mp4").status, 200);
  server_->access().SetDirectory(directory);
  EXPECT_THAT(ReasonOf(before), HasSubstr("TOKEN_REVOKED"));
}

TEST_F(DownloadTest, HostileNamesAreCleanedAndBrokenPathsUnknown) {
  const Reply injected = Get("download/a%0D%0AX-Evil%3A%201%22%3B%20filename%3Dx.exe.mp4");
  EXPECT_EQ(injected.status, 200);
  EXPECT_EQ(injected.Header("X-Evil"), "");
  EXPECT_THAT(injected.Header("Content-Disposition"), HasSubstr("filename=\"a X-Evil- 1-; filename=x.exe.mp4\""));
  EXPECT_THAT(Get("download/..%2F..%2Fetc%2Fpasswd").Header("Content-Disposition"), HasSubstr("filename=\"-..-etc-passwd\""));
  EXPECT_EQ(Get("download/page.html").Header("Content-Type"), "application/octet-stream");
  EXPECT_EQ(Get("download/picture.svg").Header("Content-Type"), "application/octet-stream");
  EXPECT_THAT(Get("download/%E2%80%AE4pm.exe").Header("Content-Disposition"), HasSubstr("filename*=UTF-8''4pm.exe"));
  EXPECT_THAT(Get("download/" + std::string(3000, 'x') + ".mp4").Header("Content-Disposition"), HasSubstr("xxx.mp4"));
  for (const char* path : {"download/a/b.mp4", "download/%", "download/%zz", "download/%00", "download/a/", "downloads", "downloadx/a.mp4"}) {
    EXPECT_EQ(Get(path).status, 404) << path;
  }
  EXPECT_EQ(Ask(server_->port(), "GET", "/p/" + Sign(keys_.playback, Right()) + "/012/cam/download", {}).status, 404);
  EXPECT_EQ(Ask(server_->port(), "GET", "/p/" + Sign(keys_.playback, Right()) + "/12/CAM/download", {}).status, 404);
}

TEST_F(DownloadTest, PagesFromElsewhereMayUploadAndDownload) {
  const Reply asked = Ask(server_->port(), "OPTIONS", "/uploads/" + upload_,
                          {"Origin: https://lectures.example.org", "Access-Control-Request-Method: PATCH",
                           "Access-Control-Request-Headers: authorization,content-type,tus-resumable,upload-checksum,upload-offset",
                           "Access-Control-Request-Private-Network: true"});
  EXPECT_EQ(asked.status, 204);
  EXPECT_EQ(asked.Header("Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(asked.Header("Access-Control-Allow-Private-Network"), "true");
  for (const char* method : {"POST", "PATCH", "HEAD", "DELETE", "PUT", "GET"}) {
    EXPECT_THAT(asked.Header("Access-Control-Allow-Methods"), HasSubstr(method));
  }
  for (const char* header : {"Authorization", "Content-Type", "Tus-Resumable", "Upload-Length", "Upload-Offset", "Upload-Metadata",
                             "Upload-Checksum"}) {
    EXPECT_THAT(asked.Header("Access-Control-Allow-Headers"), HasSubstr(header));
  }
  EXPECT_EQ(Ask(server_->port(), "OPTIONS", "/uploads", {"Origin: https://a.example"}).Header("Access-Control-Allow-Private-Network"), "");
  const Reply head = Ask(server_->port(), "HEAD", "/uploads/" + upload_, {"Origin: https://lectures.example.org", "Tus-Resumable: 1.0.0"});
  for (const char* header : {"Upload-Offset", "Upload-Length", "Upload-Expires", "Location", "Tus-Version", "Tus-Max-Size",
                             "Retry-After"}) {
    EXPECT_THAT(head.Header("Access-Control-Expose-Headers"), HasSubstr(header));
  }
}

}  // namespace
}  // namespace lectern::vod
