#include "rtmp_proxy/front/nginx_control.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "rtmp_proxy/front/nginx_config.h"

namespace lectern::proxy {
namespace {

constexpr size_t kMaxAnswerBytes = 16 << 20;
constexpr absl::Duration kTimeout = absl::Seconds(1);

// The text between `begin` and `end` from `at` on, which moves behind it; false where there is none.
bool Cut(absl::string_view text, absl::string_view begin, absl::string_view end, size_t& at, absl::string_view& inner) {
  size_t first = text.find(begin, at);
  if (first == absl::string_view::npos) return false;
  first += begin.size();
  size_t last = text.find(end, first);
  if (last == absl::string_view::npos) return false;
  inner = text.substr(first, last - first);
  at = last + end.size();
  return true;
}

absl::StatusOr<Fd> Connect(const std::string& folder) {
  Fd directory(open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid()) return absl::UnavailableError("the front's folder is gone");
  Fd socket_fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket_fd.valid()) return ErrnoStatus(errno, "socket");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  // The folder's own path may be longer than an address can be.
  snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", directory.get(), kControlSocket);
  if (connect(socket_fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return socket_fd;
  if (errno == EAGAIN) return absl::DeadlineExceededError("the front takes no connection");
  return absl::UnavailableError("the front does not run");
}

bool Await(int fd, short events, absl::Duration deadline) {
  absl::Duration left = deadline - RealClock().Steady();
  if (left <= absl::ZeroDuration()) return false;
  struct pollfd poll_fd = {fd, events, 0};
  return poll(&poll_fd, 1, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1) > 0;
}

absl::StatusOr<std::string> ReadToEnd(int fd, absl::Duration deadline) {
  std::string answer;
  char buffer[16 << 10];
  while (answer.size() < kMaxAnswerBytes) {
    if (!Await(fd, POLLIN, deadline)) return absl::DeadlineExceededError("the front does not answer");
    ssize_t got = read(fd, buffer, sizeof buffer);
    if (got == 0) return answer;
    if (got < 0 && errno != EAGAIN && errno != EINTR) return absl::UnavailableError("the front broke off");
    if (got > 0) answer.append(buffer, static_cast<size_t>(got));
  }
  return absl::ResourceExhaustedError("the front's answer is too long");
}

}  // namespace

std::vector<std::string> ParsePublishers(absl::string_view xml) {
  std::vector<std::string> names;
  size_t at = 0;
  for (absl::string_view stream; Cut(xml, "<stream>", "</stream>", at, stream);) {
    absl::string_view name;
    size_t within = 0;
    if (Cut(stream, "<name>", "</name>", within, name) && absl::StrContains(stream, "<publishing/>")) names.emplace_back(name);
  }
  return names;
}

absl::StatusOr<std::string> NginxControl::Get(absl::string_view target, absl::Duration timeout) const {
  absl::Duration deadline = RealClock().Steady() + timeout;
  ASSIGN_OR_RETURN(Fd connection, Connect(folder_));
  std::string request = absl::StrCat("GET ", target, " HTTP/1.0\r\n\r\n");
  if (send(connection.get(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) {
    return absl::UnavailableError("the front takes no question");
  }
  ASSIGN_OR_RETURN(std::string answer, ReadToEnd(connection.get(), deadline));
  size_t body = answer.find("\r\n\r\n");
  if (body == std::string::npos || !absl::StrContains(answer.substr(0, body), " 200 ")) {
    return absl::UnavailableError("the front gave an answer of no use");
  }
  return answer.substr(body + 4);
}

absl::StatusOr<std::vector<std::string>> NginxControl::ListPublishers() const {
  ASSIGN_OR_RETURN(std::string xml, Get("/stat", kTimeout));
  if (!absl::StrContains(xml, "</rtmp>")) return absl::UnavailableError("the front's statistics are cut off");
  return ParsePublishers(xml);
}

absl::Status NginxControl::Drop(absl::string_view name) const {
  if (!absl::c_all_of(name, absl::ascii_isalnum)) return absl::NotFoundError("no such name");
  ASSIGN_OR_RETURN(std::string count, Get(absl::StrCat("/control/drop/publisher?app=live&name=", name), kTimeout));
  return count == "0" ? absl::NotFoundError("nobody publishes under this name") : absl::OkStatus();
}

}  // namespace lectern::proxy
