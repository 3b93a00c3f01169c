// The whole program against an API in this process.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/exec/process.h"
#include "lectern/v1/link.pb.h"
#include "lectern/v1/resources.pb.h"
#include "tests/common/link/fake_api.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace lectern::worker {
namespace {

namespace fs = std::filesystem;
using ::lectern::testing::FakeApi;
using ::lectern::testing::kPatience;
using ::lectern::testing::TempDir;
using ::testing::Contains;
using ::testing::HasSubstr;
using Message = v1::ResourceMessage;

class WorkerProcessTest : public ::testing::Test {
 protected:
  std::unique_ptr<Process> Start(std::vector<std::string> flags, std::vector<std::string> environment = {}) {
    ProcessOptions options;
    options.argv = {LECTERN_WORKER};
    options.argv.insert(options.argv.end(), flags.begin(), flags.end());
    options.environment = std::move(environment);
    absl::StatusOr<std::unique_ptr<Process>> process = Process::Start(std::move(options));
    EXPECT_OK(process);
    return *std::move(process);
  }
  std::vector<std::string> Flags() {
    return {absl::StrCat("--api=", api_.address()), absl::StrCat("--state_dir=", dir_ / "state"), "--slots=2",
            "--drain_timeout=2s"};
  }
  std::unique_ptr<Process> Start() { return Start(Flags(), {"LECTERN_TOKEN=organization-token"}); }

  v1::ServerMessage Noop(int64_t job, int duration_ms) {
    v1::ServerMessage message;
    message.mutable_assign()->set_job(job);
    message.mutable_assign()->set_token(1);
    message.mutable_assign()->mutable_spec()->mutable_noop()->set_duration_ms(duration_ms);
    return message;
  }

  TempDir dir_;
  FakeApi api_;
};

TEST_F(WorkerProcessTest, OffersItsSlotsAfterTheSelfTestAndRunsAJob) {
  auto worker = Start();
  auto stream = api_.NextAttachment();
  EXPECT_EQ(api_.joins()[0].organization_token(), "organization-token");
  EXPECT_EQ(stream->hello().slots(), 0);
  EXPECT_THAT(stream->hello().capabilities(), Contains("libx264"));
  EXPECT_EQ(stream->Expect(Message::kCredit).credit().slots(), 2);
  stream->Send(Noop(1, 0));
  stream->Expect(Message::kAccept);
  EXPECT_EQ(stream->Expect(Message::kDone).done().job(), 1);
  stream->Recorded(1, 1);
  worker->Signal(SIGTERM);
  EXPECT_EQ(worker->Wait().code, 0);
  EXPECT_FALSE(fs::exists(dir_ / "state/scratch/1-1"));
}

TEST_F(WorkerProcessTest, HandsBackWhatDoesNotEndInTimeAndExitsCleanly) {
  auto worker = Start();
  auto stream = api_.NextAttachment();
  stream->Expect(Message::kCredit);
  stream->Send(Noop(1, 600'000));
  stream->Expect(Message::kAccept);
  worker->Signal(SIGTERM);
  stream->Expect(Message::kDrain);
  EXPECT_EQ(stream->Expect(Message::kReject).reject().job(), 1);
  EXPECT_EQ(worker->Wait().code, 0);
}

TEST_F(WorkerProcessTest, RemovesTheScratchFoldersOfAKilledWorker) {
  auto worker = Start();
  auto stream = api_.NextAttachment();
  stream->Expect(Message::kCredit);
  stream->Send(Noop(1, 600'000));
  stream->Expect(Message::kProgress);
  EXPECT_TRUE(fs::exists(dir_ / "state/scratch/1-1"));
  worker->Signal(SIGKILL);
  EXPECT_EQ(worker->Wait().signal, SIGKILL);
  worker = Start(Flags());
  api_.NextAttachment();
  EXPECT_FALSE(fs::exists(dir_ / "state/scratch/1-1"));
  EXPECT_EQ(api_.joins().size(), 1u) << "the credential is kept";
}

TEST_F(WorkerProcessTest, TakesNoWorkWithTooLittleDisk) {
  std::vector<std::string> flags = Flags();
  flags.push_back("--scratch_min_free=1000000G");
  auto worker = Start(flags, {"LECTERN_TOKEN=organization-token"});
  auto stream = api_.NextAttachment();
  stream->Send(Noop(1, 0));
  EXPECT_EQ(stream->Expect(Message::kReject).reject().reason(), "NO_SLOTS");
}

TEST_F(WorkerProcessTest, ExitsWithTwoAndOneLineForAWrongConfiguration) {
  for (const std::vector<std::string>& flags :
       {std::vector<std::string>{}, {"--no_such_flag=1"}, {"--slots=0", "--state_dir=/x", "--api=127.0.0.1:1"}, Flags()}) {
    ProcessExit exit = Start(flags)->Wait();
    EXPECT_EQ(exit.code, 2);
    EXPECT_THAT(exit.stderr_tail, HasSubstr("lectern-worker: "));
  }
}

TEST_F(WorkerProcessTest, ExitsWithOneWhereTheTokenIsRefused) {
  api_.set_join_answer([](const v1::JoinRequest&, v1::JoinResponse*) {
    return WithReason(absl::UnauthenticatedError("expired"), "TOKEN_EXPIRED");
  });
  ProcessExit exit = Start()->Wait();
  EXPECT_EQ(exit.code, 1);
  EXPECT_THAT(exit.stderr_tail, HasSubstr("has expired"));
  EXPECT_THAT(exit.stderr_tail, ::testing::Not(HasSubstr("organization-token")));
}

TEST_F(WorkerProcessTest, StopsAlsoWhileItWaitsForTheApi) {
  api_.set_join_answer([](const v1::JoinRequest&, v1::JoinResponse*) { return absl::UnavailableError("no database"); });
  auto worker = Start();
  for (absl::Time end = absl::Now() + kPatience; api_.joins().empty() && absl::Now() < end;) absl::SleepFor(absl::Milliseconds(2));
  worker->Signal(SIGTERM);
  EXPECT_EQ(worker->Wait().code, 0);
}

}  // namespace
}  // namespace lectern::worker
