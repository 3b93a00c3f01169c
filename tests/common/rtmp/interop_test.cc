// Against nginx-rtmp and FFmpeg.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "common/exec/process.h"
#include "common/rtmp/client.h"
#include "common/rtmp/flv.h"
#include "common/rtmp/server.h"
#include "tests/support/media.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace lectern::rtmp {
namespace {

using testing::MediaFile;
using testing::StatusIs;

uint16_t FreePort() {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  bind(fd, reinterpret_cast<sockaddr*>(&address), length);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  close(fd);
  return ntohs(address.sin_port);
}

std::vector<MediaMessage> ReadFlv(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  FlvReader reader;
  EXPECT_OK(reader.Feed(bytes.str()));
  std::vector<MediaMessage> messages;
  MediaMessage message;
  while (reader.Next(message)) messages.push_back(message);
  return messages;
}

std::vector<std::string> Payloads(const std::vector<MediaMessage>& messages, MediaMessage::Kind kind) {
  std::vector<std::string> payloads;
  for (const MediaMessage& message : messages) {
    if (message.kind == kind) payloads.push_back(*message.payload);
  }
  return payloads;
}

// A child and the thread that waits for it.
class Child {
 public:
  explicit Child(std::vector<std::string> argv) {
    ProcessOptions options;
    options.argv = std::move(argv);
    auto started = Process::Start(options);
    EXPECT_OK(started.status());
    process_ = *std::move(started);
    waiter_ = std::thread([this] { exit_ = process_->Wait(); });
  }
  ~Child() {
    process_->Stop(absl::Seconds(2));
    if (waiter_.joinable()) waiter_.join();
  }
  ProcessExit Wait() {
    waiter_.join();
    return exit_;
  }

 private:
  std::unique_ptr<Process> process_;
  ProcessExit exit_;
  std::thread waiter_;
};

class Nginx {
 public:
  Nginx() : port_(FreePort()) {
    std::string conf = dir_.path() + "/nginx.conf";
    std::ofstream(conf) << "load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;\n"
                        << "daemon off; master_process off; worker_processes 1;\n"
                        << "pid " << dir_.path() << "/pid; error_log " << dir_.path() << "/error.log;\n"
                        << "events {}\n"
                        << "rtmp { access_log off; max_message 16M; server { listen 127.0.0.1:" << port_ << ";\n"
                        << "application live { live on; idle_streams on; } } }\n";
    child_ = std::make_unique<Child>(std::vector<std::string>{"/usr/sbin/nginx", "-e", "stderr", "-p", dir_.path(), "-c", conf});
    // It listens when it answers.
    for (int i = 0; i < 200; ++i) {
      if (Player::Open(target("nobody"), ClientOptions()).ok()) return;
      absl::SleepFor(absl::Milliseconds(50));
    }
    ADD_FAILURE() << "nginx does not answer";
  }
  Target target(const std::string& name) const { return {"127.0.0.1", port_, "live", name}; }
  std::string Url(const std::string& name) const { return absl::StrCat("rtmp://127.0.0.1:", port_, "/live/", name); }

