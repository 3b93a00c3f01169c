#include "tests/bench/api_mix/http_connection.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace lectern {
namespace {

// The value of a header in the head's lower-case text; empty where it is absent.
absl::string_view Header(absl::string_view head, absl::string_view name) {
  const size_t at = head.find(absl::StrCat("\r\n", name, ":"));
  if (at == absl::string_view::npos) return "";
  absl::string_view value = head.substr(at + 3 + name.size());
  return absl::StripAsciiWhitespace(value.substr(0, value.find("\r\n")));
}

}  // namespace

HttpConnection::~HttpConnection() {
  if (socket_ >= 0) close(socket_);
}

absl::Status HttpConnection::Connect() {
  if (socket_ >= 0) return absl::OkStatus();
  const size_t colon = address_.rfind(':');
  sockaddr_in where{};
  where.sin_family = AF_INET;
  int port = 0;
  if (colon == std::string::npos || !absl::SimpleAtoi(address_.substr(colon + 1), &port)) return absl::InvalidArgumentError(address_);
  where.sin_port = htons(static_cast<uint16_t>(port));
  if (inet_pton(AF_INET, address_.substr(0, colon).c_str(), &where.sin_addr) != 1) return absl::InvalidArgumentError(address_);
  socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(socket_, reinterpret_cast<sockaddr*>(&where), sizeof where) != 0) return absl::UnavailableError("no connection");
  return absl::OkStatus();
}

absl::Status HttpConnection::Send(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return absl::UnavailableError("the connection broke while sending");
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return absl::OkStatus();
}

absl::Status HttpConnection::Receive() {
  char buffer[16384];
  const ssize_t got = recv(socket_, buffer, sizeof buffer, 0);
  if (got <= 0) return absl::UnavailableError("the connection broke while receiving");
  received_.append(buffer, static_cast<size_t>(got));
  return absl::OkStatus();
}

absl::StatusOr<std::string> HttpConnection::Call(absl::string_view method, absl::string_view path, absl::string_view bearer,
                                                 absl::string_view body) {
  RETURN_IF_ERROR(Connect());
  std::string request = absl::StrCat(method, " ", path, " HTTP/1.1\r\nHost: ", address_, "\r\n");
  if (!bearer.empty()) absl::StrAppend(&request, "Authorization: Bearer ", bearer, "\r\n");
  if (!body.empty()) absl::StrAppend(&request, "Content-Type: application/json\r\nContent-Length: ", body.size(), "\r\n");
  absl::StrAppend(&request, "\r\n", body);
  RETURN_IF_ERROR(Send(request));
  size_t end = 0;
  while ((end = received_.find("\r\n\r\n")) == std::string::npos) RETURN_IF_ERROR(Receive());
  const std::string head = absl::AsciiStrToLower(received_.substr(0, end + 2));
  size_t length = 0;
  if (!absl::SimpleAtoi(Header(head, "content-length"), &length)) return absl::UnavailableError("an answer without a length");
  while (received_.size() < end + 4 + length) RETURN_IF_ERROR(Receive());
  std::string answer = received_.substr(end + 4, length);
  received_.erase(0, end + 4 + length);
  const bool ok = head.size() > 9 && head[9] == '2';
  return ok ? absl::StatusOr<std::string>(std::move(answer)) : absl::UnknownError(absl::StrCat(head.substr(0, 16), answer));
}

}  // namespace lectern
