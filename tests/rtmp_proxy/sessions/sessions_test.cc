// The whole proxy in this process, with a real nginx and real encoders, a fake API and a fake worker.
#include "rtmp_proxy/sessions/sessions.h"

#include <signal.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/http/client.h"
#include "lectern/v1/live.pb.h"
#include "rtmp_proxy/front/front.h"
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
using ::lectern::testing::Leg;
using ::lectern::testing::Publisher;
using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;

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

class SessionsTest : public ::testing::Test {
 protected:
  SessionsTest() {
    api_.AddStream(kToken, kStream);
    api_.SetWorker(1, worker_.url());
  }
  ~SessionsTest() override { Stop(); }

  void Start() {
    absl::StatusOr<std::unique_ptr<LiveApi>> live = LiveApi::Connect({{api_.address()}, "", false, "the credential"}, RealClock());
    ASSERT_OK(live);
    live_ = *std::move(live);
    tokens_ = std::make_unique<TokenBook>(dir_.path() + "/tokens", RealClock());
    SessionsOptions options;
    options.state_dir = dir_.path();
    options.report_interval = absl::Milliseconds(200);
    sessions_ = Sessions::Create(options, *live_, *tokens_, RealClock(), metrics_);
    FrontOptions front_options;
    front_options.port = 0;
    front_options.state_dir = dir_.path();
    front_options.idle_publisher = absl::Seconds(2);
    absl::StatusOr<std::unique_ptr<Front>> front =
        Front::Start(front_options, sessions_->Handlers(), *tokens_, RealClock(), metrics_);
    ASSERT_OK(front);
    front_ = *std::move(front);
    sessions_->Run(*front_);
  }

  void Stop() {
    if (sessions_ != nullptr) sessions_->Drain(absl::ZeroDuration());
    front_.reset();
    sessions_.reset();
  }

  std::string Url(const std::string& key = kToken) const { return absl::StrCat("rtmp://127.0.0.1:", front_->port(), "/live/", key); }
  bool WaitForPictures(size_t count) {
    return Eventually([&] { return worker_.leg().pictures.size() >= count; });
  }
  // That come from now on.
  bool WaitForMorePictures(size_t count) { return WaitForPictures(worker_.leg().pictures.size() + count); }
  bool WaitForPublishers(int count) {
    return Eventually([&] { return sessions_->Counts().publishers == count; });
  }

  testing::TempDir dir_;
  Metrics metrics_;
  FakeLiveApi api_;
  FakeWorker worker_;
  std::unique_ptr<LiveApi> live_;
  std::unique_ptr<TokenBook> tokens_;
  std::unique_ptr<Sessions> sessions_;
  std::unique_ptr<Front> front_;
};

TEST_F(SessionsTest, AStreamGoesToTheWorkerThatTheApiNames) {
  Start();
  Publisher publisher(Url(kToken + "?view=cam"));
  ASSERT_TRUE(WaitForPictures(50));
  Leg leg = worker_.leg();
  EXPECT_EQ(leg.name, "12-1");
  EXPECT_TRUE(leg.began_with_key_frame);
  EXPECT_TRUE(leg.video_header);
  EXPECT_TRUE(leg.audio_header);
  ASSERT_EQ(api_.opens().size(), 1u);
  EXPECT_EQ(api_.opens()[0].token, kToken);
  EXPECT_EQ(api_.opens()[0].view, "CAM");
  EXPECT_EQ(api_.opens()[0].credential, "Bearer the credential");
  EXPECT_TRUE(Eventually([&] { return api_.report(kStream).publishing && api_.report(kStream).epoch == 1; }));
  EXPECT_TRUE(absl::StartsWith(api_.report(kStream).encoder, "Lavf"));
  EXPECT_THAT(api_.report(kStream).warnings, IsEmpty());
  EXPECT_TRUE(Eventually([&] { return api_.report(kStream).confirmed_ms > 0; }));
  std::string metrics = metrics_.Text();
  EXPECT_TRUE(absl::StrContains(metrics, "lectern_rtmp_proxy_publishers 1"));
  EXPECT_FALSE(absl::StrContains(metrics, kToken));
}

