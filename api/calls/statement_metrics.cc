#include "api/calls/statement_metrics.h"

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"

namespace lectern::api {
namespace {

class Observer {
 public:
  explicit Observer(Metrics& metrics)
      : seconds_(metrics.Histogram("lectern_api_statement_seconds", "Duration of database statements by name")),
        errors_(metrics.Counter("lectern_api_statement_errors_total", "Failed database statements by name")) {}

  void Observe(absl::string_view name, absl::Duration took, bool ok) {
    Series series = Find(name);
    series.seconds->Observe(absl::ToDoubleSeconds(took));
    if (!ok) series.errors->Increment();
  }

 private:
  struct Series {
    prometheus::Histogram* seconds = nullptr;
    prometheus::Counter* errors = nullptr;
  };

  // The family hashes labels with each look-up, so the series are remembered here.
  Series Find(absl::string_view name) {
    absl::MutexLock lock(&mu_);
    Series& series = series_[name];
    if (series.seconds == nullptr) {
      const std::map<std::string, std::string> labels{{"statement", std::string(name)}};
      series = {&seconds_.Add(labels, LatencyBuckets()), &errors_.Add(labels)};
    }
    return series;
  }

  prometheus::Family<prometheus::Histogram>& seconds_;
  prometheus::Family<prometheus::Counter>& errors_;
  absl::Mutex mu_;
  absl::flat_hash_map<std::string, Series> series_ ABSL_GUARDED_BY(mu_);
};

}  // namespace

std::function<void(absl::string_view, absl::Duration, bool)> StatementObserver(Metrics& metrics) {
  auto observer = std::make_shared<Observer>(metrics);
  return [observer](absl::string_view name, absl::Duration took, bool ok) { observer->Observe(name, took, ok); };
}

}  // namespace lectern::api
