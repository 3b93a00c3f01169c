// Real publishers, a fake pipeline, a fake VOD service.

#include "worker/ingest/live_jobs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "common/rtmp/client.h"
#include "lectern/v1/link.pb.h"
#include "lectern/v1/live_media.pb.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/worker/ingest/fake_live_vod.h"
#include "tests/worker/ingest/fake_pipeline.h"

namespace lectern::worker {
namespace {

using ::lectern::testing::FakeLiveVod;
using ::lectern::testing::StatusIs;
using ::lectern::testing::TempDir;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using link::Outcome;
using link::StopReason;

constexpr absl::Duration kPatience = absl::Seconds(20);
constexpr char kKey[] = "0123456789abcdef";
constexpr int kJob = 7;

bool Eventually(const std::function<bool()>& holds) {
  for (absl::Time end = absl::Now() + kPatience; absl::Now() < end; absl::SleepFor(absl::Milliseconds(2))) {
    if (holds()) return true;
  }
  return false;
}

class LiveContext final : public link::JobContext {
 public:
  void Progress(double) override {}
  bool ShouldStop() const override { return reason_ != StopReason::kNone; }
  bool MayPublish() const override { return false; }   // the API is away: live streams go on
  StopReason stop_reason() const override { return reason_; }
  void OnStop(std::function<void()> callback) override { callback_ = std::move(callback); }
  void Stop(StopReason reason) {
    reason_ = reason;
    callback_();
  }

 private:
  std::atomic<StopReason> reason_ = StopReason::kNone;
  std::function<void()> callback_;
};

// A run of the job on a thread of its own.
struct Running {
  Running(LiveJobs& jobs, v1::Assign assign, std::string scratch) {
    std::filesystem::create_directories(scratch);
    thread = std::thread([this, &jobs, assign = std::move(assign), scratch = std::move(scratch)] {
      outcome = jobs.Run(assign, scratch, context);
      ended.Notify();
    });
  }
  ~Running() {
    if (!ended.HasBeenNotified()) context.Stop(StopReason::kTakenAway);
    thread.join();
  }
  Outcome::Kind End(StopReason reason) {
    context.Stop(reason);
    return Wait();
  }
  Outcome::Kind Wait() {
    EXPECT_TRUE(ended.WaitForNotificationWithTimeout(kPatience));
    return outcome.kind;
  }

  LiveContext context;
  Outcome outcome;
  absl::Notification ended;
  std::thread thread;
};

rtmp::MediaMessage Picture(int64_t ms, bool key, size_t size = 200) {
  std::string payload = key ? std::string("\x17\x01\0\0\0", 5) : std::string("\x27\x01\0\0\0", 5);
  payload.resize(size, 'p');
  return {rtmp::MediaMessage::kVideo, ms, std::make_shared<const std::string>(std::move(payload))};
}

class LiveJobsTest : public ::testing::Test {
 protected:
  void SetUp() override { Begin({}); }
  void Begin(LiveConfig config) {
    jobs_.reset();
    config.rtmp_address = "127.0.0.1";
    auto create = [this](PipelineOptions options, Pipeline::OnSet on_set) {
      return std::make_unique<testing::FakePipeline>(std::move(options), std::move(on_set), padding_);
    };
    ASSERT_OK_AND_ASSIGN(jobs_, LiveJobs::Start(config, create, RealClock(), metrics_));
    jobs_->SetReporter([this](const v1::LiveReport& report) {
      absl::MutexLock lock(&mu_);
      report_ = report;
    });
  }
  std::unique_ptr<Running> Start(int64_t epoch = 1) {
    v1::Assign assign;
    assign.set_job(kJob);
    assign.set_token(epoch);
    assign.mutable_spec()->mutable_live_ingest()->set_start_time_ms(absl::ToUnixMillis(absl::Now()));
    assign.set_media_url(vod_.url());
    assign.set_job_token(FakeLiveVod::kBearer);
    assign.set_ingest_key(kKey);
    return std::make_unique<Running>(*jobs_, assign, dir_ / absl::StrCat("scratch-", epoch));
  }
  absl::StatusOr<std::unique_ptr<rtmp::Publisher>> Open(const std::string& name) {
    rtmp::Target target{"127.0.0.1", jobs_->rtmp_port(), "ingest", name};
    absl::StatusOr<std::unique_ptr<rtmp::Publisher>> publisher = rtmp::Publisher::Open(target, {});
    return publisher;
  }
  std::unique_ptr<rtmp::Publisher> Publish(int64_t epoch = 1) {
    auto publisher = Open(absl::StrCat(kJob, "-", epoch, "?key=", kKey));
    EXPECT_OK(publisher);
    return *std::move(publisher);
  }
  // GOPs of three pictures, one a second, from the first one on.
  void Send(rtmp::Publisher& publisher, int first_gop, int count, size_t size = 200) {
    for (int gop = first_gop; gop < first_gop + count; ++gop) {
      for (int i = 0; i < 3; ++i) ASSERT_OK(publisher.Send(Picture(gop * 1000 + i * 40, i == 0, size)));
    }
  }
  bool Hears(rtmp::Publisher& publisher, int64_t confirmed_ms) {
    return Eventually([&] { return publisher.Poll(absl::Milliseconds(20)).ok() && publisher.feedback().confirmed_ms >= confirmed_ms; });
  }
  v1::LiveReport report() {
    absl::MutexLock lock(&mu_);
    return report_;
  }

