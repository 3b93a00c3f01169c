// Watching over HTTP (Server-Sent Events) and gRPC, with a method of the test's own behind the name of a real one.
#include <arpa/inet.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <list>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "api/calls/authenticator.h"
#include "api/calls/grpc_server.h"
#include "api/calls/invoker.h"
#include "api/calls/watch.h"
#include "common/rpc/rpc.h"
#include "lectern/v1/auth.pb.h"
#include "lectern/v1/lectures.pb.h"
#include "tests/api/gateway/gateway_fixture.h"

namespace lectern {
namespace {

using testing::Email;
using testing::kTestPassword;
using testing::Name;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr absl::Duration kPatience = absl::Seconds(20);

// Says the lecture with the newest title to each watcher who has not had it yet.
class Titles {
 public:
  struct State {
    int seen = 0;
  };
  absl::Status Watch(api::CallContext&, const v1::WatchLectureRequest& request, State& state, std::vector<v1::Lecture>& events) {
    ++turns;
    int now = version.load();
    if (now == state.seen) return absl::OkStatus();
    state.seen = now;
    v1::Lecture& lecture = events.emplace_back();
    lecture.set_name(request.name());
    lecture.set_title(absl::StrCat("version ", now, "\n", std::string(padding.load(), 'x'), "[end ", now, "]"));
    return absl::OkStatus();
  }

  std::atomic<int> version = 1;
  std::atomic<size_t> padding = 0;
  std::atomic<int> turns = 0;
};

// A client that reads as slowly as the test wants.
class Client {
 public:
  Client(int port, const std::string& path, const std::string& token, int receive_buffer = 0) {
    fd_ = socket(AF_INET, SOCK_STREAM, 0);
    if (receive_buffer > 0) setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    std::string request = absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: test\r\n");
    if (!token.empty()) absl::StrAppend(&request, "Authorization: Bearer ", token, "\r\n");
    request += "\r\n";
    EXPECT_EQ(send(fd_, request.data(), request.size(), 0), static_cast<ssize_t>(request.size()));
  }
  Client(const Client&) = delete;
  ~Client() { Close(); }

  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

  // Everything until `text` has come, or until the server has closed or time is over.
  const std::string& ReadUntil(const std::string& text) {
    absl::Time end = absl::Now() + kPatience;
    size_t from = 0;
    while (got_.find(text, from) == std::string::npos && absl::Now() < end && ReadSome(end - absl::Now())) {
      from = got_.size() > text.size() + (1 << 17) ? got_.size() - text.size() - (1 << 17) : 0;
    }
    return got_;
  }
  bool Closed() {
    while (ReadSome(kPatience)) continue;
    return at_end_;
  }
  const std::string& got() const { return got_; }

 private:
  bool ReadSome(absl::Duration patience) {
    pollfd waiting{fd_, POLLIN, 0};
    if (poll(&waiting, 1, static_cast<int>(absl::ToInt64Milliseconds(patience))) != 1) return false;
    char buffer[1 << 16];
    ssize_t count = recv(fd_, buffer, sizeof buffer, 0);
    at_end_ = count <= 0;
    if (count > 0) got_.append(buffer, static_cast<size_t>(count));
    return count > 0;
  }

  int fd_ = -1;
  bool at_end_ = false;
  std::string got_;
};

class StreamTest : public testing::GatewayFixture {
 protected:
  void SetUp() override { Start({}, 0, absl::Seconds(15)); }
  void TearDown() override {
    gateway_.reset();
    server_.reset();
  }

