#include "common/rtmp/endpoint.h"

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/rtmp/bytes.h"
#include "common/rtmp/handshake.h"

namespace lectern::rtmp {
namespace {

constexpr uint32_t kControlChunks = 2;
constexpr uint32_t kCommandChunks = 3;
constexpr size_t kReadBytes = 64 << 10;
// Buffers that one large message blew up are given back.
constexpr size_t kKeptBuffer = 64 << 10;
// What the other side says while we write is small talk; no more than this waits.
constexpr size_t kMaxUnhandled = 256;

absl::Duration SteadyNow() { return RealClock().Steady(); }

absl::Status Gone(int error) { return absl::UnavailableError(absl::StrCat("the connection is gone: ", std::strerror(error))); }

void SetOption(int fd, int level, int option, int value) { setsockopt(fd, level, option, &value, sizeof value); }

void TuneSocket(int fd, absl::Duration write_timeout) {
  SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  if (write_timeout < absl::InfiniteDuration()) {
    SetOption(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(absl::ToInt64Milliseconds(write_timeout)));
  }
  // A peer that lost its power says nothing any more, also where we have nothing to write to it.
  SetOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, 10);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPINTVL, 5);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

int PollMilliseconds(absl::Duration deadline) {
  absl::Duration left = std::clamp(deadline - SteadyNow(), absl::ZeroDuration(), absl::Hours(1));
  return static_cast<int>(absl::ToInt64Milliseconds(absl::Ceil(left, absl::Milliseconds(1))));
}

absl::StatusOr<Fd> ConnectTo(const addrinfo& address, absl::Duration deadline) {
  Fd fd(socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return ErrnoStatus(errno, "socket");
  if (connect(fd.get(), address.ai_addr, address.ai_addrlen) == 0) return fd;
  if (errno != EINPROGRESS) return Gone(errno);
  pollfd waiting{fd.get(), POLLOUT, 0};
  int ready = poll(&waiting, 1, PollMilliseconds(deadline));
  if (ready == 0) return absl::DeadlineExceededError("no connection in time");
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &length);
  if (ready < 0 || error != 0) return Gone(ready < 0 ? errno : error);
  return fd;
}

absl::StatusOr<Fd> ConnectToHost(const std::string& host, uint16_t port, absl::Duration deadline) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  int failed = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (failed != 0) return absl::UnavailableError(absl::StrCat("no address of ", host, ": ", gai_strerror(failed)));
  std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> list(found, freeaddrinfo);
  absl::Status last = absl::UnavailableError("no address");
  for (const addrinfo* address = found; address; address = address->ai_next) {
    absl::StatusOr<Fd> fd = ConnectTo(*address, deadline);
    if (fd.ok()) return fd;
    last = fd.status();
  }
  return Annotate(last, absl::StrCat(host, ":", port));
}

}  // namespace

absl::Duration DeadlineIn(absl::Duration patience) { return SteadyNow() + patience; }

absl::StatusOr<std::unique_ptr<Endpoint>> Endpoint::Connect(const std::string& host, uint16_t port, EndpointOptions options,
                                                            absl::Duration deadline) {
  ASSIGN_OR_RETURN(Fd fd, ConnectToHost(host, port, deadline));
  auto endpoint = std::make_unique<Endpoint>(std::move(fd), options);
  RETURN_IF_ERROR(endpoint->ShakeAsClient(deadline));
  return endpoint;
}

Endpoint::Endpoint(Fd socket, EndpointOptions options)
    : options_(options), socket_(std::move(socket)), wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      reader_(options.max_message_bytes), heard_(SteadyNow()) {
  TuneSocket(socket_.get(), options_.write_timeout);
}

absl::StatusOr<int> Endpoint::WaitFor(int what, absl::Duration deadline) {
  if (broken_) return absl::CancelledError("broken off");
  std::array<pollfd, 2> fds{pollfd{socket_.get(), 0, 0}, pollfd{wake_.get(), POLLIN, 0}};
  fds[0].events = static_cast<short>((what & kRead ? POLLIN : 0) | (what & kWrite ? POLLOUT : 0));
  int ready;
  do {
    ready = poll(fds.data(), fds.size(), PollMilliseconds(deadline));
  } while (ready < 0 && errno == EINTR);
  if (broken_) return absl::CancelledError("broken off");
  if (ready <= 0) return 0;
  if (fds[1].revents != 0) {
    uint64_t count;
    if (read(wake_.get(), &count, sizeof count) < 0) return 0;
  }
  int possible = 0;
  // Errors and ends show themselves in the call that follows.
  if (fds[0].revents & (POLLIN | POLLERR | POLLHUP)) possible |= what & kRead;
  if (fds[0].revents & (POLLOUT | POLLERR | POLLHUP)) possible |= what & kWrite;
  return possible;
}

