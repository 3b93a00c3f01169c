// API instances in this process, each with a control room behind a real gRPC server, and resources played by the test.
#pragma once

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "api/control/control.h"
#include "common/base/text.h"
#include "lectern/v1/link.grpc.pb.h"
#include "tests/api/store/job_fixture.h"

namespace lectern::api {

// Long enough for a loaded machine; nothing waits that long unless it fails.
inline constexpr absl::Duration kPatience = absl::Seconds(30);

// "resources/3;1" is the credential of resource 3 with serial 1.
inline ControlKeys TestKeys() {
  auto key = std::make_shared<SigningKey>(GenerateKey(Audience::kJob));
  ControlKeys keys;
  keys.verify_resource = [](absl::string_view credential) -> absl::StatusOr<Claims> {
    const std::vector<std::string> parts = absl::StrSplit(credential, ';');
    if (parts.size() != 2) return absl::UnauthenticatedError("no credential");
    Claims claims;
    claims.subject = parts[0];
    claims.serial = static_cast<int64_t>(ParseDigits(parts[1]).value_or(0));
    return claims;
  };
  keys.sign_job = [key](const Claims& claims) -> absl::StatusOr<std::string> { return Sign(*key, claims); };
  keys.ingest_key = [](int64_t job, int64_t epoch) { return absl::StrCat("key-", job, "-", epoch); };
  keys.unseal = [](absl::string_view sealed) -> absl::StatusOr<std::string> { return absl::StrCat("opened:", sealed); };
  keys.public_keys = [key]() -> absl::StatusOr<std::vector<PublicKey>> {
    return std::vector<PublicKey>{{key->key_id, Audience::kJob, key->public_bytes}};
  };
  return keys;
}

inline ControlConfig TestConfig(const std::string& instance, const std::string& url) {
  ControlConfig config;
  config.instance = instance;
  config.address = "127.0.0.1:0";
  config.database_url = url;
  config.beat_interval = absl::Milliseconds(200);
  config.suspect_after = absl::Seconds(5);
  config.lost_after = absl::Seconds(60);
  config.reconnect_grace = absl::Milliseconds(500);
  config.accept_timeout = absl::Seconds(10);
  config.cancel_grace = absl::Seconds(20);
  config.leader_ttl = absl::Seconds(3);
  config.leader_renew = absl::Milliseconds(300);
  return config;
}

class Instance {
 public:
  Instance(ControlConfig config, int connections = 8)
      : pool_({.url = config.database_url, .connections = connections}),
        control_(Control::Create(std::move(config), TestKeys(), pool_, metrics_, RealClock())) {
    const absl::Status started = control_->Start();
    EXPECT_OK(started);
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(&control_->service());
    server_ = builder.BuildAndStart();
  }
  ~Instance() { Stop(); }

  // As a process that ends in order.
  void Stop() {
    if (!server_) return;
    control_->Drain(absl::Seconds(2));
    server_->Shutdown(std::chrono::system_clock::now());
    server_.reset();
    control_->Stop();
  }

  Control& control() { return *control_; }
  Metrics& metrics() { return metrics_; }
  pg::Pool& pool() { return pool_; }
  std::string address() const { return absl::StrCat("127.0.0.1:", port_); }

 private:
  pg::Pool pool_;
  Metrics metrics_;
  std::unique_ptr<Control> control_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

// One Attach stream.
class FakeResource {
 public:
  FakeResource(const std::string& address, int64_t resource, int64_t serial = 1)
      : stub_(v1::ResourceLink::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()))) {
    context_.AddMetadata("authorization", absl::StrCat("Bearer resources/", resource, ";", serial));
    stream_ = stub_->Attach(&context_);
    reader_ = std::thread([this] { Read(); });
  }
  ~FakeResource() { Reset(); }

  // As SIGKILL: the stream is reset.
  void Reset() {
    context_.TryCancel();
    if (reader_.joinable()) reader_.join();
  }
  // Half-closes and waits for the end.
  grpc::Status Leave() {
    stream_->WritesDone();
    return WaitEnd();
  }
  grpc::Status WaitEnd() {
    if (reader_.joinable()) reader_.join();
    return status_;
  }

