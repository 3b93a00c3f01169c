// The program itself, killed and stopped, with real encoders, a fake API and a fake worker.
#include <signal.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "common/base/file.h"
#include "common/exec/process.h"
#include "rtmp_proxy/front/nginx_process.h"
#include "tests/rtmp_proxy/support/fake_live_api.h"
#include "tests/rtmp_proxy/support/fake_worker.h"
#include "tests/rtmp_proxy/support/publisher.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace lectern::proxy {
namespace {

using ::lectern::testing::FakeLiveApi;
using ::lectern::testing::FakeWorker;
using ::lectern::testing::Publisher;
using ::testing::IsEmpty;

const std::string kToken = "lectern" + std::string(48, 'a');
constexpr char kStream[] = "liveStreams/12";
constexpr absl::Duration kPatience = absl::Seconds(30);

template <typename F>
bool Eventually(F condition) {
  for (absl::Time end = absl::Now() + kPatience; absl::Now() < end; absl::SleepFor(absl::Milliseconds(20))) {
    if (condition()) return true;
  }
  return false;
}

class ProxyProcessTest : public ::testing::Test {
 protected:
  ProxyProcessTest() {
    api_.AddStream(kToken, kStream);
    api_.SetWorker(1, worker_.url());
    // As if it had joined before.
    EXPECT_OK(WriteFileAtomically(dir_.path() + "/credential", "resources/7\nthe credential\n", 0600));
  }
  ~ProxyProcessTest() override {
    if (waiter_.joinable()) End(SIGKILL);
    if (absl::StatusOr<NginxProcess> nginx = Nginx(); nginx.ok()) nginx->End(absl::ZeroDuration());
  }

  void Start() {
    ready_ = false;
    ProcessOptions options;
    options.argv = {PROXY,         "--api=" + api_.address(), "--state_dir=" + dir_.path(), "--rtmp_port=0",
                    "--listen=127.0.0.1", "--drain_timeout=100ms"};
    options.on_stderr_line = [this](absl::string_view line) {
      absl::MutexLock lock(&mu_);
      absl::StrAppend(&log_, line, "\n");
      if (absl::StrContains(line, "taking streams in")) ready_ = true;
    };
    absl::StatusOr<std::unique_ptr<Process>> process = Process::Start(options);
    ASSERT_OK(process);
    process_ = *std::move(process);
    waiter_ = std::thread([this] { exit_ = process_->Wait(); });
    ASSERT_TRUE(Eventually([&] { return ready_.load(); })) << log();
  }
  int End(int signal) {
    process_->Signal(signal);
    waiter_.join();
    return exit_.code;
  }

  absl::StatusOr<NginxProcess> Nginx() {
    return NginxProcess::Find("nginx", std::filesystem::canonical(dir_.path()).string() + "/front");
  }
  std::string Url() const {
    std::string arrangement = ReadFile(dir_.path() + "/front/arrangement").value_or("");
    return absl::StrCat("rtmp://127.0.0.1:", arrangement.substr(0, arrangement.find(' ')), "/live/", kToken);
  }
  std::string log() {
    absl::MutexLock lock(&mu_);
    return log_;
  }

  testing::TempDir dir_;
  FakeLiveApi api_;
  FakeWorker worker_;
  std::unique_ptr<Process> process_;
  std::thread waiter_;
  ProcessExit exit_;
  std::atomic<bool> ready_ = false;
  absl::Mutex mu_;
  std::string log_ ABSL_GUARDED_BY(mu_);
};

TEST_F(ProxyProcessTest, AKilledProxysPublishersAreTakenUpByTheNextOne) {
  Start();
  Publisher publisher(Url());
  ASSERT_TRUE(Eventually([&] { return worker_.leg().pictures.size() > 50; }));
  for (int round = 2; round <= 3; ++round) {
    End(SIGKILL);
    ASSERT_TRUE(Eventually([&] { return worker_.leg().ended; }));
    int64_t end_ms = worker_.leg().pictures.back();
    Start();
    ASSERT_TRUE(Eventually([&] { return worker_.legs().size() == static_cast<size_t>(round) && worker_.leg().pictures.size() > 25; }));
    EXPECT_TRUE(publisher.running());
    EXPECT_GT(worker_.leg().pictures.front(), end_ms);
    EXPECT_TRUE(worker_.leg().video_header);
    EXPECT_TRUE(worker_.leg().audio_header);
    EXPECT_EQ(api_.opens().back().resume, kStream);
    EXPECT_TRUE(Eventually([&] { return api_.report(kStream).session == api_.opens().back().session; }));
  }
  EXPECT_FALSE(absl::StrContains(log(), kToken));
}

TEST_F(ProxyProcessTest, APublisherIsTakenUpWhileTheApiIsAway) {
  Start();
  Publisher publisher(Url());
  ASSERT_TRUE(Eventually([&] { return worker_.leg().pictures.size() > 50; }));
  api_.Stop();
  End(SIGKILL);
  Start();
  absl::SleepFor(absl::Seconds(2));
  EXPECT_TRUE(publisher.running());
  api_.Start();
  EXPECT_TRUE(Eventually([&] { return worker_.legs().size() == 2 && worker_.leg().pictures.size() > 75; }));
  EXPECT_TRUE(publisher.running());
}

TEST_F(ProxyProcessTest, APublisherThatNobodyKnowsIsDropped) {
  Start();
  Publisher publisher(Url());
  ASSERT_TRUE(Eventually([&] { return worker_.leg().pictures.size() > 25; }));
  End(SIGKILL);
  std::filesystem::remove_all(dir_.path() + "/sessions");
  Start();
  EXPECT_TRUE(publisher.WaitForEnd());
}

TEST_F(ProxyProcessTest, ATerminatedProxyDeliversAndLeavesNothingBehind) {
  Start();
  Publisher publisher(Url());
  ASSERT_TRUE(Eventually([&] { return worker_.leg().pictures.size() > 50; }));
  EXPECT_EQ(End(SIGTERM), 0) << log();
  EXPECT_TRUE(publisher.WaitForEnd());
  EXPECT_TRUE(worker_.leg().ended);
  absl::StatusOr<NginxProcess> nginx = Nginx();
  ASSERT_OK(nginx);
  EXPECT_THAT(nginx->Pids(), IsEmpty());
  EXPECT_FALSE(absl::StrContains(log(), kToken));
}

TEST_F(ProxyProcessTest, ASecondProxyDoesNotTouchTheFirstOnesFront) {
  Start();
  Publisher publisher(Url());
  ASSERT_TRUE(Eventually([&] { return worker_.leg().pictures.size() > 25; }));
  ProcessOptions options;
  options.argv = {PROXY, "--api=" + api_.address(), "--state_dir=" + dir_.path(), "--rtmp_port=0"};
  absl::StatusOr<std::string> second = RunProcess(options, kPatience);
  EXPECT_FALSE(second.ok());
  size_t before = worker_.leg().pictures.size();
  EXPECT_TRUE(Eventually([&] { return worker_.leg().pictures.size() > before + 25; }));
  EXPECT_TRUE(publisher.running());
}

}  // namespace
}  // namespace lectern::proxy
