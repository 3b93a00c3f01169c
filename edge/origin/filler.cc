#include "edge/origin/filler.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

#include "absl/strings/str_cat.h"
#include "common/log/log.h"

namespace lectern::edge {
namespace asio = boost::asio;
namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr size_t kMaxRecent = 10'000;

http::Awaitable<void> Pause(absl::Duration time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, absl::ToChronoNanoseconds(time));
  co_await timer.async_wait(kAwait);
}

// Whether this answer goes on where `have` bytes ended, or repeats the same version from the start.
bool Continues(const OriginHead& head, const ObjectMeta& meta, uint64_t have) {
  if (meta.etag.empty() || head.etag != meta.etag) return false;
  return head.status == 200 || (head.status == 206 && head.range_first == have);
}

}  // namespace

Filler::Filler(DiskCache& cache, Clock& clock, FillerOptions options)
    : cache_(cache), clock_(clock), options_(std::move(options)), client_(options_.origin) {}

std::shared_ptr<Fill> Filler::Join(asio::any_io_executor executor, FillRequest request) {
  std::shared_ptr<Fill> fill;
  {
    absl::MutexLock lock(&mu_);
    std::shared_ptr<Fill>& place = fills_[request.key];
    if (place != nullptr) return place;
    fill = place = std::make_shared<Fill>(request.token);
  }
  asio::co_spawn(asio::make_strand(executor), Lead(fill, std::move(request)), asio::detached);
  return fill;
}

http::Awaitable<void> Filler::Lead(std::shared_ptr<Fill> fill, FillRequest request) {
  std::string key = request.key;
  bool known = request.known.has_value();
  const absl::Duration failing_for = std::min(options_.failing_for, request.failing_for);
  FillFailure failure = FillFailure::kUnavailable;
  try {
    failure = co_await Bring(*fill, std::move(request));
  } catch (const std::exception& error) {
    log::Error("fill failed", {{"object", key}, {"error", error.what()}});
  }
  if (failure == FillFailure::kUnavailable || failure == FillFailure::kTimeout) {
    ++failures_;
    if (known) RememberFailure(key, FillFailure::kUnavailable, failing_for);
  }
  Leave(key, *fill);
  if (failure != FillFailure::kNone) fill->Fail(failure);
}

http::Awaitable<absl::StatusOr<std::unique_ptr<OriginExchange>>> Filler::Ask(OriginRequest request) {
  ++requests_;
  absl::Duration start = clock_.Steady();
  absl::StatusOr<std::unique_ptr<OriginExchange>> exchange = co_await client_.Start(std::move(request));
  if (options_.on_origin_answer) options_.on_origin_answer(clock_.Steady() - start);
  co_return exchange;
}

// Answers without a body of the object. Absent: there is one.
std::optional<FillFailure> Filler::TakeAnswer(const OriginHead& head, Fill& fill, const FillRequest& request) {
  switch (head.status) {
    case 200:
    case 206:
      return std::nullopt;
    case 304: {
      if (!request.known) return FillFailure::kUnavailable;
      CachedObject object = *request.known;
      object.validated_at = clock_.Now();
      cache_.Touch(request.key, object.meta->etag, object.validated_at);
      Leave(request.key, fill);
      fill.Complete(std::move(object), /*confirmed=*/true);
      return FillFailure::kNone;
    }
    case 404:
    case 410:
      if (request.known) cache_.Remove(request.key);
      RememberFailure(request.key, FillFailure::kNotFound, options_.missing_for);
      return FillFailure::kNotFound;
    case 401:
    case 403:
      return FillFailure::kDenied;
    default:
      log::Warn("origin failed", {{"object", request.key}, {"status", head.status}});
      return FillFailure::kUnavailable;
  }
}

absl::StatusOr<std::unique_ptr<DiskCache::Writer>> Filler::StartBody(const OriginHead& head, Fill& fill,
                                                                     ObjectMeta& meta) {
  if (head.status != 200) return absl::UnavailableError("the origin sent a part that nobody asked for");
  absl::StatusOr<std::unique_ptr<DiskCache::Writer>> writer = cache_.Create();
  if (!writer.ok()) return writer.status();
  meta.etag = head.etag;
  meta.last_modified = head.last_modified;
  meta.max_age = head.max_age;
  meta.validated_at = clock_.Now();
  meta.size = head.content_length < 0 ? 0 : static_cast<uint64_t>(head.content_length);
  fill.StartBody(std::make_shared<const ObjectMeta>(meta), head.content_length >= 0, (*writer)->file());
  return writer;
}

