#include "worker/live/encoder.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "common/base/status.h"

namespace lectern::worker {
namespace {

// No time that FFmpeg sees is negative, also not that of sound which came a little before the first picture.
constexpr int64_t kMarginMs = 1000;
constexpr size_t kReadBytes = 64 << 10;

struct Pipe {
  Fd read;
  Fd write;
};

absl::StatusOr<Pipe> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return ErrnoStatus(errno, "pipe of the encoder");
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

absl::Status Unblock(const Fd& fd) {
  return fcntl(fd.get(), F_SETFL, O_NONBLOCK) == 0 ? absl::OkStatus() : ErrnoStatus(errno, "pipe of the encoder");
}

}  // namespace

absl::StatusOr<std::unique_ptr<Encoder>> Encoder::Start(EncoderPlan plan) {
  // A child that has died closes its input.
  signal(SIGPIPE, SIG_IGN);
  std::unique_ptr<Encoder> encoder(new Encoder(std::move(plan)));
  ProcessOptions options;
  options.argv = EncoderCommand(encoder->plan_);
  ASSIGN_OR_RETURN(Pipe input, MakePipe());
  RETURN_IF_ERROR(Unblock(input.write));
  options.stdin_descriptor = input.read.get();
  encoder->input_ = std::move(input.write);
  std::vector<Fd> theirs;
  for (size_t i = 0; i < encoder->plan_.pictures.size() + (encoder->plan_.sound ? 1 : 0); ++i) {
    ASSIGN_OR_RETURN(Pipe output, MakePipe());
    RETURN_IF_ERROR(Unblock(output.read));
    options.descriptors.push_back(output.write.get());
    theirs.push_back(std::move(output.write));
    encoder->outputs_.push_back({std::move(output.read), {}});
  }
  encoder->open_outputs_ = encoder->outputs_.size();
  ASSIGN_OR_RETURN(encoder->process_, Process::Start(std::move(options)));
  encoder->waiter_ = std::thread([raw = encoder.get()] { raw->exit_ = raw->process_->Wait(); });
  encoder->queue_.push_back(rtmp::FlvHeader());
  return encoder;
}

Encoder::~Encoder() {
  if (process_ != nullptr) Stop();
}

ProcessExit Encoder::Stop() {
  if (waiter_.joinable()) {
    // One that has written its last is about to end by itself.
    ended() ? process_->Stop(absl::Seconds(1)) : process_->Signal(SIGKILL);
    waiter_.join();
  }
  return exit_;
}

void Encoder::Feed(rtmp::MediaMessage::Kind kind, int64_t timestamp_ms, const Payload& payload) {
  if (input_closed_) return;
  std::string tag;
  rtmp::AppendFlvTag({kind, std::max<int64_t>(0, timestamp_ms - plan_.base_ms + kMarginMs), payload}, tag);
  queued_bytes_ += tag.size();
  queue_.push_back(std::move(tag));
  Write();
}

void Encoder::AddPollFds(std::vector<pollfd>& fds) const {
  if (input_.valid() && !queue_.empty()) fds.push_back({input_.get(), POLLOUT, 0});
  for (const Output& output : outputs_) {
    if (output.fd.valid()) fds.push_back({output.fd.get(), POLLIN, 0});
  }
}

void Encoder::Pump(const OnOutput& on_output) {
  Write();
  for (size_t i = 0; i < outputs_.size(); ++i) Read(i, on_output);
}

void Encoder::Write() {
  while (input_.valid() && !queue_.empty()) {
    const std::string& first = queue_.front();
    ssize_t written = write(input_.get(), first.data() + written_, first.size() - written_);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) return;
    if (written < 0) {
      // Its outputs will tell that it has ended.
      input_ = Fd();
      return;
    }
    written_ += static_cast<size_t>(written);
    if (written_ < first.size()) return;
    queued_bytes_ -= std::min(queued_bytes_, written_);
    written_ = 0;
    queue_.pop_front();
  }
  if (input_closed_ && queue_.empty()) input_ = Fd();
}

void Encoder::Read(size_t index, const OnOutput& on_output) {
  Output& output = outputs_[index];
  char buffer[kReadBytes];
  while (output.fd.valid()) {
    ssize_t got = read(output.fd.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    bool usable = got > 0 && output.reader.Feed(absl::string_view(buffer, static_cast<size_t>(got))).ok();
    if (!usable) {
      output.fd = Fd();
      --open_outputs_;
      return;
    }
    rtmp::MediaMessage message;
    while (output.reader.Next(message)) {
      message.timestamp_ms += plan_.base_ms - kMarginMs;
      on_output(index, message);
    }
  }
}

}  // namespace lectern::worker
