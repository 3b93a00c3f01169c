#include "common/rpc/rpc.h"

#include <google/protobuf/wrappers.pb.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "tests/support/status_matchers.h"

namespace lectern::rpc {
namespace {

using lectern::testing::StatusIs;

// Answers /echo with the request, /whoami with the authorization metadata, anything else with an error and a reason.
class TestService final : public grpc::CallbackGenericService {
 public:
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    return new Reactor(context);
  }

 private:
  class Reactor final : public grpc::ServerGenericBidiReactor {
   public:
    explicit Reactor(grpc::GenericCallbackServerContext* context) : context_(context) { StartRead(&request_); }
    void OnReadDone(bool ok) override {
      if (!ok) return Finish(grpc::Status::CANCELLED);
      if (context_->method() == "/echo") return StartWriteAndFinish(&request_, {}, grpc::Status::OK);
      if (context_->method() == "/whoami") return Answer(Authorization());
      context_->AddTrailingMetadata(kReasonKey, "NO_SUCH_THING");
      Finish(ToGrpc(absl::NotFoundError("there is no such thing")));
    }
    void OnDone() override { delete this; }

   private:
    std::string Authorization() const {
      auto found = context_->client_metadata().find("authorization");
      return found == context_->client_metadata().end() ? "" : std::string(found->second.data(), found->second.size());
    }
    void Answer(const std::string& text) {
      google::protobuf::StringValue value;
      value.set_value(text);
      bool own = false;
      grpc::GenericSerialize<grpc::ProtoBufferWriter, google::protobuf::StringValue>(value, &request_, &own);
      StartWriteAndFinish(&request_, {}, grpc::Status::OK);
    }
    grpc::GenericCallbackServerContext* context_;
    grpc::ByteBuffer request_;
  };
};

class RpcCallTest : public ::testing::Test {
 protected:
  RpcCallTest() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterCallbackGenericService(&service_);
    server_ = builder.BuildAndStart();
  }
  absl::StatusOr<std::string> Call(absl::string_view method, absl::string_view bearer) {
    auto channel = MakeChannel({{absl::StrCat("127.0.0.1:", port_)}, "", false});
    if (!channel.ok()) return channel.status();
    google::protobuf::StringValue request;
    google::protobuf::StringValue response;
    request.set_value("hello");
    RETURN_IF_ERROR(rpc::Call(**channel, method, request, &response, bearer, absl::Seconds(20)));
    return response.value();
  }

  int port_ = 0;
  TestService service_;
  std::unique_ptr<grpc::Server> server_;
};

TEST_F(RpcCallTest, ReturnsTheAnswer) { EXPECT_EQ(Call("/echo", "").value(), "hello"); }

TEST_F(RpcCallTest, SendsTheBearerToken) {
  EXPECT_EQ(Call("/whoami", "abc").value(), "Bearer abc");
  EXPECT_EQ(Call("/whoami", "").value(), "");
}

TEST_F(RpcCallTest, BringsMessageAndReasonOfAnError) {
  absl::StatusOr<std::string> answer = Call("/nothing", "");
  EXPECT_THAT(answer, StatusIs(absl::StatusCode::kNotFound, "NO_SUCH_THING"));
  EXPECT_EQ(answer.status().message(), "there is no such thing");
}

TEST(MakeChannelTest, RefusesAddressesThatCannotWork) {
  for (const char* address : {"", "host", "host:", "host:0", "host:65536", ":1", "host:1x", "::1:5", "[::1]", "a b:1", "u@h:1",
                              "http://h:1"}) {
    EXPECT_THAT(MakeChannel({{address}, "", true}), StatusIs(absl::StatusCode::kInvalidArgument)) << address;
  }
  EXPECT_THAT(MakeChannel({}), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(MakeChannelTest, PlainTextStaysOnThisMachineUnlessAllowed) {
  EXPECT_THAT(MakeChannel({{"192.0.2.1:7000"}, "", false}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(MakeChannel({{"127.0.0.1:7000", "192.0.2.1:7000"}, "", false}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_OK(MakeChannel({{"192.0.2.1:7000"}, "", true}));
  EXPECT_OK(MakeChannel({{"localhost:7000"}, "", false}));
  EXPECT_OK(MakeChannel({{"[::1]:7000"}, "", false}));
  EXPECT_OK(MakeChannel({{"127.0.0.1:7000", "127.0.0.2:7001"}, "", false}));
}

TEST(MakeChannelTest, NamesAMissingCaFile) {
  EXPECT_THAT(MakeChannel({{"host:1"}, "/nonexistent/ca.pem", false}), StatusIs(absl::StatusCode::kNotFound));
}

TEST(StatusMapTest, CodesSurviveGrpc) {
  for (int code = 1; code <= 16; ++code) {
    absl::Status status(static_cast<absl::StatusCode>(code), "why");
    EXPECT_EQ(FromGrpc(ToGrpc(status)), status);
  }
  EXPECT_OK(FromGrpc(ToGrpc(absl::OkStatus())));
}

TEST(StatusMapTest, LongMessagesAreCutBetweenCharacters) {
  std::string long_message = std::string(1023, 'a') + "\xC3\xA4" + std::string(100, 'b');
  EXPECT_EQ(ToGrpc(absl::InternalError(long_message)).error_message(), std::string(1023, 'a'));
  EXPECT_EQ(ToGrpc(absl::InternalError(std::string(1024, 'a'))).error_message().size(), 1024u);
}

TEST(StatusMapTest, HttpCodesAndWordsFollowGooglesTable) {
  EXPECT_EQ(HttpCode(absl::StatusCode::kOk), 200);
  EXPECT_EQ(HttpCode(absl::StatusCode::kFailedPrecondition), 400);
  EXPECT_EQ(HttpCode(absl::StatusCode::kUnauthenticated), 401);
  EXPECT_EQ(HttpCode(absl::StatusCode::kPermissionDenied), 403);
  EXPECT_EQ(HttpCode(absl::StatusCode::kNotFound), 404);
  EXPECT_EQ(HttpCode(absl::StatusCode::kAborted), 409);
  EXPECT_EQ(HttpCode(absl::StatusCode::kResourceExhausted), 429);
  EXPECT_EQ(HttpCode(absl::StatusCode::kCancelled), 499);
  EXPECT_EQ(HttpCode(absl::StatusCode::kDataLoss), 500);
  EXPECT_EQ(HttpCode(absl::StatusCode::kUnimplemented), 501);
  EXPECT_EQ(HttpCode(absl::StatusCode::kUnavailable), 503);
  EXPECT_EQ(HttpCode(absl::StatusCode::kDeadlineExceeded), 504);
  EXPECT_EQ(CodeWord(absl::StatusCode::kNotFound), "NOT_FOUND");
  EXPECT_EQ(CodeWord(absl::StatusCode::kUnauthenticated), "UNAUTHENTICATED");
  EXPECT_EQ(CodeWord(static_cast<absl::StatusCode>(99)), "UNKNOWN");
}

}  // namespace
}  // namespace lectern::rpc