// `skip`: bytes at the start of the answer that are there already. `whole`: the object's size, 0 where unknown.
http::Awaitable<absl::Status> Filler::Copy(OriginExchange& exchange, Fill& fill, DiskCache::Writer& writer,
                                           uint64_t skip, uint64_t whole) {
  while (true) {
    absl::StatusOr<absl::string_view> bytes = co_await exchange.Read();
    if (!bytes.ok()) co_return bytes.status();
    if (bytes->empty()) co_return absl::OkStatus();
    bytes_in_ += static_cast<int64_t>(bytes->size());
    absl::string_view fresh = *bytes;
    fresh.remove_prefix(std::min<uint64_t>(skip, fresh.size()));
    skip -= bytes->size() - fresh.size();
    absl::Status stored = writer.Append(fresh);
    if (!stored.ok()) co_return absl::InternalError(stored.message());
    // The last bytes become visible with the object's place in the cache (Complete), so that who has them finds it
    // there.
    if (writer.size() != whole) fill.Advance(writer.size());
  }
}

http::Awaitable<FillFailure> Filler::Bring(Fill& fill, FillRequest request) {
  std::unique_ptr<DiskCache::Writer> writer;
  ObjectMeta meta;
  meta.key = request.key;
  absl::Status trouble;
  for (int attempt = 0; attempt < options_.attempts; ++attempt) {
    if (attempt > 0) co_await Pause(absl::Milliseconds(50) * attempt);
    OriginRequest question;
    question.base_url = request.base_url;
    question.target = absl::StrCat("/p/", request.token, "/", request.path);
    if (request.known && !writer) {
      question.if_none_match = request.known->meta->etag;
      question.head_timeout = options_.revalidation_timeout;
    }
    uint64_t have = writer ? writer->size() : 0;
    question.resume_from = have;
    question.if_range = meta.etag;
    absl::StatusOr<std::unique_ptr<OriginExchange>> exchange = co_await Ask(std::move(question));
    trouble = exchange.status();
    // Who waits has waited long enough: a time-out is not tried again before the first byte.
    if (absl::IsDeadlineExceeded(trouble) && !writer) break;
    if (absl::IsInvalidArgument(trouble)) break;
    if (!exchange.ok()) continue;
    const OriginHead head = (*exchange)->head();
    if (std::optional<FillFailure> settled = TakeAnswer(head, fill, request)) co_return *settled;
    if (!writer) {
      absl::StatusOr<std::unique_ptr<DiskCache::Writer>> started = StartBody(head, fill, meta);
      trouble = started.status();
      if (!started.ok()) break;
      writer = *std::move(started);
    } else if (!Continues(head, meta, have)) {
      trouble = absl::UnavailableError("the origin has another version now");
      break;
    }
    trouble = co_await Copy(**exchange, fill, *writer, head.status == 200 ? have : 0, meta.size);
    if (trouble.ok()) {
      absl::StatusOr<CachedObject> object = writer->Commit(meta);
      trouble = object.status();
      if (!object.ok()) break;
      Leave(request.key, fill);
      fill.Complete(*std::move(object), /*confirmed=*/false);
      co_return FillFailure::kNone;
    }
    if (absl::IsInternal(trouble) || meta.etag.empty()) break;
  }
  log::Warn("object not brought from the origin",
            {{"object", request.key}, {"origin", log::Redact(request.base_url)}, {"error", trouble.message()}});
  co_return absl::IsDeadlineExceeded(trouble) ? FillFailure::kTimeout : FillFailure::kUnavailable;
}

// Before the waiters hear of the end: who has seen the last byte or an error and asks again starts anew.
void Filler::Leave(const std::string& key, const Fill& fill) {
  absl::MutexLock lock(&mu_);
  auto found = fills_.find(key);
  if (found != fills_.end() && found->second.get() == &fill) fills_.erase(found);
}

void Filler::RememberFailure(const std::string& key, FillFailure failure, absl::Duration time) {
  absl::Duration now = clock_.Steady();
  absl::MutexLock lock(&mu_);
  if (recent_.size() >= kMaxRecent) {
    absl::erase_if(recent_, [now](const auto& entry) { return entry.second.until <= now; });
  }
  if (recent_.size() < kMaxRecent) recent_[key] = {failure, now + time};
}

FillFailure Filler::RecentFailure(absl::string_view key) {
  absl::Duration now = clock_.Steady();
  absl::MutexLock lock(&mu_);
  auto found = recent_.find(key);
  if (found == recent_.end()) return FillFailure::kNone;
  if (found->second.until > now) return found->second.failure;
  recent_.erase(found);
  return FillFailure::kNone;
}

FillerCounters Filler::counters() const {
  return {requests_.load(), failures_.load(), bytes_in_.load()};
}

void Filler::FailAll() {
  std::vector<std::shared_ptr<Fill>> fills;
  {
    absl::MutexLock lock(&mu_);
    for (const auto& [key, fill] : fills_) fills.push_back(fill);
  }
  for (const std::shared_ptr<Fill>& fill : fills) fill->Fail(FillFailure::kUnavailable);
}

void Filler::Shutdown() {
  absl::flat_hash_map<std::string, std::shared_ptr<Fill>> fills;
  {
    absl::MutexLock lock(&mu_);
    fills.swap(fills_);
  }
  for (auto& [key, fill] : fills) fill->DropWaiters();
  client_.CloseIdle();
}

}  // namespace lectern::edge
