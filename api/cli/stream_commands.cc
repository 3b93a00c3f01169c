// stream: an encoder without an encoder, for demonstrations, tests and lectures that were recorded elsewhere: sends FLV to the RTMP
// front in real time. Unlike other encoders it keeps the stream key out of the process list.
#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cerrno>
#include <iostream>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "api/cli/command.h"
#include "api/cli/connection.h"
#include "api/cli/interrupt.h"
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/rtmp/client.h"
#include "common/rtmp/flv.h"

namespace lectern::cli {
namespace {

constexpr absl::Duration kFirstPause = absl::Seconds(2);   // before the first attempt to connect again; grows by half each time
constexpr int kMostAttempts = 25;
constexpr absl::Duration kMostAhead = absl::Milliseconds(20);
constexpr size_t kReadBytes = 64 << 10;

struct StreamOptions {
  std::string path;
  std::string server;
  std::string token_file;
  std::string view;
  bool loop = false;
  bool fast = false;
  double seconds = 0;   // 0: no limit
};

absl::StatusOr<std::string> ReadToken(const std::string& path) {
  ASSIGN_OR_RETURN(std::string token, ReadFile(path));
  token = std::string(absl::StripAsciiWhitespace(token));
  if (token.empty()) return absl::InvalidArgumentError(absl::StrCat(path, " is empty; it must hold a personal token"));
  return token;
}

// The messages of a file, again and again where it loops, with timestamps that go on.
class FlvSource {
 public:
  FlvSource(Fd fd, bool loop) : fd_(std::move(fd)), loop_(loop) {}

  // False: the end.
  absl::StatusOr<bool> Next(rtmp::MediaMessage& message) {
    while (!reader_.Next(message)) {
      std::string bytes(kReadBytes, '\0');
      ssize_t got = read(fd_.get(), bytes.data(), bytes.size());
      if (got < 0 && errno != EINTR) return ErrnoStatus(errno, "reading the stream");
      if (got < 0) continue;
      if (got > 0) {
        RETURN_IF_ERROR(reader_.Feed(absl::string_view(bytes.data(), static_cast<size_t>(got))));
      } else if (!loop_ || last_ms_ <= base_ms_ || lseek(fd_.get(), 0, SEEK_SET) != 0) {
        return false;
      } else {
        reader_ = rtmp::FlvReader();
        base_ms_ = last_ms_ + kFrameMs;
      }
    }
    message.timestamp_ms += base_ms_;
    last_ms_ = std::max(last_ms_, message.timestamp_ms);
    return true;
  }

 private:
  static constexpr int64_t kFrameMs = 40;

  Fd fd_;
  const bool loop_;
  rtmp::FlvReader reader_;
  int64_t base_ms_ = 0;
  int64_t last_ms_ = 0;
};

// Connects again as OBS does: the first time an error ends it, later it tries for long.
class Encoder {
 public:
  Encoder(rtmp::Target target, const Interrupt& interrupt) : target_(std::move(target)), interrupt_(interrupt) {}

  absl::Status Connect() {
    absl::Duration pause = kFirstPause;
    for (int attempt = 1;; ++attempt) {
      if (connected_before_) {
        std::cerr << "connecting again in " << absl::FormatDuration(pause) << std::endl;
        if (!interrupt_.Sleep(pause)) return absl::CancelledError("interrupted");
        pause *= 1.5;
      }
      auto opened = rtmp::Publisher::Open(target_, {});
      if (opened.ok()) {
        publisher_ = *std::move(opened);
        connected_before_ = true;
        headers_due_ = true;
        return absl::OkStatus();
      }
      if (!connected_before_ || attempt >= kMostAttempts) return opened.status();
    }
  }

  // Headers are repeated on a new connection, timestamps begin at 0 again.
  absl::Status Send(rtmp::MediaMessage message) {
    Remember(message);
    if (publisher_ == nullptr) RETURN_IF_ERROR(Connect());
    if (rtmp::IsKeyFrame(message)) skipping_ = false;
    if (skipping_ && message.kind == rtmp::MediaMessage::kVideo) return absl::OkStatus();
    // An encoder begins with a key frame.
    if (headers_due_ && video_.payload != nullptr && !rtmp::IsKeyFrame(message)) return absl::OkStatus();
    if (std::exchange(headers_due_, false)) {
      first_ms_ = message.timestamp_ms;
      for (rtmp::MediaMessage* header : {&data_, &video_, &audio_}) {
        if (header->payload == nullptr) continue;
        header->timestamp_ms = 0;
        if (!publisher_->Send(*header).ok()) break;
      }
    }
    message.timestamp_ms = std::max<int64_t>(0, message.timestamp_ms - first_ms_);
    if (absl::Status sent = publisher_->Send(message); !sent.ok()) {
      std::cerr << "connection lost: " << sent.message() << std::endl;
      publisher_.reset();
    }
    return absl::OkStatus();
  }