TEST_F(SessionsTest, APublisherThatComesAgainGoesOnInTheSameStream) {
  Start();
  auto publisher = std::make_unique<Publisher>(Url());
  ASSERT_TRUE(WaitForPictures(25));
  publisher->Stop();
  EXPECT_TRUE(Eventually([&] { return api_.reports() > 0 && !api_.report(kStream).publishing; }));
  EXPECT_TRUE(WaitForPublishers(0));
  int64_t end_ms = worker_.leg().pictures.back();
  size_t before = worker_.leg().pictures.size();
  publisher = std::make_unique<Publisher>(Url());
  ASSERT_TRUE(WaitForMorePictures(25));
  EXPECT_EQ(worker_.legs().size(), 1u);
  EXPECT_GT(worker_.leg().pictures[before], end_ms);
}

TEST_F(SessionsTest, ANewerPublisherTakesOverFromAnOlderOne) {
  Start();
  Publisher older(Url());
  ASSERT_TRUE(WaitForPictures(25));
  Publisher newer(Url());
  EXPECT_TRUE(older.WaitForEnd());
  ASSERT_TRUE(WaitForMorePictures(25));
  EXPECT_TRUE(newer.running());
  EXPECT_EQ(worker_.legs().size(), 1u);
  std::vector<int64_t> pictures = worker_.leg().pictures;
  EXPECT_EQ(sessions_->Counts().publishers, 1);
  EXPECT_EQ(sessions_->Counts().streams, 1);
}

TEST_F(SessionsTest, TwoEncodersThatThrowEachOtherOutAreNamed) {
  Start();
  std::vector<std::unique_ptr<Publisher>> publishers;
  for (int i = 0; i < 4; ++i) {
    publishers.push_back(std::make_unique<Publisher>(Url()));
    ASSERT_TRUE(WaitForMorePictures(20));
  }
  EXPECT_TRUE(Eventually([&] { return absl::c_linear_search(api_.report(kStream).warnings, "TWO_ENCODERS"); }));
}

TEST_F(SessionsTest, AFrozenPublisherIsDroppedAndItsStreamWaits) {
  Start();
  Publisher publisher(Url());
  ASSERT_TRUE(WaitForPictures(25));
  publisher.Signal(SIGSTOP);
  EXPECT_TRUE(WaitForPublishers(0));
  EXPECT_TRUE(Eventually([&] { return !api_.report(kStream).publishing; }));
  EXPECT_EQ(sessions_->Counts().streams, 1);
}

TEST_F(SessionsTest, ARunningStreamDoesNotNoticeThatTheApiIsAway) {
  Start();
  Publisher publisher(Url());
  ASSERT_TRUE(WaitForPictures(25));
  api_.Stop();
  EXPECT_TRUE(WaitForMorePictures(75));
  int reports = api_.reports();
  api_.Start();
  EXPECT_TRUE(Eventually([&] { return api_.reports() > reports; }));
  EXPECT_TRUE(publisher.running());
  EXPECT_EQ(worker_.legs().size(), 1u);
}

TEST_F(SessionsTest, AKnownPublisherComesBackWhileTheApiIsAway) {
  Start();
  auto publisher = std::make_unique<Publisher>(Url());
  ASSERT_TRUE(WaitForPictures(25));
  api_.Stop();
  publisher->Stop();
  EXPECT_TRUE(WaitForPublishers(0));
  publisher = std::make_unique<Publisher>(Url());
  EXPECT_TRUE(WaitForMorePictures(25));
  EXPECT_EQ(worker_.legs().size(), 1u);
  api_.Start();
  EXPECT_TRUE(Eventually([&] { return api_.opens().size() == 2; }));
  EXPECT_TRUE(Eventually([&] { return api_.report(kStream).session == api_.opens()[1].session; }));
  EXPECT_TRUE(WaitForMorePictures(25));
  EXPECT_TRUE(publisher->running());
}

TEST_F(SessionsTest, AKnownTokenIsLetInWhileTheApiIsAwayAndNothingIsLost) {
  TokenBook(dir_.path() + "/tokens", RealClock()).Remember(kToken);
  Start();
  api_.Stop();
  Publisher publisher(Url());
  EXPECT_TRUE(Eventually([&] { return sessions_->Counts().held == 1; }));
  absl::SleepFor(absl::Seconds(3));
  EXPECT_TRUE(publisher.running());
  api_.Start();
  ASSERT_TRUE(WaitForPictures(100));
  Leg leg = worker_.leg();
  EXPECT_TRUE(leg.began_with_key_frame);
  EXPECT_EQ(sessions_->Counts().held, 0);
  // 25 pictures a second, from the first one on; where the kept ones end and the live ones begin there may be a seam.
  int seams = 0;
  for (size_t i = 1; i < leg.pictures.size(); ++i) seams += leg.pictures[i] - leg.pictures[i - 1] > 300 ? 1 : 0;
  EXPECT_EQ(seams, 0);
  EXPECT_GT(leg.pictures.back() - leg.pictures.front(), 3500);
}

