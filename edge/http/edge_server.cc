#include "edge/http/edge_server.h"

#include <unistd.h>

#include <boost/asio/this_coro.hpp>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/http/range.h"
#include "common/http/server.h"
#include "common/log/log.h"
#include "edge/cache/disk_cache.h"
#include "edge/http/edge_metrics.h"
#include "edge/http/media_headers.h"
#include "edge/origin/filler.h"
#include "edge/playback/token_gate.h"

namespace lectern::edge {
namespace {

// How often a request may find that another viewer's token was refused by the origin before its own is tried in turn.
constexpr int kMaxJoins = 4;
constexpr size_t kSourceBytes = 64 * 1024;

// Bytes of an object that is still being filled.
class FillSource final : public http::BodySource {
 public:
  FillSource(std::shared_ptr<Fill> fill, uint64_t offset, uint64_t length)
      : fill_(std::move(fill)), at_(offset), left_(length) {}

  http::Awaitable<absl::StatusOr<absl::string_view>> Next() override {
    if (left_ == 0) co_return absl::string_view();
    FillView view = fill_->View();
    if (view.filled <= at_ && view.phase == FillPhase::kFilling) {
      co_await fill_->WaitForBytes(at_);
      view = fill_->View();
    }
    if (view.filled <= at_ || view.file == nullptr) co_return absl::UnavailableError("the origin broke off");
    buffer_.resize(std::min<uint64_t>({kSourceBytes, left_, view.filled - at_}));
    ssize_t got = pread(view.file->get(), buffer_.data(), buffer_.size(), static_cast<off_t>(kBodyOffset + at_));
    if (got <= 0) co_return absl::InternalError("the cache's file cannot be read");
    at_ += static_cast<uint64_t>(got);
    left_ -= static_cast<uint64_t>(got);
    co_return absl::string_view(buffer_.data(), static_cast<size_t>(got));
  }