  void Start(api::WatcherLimits limits, double rate, absl::Duration heartbeat) {
    TearDown();
    registry_ = api::Registry();
    registry_.AddWatch("lectern.v1.LectureService.WatchLecture", absl::Milliseconds(20), titles_, &Titles::Watch);
    registry_.Add<v1::LoginRequest, v1::LoginResponse>("lectern.v1.AuthService.Login", [](auto&, auto&, auto&) { return absl::OkStatus(); });
    registry_.Add<v1::LogoutRequest, google::protobuf::Empty>("lectern.v1.AuthService.Logout",
                                                              [](auto&, auto&, auto&) { return absl::OkStatus(); });
    api::Stores& stores = api_.stores();
    limiter_ = std::make_unique<api::RateLimiter>(rate, 1, RealClock());
    metrics_ = std::make_unique<Metrics>();
    invoker_ = std::make_unique<api::Invoker>(
        api::Invoker::Deps{registry_, authenticator_, stores.access, stores.audit, *limiter_, *metrics_, RealClock(), nullptr, limits});
    api::GatewayOptions options;
    options.listen = "127.0.0.1:0";
    options.web_dir = web_.path();
    options.heartbeat = heartbeat;
    ASSERT_OK_AND_ASSIGN(gateway_, api::Gateway::Start(options, registry_, *invoker_, calls_));
    ASSERT_OK_AND_ASSIGN(server_, api::GrpcServer::Start({}, registry_, *invoker_, calls_, {}));
  }

  std::string Path() const { return absl::StrCat("/v1/lectures/", lecture_, ":watch"); }
  std::unique_ptr<Client> Open(const std::string& token, int receive_buffer = 0) {
    return std::make_unique<Client>(gateway_->port(), Path(), token, receive_buffer);
  }
  // Waits until so many streams are open.
  bool Watchers(int count) {
    std::string line = absl::StrCat("lectern_api_watchers{method=\"LectureService.WatchLecture\"} ", count, "\n");
    absl::Time end = absl::Now() + kPatience;
    while (absl::Now() < end) {
      if (absl::StrContains(metrics_->Text(), line)) return true;
      absl::SleepFor(absl::Milliseconds(5));
    }
    return false;
  }
  std::string TokenOf(int64_t user) {
    std::string address = absl::StrCat("watcher", user, "@example.org");
    world_.kept.push_back(absl::StrCat("update users set email = '", address, "', password_hash = '", testing::TestPasswordHash(),
                                       "', role = 'administrator' where id = ", user, " returning id"));
    world_.Number(world_.kept.back());
    return api_.Login(address, kTestPassword);
  }

