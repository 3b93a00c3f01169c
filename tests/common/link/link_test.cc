#include "common/link/link.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "common/base/file.h"
#include "lectern/v1/link.pb.h"
#include "lectern/v1/resources.pb.h"
#include "tests/common/link/fake_api.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace lectern::link {
namespace {

using ::lectern::testing::Attachment;
using ::lectern::testing::FakeApi;
using ::lectern::testing::kPatience;
using ::lectern::testing::StatusIs;
using ::lectern::testing::TempDir;
using ::testing::HasSubstr;
using Message = v1::ResourceMessage;

// Runs that end when the test says so, or when they are told to stop.
class Jobs {
 public:
  struct Held {
    int64_t job;
    int64_t token;
    JobContext* context;
    absl::Notification end;
    Outcome outcome;
  };

  JobRunner runner() {
    return [this](const v1::Assign& assign, JobContext& context) {
      auto held = std::make_shared<Held>();
      held->job = assign.job();
      held->token = assign.token();
      held->context = &context;
      {
        absl::MutexLock lock(&mu_);
        started_.push_back(held);
      }
      auto stopped = std::make_shared<absl::Notification>();
      context.OnStop([stopped] { stopped->Notify(); });
      while (!held->end.WaitForNotificationWithTimeout(absl::Milliseconds(5))) {
        if (stopped->HasBeenNotified() && !deaf) {
          Outcome outcome;
          outcome.kind = Outcome::kCancelled;
          return outcome;
        }
      }
      return held->outcome;
    };
  }

  // The next run that started, in order.
  std::shared_ptr<Held> Next() {
    absl::MutexLock lock(&mu_);
    auto any = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return next_ < started_.size(); };
    if (!mu_.AwaitWithTimeout(absl::Condition(&any), kPatience)) std::abort();
    return started_[next_++];
  }
  size_t started() {
    absl::MutexLock lock(&mu_);
    return started_.size();
  }

  std::atomic<bool> deaf = false;   // does not end when told to stop

 private:
  absl::Mutex mu_;
  std::vector<std::shared_ptr<Held>> started_ ABSL_GUARDED_BY(mu_);
  size_t next_ ABSL_GUARDED_BY(mu_) = 0;
};

class LinkTest : public ::testing::Test {
 protected:
  LinkConfig Config(std::vector<std::string> api) {
    LinkConfig config;
    config.api = std::move(api);
    config.state_dir = dir_ / "state";
    config.organization_token = "organization-token";
    config.slots = 2;
    config.host = "a-host";
    config.capabilities = {"libx264"};
    return config;
  }
  std::unique_ptr<Link> Start(LinkConfig config) {
    LinkHandlers handlers;
    handlers.run = jobs_.runner();
    absl::StatusOr<std::unique_ptr<Link>> link = Link::Start(std::move(config), std::move(handlers), metrics_);
    EXPECT_OK(link);
    return *std::move(link);
  }
  std::unique_ptr<Link> Start() { return Start(Config({api_.address()})); }

  bool Eventually(const std::function<bool()>& holds) {
    for (absl::Time end = absl::Now() + kPatience; absl::Now() < end;) {
      if (holds()) return true;
      absl::SleepFor(absl::Milliseconds(2));
    }
    return false;
  }

  TempDir dir_;
  FakeApi api_;
  Metrics metrics_;
  Jobs jobs_;
};

int ModeOf(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 ? static_cast<int>(info.st_mode & 0777) : -1;
}

TEST_F(LinkTest, JoinsOnceAndThenUsesItsCredential) {
  Start();
  ASSERT_EQ(api_.joins().size(), 1u);
  EXPECT_EQ(api_.joins()[0].organization_token(), "organization-token");
  EXPECT_EQ(api_.joins()[0].kind(), v1::WORKER);
  EXPECT_EQ(api_.joins()[0].host(), "a-host");
  EXPECT_EQ(api_.joins()[0].instance_key().size(), 32u);
  EXPECT_EQ(ModeOf(dir_ / "state"), 0700);
  EXPECT_EQ(ModeOf(dir_ / "state/credential"), 0600);
  EXPECT_EQ(ModeOf(dir_ / "state/instance_key"), 0600);

  LinkConfig config = Config({api_.address()});
  config.organization_token.clear();
  std::unique_ptr<Link> again = Start(config);
  EXPECT_EQ(again->resource_id(), 7);
  EXPECT_EQ(api_.NextAttachment()->authorization(), "Bearer credential-1");
  EXPECT_EQ(api_.joins().size(), 1u);
}