 private:
  testing::TempDir dir_;
  uint16_t port_;
  std::unique_ptr<Child> child_;
};

std::vector<std::string> FfmpegPublisher(const std::string& file, const std::string& url) {
  return {"ffmpeg", "-nostdin", "-v", "warning", "-i", file, "-c", "copy", "-f", "flv", url};
}

// All that comes until the publisher is gone.
std::vector<MediaMessage> PlayToEnd(Player& player, absl::Status& end) {
  std::vector<MediaMessage> messages;
  while (true) {
    absl::StatusOr<MediaMessage> message = player.Next(absl::Seconds(20));
    if (!message.ok()) {
      end = message.status();
      return messages;
    }
    messages.push_back(*message);
  }
}

TEST(NginxTest, APlayerThatIsThereFirstGetsEverythingOfOurPublisher) {
  Nginx nginx;
  auto player = Player::Open(nginx.target("first"), ClientOptions());
  ASSERT_OK(player.status());
  EXPECT_THAT((*player)->Next(absl::Milliseconds(50)).status(), StatusIs(absl::StatusCode::kDeadlineExceeded));
  auto publisher = Publisher::Open(nginx.target("first"), ClientOptions());
  ASSERT_OK(publisher.status());
  std::vector<MediaMessage> sent = ReadFlv(MediaFile("lecture.flv"));
  std::vector<MediaMessage> got;
  absl::Status end;
  std::thread playing([&] { got = PlayToEnd(**player, end); });
  for (const MediaMessage& message : sent) ASSERT_OK((*publisher)->Send(message));
  (*publisher)->Finish();
  playing.join();
  EXPECT_THAT(end, StatusIs(absl::StatusCode::kOutOfRange));
  EXPECT_EQ(Payloads(got, MediaMessage::kVideo), Payloads(sent, MediaMessage::kVideo));
  EXPECT_EQ(Payloads(got, MediaMessage::kAudio), Payloads(sent, MediaMessage::kAudio));
  EXPECT_FALSE(Payloads(got, MediaMessage::kData).empty());
}

TEST(NginxTest, APlayerGetsEverythingOfFfmpeg) {
  Nginx nginx;
  auto player = Player::Open(nginx.target("encoder"), ClientOptions());
  ASSERT_OK(player.status());
  Child ffmpeg(FfmpegPublisher(MediaFile("lecture.flv"), nginx.Url("encoder")));
  absl::Status end;
  std::vector<MediaMessage> got = PlayToEnd(**player, end);
  EXPECT_THAT(end, StatusIs(absl::StatusCode::kOutOfRange));
  std::vector<MediaMessage> sent = ReadFlv(MediaFile("lecture.flv"));
  EXPECT_EQ(Payloads(got, MediaMessage::kVideo).size(), Payloads(sent, MediaMessage::kVideo).size());
  int64_t last = 0;
  for (const MediaMessage& message : got) {
    if (message.kind == MediaMessage::kVideo) EXPECT_GE(message.timestamp_ms, std::exchange(last, message.timestamp_ms));
  }
  EXPECT_GT(last, 8000);
}

TEST(NginxTest, ASecondPublisherOfANameIsRefused) {
  Nginx nginx;
  auto first = Publisher::Open(nginx.target("twice"), ClientOptions());
  ASSERT_OK(first.status());
  EXPECT_THAT(Publisher::Open(nginx.target("twice"), ClientOptions()).status(), StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST(FfmpegTest, PublishesToOurServerWithoutALossAndSaysGoodbye) {
  absl::Mutex mu;
  std::vector<MediaMessage> got;
  PublishRequest asked;
  absl::Status end;
  ServerHandlers handlers;
  handlers.authorize = [&](const PublishRequest& request) {
    asked = request;
    return Feedback();
  };
  handlers.serve = [&](const PublishRequest&, PublisherConnection& connection) {
    while (true) {
      absl::StatusOr<MediaMessage> message = connection.Next(absl::Seconds(20));
      absl::MutexLock lock(&mu);
      if (!message.ok()) {
        end = message.status();
        return;
      }
      got.push_back(*message);
    }
  };
  auto server = Server::Start(ServerOptions(), handlers);
  ASSERT_OK(server.status());
  Child ffmpeg(FfmpegPublisher(MediaFile("lecture.flv"), absl::StrCat("rtmp://127.0.0.1:", (*server)->port(), "/live/abc?view=cam")));
  ProcessExit exit = ffmpeg.Wait();
  EXPECT_EQ(exit.code, 0) << exit.stderr_tail;
  absl::MutexLock lock(&mu);
  mu.AwaitWithTimeout(absl::Condition(+[](absl::Status* end) { return !end->ok(); }, &end), absl::Seconds(20));
  EXPECT_THAT(end, StatusIs(absl::StatusCode::kOutOfRange));
  EXPECT_EQ(asked.app, "live");
  EXPECT_EQ(asked.name, "abc");
  EXPECT_EQ(asked.query, "view=cam");
  std::vector<MediaMessage> sent = ReadFlv(MediaFile("lecture.flv"));
  std::vector<std::string> video = Payloads(got, MediaMessage::kVideo);
  std::vector<std::string> expected = Payloads(sent, MediaMessage::kVideo);
  ASSERT_EQ(video.size(), expected.size());
  for (size_t i = 0; i < video.size(); ++i) EXPECT_EQ(video[i], expected[i]) << i;
  EXPECT_EQ(Payloads(got, MediaMessage::kAudio), Payloads(sent, MediaMessage::kAudio));
}

}  // namespace
}  // namespace lectern::rtmp
