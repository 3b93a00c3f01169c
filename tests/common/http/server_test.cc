#include "common/http/server.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/http/range.h"
#include "tests/common/http/raw_client.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace lectern::http {
namespace {

using lectern::testing::RawClient;
using lectern::testing::TempDir;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// "aaabbb..." in pieces, then optionally an error.
class Pieces final : public BodySource {
 public:
  Pieces(int count, bool fails) : count_(count), fails_(fails) {}
  Awaitable<absl::StatusOr<absl::string_view>> Next() override {
    if (at_ == count_ && fails_) co_return absl::UnavailableError("gone");
    if (at_ == count_) co_return absl::string_view();
    piece_ = std::string(1000, static_cast<char>('a' + at_++));
    co_return absl::string_view(piece_);
  }

 private:
  const int count_;
  const bool fails_;
  int at_ = 0;
  std::string piece_;
};

class HttpServerTest : public ::testing::Test {
 protected:
  void Start(ServerOptions options = {}) {
    absl::StatusOr<std::unique_ptr<Server>> server = Server::Start(
        std::move(options), [this](const RequestHead& head, BodyReader& body) { return Handle(head, body); });
    ASSERT_OK(server);
    server_ = *std::move(server);
  }

  Awaitable<Response> Handle(const RequestHead& head, BodyReader& body) {
    if (head.path == "/throw") throw std::runtime_error("on purpose");
    if (head.path == "/refuse") co_return ErrorResponse(413, "RESOURCE_EXHAUSTED", "too large");
    if (head.path == "/file") co_return FileResponse(head, file_, file_size_, {"\"e\"", absl::UnixEpoch()}, nullptr);
    if (head.path == "/pieces" || head.path == "/broken") {
      Response response;
      response.body = std::make_shared<Pieces>(3, head.path == "/broken");
      if (head.query == "sized") response.content_length = 3000;
      if (head.query == "short") response.content_length = 2999;
      co_return response;
    }
    if (head.path == "/blocking") {
      absl::Status status = co_await RunBlocking(pool_, [] { return absl::NotFoundError("from the pool"); });
      co_return TextResponse(200, status.message());
    }
    if (head.path == "/hang") {
      reading_.set_value(&body);
      char byte;
      absl::StatusOr<size_t> got = co_await body.Read(absl::MakeSpan(&byte, 1));
      result_.set_value(got.status());
      co_return TextResponse(200, "late");
    }
    absl::StatusOr<std::string> text = co_await body.ReadAll(100'000);
    if (!text.ok()) {
      last_error_ = text.status();
      co_return ErrorResponse(text.status().code() == absl::StatusCode::kInvalidArgument ? 400 : 413, "X", "body");
    }
    co_return TextResponse(200, absl::StrCat(head.method, " ", head.target, " ", *text));
  }

  // A file of the given size, its bytes counting up.
  void MakeFile(size_t size) {
    std::string content(size, '\0');
    for (size_t i = 0; i < size; ++i) content[i] = static_cast<char>(i * 7 + i / 251);
    ASSERT_OK(WriteFileAtomically(dir_ / "file", content));
    file_ = std::make_shared<const Fd>(open((dir_ / "file").c_str(), O_RDONLY | O_CLOEXEC));
    file_size_ = size;
    content_ = content;
  }

  TempDir dir_;
  std::shared_ptr<const Fd> file_;
  uint64_t file_size_ = 0;
  std::string content_;
  ThreadPool pool_{"test", 1, 1};
  std::promise<BodyReader*> reading_;
  std::promise<absl::Status> result_;
  absl::Status last_error_;
  std::unique_ptr<Server> server_;
};

TEST_F(HttpServerTest, AnswersThreePipelinedRequestsInOrder) {
  Start();
  RawClient client(server_->port());
  client.Send(
      "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nPOST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
      "GET /3 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.ReadAnswer().body, "GET /1 ");
  EXPECT_EQ(client.ReadAnswer().body, "POST /2 abc");
  EXPECT_EQ(client.ReadAnswer().body, "GET /3 ");
}

TEST_F(HttpServerTest, ReadsARequestThatComesByteByByte) {
  Start();
  RawClient client(server_->port());
  for (char c :
       absl::string_view("\r\nPOST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n")) {
    client.Send(absl::string_view(&c, 1));
  }
  EXPECT_EQ(client.ReadAnswer().body, "POST /x ab");
}

TEST_F(HttpServerTest, EmptyLinesBeforeARequestAreSkipped) {
  Start();
  RawClient client(server_->port());
  std::string wire;
  for (int i = 0; i < 20'000; ++i) wire += "\r\n";
  client.Send(wire + "GET /1 HTTP/1.1\r\nHost: h\r\n\r\n\r\n");
  EXPECT_EQ(client.ReadAnswer().body, "GET /1 ");
  client.Send("GET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.ReadAnswer().body, "GET /2 ");
}

TEST_F(HttpServerTest, HeadHasTheHeadersOfGetAndNoBody) {
  MakeFile(1000);
  Start();
  RawClient client(server_->port());
  EXPECT_EQ(client.Get("/file", "", "HEAD").Header("Content-Length"), "1000");
  EXPECT_EQ(client.Get("/file").body, content_);
}

TEST_F(HttpServerTest, Http10GetsACloseAndNoChunks) {
  Start();
  RawClient client(server_->port());
  client.Send("GET /pieces HTTP/1.0\r\n\r\n");
  std::string all = client.ReadToEnd();
  EXPECT_THAT(all, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(all, ::testing::Not(HasSubstr("chunked")));
  EXPECT_EQ(all.size() - all.find("\r\n\r\n") - 4, 3000u);
}

TEST_F(HttpServerTest, Http10KeepsAliveWhenAsked) {
  Start();
  RawClient client(server_->port());
  EXPECT_EQ(client.Request("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").Header("Connection"), "keep-alive");
  EXPECT_EQ(client.Request("GET /b HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").body, "GET /b ");
}

TEST_F(HttpServerTest, SendsContinueOnlyWhenTheBodyIsWanted) {
  Start();
  RawClient client(server_->port());
  client.Send("POST /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client.ReadAnswer().status, 100);
  client.Send("ok");
  EXPECT_EQ(client.ReadAnswer().body, "POST /x ok");
  client.Send("POST /refuse HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  RawClient::Answer refused = client.ReadAnswer();
  EXPECT_EQ(refused.status, 413);
  EXPECT_EQ(refused.Header("Connection"), "close");
}

TEST_F(HttpServerTest, DrainsASmallUnreadBodyAndKeepsTheConnection) {
  Start();
  RawClient client(server_->port());
  client.Send(
      absl::StrCat("POST /refuse HTTP/1.1\r\nHost: h\r\nContent-Length: 60000\r\n\r\n", std::string(60000, 'x')));
  EXPECT_EQ(client.ReadAnswer().status, 413);
  EXPECT_EQ(client.Get("/next").body, "GET /next ");
}

TEST_F(HttpServerTest, AClientThatIsStillUploadingSeesTheRefusal) {
  Start();
  RawClient client(server_->port());
  client.Send("POST /refuse HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\n");
  // It does not look at the answer before it has sent a good part.
  std::string part(1 << 20, 'x');
  for (int i = 0; i < 8; ++i) client.Send(part);
  client.FinishSending();
  std::string all = client.ReadToEnd();
  EXPECT_THAT(all, StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(all, HasSubstr("Connection: close"));
}

TEST_F(HttpServerTest, AHandlerThatThrowsAnswers500AndTheServerLives) {
  Start();
  RawClient client(server_->port());
  EXPECT_EQ(client.Get("/throw").status, 500);
  EXPECT_EQ(client.Get("/next").status, 200);
}

TEST_F(HttpServerTest, RefusesMalformedRequestsAndCloses) {
  Start();
  for (absl::string_view bytes : {"GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\nHost: h\n\n",
                                  "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: "
                                  "chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n",
                                  "nonsense\r\n\r\n"}) {
    RawClient client(server_->port());
    client.Send(bytes);
    client.FinishSending();
    std::string all = client.ReadToEnd();
    EXPECT_THAT(all, StartsWith("HTTP/1.1 400 ")) << bytes;
    EXPECT_EQ(all.find("HTTP/1.1", 5), std::string::npos) << bytes;
  }
}

TEST_F(HttpServerTest, TooLargeAHeadIs431) {
  Start();
  RawClient client(server_->port());
  client.Send(absl::StrCat("GET / HTTP/1.1\r\nHost: h\r\nX: ", std::string(20'000, 'x')));
  client.FinishSending();
  EXPECT_THAT(client.ReadToEnd(), StartsWith("HTTP/1.1 431 "));
}

TEST_F(HttpServerTest, AnUnknownExpectationIs417) {
  Start();
  EXPECT_EQ(RawClient(server_->port()).Get("/x", "Expect: miracles\r\n").status, 417);
}

TEST_F(HttpServerTest, BrokenChunksAreAnErrorOfTheBodyAndEndTheConnection) {
  Start();
  RawClient client(server_->port());
  client.Send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
  client.FinishSending();
  EXPECT_THAT(client.ReadToEnd(), StartsWith("HTTP/1.1 400 "));
}

TEST_F(HttpServerTest, ALargeChunkedBodyArrivesWholeAndTheNextRequestToo) {
  Start();
  RawClient client(server_->port());
  std::string wire = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 90; ++i) absl::StrAppend(&wire, "3e8\r\n", std::string(1000, 'y'), "\r\n");
  absl::StrAppend(&wire, "0\r\n\r\nGET /next HTTP/1.1\r\nHost: h\r\n\r\n");
  client.Send(wire);
  EXPECT_EQ(client.ReadAnswer().body.size(), 90'000u + 7);
  EXPECT_EQ(client.ReadAnswer().body, "GET /next ");
}

TEST_F(HttpServerTest, ReadAllRefusesABodyOverItsLimit) {
  Start();
  RawClient client(server_->port());
  client.Send(absl::StrCat("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100001\r\n\r\n", std::string(100'001, 'x')));
  EXPECT_EQ(client.ReadAnswer().status, 413);
  EXPECT_THAT(last_error_, lectern::testing::StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST_F(HttpServerTest, ABodyThatBreaksOffIsAborted) {
  Start();
  RawClient client(server_->port());
  client.Send("POST /hang HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n");
  reading_.get_future().get();
  client.Close();
  EXPECT_THAT(result_.get_future().get(), lectern::testing::StatusIs(absl::StatusCode::kAborted));
}

TEST_F(HttpServerTest, AbortFromAnotherThreadEndsAWaitingRead) {
  Start();
  RawClient client(server_->port());
  client.Send("POST /hang HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n");
  reading_.get_future().get()->Abort();
  EXPECT_THAT(result_.get_future().get(), lectern::testing::StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ(client.ReadToEnd(), "");
}

TEST_F(HttpServerTest, ASlowBodyTimesOut) {
  ServerOptions options;
  options.body_timeout = absl::Milliseconds(50);
  Start(options);
  RawClient client(server_->port());
  client.Send("POST /hang HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n");
  EXPECT_THAT(result_.get_future().get(), lectern::testing::StatusIs(absl::StatusCode::kAborted));
}

TEST_F(HttpServerTest, IdleAndHalfHeadConnectionsTimeOut) {
  ServerOptions options;
  options.idle_timeout = options.header_timeout = absl::Milliseconds(50);
  Start(options);
  RawClient idle(server_->port());
  RawClient half(server_->port());
  half.Send("GET / HT");
  EXPECT_EQ(idle.ReadToEnd(), "");
  EXPECT_EQ(half.ReadToEnd(), "");
}

TEST_F(HttpServerTest, AClientThatStopsReadingIsDropped) {
  MakeFile(64 << 20);
  ServerOptions options;
  options.write_timeout = absl::Milliseconds(100);
  Start(options);
  RawClient client(server_->port(), 4096);
  client.Send("GET /file HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(client.Fill());
  while (server_->counters().connections_open > 0) std::this_thread::yield();
  EXPECT_FALSE(client.ReadAnswer().whole);
}

TEST_F(HttpServerTest, ServesALargeFileWholeAndInParts) {
  MakeFile(9'000'001);
  Start();
  RawClient client(server_->port());
  EXPECT_EQ(client.Get("/file").body, content_);
  RawClient::Answer part = client.Get("/file", "Range: bytes=8999990-\r\n");
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, content_.substr(8'999'990));
  EXPECT_EQ(part.Header("Content-Range"), "bytes 8999990-9000000/9000001");
}

TEST_F(HttpServerTest, ASourceIsSentInChunksOrWithItsLength) {
  Start();
  RawClient client(server_->port());
  std::string expected = std::string(1000, 'a') + std::string(1000, 'b') + std::string(1000, 'c');
  EXPECT_EQ(client.Get("/pieces").body, expected);
  RawClient::Answer sized = client.Get("/pieces?sized");
  EXPECT_EQ(sized.body, expected);
  EXPECT_EQ(sized.Header("Content-Length"), "3000");
  EXPECT_EQ(client.Get("/pieces?sized", "", "HEAD").Header("Content-Length"), "3000");
  EXPECT_EQ(client.Get("/next").status, 200);
}

TEST_F(HttpServerTest, ASourceThatFailsIsVisibleToTheClient) {
  Start();
  EXPECT_FALSE(RawClient(server_->port()).Get("/broken").whole);
  EXPECT_FALSE(RawClient(server_->port()).Get("/pieces?short").whole);
}

TEST_F(HttpServerTest, BlockingWorkRunsOnThePool) {
  Start();
  EXPECT_EQ(RawClient(server_->port()).Get("/blocking").body, "from the pool");
}

TEST_F(HttpServerTest, MoreConnectionsThanAllowedGet503) {
  ServerOptions options;
  options.max_connections = 1;
  Start(options);
  RawClient first(server_->port());
  EXPECT_EQ(first.Get("/x").status, 200);
  RawClient second(server_->port());
  EXPECT_EQ(second.ReadAnswer().status, 503);
  EXPECT_EQ(first.Get("/x").status, 200);
}

TEST_F(HttpServerTest, TheFastHandlerAnswersWhatItWants) {
  ServerOptions options;
  auto text = std::make_shared<const std::string>("0123456789");
  options.fast = [text](const RequestHead& head) -> std::optional<Response> {
    if (head.path != "/fast") return std::nullopt;
    Response response;
    response.prepared_headers = std::make_shared<const std::string>("ETag: \"f\"\r\n");
    response.body = SharedText{text, 2, 5};
    return response;
  };
  Start(options);
  RawClient client(server_->port());
  EXPECT_EQ(client.Get("/fast").body, "23456");
  EXPECT_EQ(client.Get("/fast").Header("ETag"), "\"f\"");
  EXPECT_EQ(client.Get("/slow").body, "GET /slow ");
}

TEST_F(HttpServerTest, StopLetsARunningRequestEndAndDropsIdleConnections) {
  Start();
  RawClient idle(server_->port());
  idle.Get("/x");
  RawClient busy(server_->port());
  busy.Send("POST /hang HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n");
  reading_.get_future().get();
  uint16_t port = server_->port();
  std::thread stopper([&] { server_->Stop(absl::Seconds(20)); });
  EXPECT_EQ(idle.ReadToEnd(), "");
  busy.Send("x");
  RawClient::Answer answer = busy.ReadAnswer();
  EXPECT_EQ(answer.body, "late");
  EXPECT_EQ(answer.Header("Connection"), "close");
  stopper.join();
  EXPECT_FALSE(RawClient(port).connected());
}

TEST_F(HttpServerTest, StopBreaksOffWhatOutlastsTheGrace) {
  Start();
  RawClient busy(server_->port());
  busy.Send("POST /hang HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n");
  reading_.get_future().get();
  server_->Stop(absl::Milliseconds(10));
  EXPECT_THAT(result_.get_future().get(), lectern::testing::StatusIs(absl::StatusCode::kAborted));
}

TEST_F(HttpServerTest, ATakenPortIsNamed) {
  Start();
  ServerOptions options;
  options.port = server_->port();
  absl::StatusOr<std::unique_ptr<Server>> second = Server::Start(options, nullptr);
  EXPECT_THAT(second, lectern::testing::StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(absl::StrCat(server_->port())));
}

TEST_F(HttpServerTest, SeveralThreadsServeManyConnections) {
  MakeFile(100'000);
  ServerOptions options;
  options.threads = 4;
  Start(options);
  std::vector<std::thread> clients;
  std::atomic<int> good = 0;
  for (int t = 0; t < 8; ++t) {
    clients.emplace_back([&] {
      RawClient client(server_->port());
      for (int i = 0; i < 50; ++i) good += client.Get("/file").body == content_ ? 1 : 0;
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(good, 400);
}

}  // namespace
}  // namespace lectern::http
