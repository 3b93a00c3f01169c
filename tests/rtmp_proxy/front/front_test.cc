#include "rtmp_proxy/front/front.h"

#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/exec/process.h"
#include "rtmp_proxy/front/nginx_process.h"
#include "tests/rtmp_proxy/support/publisher.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace lectern::proxy {
namespace {

using ::lectern::testing::Publisher;
using ::lectern::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string kToken = "lectern" + std::string(48, 'a');
constexpr absl::Duration kPatience = absl::Seconds(20);

template <typename F>
bool Eventually(F condition) {
  for (absl::Time end = absl::Now() + kPatience; absl::Now() < end; absl::SleepFor(absl::Milliseconds(20))) {
    if (condition()) return true;
  }
  return false;
}

class FrontTest : public ::testing::Test {
 protected:
  ~FrontTest() override {
    front_.reset();
    // Where a test failed half-way.
    if (absl::StatusOr<NginxProcess> nginx = Nginx(); nginx.ok()) nginx->End(absl::ZeroDuration());
  }

  FrontOptions Options() {
    FrontOptions options;
    options.port = 0;
    options.state_dir = dir_.path();
    options.idle_publisher = absl::Seconds(2);
    return options;
  }

  void Start() {
    FrontHandlers handlers;
    handlers.on_publish = [this](const Knock& knock) -> absl::StatusOr<std::string> {
      absl::MutexLock lock(&mu_);
      knocks_.push_back(knock);
      if (!refusal_.ok()) return refusal_;
      std::string name = RandomHex(16);
      if (player_options_ != nullptr) player_ = rtmp::Player::Open(front_->PlayTarget(name), *player_options_);
      return name;
    };
    handlers.on_publish_done = [this](const std::string& name) {
      absl::MutexLock lock(&mu_);
      done_.push_back(name);
    };
    absl::StatusOr<std::unique_ptr<Front>> front = Front::Start(Options(), handlers, tokens_, RealClock(), metrics_);
    ASSERT_OK(front);
    front_ = *std::move(front);
  }

  absl::StatusOr<NginxProcess> Nginx() {
    return NginxProcess::Find("nginx", std::filesystem::canonical(dir_.path()).string() + "/front");
  }

  std::string Url(const std::string& key = kToken) const { return absl::StrCat("rtmp://127.0.0.1:", front_->port(), "/live/", key); }
  std::vector<std::string> Publishers() { return front_->ListPublishers().value_or(std::vector<std::string>{"unknown", "list"}); }
  bool WaitForPublishers(size_t count) {
    return Eventually([&] { return Publishers().size() == count; });
  }
  std::vector<Knock> knocks() {
    absl::MutexLock lock(&mu_);
    return knocks_;
  }
  std::vector<std::string> done() {
    absl::MutexLock lock(&mu_);
    return done_;
  }
  void Refuse(absl::Status status) {
    absl::MutexLock lock(&mu_);
    refusal_ = std::move(status);
  }
  // Names of files below the folder that contain `text`.
  std::vector<std::string> FilesWith(const std::string& text) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(dir_.path())) {
      if (!entry.is_regular_file()) continue;
      if (absl::StrContains(ReadFile(entry.path().string()).value_or(""), text)) names.push_back(entry.path().string());
    }
    return names;
  }

  testing::TempDir dir_;
  Metrics metrics_;
  TokenBook tokens_{dir_.path() + "/tokens", RealClock()};
  std::unique_ptr<Front> front_;
  const rtmp::ClientOptions* player_options_ = nullptr;
  absl::Mutex mu_;
  absl::Status refusal_ ABSL_GUARDED_BY(mu_);
  std::vector<Knock> knocks_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> done_ ABSL_GUARDED_BY(mu_);
  absl::StatusOr<std::unique_ptr<rtmp::Player>> player_ = absl::UnknownError("no player");
};

TEST_F(FrontTest, APublisherIsKeptUnderTheNameThatItWasGiven) {
  Start();
  Publisher publisher(Url(kToken + "?view=cam"));
  ASSERT_TRUE(WaitForPublishers(1));
  EXPECT_THAT(Publishers()[0], ::testing::MatchesRegex("[0-9a-f]{32}"));
  ASSERT_EQ(knocks().size(), 1u);
  EXPECT_EQ(knocks()[0].token, kToken);
  EXPECT_EQ(knocks()[0].view, "cam");
  EXPECT_EQ(knocks()[0].peer, "127.0.0.1");
  EXPECT_FALSE(knocks()[0].known);
  EXPECT_EQ(front_->NotReadyReason(), "");
  EXPECT_THAT(FilesWith(kToken), IsEmpty());
}

