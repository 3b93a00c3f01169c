// The service is killed at many byte positions; no acknowledged byte may be missing and every upload must end with the
// right digest.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <random>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/file.h"
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
  // Resident memory.
  int64_t Bytes() const {
    auto text = ReadFile(absl::StrCat("/proc/", pid_, "/statm"));
    std::vector<std::string> fields = absl::StrSplit(text.ok() ? *text : "0 0", ' ');
    return std::stoll(fields[1]) * sysconf(_SC_PAGESIZE);
  }

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
    ASSERT_EQ(
        Ask(child->port(), "POST", "/uploads", TusHeaders(token, {absl::StrCat("Upload-Length: ", kSize)})).status,
        201);
    int64_t offset = 0;
    int64_t acknowledged = 0;
    for (int kills = 0; kills < 2; ++kills) {
      // The last bytes as well: then the kill falls into completing.
      const int64_t sent =
          kills == 1 && run % 3 == 0 ? kSize - offset : static_cast<int64_t>(random() % (kSize - offset));
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
      Reply last = Ask(
          child->port(), "PATCH", "/uploads/" + id,
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

TEST_F(UploadCrashTest, AnOpenUploadCostsLessThanOneAndAHalfMebibytes) {
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  GTEST_SKIP() << "a sanitizer's own memory would be measured";
#endif
#endif
  constexpr int kUploads = 100;
  constexpr int64_t kBytes = 1'000'000;
  const std::string bytes = Noise(600'000);
  Child child(dir_.path(), keys_);
  std::vector<std::string> ids, tokens;
  for (int i = 0; i < kUploads; ++i) {
    ids.push_back(absl::StrCat(std::string(28, 'b'), 1000 + i));
    tokens.push_back(UploadToken(keys_, ids[i], kBytes));
    ASSERT_EQ(
        Ask(child.port(), "POST", "/uploads", TusHeaders(tokens[i], {absl::StrCat("Upload-Length: ", kBytes)})).status,
        201);
  }
  const int64_t before = child.Bytes();
  std::vector<std::unique_ptr<Wire>> wires;
  for (int i = 0; i < kUploads; ++i) {
    wires.push_back(std::make_unique<Wire>(child.port()));
    wires[i]->Send(PatchHead(tokens[i], ids[i], 0, kBytes) + bytes);
  }
  for (int i = 0; i < kUploads; ++i) {
    const std::string part = PartPath(dir_.path() + "/store/scratch", ids[i]);
    while (access(part.c_str(), F_OK) != 0 || std::filesystem::file_size(part) < bytes.size())
      std::this_thread::yield();
  }
  const int64_t each = (child.Bytes() - before) / kUploads;
  RecordProperty("bytes_an_upload", static_cast<int>(each));
  printf("%lld bytes an open upload, %lld bytes idle\n", static_cast<long long>(each), static_cast<long long>(before));
  EXPECT_LT(each, 3 * 512 * 1024);
}

}  // namespace
}  // namespace lectern::vod
