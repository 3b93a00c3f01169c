// Client and server over loopback.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "common/base/clock.h"
#include "common/rtmp/client.h"
#include "common/rtmp/server.h"
#include "tests/support/status_matchers.h"

namespace lectern::rtmp {
namespace {

using testing::StatusIs;

MediaMessage Video(int64_t timestamp_ms, size_t bytes = 100) {
  MediaMessage message{MediaMessage::kVideo, timestamp_ms, nullptr};
  message.payload = std::make_shared<const std::string>("\x27\x01" + std::string(bytes, 'v'));
  return message;
}

// A server that lets in whoever has the key, and keeps what it gets.
class Worker {
 public:
  explicit Worker(std::function<void(PublisherConnection&)> serve = nullptr, ServerOptions options = ServerOptions()) {
    ServerHandlers handlers;
    handlers.authorize = [this](const PublishRequest& request) -> absl::StatusOr<Feedback> {
      absl::MutexLock lock(&mu_);
      request_ = request;
      if (request.query != "key=right") return absl::PermissionDeniedError("the lease is not there");
      return Feedback{1234, -1};
    };
    handlers.serve = [this, serve](const PublishRequest&, PublisherConnection& connection) {
      if (serve) return serve(connection);
      while (true) {
        absl::StatusOr<MediaMessage> message = connection.Next(absl::Seconds(20));
        absl::MutexLock lock(&mu_);
        if (!message.ok()) {
          end_ = message.status();
          return;
        }
        messages_.push_back(*message);
      }
    };
    auto started = Server::Start(options, handlers);
    EXPECT_OK(started.status());
    server_ = *std::move(started);
  }

  Target target(const std::string& key = "right") const {
    return {"127.0.0.1", server_->port(), "ingest", absl::StrCat("12-3?key=", key)};
  }
  std::vector<MediaMessage> WaitForEnd(absl::Status& end) {
    absl::MutexLock lock(&mu_);
    mu_.AwaitWithTimeout(absl::Condition(+[](Worker* w) { return w->end_.has_value(); }, this), absl::Seconds(20));
    end = end_.value_or(absl::DeadlineExceededError("no end"));
    return messages_;
  }
  PublishRequest request() {
    absl::MutexLock lock(&mu_);
    return request_;
  }
  void Stop() { server_.reset(); }

