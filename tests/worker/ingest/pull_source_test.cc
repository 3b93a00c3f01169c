// A real camera (GStreamer's RTSP server) and a real FFmpeg.

#include "worker/ingest/pull_source.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "common/base/file.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace lectern::worker {
namespace {

namespace fs = std::filesystem;
using ::lectern::testing::StatusIs;
using ::lectern::testing::TempDir;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr absl::Duration kPatience = absl::Seconds(30);

bool Eventually(const std::function<bool()>& holds) {
  for (absl::Time end = absl::Now() + kPatience; absl::Now() < end; absl::SleepFor(absl::Milliseconds(5))) {
    if (holds()) return true;
  }
  return false;
}

// A port of this process that nobody listens at.
Fd HoldPort(int& port) {
  Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  int yes = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  struct sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<struct sockaddr*>(&address);
  if (bind(fd.get(), generic, length) != 0 || getsockname(fd.get(), generic, &length) != 0) abort();
  port = ntohs(address.sin_port);
  return fd;
}

// Command lines of all processes that this user can see.
std::string CommandLines() {
  std::string all;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "cmdline");
    std::stringstream text;
    text << file.rdbuf();
    absl::StrAppend(&all, text.str(), "\n");
  }
  return all;
}

class PullSourceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    held_ = HoldPort(port_);
    ProcessOptions options;
    options.argv = {"/usr/bin/python3", "-c",
                    "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"};
    if (!RunProcess(options, kPatience).ok()) GTEST_SKIP() << "no RTSP server here: gir1.2-gst-rtsp-server-1.0";
  }
  void TearDown() override {
    source_.reset();
    StopCamera();
  }

  void StartCamera(const std::string& credentials = "", const std::string& sound = "aac") {
    held_ = Fd();
    ProcessOptions options;
    options.argv = {"/bin/sh", "-c", "sleep 120 | \"$@\"", "sh", "/usr/bin/python3",
                    absl::StrCat(std::getenv("LECTERN_SOURCE_DIR"), "/tests/worker/ingest/rtsp_source.py"), absl::StrCat(port_),
                    credentials, sound};
    listening_ = false;
    options.on_stdout_line = [this](absl::string_view) { listening_ = true; };
    ASSERT_OK_AND_ASSIGN(camera_, Process::Start(std::move(options)));
    camera_thread_ = std::thread([this] { camera_->Wait(); });
    ASSERT_TRUE(Eventually([&] { return listening_.load(); }));
  }
  void StopCamera() {
    if (camera_ == nullptr) return;
    camera_->Signal(SIGKILL);
    camera_thread_.join();
    camera_.reset();
  }
  void Pull(const std::string& user_info = "") {
    PullOptions options;
    options.url = absl::StrCat("rtsp://", user_info, "127.0.0.1:", port_, "/cam");
    options.scratch_dir = dir_.path();
    options.start_time_ms = absl::ToUnixMillis(absl::Now()) - 60'000;
    options.silence_limit = absl::Seconds(3);
    options.last_retry = absl::Seconds(1);
    PullSource::Events events;
    events.on_message = [this](const rtmp::MediaMessage& message) {
      absl::MutexLock lock(&mu_);
      messages_.push_back(message);
    };
    events.on_pause = [this] { ++pauses_; };
    events.on_state = [this](const std::string& reason) {
      absl::MutexLock lock(&mu_);
      reason_ = reason;
    };
    events.on_jump = [] {};
    source_ = std::make_unique<PullSource>(options, events, RealClock());
  }
  size_t Count(const std::function<bool(const rtmp::MediaMessage&)>& like) {
    absl::MutexLock lock(&mu_);
    return static_cast<size_t>(std::count_if(messages_.begin(), messages_.end(), like));
  }
  std::string reason() {
    absl::MutexLock lock(&mu_);
    return reason_;
  }

  TempDir dir_;
  int port_ = 0;
  Fd held_;
  std::unique_ptr<Process> camera_;
  std::thread camera_thread_;
  std::atomic<bool> listening_ = false;
  absl::Mutex mu_;
  std::vector<rtmp::MediaMessage> messages_;
  std::string reason_ = "none yet";
  std::atomic<int> pauses_ = 0;
  std::unique_ptr<PullSource> source_;
};

