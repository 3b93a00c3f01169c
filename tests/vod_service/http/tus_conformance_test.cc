// The conformance cases of tus 1.0 against the real server. The number in a name is the case's in the list of cases.
#include <gtest/gtest.h>

#include <thread>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/vod_service/support/vod_fixture.h"
#include "vod_service/library/keys.h"
#include "vod_service/upload/digest.h"

namespace lectern::vod {
namespace {

using lectern::testing::TempDir;
using testing::Ask;
using testing::Noise;
using testing::Reply;
using testing::Sha256Hex;
using testing::TusHeaders;
using testing::UploadId;
using testing::UploadToken;

constexpr char kStream[] = "Content-Type: application/offset+octet-stream";

class TusConformanceTest : public ::testing::Test {
 protected:
  TusConformanceTest() { server_ = std::make_unique<testing::VodServer>(dir_.path(), keys_, testing::VodOptions{}); }

  int port() { return server_->port(); }
  std::string Token(int64_t size, char digit = '1') { return UploadToken(keys_, UploadId(digit), size); }
  std::string Path(char digit = '1') { return "/uploads/" + UploadId(digit); }

  Reply Create(int64_t size, std::vector<std::string> more = {}) {
    more.push_back(absl::StrCat("Upload-Length: ", size));
    return Ask(port(), "POST", "/uploads", TusHeaders(Token(size), std::move(more)));
  }
  Reply Patch(int64_t size, int64_t offset, const std::string& bytes, std::vector<std::string> more = {}) {
    more.push_back(kStream);
    more.push_back(absl::StrCat("Upload-Offset: ", offset));
    return Ask(port(), "PATCH", Path(), TusHeaders(Token(size), std::move(more)), bytes);
  }
  Reply Head(int64_t size) { return Ask(port(), "HEAD", Path(), TusHeaders(Token(size))); }
  UploadRecord Row() {
    auto row = server_->catalog().GetUpload(UploadId('1'));
    return row.ok() ? *row : UploadRecord();
  }
  std::string Checksum(const std::string& word, DigestAlgorithm algorithm, const std::string& bytes) {
    Digest digest(algorithm);
    digest.Update(bytes);
    return absl::StrCat("Upload-Checksum: ", word, " ", absl::Base64Escape(digest.Value()));
  }

