#include "common/rtmp/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <list>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/log/log.h"
#include "common/rtmp/endpoint.h"
#include "common/rtmp/refusal_log.h"
#include "common/rtmp/session.h"

namespace lectern::rtmp {
namespace {

constexpr uint32_t kStream = 1;
constexpr uint32_t kWindow = 5'000'000;
constexpr absl::Duration kWriteTimeout = absl::Seconds(10);
constexpr absl::Duration kLinger = absl::Seconds(1);

AmfValue StatusObject(absl::string_view level, absl::string_view code, absl::string_view description) {
  return AmfValue::Object({{"level", AmfValue::String(level)}, {"code", AmfValue::String(code)},
                           {"description", AmfValue::String(description)}});
}

// One connection, from the handshake to its end.
class Session final : public PublisherConnection {
 public:
  Session(Fd socket, const ServerOptions& options, const ServerHandlers& handlers, RefusalLog& refusals)
      : options_(options), handlers_(handlers), refusals_(refusals),
        endpoint_(std::move(socket), {options.max_early_bytes, kWriteTimeout, false}) {}

  void Run() {
    absl::Status ended = Serve();
    if (!ended.ok()) LogRefusal(ended);
    Linger();
  }

  absl::StatusOr<MediaMessage> Next(absl::Duration patience) override {
    absl::Duration deadline = DeadlineIn(patience);
    MediaMessage media;
    while (true) {
      RETURN_IF_ERROR(TellFeedback());
      if (sorter_.Next(media)) return media;
      if (ended_) return absl::OutOfRangeError("the publisher is done");
      RawMessage message;
      absl::Status received = endpoint_.Receive(message, std::min(deadline, next_feedback_));
      if (absl::IsDeadlineExceeded(received)) {
        if (RealClock().Steady() >= deadline) return received;
        continue;
      }
      RETURN_IF_ERROR(received);
      RETURN_IF_ERROR(Handle(std::move(message)));
    }
  }

  void SendFeedback(const Feedback& feedback) override {
    {
      absl::MutexLock lock(&mu_);
      feedback_ = feedback;
      told_ = false;
    }
    endpoint_.Wake();
  }

  void Break() override { endpoint_.Break(); }

 private:
  void LogRefusal(const absl::Status& why) {
    std::string peer = endpoint_.PeerName();
    std::optional<int> more = refusals_.Take(peer, RealClock().Steady());
    if (more) log::Info("RTMP publisher refused", {{"peer", peer}, {"why", why.message()}, {"unsaid_before", *more}});
  }

  absl::Status Serve() {
    absl::Duration deadline = DeadlineIn(options_.handshake_timeout);
    RETURN_IF_ERROR(endpoint_.ShakeAsServer(deadline));
    endpoint_.LimitInput(static_cast<int64_t>(options_.max_early_bytes));
    while (request_.name.empty()) {
      RawMessage message;
      RETURN_IF_ERROR(endpoint_.Receive(message, deadline));
      RETURN_IF_ERROR(Handle(std::move(message)));
      if (ended_) return absl::CancelledError("it has gone before it published");
    }
    absl::StatusOr<Feedback> allowed = handlers_.authorize(request_);
    if (!allowed.ok()) {
      Status("error", "NetStream.Publish.BadName", allowed.status().message()).IgnoreError();
      return allowed.status();
    }
    endpoint_.LimitInput(-1);
    endpoint_.LimitMessages(options_.max_message_bytes);
    // Times of 32 bit are meant near to where the stream was.
    if (allowed->resume_ms >= 0) sorter_.SetReference(allowed->resume_ms);
    SendFeedback(*allowed);
    RETURN_IF_ERROR(endpoint_.SendUserControl(kStreamBegin, kStream));
    RETURN_IF_ERROR(Status("status", "NetStream.Publish.Start", "publishing"));
    RETURN_IF_ERROR(TellFeedback());
    publishing_ = true;
    handlers_.serve(request_, *this);
    return absl::OkStatus();
  }

