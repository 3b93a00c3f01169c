#include "tests/worker/steps/fake_vod.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/sha.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/http/range.h"
#include "common/http/server.h"

namespace lectern::testing {
namespace {

using http::Awaitable;
using http::Response;

// Some bytes of the file, then an error where more were announced.
class BrokenBody final : public http::BodySource {
 public:
  explicit BrokenBody(std::string bytes) : bytes_(std::move(bytes)) {}
  Awaitable<absl::StatusOr<absl::string_view>> Next() override {
    if (sent_) co_return absl::UnavailableError("broken off on purpose");
    sent_ = true;
    co_return absl::string_view(bytes_);
  }

 private:
  const std::string bytes_;
  bool sent_ = false;
};

std::string Sha256(const std::string& bytes) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  return HexEncode(absl::string_view(reinterpret_cast<char*>(digest), sizeof digest));
}

// Keeps a port for this process while nobody listens at it: else a client's retry could be given it as its own.
Fd HoldPort(uint16_t& port) {
  Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  int yes = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  struct sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<struct sockaddr*>(&address);
  if (bind(fd.get(), generic, length) != 0 || getsockname(fd.get(), generic, &length) != 0) abort();
  port = ntohs(address.sin_port);
  return fd;
}

}  // namespace

struct FakeVod::Impl {
  std::string path;
  uint16_t port = 0;
  Fd held = HoldPort(port);
  std::unique_ptr<http::Server> server;
  mutable absl::Mutex mu;
  std::map<std::string, std::string> staged ABSL_GUARDED_BY(mu);
  std::map<std::string, std::string> committed ABSL_GUARDED_BY(mu);

  Response Read(const http::RequestHead& head, int64_t break_after) {
    auto file = std::make_shared<const Fd>(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat info = {};
    fstat(file->get(), &info);
    uint64_t size = static_cast<uint64_t>(info.st_size);
    http::RangeDecision range = http::DecideRange(head.Find("Range"), size);
    uint64_t first = range.kind == http::RangeDecision::kPartial ? range.range.first : 0;
    uint64_t length = range.kind == http::RangeDecision::kPartial ? range.range.length : size;
    if (break_after > 0 && length > static_cast<uint64_t>(break_after) && head.method == "GET") {
      std::string bytes(static_cast<size_t>(break_after), '\0');
      if (pread(file->get(), bytes.data(), bytes.size(), static_cast<off_t>(first)) < 0) abort();
      Response response;
      response.status = 206;
      response.headers = {{"Content-Range", absl::StrCat("bytes ", first, "-", first + length - 1, "/", size)}};
      response.content_length = static_cast<int64_t>(length);
      response.body = std::make_shared<BrokenBody>(std::move(bytes));
      return response;
    }
    return http::FileResponse(head, file, size, {"\"v1\"", absl::UnixEpoch()},
                              std::make_shared<const std::string>("Content-Type: application/octet-stream\r\n"));
  }

  Response Put(const std::string& name, const std::string& sha256, std::string bytes) {
    if (sha256 != Sha256(bytes)) return http::ErrorResponse(400, "INVALID_ARGUMENT", "checksum");
    absl::MutexLock lock(&mu);
    staged[name] = std::move(bytes);
    return http::TextResponse(201, "");
  }

  Response Commit() {
    absl::MutexLock lock(&mu);
    committed = staged;
    std::string json = "{\"outputs\":[";
    for (const auto& [name, bytes] : committed) {
      absl::StrAppend(&json, json.back() == '[' ? "" : ",", "{\"name\":\"", name, "\",\"path\":\"a1/thumbnails/", name,
                      "\"}");
    }
    return http::TextResponse(200, absl::StrCat(json, "]}"));
  }
};

FakeVod::FakeVod(std::string recording_path) : impl_(std::make_unique<Impl>()) {
  impl_->path = std::move(recording_path);
  Start();
}
FakeVod::~FakeVod() {
  Stop();
}

std::string FakeVod::url() const {
  return absl::StrCat("http://127.0.0.1:", impl_->port);
}

void FakeVod::Stop() {
  if (impl_->server == nullptr) return;
  impl_->server->Stop(absl::ZeroDuration());
  impl_->server.reset();
}

void FakeVod::Start() {
  http::ServerOptions options;
  options.port = impl_->port;
  auto handler = [this](const http::RequestHead& head, http::BodyReader& body) -> Awaitable<Response> {
    std::string prefix = absl::StrCat("/jobs/", kJob, "/", kToken, "/");
    std::string path(head.path), sha256(head.Find("X-Content-SHA256"));
    bool is_read = head.method == "GET" || head.method == "HEAD", is_put = head.method == "PUT";
    if (head.Find("Authorization") != absl::StrCat("Bearer ", kBearer))
      co_return http::ErrorResponse(401, "UNAUTHENTICATED", "token");
    if (answer != 0) co_return http::ErrorResponse(answer, "ON_PURPOSE", "on purpose");
    if (busy > 0) {
      --busy;
      co_return http::ErrorResponse(503, "UNAVAILABLE", "busy on purpose");
    }
    if (is_read && path == prefix + "source") {
      ++reads;
      co_return impl_->Read(head, break_after);
    }
    if (is_put && answer_to_put != 0) co_return http::ErrorResponse(answer_to_put, "ON_PURPOSE", "on purpose");
    if (is_put && absl::StartsWith(path, prefix + "outputs/")) {
      auto bytes = co_await body.ReadAll(64 << 20);
      if (!bytes.ok()) co_return http::ErrorResponse(400, "INVALID_ARGUMENT", "body");
      co_return impl_->Put(path.substr(prefix.size() + 8), sha256, *std::move(bytes));
    }
    if (path == prefix + "commit") co_return impl_->Commit();
    co_return http::ErrorResponse(404, "NOT_FOUND", "unknown");
  };
  auto server = http::Server::Start(options, handler);
  // A program that this process is just starting has the old socket until it is executed.
  for (int tries = 0; !server.ok() && tries < 100; ++tries) {
    absl::SleepFor(absl::Milliseconds(20));
    server = http::Server::Start(options, handler);
  }
  if (!server.ok()) {
    fprintf(stderr, "fake VOD service: %s\n", server.status().ToString().c_str());
    abort();
  }
  impl_->server = *std::move(server);
  impl_->port = impl_->server->port();
}

std::map<std::string, std::string> FakeVod::committed() const {
  absl::MutexLock lock(&impl_->mu);
  return impl_->committed;
}

void FakeVod::Save(const std::string& name, const std::string& path) const {
  absl::MutexLock lock(&impl_->mu);
  std::ofstream(path, std::ios::binary) << impl_->committed.at(name);
}

void FakeJobContext::Progress(double fraction) {
  {
    absl::MutexLock lock(&mu_);
    progress_.push_back(fraction);
  }
  if (on_progress) on_progress(fraction);
}

void FakeJobContext::OnStop(std::function<void()> callback) {
  {
    absl::MutexLock lock(&mu_);
    callback_ = callback;
  }
  if (stopped_) callback();
}

void FakeJobContext::Stop() {
  stopped_ = true;
  std::function<void()> callback;
  {
    absl::MutexLock lock(&mu_);
    callback = callback_;
  }
  if (callback) callback();
}

std::vector<double> FakeJobContext::progress() const {
  absl::MutexLock lock(&mu_);
  return progress_;
}

}  // namespace lectern::testing