  TempDir dir_;
  testing::VodKeys keys_ = testing::MakeKeys();
  std::unique_ptr<testing::VodServer> server_;
};

TEST_F(TusConformanceTest, U01OptionsListsWhatTheServerCan) {
  Reply reply = Ask(port(), "OPTIONS", "/uploads", {});
  EXPECT_EQ(reply.status, 204);
  EXPECT_EQ(reply.Header("Tus-Version"), "1.0.0");
  EXPECT_EQ(reply.Header("Tus-Extension"), "creation,creation-with-upload,termination,checksum,expiration");
  EXPECT_EQ(reply.Header("Tus-Checksum-Algorithm"), "sha1,sha256,crc32c");
  EXPECT_EQ(reply.Header("Tus-Max-Size"), absl::StrCat(UploadLimits().max_upload_bytes));
}

TEST_F(TusConformanceTest, U02U03AnotherVersionIsRefusedWithoutAnyEffect) {
  for (const char* version : {"X-No: 1", "Tus-Resumable: 0.2.2"}) {
    Reply reply = Ask(port(), "POST", "/uploads", {"Authorization: Bearer " + Token(5), "Upload-Length: 5", version});
    EXPECT_EQ(reply.status, 412);
    EXPECT_EQ(reply.Header("Tus-Version"), "1.0.0");
  }
  EXPECT_EQ(Row().sequence, 0);
}

TEST_F(TusConformanceTest, U04AnEmptyFileIsRefusedInWords) {
  Reply reply = Create(0);
  EXPECT_EQ(reply.status, 400);
  EXPECT_NE(reply.body.find("EMPTY_FILE"), std::string::npos) << reply.body;
}

TEST_F(TusConformanceTest, U05ToU08WrongLengthsAreRefusedAndNothingIsStored) {
  EXPECT_EQ(Ask(port(), "POST", "/uploads", TusHeaders(Token(5))).status, 400);
  EXPECT_EQ(
      Ask(port(), "POST", "/uploads", TusHeaders(Token(5), {"Upload-Length: 5", "Upload-Defer-Length: 1"})).status,
      400);
  EXPECT_EQ(Ask(port(), "POST", "/uploads", TusHeaders(Token(5), {"Upload-Defer-Length: 2"})).status, 400);
  EXPECT_EQ(Ask(port(), "POST", "/uploads", TusHeaders(Token(5), {"Upload-Length: 6"})).status, 413);
  EXPECT_EQ(Ask(port(), "POST", "/uploads", TusHeaders(Token(5), {"Upload-Length: 4"})).status, 400);
  EXPECT_EQ(Create(UploadLimits().max_upload_bytes + 1).status, 413);
  EXPECT_EQ(Row().sequence, 0);
}

TEST_F(TusConformanceTest, PostAgainWhileOpenAnswersWithTheSameLocation) {
  Reply first = Create(5);
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(first.Header("Location"), Path());
  EXPECT_TRUE(first.Has("Upload-Expires"));
  EXPECT_EQ(Patch(5, 0, "ab").status, 204);
  Reply again = Create(5);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.Header("Location"), Path());
  EXPECT_EQ(again.Header("Upload-Offset"), "2");
}

TEST_F(TusConformanceTest, U10HeadOfAFreshUploadSaysZeroAndIsNotStored) {
  Create(5);
  Reply reply = Head(5);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.Header("Upload-Offset"), "0");
  EXPECT_EQ(reply.Header("Upload-Length"), "5");
  EXPECT_EQ(reply.Header("Cache-Control"), "no-store");
  EXPECT_EQ(reply.Header("Tus-Resumable"), "1.0.0");
}

TEST_F(TusConformanceTest, U11HeadOfAnUnknownUploadIs404WithoutAnOffset) {
  Reply reply = Head(5);
  EXPECT_EQ(reply.status, 404);
  EXPECT_FALSE(reply.Has("Upload-Offset"));
}

TEST_F(TusConformanceTest, U13MetadataIsEchoed) {
  const std::string metadata = absl::StrCat("filename ", absl::Base64Escape("Vorlesung äöü.mp4"), ",empty,big ",
                                            absl::Base64Escape(std::string(4096, 'x')));
  EXPECT_EQ(Create(5, {"Upload-Metadata: " + metadata}).status, 201);
  EXPECT_EQ(Head(5).Header("Upload-Metadata"), metadata);
}

TEST_F(TusConformanceTest, U14BrokenMetadataIsRefused) {
  for (const char* metadata : {"a YQ==,a YQ==", "a !!!", "a YQ==, ,b YQ==", "a YQ==,,b", "a YQ", "\x7f YQ=="}) {
    EXPECT_EQ(Create(5, {absl::StrCat("Upload-Metadata: ", metadata)}).status, 400) << metadata;
  }
}

TEST_F(TusConformanceTest, H44HostileFileNamesReachNoPath) {
  for (std::string name : {std::string("\"; rm -rf /"), std::string("-i x"), std::string("../../etc/passwd"),
                           std::string("\xe2\x80\xae.mp4")}) {
    EXPECT_EQ(Create(5, {"Upload-Metadata: filename " + absl::Base64Escape(name)}).status, 201);
  }
  std::string long_name = absl::Base64Escape(std::string(7000, 'n'));
  EXPECT_EQ(Ask(port(), "POST", "/uploads",
                TusHeaders(Token(5, '2'), {"Upload-Length: 5", "Upload-Metadata: filename " + long_name}))
                .status,
            400);
}

