// The service is killed at many byte positions; no acknowledged byte may be missing and every upload must end with the right digest.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "absl/strings/str_cat.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/vod_service/support/vod_fixture.h"
#include "vod_service/library/keys.h"

namespace lectern::vod {
namespace {

using lectern::testing::TempDir;
using testing::Ask;
using testing::Noise;
using testing::PatchHead;
using testing::Reply;
using testing::Sha256Hex;
using testing::TusHeaders;
using testing::UploadToken;
using testing::Wire;

constexpr int64_t kSize = 3'000'000;

// The service in a process of its own.
class Child {
 public:
  Child(const std::string& dir, const testing::VodKeys& keys) {
    int port_pipe[2];
    if (pipe(port_pipe) != 0) abort();
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      testing::VodServer server(dir, keys, {});
      int port = server.port();
      if (write(port_pipe[1], &port, sizeof port) != sizeof port) _exit(1);
      pause();
      _exit(0);
    }
    close(port_pipe[1]);
    if (read(port_pipe[0], &port_, sizeof port_) != sizeof port_) port_ = 0;
    close(port_pipe[0]);
  }
  ~Child() { Kill(); }
  void Kill() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  int port() const { return port_; }

 private:
  pid_t pid_ = 0;
  int port_ = 0;
};

class UploadCrashTest : public ::testing::Test {
 protected:
  int64_t Offset(int port, const std::string& token, const std::string& id) {
    std::string offset = Ask(port, "HEAD", "/uploads/" + id, TusHeaders(token)).Header("Upload-Offset");
    return offset.empty() ? -1 : std::stoll(offset);
  }
  TempDir dir_;
  testing::VodKeys keys_ = testing::MakeKeys();
};

TEST_F(UploadCrashTest, H34KilledAtAnyByteTheServiceResumesWithTheRightDigest) {
  const std::string bytes = Noise(kSize);
  const std::string digest = Sha256Hex(bytes);
  std::mt19937 random(20);
  auto child = std::make_unique<Child>(dir_.path(), keys_);
  for (int run = 0; run < 12; ++run) {
    const std::string id = absl::StrCat(std::string(30, 'a'), run / 10, run % 10);
    const std::string token = UploadToken(keys_, id, kSize);
    ASSERT_EQ(Ask(child->port(), "POST", "/uploads", TusHeaders(token, {absl::StrCat("Upload-Length: ", kSize)})).status, 201);
    int64_t offset = 0;
    int64_t acknowledged = 0;
    for (int kills = 0; kills < 2; ++kills) {
      // The last bytes as well: then the kill falls into completing.
      const int64_t sent = kills == 1 && run % 3 == 0 ? kSize - offset : static_cast<int64_t>(random() % (kSize - offset));
      Wire wire(child->port());
      wire.Send(PatchHead(token, id, offset, kSize - offset) + bytes.substr(offset, sent));
      if (run % 2 == 0) {
        const int64_t answer = Offset(child->port(), token, id);
        if (answer > acknowledged) acknowledged = answer;
      }
      child->Kill();
      child = std::make_unique<Child>(dir_.path(), keys_);
      ASSERT_NE(child->port(), 0);
      const int64_t now = Offset(child->port(), token, id);
      EXPECT_GE(now, acknowledged) << "an acknowledged byte was lost";
      EXPECT_LE(now, offset + sent) << "a byte was made up";
      offset = now;
    }
    if (offset < kSize) {
      Reply last = Ask(child->port(), "PATCH", "/uploads/" + id,
                       TusHeaders(token, {"Content-Type: application/offset+octet-stream", absl::StrCat("Upload-Offset: ", offset)}),
                       bytes.substr(offset));
      EXPECT_EQ(last.status, 204);
    }
    child->Kill();
    ASSERT_OK_AND_ASSIGN(auto catalog, Catalog::Open(dir_.path()));
    ASSERT_OK_AND_ASSIGN(UploadRecord row, catalog->GetUpload(id));
    EXPECT_EQ(row.state, UploadState::kComplete);
    EXPECT_EQ(row.sha256, digest);
    catalog.reset();
    child = std::make_unique<Child>(dir_.path(), keys_);
  }
}

}  // namespace
}  // namespace lectern::vod