TEST_F(SessionsTest, AnUnknownTokenIsNotLetInWhileTheApiIsAway) {
  Start();
  api_.Stop();
  Publisher publisher(Url());
  EXPECT_TRUE(publisher.WaitForEnd());
  EXPECT_EQ(sessions_->Counts().publishers, 0);
}

TEST_F(SessionsTest, ATokenThatIsRevokedMeanwhileIsThrownOutWhenTheApiIsBack) {
  TokenBook(dir_.path() + "/tokens", RealClock()).Remember(kToken);
  Start();
  api_.Stop();
  Publisher publisher(Url());
  EXPECT_TRUE(Eventually([&] { return sessions_->Counts().held == 1; }));
  api_.RevokeAll();
  api_.Start();
  EXPECT_TRUE(publisher.WaitForEnd());
  EXPECT_FALSE(tokens_->Known(kToken));
  EXPECT_THAT(worker_.legs(), IsEmpty());
}

TEST_F(SessionsTest, AStreamWithoutAWorkerIsKeptAndDelivered) {
  api_.SetWorker(0, "");
  Start();
  Publisher publisher(Url());
  EXPECT_TRUE(Eventually([&] { return api_.report(kStream).publishing && api_.report(kStream).received_ms > 2000; }));
  EXPECT_THAT(api_.report(kStream).warnings, Contains("NO_WORKER"));
  EXPECT_NE(api_.report(kStream).reason, "");
  api_.SetWorker(3, worker_.url());
  ASSERT_TRUE(WaitForPictures(75));
  EXPECT_TRUE(worker_.leg().began_with_key_frame);
  EXPECT_LT(worker_.leg().pictures.front(), 2000);
  EXPECT_TRUE(Eventually([&] { return api_.report(kStream).warnings.empty(); }));
}

TEST_F(SessionsTest, AtTheApisWordAStreamEnds) {
  Start();
  Publisher publisher(Url());
  ASSERT_TRUE(WaitForPictures(25));
  api_.Order(kStream, v1::StreamCommand::END);
  EXPECT_TRUE(publisher.WaitForEnd());
  EXPECT_TRUE(Eventually([&] { return sessions_->Counts().streams == 0; }));
  EXPECT_TRUE(Eventually([&] { return worker_.leg().ended; }));
}

TEST_F(SessionsTest, ANewerSessionElsewhereClosesThePublisher) {
  Start();
  Publisher publisher(Url());
  ASSERT_TRUE(WaitForPictures(25));
  api_.Order(kStream, v1::StreamCommand::SUPERSEDED);
  EXPECT_TRUE(publisher.WaitForEnd());
  EXPECT_TRUE(Eventually([&] { return sessions_->Counts().streams == 0; }));
}

TEST_F(SessionsTest, AfterAMoveTheStreamGoesToTheNewWorker) {
  Start();
  Publisher publisher(Url());
  ASSERT_TRUE(WaitForPictures(25));
  FakeWorker other;
  api_.SetWorker(2, other.url());
  api_.Order(kStream, v1::StreamCommand::REACQUIRE);
  EXPECT_TRUE(Eventually([&] { return other.leg().pictures.size() >= 25; }));
  EXPECT_EQ(other.leg().name, "12-2");
  EXPECT_TRUE(publisher.running());
}

TEST_F(SessionsTest, ARehearsalBecomesTheLectureAtAKeyFrame) {
  Start();
  Publisher publisher(Url());
  ASSERT_TRUE(WaitForPictures(25));
  api_.AddStream(kToken, "liveStreams/13");
  api_.Order(kStream, v1::StreamCommand::REOPEN);
  ASSERT_TRUE(Eventually([&] { return worker_.leg().name == "13-1" && worker_.leg().pictures.size() >= 25; }));
  EXPECT_TRUE(worker_.leg().began_with_key_frame);
  EXPECT_TRUE(worker_.leg().video_header);
  EXPECT_TRUE(worker_.leg().audio_header);
  EXPECT_EQ(api_.opens().back().resume, kStream);
  EXPECT_TRUE(Eventually([&] { return api_.report("liveStreams/13").publishing && !api_.report(kStream).publishing; }));
  EXPECT_TRUE(publisher.running());
}