  absl::Status TellFeedback() {
    absl::Duration now = RealClock().Steady();
    Feedback feedback;
    {
      absl::MutexLock lock(&mu_);
      if (told_ && now < next_feedback_) return absl::OkStatus();
      feedback = feedback_;
      told_ = true;
    }
    next_feedback_ = now + options_.feedback_interval;
    absl::Status sent = endpoint_.SendCommand(kStream, FeedbackCommand(feedback));
    // A publisher that has gone has often said more before: that is read first.
    if (absl::IsUnavailable(sent)) return absl::OkStatus();
    return absl::IsDeadlineExceeded(sent) ? absl::UnavailableError("the publisher reads nothing") : sent;
  }

  absl::Status Handle(RawMessage message) {
    ASSIGN_OR_RETURN(std::optional<Command> command, ParseCommand(message));
    if (command) return Answer(*command);
    if (publishing_) sorter_.Take(std::move(message));
    return absl::OkStatus();
  }

  absl::Status Answer(const Command& command) {
    if (command.name == "connect") return Connect(command);
    if (command.name == "createStream") return Result(command, AmfValue::Number(kStream));
    if (command.name == "publish") return Publish(command);
    if (command.name == "play" || command.name == "play2") {
      Status("error", "NetStream.Play.Failed", "nothing is played here").IgnoreError();
      return absl::PermissionDeniedError("it wants to play");
    }
    if (command.name == "FCUnpublish" || command.name == "deleteStream" || command.name == "closeStream") {
      ended_ = true;
      return absl::OkStatus();
    }
    // releaseStream, FCPublish, _checkbw and what else encoders ask for: some wait for the answer.
    return command.transaction == 0 || command.name == "_result" || command.name == "_error"
               ? absl::OkStatus()
               : Result(command, AmfValue::Null());
  }

  absl::Status Connect(const Command& command) {
    if (!command.arguments.empty()) {
      request_.app = std::string(absl::StripSuffix(command.arguments[0].FindText("app"), "/"));
      request_.encoder = command.arguments[0].FindText("flashVer");
    }
    RETURN_IF_ERROR(endpoint_.SendWindow(kWindow));
    RETURN_IF_ERROR(endpoint_.SendChunkSize(4096));
    AmfValue properties = AmfValue::Object({{"fmsVer", AmfValue::String("FMS/3,0,1,123")}, {"capabilities", AmfValue::Number(31)}});
    AmfValue information = StatusObject("status", "NetConnection.Connect.Success", "connected");
    information.fields.push_back({"objectEncoding", AmfValue::Number(0)});
    return endpoint_.SendCommand(0, {AmfValue::String("_result"), AmfValue::Number(command.transaction), properties, information});
  }

  absl::Status Publish(const Command& command) {
    std::string name = command.Text(1);
    if (!request_.name.empty() || name.empty()) return absl::InvalidArgumentError("a second stream, or one without a name");
    size_t mark = name.find('?');
    request_.name = name.substr(0, mark);
    if (mark != std::string::npos) request_.query = name.substr(mark + 1);
    request_.peer = endpoint_.PeerName();
    return request_.name.empty() ? absl::InvalidArgumentError("a stream without a name") : absl::OkStatus();
  }

  absl::Status Result(const Command& command, AmfValue result) {
    return endpoint_.SendCommand(
        0, {AmfValue::String("_result"), AmfValue::Number(command.transaction), AmfValue::Null(), std::move(result)});
  }

  absl::Status Status(absl::string_view level, absl::string_view code, absl::string_view description) {
    return endpoint_.SendCommand(
        kStream, {AmfValue::String("onStatus"), AmfValue::Number(0), AmfValue::Null(), StatusObject(level, code, description)});
  }

  // Closing with unread input would reset the connection before the last answer is read.
  void Linger() {
    endpoint_.ShutDownWriting();
    absl::Duration deadline = DeadlineIn(kLinger);
    endpoint_.LimitInput(static_cast<int64_t>(options_.max_early_bytes));
    RawMessage message;
    while (endpoint_.Receive(message, deadline).ok()) continue;
  }