TEST_F(FrontTest, APlayerThatWaitsUnderTheNameGetsTheVeryFirstFrames) {
  rtmp::ClientOptions options;
  player_options_ = &options;
  Start();
  Publisher publisher(Url());
  ASSERT_TRUE(WaitForPublishers(1));
  ASSERT_OK(player_);
  bool video_header = false, audio_header = false;
  for (int i = 0; i < 20; ++i) {
    absl::StatusOr<rtmp::MediaMessage> message = (*player_)->Next(kPatience);
    ASSERT_OK(message);
    video_header |= rtmp::IsVideoHeader(*message);
    audio_header |= rtmp::IsAudioHeader(*message);
    if (message->kind == rtmp::MediaMessage::kAudio) EXPECT_TRUE(audio_header);
    if (message->kind != rtmp::MediaMessage::kVideo || rtmp::IsVideoHeader(*message)) continue;
    EXPECT_TRUE(video_header);
    EXPECT_TRUE(rtmp::IsKeyFrame(*message));
    EXPECT_LT(message->timestamp_ms, 200);
    return;
  }
  FAIL() << "no picture";
}

TEST_F(FrontTest, ARefusedPublisherIsSentAwayAndNotAskedAboutAgain) {
  Start();
  Refuse(absl::UnauthenticatedError("no such token"));
  for (int i = 0; i < 3; ++i) {
    Publisher publisher(Url());
    EXPECT_TRUE(publisher.WaitForEnd());
  }
  EXPECT_EQ(knocks().size(), 1u);
  EXPECT_THAT(Publishers(), IsEmpty());
}

TEST_F(FrontTest, FieldsThatComeTwiceAreRefusedWithoutAQuestion) {
  Start();
  Publisher publisher(Url(kToken + "?name=x&addr=9.9.9.9"));
  EXPECT_TRUE(publisher.WaitForEnd());
  EXPECT_THAT(knocks(), IsEmpty());
}

TEST_F(FrontTest, TellsWhenAPublisherIsGone) {
  Start();
  Publisher publisher(Url());
  ASSERT_TRUE(WaitForPublishers(1));
  std::string name = Publishers()[0];
  publisher.Stop();
  EXPECT_TRUE(Eventually([&] { return !done().empty(); }));
  EXPECT_EQ(done()[0], name);
}

