#include "rtmp_proxy/sessions/sessions_metrics.h"

#include <algorithm>
#include <utility>

namespace lectern::proxy {
namespace {

// A stream that ended and came again counts from 0 anew.
void Add(prometheus::Counter& counter, int64_t now, int64_t& before) {
  counter.Increment(static_cast<double>(now >= before ? now - before : now));
  before = now;
}

}  // namespace

SessionsMetrics::SessionsMetrics(Metrics& metrics)
    : publishers_(metrics.Gauge("lectern_rtmp_proxy_publishers", "Connected publishers").Add({})),
      held_(metrics.Gauge("lectern_rtmp_proxy_held_publishers", "Publishers whose stream the API has not named yet").Add({})),
      streams_(metrics.Gauge("lectern_rtmp_proxy_streams", "Live streams here, with and without a publisher").Add({})),
      without_worker_(metrics.Gauge("lectern_rtmp_proxy_streams_without_worker", "Streams that no worker takes").Add({})),
      bitrate_(metrics.Gauge("lectern_rtmp_proxy_ingest_bits_per_second", "Received from all publishers").Add({})),
      pending_(metrics.Gauge("lectern_rtmp_proxy_pending_bytes", "Media that is kept since it is not stored yet").Add({})),
      failovers_(metrics.Counter("lectern_rtmp_proxy_failovers_total", "Changes of worker").Add({})),
      dropped_frames_(metrics.Counter("lectern_rtmp_proxy_dropped_frames_total", "Frames lost: ring and spool were full").Add({})),
      received_bytes_(metrics.Counter("lectern_rtmp_proxy_received_bytes_total", "Media received from publishers").Add({})) {}

void SessionsMetrics::Set(const SessionsCounts& counts, const std::vector<StreamHealth>& streams) {
  absl::MutexLock lock(&mu_);
  publishers_.Set(counts.publishers);
  held_.Set(counts.held);
  streams_.Set(counts.streams);
  double bitrate = 0, pending = 0, without = 0;
  std::map<std::string, Counted> counted;
  for (const StreamHealth& stream : streams) {
    bitrate += static_cast<double>(stream.publishing ? stream.relay.bitrate_bps : 0);
    pending += static_cast<double>(stream.relay.pending_bytes);
    without += stream.relay.epoch == 0 ? 1 : 0;
    Counted& sofar = counted[stream.stream] = counted_[stream.stream];
    Add(failovers_, stream.relay.failovers, sofar.failovers);
    Add(dropped_frames_, stream.relay.dropped_frames, sofar.dropped_frames);
    Add(received_bytes_, stream.relay.received_bytes, sofar.received_bytes);
  }
  counted_ = std::move(counted);
  bitrate_.Set(bitrate);
  pending_.Set(pending);
  without_worker_.Set(without);
}

}  // namespace lectern::proxy
