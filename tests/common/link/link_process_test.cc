// The link in a process that is frozen and killed. docs/link.md, rules 3 to 6.

#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "common/exec/process.h"
#include "lectern/v1/link.pb.h"
#include "lectern/v1/resources.pb.h"
#include "tests/common/link/fake_api.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace lectern::link {
namespace {

namespace fs = std::filesystem;
using ::lectern::testing::Attachment;
using ::lectern::testing::FakeApi;
using ::lectern::testing::kPatience;
using ::lectern::testing::TempDir;
using Message = v1::ResourceMessage;

class LinkProcessTest : public ::testing::Test {
 protected:
  std::unique_ptr<Process> Start() {
    ProcessOptions options;
    options.argv = {LINK_RESOURCE, api_.address(), dir_ / "state", dir_.path()};
    absl::StatusOr<std::unique_ptr<Process>> process = Process::Start(std::move(options));
    EXPECT_OK(process);
    return *std::move(process);
  }
  bool Eventually(const std::function<bool()>& holds) {
    for (absl::Time end = absl::Now() + kPatience; absl::Now() < end; absl::SleepFor(absl::Milliseconds(2))) {
      if (holds()) return true;
    }
    return false;
  }
  size_t Published() {
    std::error_code absent;
    uintmax_t size = fs::file_size(dir_ / "published", absent);
    return absent ? 0 : size;
  }
  void End() { std::ofstream(dir_ / "end") << "end"; }
  v1::ServerMessage Stop(int64_t job, int64_t token) {
    v1::ServerMessage message;
    v1::RunningJob* stop = message.mutable_reconcile()->add_stop();
    stop->set_job(job);
    stop->set_token(token);
    return message;
  }
  // The stream on which it speaks after it was frozen: the old one or a new one.
  std::shared_ptr<Attachment> Heard(std::shared_ptr<Attachment> before, int attachments) {
    before->TakeAll();
    std::shared_ptr<Attachment> heard;
    EXPECT_TRUE(Eventually([&] {
      if (api_.attachments > attachments) heard = api_.NextAttachment();
      if (heard == nullptr && !before->TakeAll().empty()) heard = before;
      return heard != nullptr;
    }));
    return heard;
  }

  void SetUp() override { api_.beat_ms = 100; }

  TempDir dir_;
  FakeApi api_;
};

TEST_F(LinkProcessTest, LosesNoWorkWhenFrozenForLessThanItsLease) {
  api_.lease_ms = 60'000;
  auto process = Start();
  auto stream = api_.NextAttachment();
  stream->Assign(1, 1);
  ASSERT_TRUE(Eventually([&] { return Published() > 0; }));
  process->Signal(SIGSTOP);
  // Six beats: more silence than a running process bears.
  absl::SleepFor(absl::Milliseconds(600));
  size_t before = Published();
  int attachments = api_.attachments;
  process->Signal(SIGCONT);
  stream = Heard(stream, attachments);
  ASSERT_TRUE(Eventually([&] { return Published() > before + 1; })) << "goes on publishing";
  End();
  Message done = stream->Expect(Message::kDone);
  EXPECT_EQ(done.done().job(), 1);
  EXPECT_EQ(done.done().token(), 1);
}

TEST_F(LinkProcessTest, PublishesNothingWhenFrozenBeyondItsLeaseUntilItIsKept) {
  api_.lease_ms = 300;
  auto process = Start();
  auto stream = api_.NextAttachment();
  stream->Assign(1, 1);
  ASSERT_TRUE(Eventually([&] { return Published() > 0; }));
  process->Signal(SIGSTOP);
  absl::SleepFor(absl::Milliseconds(600));
  api_.renews = false;
  api_.keeps_all = false;
  size_t before = Published();
  int attachments = api_.attachments;
  process->Signal(SIGCONT);
  stream = Heard(stream, attachments);
  // It may have been frozen between asking and writing.
  EXPECT_LE(Published(), before + 1);
  api_.renews = true;
  ASSERT_TRUE(Eventually([&] { return Published() > before + 1; })) << "kept: goes on";
  EXPECT_FALSE(fs::exists(dir_ / "stopped"));
}

TEST_F(LinkProcessTest, DropsTheWorkThatWasGivenAwayWhileItWasFrozen) {
  api_.lease_ms = 300;
  auto process = Start();
  auto stream = api_.NextAttachment();
  stream->Assign(1, 1);
  ASSERT_TRUE(Eventually([&] { return Published() > 0; }));
  process->Signal(SIGSTOP);
  absl::SleepFor(absl::Milliseconds(600));
  api_.renews = false;
  api_.keeps_all = false;
  size_t before = Published();
  int attachments = api_.attachments;
  process->Signal(SIGCONT);
  stream = Heard(stream, attachments);
  stream->Send(Stop(1, 1));
  ASSERT_TRUE(Eventually([&] { return fs::exists(dir_ / "stopped"); }));
  EXPECT_LE(Published(), before + 1);
  api_.renews = true;
  stream->TakeAll();
  stream->Expect(Message::kBeat);
  for (const Message& message : stream->TakeAll()) EXPECT_TRUE(message.has_beat()) << message.ShortDebugString();
  EXPECT_TRUE(fs::is_empty(dir_ / "state/outcomes"));
}

TEST_F(LinkProcessTest, SendsAnOutcomeAgainAfterItWasKilled) {
  auto process = Start();
  auto stream = api_.NextAttachment();
  stream->Assign(1, 9);
  End();
  stream->Expect(Message::kDone);
  process->Signal(SIGKILL);
  process.reset();
  process = Start();
  stream = api_.NextAttachment();
  EXPECT_EQ(stream->Expect(Message::kDone).done().token(), 9);
  EXPECT_EQ(api_.joins().size(), 1u);
}

TEST_F(LinkProcessTest, ForgetsARunThatDiedWithItsProcess) {
  auto process = Start();
  auto stream = api_.NextAttachment();
  stream->Assign(1, 1);
  ASSERT_TRUE(Eventually([&] { return Published() > 0; }));
  std::string incarnation = stream->hello().incarnation();
  process->Signal(SIGKILL);
  process.reset();
  process = Start();
  stream = api_.NextAttachment();
  EXPECT_NE(stream->hello().incarnation(), incarnation);
  EXPECT_EQ(stream->hello().running_size(), 0);
}

}  // namespace
}  // namespace lectern::link
