#include "common/http/outgoing.h"

#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/http/range.h"

namespace lectern::http {
namespace {

// One client may not hold a thread for longer than this many bytes take to copy.
constexpr size_t kSendfileChunk = 2 << 20;

// "Date: ...\r\n", made anew once a second and thread.
absl::string_view DateLine() {
  thread_local int64_t made_at = 0;
  thread_local std::string line;
  int64_t now = absl::GetCurrentTimeNanos() / 1'000'000'000;
  if (now != made_at) {
    made_at = now;
    line = absl::StrCat("Date: ", HttpDate(absl::FromUnixSeconds(now)), "\r\n");
  }
  return line;
}

void Append(std::string& out, absl::string_view text) {
  out.append(text.data(), text.size());
}

// A line break in a value would let its author write headers of his own.
void AppendValue(std::string& out, absl::string_view value) {
  if (value.find_first_of("\r\n") == absl::string_view::npos) return Append(out, value);
  for (char c : value) out.push_back(c == '\r' || c == '\n' ? ' ' : c);
}

PumpResult FromErrno() {
  return errno == EAGAIN || errno == EWOULDBLOCK ? PumpResult::kAgain : PumpResult::kBroken;
}

void Drop(absl::string_view& part, size_t& count) {
  size_t take = std::min(part.size(), count);
  part.remove_prefix(take);
  count -= take;
}

}  // namespace

PumpResult Outgoing::PumpText(int socket, uint64_t& sent) {
  while (!head.empty() || !text.empty() || !tail.empty()) {
    iovec parts[3];
    int count = 0;
    for (absl::string_view part : {head, text, tail}) {
      if (!part.empty()) parts[count++] = {const_cast<char*>(part.data()), part.size()};
    }
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = static_cast<size_t>(count);
    ssize_t wrote = sendmsg(socket, &message, MSG_NOSIGNAL | (file_left > 0 ? MSG_MORE : 0));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return FromErrno();
    sent += static_cast<uint64_t>(wrote);
    size_t left = static_cast<size_t>(wrote);
    Drop(head, left);
    Drop(text, left);
    Drop(tail, left);
  }
  return PumpResult::kDone;
}

PumpResult Outgoing::PumpFile(int socket, uint64_t& sent) {
  uint64_t budget = 2 * kSendfileChunk;
  while (file_left > 0) {
    if (budget == 0) return PumpResult::kAgain;
    off_t offset = static_cast<off_t>(file_offset);
    ssize_t wrote = sendfile(socket, file->get(), &offset, std::min<uint64_t>({file_left, kSendfileChunk, budget}));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return FromErrno();
    if (wrote == 0) return PumpResult::kBroken;
    uint64_t count = static_cast<uint64_t>(wrote);
    file_offset += count;
    file_left -= count;
    sent += count;
    budget -= count;
  }
  return PumpResult::kDone;
}

PumpResult Outgoing::Pump(int socket, uint64_t& sent) {
  PumpResult result = PumpText(socket, sent);
  return result == PumpResult::kDone ? PumpFile(socket, sent) : result;
}

void WriteResponseHead(const Response& response, const HeadFacts& facts, std::string& out) {
  out.clear();
  if (response.status == 200) {
    Append(out, "HTTP/1.1 200 OK\r\n");
  } else {
    absl::StrAppend(&out, "HTTP/1.1 ", response.status, " ", ReasonPhrase(response.status), "\r\n");
  }
  Append(out, DateLine());
  for (const auto& [name, value] : response.headers) {
    Append(out, name);
    Append(out, ": ");
    AppendValue(out, value);
    Append(out, "\r\n");
  }
  if (response.prepared_headers) Append(out, *response.prepared_headers);
  if (facts.body_bytes >= 0) {
    char digits[absl::numbers_internal::kFastToBufferSize];
    char* end = absl::numbers_internal::FastIntToBuffer(facts.body_bytes, digits);
    Append(out, "Content-Length: ");
    out.append(digits, end);
    Append(out, "\r\n");
  } else if (facts.chunked) {
    Append(out, "Transfer-Encoding: chunked\r\n");
  }
  if (facts.close) {
    Append(out, "Connection: close\r\n");
  } else if (facts.http_1_0) {
    Append(out, "Connection: keep-alive\r\n");
  }
  Append(out, "\r\n");
}

}  // namespace lectern::http
