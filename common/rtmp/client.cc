#include "common/rtmp/client.h"

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/rtmp/bytes.h"
#include "common/rtmp/endpoint.h"
#include "common/rtmp/session.h"

namespace lectern::rtmp {
namespace {

constexpr uint32_t kChunkBytes = 64 << 10;
constexpr uint32_t kAudioChunks = 4;
constexpr uint32_t kDataChunks = 5;
constexpr uint32_t kVideoChunks = 6;
// Sending looks this often for what the server has to say.
constexpr absl::Duration kLookInterval = absl::Milliseconds(50);
constexpr absl::Duration kLinger = absl::Seconds(1);

// The conversation until the stream is accepted.
class Dialogue {
 public:
  Dialogue(Endpoint& endpoint, const Target& target, absl::Duration deadline)
      : endpoint_(endpoint), target_(target), deadline_(deadline) {}

  absl::Status ConnectApp(bool publishing) {
    AmfValue details = AmfValue::Object({
        {"app", AmfValue::String(target_.app)},
        {"type", AmfValue::String("nonprivate")},
        {"flashVer", AmfValue::String(publishing ? "FMLE/3.0 (compatible; Lectern)" : "LNX 9,0,124,2")},
        {"tcUrl", AmfValue::String(absl::StrCat("rtmp://", target_.host, ":", target_.port, "/", target_.app))},
        {"fpad", AmfValue::Boolean(false)},
        {"capabilities", AmfValue::Number(15)},
        {"audioCodecs", AmfValue::Number(4071)},
        {"videoCodecs", AmfValue::Number(252)},
        {"videoFunction", AmfValue::Number(1)},
    });
    RETURN_IF_ERROR(endpoint_.SendCommand(0, {AmfValue::String("connect"), AmfValue::Number(1), details}));
    return AwaitResult(1).status();
  }

  absl::StatusOr<uint32_t> CreateStream(double transaction) {
    RETURN_IF_ERROR(endpoint_.SendCommand(0, {AmfValue::String("createStream"), AmfValue::Number(transaction), AmfValue::Null()}));
    ASSIGN_OR_RETURN(Command result, AwaitResult(transaction));
    if (result.arguments.empty() || result.arguments.back().type != AmfValue::kNumber) {
      return absl::InvalidArgumentError("the server has named no stream");
    }
    double id = result.arguments.back().number;
    return id >= 0 && id < 1e9 ? static_cast<uint32_t>(id) : 1;
  }

  // Until onStatus with this code, or, with a sorter, until media comes. Errors: kPermissionDenied.
  absl::Status AwaitStatus(absl::string_view code, MediaSorter* sorter) {
    while (true) {
      RawMessage message;
      RETURN_IF_ERROR(Receive(message));
      if (sorter && (message.type == kAudioType || message.type == kVideoType || message.type == kAggregate)) {
        sorter->Take(std::move(message));
        return absl::OkStatus();
      }
      ASSIGN_OR_RETURN(std::optional<Command> command, ParseCommand(message));
      if (!command && sorter) sorter->Take(std::move(message));
      if (!command || command->name != "onStatus") continue;
      if (command->StatusField("code") == code) return absl::OkStatus();
      if (command->StatusField("level") == "error") return Refused(*command);
    }
  }

 private:
  // A server that talks without an end does not answer either.
  absl::Status Receive(RawMessage& message) {
    if (RealClock().Steady() > deadline_) return absl::DeadlineExceededError("the server does not answer");
    return endpoint_.Receive(message, deadline_);
  }

  absl::StatusOr<Command> AwaitResult(double transaction) {
    while (true) {
      RawMessage message;
      RETURN_IF_ERROR(Receive(message));
      ASSIGN_OR_RETURN(std::optional<Command> command, ParseCommand(message));
      if (!command || command->transaction != transaction) continue;
      if (command->name == "_result") return *std::move(command);
      if (command->name == "_error") return Refused(*command);
    }
  }

  absl::Status Refused(const Command& command) {
    return absl::PermissionDeniedError(
        absl::StrCat("the server refuses: ", command.StatusField("code"), " ", command.StatusField("description")));
  }

  Endpoint& endpoint_;
  const Target& target_;
  const absl::Duration deadline_;
};

// Whether it tells that what is played is over.
bool IsEnd(const Command& command) {
  std::string code = command.name == "onStatus" ? command.StatusField("code") : "";
  return code == "NetStream.Play.UnpublishNotify" || code == "NetStream.Play.Stop" || code == "NetStream.Play.Complete";
}

class PlayerImpl final : public Player {
 public:
  explicit PlayerImpl(std::unique_ptr<Endpoint> endpoint) : endpoint_(std::move(endpoint)) {}