TEST_F(LinkTest, KeepsItsInstanceKeyWhenItJoinsAgain) {
  Start();
  std::filesystem::remove(dir_ / "state/credential");
  Start();
  ASSERT_EQ(api_.joins().size(), 2u);
  EXPECT_EQ(api_.joins()[0].instance_key(), api_.joins()[1].instance_key());
}

TEST_F(LinkTest, RefusesToStartWithoutCredentialAndToken) {
  LinkConfig config = Config({api_.address()});
  config.organization_token.clear();
  absl::StatusOr<std::unique_ptr<Link>> link = Link::Start(config, {}, metrics_);
  EXPECT_THAT(link, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(std::string(link.status().message()), HasSubstr("LECTERN_TOKEN"));
  EXPECT_TRUE(api_.joins().empty());
}

TEST_F(LinkTest, SaysThatTheTokenHasExpiredAndWhatToDo) {
  api_.set_join_answer([](const v1::JoinRequest&, v1::JoinResponse*) {
    return WithReason(absl::UnauthenticatedError("expired"), "TOKEN_EXPIRED");
  });
  absl::StatusOr<std::unique_ptr<Link>> link = Link::Start(Config({api_.address()}), {}, metrics_);
  EXPECT_THAT(link, StatusIs(absl::StatusCode::kUnauthenticated, "TOKEN_EXPIRED"));
  EXPECT_THAT(std::string(link.status().message()), HasSubstr("has expired"));
  EXPECT_THAT(std::string(link.status().message()), HasSubstr("lecternctl org token create"));
  EXPECT_EQ(api_.joins().size(), 1u) << "a refused token is not tried again";
  EXPECT_FALSE(std::filesystem::exists(dir_ / "state/credential"));
}

TEST_F(LinkTest, RepeatsTheJoinWhileTheApiIsOutOfOrder) {
  std::atomic<int> calls = 0;
  api_.set_join_answer([&](const v1::JoinRequest&, v1::JoinResponse*) {
    return ++calls < 3 ? absl::UnavailableError("no database") : absl::OkStatus();
  });
  Start();
  EXPECT_EQ(calls, 3);
}

TEST_F(LinkTest, EndsAJoinThatWaitsWhenAskedToStop) {
  std::stop_source stop;
  std::atomic<int> calls = 0;
  api_.set_join_answer([&](const v1::JoinRequest&, v1::JoinResponse*) {
    if (++calls == 2) stop.request_stop();
    return absl::UnavailableError("no database");
  });
  LinkConfig config = Config({api_.address()});
  config.stop = stop.get_token();
  EXPECT_THAT(Link::Start(config, {}, metrics_), StatusIs(absl::StatusCode::kCancelled));
}

TEST_F(LinkTest, RefusesAWrongConfiguration) {
  EXPECT_THAT(Link::Start(Config({}), {}, metrics_), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Link::Start(Config({"no-port"}), {}, metrics_), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Link::Start(Config({"192.0.2.1:7000"}), {}, metrics_), StatusIs(absl::StatusCode::kInvalidArgument))
      << "plain text to another machine";
  LinkConfig config = Config({api_.address()});
  config.state_dir.clear();
  EXPECT_THAT(Link::Start(config, {}, metrics_), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(LinkTest, RefusesADamagedCredentialInWords) {
  std::filesystem::create_directories(dir_ / "state");
  ASSERT_OK(WriteFileAtomically(dir_ / "state/credential", "rubbish"));
  absl::StatusOr<std::unique_ptr<Link>> link = Link::Start(Config({api_.address()}), {}, metrics_);
  EXPECT_THAT(link, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(std::string(link.status().message()), HasSubstr("credential is damaged"));
}

TEST_F(LinkTest, KeepsASecondProcessOffItsStateFolder) {
  std::unique_ptr<Link> link = Start();
  EXPECT_THAT(Link::Start(Config({api_.address()}), {}, metrics_), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(LinkTest, SaysHelloAndBeatsWithLoad) {
  api_.beat_ms = 100;
  std::unique_ptr<Link> link = Start();
  auto stream = api_.NextAttachment();
  EXPECT_EQ(stream->hello().protocol(), 1u);
  EXPECT_EQ(stream->hello().slots(), 2);
  EXPECT_EQ(stream->hello().host(), "a-host");
  ASSERT_EQ(stream->hello().capabilities_size(), 1);
  EXPECT_EQ(stream->hello().incarnation().size(), 32u);
  stream->Expect(Message::kBeat);
  Message beat = stream->Expect(Message::kBeat);
  EXPECT_EQ(beat.beat().seq(), 2u);
  EXPECT_GT(beat.beat().load().memory_total_bytes(), 0);
  EXPECT_GT(beat.beat().load().disk_total_bytes(), 0);
  EXPECT_EQ(beat.beat().load().slots(), 2);
  EXPECT_TRUE(Eventually([&] { return link->NotReadyReason().empty(); }));
}

TEST_F(LinkTest, AcceptsRunsAndReportsAJob) {
  std::unique_ptr<Link> link = Start();
  auto stream = api_.NextAttachment();
  stream->Assign(11, 3);
  EXPECT_EQ(stream->Expect(Message::kAccept).accept().token(), 3);
  auto run = jobs_.Next();
  EXPECT_TRUE(run->context->MayPublish());
  run->outcome.result = std::make_shared<v1::JobResult>();
  run->outcome.result->mutable_loudness()->set_integrated_lufs(-23);
  run->end.Notify();
  Message done = stream->Expect(Message::kDone);
  EXPECT_EQ(done.done().job(), 11);
  EXPECT_EQ(done.done().token(), 3);
  EXPECT_EQ(done.done().result().loudness().integrated_lufs(), -23);
  stream->Recorded(11, 3);
  EXPECT_TRUE(Eventually([&] { return std::filesystem::is_empty(dir_ / "state/outcomes"); }));
}

TEST_F(LinkTest, ReportsAFailureAsTextThatAProtocolCanCarry) {
  std::unique_ptr<Link> link = Start();
  auto stream = api_.NextAttachment();
  stream->Assign(11, 3);
  auto run = jobs_.Next();
  run->outcome.kind = Outcome::kFailed;
  run->outcome.failure_class = v1::MEDIA;
  run->outcome.error = "schöner Fehler";
  run->outcome.log_tail = std::string(9000, 'x') + "\xff\xc3";
  run->end.Notify();
  Message failed = stream->Expect(Message::kFailed);
  EXPECT_EQ(failed.failed().failure_class(), v1::MEDIA);
  EXPECT_EQ(failed.failed().error(), "schöner Fehler");
  EXPECT_EQ(failed.failed().log_tail(), std::string(4094, 'x') + "??");
}

TEST_F(LinkTest, ReportsAResultThatCannotBeReadAsAFailure) {
  std::unique_ptr<Link> link = Start();
  auto stream = api_.NextAttachment();
  stream->Assign(11, 3);
  auto run = jobs_.Next();
  run->outcome.result = std::make_shared<v1::JobResult>();
  run->outcome.result->mutable_output()->set_name("\xff");
  run->end.Notify();
  EXPECT_EQ(stream->Expect(Message::kFailed).failed().failure_class(), v1::INFRASTRUCTURE);
}

TEST_F(LinkTest, RejectsMoreJobsThanSlots) {
  std::unique_ptr<Link> link = Start();
  auto stream = api_.NextAttachment();
  for (int64_t job : {1, 2, 3}) stream->Assign(job, 1);
  Message reject = stream->Expect(Message::kReject);
  EXPECT_EQ(reject.reject().job(), 3);
  EXPECT_EQ(reject.reject().reason(), "FULL");
  jobs_.Next()->end.Notify();
  stream->Expect(Message::kDone);
  stream->Assign(3, 2);
  EXPECT_EQ(stream->Expect(Message::kAccept).accept().job(), 3);
}

TEST_F(LinkTest, TakesADuplicateAssignOnce) {
  std::unique_ptr<Link> link = Start();
  auto stream = api_.NextAttachment();
  stream->Assign(1, 1);
  stream->Assign(1, 1);
  stream->Expect(Message::kAccept);
  stream->Expect(Message::kAccept);
  jobs_.Next()->end.Notify();
  stream->Expect(Message::kDone);
  stream->Assign(1, 1);
  EXPECT_EQ(stream->Expect(Message::kDone).done().job(), 1) << "an ended run answers with its outcome";
  EXPECT_EQ(jobs_.started(), 1u);
}

TEST_F(LinkTest, EndsAnOlderRunBeforeANewerOneStarts) {
  std::unique_ptr<Link> link = Start();
  auto stream = api_.NextAttachment();
  jobs_.deaf = true;
  stream->Assign(1, 1);
  auto older = jobs_.Next();
  stream->Assign(1, 2);
  stream->Expect(Message::kAccept);
  EXPECT_EQ(stream->Expect(Message::kAccept).accept().token(), 2);
  EXPECT_TRUE(Eventually([&] { return older->context->ShouldStop(); }));
  EXPECT_FALSE(older->context->MayPublish());
  EXPECT_EQ(jobs_.started(), 1u);
  older->end.Notify();
  auto newer = jobs_.Next();
  EXPECT_EQ(newer->token, 2);
  newer->end.Notify();
  EXPECT_EQ(stream->Expect(Message::kDone).done().token(), 2) << "the older run reports nothing";
  stream->Assign(1, 1);
  EXPECT_EQ(stream->Expect(Message::kReject).reject().reason(), "STALE_TOKEN");
}

TEST_F(LinkTest, CoalescesProgress) {
  std::unique_ptr<Link> link = Start();
  auto stream = api_.NextAttachment();
  stream->Assign(1, 1);
  auto run = jobs_.Next();
  for (int i = 1; i <= 1000; ++i) run->context->Progress(i / 1000.0);
  int messages = 0;
  for (double newest = 0; newest < 1; ++messages) newest = stream->Expect(Message::kProgress).progress().progress();
  EXPECT_LE(messages, 2);
  run->end.Notify();
}

TEST_F(LinkTest, CancelsAJobAndReportsIt) {
  std::unique_ptr<Link> link = Start();
  auto stream = api_.NextAttachment();
  stream->Assign(1, 1);
  auto run = jobs_.Next();
  v1::ServerMessage cancel;
  cancel.mutable_cancel()->set_job(1);
  cancel.mutable_cancel()->set_token(1);
  stream->Send(cancel);
  EXPECT_EQ(stream->Expect(Message::kCancelled).cancelled().job(), 1);
  cancel.mutable_cancel()->set_job(99);
  stream->Send(cancel);
  EXPECT_EQ(stream->Expect(Message::kCancelled).cancelled().job(), 99) << "not held: nothing to wait for";
}

TEST_F(LinkTest, ReconnectsToAnotherInstanceAndResumes) {
  FakeApi other;
  std::unique_ptr<Link> link = Start(Config({api_.address(), other.address()}));
  FakeApi* first = nullptr;
  ASSERT_TRUE(Eventually([&] {
    first = api_.attachments > 0 ? &api_ : other.attachments > 0 ? &other : nullptr;
    return first != nullptr;
  }));
  FakeApi& second = first == &api_ ? other : api_;
  auto stream = first->NextAttachment();
  stream->Assign(1, 4);
  auto run = jobs_.Next();
  stream->Reset();
  auto next = second.NextAttachment();
  EXPECT_EQ(next->hello().incarnation(), stream->hello().incarnation());
  ASSERT_EQ(next->hello().running_size(), 1);
  EXPECT_EQ(next->hello().running(0).job(), 1);
  EXPECT_EQ(next->hello().running(0).token(), 4);
  EXPECT_FALSE(run->context->ShouldStop());
  EXPECT_TRUE(Eventually([&] { return run->context->MayPublish(); }));
  run->end.Notify();
  EXPECT_EQ(next->Expect(Message::kDone).done().token(), 4);
  EXPECT_EQ(jobs_.started(), 1u);
  EXPECT_THAT(metrics_.Text(), HasSubstr("lectern_link_reconnects_total 1"));
}

TEST_F(LinkTest, SendsAnOutcomeAgainAfterAReconnectUntilItIsRecorded) {
  std::unique_ptr<Link> link = Start();
  auto stream = api_.NextAttachment();
  stream->Assign(1, 1);
  jobs_.Next()->end.Notify();
  stream->Expect(Message::kDone);
  stream->Reset();
  stream = api_.NextAttachment();
  EXPECT_EQ(stream->hello().running_size(), 1) << "held until recorded";
  stream->Expect(Message::kDone);
  stream->Recorded(1, 1);
  EXPECT_TRUE(Eventually([&] { return std::filesystem::is_empty(dir_ / "state/outcomes"); }));
  stream->Reset();
  EXPECT_EQ(api_.NextAttachment()->hello().running_size(), 0);
}

TEST_F(LinkTest, SendsAnOutcomeAgainAfterARestart) {
  std::string incarnation;
  {
    std::unique_ptr<Link> link = Start();
    auto stream = api_.NextAttachment();
    incarnation = stream->hello().incarnation();
    stream->Assign(1, 1);
    jobs_.Next()->end.Notify();
    stream->Expect(Message::kDone);
  }
  std::unique_ptr<Link> link = Start();
  auto stream = api_.NextAttachment();
  EXPECT_NE(stream->hello().incarnation(), incarnation);
  ASSERT_EQ(stream->hello().running_size(), 1);
  EXPECT_EQ(stream->hello().running(0).job(), 1);
  EXPECT_EQ(stream->Expect(Message::kDone).done().job(), 1);
  stream->Recorded(1, 1);
  EXPECT_TRUE(Eventually([&] { return std::filesystem::is_empty(dir_ / "state/outcomes"); }));
}

TEST_F(LinkTest, StopsWhatTheApiGaveAwayAndReportsNothing) {
  api_.beat_ms = 100;
  std::unique_ptr<Link> link = Start();
  auto stream = api_.NextAttachment();
  stream->Assign(1, 1);
  stream->Assign(2, 1);
  auto first = jobs_.Next();
  auto second = jobs_.Next();
  v1::ServerMessage reconcile;
  reconcile.mutable_reconcile()->add_stop()->set_job(1);
  reconcile.mutable_reconcile()->mutable_stop(0)->set_token(1);
  stream->Send(reconcile);
  auto& kept = first->job == 2 ? first : second;
  Message beat;
  do {
    beat = stream->Expect(Message::kBeat);
  } while (beat.beat().running_size() != 1);
  EXPECT_EQ(beat.beat().running(0).job(), 2);
  EXPECT_FALSE(kept->context->ShouldStop());
  kept->end.Notify();
  stream->Expect(Message::kDone);
  EXPECT_TRUE(Eventually([&] { return metrics_.Text().find("outcome=\"dropped\"} 1") != std::string::npos; }));
}

TEST_F(LinkTest, PublishesNothingAfterItsLeaseAndAgainWhenItIsRenewed) {
  api_.beat_ms = 100;
  api_.lease_ms = 400;
  std::unique_ptr<Link> link = Start();
  auto stream = api_.NextAttachment();
  stream->Assign(1, 1);
  auto run = jobs_.Next();
  EXPECT_TRUE(Eventually([&] { return run->context->MayPublish(); }));
  api_.renews = false;
  // Messages go on, so that the stream is not given up.
  EXPECT_TRUE(Eventually([&] {
    stream->Send([] {
      v1::ServerMessage message;
      message.mutable_drain();
      return message;
    }());
    return !run->context->MayPublish();
  }));
  EXPECT_FALSE(run->context->ShouldStop()) << "work goes on past the lease";
  api_.renews = true;
  EXPECT_TRUE(Eventually([&] { return run->context->MayPublish(); }));
  run->end.Notify();
}

TEST_F(LinkTest, PublishesNothingAfterAReconnectUntilItIsConfirmed) {
  std::unique_ptr<Link> link = Start();
  auto stream = api_.NextAttachment();
  stream->Assign(1, 1);
  auto run = jobs_.Next();
  EXPECT_TRUE(run->context->MayPublish());
  api_.renews = false;
  api_.keeps_all = false;
  api_.beat_ms = 60'000;
  stream->Reset();
  stream = api_.NextAttachment();
  stream->Expect(Message::kBeat);
  EXPECT_FALSE(run->context->MayPublish());
  v1::ServerMessage reconcile;
  *reconcile.mutable_reconcile()->mutable_keep() = stream->hello().running();
  stream->Send(reconcile);
  EXPECT_TRUE(Eventually([&] { return run->context->MayPublish(); }));
  run->end.Notify();
}

TEST_F(LinkTest, ReconnectsAfterThreeSilentBeats) {
  api_.beat_ms = 100;
  std::unique_ptr<Link> link = Start();
  auto stream = api_.NextAttachment();
  api_.renews = false;
  stream->WaitEnded();
  api_.renews = true;
  api_.NextAttachment();
}

TEST_F(LinkTest, TriesAgainWhenNoWelcomeComes) {
  api_.welcomes = false;
  std::unique_ptr<Link> link = Start();
  auto stream = api_.NextAttachment();
  EXPECT_EQ(link->NotReadyReason(), "not attached to the API");
  api_.welcomes = true;
  stream->WaitEnded();
  api_.NextAttachment()->Expect(Message::kBeat);
  EXPECT_EQ(link->NotReadyReason(), "");
}

TEST_F(LinkTest, GoesAwayWhenAskedAndComesBackWithItsJobs) {
  std::unique_ptr<Link> link = Start();
  auto stream = api_.NextAttachment();
  stream->Assign(1, 1);
  auto run = jobs_.Next();
  v1::ServerMessage go_away;
  go_away.mutable_go_away()->mutable_reconnect_after()->set_nanos(1'000'000);
  stream->Send(go_away);
  stream->WaitEnded();
  stream = api_.NextAttachment();
  ASSERT_EQ(stream->hello().running_size(), 1);
  run->end.Notify();
  stream->Expect(Message::kDone);
}

TEST_F(LinkTest, StaysAwayOnceRemoved) {
  std::unique_ptr<Link> link = Start();
  auto stream = api_.NextAttachment();
  stream->Assign(1, 1);
  auto run = jobs_.Next();
  v1::ServerMessage go_away;
  go_away.mutable_go_away()->set_removed(true);
  stream->Send(go_away);
  stream->WaitEnded();
  EXPECT_TRUE(Eventually([&] { return run->context->ShouldStop(); }));
  EXPECT_FALSE(run->context->MayPublish());
  EXPECT_THAT(link->NotReadyReason(), HasSubstr("removed from its organization"));
  link.reset();
  EXPECT_EQ(api_.attachments, 1);
  EXPECT_FALSE(std::filesystem::exists(dir_ / "state/credential"));
  Start();
  EXPECT_EQ(api_.joins().size(), 2u) << "a new token joins again";
}

TEST_F(LinkTest, IsNotReadyWhileItsCredentialIsRefused) {
  api_.refuses_with = static_cast<int>(absl::StatusCode::kUnauthenticated);
  std::unique_ptr<Link> link = Start();
  EXPECT_TRUE(Eventually([&] { return link->NotReadyReason().find("refuses the credential") != std::string::npos; }));
}

TEST_F(LinkTest, OffersFewerSlotsOnRequest) {
  std::unique_ptr<Link> link = Start();
  auto stream = api_.NextAttachment();
  link->SetSlots(0, 0, "disk nearly full\xff");
  Message credit = stream->Expect(Message::kCredit);
  EXPECT_EQ(credit.credit().slots(), 0);
  EXPECT_EQ(credit.credit().reason(), "disk nearly full?");
  stream->Assign(1, 1);
  EXPECT_EQ(stream->Expect(Message::kReject).reject().reason(), "NO_SLOTS");
  stream->Reset();
  EXPECT_EQ(api_.NextAttachment()->hello().slots(), 0);
}

v1::ServerMessage LiveAssign(int64_t job, int64_t token) {
  v1::ServerMessage message;
  message.mutable_assign()->set_job(job);
  message.mutable_assign()->set_token(token);
  message.mutable_assign()->mutable_spec()->mutable_live_ingest();
  return message;
}

TEST_F(LinkTest, TakesTheEndOfARecordingBesideFullSlots) {
  LinkConfig config = Config({api_.address()});
  config.slots = 1;
  std::unique_ptr<Link> link = Start(config);
  auto stream = api_.NextAttachment();
  stream->Assign(1, 1);
  v1::ServerMessage finalise;
  finalise.mutable_assign()->set_job(2);
  finalise.mutable_assign()->set_token(1);
  finalise.mutable_assign()->mutable_spec()->mutable_finalise();
  stream->Send(finalise);
  stream->Assign(3, 1);
  EXPECT_EQ(stream->Expect(Message::kAccept).accept().job(), 1);
  EXPECT_EQ(stream->Expect(Message::kAccept).accept().job(), 2);
  EXPECT_EQ(stream->Expect(Message::kReject).reject().job(), 3);
}

TEST_F(LinkTest, CountsLiveStreamsBesideOtherJobs) {
  LinkConfig config = Config({api_.address()});
  config.slots = 1;
  config.live_slots = 1;
  std::unique_ptr<Link> link = Start(config);
  auto stream = api_.NextAttachment();
  EXPECT_EQ(stream->hello().slots(), 1);
  EXPECT_EQ(stream->hello().live_slots(), 1);
  stream->Assign(1, 1);
  stream->Send(LiveAssign(2, 1));
  EXPECT_EQ(stream->Expect(Message::kAccept).accept().job(), 1);
  EXPECT_EQ(stream->Expect(Message::kAccept).accept().job(), 2);
  stream->Assign(3, 1);
  stream->Send(LiveAssign(4, 1));
  EXPECT_EQ(stream->Expect(Message::kReject).reject().job(), 3);
  Message rejected = stream->Expect(Message::kReject);
  EXPECT_EQ(rejected.reject().job(), 4);
  EXPECT_EQ(rejected.reject().reason(), "FULL");
  EXPECT_EQ(stream->Expect(Message::kBeat).beat().load().slots_used(), 1) << "only ordinary jobs use ordinary slots";
  link->SetSlots(1, 3, "");
  EXPECT_EQ(stream->Expect(Message::kCredit).credit().live_slots(), 3);
}

TEST_F(LinkTest, HandsLiveStreamsBackAtOnceWhenItDrains) {
  LinkConfig config = Config({api_.address()});
  config.live_slots = 2;
  std::unique_ptr<Link> link = Start(config);
  auto stream = api_.NextAttachment();
  stream->Assign(1, 1);
  auto job = jobs_.Next();
  stream->Send(LiveAssign(2, 1));
  auto live = jobs_.Next();
  std::atomic<bool> drained = false;
  std::thread drain([&] {
    link->Drain(absl::Hours(1));
    drained = true;
  });
  stream->Expect(Message::kDrain);
  EXPECT_EQ(stream->Expect(Message::kReject).reject().job(), 2) << "after the request to drain, so that it goes elsewhere";
  EXPECT_FALSE(drained) << "the other job goes on";
  job->end.Notify();
  EXPECT_EQ(stream->Expect(Message::kDone).done().job(), 1);
  stream->Recorded(1, 1);
  drain.join();
}

TEST_F(LinkTest, TellsARunWhyItIsToEnd) {
  jobs_.deaf = true;
  LinkConfig config = Config({api_.address()});
  config.live_slots = 3;
  std::unique_ptr<Link> link = Start(config);
  auto stream = api_.NextAttachment();
  std::vector<std::shared_ptr<Jobs::Held>> runs;
  for (int job = 1; job <= 3; ++job) {
    stream->Send(LiveAssign(job, 1));
    runs.push_back(jobs_.Next());
    EXPECT_EQ(runs.back()->context->stop_reason(), StopReason::kNone);
  }
  v1::ServerMessage cancel, reconcile;
  cancel.mutable_cancel()->set_job(1);
  cancel.mutable_cancel()->set_token(1);
  stream->Send(cancel);
  reconcile.mutable_reconcile()->add_stop()->set_job(2);
  reconcile.mutable_reconcile()->mutable_stop(0)->set_token(1);
  stream->Send(reconcile);
  EXPECT_TRUE(Eventually([&] { return runs[0]->context->stop_reason() == StopReason::kCancelled; }));
  EXPECT_TRUE(Eventually([&] { return runs[1]->context->stop_reason() == StopReason::kTakenAway; }));
  std::thread drain([&] { link->Drain(absl::Hours(1)); });
  EXPECT_TRUE(Eventually([&] { return runs[2]->context->stop_reason() == StopReason::kHandBack; }));
  EXPECT_EQ(runs[0]->context->stop_reason(), StopReason::kCancelled) << "what a person ended is not handed back";
  for (auto& run : runs) run->end.Notify();
  std::set<int64_t> done = {stream->Expect(Message::kDone).done().job(), stream->Expect(Message::kDone).done().job()};
  EXPECT_EQ(done, std::set<int64_t>({1, 3})) << "runs that ended well are reported";
  stream->Recorded(1, 1);
  stream->Recorded(3, 1);
  drain.join();
}

TEST_F(LinkTest, SendsTheNewestLiveReportOfEachJob) {
  api_.beat_ms = 60'000;
  std::unique_ptr<Link> link = Start();
  auto stream = api_.NextAttachment();
  ASSERT_TRUE(Eventually([&] { return link->NotReadyReason().empty(); }));
  api_.reads = false;
  v1::LiveReport report;
  report.set_token(1);
  report.set_reason(std::string(200'000, 'r'));
  for (int i = 1; i <= 20'000; ++i) {
    report.set_job(i % 2 + 1);
    report.set_end_ms(i);
    link->SendLiveReport(report);
  }
  api_.reads = true;
  int count = 0;
  for (int64_t last[3] = {}; last[1] != 20'000 || last[2] != 19'999; ++count) {
    Message message = stream->Expect(Message::kLive);
    ASSERT_TRUE(message.has_live());
    EXPECT_GT(message.live().end_ms(), last[message.live().job()]);
    EXPECT_EQ(message.live().reason().size(), 1024u);
    last[message.live().job()] = message.live().end_ms();
  }
  EXPECT_LT(count, 20'000);
  report.mutable_facts()->set_encoder("no UTF-8: \xff");
  link->SendLiveReport(report);
  link->SetSlots(1, 0, "");
  stream->Expect(Message::kCredit);
  EXPECT_EQ(api_.attachments, 1) << "the stream goes on";
}

TEST_F(LinkTest, DrainsWhenTheLastJobIsRecorded) {
  std::unique_ptr<Link> link = Start();
  auto stream = api_.NextAttachment();
  stream->Assign(1, 1);
  auto run = jobs_.Next();
  std::thread drain([&] { link->Drain(absl::Hours(1)); });
  stream->Expect(Message::kDrain);
  stream->Assign(2, 1);
  EXPECT_EQ(stream->Expect(Message::kReject).reject().reason(), "DRAINING");
  run->end.Notify();
  stream->Expect(Message::kDone);
  stream->Recorded(1, 1);
  drain.join();
  stream->WaitEnded();
  EXPECT_EQ(link->NotReadyReason(), "draining");
}

TEST_F(LinkTest, HandsBackWhatDoesNotEndInTime) {
  std::unique_ptr<Link> link = Start();
  auto stream = api_.NextAttachment();
  stream->Assign(1, 5);
  jobs_.Next();
  link->Drain(absl::Milliseconds(1));
  Message reject = stream->Expect(Message::kReject);
  EXPECT_EQ(reject.reject().job(), 1);
  EXPECT_EQ(reject.reject().token(), 5);
  EXPECT_EQ(reject.reject().reason(), "DRAINING");
  EXPECT_TRUE(std::filesystem::is_empty(dir_ / "state/outcomes"));
}

TEST_F(LinkTest, DoesNotHandBackWhatWasCancelled) {
  std::unique_ptr<Link> link = Start();
  auto stream = api_.NextAttachment();
  jobs_.deaf = true;
  stream->Assign(1, 5);
  auto run = jobs_.Next();
  v1::ServerMessage cancel;
  cancel.mutable_cancel()->set_job(1);
  cancel.mutable_cancel()->set_token(5);
  stream->Send(cancel);
  ASSERT_TRUE(Eventually([&] { return run->context->ShouldStop(); }));
  std::thread drain([&] { link->Drain(absl::ZeroDuration()); });
  stream->Expect(Message::kDrain);
  run->outcome.kind = Outcome::kFailed;
  run->end.Notify();
  EXPECT_EQ(stream->Expect(Message::kCancelled).cancelled().token(), 5);
  stream->Recorded(1, 5);
  drain.join();
}

TEST_F(LinkTest, DrainsAlsoWithoutAnApi) {
  LinkConfig config = Config({api_.address()});
  Start(config);
  config.api = {"127.0.0.1:1"};
  std::unique_ptr<Link> link = Start(config);
  link->Drain(absl::ZeroDuration());
}

TEST_F(LinkTest, HandsOverDirectoriesOneByOneAndTheNewestLast) {
  std::atomic<int> inside = 0, most = 0;
  std::atomic<uint64_t> newest = 0;
  absl::Notification first_may_end;
  LinkHandlers handlers;
  handlers.on_directory = [&](const v1::Directory& directory) {
    most = std::max(most.load(), ++inside);
    if (directory.generation() == 1) first_may_end.WaitForNotification();
    newest = directory.generation();
    --inside;
  };
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<Link> link, Link::Start(Config({api_.address()}), handlers, metrics_));
  auto stream = api_.NextAttachment();
  for (uint64_t generation = 1; generation <= 2000; ++generation) {
    v1::ServerMessage message;
    message.mutable_directory()->set_generation(generation);
    stream->Send(message);
  }
  first_may_end.Notify();
  EXPECT_TRUE(Eventually([&] { return newest == 2000u; }));
  EXPECT_EQ(most, 1);
}

TEST_F(LinkTest, KeepsNoMoreThanItsQueueForAnApiThatDoesNotRead) {
  api_.beat_ms = 60'000;
  std::unique_ptr<Link> link = Start();
  auto stream = api_.NextAttachment();
  ASSERT_TRUE(Eventually([&] { return link->NotReadyReason().empty(); }));
  api_.reads = false;
  v1::UploadEvent event;
  event.set_upload_id(std::string(1000, 'u'));
  for (int i = 0; i < 20'000; ++i) link->SendUploadEvent(event);
  api_.reads = true;
  link->SetSlots(1, 0, "the end");
  stream->WaitFor(Message::kCredit);
  EXPECT_LT(stream->TakeAll().size(), 10'000u);
}

TEST_F(LinkTest, SendsUploadEventsAndHearsTheirRecords) {
  absl::Notification recorded;
  absl::Notification attached;
  LinkHandlers handlers;
  handlers.on_attached = [&] { attached.Notify(); };
  handlers.on_upload_recorded = [&](const v1::UploadRecorded& record) {
    if (record.upload_id() == "u1") recorded.Notify();
  };
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<Link> link, Link::Start(Config({api_.address()}), handlers, metrics_));
  ASSERT_TRUE(attached.WaitForNotificationWithTimeout(kPatience));
  v1::UploadEvent event;
  event.set_upload_id("u1");
  event.set_kind(v1::UploadEvent::COMPLETED);
  link->SendUploadEvent(event);
  auto stream = api_.NextAttachment();
  EXPECT_EQ(stream->Expect(Message::kUpload).upload().upload_id(), "u1");
  v1::ServerMessage message;
  message.mutable_upload_recorded()->set_upload_id("u1");
  stream->Send(message);
  EXPECT_TRUE(recorded.WaitForNotificationWithTimeout(kPatience));
}

}  // namespace
}  // namespace lectern::link