  bool Send(const v1::ResourceMessage& message) { return stream_->Write(message); }

  void Hello(const std::string& incarnation, int slots = 2, std::vector<std::pair<int64_t, int64_t>> running = {}) {
    v1::ResourceMessage message;
    v1::Hello& hello = *message.mutable_hello();
    hello.set_protocol(1);
    hello.set_incarnation(incarnation);
    hello.set_version("1");
    hello.set_slots(slots);
    hello.set_host("testhost");
    for (const auto& [job, token] : running) {
      v1::RunningJob& entry = *hello.add_running();
      entry.set_job(job);
      entry.set_token(token);
    }
    Send(message);
  }
  void Beat(std::vector<std::pair<int64_t, int64_t>> running = {}) {
    v1::ResourceMessage message;
    message.mutable_beat()->set_seq(++seq_);
    for (const auto& [job, token] : running) {
      v1::RunningJob& entry = *message.mutable_beat()->add_running();
      entry.set_job(job);
      entry.set_token(token);
    }
    Send(message);
  }
  void Accept(const v1::Assign& assign) {
    v1::ResourceMessage message;
    message.mutable_accept()->set_job(assign.job());
    message.mutable_accept()->set_token(assign.token());
    Send(message);
  }
  void Done(int64_t job, int64_t token, const v1::JobResult& result = {}) {
    v1::ResourceMessage message;
    message.mutable_done()->set_job(job);
    message.mutable_done()->set_token(token);
    *message.mutable_done()->mutable_result() = result;
    Send(message);
  }
  void Fail(const v1::Assign& assign, v1::FailureClass failure, const std::string& error) {
    v1::ResourceMessage message;
    message.mutable_failed()->set_job(assign.job());
    message.mutable_failed()->set_token(assign.token());
    message.mutable_failed()->set_failure_class(failure);
    message.mutable_failed()->set_error(error);
    Send(message);
  }