  absl::Status Start(const Target& target, absl::Duration deadline) {
    Dialogue dialogue(*endpoint_, target, deadline);
    RETURN_IF_ERROR(dialogue.ConnectApp(false));
    ASSIGN_OR_RETURN(uint32_t stream, dialogue.CreateStream(2));
    // -1: live only, so that a server with recordings plays none.
    RETURN_IF_ERROR(endpoint_->SendCommand(stream, {AmfValue::String("play"), AmfValue::Number(0), AmfValue::Null(),
                                                    AmfValue::String(target.name), AmfValue::Number(-1)}));
    return dialogue.AwaitStatus("NetStream.Play.Start", &sorter_);
  }

  absl::StatusOr<MediaMessage> Next(absl::Duration patience) override {
    MediaMessage media;
    if (sorter_.Next(media)) return media;
    absl::Duration deadline = DeadlineIn(patience);
    while (true) {
      RawMessage message;
      RETURN_IF_ERROR(endpoint_->Receive(message, deadline));
      RETURN_IF_ERROR(Handle(std::move(message)));
      if (sorter_.Next(media)) return media;
    }
  }

  void Break() override { endpoint_->Break(); }

 private:
  absl::Status Handle(RawMessage message) {
    absl::string_view event = absl::string_view(message.payload).substr(0, 2);
    bool end = message.type == kUserControl && event.size() == 2 && ReadBig(event) == kStreamEof;
    ASSIGN_OR_RETURN(std::optional<Command> command, ParseCommand(message));
    if (end || (command && IsEnd(*command))) return absl::OutOfRangeError("the publisher has gone");
    sorter_.Take(std::move(message));
    return absl::OkStatus();
  }

  std::unique_ptr<Endpoint> endpoint_;
  MediaSorter sorter_;
};

class PublisherImpl final : public Publisher {
 public:
  explicit PublisherImpl(std::unique_ptr<Endpoint> endpoint) : endpoint_(std::move(endpoint)) {}

  absl::Status Start(const Target& target, absl::Duration deadline) {
    name_ = target.name;
    Dialogue dialogue(*endpoint_, target, deadline);
    RETURN_IF_ERROR(endpoint_->SendChunkSize(kChunkBytes));
    RETURN_IF_ERROR(dialogue.ConnectApp(true));
    RETURN_IF_ERROR(Call(0, "releaseStream", 2));
    RETURN_IF_ERROR(Call(0, "FCPublish", 3));
    ASSIGN_OR_RETURN(stream_, dialogue.CreateStream(4));
    RETURN_IF_ERROR(endpoint_->SendCommand(stream_, {AmfValue::String("publish"), AmfValue::Number(5), AmfValue::Null(),
                                                     AmfValue::String(name_), AmfValue::String("live")}));
    return dialogue.AwaitStatus("NetStream.Publish.Start", nullptr);
  }

  absl::Status Send(const MediaMessage& message) override {
    if (RealClock().Steady() - looked_ > kLookInterval) RETURN_IF_ERROR(Look());
    uint32_t timestamp = static_cast<uint32_t>(message.timestamp_ms);
    absl::Status sent;
    switch (message.kind) {
      case MediaMessage::kAudio:
        sent = endpoint_->Send(kAudioType, stream_, timestamp, kAudioChunks, *message.payload);
        break;
      case MediaMessage::kVideo:
        sent = endpoint_->Send(kVideoType, stream_, timestamp, kVideoChunks, *message.payload);
        break;
      case MediaMessage::kData:
        sent = endpoint_->Send(kDataAmf0, stream_, timestamp, kDataChunks,
                               absl::StrCat(IsMetadata(message) ? kSetDataFrame : "", *message.payload));
    }
    if (!absl::IsUnavailable(sent)) return sent;
    // Why it closed may have been said before.
    absl::Status said = Look();
    return said.ok() ? sent : said;
  }

  absl::Status Poll(absl::Duration patience) override {
    looked_ = RealClock().Steady();
    RawMessage message;
    absl::Status received = endpoint_->Receive(message, DeadlineIn(patience));
    if (absl::IsDeadlineExceeded(received)) return endpoint_->CheckSilence();
    RETURN_IF_ERROR(received);
    RETURN_IF_ERROR(Handle(message));
    return Look();
  }

  Feedback feedback() const override { return feedback_; }
  int64_t feedback_count() const override { return feedback_count_; }
  void SetSilenceLimit(absl::Duration limit) override { endpoint_->SetSilenceLimit(limit); }
  int64_t unacknowledged_bytes() const override { return endpoint_->unacknowledged_bytes(); }
  void Wake() override { endpoint_->Wake(); }
  void Break() override { endpoint_->Break(); }

