#include "worker/steps/source_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <list>
#include <map>
#include <optional>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "common/http/range.h"
#include "worker/steps/http_head.h"
#include "worker/steps/upstream.h"

namespace lectern::worker {
namespace {

constexpr char kHost[] = "source.lectern";
constexpr char kUser[] = "lectern";
constexpr size_t kMaxHeadBytes = 16 * 1024;
constexpr absl::Duration kHeadTimeout = absl::Seconds(10);
constexpr size_t kMaxConnections = 256;
constexpr size_t kIdleClients = 8;

struct JobSource {
  explicit JobSource(SourceOptions options) : upstream(std::move(options)) {}
  const std::string secret = RandomHex(16);
  Upstream upstream;
};

// One accepted connection and its thread.
struct Connection {
  Fd socket;
  std::thread thread;
  std::atomic<bool> done = false;
  absl::Mutex mu;
  std::shared_ptr<JobSource> source ABSL_GUARDED_BY(mu);
};

bool SendAll(int fd, absl::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

std::optional<std::string> ReadHead(int fd) {
  std::string head;
  char buffer[4096];
  // For the whole head: any program on this machine can connect, and a byte now and then would keep its place for
  // hours.
  const absl::Duration deadline = RealClock().Steady() + kHeadTimeout;
  while (head.find("\r\n\r\n") == std::string::npos) {
    struct pollfd wait = {fd, POLLIN, 0};
    const int64_t left = absl::ToInt64Milliseconds(deadline - RealClock().Steady());
    if (head.size() > kMaxHeadBytes || left <= 0 || poll(&wait, 1, static_cast<int>(left)) <= 0) return std::nullopt;
    ssize_t got = recv(fd, buffer, sizeof buffer, 0);
    if (got <= 0) return std::nullopt;
    head.append(buffer, static_cast<size_t>(got));
  }
  return head;
}

void Answer(int fd, absl::string_view status, absl::string_view headers = "") {
  SendAll(fd, absl::StrCat("HTTP/1.1 ", status, "\r\n", headers, "Content-Length: 0\r\nConnection: close\r\n\r\n"));
}

class ProxyImpl final : public SourceProxy {
 public:
  ProxyImpl(Fd listener, int port) : listener_(std::move(listener)), port_(port), acceptor_([this] { Accept(); }) {}

  ~ProxyImpl() override {
    shutdown(listener_.get(), SHUT_RDWR);
    acceptor_.join();
    for (auto& connection : connections_) {
      shutdown(connection->socket.get(), SHUT_RDWR);
      absl::MutexLock lock(&connection->mu);
      if (connection->source != nullptr) connection->source->upstream.Close();
    }
    for (auto& connection : connections_) connection->thread.join();
  }

  std::unique_ptr<Source> Open(int64_t job, SourceOptions options) override;
  int port() const override { return port_; }

  void Close(int64_t id, JobSource& source) {
    source.upstream.Close();
    absl::MutexLock lock(&mu_);
    jobs_.erase(id);
    for (auto& connection : connections_) {
      absl::MutexLock connection_lock(&connection->mu);
      if (connection->source.get() == &source) shutdown(connection->socket.get(), SHUT_RDWR);
    }
  }

 private:
  void Accept() {
    while (true) {
      Fd socket(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!socket.valid()) {
        if (errno == EINTR || errno == ECONNABORTED) continue;
        if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM) return;
        poll(nullptr, 0, 100);
        continue;
      }
      absl::MutexLock lock(&mu_);
      ReapConnections();
      if (connections_.size() >= kMaxConnections) continue;
      auto& connection = connections_.emplace_back(std::make_unique<Connection>());
      connection->socket = std::move(socket);
      connection->thread = std::thread([this, raw = connection.get()] {
        Serve(*raw);
        shutdown(raw->socket.get(), SHUT_RDWR);
        raw->done = true;
      });
    }
  }

  void ReapConnections() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    connections_.remove_if([](const std::unique_ptr<Connection>& connection) {
      if (!connection->done) return false;
      connection->thread.join();
      return true;
    });
  }

  void Serve(Connection& connection) {
    int fd = connection.socket.get();
    std::optional<std::string> head = ReadHead(fd);
    if (!head.has_value()) return;
    std::optional<ProxyRequest> request = ParseProxyRequest(*head);
    if (!request.has_value()) return Answer(fd, "400 Bad Request");
    // The password first: a stranger on this machine learns nothing about what exists.
    std::shared_ptr<JobSource> source = Find(*request);
    if (source == nullptr)
      return Answer(fd, "407 Proxy Authentication Required", "Proxy-Authenticate: Basic realm=\"lectern\"\r\n");
    if (request->host != kHost) return Answer(fd, "403 Forbidden");
    if (request->method != "GET" && request->method != "HEAD") return Answer(fd, "405 Method Not Allowed");
    {
      absl::MutexLock lock(&connection.mu);
      connection.source = source;
    }
    std::unique_ptr<http::Client> client = BorrowClient();
    Forward(fd, *request, *source, *client);
    ReturnClient(std::move(client));
  }

