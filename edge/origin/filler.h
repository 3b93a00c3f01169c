// Brings objects into the cache: one request to the origin for an object, however many ask for it. Includes Asio.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "edge/cache/disk_cache.h"
#include "edge/origin/fill.h"
#include "edge/origin/origin_client.h"

namespace lectern::edge {

struct FillRequest {
  std::string key;                                        // in the cache
  std::string path;                                       // at the origin: "<lecture>/<view>/<path>"
  std::string base_url;                                   // of the origin
  std::string token;                                      // the viewer's, in the path
  std::optional<CachedObject> known;                      // a version to be revalidated
  absl::Duration failing_for = absl::InfiniteDuration();  // where shorter than that of the options
};

struct FillerOptions {
  OriginOptions origin;
  absl::Duration missing_for = absl::Seconds(1);  // how long a 404 is believed
  absl::Duration failing_for = absl::Seconds(5);  // how long an origin that failed is not asked about a known object
  absl::Duration revalidation_timeout = absl::Seconds(2);  // after which a known version is good enough
  int attempts = 3;                                        // an answer that breaks off is continued where it stopped
  // Called once for each request to the origin with how long its head took. May be empty.
  std::function<void(absl::Duration)> on_origin_answer;
};

struct FillerCounters {
  int64_t requests = 0;  // sent to origins
  int64_t failures = 0;  // fills that failed for another reason than 404 and 403
  int64_t bytes_in = 0;  // of bodies
};

// Thread-safe. Work runs on the executor that Join is given and does not depend on any viewer's connection: when the
// one who asked first goes, the others lose nothing.
class Filler {
 public:
  Filler(DiskCache& cache, Clock& clock, FillerOptions options);

  // The fill of this object that is under way, or a new one.
  std::shared_ptr<Fill> Join(boost::asio::any_io_executor executor, FillRequest request);

  // What came of asking a moment ago, where that is still to be believed: kNotFound, or kUnavailable for an object of
  // which an old version is known, so that not every viewer waits for an origin that does not answer. Else kNone.
  FillFailure RecentFailure(absl::string_view key);

  FillerCounters counters() const;

  // Fails all fills, so that nobody waits any longer. Their transfers may still end by themselves.
  void FailAll();
  // Forgets all fills and idle connections. Call when nothing runs on the executors any more.
  void Shutdown();

 private:
  http::Awaitable<void> Lead(std::shared_ptr<Fill> fill, FillRequest request);
  http::Awaitable<FillFailure> Bring(Fill& fill, FillRequest request);
  http::Awaitable<absl::StatusOr<std::unique_ptr<OriginExchange>>> Ask(OriginRequest request);
  std::optional<FillFailure> TakeAnswer(const OriginHead& head, Fill& fill, const FillRequest& request);
  absl::StatusOr<std::unique_ptr<DiskCache::Writer>> StartBody(const OriginHead& head, Fill& fill, ObjectMeta& meta);
  http::Awaitable<absl::Status> Copy(OriginExchange& exchange, Fill& fill, DiskCache::Writer& writer, uint64_t skip,
                                     uint64_t whole);
  // Nobody joins this fill any more.
  void Leave(const std::string& key, const Fill& fill);
  void RememberFailure(const std::string& key, FillFailure failure, absl::Duration time);

  DiskCache& cache_;
  Clock& clock_;
  const FillerOptions options_;
  OriginClient client_;
  std::atomic<int64_t> requests_ = 0;
  std::atomic<int64_t> failures_ = 0;
  std::atomic<int64_t> bytes_in_ = 0;
  absl::Mutex mu_;
  absl::flat_hash_map<std::string, std::shared_ptr<Fill>> fills_ ABSL_GUARDED_BY(mu_);
  struct Failure {
    FillFailure failure;
    absl::Duration until;  // steady clock
  };
  absl::flat_hash_map<std::string, Failure> recent_ ABSL_GUARDED_BY(mu_);
};

}  // namespace lectern::edge
