#include "edge/http/edge_metrics.h"

#include <memory>
#include <string>

namespace lectern::edge {
namespace {

// A counter that follows a total kept elsewhere.
struct Follower {
  prometheus::Counter* counter;
  int64_t EdgeFigures::*figure;
  int64_t seen = 0;
};

}  // namespace

EdgeMetrics::EdgeMetrics(Metrics& metrics, std::function<std::optional<EdgeFigures>()> figures) {
  auto& requests = metrics.Counter("lectern_edge_requests_total", "Requests by status code");
  prometheus::Counter& other = requests.Add({{"code", "other"}});
  requests_.fill(&other);
  for (int code : {200, 204, 206, 304, 401, 403, 404, 405, 412, 416, 502, 503, 504}) {
    requests_[static_cast<size_t>(code)] = &requests.Add({{"code", std::to_string(code)}});
  }
  auto& uses = metrics.Counter("lectern_edge_cache_total", "Answered requests for media by how the cache served them");
  const char* words[] = {"hit", "miss", "revalidated", "stale"};
  for (size_t i = 0; i < uses_.size(); ++i) uses_[i] = &uses.Add({{"result", words[i]}});
  origin_latency_ = &metrics.Histogram("lectern_edge_origin_seconds", "Time until an origin's answer begins")
                         .Add({}, LatencyBuckets());

  auto counter = [&metrics](const char* name, const char* help) { return &metrics.Counter(name, help).Add({}); };
  auto gauge = [&metrics](const char* name, const char* help) { return &metrics.Gauge(name, help).Add({}); };
  auto followers = std::make_shared<std::vector<Follower>>();
  *followers = {
      {counter("lectern_edge_sent_bytes_total", "Bytes sent to viewers"), &EdgeFigures::bytes_out},
      {counter("lectern_edge_received_bytes_total", "Bytes of bodies from origins"), &EdgeFigures::bytes_in},
      {counter("lectern_edge_origin_requests_total", "Requests to origins"), &EdgeFigures::origin_requests},
      {counter("lectern_edge_origin_failures_total", "Objects that no origin could give"),
       &EdgeFigures::origin_failures},
  };
  auto* connections = gauge("lectern_edge_connections", "Open connections of viewers");
  auto* cache_bytes = gauge("lectern_edge_cache_bytes", "Bytes of the cache in use");
  auto* cache_objects = gauge("lectern_edge_cache_objects", "Objects in the cache");
  metrics.BeforeCollect([=] {
    std::optional<EdgeFigures> now = figures();
    if (!now) return;
    for (Follower& follower : *followers) {
      int64_t value = (*now).*follower.figure;
      follower.counter->Increment(static_cast<double>(value - follower.seen));
      follower.seen = value;
    }
    connections->Set(static_cast<double>(now->connections));
    cache_bytes->Set(static_cast<double>(now->cache_bytes));
    cache_objects->Set(static_cast<double>(now->cache_objects));
  });
}

void EdgeMetrics::CountRequest(int status) {
  requests_[status >= 0 && status < 600 ? static_cast<size_t>(status) : 0]->Increment();
}

void EdgeMetrics::ObserveOrigin(absl::Duration latency) {
  origin_latency_->Observe(absl::ToDoubleSeconds(latency));
}

}  // namespace lectern::edge
