#include "rtmp_proxy/relay/relay.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "common/base/status.h"
#include "common/rtmp/server.h"
#include "tests/rtmp_proxy/relay/stream_maker.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace lectern::proxy {
namespace {

using rtmp::MediaMessage;

// What all workers of a stream have stored, as the VOD service would have it: cut at key frames (sound alone: every 2 s).
class Store {
 public:
  int64_t end_ms() {
    absl::MutexLock lock(&mu_);
    return end_ms_;
  }
  // Stores a segment; false: it is there already.
  void Add(int64_t begin_ms, int64_t end_ms, std::vector<MediaMessage> frames) {
    absl::MutexLock lock(&mu_);
    if (begin_ms < end_ms_) return;
    end_ms_ = end_ms;
    for (MediaMessage& frame : frames) frames_.push_back(std::move(frame));
  }
  // Sorted, to compare: sound and picture are cut apart.
  std::vector<std::string> Stored() {
    absl::MutexLock lock(&mu_);
    std::vector<std::string> frames = Frames({frames_.begin(), frames_.end()});
    std::sort(frames.begin(), frames.end());
    return frames;
  }

 private:
  absl::Mutex mu_;
  int64_t end_ms_ ABSL_GUARDED_BY(mu_) = -1;
  std::vector<MediaMessage> frames_ ABSL_GUARDED_BY(mu_);
};

// One worker, with an RTMP server of its own.
class Worker {
 public:
  Worker(Store& store, int64_t epoch) : store_(store), epoch_(epoch) {
    rtmp::ServerHandlers handlers;
    handlers.authorize = [this](const rtmp::PublishRequest& request) -> absl::StatusOr<rtmp::Feedback> {
      if (request.query != absl::StrCat("key=k", epoch_)) return absl::PermissionDeniedError("wrong key");
      return rtmp::Feedback{store_.end_ms(), store_.end_ms()};
    };
    handlers.serve = [this](const rtmp::PublishRequest&, rtmp::PublisherConnection& connection) { Serve(connection); };
    rtmp::ServerOptions options;
    options.feedback_interval = absl::Milliseconds(50);
    server_ = *rtmp::Server::Start(options, handlers);
  }
  ~Worker() {
    if (!frozen_.HasBeenNotified()) frozen_.Notify();
    server_.reset();
  }

  IngestAddress address() const { return {epoch_, absl::StrCat("rtmp://127.0.0.1:", server_->port(), "/ingest/1"), absl::StrCat("k", epoch_)}; }

  // Ends it the hard way after so many more messages.
  void DieAfter(int messages) { lives_ = messages; }
  // From now on it does not call Next any more.
  void Freeze() { freeze_ = true; }
  void KeepQuiet() { confirms_ = false; }
  int taken() const { return taken_; }
  std::vector<std::string> headers() {
    absl::MutexLock lock(&mu_);
    return headers_;
  }
  bool said_goodbye() const { return said_goodbye_; }

 private:
  void Serve(rtmp::PublisherConnection& connection) {
    std::vector<MediaMessage> pending;
    int64_t begin_ms = -1;
    bool pictures = false;
    while (lives_ != 0) {
      if (freeze_) return frozen_.WaitForNotification();
      absl::StatusOr<MediaMessage> message = connection.Next(absl::Milliseconds(50));
      if (absl::IsDeadlineExceeded(message.status())) continue;
      if (!message.ok()) {
        said_goodbye_ = absl::IsOutOfRange(message.status());
        if (said_goodbye_ && begin_ms >= 0) store_.Add(begin_ms, pending.back().timestamp_ms + 1, pending);
        return;
      }
      ++taken_;
      if (lives_ > 0) --lives_;
      if (IsVideoHeader(*message)) {
        absl::MutexLock lock(&mu_);
        headers_.push_back(message->payload->substr(5));
      }
      if (Frames({*message}).empty()) continue;
      pictures = pictures || message->kind == MediaMessage::kVideo;
      bool cut = pictures ? IsKeyFrame(*message) : begin_ms < 0 || message->timestamp_ms >= begin_ms + 2000;
      if (cut) {
        Cut(begin_ms, message->timestamp_ms, pending);
        begin_ms = message->timestamp_ms;
        if (confirms_) connection.SendFeedback({store_.end_ms(), store_.end_ms()});
      }
      pending.push_back(*message);
    }
    connection.Break();
  }