TEST_F(TusConformanceTest, U15AnotherContentTypeIs415) {
  Create(5);
  Reply reply =
      Ask(port(), "PATCH", Path(), TusHeaders(Token(5), {"Content-Type: video/mp4", "Upload-Offset: 0"}), "hello");
  EXPECT_EQ(reply.status, 415);
  EXPECT_EQ(Head(5).Header("Upload-Offset"), "0");
}

TEST_F(TusConformanceTest, U16AWrongOffsetIs409AndChangesNothing) {
  const std::string bytes = Noise(1000);
  Create(1000);
  EXPECT_EQ(Patch(1000, 0, bytes.substr(0, 500)).status, 204);
  EXPECT_EQ(Patch(1000, 499, "x").status, 409);
  EXPECT_EQ(Patch(1000, 501, "x").status, 409);
  EXPECT_EQ(Patch(1000, 500, bytes.substr(500)).status, 204);
  EXPECT_EQ(Row().sha256, Sha256Hex(bytes));
}

TEST_F(TusConformanceTest, U17MoreThanTheLengthIs413AndTheFileNeverLonger) {
  Create(5);
  EXPECT_EQ(Patch(5, 0, "hello world").status, 413);
  EXPECT_EQ(Patch(5, 0, "hel").status, 204);
  EXPECT_EQ(Patch(5, 3, "lo world").status, 413);
  Reply chunked =
      Ask(port(), "PATCH", Path(), TusHeaders(Token(5), {kStream, "Upload-Offset: 3", "Transfer-Encoding: chunked"}),
          "8\r\nlo world\r\n0\r\n\r\n");
  EXPECT_EQ(chunked.status, 413);
  EXPECT_EQ(Head(5).Header("Upload-Offset"), "3");
  EXPECT_EQ(Patch(5, 3, "lo").status, 204);
  EXPECT_EQ(Row().sha256, Sha256Hex("hello"));
}

TEST_F(TusConformanceTest, U18AnEmptyPatchAtTheRightOffsetChangesNothing) {
  Create(5);
  Patch(5, 0, "he");
  Reply reply = Patch(5, 2, "");
  EXPECT_EQ(reply.status, 204);
  EXPECT_EQ(reply.Header("Upload-Offset"), "2");
}

TEST_F(TusConformanceTest, U19APatchOfACompleteUploadCompletesNothingAgain) {
  Create(5);
  Patch(5, 0, "hello");
  ASSERT_EQ(Row().state, UploadState::kComplete);
  ASSERT_OK(server_->catalog().MarkReported(UploadId('1')));
  Reply repeated = Patch(5, 5, "");
  EXPECT_EQ(repeated.status, 204);
  EXPECT_EQ(repeated.Header("Upload-Offset"), "5");
  EXPECT_EQ(Patch(5, 0, "hello").status, 409);
  EXPECT_TRUE(Row().reported) << "the API would hear of a second upload";
}

TEST_F(TusConformanceTest, U20ChunkedCodingNeedsNoLength) {
  Create(5);
  Reply reply =
      Ask(port(), "PATCH", Path(), TusHeaders(Token(5), {kStream, "Upload-Offset: 0", "Transfer-Encoding: chunked"}),
          "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n");
  EXPECT_EQ(reply.status, 204);
  EXPECT_EQ(Row().sha256, Sha256Hex("hello"));
}

