// Uploads under hostile clients and failing disks. The number in a name is the case's in the list of cases.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/vod_service/support/vod_fixture.h"
#include "vod_service/library/keys.h"

namespace lectern::vod {
namespace {

using lectern::testing::FakeClock;
using lectern::testing::TempDir;
using testing::Ask;
using testing::Noise;
using testing::PatchHead;
using testing::Reply;
using testing::Sha256Hex;
using testing::TusHeaders;
using testing::UploadId;
using testing::UploadToken;
using testing::Wire;

constexpr char kStream[] = "Content-Type: application/offset+octet-stream";

class TusHostileTest : public ::testing::Test {
 protected:
  void Start(testing::VodOptions options = {}, Clock& clock = RealClock(), const std::string& dir = "") {
    server_.reset();
    server_ = std::make_unique<testing::VodServer>(dir.empty() ? dir_.path() : dir, keys_, options, clock);
  }
  int port() { return server_->port(); }
  std::string Token(int64_t size) { return UploadToken(keys_, UploadId('1'), size); }
  std::string Path() { return "/uploads/" + UploadId('1'); }
  int Create(int64_t size) {
    return Ask(port(), "POST", "/uploads", TusHeaders(Token(size), {absl::StrCat("Upload-Length: ", size)})).status;
  }
  int Patch(int64_t size, int64_t offset, const std::string& bytes) {
    return Ask(port(), "PATCH", Path(), TusHeaders(Token(size), {kStream, absl::StrCat("Upload-Offset: ", offset)}),
               bytes)
        .status;
  }
  // -1 where the answer has none.
  int64_t Offset(int64_t size) {
    std::string offset = Ask(port(), "HEAD", Path(), TusHeaders(Token(size))).Header("Upload-Offset");
    return offset.empty() ? -1 : std::stoll(offset);
  }
  UploadRecord Row() {
    auto row = server_->catalog().GetUpload(UploadId('1'));
    return row.ok() ? *row : UploadRecord();
  }
  off_t PartSize() {
    struct stat st = {};
    return stat(PartPath(server_->blobs().ScratchDir(), UploadId('1')).c_str(), &st) == 0 ? st.st_size : -1;
  }
  void WaitForPart(off_t size) {
    while (PartSize() < size) std::this_thread::yield();
  }
  void WaitUntilFree() {
    while (server_->uploads().writers().IsHeld(UploadId('1'))) std::this_thread::yield();
  }