TEST_F(FrontTest, DropsAPublisher) {
  Start();
  Publisher publisher(Url());
  ASSERT_TRUE(WaitForPublishers(1));
  std::string name = Publishers()[0];
  EXPECT_OK(front_->Drop(name));
  EXPECT_TRUE(publisher.WaitForEnd());
  EXPECT_TRUE(Eventually([&] { return !done().empty(); }));
  EXPECT_THAT(front_->Drop(name), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(FrontTest, DropsAPublisherThatIsFrozen) {
  Start();
  Publisher publisher(Url());
  ASSERT_TRUE(WaitForPublishers(1));
  publisher.Signal(SIGSTOP);
  EXPECT_TRUE(WaitForPublishers(0));
  EXPECT_TRUE(Eventually([&] { return !done().empty(); }));
}

TEST_F(FrontTest, ClosedItLetsNobodyInAndKeepsWhoIsThere) {
  Start();
  Publisher publisher(Url());
  ASSERT_TRUE(WaitForPublishers(1));
  front_->Close();
  Publisher late(Url());
  EXPECT_TRUE(late.WaitForEnd());
  EXPECT_TRUE(publisher.running());
  EXPECT_EQ(Publishers().size(), 1u);
  EXPECT_NE(front_->NotReadyReason(), "");
}

TEST_F(FrontTest, TwoPublishersOfOneTokenDoNotCollide) {
  Start();
  Publisher one(Url()), two(Url());
  EXPECT_TRUE(WaitForPublishers(2));
}

TEST_F(FrontTest, AKilledNginxIsStartedAgain) {
  Start();
  absl::StatusOr<NginxProcess> nginx = Nginx();
  ASSERT_OK(nginx);
  for (int round = 0; round < 3; ++round) {
    Publisher publisher(Url());
    ASSERT_TRUE(WaitForPublishers(1));
    size_t gone = done().size();
    std::vector<pid_t> pids = nginx->Pids();
    EXPECT_EQ(pids.size(), 2u);
    for (pid_t pid : pids) kill(pid, SIGKILL);
    EXPECT_TRUE(publisher.WaitForEnd());
    EXPECT_TRUE(Eventually([&] { return done().size() == gone + 1; }));
    EXPECT_TRUE(WaitForPublishers(0));
  }
}

TEST_F(FrontTest, AWorkerWithoutItsMasterGoesOnAndIsReplacedWhenItDiesToo) {
  Start();
  absl::StatusOr<NginxProcess> nginx = Nginx();
  ASSERT_OK(nginx);
  Publisher publisher(Url());
  ASSERT_TRUE(WaitForPublishers(1));
  std::vector<pid_t> pids = nginx->Pids();
  ASSERT_EQ(pids.size(), 2u);
  kill(std::min(pids[0], pids[1]), SIGKILL);
  ASSERT_TRUE(Eventually([&] { return nginx->Pids().size() == 1; }));
  EXPECT_EQ(Publishers().size(), 1u);
  EXPECT_TRUE(publisher.running());
  kill(nginx->Pids()[0], SIGKILL);
  EXPECT_TRUE(publisher.WaitForEnd());
  EXPECT_TRUE(WaitForPublishers(0));
  Publisher next(Url());
  EXPECT_TRUE(WaitForPublishers(1));
}

TEST_F(FrontTest, AFrozenNginxIsReplaced) {
  Start();
  absl::StatusOr<NginxProcess> nginx = Nginx();
  ASSERT_OK(nginx);
  for (pid_t pid : nginx->Pids()) kill(pid, SIGSTOP);
  EXPECT_TRUE(Eventually([&] { return front_->NotReadyReason() != ""; }));
  EXPECT_TRUE(Eventually([&] { return front_->NotReadyReason() == ""; }));
  Publisher publisher(Url());
  EXPECT_TRUE(WaitForPublishers(1));
}

TEST_F(FrontTest, ItsEndIsTheEndOfNginx) {
  Start();
  absl::StatusOr<NginxProcess> nginx = Nginx();
  ASSERT_OK(nginx);
  EXPECT_TRUE(Eventually([&] { return nginx->Pids().size() == 2; }));
  front_.reset();
  EXPECT_THAT(nginx->Pids(), IsEmpty());
}

TEST_F(FrontTest, AnotherProgramOnThePortIsNamed) {
  Start();
  testing::TempDir other;
  FrontOptions options = Options();
  options.state_dir = other.path();
  options.port = front_->port();
  absl::StatusOr<std::unique_ptr<Front>> second = Front::Start(options, {}, tokens_, RealClock(), metrics_);
  EXPECT_THAT(second, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_TRUE(absl::StrContains(second.status().message(), absl::StrCat(options.port)));
}

TEST_F(FrontTest, WithoutNginxItSaysSo) {
  FrontOptions options = Options();
  options.nginx = "no-such-nginx";
  EXPECT_THAT(Front::Start(options, {}, tokens_, RealClock(), metrics_), StatusIs(absl::StatusCode::kNotFound));
}

// A process with a front of its own, which is then killed.
class KilledFrontTest : public FrontTest {
 protected:
  void StartElsewhere() {
    ProcessOptions options;
    options.argv = {FRONT_PROCESS, dir_.path()};
    options.on_stdout_line = [this](absl::string_view line) {
      absl::MutexLock lock(&mu_);
      port_ = std::string(line);
    };
    absl::StatusOr<std::unique_ptr<Process>> process = Process::Start(options);
    ASSERT_OK(process);
    process_ = *std::move(process);
    waiter_ = std::thread([this] { process_->Wait(); });
    ASSERT_TRUE(Eventually([&] { return !port().empty(); }));
  }
  void Kill() {
    process_->Signal(SIGKILL);
    waiter_.join();
  }
  std::string port() {
    absl::MutexLock lock(&mu_);
    return port_;
  }
  FrontOptions SameOptions() {
    FrontOptions options;
    options.port = 0;
    options.state_dir = dir_.path();
    return options;
  }

  std::unique_ptr<Process> process_;
  std::thread waiter_;
  std::string port_ ABSL_GUARDED_BY(mu_);
};

TEST_F(KilledFrontTest, NginxOutlivesTheProxyAndTheNextOneTakesItOver) {
  StartElsewhere();
  Publisher publisher(absl::StrCat("rtmp://127.0.0.1:", port(), "/live/", kToken));
  absl::StatusOr<NginxProcess> nginx = Nginx();
  ASSERT_OK(nginx);
  ASSERT_TRUE(Eventually([&] { return nginx->Pids().size() == 2; }));
  absl::SleepFor(absl::Seconds(2));
  Kill();
  std::vector<pid_t> before = nginx->Pids();
  FrontHandlers handlers;
  handlers.on_publish = [](const Knock&) { return RandomHex(16); };
  handlers.on_publish_done = [this](const std::string& name) {
    absl::MutexLock lock(&mu_);
    done_.push_back(name);
  };
  absl::StatusOr<std::unique_ptr<Front>> front = Front::Start(SameOptions(), handlers, tokens_, RealClock(), metrics_);
  ASSERT_OK(front);
  front_ = *std::move(front);
  EXPECT_EQ(absl::StrCat(front_->port()), port());
  EXPECT_EQ(nginx->Pids(), before);
  EXPECT_TRUE(publisher.running());
  EXPECT_EQ(Publishers().size(), 1u);
  // The hooks are heard again.
  Publisher late(Url());
  EXPECT_TRUE(WaitForPublishers(2));
  publisher.Stop();
  EXPECT_TRUE(Eventually([&] { return done().size() == 1; }));
}

TEST_F(KilledFrontTest, WhereThePortOfTheHooksIsTakenMeanwhileNginxIsStartedAnew) {
  StartElsewhere();
  Kill();
  absl::StatusOr<std::string> arrangement = ReadFile(dir_.path() + "/front/arrangement");
  ASSERT_OK(arrangement);
  std::vector<std::string> words = absl::StrSplit(*arrangement, ' ');
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(atoi(words[1].c_str())));
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  Start();
  Publisher publisher(Url());
  EXPECT_TRUE(WaitForPublishers(1));
  close(listener);
}

}  // namespace
}  // namespace lectern::proxy
