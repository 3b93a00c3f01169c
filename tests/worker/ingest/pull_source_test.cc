// A real camera (GStreamer's RTSP server) and a real FFmpeg.

#include "worker/ingest/pull_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/worker/ingest/camera.h"

namespace lectern::worker {
namespace {

namespace fs = std::filesystem;
using ::lectern::testing::Camera;
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
    if (!Camera::Available()) GTEST_SKIP() << "no RTSP server here: gir1.2-gst-rtsp-server-1.0";
  }
  void TearDown() override { source_.reset(); }

  void Pull(const std::string& user_info = "") {
    PullOptions options;
    options.url = camera_.Url(user_info);
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
  Camera camera_;
  absl::Mutex mu_;
  std::vector<rtmp::MediaMessage> messages_;
  std::string reason_ = "none yet";
  std::atomic<int> pauses_ = 0;
  std::unique_ptr<PullSource> source_;
};

TEST_F(PullSourceTest, TakesPictureAndSoundAndHidesThePassword) {
  ASSERT_TRUE(camera_.Start("cam:geheim"));
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
  ASSERT_TRUE(camera_.Start());
  ASSERT_TRUE(Eventually([&] { return Count(rtmp::IsKeyFrame) >= 1; })) << reason();
  camera_.Stop();
  ASSERT_TRUE(Eventually([&] { return pauses_ == 1; }));
  ASSERT_TRUE(Eventually([&] { return !reason().empty(); }));
  size_t before = Count(rtmp::IsKeyFrame);
  ASSERT_TRUE(camera_.Start());
  ASSERT_TRUE(Eventually([&] { return Count(rtmp::IsKeyFrame) > before; })) << reason();
  absl::MutexLock lock(&mu_);
  int64_t newest = 0;
  for (const rtmp::MediaMessage& message : messages_) {
    EXPECT_GE(message.timestamp_ms, newest - 500) << "the timeline goes on";
    newest = std::max(newest, message.timestamp_ms);
  }
}

TEST_F(PullSourceTest, SaysThatThePasswordIsWrong) {
  ASSERT_TRUE(camera_.Start("cam:geheim"));
  Pull("cam:falsch@");
  EXPECT_TRUE(Eventually([&] { return absl::StrContains(reason(), "401"); })) << reason();
}

TEST_F(PullSourceTest, ConnectsAnewWhereNothingComes) {
  ASSERT_TRUE(camera_.Start());
  Pull();
  ASSERT_TRUE(Eventually([&] { return Count(rtmp::IsKeyFrame) >= 1; })) << reason();
  camera_.Signal(SIGSTOP);
  EXPECT_TRUE(Eventually([&] { return reason() == "Nothing comes from the source."; })) << reason();
  camera_.Signal(SIGCONT);
  size_t before = Count(rtmp::IsKeyFrame);
  EXPECT_TRUE(Eventually([&] { return Count(rtmp::IsKeyFrame) > before; })) << reason();
}

TEST_F(PullSourceTest, EncodesSoundThatIsNotAac) {
  ASSERT_TRUE(camera_.Start("", "pcmu"));
  Pull();
  EXPECT_TRUE(Eventually([&] { return Count(rtmp::IsAudioHeader) >= 1 && Count(rtmp::IsKeyFrame) >= 1; })) << reason();
}

TEST_F(PullSourceTest, EndsAtOnceWhenItIsDestroyed) {
  ASSERT_TRUE(camera_.Start());
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
