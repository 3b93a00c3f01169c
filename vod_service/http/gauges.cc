#include "vod_service/http/gauges.h"

#include <algorithm>

#include "absl/synchronization/mutex.h"

namespace lectern::vod {

struct ServiceGauges::State {
  State(Metrics& metrics, Catalog& c, UploadService& u, LiveLibrary& l, http::Server& s)
      : catalog(c),
        uploads(u),
        live(l),
        server(s),
        open(metrics.Gauge("lectern_vod_open_uploads", "Uploads that miss bytes").Add({})),
        writing(metrics.Gauge("lectern_vod_writing_uploads", "Uploads that receive bytes now").Add({})),
        connections(metrics.Gauge("lectern_vod_connections", "Open connections of the public port").Add({})),
        live_streams(metrics.Gauge("lectern_vod_live_streams", "Recordings that are on air").Add({})),
        live_sets(metrics.Counter("lectern_vod_live_sets_total", "Sets of live segments that were stored").Add({})),
        live_gaps(metrics.Counter("lectern_vod_live_gap_seconds_total", "Holes in what was on air").Add({})),
        bytes_out(metrics.Counter("lectern_vod_bytes_out_total", "Bytes sent on the public port").Add({})) {}

  void Refresh() {
    absl::MutexLock lock(&mu);
    if (ended) return;
    auto totals = catalog.GetOpenTotals();
    if (totals.ok()) open.Set(static_cast<double>(totals->count));
    writing.Set(static_cast<double>(uploads.writers().Held().size()));
    const LiveFigures figures = live.figures();
    live_streams.Set(static_cast<double>(figures.streams));
    live_sets.Increment(std::max(0.0, static_cast<double>(figures.sets) - live_sets.Value()));
    live_gaps.Increment(std::max(0.0, figures.gap_seconds - live_gaps.Value()));
    const http::ServerCounters counters = server.counters();
    connections.Set(static_cast<double>(counters.connections_open));
    bytes_out.Increment(std::max(0.0, static_cast<double>(counters.bytes_out) - bytes_out.Value()));
  }

  absl::Mutex mu;
  bool ended ABSL_GUARDED_BY(mu) = false;
  Catalog& catalog;
  UploadService& uploads;
  LiveLibrary& live;
  http::Server& server;
  prometheus::Gauge& open;
  prometheus::Gauge& writing;
  prometheus::Gauge& connections;
  prometheus::Gauge& live_streams;
  prometheus::Counter& live_sets;
  prometheus::Counter& live_gaps;
  prometheus::Counter& bytes_out;
};

ServiceGauges::ServiceGauges(Metrics& metrics, Catalog& catalog, UploadService& uploads, LiveLibrary& live,
                             http::Server& server)
    : state_(std::make_shared<State>(metrics, catalog, uploads, live, server)) {
  metrics.BeforeCollect([state = state_] { state->Refresh(); });
}

ServiceGauges::~ServiceGauges() {
  absl::MutexLock lock(&state_->mu);
  state_->ended = true;
}

}  // namespace lectern::vod
