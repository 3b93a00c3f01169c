#include "vod_service/http/gauges.h"

#include <algorithm>

#include "absl/synchronization/mutex.h"

namespace lectern::vod {

struct ServiceGauges::State {
  State(Metrics& metrics, Catalog& c, UploadService& u, http::Server& s)
      : catalog(c),
        uploads(u),
        server(s),
        open(metrics.Gauge("lectern_vod_open_uploads", "Uploads that miss bytes").Add({})),
        writing(metrics.Gauge("lectern_vod_writing_uploads", "Uploads that receive bytes now").Add({})),
        connections(metrics.Gauge("lectern_vod_connections", "Open connections of the public port").Add({})),
        bytes_out(metrics.Counter("lectern_vod_bytes_out_total", "Bytes sent on the public port").Add({})) {}

  void Refresh() {
    absl::MutexLock lock(&mu);
    if (ended) return;
    auto totals = catalog.GetOpenTotals();
    if (totals.ok()) open.Set(static_cast<double>(totals->count));
    writing.Set(static_cast<double>(uploads.writers().Held().size()));
    const http::ServerCounters counters = server.counters();
    connections.Set(static_cast<double>(counters.connections_open));
    bytes_out.Increment(std::max(0.0, static_cast<double>(counters.bytes_out) - bytes_out.Value()));
  }

  absl::Mutex mu;
  bool ended ABSL_GUARDED_BY(mu) = false;
  Catalog& catalog;
  UploadService& uploads;
  http::Server& server;
  prometheus::Gauge& open;
  prometheus::Gauge& writing;
  prometheus::Gauge& connections;
  prometheus::Counter& bytes_out;
};

ServiceGauges::ServiceGauges(Metrics& metrics, Catalog& catalog, UploadService& uploads, http::Server& server)
    : state_(std::make_shared<State>(metrics, catalog, uploads, server)) {
  metrics.BeforeCollect([state = state_] { state->Refresh(); });
}

ServiceGauges::~ServiceGauges() {
  absl::MutexLock lock(&state_->mu);
  state_->ended = true;
}

}  // namespace lectern::vod
