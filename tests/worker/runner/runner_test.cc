#include "worker/runner/runner.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "absl/synchronization/notification.h"
#include "common/base/file.h"
#include "lectern/v1/link.pb.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/worker/runner/fake_context.h"
#include "worker/steps/source_proxy.h"
#include "worker/steps/step.h"

namespace lectern::worker {
namespace {

namespace fs = std::filesystem;
using ::lectern::testing::TempDir;
using ::testing::HasSubstr;
using link::Outcome;
using testing::FakeContext;

Outcome Cancelled() {
  Outcome outcome;
  outcome.kind = Outcome::kCancelled;
  return outcome;
}

class NoSources final : public SourceProxy {
 public:
  std::unique_ptr<Source> Open(int64_t, SourceOptions) override { return nullptr; }
  int port() const override { return 0; }
};

class RunnerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(scratch_, Scratch::Open(dir_ / "scratch", int64_t{1} << 30));
    assign_.set_job(5);
    assign_.set_token(2);
    assign_.mutable_spec()->mutable_probe();
  }
  Outcome Run(Step step) {
    Runner runner(std::move(step), sources_, *scratch_, 2, RealClock(), metrics_);
    return runner.Run(assign_, context_);
  }

  TempDir dir_;
  NoSources sources_;
  std::unique_ptr<Scratch> scratch_;
  Metrics metrics_;
  FakeContext context_;
  v1::Assign assign_;
};

TEST_F(RunnerTest, GivesTheStepAFolderAndRemovesIt) {
  std::string folder;
  Outcome outcome = Run([&](const v1::Assign& assign, StepEnvironment& environment, link::JobContext& context) {
    folder = environment.scratch_dir;
    EXPECT_TRUE(fs::is_directory(folder));
    EXPECT_GT(environment.scratch_limit_bytes, 0);
    EXPECT_EQ(environment.threads, 2);
    EXPECT_OK(WriteFileAtomically(folder + "/file", "text"));
    context.Progress(0.5);
    return Outcome{};
  });
  EXPECT_EQ(outcome.kind, Outcome::kDone);
  EXPECT_EQ(folder, dir_ / "scratch/5-2");
  EXPECT_FALSE(fs::exists(folder));
  EXPECT_EQ(context_.progress(), std::vector<double>({0.5}));
  EXPECT_THAT(metrics_.Text(), HasSubstr("lectern_worker_attempts_total{kind=\"probe\",outcome=\"done\"} 1"));
}

TEST_F(RunnerTest, IsShortOfResourcesWhereTheScratchSpaceIs) {
  assign_.mutable_spec()->mutable_transcode_video()->set_max_bitrate_bps(8'000'000);
  assign_.mutable_spec()->mutable_media()->set_duration_seconds(7200);
  Outcome outcome = Run([](const v1::Assign&, StepEnvironment&, link::JobContext&) {
    ADD_FAILURE() << "started";
    return Outcome{};
  });
  EXPECT_EQ(outcome.kind, Outcome::kFailed);
  EXPECT_EQ(outcome.failure_class, v1::RESOURCE_SHORT);
  EXPECT_THAT(outcome.error, HasSubstr("scratch space"));
}

TEST_F(RunnerTest, StopsAStepThatStallsAndBlamesTheMedia) {
  assign_.mutable_stall_limit()->set_nanos(1'000'000);
  Outcome outcome = Run([](const v1::Assign&, StepEnvironment&, link::JobContext& context) {
    absl::Notification stopped;
    context.OnStop([&] { stopped.Notify(); });
    EXPECT_TRUE(stopped.WaitForNotificationWithTimeout(absl::Seconds(20)));
    Outcome cancelled = Cancelled();
    cancelled.log_tail = "last words";
    return cancelled;
  });
  EXPECT_EQ(outcome.kind, Outcome::kFailed);
  EXPECT_EQ(outcome.failure_class, v1::MEDIA);
  EXPECT_THAT(outcome.error, HasSubstr("no progress"));
  EXPECT_EQ(outcome.log_tail, "last words");
  EXPECT_TRUE(fs::is_empty(dir_ / "scratch") || !fs::exists(dir_ / "scratch/5-2"));
}

TEST_F(RunnerTest, StopsAStepAfterItsRunLimit) {
  assign_.mutable_run_limit()->set_nanos(1'000'000);
  Outcome outcome = Run([](const v1::Assign&, StepEnvironment&, link::JobContext& context) {
    absl::Notification stopped;
    context.OnStop([&] { stopped.Notify(); });
    EXPECT_TRUE(stopped.WaitForNotificationWithTimeout(absl::Seconds(20)));
    return Cancelled();
  });
  EXPECT_EQ(outcome.failure_class, v1::MEDIA);
  EXPECT_THAT(outcome.error, HasSubstr("time limit"));
}

TEST_F(RunnerTest, KeepsACancellationACancellation) {
  Outcome outcome = Run([this](const v1::Assign&, StepEnvironment&, link::JobContext& context) {
    context_.Stop();
    EXPECT_TRUE(context.ShouldStop());
    return Cancelled();
  });
  EXPECT_EQ(outcome.kind, Outcome::kCancelled);
}

TEST_F(RunnerTest, WaitsForTheVodServiceNoLongerThanForProgress) {
  assign_.mutable_stall_limit()->set_seconds(60);
  Run([](const v1::Assign&, StepEnvironment& environment, link::JobContext&) {
    EXPECT_EQ(environment.media_patience, absl::Seconds(45));
    return Outcome{};
  });
}

TEST(ScratchNeedTest, FollowsBitrateAndLengthOfARendition) {
  v1::JobSpec spec;
  spec.mutable_transcode_video()->set_max_bitrate_bps(8'000'000);
  int64_t unknown = ScratchNeed(spec);
  spec.mutable_media()->set_duration_seconds(1000);
  EXPECT_EQ(ScratchNeed(spec), 1'200'000'000 + (64 << 20));
  EXPECT_EQ(unknown, 1 << 30);
  spec.mutable_loudness();
  EXPECT_EQ(ScratchNeed(spec), 64 << 20);
}

}  // namespace
}  // namespace lectern::worker