  // The frames before `end_ms` are a segment; what is later waits for the next one.
  void Cut(int64_t begin_ms, int64_t end_ms, std::vector<MediaMessage>& pending) {
    auto later = std::stable_partition(pending.begin(), pending.end(), [&](const MediaMessage& m) { return m.timestamp_ms < end_ms; });
    std::vector<MediaMessage> segment;
    for (auto it = pending.begin(); it != later; ++it) {
      if (it->timestamp_ms >= store_.end_ms()) segment.push_back(*it);
    }
    if (begin_ms >= 0) store_.Add(begin_ms, end_ms, segment);
    // The sound before the first picture of all belongs to the first segment.
    if (begin_ms >= 0 || store_.end_ms() >= 0) pending.erase(pending.begin(), later);
  }

  Store& store_;
  const int64_t epoch_;
  std::atomic<int> lives_{-1};
  std::atomic<bool> freeze_{false};
  std::atomic<bool> confirms_{true};
  std::atomic<bool> said_goodbye_{false};
  std::atomic<int> taken_{0};
  absl::Notification frozen_;
  absl::Mutex mu_;
  std::vector<std::string> headers_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<rtmp::Server> server_;
};

// Hands out one worker after the other.
class RelayTest : public ::testing::Test {
 protected:
  void Start(RingLimits ring = RingLimits()) {
    RelayOptions options;
    options.stream = "liveStreams/1";
    options.ring = ring;
    options.silence_limit = absl::Milliseconds(500);
    options.acquire = [this](int64_t failed_epoch, absl::string_view reason) { return Acquire(failed_epoch, reason); };
    relay_ = Relay::Start(options, RealClock());
  }

  absl::StatusOr<IngestAddress> Acquire(int64_t failed_epoch, absl::string_view reason) {
    absl::MutexLock lock(&mu_);
    asked_.push_back({failed_epoch, std::string(reason)});
    if (ended_) return WithReason(absl::FailedPreconditionError("the live stream has ended"), "STREAM_ENDED");
    if (!available_) return absl::ResourceExhaustedError("no worker is free");
    if (workers_.empty() || failed_epoch >= epoch_) workers_.push_back(std::make_unique<Worker>(store_, ++epoch_));
    if (on_new_worker_) on_new_worker_(*workers_.back());
    return workers_.back()->address();
  }

  Worker* worker() {
    absl::MutexLock lock(&mu_);
    return workers_.empty() ? nullptr : workers_.back().get();
  }

  void SetAvailable(bool available) {
    absl::MutexLock lock(&mu_);
    available_ = available;
  }

  void Push(const std::vector<MediaMessage>& messages, absl::Duration pace = absl::ZeroDuration()) {
    for (const MediaMessage& message : messages) {
      relay_->Push(message);
      if (pace > absl::ZeroDuration()) absl::SleepFor(pace);
    }
  }

  void SetEnded(bool ended) {
    absl::MutexLock lock(&mu_);
    ended_ = ended;
  }

  size_t asked() {
    absl::MutexLock lock(&mu_);
    return asked_.size();
  }

  template <typename Check>
  void Await(const char* what, Check check) {
    for (int i = 0; i < 4000 && !check(); ++i) absl::SleepFor(absl::Milliseconds(5));
    EXPECT_TRUE(check()) << what;
  }

  // The last segment of the stream is stored at the goodbye, so the wait for its confirmation ends by `patience`.
  void ExpectComplete(const std::vector<MediaMessage>& stream, absl::Duration patience = absl::Milliseconds(800)) {
    Await("nearly all confirmed", [&] { return relay_->state().epoch != 0 && Confirmed() >= LastCut(stream); });
    relay_->Finish(patience);
    std::vector<std::string> expected = Frames(stream);
    std::sort(expected.begin(), expected.end());
    Await("stored", [&] { return store_.Stored().size() >= expected.size(); });
    EXPECT_EQ(store_.Stored(), expected);
    EXPECT_TRUE(worker()->said_goodbye());
    EXPECT_EQ(relay_->state().dropped_frames, 0);
  }

  int64_t Confirmed() { return relay_->state().confirmed_ms; }
  // Up to where workers store without being told that the stream is over.
  int64_t LastCut(const std::vector<MediaMessage>& stream) {
    int64_t last_key = -1;
    for (const MediaMessage& message : stream) {
      if (IsKeyFrame(message)) last_key = message.timestamp_ms;
    }
    return last_key >= 0 ? last_key : stream.back().timestamp_ms - 2100;
  }