 private:
  const std::shared_ptr<Fill> fill_;
  uint64_t at_;
  uint64_t left_;
  std::string buffer_;
};

http::Response ErrorFor(const absl::Status& status) {
  int code = 500;
  absl::string_view word = "INTERNAL";
  switch (status.code()) {
    case absl::StatusCode::kUnauthenticated:
      code = 401, word = "UNAUTHENTICATED";
      break;
    case absl::StatusCode::kPermissionDenied:
      code = 403, word = "PERMISSION_DENIED";
      break;
    case absl::StatusCode::kNotFound:
      code = 404, word = "NOT_FOUND";
      break;
    case absl::StatusCode::kUnimplemented:
      code = 405, word = "UNIMPLEMENTED";
      break;
    case absl::StatusCode::kUnavailable:
      code = 503, word = "UNAVAILABLE";
      break;
    case absl::StatusCode::kAborted:
      code = 502, word = "UNAVAILABLE";
      break;
    case absl::StatusCode::kDeadlineExceeded:
      code = 504, word = "DEADLINE_EXCEEDED";
      break;
    default:
      break;
  }
  http::Response response = http::ErrorResponse(code, word, status.message(), ReasonOf(status));
  AddCors(response);
  if (code == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  if (code == 405) response.headers.emplace_back("Allow", "GET, HEAD, OPTIONS");
  if (code == 503) response.headers.emplace_back("Retry-After", "2");
  return response;
}

absl::Status StatusOf(FillFailure failure) {
  switch (failure) {
    case FillFailure::kNotFound:
      return WithReason(absl::NotFoundError("There is nothing at this address."), "NOT_FOUND");
    case FillFailure::kDenied:
      return WithReason(absl::PermissionDeniedError("The recording's server refuses this playback token."),
                        "ORIGIN_DENIED");
    case FillFailure::kTimeout:
      return WithReason(absl::DeadlineExceededError("The recording's server does not answer."), "ORIGIN_TIMEOUT");
    case FillFailure::kUnavailable:
    case FillFailure::kNone:
      break;
  }
  return WithReason(absl::AbortedError("The recording's server cannot be reached."), "ORIGIN_UNAVAILABLE");
}

http::Validators ValidatorsOf(const ObjectMeta& meta) {
  return {meta.etag, meta.last_modified};
}

// Two VOD services may have the same lecture: what one of them sent must not be taken for the other's.
std::string KeyOf(int64_t resource, absl::string_view path) {
  return absl::StrCat(resource, "/", path);
}

bool IsRead(const http::RequestHead& head) {
  return head.method == "GET" || head.method == "HEAD";
}

class EdgeServerImpl final : public EdgeServer {
 public:
  EdgeServerImpl(EdgeOptions options, Clock& clock, Metrics& metrics, std::unique_ptr<DiskCache> cache);
  ~EdgeServerImpl() override { Stop(absl::ZeroDuration()); }

  absl::Status Listen();
  void SetDirectory(const Directory& directory) override;
  bool has_keys() const override { return gate_.has_keys(); }
  uint16_t port() const override { return server_->port(); }
  void Stop(absl::Duration grace) override;

 private:
  std::optional<http::Response> TryHit(const http::RequestHead& head);
  http::Awaitable<http::Response> Handle(const http::RequestHead& head);
  http::Awaitable<http::Response> Answer(const http::RequestHead& head);
  struct Wanted {
    std::string key;   // in the cache
    std::string path;  // at the origin
    std::string token;
    std::string base_url;
  };
  http::Awaitable<http::Response> Bring(const http::RequestHead& head, Wanted wanted);
  std::optional<http::Response> AnswerFromFill(const http::RequestHead& head, const std::shared_ptr<Fill>& fill);
  http::Response AnswerFromFailure(const http::RequestHead& head, absl::string_view key, FillFailure failure,
                                   const std::optional<CachedObject>& known);
  http::Response ServeObject(const http::RequestHead& head, const CachedObject& object);
  bool IsFresh(const CachedObject& object) const;
  absl::StatusOr<std::string> OriginOf(int64_t resource) const;

  struct Live {  // what the metrics may read as long as the server lives
    absl::Mutex mu;
    EdgeServerImpl* server ABSL_GUARDED_BY(mu) = nullptr;
  };
  EdgeFigures Figures() const;

  const EdgeOptions options_;
  Clock& clock_;
  const std::unique_ptr<DiskCache> cache_;
  TokenGate gate_;
  std::shared_ptr<Live> live_ = std::make_shared<Live>();
  EdgeMetrics metrics_;
  Filler filler_;
  mutable absl::Mutex mu_;
  absl::flat_hash_map<int64_t, std::string> origins_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<http::Server> server_;
};

EdgeServerImpl::EdgeServerImpl(EdgeOptions options, Clock& clock, Metrics& metrics, std::unique_ptr<DiskCache> cache)
    : options_(std::move(options)),
      clock_(clock),
      cache_(std::move(cache)),
      gate_(clock),
      metrics_(metrics,
               [live = live_]() -> std::optional<EdgeFigures> {
                 absl::MutexLock lock(&live->mu);
                 if (live->server == nullptr) return std::nullopt;
                 return live->server->Figures();
               }),
      filler_(*cache_, clock, [this] {
        FillerOptions filler;
        filler.origin.head_timeout = filler.origin.stall_timeout = options_.origin_timeout;
        filler.on_origin_answer = [this](absl::Duration latency) { metrics_.ObserveOrigin(latency); };
        return filler;
      }()) {}

absl::Status EdgeServerImpl::Listen() {
  http::ServerOptions options;
  options.address = options_.listen;
  options.port = options_.port;
  options.threads = options_.threads;
  options.max_connections = options_.max_connections;
  options.on_break = [this] { filler_.FailAll(); };
  options.fast = [this](const http::RequestHead& head) { return TryHit(head); };
  ASSIGN_OR_RETURN(server_, http::Server::Start(options, [this](const http::RequestHead& head, http::BodyReader&) {
                     return Handle(head);
                   }));
  absl::MutexLock lock(&live_->mu);
  live_->server = this;
  return absl::OkStatus();
}

void EdgeServerImpl::Stop(absl::Duration grace) {
  if (server_ == nullptr) return;
  server_->Stop(grace);
  {
    absl::MutexLock lock(&live_->mu);
    live_->server = nullptr;
  }
  // Sockets and waiting coroutines must go before the io_context that they belong to.
  filler_.Shutdown();
  server_.reset();
}

EdgeFigures EdgeServerImpl::Figures() const {
  http::ServerCounters http = server_->counters();
  FillerCounters origin = filler_.counters();
  return {http.connections_open,
          http.bytes_out,
          origin.bytes_in,
          origin.requests,
          origin.failures,
          cache_->bytes(),
          static_cast<int64_t>(cache_->objects())};
}

void EdgeServerImpl::SetDirectory(const Directory& directory) {
  gate_.SetDirectory(directory);
  absl::MutexLock lock(&mu_);
  origins_ = directory.origins;
}

absl::StatusOr<std::string> EdgeServerImpl::OriginOf(int64_t resource) const {
  if (!options_.upstream.empty()) return options_.upstream;
  absl::MutexLock lock(&mu_);
  auto found = origins_.find(resource);
  if (found == origins_.end()) return StatusOf(FillFailure::kUnavailable);
  return found->second;
}

bool EdgeServerImpl::IsFresh(const CachedObject& object) const {
  absl::Duration fresh = FreshFor(*object.meta);
  return fresh == absl::InfiniteDuration() || clock_.Now() - object.validated_at < fresh;
}

// The whole way of a request whose object is here: no coroutine, no origin.
std::optional<http::Response> EdgeServerImpl::TryHit(const http::RequestHead& head) {
  if (!IsRead(head)) return std::nullopt;
  absl::StatusOr<PlaybackPath> path = ParsePlaybackPath(head.path);
  if (!path.ok()) return std::nullopt;
  absl::StatusOr<int64_t> resource = gate_.Admit(*path);
  if (!resource.ok()) return std::nullopt;
  std::optional<CachedObject> object = cache_->Find(KeyOf(*resource, ObjectPath(path->key, head.query)));
  if (!object || !IsFresh(*object)) return std::nullopt;
  metrics_.CountUse(CacheUse::kHit);
  http::Response response = ServeObject(head, *object);
  metrics_.CountRequest(response.status);
  return response;
}

http::Response EdgeServerImpl::ServeObject(const http::RequestHead& head, const CachedObject& object) {
  const ObjectMeta& meta = *object.meta;
  http::Response response = http::FileResponse(head, object.file, meta.size, ValidatorsOf(meta), object.headers);
  int64_t age = absl::ToInt64Seconds(clock_.Now() - object.validated_at);
  response.headers.emplace_back("Age", absl::StrCat(std::max<int64_t>(0, age)));
  if (auto* body = std::get_if<http::FileBody>(&response.body)) {
    if (object.text != nullptr) {
      response.body = http::SharedText{object.text, body->offset, body->length};
    } else {
      body->offset += kBodyOffset;
    }
  }
  return response;
}

http::Awaitable<http::Response> EdgeServerImpl::Handle(const http::RequestHead& head) {
  http::Response response = co_await Answer(head);
  metrics_.CountRequest(response.status);
  co_return response;
}

http::Awaitable<http::Response> EdgeServerImpl::Answer(const http::RequestHead& head) {
  if (head.method == "OPTIONS") co_return Preflight();
  if (!IsRead(head)) co_return ErrorFor(absl::UnimplementedError("Only GET and HEAD are answered here."));
  absl::StatusOr<PlaybackPath> path = ParsePlaybackPath(head.path);
  if (!path.ok()) co_return ErrorFor(path.status());
  absl::StatusOr<int64_t> resource = gate_.Admit(*path);
  if (!resource.ok()) co_return ErrorFor(resource.status());
  absl::StatusOr<std::string> base_url = OriginOf(*resource);
  Wanted wanted;
  wanted.path = ObjectPath(path->key, head.query);
  wanted.key = KeyOf(*resource, wanted.path);
  wanted.token = std::string(path->token);
  if (!base_url.ok() && !cache_->Find(wanted.key)) co_return ErrorFor(base_url.status());
  wanted.base_url = base_url.value_or("");
  co_return co_await Bring(head, std::move(wanted));
}

http::Awaitable<http::Response> EdgeServerImpl::Bring(const http::RequestHead& head, Wanted wanted) {
  auto executor = co_await boost::asio::this_coro::executor;
  FillFailure failure = FillFailure::kUnavailable;
  std::optional<CachedObject> known;
  for (int join = 0; join < kMaxJoins; ++join) {
    known = cache_->Find(wanted.key);
    if (known && IsFresh(*known)) {
      metrics_.CountUse(CacheUse::kHit);
      co_return ServeObject(head, *known);
    }
    failure = filler_.RecentFailure(wanted.key);
    if (failure == FillFailure::kNotFound || (failure != FillFailure::kNone && known)) break;
    FillRequest request{wanted.key, wanted.path, wanted.base_url, wanted.token, known, FailingFor(wanted.key)};
    std::shared_ptr<Fill> fill = filler_.Join(executor, std::move(request));
    co_await fill->WaitForHead();
    // Without a length neither ranges nor the end could be told to the client.
    if (!fill->View().has_size) co_await fill->WaitForEnd();
    if (std::optional<http::Response> response = AnswerFromFill(head, fill)) co_return *std::move(response);
    failure = fill->View().failure;
    if (failure != FillFailure::kDenied || fill->token() == wanted.token) break;
  }
  co_return AnswerFromFailure(head, wanted.key, failure, known);
}

// Absent: the fill failed.
std::optional<http::Response> EdgeServerImpl::AnswerFromFill(const http::RequestHead& head,
                                                             const std::shared_ptr<Fill>& fill) {
  FillView view = fill->View();
  if (view.phase == FillPhase::kFailed) return std::nullopt;
  metrics_.CountUse(view.confirmed ? CacheUse::kRevalidated : CacheUse::kMiss);
  if (view.object) return ServeObject(head, *view.object);
  const ObjectMeta& meta = *view.meta;
  auto headers = std::make_shared<const std::string>(MediaHeaders(meta));
  http::Response response = http::FileResponse(head, nullptr, meta.size, ValidatorsOf(meta), std::move(headers));
  if (auto* body = std::get_if<http::FileBody>(&response.body)) {
    uint64_t offset = body->offset;
    uint64_t length = body->length;
    response.content_length = static_cast<int64_t>(length);
    response.body = std::make_shared<FillSource>(fill, offset, length);
  }
  return response;
}

http::Response EdgeServerImpl::AnswerFromFailure(const http::RequestHead& head, absl::string_view key,
                                                 FillFailure failure, const std::optional<CachedObject>& known) {
  bool origin_down = failure == FillFailure::kUnavailable || failure == FillFailure::kTimeout;
  if (origin_down && known && clock_.Now() - known->validated_at < StaleFor(*known->meta)) {
    metrics_.CountUse(CacheUse::kStale);
    return ServeObject(head, *known);
  }
  // Players try again soon, and the one that answers then may be the same.
  if (origin_down && IsLivePlaylist(key)) {
    return ErrorFor(
        WithReason(absl::UnavailableError("The live playlist cannot be brought right now."), "ORIGIN_UNAVAILABLE"));
  }
  return ErrorFor(StatusOf(failure));
}

}  // namespace

absl::StatusOr<std::unique_ptr<EdgeServer>> EdgeServer::Start(EdgeOptions options, Clock& clock, Metrics& metrics) {
  CacheOptions cache_options;
  cache_options.dir = options.cache_dir;
  cache_options.max_bytes = options.cache_bytes;
  cache_options.max_open = options.cache_open_files;
  cache_options.headers = MediaHeaders;
  ASSIGN_OR_RETURN(std::unique_ptr<DiskCache> cache, DiskCache::Open(std::move(cache_options)));
  auto server = std::make_unique<EdgeServerImpl>(std::move(options), clock, metrics, std::move(cache));
  RETURN_IF_ERROR(server->Listen());
  return server;
}

}  // namespace lectern::edge