TEST_F(PullSourceTest, TakesPictureAndSoundAndHidesThePassword) {
  StartCamera("cam:geheim");
  Pull("cam:geheim@");
  ASSERT_TRUE(Eventually([&] { return Count(rtmp::IsKeyFrame) >= 2; })) << reason();
  EXPECT_EQ(reason(), "");
  EXPECT_GE(Count(rtmp::IsVideoHeader), 1u);
  EXPECT_GE(Count(rtmp::IsAudioHeader), 1u);
  std::string processes = CommandLines();
  EXPECT_THAT(processes, HasSubstr("source.ffconcat"));
  EXPECT_THAT(processes, Not(HasSubstr("cam:geheim@")));
  absl::MutexLock lock(&mu_);
  // The timeline began a minute ago.
  EXPECT_GT(messages_.front().timestamp_ms, 59'000);
  EXPECT_LT(messages_.back().timestamp_ms, 100'000);
}

TEST_F(PullSourceTest, WaitsForACameraThatAppearsLateAndComesBackToOneThatWasGone) {
  Pull();
  ASSERT_TRUE(Eventually([&] { return reason() == "The source refuses the connection."; })) << reason();
  StartCamera();
  ASSERT_TRUE(Eventually([&] { return Count(rtmp::IsKeyFrame) >= 1; })) << reason();
  StopCamera();
  ASSERT_TRUE(Eventually([&] { return pauses_ == 1; }));
  ASSERT_TRUE(Eventually([&] { return !reason().empty(); }));
  size_t before = Count(rtmp::IsKeyFrame);
  StartCamera();
  ASSERT_TRUE(Eventually([&] { return Count(rtmp::IsKeyFrame) > before; })) << reason();
  absl::MutexLock lock(&mu_);
  int64_t newest = 0;
  for (const rtmp::MediaMessage& message : messages_) {
    EXPECT_GE(message.timestamp_ms, newest - 500) << "the timeline goes on";
    newest = std::max(newest, message.timestamp_ms);
  }
}

TEST_F(PullSourceTest, SaysThatThePasswordIsWrong) {
  StartCamera("cam:geheim");
  Pull("cam:falsch@");
  EXPECT_TRUE(Eventually([&] { return absl::StrContains(reason(), "401"); })) << reason();
}

TEST_F(PullSourceTest, ConnectsAnewWhereNothingComes) {
  StartCamera();
  Pull();
  ASSERT_TRUE(Eventually([&] { return Count(rtmp::IsKeyFrame) >= 1; })) << reason();
  camera_->Signal(SIGSTOP);
  EXPECT_TRUE(Eventually([&] { return reason() == "Nothing comes from the source."; })) << reason();
  camera_->Signal(SIGCONT);
  size_t before = Count(rtmp::IsKeyFrame);
  EXPECT_TRUE(Eventually([&] { return Count(rtmp::IsKeyFrame) > before; })) << reason();
}

TEST_F(PullSourceTest, EncodesSoundThatIsNotAac) {
  StartCamera("", "pcmu");
  Pull();
  EXPECT_TRUE(Eventually([&] { return Count(rtmp::IsAudioHeader) >= 1 && Count(rtmp::IsKeyFrame) >= 1; })) << reason();
}

TEST_F(PullSourceTest, EndsAtOnceWhenItIsDestroyed) {
  StartCamera();
  Pull();
  ASSERT_TRUE(Eventually([&] { return Count(rtmp::IsKeyFrame) >= 1; })) << reason();
  source_.reset();
  EXPECT_THAT(CommandLines(), Not(HasSubstr(dir_.path())));
  EXPECT_FALSE(fs::exists(dir_ / "source.ffconcat"));
}

TEST(PullScriptTest, QuotesTheAddressAndKnowsTheOptionsOfItsProtocol) {
  ASSERT_OK_AND_ASSIGN(std::string script, PullScript("rtsp://u:p'w@10.0.0.7/s"));
  EXPECT_THAT(script, HasSubstr("file 'rtsp://u:p'\\''w@10.0.0.7/s'\n"));
  EXPECT_THAT(script, HasSubstr("rtsp_transport tcp"));
  EXPECT_OK(PullScript("rtmps://10.0.0.7/live/hall"));
  EXPECT_THAT(PullScript("rtsp://10.0.0.7/a\noption x y"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(PullScript("file:///etc/passwd"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(PullScript("http://10.0.0.7/a"), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace lectern::worker