  std::shared_ptr<Titles> titles_ = std::make_shared<Titles>();
  int64_t course_ = world_.NewCourse();
  int64_t lecture_ = world_.NewLecture(course_);
  api::Authenticator authenticator_{api_.keys(), api_.stores().sessions, api_.stores().resources, RealClock()};
  api::Registry registry_;
  std::unique_ptr<api::RateLimiter> limiter_;
  std::unique_ptr<Metrics> metrics_;
  std::unique_ptr<api::Invoker> invoker_;
  ThreadPool calls_{"calls", 4, 1000};
  std::unique_ptr<api::GrpcServer> server_;
};

TEST_F(StreamTest, NewsComeAsEventsWhileTheConnectionStaysOpen) {
  auto client = Open(Token("lecturer"));
  std::string got = client->ReadUntil("[end 1]\"");
  EXPECT_THAT(got, HasSubstr("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(got, HasSubstr("Content-Type: text/event-stream\r\n"));
  EXPECT_THAT(got, HasSubstr("Cache-Control: private, no-store\r\n"));
  EXPECT_THAT(got, HasSubstr(absl::StrCat("data: {\"name\":\"", Name("lectures", lecture_), "\",")));
  titles_->version = 2;
  EXPECT_THAT(client->ReadUntil("[end 2]\""), HasSubstr("version 2\\n"));
  EXPECT_TRUE(Watchers(1));
}

TEST_F(StreamTest, WhoMayNotWatchGetsAnOrdinaryAnswer) {
  EXPECT_EQ(Call("GET", Path()).reason(), "LOGIN_REQUIRED");
  EXPECT_EQ(Call("GET", Path(), Token("student")).reason(), "LECTURE_NOT_FOUND");
  EXPECT_EQ(Call("GET", "/v1/lectures/x:watch", Token("lecturer")).reason(), "BAD_NAME");
  EXPECT_EQ(Call("GET", Path() + "?nothing=1", Token("lecturer")).reason(), "UNKNOWN_PARAMETER");
  EXPECT_EQ(Call("HEAD", Path(), Token("lecturer")).status, 200);
  EXPECT_TRUE(Watchers(0));
}

TEST_F(StreamTest, WhoLosesTheRightIsToldAndSeesNothingMore) {
  auto client = Open(Token("lecturer"));
  client->ReadUntil("[end 1]\"");
  RemoveEnrolments(course_);
  client->ReadUntil("event: error");
  titles_->version = 2;
  EXPECT_TRUE(absl::EndsWith(client->ReadUntil("\r\n0\r\n\r\n"), "\r\n0\r\n\r\n"));
  EXPECT_THAT(client->got(), HasSubstr("LECTURE_NOT_FOUND"));
  EXPECT_THAT(client->got(), Not(HasSubstr("[end 2]")));
  EXPECT_TRUE(Watchers(0));
  EXPECT_THAT(metrics_->Text(), HasSubstr("lectern_api_requests_total{code=\"NOT_FOUND\",method=\"LectureService.WatchLecture\"} 1\n"));
}

TEST_F(StreamTest, ASessionThatEndsEndsItsStreams) {
  std::string token = Token("lecturer");
  auto client = Open(token);
  client->ReadUntil("[end 1]\"");
  ASSERT_OK(api_.Call("AuthService/Logout", v1::LogoutRequest(), nullptr, token));
  EXPECT_THAT(client->ReadUntil("SESSION_ENDED"), HasSubstr("event: error\ndata: {\"error\":{\"code\":401"));
}

TEST_F(StreamTest, AClientThatLeavesIsNoticedBeforeThereIsAnythingToSay) {
  auto client = Open(Token("lecturer"));
  client->ReadUntil("[end 1]\"");
  EXPECT_TRUE(Watchers(1));
  client->Close();
  EXPECT_TRUE(Watchers(0));
}

TEST_F(StreamTest, AQuietStreamBeats) {
  Start({}, 0, absl::Milliseconds(100));
  auto client = Open(Token("lecturer"));
  client->ReadUntil("[end 1]\"");
  EXPECT_THAT(client->ReadUntil("3\r\n:\n\n\r\n3\r\n:\n\n\r\n"), HasSubstr(":\n\n"));
}

TEST_F(StreamTest, StreamsEndWholeWhenTheServerStops) {
  auto client = Open(Token("lecturer"));
  client->ReadUntil("[end 1]\"");
  absl::Time start = absl::Now();
  gateway_->Stop(absl::Seconds(30));
  EXPECT_LT(absl::Now() - start, absl::Seconds(20));
  EXPECT_TRUE(client->Closed());
  EXPECT_TRUE(absl::EndsWith(client->got(), "\r\n0\r\n\r\n")) << client->got();
  EXPECT_TRUE(Watchers(0));
}

TEST_F(StreamTest, OneCallerMayWatchSoManyThingsAtOnceAndAllTogetherMore) {
  Start({.of_caller = 2, .all = 3}, 0, absl::Seconds(15));
  std::string lecturer = Token("lecturer"), maintainer = Token("maintainer");
  auto first = Open(lecturer), second = Open(lecturer);
  first->ReadUntil("[end 1]\"");
  second->ReadUntil("[end 1]\"");
  Answer refused = Call("GET", Path(), lecturer);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.reason(), "TOO_MANY_WATCHERS");
  EXPECT_EQ(refused.header("Retry-After"), "30");
  auto third = Open(maintainer);
  third->ReadUntil("[end 1]\"");
  EXPECT_EQ(Call("GET", Path(), maintainer).reason(), "TOO_MANY_WATCHERS");
  EXPECT_TRUE(Watchers(3));
  first->Close();
  EXPECT_TRUE(Watchers(2));
  auto again = Open(lecturer);
  EXPECT_THAT(again->ReadUntil("[end 1]\""), HasSubstr("[end 1]"));
}

TEST_F(StreamTest, OnlyTheStartTakesFromTheCallersRate) {
  Start({}, 0.0001, absl::Seconds(15));
  std::string token = Token("lecturer");
  auto client = Open(token);
  for (int version = 1; version < 5; ++version) {
    titles_->version = version;
    EXPECT_THAT(client->ReadUntil(absl::StrCat("[end ", version, "]\"")), HasSubstr(absl::StrCat("[end ", version, "]")));
  }
  EXPECT_EQ(Call("GET", Path(), token).reason(), "RATE_LIMITED");
}

TEST_F(StreamTest, AClientThatReadsNothingHoldsNobodyUpAndCostsNoTurns) {
  titles_->padding = 1 << 20;
  auto slow = Open(Token("maintainer"), 4096);
  auto quick = Open(Token("lecturer"));
  for (int version = 1; version < 20; ++version) {
    titles_->version = version;
    ASSERT_THAT(quick->ReadUntil(absl::StrCat("[end ", version, "]\"")), HasSubstr(absl::StrCat("[end ", version, "]")));
  }
  // The kernel took a few megabytes for it; the rest was never made. It gets what is new when it reads on.
  quick->Close();
  ASSERT_TRUE(Watchers(1));
  slow->ReadUntil("[end 19]\"");
  EXPECT_THAT(slow->got(), HasSubstr("[end 19]"));
  EXPECT_LT(slow->got().size(), size_t{16} << 20);
}

TEST_F(StreamTest, TwoHundredWatchersAllGetTheNews) {
  Start({.of_caller = 20, .all = 300}, 0, absl::Seconds(15));
  std::list<Client> clients;
  for (int caller = 0; caller < 10; ++caller) {
    std::string token = TokenOf(world_.NewUser());
    for (int i = 0; i < 20; ++i) clients.emplace_back(gateway_->port(), Path(), token);
  }
  for (Client& client : clients) ASSERT_THAT(client.ReadUntil("[end 1]\""), HasSubstr("[end 1]"));
  EXPECT_TRUE(Watchers(200));
  titles_->version = 2;
  for (Client& client : clients) ASSERT_THAT(client.ReadUntil("[end 2]\""), HasSubstr("[end 2]"));
  clients.clear();
  EXPECT_TRUE(Watchers(0));
}

// One stream over gRPC, message by message.
class GrpcStream {
 public:
  GrpcStream(int port, const std::string& token, const google::protobuf::Message& request) {
    auto channel = rpc::MakeChannel({{absl::StrCat("127.0.0.1:", port)}, "", false});
    stub_ = std::make_unique<grpc::GenericStub>(*channel);
    context_.AddMetadata("authorization", absl::StrCat("Bearer ", token));
    context_.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
    call_ = stub_->PrepareCall(&context_, "/lectern.v1.LectureService/WatchLecture", &queue_);
    call_->StartCall(nullptr);
    Done();
    grpc::Slice bytes(request.SerializeAsString());
    call_->WriteLast(grpc::ByteBuffer(&bytes, 1), grpc::WriteOptions(), nullptr);
    Done();
  }

  // Empty where the stream has ended.
  std::string ReadTitle() {
    grpc::ByteBuffer buffer;
    call_->Read(&buffer, nullptr);
    if (!Done()) return "";
    std::vector<grpc::Slice> slices;
    EXPECT_TRUE(buffer.Dump(&slices).ok());
    std::string bytes;
    for (const grpc::Slice& slice : slices) bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
    v1::Lecture lecture;
    EXPECT_TRUE(lecture.ParseFromString(bytes));
    return lecture.title();
  }
  void Cancel() { context_.TryCancel(); }
  absl::Status Finish() {
    grpc::Status status;
    call_->Finish(&status, nullptr);
    Done();
    auto reason = context_.GetServerTrailingMetadata().find(rpc::kReasonKey);
    bool given = reason != context_.GetServerTrailingMetadata().end();
    return rpc::FromGrpc(status, given ? absl::string_view(reason->second.data(), reason->second.size()) : "");
  }

 private:
  bool Done() {
    void* tag = nullptr;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }

  std::unique_ptr<grpc::GenericStub> stub_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
};

class GrpcStreamTest : public StreamTest {
 protected:
  v1::WatchLectureRequest Request() const {
    v1::WatchLectureRequest request;
    request.set_name(Name("lectures", lecture_));
    return request;
  }
};

TEST_F(GrpcStreamTest, NewsComeUntilTheClientCancels) {
  GrpcStream stream(server_->port(), Token("lecturer"), Request());
  EXPECT_THAT(stream.ReadTitle(), HasSubstr("[end 1]"));
  titles_->version = 2;
  EXPECT_THAT(stream.ReadTitle(), HasSubstr("[end 2]"));
  EXPECT_TRUE(Watchers(1));
  stream.Cancel();
  EXPECT_EQ(stream.ReadTitle(), "");
  EXPECT_THAT(stream.Finish(), testing::StatusIs(absl::StatusCode::kCancelled));
  EXPECT_TRUE(Watchers(0));
}

TEST_F(GrpcStreamTest, WhoMayNotWatchIsRefused) {
  GrpcStream stream(server_->port(), Token("student"), Request());
  EXPECT_EQ(stream.ReadTitle(), "");
  EXPECT_THAT(stream.Finish(), testing::StatusIs(absl::StatusCode::kNotFound, "LECTURE_NOT_FOUND"));
}

TEST_F(GrpcStreamTest, WhoLosesTheRightIsToldAndSeesNothingMore) {
  GrpcStream stream(server_->port(), Token("lecturer"), Request());
  EXPECT_THAT(stream.ReadTitle(), HasSubstr("[end 1]"));
  RemoveEnrolments(course_);
  EXPECT_EQ(stream.ReadTitle(), "");
  EXPECT_THAT(stream.Finish(), testing::StatusIs(absl::StatusCode::kNotFound, "LECTURE_NOT_FOUND"));
}

TEST_F(GrpcStreamTest, StreamsEndWhenTheServerStops) {
  GrpcStream stream(server_->port(), Token("lecturer"), Request());
  EXPECT_THAT(stream.ReadTitle(), HasSubstr("[end 1]"));
  absl::Time start = absl::Now();
  server_->Shutdown(absl::Seconds(30));
  EXPECT_LT(absl::Now() - start, absl::Seconds(20));
  EXPECT_EQ(stream.ReadTitle(), "");
  EXPECT_THAT(stream.Finish(), testing::StatusIs(absl::StatusCode::kUnavailable, "SERVER_STOPPING"));
  EXPECT_TRUE(Watchers(0));
}

// Whatever is under way then: the first turn, a write, a wait, a later turn, the end.
TEST_F(GrpcStreamTest, WatchersThatLeaveAtAnyMomentAndAServerThatStopsAmongThemLeaveNothingBehind) {
  Start({.of_caller = 1000, .all = 1000}, 0, absl::Milliseconds(5));
  std::string token = Token("lecturer");
  std::list<GrpcStream> streams;
  std::list<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 60; ++i) {
    titles_->version = i + 1;
    GrpcStream& stream = streams.emplace_back(server_->port(), token, Request());
    clients.push_back(Open(token));
    if (i % 3 == 0) EXPECT_NE(stream.ReadTitle(), "");
    if (i % 3 == 1) clients.back()->ReadUntil("[end ");
    if (i % 4 == 1) stream.Cancel();
    if (i % 4 >= 2) clients.back()->Close();
  }
  gateway_->Stop(absl::Seconds(30));
  server_->Shutdown(absl::Seconds(30));
  for (GrpcStream& stream : streams) {
    while (!stream.ReadTitle().empty()) continue;
    EXPECT_FALSE(stream.Finish().ok());
  }
  EXPECT_TRUE(Watchers(0));
}

}  // namespace
}  // namespace lectern