  TempDir dir_;
  FakeLiveVod vod_;
  Metrics metrics_;
  size_t padding_ = 0;
  absl::Mutex mu_;
  v1::LiveReport report_;
  std::unique_ptr<LiveJobs> jobs_;
};

TEST_F(LiveJobsTest, StoresWhatAProxySendsAndTellsItSo) {
  auto run = Start();
  auto publisher = Publish();
  EXPECT_EQ(publisher->feedback().confirmed_ms, -1);
  Send(*publisher, 0, 4);
  EXPECT_TRUE(Hears(*publisher, 3000));
  EXPECT_THAT(vod_.contents(), ElementsAre("0 40 80", "1000 1040 1080", "2000 2040 2080"));
  v1::LiveSet set = vod_.sets()[2];
  EXPECT_EQ(set.number(), 3);
  EXPECT_EQ(set.segments(0).name(), "720p-1-3.m4s");
  EXPECT_EQ(set.tracks(0).init(), "720p-1-1-init.mp4") << "stored once";
  EXPECT_EQ(vod_.files()[set.tracks(0).init()], "init");
  EXPECT_TRUE(Eventually([&] { return report().sets() == 3; }));
  EXPECT_TRUE(report().receiving());
  EXPECT_EQ(report().end_ms(), 3000);
  EXPECT_EQ(report().renditions(0).label(), "720p");
  EXPECT_EQ(report().facts().renditions(0), "720p (copied)");
  EXPECT_EQ(report().job(), kJob);
  EXPECT_EQ(run->End(StopReason::kCancelled), Outcome::kDone);
  EXPECT_EQ(vod_.contents().back(), "3000 3040 3080") << "the end is stored too";
}

TEST_F(LiveJobsTest, TakesWhatHasArrivedWhenItIsToEnd) {
  auto run = Start();
  auto publisher = Publish();
  Send(*publisher, 0, 50);
  EXPECT_EQ(run->End(StopReason::kCancelled), Outcome::kDone);
  EXPECT_EQ(vod_.sets().size(), 50u);
  EXPECT_TRUE(Eventually([&] { return !publisher->Poll(absl::Milliseconds(20)).ok(); })) << "the leg is closed";
  EXPECT_EQ(publisher->feedback().confirmed_ms, vod_.sets().back().end_ms()) << "the proxy knows that all is stored";
}

TEST_F(LiveJobsTest, TellsTheProxyWhatIsStoredAfterTheEndWasToldAndTakesNoMore) {
  auto run = Start();
  auto publisher = Publish();
  Send(*publisher, 0, 5);
  EXPECT_TRUE(Hears(*publisher, 4000));
  vod_.answer = 503;
  run->context.Stop(StopReason::kCancelled);
  std::thread back([this] {
    absl::SleepFor(absl::Milliseconds(1500));
    vod_.answer = 0;
  });
  EXPECT_TRUE(Hears(*publisher, 4120));
  back.join();
  EXPECT_EQ(run->Wait(), Outcome::kDone);
  EXPECT_TRUE(Eventually([&] { return !publisher->Poll(absl::Milliseconds(20)).ok(); }));
  EXPECT_EQ(vod_.sets().size(), 5u);
}

TEST_F(LiveJobsTest, RefusesWrongKeysAndUnknownStreams) {
  auto run = Start();
  ASSERT_TRUE(Eventually([&] { return vod_.opens == 1; }));
  for (const char* name : {"7-1?key=0123456789abcdeX", "7-1?key=", "7-1", "7?key=0123456789abcdef", "7-1-1?key=0123456789abcdef",
                           "7-1?kex=0123456789abcdef&key=0123456789abcde"}) {
    EXPECT_THAT(Open(name), StatusIs(absl::StatusCode::kPermissionDenied)) << name;
  }
  EXPECT_THAT(Open(absl::StrCat("8-1?key=", kKey)), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_OK(Open(absl::StrCat("7-1?other=1&key=", kKey)));
}

TEST_F(LiveJobsTest, WaitsAMomentForTheAssignment) {
  std::unique_ptr<rtmp::Publisher> publisher;
  std::thread proxy([&] { publisher = Publish(); });
  // Nothing tells when the request has arrived; where it comes later than the job, the test shows less but does not fail.
  absl::SleepFor(absl::Milliseconds(100));
  auto run = Start();
  proxy.join();
  Send(*publisher, 0, 2);
  EXPECT_TRUE(vod_.WaitForSets(1));
}

TEST_F(LiveJobsTest, KeepsTheOrderWhileTheVodServiceIsAway) {
  auto run = Start();
  auto publisher = Publish();
  Send(*publisher, 0, 3);
  ASSERT_TRUE(vod_.WaitForSets(2));
  vod_.Stop();
  Send(*publisher, 3, 10);
  EXPECT_TRUE(Eventually([&] { return absl::StrContains(report().reason(), "VOD service"); })) << "said in words";
  EXPECT_TRUE(publisher->Poll(absl::ZeroDuration()).ok()) << "the proxy does not notice";
  EXPECT_LE(publisher->feedback().confirmed_ms, 3000);
  vod_.answer = 503;
  vod_.Start();
  Send(*publisher, 13, 2);
  vod_.answer = 401;
  vod_.answer = 0;
  EXPECT_TRUE(Hears(*publisher, 14'000));
  std::vector<v1::LiveSet> sets = vod_.sets();
  ASSERT_EQ(sets.size(), 14u);
  for (int i = 0; i < 14; ++i) EXPECT_EQ(sets[i].start_ms(), i * 1000);
  EXPECT_TRUE(Eventually([&] { return report().reason().empty(); }));
}

TEST_F(LiveJobsTest, BeginsAlsoWhileTheVodServiceIsAway) {
  vod_.Stop();
  auto run = Start();
  auto publisher = Publish();
  // More than sockets and memory hold: it waits on disk, and the proxy does not notice.
  constexpr int kGops = 200;
  Send(*publisher, 0, kGops, 50'000);
  EXPECT_TRUE(std::filesystem::exists(dir_ / "scratch-1/held.flv"));
  EXPECT_TRUE(Eventually([&] { return !report().reason().empty(); }));
  EXPECT_TRUE(publisher->Poll(absl::ZeroDuration()).ok());
  vod_.Start();
  EXPECT_TRUE(Hears(*publisher, (kGops - 1) * 1000));
  std::vector<v1::LiveSet> sets = vod_.sets();
  ASSERT_EQ(sets.size(), static_cast<size_t>(kGops - 1));
  for (int i = 0; i < kGops - 1; ++i) EXPECT_EQ(sets[i].start_ms(), i * 1000);
}

TEST_F(LiveJobsTest, StoresTheEndAlsoWhereTheVodServiceComesOnlyThen) {
  vod_.Stop();
  auto run = Start();
  auto publisher = Publish();
  Send(*publisher, 0, 3);
  ASSERT_TRUE(Eventually([&] { return report().receiving(); }));
  run->context.Stop(StopReason::kCancelled);
  // Nothing tells when it has begun to wait; where that is later, the test shows less but does not fail.
  absl::SleepFor(absl::Milliseconds(300));
  EXPECT_FALSE(run->ended.HasBeenNotified());
  vod_.Start();
  EXPECT_EQ(run->Wait(), Outcome::kDone);
  EXPECT_THAT(vod_.contents(), ElementsAre("0 40 80", "1000 1040 1080", "2000 2040 2080"));
}

TEST_F(LiveJobsTest, StopsWaitingForTheVodServiceWhenItsJobIsTakenAway) {
  auto run = Start();
  auto publisher = Publish();
  Send(*publisher, 0, 2);
  ASSERT_TRUE(vod_.WaitForSets(1));
  vod_.Stop();
  run->context.Stop(StopReason::kCancelled);
  // Nothing tells when it has begun to wait; where that is later, the test shows less but does not fail.
  absl::SleepFor(absl::Milliseconds(300));
  EXPECT_FALSE(run->ended.HasBeenNotified());
  run->context.Stop(StopReason::kTakenAway);
  EXPECT_EQ(run->Wait(), Outcome::kDone);
}

TEST_F(LiveJobsTest, RepeatsASetWhoseAnswerWasLost) {
  vod_.lose_answers = 1;
  auto run = Start();
  auto publisher = Publish();
  Send(*publisher, 0, 4);
  EXPECT_TRUE(Hears(*publisher, 3000));
  EXPECT_EQ(vod_.sets().size(), 3u);
}

TEST_F(LiveJobsTest, AsksAgainWhereTheNumbersDoNotMatch) {
  auto run = Start();
  auto publisher = Publish();
  Send(*publisher, 0, 2);
  ASSERT_TRUE(Hears(*publisher, 1000));
  vod_.ExpectNumber(5);
  Send(*publisher, 2, 2);
  EXPECT_TRUE(Hears(*publisher, 3000));
  EXPECT_EQ(vod_.sets().back().number(), 6);
  EXPECT_EQ(vod_.opens, 2);
}

TEST_F(LiveJobsTest, SkipsASetThatIsRefusedForGood) {
  auto run = Start();
  auto publisher = Publish();
  vod_.answer_to_sets = 400;
  Send(*publisher, 0, 2);
  EXPECT_TRUE(Eventually([&] { return absl::StrContains(metrics_.Text(), "lectern_worker_live_failures_total{what=\"store\"} 1"); }));
  vod_.answer_to_sets = 0;
  Send(*publisher, 2, 2);
  EXPECT_TRUE(Hears(*publisher, 3000));
  EXPECT_THAT(vod_.contents(), ElementsAre("1000 1040 1080", "2000 2040 2080"));
}

TEST_F(LiveJobsTest, EndsAsCancelledWhenANewerHolderWasSeen) {
  auto run = Start();
  auto publisher = Publish();
  Send(*publisher, 0, 2);
  ASSERT_TRUE(vod_.WaitForSets(1));
  vod_.Fence(2);
  Send(*publisher, 2, 2);
  EXPECT_EQ(run->Wait(), Outcome::kCancelled);
  EXPECT_EQ(vod_.sets().size(), 1u);
  EXPECT_TRUE(Eventually([&] { return !publisher->Poll(absl::Milliseconds(20)).ok(); })) << "the leg is closed";
}

TEST_F(LiveJobsTest, GoesOnBehindWhatIsStored) {
  vod_.Preset(0, 5000, 5);
  auto run = Start(3);
  auto publisher = Publish(3);
  EXPECT_TRUE(Hears(*publisher, 5000));
  EXPECT_EQ(publisher->feedback().resume_ms, 5000);
  Send(*publisher, 3, 4);
  EXPECT_TRUE(Hears(*publisher, 6000));
  EXPECT_THAT(vod_.contents(), ElementsAre("5000 5040 5080"));
  EXPECT_EQ(vod_.sets()[0].number(), 1);
}

TEST_F(LiveJobsTest, LetsANewerConnectionTakeOverWithoutDoubleOrMissingPictures) {
  auto run = Start();
  auto first = Publish();
  Send(*first, 0, 3);
  ASSERT_TRUE(Hears(*first, 2000));
  auto second = Publish();
  EXPECT_TRUE(Eventually([&] { return !first->Poll(absl::Milliseconds(20)).ok(); })) << "the older one is closed";
  EXPECT_TRUE(Hears(*second, 2000));
  EXPECT_EQ(second->feedback().resume_ms, 2000);
  Send(*second, 1, 4);
  EXPECT_TRUE(Hears(*second, 4000));
  EXPECT_THAT(vod_.contents(), ElementsAre("0 40 80", "1000 1040 1080", "2000 2040 2080", "3000 3040 3080"));
}

TEST_F(LiveJobsTest, IsHandedBackByClosingTheLegFirst) {
  auto run = Start();
  auto publisher = Publish();
  Send(*publisher, 0, 3);
  ASSERT_TRUE(Hears(*publisher, 2000));
  EXPECT_EQ(run->End(StopReason::kHandBack), Outcome::kCancelled);
  EXPECT_TRUE(Eventually([&] { return !publisher->Poll(absl::Milliseconds(20)).ok(); }));
  EXPECT_EQ(vod_.sets().size(), 2u) << "an incomplete set is left to the next worker";
  auto next = Start(2);
  auto again = Publish(2);
  EXPECT_TRUE(Hears(*again, 2000));
  EXPECT_EQ(again->feedback().resume_ms, 2000);
}

TEST_F(LiveJobsTest, MakesTheProxyWaitWhenTooMuchIsNotStored) {
  padding_ = 256 << 10;
  LiveConfig config;
  config.spool_bytes = 1 << 20;
  Begin(config);
  auto run = Start();
  auto publisher = Publish();
  Send(*publisher, 0, 2);
  ASSERT_TRUE(vod_.WaitForSets(1));
  vod_.answer = 503;
  constexpr int kGops = 120;
  std::atomic<int> sent = 0;
  std::thread proxy([&] {
    for (int gop = 2; gop < kGops; ++gop, ++sent) Send(*publisher, gop, 1, 100'000);
  });
  int before = -1;
  // The socket's buffers take some more; then nothing moves but a message now and then.
  EXPECT_TRUE(Eventually([&] {
    int now = sent;
    bool still = now == before;
    before = now;
    absl::SleepFor(absl::Milliseconds(300));
    return still;
  }));
  EXPECT_LT(sent, kGops - 2);
  EXPECT_LT(std::distance(std::filesystem::directory_iterator(dir_ / "scratch-1"), {}), 60) << "and the disk is not filled";
  vod_.answer = 0;
  proxy.join();
  EXPECT_TRUE(Hears(*publisher, (kGops - 1) * 1000));
  std::vector<v1::LiveSet> sets = vod_.sets();
  ASSERT_EQ(sets.size(), static_cast<size_t>(kGops - 1));
  for (int i = 0; i < kGops - 1; ++i) EXPECT_EQ(sets[i].start_ms(), i * 1000);
  EXPECT_TRUE(Eventually([&] { return std::filesystem::is_empty(dir_ / "scratch-1"); })) << "spool files are removed";
}

}  // namespace
}  // namespace lectern::worker