TEST_F(TusConformanceTest, U22ChecksumsAreVerifiedAndAWrongChunkIsDropped) {
  const std::string bytes = Noise(300'000);
  auto part = [&](int i) { return bytes.substr(i * 100'000, 100'000); };
  Create(300'000);
  EXPECT_EQ(Patch(300'000, 0, part(0), {Checksum("sha1", DigestAlgorithm::kSha1, part(0))}).status, 204);
  EXPECT_EQ(Patch(300'000, 100'000, part(1), {Checksum("sha256", DigestAlgorithm::kSha256, part(0))}).status, 460);
  EXPECT_EQ(Head(300'000).Header("Upload-Offset"), "100000");
  EXPECT_EQ(
      Patch(300'000, 100'000, part(1), {"Upload-Checksum: md5 " + absl::Base64Escape(std::string(16, 'x'))}).status,
      400);
  EXPECT_EQ(Patch(300'000, 100'000, part(1), {Checksum("sha256", DigestAlgorithm::kSha256, part(1))}).status, 204);
  EXPECT_EQ(Patch(300'000, 200'000, part(2), {Checksum("crc32c", DigestAlgorithm::kCrc32c, part(2))}).status, 204);
  EXPECT_EQ(Row().sha256, Sha256Hex(bytes));
}

TEST_F(TusConformanceTest, Crc32cIsTheOneOfRfc3720) {
  Digest digest(DigestAlgorithm::kCrc32c);
  digest.Update("123456789");
  EXPECT_EQ(digest.Value(), "\xe3\x06\x92\x83");
}

TEST_F(TusConformanceTest, U23CreationCanCarryBytes) {
  Reply partial = Ask(port(), "POST", "/uploads", TusHeaders(Token(5), {"Upload-Length: 5", kStream}), "hel");
  EXPECT_EQ(partial.status, 201);
  EXPECT_EQ(partial.Header("Upload-Offset"), "3");
  EXPECT_EQ(Patch(5, 3, "lo").status, 204);
  Reply whole = Ask(port(), "POST", "/uploads", TusHeaders(Token(5, '2'), {"Upload-Length: 5", kStream}), "hello");
  EXPECT_EQ(whole.status, 201);
  EXPECT_EQ(whole.Header("Upload-Offset"), "5");
  ASSERT_OK_AND_ASSIGN(UploadRecord row, server_->catalog().GetUpload(UploadId('2')));
  EXPECT_EQ(row.sha256, Sha256Hex("hello"));
}

TEST_F(TusConformanceTest, U24ABadTokenIsRefusedBeforeTheBodyIsAskedFor) {
  testing::Wire wire(port());
  wire.Send(absl::StrCat("PATCH ", Path(), " HTTP/1.1\r\nHost: v\r\nTus-Resumable: 1.0.0\r\nExpect: 100-continue\r\n",
                         kStream, "\r\nUpload-Offset: 0\r\nContent-Length: 1000000\r\n\r\n"));
  EXPECT_EQ(wire.Receive().status, 401);
}

TEST_F(TusConformanceTest, U26DeleteStopsTheWriterAndFreesTheDisk) {
  Create(1'000'000);
  testing::Wire writer(port());
  writer.Send(absl::StrCat("PATCH ", Path(), " HTTP/1.1\r\nHost: v\r\nTus-Resumable: 1.0.0\r\nAuthorization: Bearer ",
                           Token(1'000'000), "\r\n", kStream, "\r\nUpload-Offset: 0\r\nContent-Length: 1000000\r\n\r\n",
                           Noise(5000)));
  while (!server_->uploads().writers().IsHeld(UploadId('1'))) std::this_thread::yield();
  EXPECT_EQ(Ask(port(), "DELETE", Path(), TusHeaders(Token(1'000'000))).status, 204);
  writer.Receive();
  EXPECT_TRUE(writer.Closed());
  EXPECT_EQ(Head(1'000'000).status, 410);
  EXPECT_EQ(Patch(1'000'000, 0, "x").status, 410);
  EXPECT_EQ(Create(1'000'000).status, 410);
  EXPECT_NE(access(PartPath(server_->blobs().ScratchDir(), UploadId('1')).c_str(), F_OK), 0);
  EXPECT_EQ(Row().state, UploadState::kTerminated);
  EXPECT_FALSE(Row().reported);
}

TEST_F(TusConformanceTest, U30TheMethodCanBeOverridden) {
  Create(5);
  EXPECT_EQ(Ask(port(), "POST", Path(),
                TusHeaders(Token(5), {"X-HTTP-Method-Override: PATCH", kStream, "Upload-Offset: 0"}), "he")
                .status,
            204);
  EXPECT_EQ(Ask(port(), "POST", Path(), TusHeaders(Token(5), {"X-HTTP-Method-Override: HEAD"})).Header("Upload-Offset"),
            "2");
  EXPECT_EQ(Ask(port(), "POST", Path(), TusHeaders(Token(5), {"X-HTTP-Method-Override: DELETE"})).status, 204);
  EXPECT_EQ(Head(5).status, 410);
}

TEST_F(TusConformanceTest, U31BrowsersMayUseEveryTusHeader) {
  Reply preflight =
      Ask(port(), "OPTIONS", Path(), {"Origin: https://lectures.example", "Access-Control-Request-Method: PATCH"});
  EXPECT_EQ(preflight.status, 204);
  EXPECT_EQ(preflight.Header("Access-Control-Allow-Origin"), "*");
  EXPECT_FALSE(preflight.Has("Access-Control-Allow-Credentials"));
  for (const char* name : {"Tus-Resumable", "Upload-Length", "Upload-Offset", "Upload-Metadata", "Upload-Checksum",
                           "X-HTTP-Method-Override", "Authorization", "Content-Type"}) {
    EXPECT_NE(preflight.Header("Access-Control-Allow-Headers").find(name), std::string::npos) << name;
  }
  Create(5);
  Reply head = Head(5);
  for (const char* name : {"Upload-Offset", "Upload-Length", "Upload-Expires", "Location", "Tus-Resumable"}) {
    EXPECT_NE(head.Header("Access-Control-Expose-Headers").find(name), std::string::npos) << name;
  }
}

TEST_F(TusConformanceTest, U32OnlyTheUploadsOwnTokenOpensIt) {
  Create(5);
  EXPECT_EQ(Ask(port(), "HEAD", Path(), TusHeaders(Token(5, '2'))).status, 403);
  EXPECT_EQ(Ask(port(), "HEAD", Path(), {"Tus-Resumable: 1.0.0"}).status, 401);
  EXPECT_EQ(Ask(port(), "HEAD", Path(), TusHeaders("forged.token.here")).status, 403);
  EXPECT_EQ(Ask(port(), "HEAD", Path(), TusHeaders(testing::PlaybackToken(keys_, testing::kLecture))).status, 403);
  EXPECT_EQ(Ask(port(), "GET", Path(), TusHeaders(Token(5))).status, 405);
}

TEST_F(TusConformanceTest, PutTakesTheWholeFileAtOnce) {
  const std::string bytes = Noise(700'000);
  Reply reply = Ask(port(), "PUT", Path(), {"Authorization: Bearer " + Token(700'000)}, bytes);
  EXPECT_EQ(reply.status, 204) << reply.body;
  EXPECT_EQ(Row().sha256, Sha256Hex(bytes));
  EXPECT_EQ(Ask(port(), "PUT", Path(), {"Authorization: Bearer " + Token(700'000)}, bytes).status, 204) << "repeated";
}

TEST_F(TusConformanceTest, PutReplacesWhatAnEarlierTryLeft) {
  Create(5);
  Patch(5, 0, "XXXX");
  EXPECT_EQ(Ask(port(), "PUT", Path(), {"Authorization: Bearer " + Token(5)}, "hello").status, 204);
  EXPECT_EQ(Row().sha256, Sha256Hex("hello"));
}

TEST_F(TusConformanceTest, PutOfAnotherLengthIsRefused) {
  EXPECT_EQ(Ask(port(), "PUT", Path(), {"Authorization: Bearer " + Token(5)}, "hello!").status, 413);
  EXPECT_EQ(Ask(port(), "PUT", Path(), {"Authorization: Bearer " + Token(5)}, "hell").status, 400);
  Reply chunked = Ask(port(), "PUT", Path(), {"Authorization: Bearer " + Token(5), "Transfer-Encoding: chunked"},
                      "2\r\nhe\r\n0\r\n\r\n");
  EXPECT_EQ(chunked.status, 400);
  EXPECT_EQ(Head(5).Header("Upload-Offset"), "2");
}

}  // namespace
}  // namespace lectern::vod