  // Something was left out: pictures are of no use until the next key frame.
  void Skip() { skipping_ = true; }

  void Finish() {
    if (publisher_ != nullptr) publisher_->Finish();
  }

 private:
  void Remember(const rtmp::MediaMessage& message) {
    if (message.kind == rtmp::MediaMessage::kData) data_ = message;
    if (rtmp::IsVideoHeader(message)) video_ = message;
    if (rtmp::IsAudioHeader(message)) audio_ = message;
  }

  const rtmp::Target target_;
  const Interrupt& interrupt_;
  std::unique_ptr<rtmp::Publisher> publisher_;
  bool connected_before_ = false;
  bool headers_due_ = false;
  bool skipping_ = false;
  int64_t first_ms_ = 0;
  rtmp::MediaMessage data_, video_, audio_;
};

// When a message is due: by its timestamp, but for jumps, which are sent on at once.
class Pace {
 public:
  explicit Pace(absl::Duration start) : zero_(start) {}

  // How long to wait still; negative: it is late.
  absl::Duration Ahead(absl::Duration timestamp, absl::Duration now) {
    const absl::Duration step = timestamp - last_;
    if (step > kMostStep || step < -kMostStep) zero_ = now - timestamp;
    last_ = timestamp;
    return zero_ + timestamp - now;
  }

 private:
  static constexpr absl::Duration kMostStep = absl::Seconds(5);

  absl::Duration zero_;   // when timestamp 0 is due
  absl::Duration last_;
};

absl::StatusOr<rtmp::Target> TargetOf(const StreamOptions& options) {
  ASSIGN_OR_RETURN(std::string token, ReadToken(options.token_file));
  return rtmp::ParseUrl(absl::StrCat(options.server, "/", token, options.view.empty() ? "" : "?view=", options.view));
}

absl::Status Stream(const StreamOptions& options) {
  ASSIGN_OR_RETURN(rtmp::Target target, TargetOf(options));
  Fd fd(options.path == "-" ? dup(STDIN_FILENO) : open(options.path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return ErrnoStatus(errno, options.path);
  const Interrupt interrupt;
  FlvSource source(std::move(fd), options.loop);
  Encoder encoder(std::move(target), interrupt);
  RETURN_IF_ERROR(encoder.Connect());
  std::cerr << "streaming to " << options.server << std::endl;
  const absl::Duration start = RealClock().Steady();
  Pace pace(start);
  rtmp::MediaMessage message;
  while (!interrupt.raised()) {
    ASSIGN_OR_RETURN(bool more, source.Next(message));
    const absl::Duration now = RealClock().Steady();
    if (!more || (options.seconds > 0 && now - start > absl::Seconds(options.seconds))) break;
    const absl::Duration ahead = pace.Ahead(absl::Milliseconds(message.timestamp_ms), now);
    if (!options.fast && ahead > kMostAhead && !interrupt.Sleep(ahead)) break;
    // What could not be sent in time is lost, as it is in every encoder.
    const bool late = !options.fast && options.path != "-" && ahead < -absl::Seconds(1) && !rtmp::IsVideoHeader(message) &&
                      !rtmp::IsAudioHeader(message);
    if (late) encoder.Skip();
    if (!late) RETURN_IF_ERROR(encoder.Send(message));
  }
  encoder.Finish();
  return absl::OkStatus();
}

Run SetUpStream(CLI::App& app) {
  auto options = std::make_shared<StreamOptions>();
  app.add_option("FILE", options->path, "FLV with H.264 and AAC; - for standard input, which must come in real time")->required();
  app.add_option("--server", options->server, "As in OBS: rtmp://HOST[:PORT]/live")->required();
  app.add_option("--token-file", options->token_file, "File with the personal token")->required();
  app.add_option("--view", options->view, "comb (default), cam or pres")->check(CLI::IsMember({"comb", "cam", "pres"}));
  app.add_flag("--loop", options->loop, "Begin the file anew at its end");
  app.add_flag("--fast", options->fast, "As fast as it is taken, not in real time");
  app.add_option("--for", options->seconds, "Stop after so long (90s, 2h)")
      ->transform(CLI::AsNumberWithUnit(std::map<std::string, double>{{"s", 1}, {"m", 60}, {"h", 3600}}));
  return [options](Connection&) { return Stream(*options); };
}

}  // namespace

std::vector<Command> StreamCommands() {
  return {{"stream", "Sends a recording to the RTMP front as an encoder would", SetUpStream}};
}

}  // namespace lectern::cli
