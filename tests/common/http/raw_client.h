// A socket that speaks exactly the bytes it is given, for tests of servers.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "absl/strings/string_view.h"

namespace lectern::testing {

class RawClient {
 public:
  // `receive_buffer` > 0 sets SO_RCVBUF, for clients that are to be slow.
  explicit RawClient(uint16_t port, int receive_buffer = 0) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer > 0) setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) Close();
  }
  RawClient(RawClient&& other) noexcept : fd_(std::exchange(other.fd_, -1)), left_(std::move(other.left_)) {}
  ~RawClient() { Close(); }

  bool connected() const { return fd_ >= 0; }

  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

  // False where the server has closed.
  bool Send(absl::string_view bytes) {
    while (!bytes.empty()) {
      ssize_t wrote = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (wrote <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(wrote));
    }
    return true;
  }
  void FinishSending() { shutdown(fd_, SHUT_WR); }

  // What comes until the server closes (or, as a last resort against a hanging test, 20 s of silence).
  std::string ReadToEnd() {
    while (Fill()) {
    }
    return std::exchange(left_, "");
  }

  // Head and body of one response, by its Content-Length.
  struct Answer {
    int status = 0;
    std::string head;
    std::string body;
    bool whole = false;  // the body has the promised length

    std::string Header(absl::string_view name) const {
      std::string needle = "\r\n" + std::string(name) + ": ";
      size_t at = head.find(needle);
      if (at == std::string::npos) return "";
      at += needle.size();
      return head.substr(at, head.find("\r\n", at) - at);
    }
  };
  Answer ReadAnswer(bool head_request = false) {
    Answer answer;
    size_t end;
    while ((end = left_.find("\r\n\r\n")) == std::string::npos) {
      if (!Fill()) return answer;
    }
    answer.head = left_.substr(0, end + 2);
    left_.erase(0, end + 4);
    answer.status = std::atoi(answer.head.c_str() + 9);
    if (head_request || answer.status == 304 || answer.status == 204 || answer.status < 200) {
      answer.whole = true;
      return answer;
    }
    if (answer.Header("Transfer-Encoding") == "chunked") {
      answer.whole = ReadChunks(answer.body);
      return answer;
    }
    size_t length = std::strtoull(answer.Header("Content-Length").c_str(), nullptr, 10);
    while (left_.size() < length && Fill()) {
    }
    answer.whole = left_.size() >= length;
    answer.body = left_.substr(0, length);
    left_.erase(0, answer.body.size());
    return answer;
  }

  Answer Request(absl::string_view bytes) {
    Send(bytes);
    return ReadAnswer(bytes.substr(0, 5) == "HEAD ");
  }

  // "GET <target>" with Host and further header lines ("Range: bytes=0-4\r\n").
  Answer Get(absl::string_view target, absl::string_view headers = "", absl::string_view method = "GET") {
    std::string request(method);
    request += " ";
    request.append(target.data(), target.size());
    request += " HTTP/1.1\r\nHost: test\r\n";
    request.append(headers.data(), headers.size());
    request += "\r\n";
    return Request(request);
  }

  bool Fill() {
    pollfd wait{fd_, POLLIN, 0};
    if (fd_ < 0 || poll(&wait, 1, 20'000) <= 0) return false;
    char buffer[65536];
    ssize_t got = recv(fd_, buffer, sizeof buffer, 0);
    if (got <= 0) return false;
    left_.append(buffer, static_cast<size_t>(got));
    return true;
  }
  int fd() const { return fd_; }

 private:
  bool ReadChunks(std::string& body) {
    while (true) {
      size_t line;
      while ((line = left_.find("\r\n")) == std::string::npos) {
        if (!Fill()) return false;
      }
      size_t size = std::strtoull(left_.c_str(), nullptr, 16);
      while (left_.size() < line + 2 + size + 2) {
        if (!Fill()) return false;
      }
      body += left_.substr(line + 2, size);
      left_.erase(0, line + 2 + size + 2);
      if (size == 0) return true;
    }
  }

  int fd_;
  std::string left_;
};

}  // namespace lectern::testing