  // The source whose secret the request has. The path must name it too, except for addresses that are refused anyway.
  std::shared_ptr<JobSource> Find(const ProxyRequest& request) {
    if (request.user != kUser) return nullptr;
    absl::MutexLock lock(&mu_);
    for (auto& [id, source] : jobs_) {
      bool named = request.host != kHost || request.path == absl::StrCat("/", id);
      if (named && ConstantTimeEquals(request.secret, source->secret)) return source;
    }
    return nullptr;
  }

  void Forward(int fd, const ProxyRequest& request, JobSource& source, http::Client& client) {
    absl::StatusOr<uint64_t> size = source.upstream.Size(client);
    if (!size.ok()) return Answer(fd, absl::IsNotFound(size.status()) ? "404 Not Found" : "502 Bad Gateway");
    http::RangeDecision decision = http::DecideRange(request.range, *size);
    if (decision.kind == http::RangeDecision::kUnsatisfiable) {
      return Answer(fd, "416 Range Not Satisfiable", absl::StrCat("Content-Range: bytes */", *size, "\r\n"));
    }
    bool partial = decision.kind == http::RangeDecision::kPartial;
    uint64_t first = partial ? decision.range.first : 0, length = partial ? decision.range.length : *size;
    std::string head = partial ? absl::StrCat("HTTP/1.1 206 Partial Content\r\nContent-Range: bytes ", first, "-",
                                              first + length - 1, "/", *size, "\r\n")
                               : std::string("HTTP/1.1 200 OK\r\n");
    absl::StrAppend(&head, "Content-Type: application/octet-stream\r\nAccept-Ranges: bytes\r\nContent-Length: ", length,
                    "\r\nConnection: close\r\n\r\n");
    if (!SendAll(fd, head) || request.method == "HEAD") return;
    // A failure stays in the source's status; all that can be done here is to break off.
    source.upstream.Read(client, first, length, [fd](absl::string_view bytes) { return SendAll(fd, bytes); })
        .IgnoreError();
  }

  std::unique_ptr<http::Client> BorrowClient() {
    absl::MutexLock lock(&mu_);
    if (clients_.empty()) return std::make_unique<http::Client>();
    std::unique_ptr<http::Client> client = std::move(clients_.back());
    clients_.pop_back();
    return client;
  }

  void ReturnClient(std::unique_ptr<http::Client> client) {
    absl::MutexLock lock(&mu_);
    if (clients_.size() < kIdleClients) clients_.push_back(std::move(client));
  }

  Fd listener_;
  const int port_;
  absl::Mutex mu_;
  std::map<int64_t, std::shared_ptr<JobSource>> jobs_ ABSL_GUARDED_BY(mu_);
  std::list<std::unique_ptr<Connection>> connections_;  // changed under mu_ by the acceptor only
  std::vector<std::unique_ptr<http::Client>> clients_ ABSL_GUARDED_BY(mu_);
  int64_t opened_ ABSL_GUARDED_BY(mu_) = 0;
  std::thread acceptor_;
};

class OpenSource final : public Source {
 public:
  OpenSource(ProxyImpl& proxy, int64_t id, std::shared_ptr<JobSource> source)
      : proxy_(proxy), id_(id), source_(std::move(source)) {}
  ~OpenSource() override { proxy_.Close(id_, *source_); }

  std::string url() const override { return absl::StrCat("http://", kHost, "/", id_); }
  std::vector<std::string> environment() const override {
    return {absl::StrCat("http_proxy=http://", kUser, ":", source_->secret, "@127.0.0.1:", proxy_.port())};
  }
  absl::Status status() const override { return source_->upstream.status(); }
  int64_t bytes_read() const override { return source_->upstream.bytes_read(); }
  bool empty() const override { return source_->upstream.empty(); }

 private:
  ProxyImpl& proxy_;
  const int64_t id_;
  const std::shared_ptr<JobSource> source_;
};

std::unique_ptr<Source> ProxyImpl::Open(int64_t job, SourceOptions options) {
  auto source = std::make_shared<JobSource>(std::move(options));
  absl::MutexLock lock(&mu_);
  // The same job may be opened again while an older run of it ends: the first keeps the job's number, others get one
  // below zero.
  int64_t id = jobs_.contains(job) ? -++opened_ : job;
  jobs_.emplace(id, source);
  return std::make_unique<OpenSource>(*this, id, source);
}

}  // namespace

absl::StatusOr<std::unique_ptr<SourceProxy>> SourceProxy::Start() {
  Fd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!listener.valid()) return ErrnoStatus(errno, "socket of the source proxy");
  struct sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<struct sockaddr*>(&address);
  if (bind(listener.get(), generic, length) != 0 || listen(listener.get(), 64) != 0 ||
      getsockname(listener.get(), generic, &length) != 0) {
    return ErrnoStatus(errno, "listen for the source proxy");
  }
  int port = ntohs(address.sin_port);
  return std::make_unique<ProxyImpl>(std::move(listener), port);
}

}  // namespace lectern::worker