  void Finish() override {
    Call(stream_, "FCUnpublish", 6).IgnoreError();
    endpoint_->SendCommand(0, {AmfValue::String("deleteStream"), AmfValue::Number(7), AmfValue::Null(), AmfValue::Number(stream_)})
        .IgnoreError();
    endpoint_->ShutDownWriting();
    // Closing with unread input would reset the connection, and what was just sent could be lost.
    absl::Duration deadline = DeadlineIn(kLinger);
    RawMessage message;
    while (RealClock().Steady() < deadline && endpoint_->Receive(message, deadline).ok()) Handle(message).IgnoreError();
  }

 private:
  absl::Status Call(uint32_t stream, absl::string_view command, double transaction) {
    return endpoint_->SendCommand(
        stream, {AmfValue::String(command), AmfValue::Number(transaction), AmfValue::Null(), AmfValue::String(name_)});
  }

  // Takes what has been said, without waiting.
  absl::Status Look() {
    looked_ = RealClock().Steady();
    RawMessage message;
    while (true) {
      ASSIGN_OR_RETURN(bool received, endpoint_->TryReceive(message));
      if (!received) return endpoint_->CheckSilence();
      RETURN_IF_ERROR(Handle(message));
    }
  }

  absl::Status Handle(const RawMessage& message) {
    ASSIGN_OR_RETURN(std::optional<Command> command, ParseCommand(message));
    if (!command) return absl::OkStatus();
    if (std::optional<Feedback> feedback = ParseFeedback(*command)) {
      feedback_ = *feedback;
      ++feedback_count_;
    }
    if (command->name != "onStatus") return absl::OkStatus();
    std::string code = command->StatusField("code");
    if (command->StatusField("level") != "error" && code != "NetStream.Unpublish.Success") return absl::OkStatus();
    return absl::AbortedError(absl::StrCat("the server has ended the stream: ", code, " ", command->StatusField("description")));
  }

  std::unique_ptr<Endpoint> endpoint_;
  std::string name_;
  uint32_t stream_ = 1;
  Feedback feedback_;
  int64_t feedback_count_ = 0;
  absl::Duration looked_;
};

template <typename Client>
absl::StatusOr<std::unique_ptr<Client>> OpenClient(const Target& target, const ClientOptions& options) {
  absl::Duration deadline = DeadlineIn(options.connect_timeout);
  EndpointOptions endpoint_options{options.max_message_bytes, options.write_timeout, true};
  ASSIGN_OR_RETURN(std::unique_ptr<Endpoint> endpoint, Endpoint::Connect(target.host, target.port, endpoint_options, deadline));
  auto client = std::make_unique<Client>(std::move(endpoint));
  RETURN_IF_ERROR(client->Start(target, deadline));
  return client;
}

}  // namespace

absl::StatusOr<Target> ParseUrl(absl::string_view url) {
  absl::Status broken = absl::InvalidArgumentError("expected rtmp://HOST[:PORT]/APP/NAME");
  if (!absl::ConsumePrefix(&url, "rtmp://")) return broken;
  size_t slash = url.find('/');
  if (slash == absl::string_view::npos) return broken;
  absl::string_view authority = url.substr(0, slash);
  absl::string_view path = url.substr(slash + 1);
  slash = path.find('/');
  if (slash == absl::string_view::npos || slash == 0 || slash + 1 == path.size()) return broken;
  Target target{"", 1935, std::string(path.substr(0, slash)), std::string(path.substr(slash + 1))};
  if (absl::StrContains(target.app, '?')) return broken;
  size_t bracket = authority.find(']');   // of an IPv6 address
  size_t colon = authority.rfind(':');
  if (colon != absl::string_view::npos && (bracket == absl::string_view::npos || colon > bracket)) {
    uint32_t port = 0;
    if (!absl::SimpleAtoi(authority.substr(colon + 1), &port) || port == 0 || port > 65535) return broken;
    target.port = static_cast<uint16_t>(port);
    authority = authority.substr(0, colon);
  }
  if (absl::ConsumePrefix(&authority, "[") && !absl::ConsumeSuffix(&authority, "]")) return broken;
  if (authority.empty()) return broken;
  target.host = std::string(authority);
  return target;
}

absl::StatusOr<std::unique_ptr<Player>> Player::Open(const Target& target, const ClientOptions& options) {
  ASSIGN_OR_RETURN(std::unique_ptr<PlayerImpl> player, OpenClient<PlayerImpl>(target, options));
  return std::unique_ptr<Player>(std::move(player));
}

absl::StatusOr<std::unique_ptr<Publisher>> Publisher::Open(const Target& target, const ClientOptions& options) {
  ASSIGN_OR_RETURN(std::unique_ptr<PublisherImpl> publisher, OpenClient<PublisherImpl>(target, options));
  return std::unique_ptr<Publisher>(std::move(publisher));
}

}  // namespace lectern::rtmp