absl::StatusOr<bool> Endpoint::ReadSome() {
  RETURN_IF_ERROR(failed_);
  if (input_left_ == 0) return absl::ResourceExhaustedError("too many bytes before it was let in");
  std::array<char, kReadBytes> buffer;
  size_t wanted = input_left_ < 0 ? buffer.size() : std::min<size_t>(buffer.size(), input_left_);
  ssize_t count = recv(socket_.get(), buffer.data(), wanted, MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return false;
  if (count < 0) return Gone(errno);
  if (count == 0) return absl::UnavailableError("the other side has closed the connection");
  heard_ = SteadyNow();
  received_bytes_ += count;
  if (input_left_ > 0) input_left_ -= count;
  // What came complete before the trouble is taken first.
  failed_ = reader_.Feed(absl::string_view(buffer.data(), count));
  return true;
}

absl::Status Endpoint::CheckSilence() const {
  if (SteadyNow() - heard_ <= silence_limit_) return absl::OkStatus();
  return absl::DeadlineExceededError(absl::StrCat("the other side has said nothing for ", absl::FormatDuration(silence_limit_)));
}

void Endpoint::SetSilenceLimit(absl::Duration limit) {
  silence_limit_ = limit;
  heard_ = SteadyNow();
}

absl::StatusOr<bool> Endpoint::TryReceive(RawMessage& message) {
  while (true) {
    while (reader_.Next(message)) {
      if (!HandleControl(message)) return true;
    }
    RETURN_IF_ERROR(failed_);
    if (broken_) return absl::CancelledError("broken off");   // also while the other side never stops talking
    ASSIGN_OR_RETURN(bool some, ReadSome());
    Acknowledge();
    if (!some) return false;
  }
}

absl::Status Endpoint::Receive(RawMessage& message, absl::Duration deadline) {
  while (true) {
    ASSIGN_OR_RETURN(bool received, TryReceive(message));
    if (received) return absl::OkStatus();
    RETURN_IF_ERROR(CheckSilence());
    ASSIGN_OR_RETURN(int possible, WaitFor(kRead, std::min(deadline, heard_ + silence_limit_ + absl::Milliseconds(1))));
    if (possible != 0) continue;
    RETURN_IF_ERROR(CheckSilence());
    return absl::DeadlineExceededError("nothing came");
  }
}

bool Endpoint::HandleControl(const RawMessage& message) {
  absl::string_view payload = message.payload;
  switch (message.type) {
    case kSetChunkSize:
    case kAbort:
    case kAcknowledgement:
    case kSetPeerBandwidth:
      return true;
    case kWindowAckSize:
      if (payload.size() >= 4) window_ = static_cast<uint32_t>(ReadBig(payload.substr(0, 4)));
      return true;
    case kUserControl:
      if (payload.size() < 6 || ReadBig(payload.substr(0, 2)) != kPingRequest) return false;
      // Whether it can be sent shows with the next thing that matters.
      SendUserControl(kPingResponse, static_cast<uint32_t>(ReadBig(payload.substr(2, 4)))).IgnoreError();
      return true;
    default:
      return false;
  }
}

void Endpoint::Acknowledge() {
  // Half the window: some servers stop sending where an acknowledgement is late.
  if (window_ == 0 || received_bytes_ - acknowledged_bytes_ < window_ / 2) return;
  acknowledged_bytes_ = received_bytes_;
  std::string payload;
  AppendBig(received_bytes_, 4, payload);
  Send(kAcknowledgement, 0, 0, kControlChunks, payload).IgnoreError();
}

absl::Status Endpoint::Flush(absl::string_view bytes) {
  absl::Duration progressed = SteadyNow();
  while (!bytes.empty()) {
    ssize_t count = send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count > 0) {
      bytes.remove_prefix(count);
      progressed = SteadyNow();
      continue;
    }
    if (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) return Gone(errno);
    bool limited = silence_limit_ < absl::InfiniteDuration();
    // One that is to be heard all the time repeats itself, so that its newest words are enough.
    if (limited && reader_.ready_count() >= kMaxUnhandled) reader_.DropOldest();
    bool read_too = options_.read_while_writing && reader_.ready_count() < kMaxUnhandled;
    absl::Duration deadline = progressed + options_.write_timeout;
    if (read_too) deadline = std::min(deadline, heard_ + silence_limit_ + absl::Milliseconds(1));
    ASSIGN_OR_RETURN(int possible, WaitFor(kWrite | (read_too ? kRead : 0), deadline));
    if (possible & kRead) RETURN_IF_ERROR(ReadSome().status());
    if (read_too) RETURN_IF_ERROR(CheckSilence());
    if (SteadyNow() - progressed >= options_.write_timeout && !(possible & kWrite)) {
      return absl::DeadlineExceededError("the other side takes nothing");
    }
  }
  return absl::OkStatus();
}