  const ServerOptions& options_;
  const ServerHandlers& handlers_;
  RefusalLog& refusals_;
  Endpoint endpoint_;
  PublishRequest request_;
  MediaSorter sorter_;
  bool publishing_ = false;
  bool ended_ = false;
  absl::Duration next_feedback_;
  absl::Mutex mu_;
  Feedback feedback_ ABSL_GUARDED_BY(mu_);
  bool told_ ABSL_GUARDED_BY(mu_) = false;
};

class ServerImpl final : public Server {
 public:
  ServerImpl(ServerOptions options, ServerHandlers handlers)
      : options_(std::move(options)), handlers_(std::move(handlers)), stop_(eventfd(0, EFD_CLOEXEC)) {}

  ~ServerImpl() override {
    uint64_t one = 1;
    stopping_ = true;
    if (accepting_.joinable() && write(stop_.get(), &one, sizeof one) > 0) accepting_.join();
    {
      absl::MutexLock lock(&mu_);
      for (Connection& connection : connections_) {
        if (connection.session) connection.session->Break();
      }
    }
    // No lock: nothing is added any more, and the threads take it to say that they are done.
    for (Connection& connection : connections_) connection.thread.join();
  }

  absl::Status Listen() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(options_.port);
    if (inet_pton(AF_INET, options_.address.c_str(), &address.sin_addr) != 1) {
      return absl::InvalidArgumentError(absl::StrCat("not an IPv4 address: ", options_.address));
    }
    listener_ = Fd(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    int one = 1;
    setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    socklen_t length = sizeof address;
    if (bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), length) != 0 || listen(listener_.get(), 128) != 0 ||
        getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0) {
      std::string where = absl::StrCat(options_.address, ":", options_.port);
      return absl::UnavailableError(absl::StrCat("cannot listen on ", where, ": ", std::strerror(errno)));
    }
    port_ = ntohs(address.sin_port);
    accepting_ = std::thread([this] { AcceptAll(); });
    return absl::OkStatus();
  }

  uint16_t port() const override { return port_; }

 private:
  struct Connection {
    std::unique_ptr<Session> session;
    std::thread thread;
    bool done = false;
  };

  void AcceptAll() {
    while (!stopping_) {
      pollfd fds[] = {{listener_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}};
      poll(fds, 2, -1);
      Reap();
      Fd socket(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (socket.valid()) {
        Admit(std::move(socket));
      } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        // The connection stays in the queue and would be reported again at once.
        absl::SleepFor(absl::Milliseconds(50));
      }
    }
  }

  void Admit(Fd socket) {
    absl::MutexLock lock(&mu_);
    if (connections_.size() >= static_cast<size_t>(options_.max_connections)) return;
    Connection& connection = connections_.emplace_back();
    connection.session = std::make_unique<Session>(std::move(socket), options_, handlers_, refusals_);
    connection.thread = std::thread([this, &connection] {
      connection.session->Run();
      absl::MutexLock lock(&mu_);
      connection.session.reset();   // closes the socket; the thread is joined with the next connection
      connection.done = true;
    });
  }

  // Joins the threads that are done.
  void Reap() {
    std::list<Connection> done;
    {
      absl::MutexLock lock(&mu_);
      for (auto it = connections_.begin(); it != connections_.end();) {
        auto next = std::next(it);
        if (it->done) done.splice(done.end(), connections_, it);
        it = next;
      }
    }
    for (Connection& connection : done) connection.thread.join();
  }

  const ServerOptions options_;
  const ServerHandlers handlers_;
  RefusalLog refusals_;
  Fd listener_;
  Fd stop_;
  std::atomic<bool> stopping_{false};
  uint16_t port_ = 0;
  std::thread accepting_;
  absl::Mutex mu_;
  std::list<Connection> connections_ ABSL_GUARDED_BY(mu_);
};

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(ServerOptions options, ServerHandlers handlers) {
  auto server = std::make_unique<ServerImpl>(std::move(options), std::move(handlers));
  RETURN_IF_ERROR(server->Listen());
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace lectern::rtmp
