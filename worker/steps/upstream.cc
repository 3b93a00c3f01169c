#include "worker/steps/upstream.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/base/text.h"

namespace lectern::worker {
namespace {

constexpr uint64_t kWindowBytes = 8 << 20;
constexpr absl::Duration kFirstDelay = absl::Milliseconds(100), kMaxDelay = absl::Seconds(2);
constexpr absl::Duration kStopCheck = absl::Milliseconds(200);
// A VOD service that has just started learns the keys of job tokens a moment later.
constexpr absl::Duration kTokenPatience = absl::Seconds(20);

// What an answer other than success means. kUnavailable and kUnauthenticated are worth another attempt.
absl::Status FromAnswer(int status) {
  switch (status) {
    case 401:
    case 403:
      return absl::UnauthenticatedError("the VOD service does not accept the job's token");
    case 404:
      return absl::NotFoundError("the VOD service does not have the recording");
    case 409:
      return absl::AbortedError("a newer holder of the job was seen");
    case 416:
      return absl::OutOfRangeError("the recording at the VOD service is shorter than it was");
  }
  if (status >= 500 || status == 429 || status == 408) {
    return absl::UnavailableError(absl::StrCat("the VOD service answered ", status));
  }
  return absl::InternalError(absl::StrCat("the VOD service answered ", status));
}

}  // namespace

// How long one reader has been trying in vain.
struct Upstream::Patience {
  absl::Duration since = RealClock().Steady();
  absl::Duration delay = kFirstDelay;
  void Reset() { *this = Patience(); }
};

bool Upstream::Stopped() const { return closed() || (options_.should_stop && options_.should_stop()); }

void Upstream::Close() {
  absl::MutexLock lock(&mu_);
  if (!closed_.HasBeenNotified()) closed_.Notify();
}

bool Upstream::empty() const {
  absl::MutexLock lock(&mu_);
  return size_ == 0;
}

absl::Status Upstream::status() const {
  absl::MutexLock lock(&mu_);
  return failed_;
}

absl::Status Upstream::Fail(const absl::Status& status) {
  absl::MutexLock lock(&mu_);
  if (failed_.ok() && !absl::IsCancelled(status)) failed_ = status;
  return status;
}

absl::StatusOr<http::ClientResponse> Upstream::Ask(http::Client& client, http::ClientRequest request) {
  request.url = options_.url;
  request.headers.emplace_back("Authorization", absl::StrCat("Bearer ", options_.token));
  // Called about once a second, also while nothing arrives.
  request.on_sent = [this](uint64_t) { return !Stopped(); };
  return client.Send(request);
}

absl::Status Upstream::WaitToRetry(const absl::Status& failure, Patience& patience) {
  bool transport = absl::IsUnavailable(failure) || absl::IsDeadlineExceeded(failure);
  if (!transport && !absl::IsUnauthenticated(failure)) return Fail(failure);
  absl::Duration limit = transport ? options_.patience : std::min(options_.patience, kTokenPatience);
  absl::Duration waited = RealClock().Steady() - patience.since;
  if (waited >= limit) return Fail(failure);
  absl::Duration left = std::min(patience.delay, limit - waited);
  patience.delay = std::min(patience.delay * 2, kMaxDelay);
  while (left > absl::ZeroDuration()) {
    if (Stopped()) return absl::CancelledError("reading was stopped");
    closed_.WaitForNotificationWithTimeout(std::min(left, kStopCheck));
    left -= kStopCheck;
  }
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> Upstream::Size(http::Client& client) {
  {
    absl::MutexLock lock(&mu_);
    if (!failed_.ok()) return failed_;
    if (size_ >= 0) return static_cast<uint64_t>(size_);
  }
  Patience patience;
  while (true) {
    if (Stopped()) return absl::CancelledError("reading was stopped");
    http::ClientRequest request;
    request.method = "HEAD";
    absl::StatusOr<http::ClientResponse> response = Ask(client, std::move(request));
    absl::Status failure = response.status();
    if (response.ok() && response->status == 200) {
      std::optional<uint64_t> size = ParseDigits(response->Find("Content-Length"));
      if (!size.has_value()) return Fail(absl::InternalError("the VOD service does not say how long the recording is"));
      absl::MutexLock lock(&mu_);
      size_ = static_cast<int64_t>(*size);
      return *size;
    }
    if (response.ok()) failure = FromAnswer(response->status);
    RETURN_IF_ERROR(WaitToRetry(failure, patience));
  }
}

absl::Status Upstream::Attempt(http::Client& client, uint64_t first, uint64_t last, uint64_t& done,
                               const std::function<bool(absl::string_view)>& sink) {
  bool refused = false;
  http::ClientRequest request;
  request.headers.emplace_back("Range", absl::StrCat("bytes=", first, "-", last));
  request.on_body = [&](absl::string_view bytes) {
    // More than was asked for would be a whole file where a part was expected.
    if (done + bytes.size() > last - first + 1) return false;
    done += bytes.size();
    bytes_read_ += static_cast<int64_t>(bytes.size());
    refused = !sink(bytes);
    return !refused;
  };
  absl::StatusOr<http::ClientResponse> response = Ask(client, std::move(request));
  if (refused || Stopped()) return absl::CancelledError("the reader went away");
  if (!response.ok()) {
    return absl::IsCancelled(response.status()) ? absl::InternalError("the VOD service ignores ranges") : response.status();
  }
  if (response->status != 206 && response->status != 200) return FromAnswer(response->status);
  return done == last - first + 1 ? absl::OkStatus() : absl::UnavailableError("the VOD service broke off");
}

absl::Status Upstream::Read(http::Client& client, uint64_t first, uint64_t length,
                            const std::function<bool(absl::string_view)>& sink) {
  if (absl::Status failed = status(); !failed.ok()) return failed;
  Patience patience;
  const uint64_t end = first + length;
  while (first < end) {
    if (Stopped()) return absl::CancelledError("reading was stopped");
    uint64_t done = 0;
    absl::Status attempt = Attempt(client, first, std::min(end, first + kWindowBytes) - 1, done, sink);
    first += done;
    if (done > 0) patience.Reset();
    if (attempt.ok()) continue;
    if (absl::IsCancelled(attempt)) return attempt;
    RETURN_IF_ERROR(WaitToRetry(attempt, patience));
  }
  return absl::OkStatus();
}

}  // namespace lectern::worker