TEST_F(SessionsTest, AKilledWorkersPlaceIsTakenWithoutAWordToThePublisher) {
  auto first = std::make_unique<FakeWorker>();
  api_.SetWorker(1, first->url());
  Start();
  Publisher publisher(Url());
  ASSERT_TRUE(Eventually([&] { return first->leg().pictures.size() > 25; }));
  api_.SetWorker(2, worker_.url());
  first.reset();
  EXPECT_TRUE(WaitForPictures(50));
  EXPECT_EQ(worker_.leg().name, "12-2");
  EXPECT_TRUE(publisher.running());
  EXPECT_EQ(sessions_->Counts().publishers, 1);
}

TEST_F(SessionsTest, AfterTheFrontWasKilledThePublisherGoesOnInTheSameStream) {
  Start();
  Publisher publisher(Url());
  ASSERT_TRUE(WaitForPictures(25));
  absl::StatusOr<NginxProcess> nginx = NginxProcess::Find("nginx", std::filesystem::canonical(dir_.path()).string() + "/front");
  ASSERT_OK(nginx);
  for (pid_t pid : nginx->Pids()) kill(pid, SIGKILL);
  EXPECT_TRUE(publisher.WaitForEnd());
  EXPECT_TRUE(WaitForPublishers(0));
  ASSERT_TRUE(Eventually([&] { return front_->ListPublishers().ok(); }));
  int64_t end_ms = worker_.leg().pictures.back();
  size_t before = worker_.leg().pictures.size();
  Publisher again(Url());
  ASSERT_TRUE(WaitForMorePictures(25));
  EXPECT_EQ(worker_.legs().size(), 1u);
  EXPECT_GT(worker_.leg().pictures[before], end_ms);
}

TEST_F(SessionsTest, TheTokenIsInNoFile) {
  Start();
  Publisher publisher(Url());
  ASSERT_TRUE(WaitForPictures(25));
  for (const auto& entry : std::filesystem::recursive_directory_iterator(dir_.path())) {
    if (!entry.is_regular_file()) continue;
    EXPECT_FALSE(absl::StrContains(ReadFile(entry.path().string()).value_or(""), kToken)) << entry.path();
  }
}

// Guesses, posted as nginx would post them.
class Flood {
 public:
  explicit Flood(const std::string& state_dir) {
    std::vector<std::string> words = absl::StrSplit(*ReadFile(state_dir + "/front/arrangement"), absl::ByAnyChar(" \n"));
    url_ = absl::StrCat("http://127.0.0.1:", words[1], "/", words[2], "/publish");
    for (int i = 0; i < 80; ++i) threads_.emplace_back([this] { Run(); });
  }
  ~Flood() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
  }
  int sent() const { return sent_; }

 private:
  void Run() {
    http::Client client;
    while (!stop_) {
      http::ClientRequest request;
      request.method = "POST";
      request.url = url_;
      request.body = absl::StrCat("app=live&addr=127.0.0.1&clientid=9&call=publish&name=lectern", RandomHex(24));
      absl::StatusOr<http::ClientResponse> response = client.Send(request);
      if (response.ok() && response->status == 403) ++sent_;
    }
  }

  std::string url_;
  std::atomic<bool> stop_ = false;
  std::atomic<int> sent_ = 0;
  std::vector<std::thread> threads_;
};

TEST_F(SessionsTest, AFloodOfWrongTokensNeitherReachesTheApiNorKeepsALecturerOut) {
  TokenBook(dir_.path() + "/tokens", RealClock()).Remember(kToken);
  Start();
  absl::Time begin = absl::Now();
  Flood flood(dir_.path());
  ASSERT_TRUE(Eventually([&] { return flood.sent() >= 400; }));
  Publisher publisher(Url());
  EXPECT_TRUE(WaitForPictures(25));
  ASSERT_TRUE(Eventually([&] { return flood.sent() >= 1000; }));
  EXPECT_TRUE(publisher.running());
  double seconds = absl::ToDoubleSeconds(absl::Now() - begin);
  EXPECT_LE(static_cast<double>(api_.opens().size()), 25 * (seconds + 1));
}

}  // namespace
}  // namespace lectern::proxy
