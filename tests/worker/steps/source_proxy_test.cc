#include "worker/steps/source_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/notification.h"
#include "common/base/file.h"
#include "tests/support/media.h"
#include "tests/support/status_matchers.h"
#include "tests/worker/steps/fake_vod.h"

namespace lectern::worker {
namespace {

using testing::FakeVod;
using ::testing::HasSubstr;
using testing::MediaFile;
using ::testing::Not;
using ::testing::StartsWith;
using testing::StatusIs;

class SourceProxyTest : public ::testing::Test {
 protected:
  SourceProxyTest() : recording_(*ReadFile(MediaFile("lecture.mp4"))) {}

  SourceOptions Options() {
    SourceOptions options;
    options.url = vod_.url() + "/jobs/7/3/source";
    options.token = FakeVod::kBearer;
    options.patience = absl::Seconds(20);
    return options;
  }

  static std::string Secret(const Source& source) {
    std::string variable = source.environment().at(0);
    return variable.substr(sizeof("http_proxy=http://") - 1, variable.find('@') - sizeof("http_proxy=http://") + 1);
  }

  // Sends a request and returns the whole answer.
  std::string Exchange(const std::string& request, std::function<void(size_t)> on_bytes = nullptr) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(proxy_->port()));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd, reinterpret_cast<struct sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(send(fd, request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
    std::string answer;
    char buffer[65536];
    for (ssize_t got; (got = recv(fd, buffer, sizeof buffer, 0)) > 0;) {
      answer.append(buffer, static_cast<size_t>(got));
      if (on_bytes) on_bytes(answer.size());
    }
    close(fd);
    return answer;
  }

  std::string Get(const Source& source, const std::string& headers = "") {
    return Exchange(absl::StrCat("GET ", source.url(),
                                 " HTTP/1.1\r\nHost: source.lectern\r\nProxy-Authorization: Basic ",
                                 absl::Base64Escape(Secret(source)), "\r\n", headers, "\r\n"));
  }
  static std::string BodyOf(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }

  std::string recording_;
  FakeVod vod_{MediaFile("lecture.mp4")};
  std::unique_ptr<SourceProxy> proxy_ = *SourceProxy::Start();
};

TEST_F(SourceProxyTest, HandsOutTheRecordingAndItsRanges) {
  auto source = proxy_->Open(7, Options());
  std::string whole = Get(*source);
  EXPECT_THAT(whole, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(BodyOf(whole), recording_);
  std::string part = Get(*source, "Range: bytes=1000-1999\r\n");
  EXPECT_THAT(part, StartsWith("HTTP/1.1 206 "));
  EXPECT_THAT(part, HasSubstr(absl::StrCat("Content-Range: bytes 1000-1999/", recording_.size(), "\r\n")));
  EXPECT_EQ(BodyOf(part), recording_.substr(1000, 1000));
  EXPECT_THAT(Get(*source, absl::StrCat("Range: bytes=", recording_.size(), "-\r\n")), StartsWith("HTTP/1.1 416 "));
  EXPECT_OK(source->status());
}

TEST_F(SourceProxyTest, WithoutTheSecretItAnswers407AndNothingElse) {
  auto source = proxy_->Open(7, Options());
  std::string head = absl::StrCat("GET ", source->url(), " HTTP/1.1\r\nHost: source.lectern\r\n");
  EXPECT_THAT(Exchange(head + "\r\n"), StartsWith("HTTP/1.1 407 "));
  std::string wrong =
      absl::StrCat(head, "Proxy-Authorization: Basic ", absl::Base64Escape("lectern:guess"), "\r\n\r\n");
  EXPECT_THAT(Exchange(wrong), StartsWith("HTTP/1.1 407 "));
  EXPECT_EQ(vod_.reads, 0);
}

TEST_F(SourceProxyTest, TheSecretOfOneJobOpensNoOther) {
  auto one = proxy_->Open(7, Options()), other = proxy_->Open(8, Options());
  std::string request = absl::StrCat("GET ", other->url(), " HTTP/1.1\r\nProxy-Authorization: Basic ",
                                     absl::Base64Escape(Secret(*one)), "\r\n\r\n");
  EXPECT_THAT(Exchange(request), StartsWith("HTTP/1.1 407 "));
}

TEST_F(SourceProxyTest, ReachesNoOtherAddress) {
  auto source = proxy_->Open(7, Options());
  std::string request = absl::StrCat("GET ", vod_.url(), "/jobs/7/3/source HTTP/1.1\r\nProxy-Authorization: Basic ",
                                     absl::Base64Escape(Secret(*source)), "\r\n\r\n");
  EXPECT_THAT(Exchange(request), StartsWith("HTTP/1.1 403 "));
  EXPECT_EQ(vod_.reads, 0);
}

TEST_F(SourceProxyTest, RefusesWhatIsNoProxyRequest) {
  EXPECT_THAT(Exchange("GET / HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(Exchange("hello\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
}

TEST_F(SourceProxyTest, ResumesWhereTheServiceBrokeOff) {
  vod_.break_after = 100'000;
  auto source = proxy_->Open(7, Options());
  EXPECT_EQ(BodyOf(Get(*source)), recording_);
  EXPECT_GT(vod_.reads, 3);
  EXPECT_OK(source->status());
}

TEST_F(SourceProxyTest, WaitsForAServiceThatIsBusyOrRestarts) {
  vod_.busy = 2;
  vod_.break_after = 100'000;
  auto source = proxy_->Open(7, Options());
  std::thread restart;
  bool restarted = false;
  std::string request = absl::StrCat("GET ", source->url(), " HTTP/1.1\r\nProxy-Authorization: Basic ",
                                     absl::Base64Escape(Secret(*source)), "\r\n\r\n");
  std::string answer = Exchange(request, [&](size_t bytes) {
    if (bytes < 50'000 || std::exchange(restarted, true)) return;
    vod_.Stop();
    restart = std::thread([&] { vod_.Start(); });
  });
  ASSERT_TRUE(restarted);
  restart.join();
  EXPECT_EQ(BodyOf(answer), recording_);
}

TEST_F(SourceProxyTest, GivesUpWhenPatienceEnds) {
  SourceOptions options = Options();
  options.patience = absl::Milliseconds(300);
  vod_.Stop();
  auto source = proxy_->Open(7, options);
  EXPECT_THAT(Get(*source), StartsWith("HTTP/1.1 502 "));
  EXPECT_THAT(source->status(), StatusIs(absl::StatusCode::kUnavailable));
  vod_.Start();
}

TEST_F(SourceProxyTest, AFenceEndsItAtOnce) {
  vod_.answer = 409;
  auto source = proxy_->Open(7, Options());
  EXPECT_THAT(Get(*source), StartsWith("HTTP/1.1 502 "));
  EXPECT_THAT(source->status(), StatusIs(absl::StatusCode::kAborted));
}

TEST_F(SourceProxyTest, AMissingRecordingEndsItAtOnce) {
  vod_.answer = 404;
  auto source = proxy_->Open(7, Options());
  EXPECT_THAT(Get(*source), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(source->status(), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(SourceProxyTest, StoppingEndsAReaderThatWaits) {
  std::atomic<bool> stop = false;
  SourceOptions options = Options();
  options.should_stop = [&] { return stop.load(); };
  vod_.Stop();
  auto source = proxy_->Open(7, options);
  std::thread reader([&] { Get(*source); });
  stop = true;
  reader.join();
  EXPECT_OK(source->status());
  vod_.Start();
}

TEST_F(SourceProxyTest, AClosedSourceIsGone) {
  auto source = proxy_->Open(7, Options());
  std::string request = absl::StrCat("GET ", source->url(), " HTTP/1.1\r\nProxy-Authorization: Basic ",
                                     absl::Base64Escape(Secret(*source)), "\r\n\r\n");
  source.reset();
  EXPECT_THAT(Exchange(request), StartsWith("HTTP/1.1 407 "));
}

TEST_F(SourceProxyTest, FfmpegReadsThroughItAndNoSecretIsInItsArguments) {
  auto source = proxy_->Open(7, Options());
  std::string secret = Secret(*source);
  EXPECT_THAT(source->url(), Not(HasSubstr(secret)));
  bool ok = false;
  std::string variable = source->environment().at(0);
  std::string output = testing::RunTool(
      {"env", variable, "ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", source->url()},
      &ok);
  EXPECT_TRUE(ok);
  EXPECT_THAT(output, StartsWith("9.0"));
}

}  // namespace
}  // namespace lectern::worker