  Store store_;
  absl::Mutex mu_;
  bool available_ ABSL_GUARDED_BY(mu_) = true;
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
  int64_t epoch_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<std::unique_ptr<Worker>> workers_ ABSL_GUARDED_BY(mu_);
  std::vector<std::pair<int64_t, std::string>> asked_ ABSL_GUARDED_BY(mu_);
  std::function<void(Worker&)> on_new_worker_;
  std::unique_ptr<Relay> relay_;   // last: its thread uses the rest
};

TEST_F(RelayTest, AWorkerGetsTheWholeStream) {
  Start();
  std::vector<MediaMessage> stream = MakeStream({.end_ms = 20'000});
  Push(stream);
  Await("all is given", [&] { return relay_->state().delivered; });
  ExpectComplete(stream);
  EXPECT_EQ(relay_->state().failovers, 0);
  EXPECT_EQ(relay_->state().received_ms, 19'992);
}

TEST_F(RelayTest, WorkersThatDieInTheMiddleLoseAndDoubleNothing) {
  // After odd numbers of messages, so that they die at many places of a GOP.
  on_new_worker_ = [n = 0](Worker& worker) mutable {
    if (++n < 7) worker.DieAfter(350 + 37 * n);
  };
  Start();
  std::vector<MediaMessage> stream = MakeStream({.end_ms = 60'000});
  Push(stream, absl::Microseconds(200));
  ExpectComplete(stream);
  EXPECT_EQ(relay_->state().failovers, 6);
  absl::MutexLock lock(&mu_);
  for (size_t i = 1; i < asked_.size(); ++i) EXPECT_EQ(asked_[i].first, static_cast<int64_t>(i));
}

TEST_F(RelayTest, AWorkerThatFreezesIsReplaced) {
  Start();
  std::vector<MediaMessage> stream = MakeStream({.end_ms = 30'000});
  std::vector<MediaMessage> first(stream.begin(), stream.begin() + stream.size() / 2);
  std::vector<MediaMessage> rest(stream.begin() + stream.size() / 2, stream.end());
  Push(first);
  Await("the worker takes it", [&] { return worker() && worker()->taken() > 200; });
  worker()->Freeze();
  Push(rest);
  ExpectComplete(stream);
  EXPECT_EQ(relay_->state().failovers, 1);
}

TEST_F(RelayTest, AStreamWithoutAWorkerWaitsOnDiskAndSaysWhy) {
  testing::TempDir dir;
  RingLimits limits;
  limits.memory_bytes = 500'000;
  limits.spool_dir = dir.path() + "/spool";
  SetAvailable(false);
  Start(limits);
  std::vector<MediaMessage> stream = MakeStream({.end_ms = 200'000});
  Push(stream, absl::Microseconds(20));
  Await("spilled", [&] { return std::filesystem::exists(limits.spool_dir) && !std::filesystem::is_empty(limits.spool_dir); });
  EXPECT_EQ(relay_->state().epoch, 0);
  EXPECT_EQ(relay_->state().reason, "no worker is free");
  EXPECT_FALSE(relay_->state().delivered);
  EXPECT_GT(relay_->state().pending_bytes, 5'000'000);
  SetAvailable(true);
  ExpectComplete(stream);
  EXPECT_EQ(relay_->state().reason, "");
  relay_.reset();
  EXPECT_TRUE(std::filesystem::is_empty(limits.spool_dir));
}

TEST_F(RelayTest, AskingForAWorkerSlowsDown) {
  SetAvailable(false);
  Start();
  absl::SleepFor(absl::Milliseconds(1600));
  absl::MutexLock lock(&mu_);
  // At 0, 250, 750 and 1750 ms.
  EXPECT_GE(asked_.size(), 2u);
  EXPECT_LE(asked_.size(), 4u);
}

TEST_F(RelayTest, AStreamThatHasEndedIsNotAskedForUntilAPublisherIsLetIn) {
  SetEnded(true);
  Start();
  std::vector<MediaMessage> stream = MakeStream({.end_ms = 10'000});
  Push(stream);
  Await("it says why", [&] { return relay_->state().reason == "the live stream has ended"; });
  absl::SleepFor(absl::Milliseconds(700));
  EXPECT_EQ(asked(), 1u);
  SetEnded(false);
  relay_->Reopen();
  ExpectComplete(stream);
}

TEST_F(RelayTest, AStreamThatHasEndedKeepsNobodyWaiting) {
  SetEnded(true);
  Start();
  Push(MakeStream({.end_ms = 10'000}));
  Await("it was asked for", [&] { return asked() == 1; });
  absl::Time begun = absl::Now();
  EXPECT_FALSE(relay_->Finish(absl::Seconds(60)));
  EXPECT_LT(absl::Now() - begun, absl::Seconds(30));
}

TEST_F(RelayTest, WorkersThatStoreSomethingAndDieAreReplacedAtOnce) {
  // Each confirms a few GOPs, and lives far shorter than a second.
  on_new_worker_ = [n = 0](Worker& worker) mutable {
    if (++n < 9) worker.DieAfter(600);
  };
  Start();
  std::vector<MediaMessage> stream = MakeStream({.end_ms = 60'000});
  absl::Time begun = absl::Now();
  Push(stream);
  Await("the ninth one has it", [&] { return relay_->state().epoch == 9; });
  // 250 + 500 + 1000 + 5 x 2000 ms, where each counted as the same trouble.
  EXPECT_LT(absl::Now() - begun, absl::Seconds(6));
  ExpectComplete(stream);
}

TEST_F(RelayTest, APublisherThatComesBackGoesOnWithItsNewHeaders) {
  Start();
  std::vector<MediaMessage> before = MakeStream({.end_ms = 10'000, .header = "A"});
  std::vector<MediaMessage> after = MakeStream({.begin_ms = 15'000, .end_ms = 25'000, .header = "B"});
  Push(before);
  relay_->Pause();
  Push(after);
  Await("the worker takes it", [&] { return Confirmed() >= 23'000; });
  worker()->DieAfter(0);
  Await("another one has it", [&] { return relay_->state().failovers == 1 && relay_->state().epoch == 2; });
  std::vector<MediaMessage> all = before;
  all.insert(all.end(), after.begin(), after.end());
  ExpectComplete(all);
  EXPECT_EQ(worker()->headers(), std::vector<std::string>{"B"});
}

TEST_F(RelayTest, SoundAloneSurvivesAWorker) {
  on_new_worker_ = [n = 0](Worker& worker) mutable {
    if (++n < 4) worker.DieAfter(500);
  };
  Start();
  std::vector<MediaMessage> stream = MakeStream({.end_ms = 60'000, .video = false});
  Push(stream, absl::Microseconds(100));
  ExpectComplete(stream);
  EXPECT_EQ(relay_->state().failovers, 3);
}

TEST_F(RelayTest, PicturesAloneSurviveAWorker) {
  on_new_worker_ = [n = 0](Worker& worker) mutable {
    if (++n < 4) worker.DieAfter(200);
  };
  Start();
  std::vector<MediaMessage> stream = MakeStream({.end_ms = 60'000, .audio = false});
  Push(stream, absl::Microseconds(100));
  ExpectComplete(stream);
  EXPECT_EQ(relay_->state().failovers, 3);
}

TEST_F(RelayTest, ALeaseThatMovedIsNobodysFailure) {
  Start();
  std::vector<MediaMessage> stream = MakeStream({.end_ms = 20'000});
  Push(stream);
  Await("the worker takes it", [&] { return relay_->state().epoch == 1; });
  {
    absl::MutexLock lock(&mu_);
    workers_.push_back(std::make_unique<Worker>(store_, ++epoch_));
  }
  relay_->Reacquire("moved by an administrator");
  Await("the other one has it", [&] { return relay_->state().epoch == 2; });
  ExpectComplete(stream);
  absl::MutexLock lock(&mu_);
  ASSERT_EQ(asked_.size(), 2u);
  EXPECT_EQ(asked_[1].first, 0);
  EXPECT_EQ(asked_[1].second, "moved by an administrator");
}

TEST_F(RelayTest, FinishSaysWhetherAllIsStored) {
  on_new_worker_ = [](Worker& worker) { worker.KeepQuiet(); };
  Start();
  Push(MakeStream({.end_ms = 10'000}));
  Await("the worker takes it", [&] { return worker() && worker()->taken() > 300; });
  EXPECT_FALSE(relay_->Finish(absl::Milliseconds(300)));
  Await("told goodbye", [&] { return worker()->said_goodbye(); });
}

TEST_F(RelayTest, FinishWithoutAnythingToStoreIsQuick) {
  Start();
  EXPECT_TRUE(relay_->Finish(absl::Seconds(60)));
}

TEST_F(RelayTest, FinishWithoutAWorkerGivesUpInTime) {
  SetAvailable(false);
  Start();
  Push(MakeStream({.end_ms = 10'000}));
  EXPECT_FALSE(relay_->Finish(absl::Milliseconds(300)));
}

TEST_F(RelayTest, TheRateIsThatOfTheLastSeconds) {
  Start();
  EXPECT_EQ(relay_->state().bitrate_bps, 0);
  Push(MakeStream({.end_ms = 10'000}));
  EXPECT_GT(relay_->state().received_bytes, 300'000);
  Await("a whole second has passed", [&] { return relay_->state().bitrate_bps > 100'000; });
}

}  // namespace
}  // namespace lectern::proxy