  // The next message of that kind; others wait for whoever asks for them. Absent: the stream ended, or patience did.
  std::optional<v1::ServerMessage> Next(v1::ServerMessage::MessageCase kind, absl::Duration patience = kPatience) {
    absl::MutexLock lock(&mu_);
    const auto find = [&]() ABSL_SHARED_LOCKS_REQUIRED(mu_) {
      return std::find_if(messages_.begin(), messages_.end(), [&](const auto& message) { return message.message_case() == kind; });
    };
    auto come = [&]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return find() != messages_.end() || ended_; };
    mu_.AwaitWithTimeout(absl::Condition(&come), patience);
    const auto found = find();
    if (found == messages_.end()) return std::nullopt;
    v1::ServerMessage message = std::move(*found);
    messages_.erase(found);
    return message;
  }
  // The token of the first job of the next message that stops one; 0: none came.
  int64_t NextStopped() {
    while (std::optional<v1::ServerMessage> message = Next(v1::ServerMessage::kReconcile)) {
      if (message->reconcile().stop_size() > 0) return message->reconcile().stop(0).token();
    }
    return 0;
  }
  v1::Assign NextAssign() {
    std::optional<v1::ServerMessage> message = Next(v1::ServerMessage::kAssign);
    EXPECT_TRUE(message.has_value()) << "no job came";
    return message ? message->assign() : v1::Assign();
  }
  v1::Recorded NextRecorded() {
    std::optional<v1::ServerMessage> message = Next(v1::ServerMessage::kRecorded);
    EXPECT_TRUE(message.has_value()) << "no answer to the outcome came";
    return message ? message->recorded() : v1::Recorded();
  }
  // A worker that takes live streams at an address of its own.
  v1::Welcome AttachLive(const std::string& incarnation, int live_slots, int slots = 0,
                         std::vector<std::pair<int64_t, int64_t>> running = {}) {
    v1::ResourceMessage message;
    v1::Hello& hello = *message.mutable_hello();
    hello.set_protocol(1);
    hello.set_incarnation(incarnation);
    hello.set_slots(slots);
    hello.set_live_slots(live_slots);
    hello.set_host("livehost");
    hello.set_public_url(absl::StrCat("rtmp://", incarnation, ":1935"));
    hello.add_capabilities(kLiveCapability);
    for (const auto& [job, token] : running) {
      v1::RunningJob& entry = *hello.add_running();
      entry.set_job(job);
      entry.set_token(token);
    }
    Send(message);
    std::optional<v1::ServerMessage> welcome = Next(v1::ServerMessage::kWelcome);
    EXPECT_TRUE(welcome.has_value()) << "no welcome came";
    return welcome ? welcome->welcome() : v1::Welcome();
  }
  void Progress(const v1::Assign& assign, double progress) {
    v1::ResourceMessage message;
    message.mutable_progress()->set_job(assign.job());
    message.mutable_progress()->set_token(assign.token());
    message.mutable_progress()->set_progress(progress);
    Send(message);
  }
  // As a worker that has stored everything up to `end_ms` and offers one rendition.
  void Report(const v1::Assign& assign, int64_t end_ms, bool receiving = true) {
    v1::ResourceMessage message;
    v1::LiveReport& report = *message.mutable_live();
    report.set_job(assign.job());
    report.set_token(assign.token());
    report.set_end_ms(end_ms);
    report.set_sets(end_ms > 0 ? end_ms / 2000 + 1 : 0);
    report.set_receiving(receiving);
    report.mutable_facts()->set_video_codec("h264");
    v1::RenditionInfo& rendition = *report.add_renditions();
    rendition.set_label("1080p");
    rendition.set_width(1920);
    rendition.set_height(1080);
    rendition.set_bandwidth_bps(4'000'000);
    rendition.set_codecs("avc1.640028");
    Send(message);
  }
  v1::Welcome Attach(const std::string& incarnation, int slots = 2, std::vector<std::pair<int64_t, int64_t>> running = {}) {
    Hello(incarnation, slots, std::move(running));
    std::optional<v1::ServerMessage> message = Next(v1::ServerMessage::kWelcome);
    EXPECT_TRUE(message.has_value()) << "no welcome came";
    return message ? message->welcome() : v1::Welcome();
  }

 private:
  void Read() {
    v1::ServerMessage message;
    while (stream_->Read(&message)) {
      absl::MutexLock lock(&mu_);
      messages_.push_back(message);
    }
    status_ = stream_->Finish();
    absl::MutexLock lock(&mu_);
    ended_ = true;
  }

  std::unique_ptr<v1::ResourceLink::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::ResourceMessage, v1::ServerMessage>> stream_;
  std::thread reader_;
  grpc::Status status_;
  uint64_t seq_ = 0;
  absl::Mutex mu_;
  std::deque<v1::ServerMessage> messages_ ABSL_GUARDED_BY(mu_);
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
};

class ControlFixture : public JobFixture {
 protected:
  std::unique_ptr<Instance> Start(const std::string& name) {
    return std::make_unique<Instance>(TestConfig(name, database_.url()));
  }

  // Inserts and wakes, as a service does.
  InsertedTask Submit(Instance& instance, std::vector<NewJob> jobs, int64_t organization = 3) {
    const InsertedTask task = NewTaskOf(std::move(jobs), organization);
    instance.control().hints().work();
    return task;
  }

  // Polls for what no event announces.
  bool Eventually(const std::function<bool()>& condition) {
    const absl::Time until = absl::Now() + kPatience;
    while (absl::Now() < until) {
      if (condition()) return true;
      absl::SleepFor(absl::Milliseconds(10));
    }
    return false;
  }
  bool EventuallyState(int64_t job, const std::string& state) {
    return Eventually([&] { return State(job) == state; });
  }
  bool EventuallyLeader(Instance& instance) {
    return Eventually([&] { return instance.control().is_leader(); });
  }
};

}  // namespace lectern::api
