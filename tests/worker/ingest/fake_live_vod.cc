#include "tests/worker/ingest/fake_live_vod.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/sha.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdlib>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/http/server.h"
#include "lectern/v1/live_media.pb.h"

namespace lectern::testing {
namespace {

using http::Awaitable;
using http::Response;

constexpr absl::Duration kPatience = absl::Seconds(20);

std::string Sha256(const std::string& bytes) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  return HexEncode(absl::string_view(reinterpret_cast<char*>(digest), sizeof digest));
}

// Keeps a port for this process while nobody listens at it.
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

struct FakeLiveVod::Impl {
  uint16_t port = 0;
  Fd held = HoldPort(port);
  std::unique_ptr<http::Server> server;
  mutable absl::Mutex mu;
  int64_t fence ABSL_GUARDED_BY(mu) = 0;
  int64_t number ABSL_GUARDED_BY(mu) = 0;      // of the last set of this fence
  v1::LiveStored stored ABSL_GUARDED_BY(mu);
  std::vector<v1::LiveSet> sets ABSL_GUARDED_BY(mu);
  std::map<std::string, std::string> files ABSL_GUARDED_BY(mu);
  std::string preview ABSL_GUARDED_BY(mu);

  Response Answer(const v1::LiveStored& message) { return http::TextResponse(200, message.SerializeAsString()); }

  bool RaiseFence(int64_t of_request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    if (of_request < fence) return false;
    if (of_request > fence) number = 0;
    fence = of_request;
    stored.set_number(number);
    return true;
  }

  Response Post(const std::string& body) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    v1::LiveSet set;
    if (!set.ParseFromString(body)) return http::ErrorResponse(400, "INVALID_ARGUMENT", "no set");
    if (set.number() == number && number > 0) return Answer(stored);
    if (set.number() != number + 1) return http::ErrorResponse(409, "FAILED_PRECONDITION", "another is next", "OUT_OF_ORDER");
    for (const v1::LiveSegment& segment : set.segments()) {
      if (files.count(segment.name()) == 0) return http::ErrorResponse(400, "INVALID_ARGUMENT", "no such file");
    }
    number = set.number();
    if (stored.origin_ms() < 0) stored.set_origin_ms(set.start_ms());
    stored.set_end_ms(set.end_ms());
    stored.set_number(number);
    stored.set_sets(stored.sets() + 1);
    *stored.mutable_tracks() = set.tracks();
    sets.push_back(set);
    return Answer(stored);
  }

  Response Handle(int64_t of_request, const std::string& method, const std::string& what, const std::string& sha256, std::string body) {
    absl::MutexLock lock(&mu);
    if (!RaiseFence(of_request)) return http::ErrorResponse(409, "ABORTED", "a newer holder", "FENCED");
    if (method == "POST" && what == "open") return Answer(stored);
    if (method == "POST" && what == "sets") return Post(body);
    if (method != "PUT") return http::ErrorResponse(404, "NOT_FOUND", "unknown");
    if (what == "preview") {
      preview = std::move(body);
      return http::TextResponse(204, "");
    }
    if (sha256 != Sha256(body)) return http::ErrorResponse(400, "INVALID_ARGUMENT", "checksum");
    files[what.substr(sizeof "files/" - 1)] = std::move(body);
    return http::TextResponse(204, "");
  }
};

FakeLiveVod::FakeLiveVod() : impl_(std::make_unique<Impl>()) {
  {
    absl::MutexLock lock(&impl_->mu);
    impl_->stored.set_origin_ms(-1);
  }
  Start();
}
FakeLiveVod::~FakeLiveVod() { Stop(); }

std::string FakeLiveVod::url() const { return absl::StrCat("http://127.0.0.1:", impl_->port); }

void FakeLiveVod::Stop() {
  if (impl_->server == nullptr) return;
  impl_->server->Stop(absl::ZeroDuration());
  impl_->server.reset();
}

void FakeLiveVod::Start() {
  http::ServerOptions options;
  options.port = impl_->port;
  auto handler = [this](const http::RequestHead& head, http::BodyReader& body) -> Awaitable<Response> {
    std::string method(head.method), path(head.path), sha256(head.Find("X-Content-SHA256"));
    bool known = head.Find("Authorization") == absl::StrCat("Bearer ", kBearer);
    auto bytes = co_await body.ReadAll(64 << 20);
    if (!known) co_return http::ErrorResponse(401, "UNAUTHENTICATED", "token");
    if (answer != 0) co_return http::ErrorResponse(answer, "ON_PURPOSE", "on purpose");
    // "", "live", job, fence, what
    std::vector<std::string> parts = absl::StrSplit(path, absl::MaxSplits('/', 4));
    if (parts.size() != 5 || !bytes.ok()) co_return http::ErrorResponse(404, "NOT_FOUND", "unknown");
    if (parts[4] == "open") ++opens;
    if (parts[4] == "preview") ++previews;
    if (parts[4] == "sets" && answer_to_sets != 0) co_return http::ErrorResponse(answer_to_sets, "ON_PURPOSE", "on purpose");
    Response response = impl_->Handle(std::atoll(parts[3].c_str()), method, parts[4], sha256, *std::move(bytes));
    if (parts[4] == "sets" && lose_answers > 0) {
      --lose_answers;
      co_return http::ErrorResponse(500, "INTERNAL", "lost on purpose");
    }
    co_return response;
  };
  auto server = http::Server::Start(options, handler);
  if (!server.ok()) abort();
  impl_->server = *std::move(server);
  impl_->port = impl_->server->port();
}

void FakeLiveVod::Fence(int64_t fence) {
  absl::MutexLock lock(&impl_->mu);
  impl_->RaiseFence(fence);
}

void FakeLiveVod::Preset(int64_t origin_ms, int64_t end_ms, int64_t sets) {
  absl::MutexLock lock(&impl_->mu);
  impl_->stored.set_origin_ms(origin_ms);
  impl_->stored.set_end_ms(end_ms);
  impl_->stored.set_sets(sets);
}

void FakeLiveVod::ExpectNumber(int64_t number) {
  absl::MutexLock lock(&impl_->mu);
  impl_->number = number - 1;
  impl_->stored.set_number(impl_->number);
}

std::vector<v1::LiveSet> FakeLiveVod::sets() const {
  absl::MutexLock lock(&impl_->mu);
  return impl_->sets;
}

std::map<std::string, std::string> FakeLiveVod::files() const {
  absl::MutexLock lock(&impl_->mu);
  return impl_->files;
}

std::vector<std::string> FakeLiveVod::contents() const {
  absl::MutexLock lock(&impl_->mu);
  std::vector<std::string> contents;
  for (const v1::LiveSet& set : impl_->sets) contents.push_back(impl_->files.at(set.segments(0).name()));
  return contents;
}

bool FakeLiveVod::WaitForSets(size_t count) const {
  Impl& impl = *impl_;
  absl::MutexLock lock(&impl.mu);
  auto there = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(impl.mu) { return impl.sets.size() >= count; };
  return impl.mu.AwaitWithTimeout(absl::Condition(&there), kPatience);
}

std::string FakeLiveVod::preview() const {
  absl::MutexLock lock(&impl_->mu);
  return impl_->preview;
}

}  // namespace lectern::testing
