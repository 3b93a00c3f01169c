#include "common/http/client.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "common/http/server.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace lectern::http {
namespace {

using lectern::testing::StatusIs;
using lectern::testing::TempDir;

class HttpClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto server = Server::Start({}, [](const RequestHead& head, BodyReader& body) { return Handle(head, body); });
    ASSERT_OK(server);
    server_ = *std::move(server);
  }

  static Awaitable<Response> Handle(const RequestHead& head, BodyReader& body) {
    if (head.path == "/refuse") co_return ErrorResponse(409, "ABORTED", "no", "FENCED");
    absl::StatusOr<std::string> text = co_await body.ReadAll(10 << 20);
    if (!text.ok()) co_return ErrorResponse(400, "X", "x");
    Response response = TextResponse(200, absl::StrCat(head.method, " ", *text));
    response.headers.emplace_back("X-Echo", std::string(head.Find("X-Ask")));
    co_return response;
  }

  std::string Url(absl::string_view path) { return absl::StrCat("http://127.0.0.1:", server_->port(), path); }

  TempDir dir_;
  std::unique_ptr<Server> server_;
  Client client_;
};

TEST_F(HttpClientTest, SendsHeadersAndBodyAndReadsTheAnswer) {
  ClientRequest request;
  request.method = "PATCH";
  request.url = Url("/x");
  request.headers = {{"X-Ask", "hello"}};
  request.body = "text";
  ASSERT_OK_AND_ASSIGN(ClientResponse response, client_.Send(request));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "PATCH text");
  EXPECT_EQ(response.Find("x-echo"), "hello");
}

TEST_F(HttpClientTest, SendsAPartOfAFileAndReportsHowFarItIs) {
  ASSERT_OK(WriteFileAtomically(dir_ / "f", "0123456789"));
  Fd file(open((dir_ / "f").c_str(), O_RDONLY | O_CLOEXEC));
  uint64_t last = 0;
  ClientRequest request;
  request.method = "PUT";
  request.url = Url("/x");
  request.body_fd = file.get();
  request.body_offset = 2;
  request.body_length = 5;
  request.on_sent = [&](uint64_t sent) {
    last = sent;
    return true;
  };
  ASSERT_OK_AND_ASSIGN(ClientResponse response, client_.Send(request));
  EXPECT_EQ(response.body, "PUT 23456");
  EXPECT_EQ(last, 5u);
}

TEST_F(HttpClientTest, SeesTheAnswerToAnUploadThatIsRefusedEarly) {
  ASSERT_OK(WriteFileAtomically(dir_ / "f", std::string(20 << 20, 'x')));
  Fd file(open((dir_ / "f").c_str(), O_RDONLY | O_CLOEXEC));
  ClientRequest request;
  request.method = "PUT";
  request.url = Url("/refuse");
  request.body_fd = file.get();
  request.body_length = 20 << 20;
  ASSERT_OK_AND_ASSIGN(ClientResponse response, client_.Send(request));
  EXPECT_EQ(response.status, 409);
  EXPECT_THAT(response.body, ::testing::HasSubstr("FENCED"));
}

TEST_F(HttpClientTest, StreamsTheBodyAndCanBeBrokenOff) {
  std::string got;
  ClientRequest request;
  request.url = Url("/x");
  request.on_body = [&](absl::string_view bytes) {
    got.append(bytes.data(), bytes.size());
    return true;
  };
  ASSERT_OK(client_.Send(request));
  EXPECT_EQ(got, "GET ");
  request.on_body = [](absl::string_view) { return false; };
  EXPECT_THAT(client_.Send(request), StatusIs(absl::StatusCode::kCancelled));
}

TEST_F(HttpClientTest, TellsTransportTroubleApart) {
  uint16_t port = server_->port();
  server_->Stop(absl::ZeroDuration());
  ClientRequest request;
  request.url = absl::StrCat("http://127.0.0.1:", port, "/p/secret-token/x?query=secret");
  absl::StatusOr<ClientResponse> refused = client_.Send(request);
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(std::string(refused.status().message()), ::testing::Not(::testing::HasSubstr("secret")));
  request.url = "ftp://127.0.0.1/";
  EXPECT_THAT(client_.Send(request), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(HttpClientTest, RefusesAnAnswerOverTheLimit) {
  ClientRequest request;
  request.method = "POST";
  request.url = Url("/x");
  request.body = std::string(1000, 'x');
  request.max_response_bytes = 100;
  EXPECT_THAT(client_.Send(request), StatusIs(absl::StatusCode::kResourceExhausted));
}

}  // namespace
}  // namespace lectern::http