 private:
  absl::Mutex mu_;
  PublishRequest request_;
  std::vector<MediaMessage> messages_;
  std::optional<absl::Status> end_;
  std::unique_ptr<Server> server_;
};

std::unique_ptr<Publisher> Open(const Target& target, ClientOptions options = ClientOptions()) {
  auto publisher = Publisher::Open(target, options);
  EXPECT_OK(publisher.status());
  return publisher.ok() ? *std::move(publisher) : nullptr;
}

TEST(LoopbackTest, AMessageArrivesAsItWasSent) {
  Worker worker;
  auto publisher = Open(worker.target());
  ASSERT_TRUE(publisher);
  MediaMessage audio{MediaMessage::kAudio, 20, std::make_shared<const std::string>("\xaf\x01zzz")};
  MediaMessage data{MediaMessage::kData, 0, std::make_shared<const std::string>(std::string("\x02\0\x0aonMetaData\x05", 14))};
  ASSERT_OK(publisher->Send(data));
  ASSERT_OK(publisher->Send(Video(10)));
  ASSERT_OK(publisher->Send(audio));
  ASSERT_OK(publisher->Send(Video(50, 3 << 20)));
  publisher->Finish();
  absl::Status end;
  std::vector<MediaMessage> got = worker.WaitForEnd(end);
  EXPECT_THAT(end, StatusIs(absl::StatusCode::kOutOfRange));
  ASSERT_EQ(got.size(), 4u);
  EXPECT_EQ(*got[0].payload, *data.payload);
  EXPECT_EQ(got[1].timestamp_ms, 10);
  EXPECT_EQ(got[2].kind, MediaMessage::kAudio);
  EXPECT_EQ(*got[2].payload, *audio.payload);
  EXPECT_EQ(*got[3].payload, *Video(50, 3 << 20).payload);
  EXPECT_EQ(worker.request().app, "ingest");
  EXPECT_EQ(worker.request().name, "12-3");
  EXPECT_EQ(worker.request().peer, "127.0.0.1");
}

TEST(LoopbackTest, AWrongKeyIsRefusedAndNotNamed) {
  Worker worker;
  auto publisher = Publisher::Open(worker.target("wrong"), ClientOptions());
  EXPECT_THAT(publisher.status(), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_FALSE(absl::StrContains(publisher.status().message(), "wrong")) << publisher.status();
  EXPECT_TRUE(absl::StrContains(publisher.status().message(), "the lease is not there")) << publisher.status();
}

TEST(LoopbackTest, NobodyThereIsUnavailable) {
  Worker worker;
  Target target = worker.target();
  worker.Stop();
  EXPECT_THAT(Publisher::Open(target, ClientOptions()).status(), StatusIs(absl::StatusCode::kUnavailable));
}

TEST(LoopbackTest, TimesBeyondTheExtendedMarkAndTheWrapArrive) {
  Worker worker;
  auto publisher = Open(worker.target());
  ASSERT_TRUE(publisher);
  // From 4 h 39 min on times are extended; large messages repeat them in every chunk.
  const std::vector<int64_t> times = {0, 16777214, 16777215, 16777216, 1LL << 31, (1LL << 32) - 40, (1LL << 32) + 2};
  for (int64_t time : times) ASSERT_OK(publisher->Send(Video(time, 200'000)));
  publisher->Finish();
  absl::Status end;
  std::vector<MediaMessage> got = worker.WaitForEnd(end);
  ASSERT_EQ(got.size(), times.size());
  for (size_t i = 0; i < times.size(); ++i) {
    EXPECT_EQ(got[i].timestamp_ms, times[i]);
    EXPECT_EQ(*got[i].payload, *Video(0, 200'000).payload);
  }
}

TEST(LoopbackTest, FeedbackComesAtOnceAndWhenItChanges) {
  absl::Notification told;
  Worker worker([&](PublisherConnection& connection) {
    ASSERT_OK(connection.Next(absl::Seconds(20)).status());
    connection.SendFeedback({1234, 5678});
    EXPECT_THAT(connection.Next(absl::Seconds(20)).status(), StatusIs(absl::StatusCode::kOutOfRange));
  });
  auto publisher = Open(worker.target());
  ASSERT_TRUE(publisher);
  while (publisher->feedback_count() == 0) ASSERT_OK(publisher->Poll(absl::Seconds(20)));
  EXPECT_EQ(publisher->feedback().resume_ms, 1234);
  EXPECT_EQ(publisher->feedback().confirmed_ms, -1);
  ASSERT_OK(publisher->Send(Video(1)));
  while (publisher->feedback().confirmed_ms < 0) ASSERT_OK(publisher->Poll(absl::Seconds(20)));
  EXPECT_EQ(publisher->feedback().confirmed_ms, 5678);
  publisher->Finish();
}

TEST(LoopbackTest, AServerThatSaysNothingIsGivenUp) {
  absl::Notification stop;
  Worker worker([&](PublisherConnection&) { stop.WaitForNotification(); });   // never calls Next
  auto publisher = Open(worker.target());
  ASSERT_TRUE(publisher);
  publisher->SetSilenceLimit(absl::Milliseconds(300));
  absl::Status status;
  while (status.ok()) status = publisher->Poll(absl::Seconds(20));
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kDeadlineExceeded));
  stop.Notify();
}

TEST(LoopbackTest, AServerThatTakesNothingIsGivenUpWhileSending) {
  absl::Notification stop;
  Worker worker([&](PublisherConnection&) { stop.WaitForNotification(); });
  auto publisher = Open(worker.target());
  ASSERT_TRUE(publisher);
  publisher->SetSilenceLimit(absl::Milliseconds(300));
  absl::Status status;
  while (status.ok()) status = publisher->Send(Video(0, 1 << 20));
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_GT(publisher->unacknowledged_bytes(), 0);
  stop.Notify();
}

TEST(LoopbackTest, AServerThatSpeaksIsNotSilent) {
  Worker worker;
  auto publisher = Open(worker.target());
  ASSERT_TRUE(publisher);
  publisher->SetSilenceLimit(absl::Seconds(2));
  absl::Duration begun = RealClock().Steady();
  while (RealClock().Steady() - begun < absl::Seconds(3)) ASSERT_OK(publisher->Poll(absl::Milliseconds(100)));
  EXPECT_GE(publisher->feedback_count(), 5);
}

TEST(LoopbackTest, BreakEndsAWaitOnEitherSide) {
  PublisherConnection* serving = nullptr;
  absl::Notification ready;
  absl::Status ended;
  absl::Notification over;
  Worker worker([&](PublisherConnection& connection) {
    serving = &connection;
    ready.Notify();
    ended = connection.Next(absl::Seconds(60)).status();
    over.Notify();
  });
  auto publisher = Open(worker.target());
  ASSERT_TRUE(publisher);
  ready.WaitForNotification();
  serving->Break();
  over.WaitForNotification();
  EXPECT_THAT(ended, StatusIs(absl::StatusCode::kCancelled));
  absl::Status gone;
  while (gone.ok()) gone = publisher->Poll(absl::Seconds(20));
  EXPECT_THAT(gone, StatusIs(absl::StatusCode::kUnavailable));

  Worker other;
  auto waiting = Open(other.target());
  std::thread breaker([&] { waiting->Break(); });
  absl::Status status;
  while (status.ok()) status = waiting->Poll(absl::Seconds(60));
  breaker.join();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kCancelled));
}

TEST(LoopbackTest, AMessageThatIsTooLargeEndsTheConnection) {
  ServerOptions options;
  options.max_message_bytes = 100'000;
  Worker worker(nullptr, options);
  auto publisher = Open(worker.target());
  ASSERT_TRUE(publisher);
  ASSERT_OK(publisher->Send(Video(0, 50'000)));
  publisher->Send(Video(0, 200'000)).IgnoreError();
  absl::Status end;
  EXPECT_EQ(worker.WaitForEnd(end).size(), 1u);
  EXPECT_THAT(end, StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST(LoopbackTest, MoreConnectionsThanAllowedAreClosed) {
  ServerOptions options;
  options.max_connections = 3;
  Worker worker(nullptr, options);
  std::vector<std::unique_ptr<Publisher>> inside;
  for (int i = 0; i < 3; ++i) inside.push_back(Open(worker.target()));
  EXPECT_THAT(Publisher::Open(worker.target(), ClientOptions()).status(), StatusIs(absl::StatusCode::kUnavailable));
  // A place that is given back is taken by the next one.
  inside.pop_back();
  ClientOptions client;
  absl::Status status = absl::UnavailableError("not yet");
  for (int i = 0; i < 1000 && !status.ok(); ++i) {
    auto publisher = Publisher::Open(worker.target(), client);
    status = publisher.status();
    if (!status.ok()) absl::SleepFor(absl::Milliseconds(10));
  }
  EXPECT_OK(status);
}

TEST(LoopbackTest, WhoSaysNothingInTimeIsClosed) {
  ServerOptions options;
  options.handshake_timeout = absl::Milliseconds(200);
  options.max_connections = 1;
  std::atomic<bool> asked{false};
  ServerHandlers handlers;
  handlers.authorize = [&](const PublishRequest&) -> absl::StatusOr<Feedback> { return asked = true, Feedback(); };
  handlers.serve = [](const PublishRequest&, PublisherConnection&) {};
  auto server = Server::Start(options, handlers);
  ASSERT_OK(server.status());
  // Silent, and one that says a byte now and then.
  for (bool dribbles : {false, true}) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons((*server)->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    bool closed = false;
    for (int i = 0; i < 2000 && !closed; ++i) {
      char byte = 3;
      if (dribbles && send(fd, &byte, 1, MSG_NOSIGNAL) < 0) closed = true;
      ssize_t got = recv(fd, &byte, 1, MSG_DONTWAIT);
      closed = closed || got == 0 || (got < 0 && errno == ECONNRESET);
      absl::SleepFor(absl::Milliseconds(5));
    }
    EXPECT_TRUE(closed);
    close(fd);
  }
  EXPECT_FALSE(asked);
}

TEST(LoopbackTest, WhoWantsToPlayIsRefused) {
  Worker worker;
  EXPECT_FALSE(Player::Open(worker.target(), ClientOptions()).ok());
}

TEST(ParseUrlTest, TakesUrlsApart) {
  auto target = ParseUrl("rtmp://worker.example.org:1940/ingest/12-3?key=abc/def");
  ASSERT_OK(target.status());
  EXPECT_EQ(target->host, "worker.example.org");
  EXPECT_EQ(target->port, 1940);
  EXPECT_EQ(target->app, "ingest");
  EXPECT_EQ(target->name, "12-3?key=abc/def");
  target = ParseUrl("rtmp://[::1]/live/x");
  ASSERT_OK(target.status());
  EXPECT_EQ(target->host, "::1");
  EXPECT_EQ(target->port, 1935);
}

TEST(ParseUrlTest, RefusesOthersWithoutTheirSecret) {
  for (const char* url : {"http://h/a/b?key=secret", "rtmp://h", "rtmp://h/a?key=secret", "rtmp:///a/b", "rtmp://h:0/a/b?key=secret",
                          "rtmp://h:70000/a/b", "rtmp://h//b", "rtmp://h/a/", "rtmp://[::1/a/b"}) {
    auto target = ParseUrl(url);
    EXPECT_THAT(target.status(), StatusIs(absl::StatusCode::kInvalidArgument)) << url;
    EXPECT_FALSE(absl::StrContains(target.status().message(), "secret"));
  }
}

}  // namespace
}  // namespace lectern::rtmp