  TempDir dir_;
  testing::VodKeys keys_ = testing::MakeKeys();
  std::unique_ptr<testing::VodServer> server_;
};

TEST_F(TusHostileTest, H36AFrozenSenderIsReplacedAndNothingIsMixed) {
  Start({.holder_patience = absl::Milliseconds(50)});
  const std::string bytes = Noise(400'000);
  Create(400'000);
  Wire frozen(port());
  frozen.Send(PatchHead(Token(400'000), UploadId('1'), 0, 400'000) + bytes.substr(0, 150'000));
  WaitForPart(150'000);
  const int64_t offset = Offset(400'000);
  EXPECT_EQ(offset, 150'000) << "what the frozen sender sent is kept";
  EXPECT_EQ(Patch(400'000, offset, bytes.substr(offset)), 204);
  frozen.Send(std::string(250'000, 'X'));
  EXPECT_EQ(Row().sha256, Sha256Hex(bytes));
}

TEST_F(TusHostileTest, H36APatchAloneReplacesAFrozenSenderToo) {
  Start({.holder_patience = absl::Milliseconds(50)});
  const std::string bytes = Noise(10'000);
  Create(10'000);
  Wire frozen(port());
  frozen.Send(PatchHead(Token(10'000), UploadId('1'), 0, 10'000) + bytes.substr(0, 4000));
  WaitForPart(4000);
  EXPECT_EQ(Patch(10'000, 4000, bytes.substr(4000)), 204);
  EXPECT_EQ(Row().sha256, Sha256Hex(bytes));
}

TEST_F(TusHostileTest, H37OfTwoPatchesAtOnceExactlyOneWins) {
  Start();
  const std::string bytes = Noise(2'000'000);
  Create(2'000'000);
  int first = 0, second = 0;
  std::thread other([&] { first = Patch(2'000'000, 0, bytes); });
  second = Patch(2'000'000, 0, bytes);
  other.join();
  EXPECT_EQ(std::min(first, second), 204);
  EXPECT_EQ(std::max(first, second), 409);
  EXPECT_EQ(Row().sha256, Sha256Hex(bytes));
}

TEST_F(TusHostileTest, H37ASenderThatGoesOnIsNotDisturbed) {
  Start({.holder_patience = absl::Seconds(30)});
  const std::string bytes = Noise(10'000);
  Create(10'000);
  Wire sender(port());
  sender.Send(PatchHead(Token(10'000), UploadId('1'), 0, 10'000) + bytes.substr(0, 4000));
  WaitForPart(4000);
  EXPECT_EQ(Patch(10'000, 0, bytes), 409);
  sender.Send(bytes.substr(4000));
  EXPECT_EQ(sender.Receive().status, 204);
  EXPECT_EQ(Row().sha256, Sha256Hex(bytes));
}

TEST_F(TusHostileTest, U12H38AnAbandonedUploadIsGoneAndItsBytesAreFreed) {
  FakeClock clock;
  Start({.limits = {.expiry = absl::Hours(1)}}, clock);
  const std::string token = UploadToken(keys_, UploadId('1'), 10, "comb", clock.Now() + absl::Hours(20));
  auto ask = [&](const char* method, std::vector<std::string> headers, const std::string& body) {
    return Ask(port(), method, Path(), TusHeaders(token, std::move(headers)), body).status;
  };
  ASSERT_EQ(Ask(port(), "POST", "/uploads", TusHeaders(token, {"Upload-Length: 10"})).status, 201);
  clock.Advance(absl::Minutes(50));
  EXPECT_EQ(ask("PATCH", {kStream, "Upload-Offset: 0"}, "abc"), 204) << "each byte gives a new hour";
  clock.Advance(absl::Minutes(50));
  server_->uploads().ExpireAbandoned();
  EXPECT_EQ(ask("HEAD", {}, ""), 200);
  clock.Advance(absl::Minutes(11));
  EXPECT_EQ(ask("HEAD", {}, ""), 410) << "before the sweep as well";
  EXPECT_EQ(ask("PATCH", {kStream, "Upload-Offset: 3"}, "d"), 410);
  server_->uploads().ExpireAbandoned();
  EXPECT_EQ(Row().state, UploadState::kExpired);
  EXPECT_EQ(PartSize(), -1);
}

TEST_F(TusHostileTest, H50AJumpOfTheClockEndsNoUpload) {
  FakeClock clock;
  Start({.limits = {.expiry = absl::Hours(1)}}, clock);
  const std::string token = UploadToken(keys_, UploadId('1'), 10, "comb", clock.Now() + absl::Hours(48));
  ASSERT_EQ(Ask(port(), "POST", "/uploads", TusHeaders(token, {"Upload-Length: 10"})).status, 201);
  clock.Jump(absl::Hours(24));
  server_->uploads().ExpireAbandoned();
  EXPECT_EQ(Row().state, UploadState::kOpen);
}

TEST_F(TusHostileTest, U33ATokenMayExpireDuringARequestButNotBefore) {
  FakeClock clock;
  Start({.slow_window = absl::Hours(1)}, clock);
  const std::string token = UploadToken(keys_, UploadId('1'), 10, "comb", clock.Now() + absl::Minutes(5));
  ASSERT_EQ(Ask(port(), "POST", "/uploads", TusHeaders(token, {"Upload-Length: 10"})).status, 201);
  Wire wire(port());
  wire.Send(PatchHead(token, UploadId('1'), 0, 5) + "ab");
  WaitForPart(2);
  clock.Advance(absl::Minutes(10));
  wire.Send("cde");
  EXPECT_EQ(wire.Receive().status, 204);
  EXPECT_EQ(Ask(port(), "HEAD", Path(), TusHeaders(token)).status, 403);
}

TEST_F(TusHostileTest, H39ADripIsClosedAndWhatCameIsKept) {
  FakeClock clock;
  Start({.slow_window = absl::Seconds(60)}, clock);
  const std::string token = UploadToken(keys_, UploadId('1'), 1000, "comb", clock.Now() + absl::Hours(1));
  ASSERT_EQ(Ask(port(), "POST", "/uploads", TusHeaders(token, {"Upload-Length: 1000"})).status, 201);
  Wire wire(port());
  wire.Send(PatchHead(token, UploadId('1'), 0, 1000) + "a");
  WaitForPart(1);
  clock.Advance(absl::Seconds(61));
  wire.Send("b");
  EXPECT_EQ(wire.Receive().status, 408);
  EXPECT_TRUE(wire.Closed());
  // The service may notice the drip before the second byte has arrived.
  EXPECT_THAT(Row().durable_offset, ::testing::AnyOf(1u, 2u));
}

TEST_F(TusHostileTest, H40OffsetsThatAreNoNumbersAreRefused) {
  Start();
  Create(10);
  for (const char* offset :
       {"-1", "+5", "0x10", "7,7", "9223372036854775808", "99999999999999999999", "", "1e3", "0 0", "٣"}) {
    Reply reply =
        Ask(port(), "PATCH", Path(), TusHeaders(Token(10), {kStream, absl::StrCat("Upload-Offset: ", offset)}), "x");
    EXPECT_EQ(reply.status, 400) << offset;
    Reply length = Ask(port(), "POST", "/uploads", TusHeaders(Token(10), {absl::StrCat("Upload-Length: ", offset)}));
    EXPECT_EQ(length.status, 400) << offset;
  }
  EXPECT_EQ(Ask(port(), "PATCH", Path(), TusHeaders(Token(10), {kStream, "Upload-Offset: 0", "Upload-Offset: 0"}), "x")
                .status,
            400);
  EXPECT_EQ(Ask(port(), "PATCH", Path(), TusHeaders(Token(10), {kStream}), "x").status, 400);
  EXPECT_EQ(Offset(10), 0);
}

TEST_F(TusHostileTest, H41SmugglingPairsAreRefused) {
  Start();
  Create(10);
  Wire both(port());
  both.Send(absl::StrCat("PATCH ", Path(), " HTTP/1.1\r\nHost: v\r\nTus-Resumable: 1.0.0\r\nAuthorization: Bearer ",
                         Token(10), "\r\n", kStream,
                         "\r\nUpload-Offset: 0\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"));
  EXPECT_EQ(both.Receive().status, 400);
  EXPECT_TRUE(both.Closed());
  EXPECT_EQ(Offset(10), 0);
}

TEST_F(TusHostileTest, H42AClientThatStopsShortLosesNothing) {
  Start({.body_timeout = absl::Milliseconds(300)});
  Create(1000);
  Wire wire(port());
  wire.Send(PatchHead(Token(1000), UploadId('1'), 0, 1000) + std::string(600, 'a'));
  wire.Receive();
  EXPECT_TRUE(wire.Closed());
  WaitUntilFree();
  EXPECT_EQ(Offset(1000), 600);
}

TEST_F(TusHostileTest, AClientThatBreaksOffLosesNothing) {
  Start();
  const std::string bytes = Noise(900'000);
  Create(900'000);
  {
    Wire wire(port());
    wire.Send(PatchHead(Token(900'000), UploadId('1'), 0, 900'000) + bytes.substr(0, 500'000));
    WaitForPart(500'000);
  }
  WaitUntilFree();
  const int64_t offset = Offset(900'000);
  EXPECT_EQ(offset, 500'000);
  EXPECT_EQ(Patch(900'000, offset, bytes.substr(offset)), 204);
  EXPECT_EQ(Row().sha256, Sha256Hex(bytes));
}

TEST_F(TusHostileTest, AChunkWithAChecksumThatBreaksOffIsDropped) {
  Start();
  Create(1000);
  {
    Wire wire(port());
    std::string head = PatchHead(Token(1000), UploadId('1'), 0, 1000);
    head.insert(head.size() - 2, "Upload-Checksum: sha1 " + absl::Base64Escape(std::string(20, 'x')) + "\r\n");
    wire.Send(head + std::string(500, 'a'));
    WaitForPart(500);
  }
  WaitUntilFree();
  EXPECT_EQ(Offset(1000), 0);
  EXPECT_EQ(PartSize(), 0);
}

TEST_F(TusHostileTest, H43HostileIdsAreUnknown) {
  Start();
  for (std::string path :
       {std::string("/uploads/../../etc/passwd"), std::string("/uploads/%2e%2e%2fcatalog.sqlite3"),
        "/uploads/" + std::string(8000, 'a'), std::string("/uploads/"), std::string("/uploads/ABCDEF"),
        std::string("/uploads/%00"), "/uploads/" + UploadId('1') + "/x", std::string("/uploadsx")}) {
    EXPECT_EQ(Ask(port(), "HEAD", path, TusHeaders(Token(5))).status, 404) << path;
  }
}

TEST_F(TusHostileTest, H47PackedBodiesAreRefusedAndNeverInflated) {
  Start();
  Create(100);
  EXPECT_EQ(
      Ask(port(), "PATCH", Path(), TusHeaders(Token(100), {kStream, "Upload-Offset: 0", "Content-Encoding: gzip"}), "x")
          .status,
      415);
  EXPECT_EQ(Offset(100), 0);
}

TEST_F(TusHostileTest, H49AStopKeepsWhatEverySenderSent) {
  Start();
  constexpr int kSenders = 20;
  std::vector<std::unique_ptr<Wire>> wires;
  std::vector<std::string> ids;
  for (int i = 0; i < kSenders; ++i) {
    ids.push_back(absl::StrCat(std::string(30, '0'), i / 10, i % 10));
    std::string token = UploadToken(keys_, ids[i], 100'000);
    ASSERT_EQ(Ask(port(), "POST", "/uploads", TusHeaders(token, {"Upload-Length: 100000"})).status, 201);
    wires.push_back(std::make_unique<Wire>(port()));
    wires[i]->Send(PatchHead(token, ids[i], 0, 100'000) + std::string(10'000 + i, 'a'));
  }
  for (int i = 0; i < kSenders; ++i) {
    struct stat st = {};
    while (stat(PartPath(server_->blobs().ScratchDir(), ids[i]).c_str(), &st) != 0 || st.st_size < 10'000 + i)
      std::this_thread::yield();
  }
  server_->Stop();
  for (int i = 0; i < kSenders; ++i) {
    ASSERT_OK_AND_ASSIGN(UploadRecord row, server_->catalog().GetUpload(ids[i]));
    EXPECT_EQ(row.durable_offset, 10'000u + i);
  }
}

TEST_F(TusHostileTest, MoreOpenUploadsThanAllowedAreSentAwayForAWhile) {
  Start({.limits = {.max_open_uploads = 1}});
  EXPECT_EQ(Create(10), 201);
  Reply second =
      Ask(port(), "POST", "/uploads", TusHeaders(UploadToken(keys_, UploadId('2'), 10), {"Upload-Length: 10"}));
  EXPECT_EQ(second.status, 503);
  EXPECT_TRUE(second.Has("Retry-After"));
  EXPECT_EQ(Create(10), 201) << "an open one may still be asked for";
}

TEST_F(TusHostileTest, AFileThatWouldNotFitIsRefusedBeforeTheFirstByte) {
  Start({.limits = {.max_upload_bytes = int64_t{1} << 60, .min_free_bytes = 0}});
  EXPECT_EQ(Create(int64_t{1} << 59), 507);
  EXPECT_EQ(Row().sequence, 0);
}

// A file system of 2 MiB, as root can make one.
class FullDiskTest : public TusHostileTest {
 protected:
  void SetUp() override {
    if (geteuid() != 0 || mount("tmpfs", dir_.path().c_str(), "tmpfs", 0, "size=2m") != 0)
      GTEST_SKIP() << "cannot mount";
    mounted_ = true;
  }
  ~FullDiskTest() override {
    server_.reset();
    if (mounted_) umount2(dir_.path().c_str(), MNT_DETACH);
  }
  bool mounted_ = false;
};

TEST_F(FullDiskTest, H46WhatFittedIsKeptAndTheUploadGoesOnWhenThereIsRoom) {
  Start({.limits = {.min_free_bytes = 0}});
  const std::string bytes = Noise(1'200'000);
  ASSERT_EQ(Create(1'200'000), 201);
  // Somebody else fills the disk after the upload was admitted, and leaves a little for the catalog.
  const std::string ballast = dir_.path() + "/ballast";
  truncate((dir_ / "x").c_str(), 0);
  ASSERT_EQ(system(absl::StrCat("head -c 1000000 /dev/zero > ", ballast).c_str()), 0);
  Reply full = Ask(port(), "PATCH", Path(), TusHeaders(Token(1'200'000), {kStream, "Upload-Offset: 0"}), bytes);
  EXPECT_EQ(full.status, 507) << full.body;
  EXPECT_TRUE(full.Has("Retry-After"));
  unlink(ballast.c_str());
  const int64_t offset = Offset(1'200'000);
  ASSERT_GE(offset, 0);
  ASSERT_LT(offset, 1'200'000);
  EXPECT_EQ(Patch(1'200'000, offset, bytes.substr(offset)), 204);
  EXPECT_EQ(Row().sha256, Sha256Hex(bytes));
}

}  // namespace
}  // namespace lectern::vod