absl::Status Endpoint::Send(uint8_t type, uint32_t stream_id, uint32_t timestamp, uint32_t chunk_stream,
                            absl::string_view payload) {
  if (broken_) return absl::CancelledError("broken off");
  if (payload.size() > 0xffffff) return absl::InvalidArgumentError("a message larger than RTMP can carry");
  out_.clear();
  writer_.Append(type, stream_id, timestamp, chunk_stream, payload, out_);
  absl::Status sent = Flush(out_);
  if (out_.capacity() > kKeptBuffer) out_ = std::string();
  return sent;
}

absl::Status Endpoint::SendCommand(uint32_t stream_id, const std::vector<AmfValue>& values) {
  return Send(kCommandAmf0, stream_id, 0, kCommandChunks, EncodeAmf(values));
}

absl::Status Endpoint::SendUserControl(UserControl event, uint32_t value) {
  std::string payload;
  AppendBig(event, 2, payload);
  AppendBig(value, 4, payload);
  return Send(kUserControl, 0, 0, kControlChunks, payload);
}

absl::Status Endpoint::SendChunkSize(uint32_t bytes) {
  std::string payload;
  AppendBig(bytes, 4, payload);
  RETURN_IF_ERROR(Send(kSetChunkSize, 0, 0, kControlChunks, payload));
  writer_.set_chunk_size(bytes);
  return absl::OkStatus();
}

absl::Status Endpoint::SendWindow(uint32_t bytes) {
  std::string payload;
  AppendBig(bytes, 4, payload);
  return Send(kWindowAckSize, 0, 0, kControlChunks, payload);
}

absl::Status Endpoint::ReadBytes(size_t count, bool hello, std::string& bytes, absl::Duration deadline) {
  bytes.clear();
  bytes.resize(count);
  for (size_t done = 0; done < count;) {
    ASSIGN_OR_RETURN(int possible, WaitFor(kRead, deadline));
    if (possible == 0 && SteadyNow() >= deadline) return absl::DeadlineExceededError("no handshake in time");
    ssize_t got = recv(socket_.get(), &bytes[done], count - done, MSG_DONTWAIT);
    if (got == 0) return absl::UnavailableError("the other side has closed the connection");
    if (got < 0 && errno != EAGAIN && errno != EINTR) return Gone(errno);
    if (done == 0 && got > 0 && hello) RETURN_IF_ERROR(CheckVersion(bytes));
    done += std::max<ssize_t>(got, 0);
  }
  received_bytes_ += count;
  return absl::OkStatus();
}

absl::Status Endpoint::ShakeAsClient(absl::Duration deadline) {
  RETURN_IF_ERROR(Flush(HandshakeHello()));
  std::string hello;
  RETURN_IF_ERROR(ReadBytes(1 + kHandshakePart, true, hello, deadline));
  RETURN_IF_ERROR(Flush(HandshakeEcho(hello)));
  std::string echo;
  // Old servers send anything as their echo; only its length counts.
  return ReadBytes(kHandshakePart, false, echo, deadline);
}

absl::Status Endpoint::ShakeAsServer(absl::Duration deadline) {
  std::string hello;
  RETURN_IF_ERROR(ReadBytes(1 + kHandshakePart, true, hello, deadline));
  RETURN_IF_ERROR(Flush(absl::StrCat(HandshakeHello(), HandshakeEcho(hello))));
  std::string echo;
  return ReadBytes(kHandshakePart, false, echo, deadline);
}

int64_t Endpoint::unacknowledged_bytes() const {
  int bytes = 0;
  return ioctl(socket_.get(), SIOCOUTQ, &bytes) == 0 ? bytes : 0;
}

void Endpoint::ShutDownWriting() { shutdown(socket_.get(), SHUT_WR); }

std::string Endpoint::PeerName() const {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (getpeername(socket_.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0) return "";
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes = address.ss_family == AF_INET6
                          ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in6*>(&address)->sin6_addr)
                          : static_cast<const void*>(&reinterpret_cast<const sockaddr_in*>(&address)->sin_addr);
  return inet_ntop(address.ss_family, bytes, text.data(), text.size()) ? text.data() : "";
}

void Endpoint::Break() {
  broken_ = true;
  Wake();
}

void Endpoint::Wake() {
  uint64_t one = 1;
  if (write(wake_.get(), &one, sizeof one) < 0) return;   // it is full, so the other side wakes anyway
}

}  // namespace lectern::rtmp
