// What the parts of the control room share.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <map>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "api/control/control.h"
#include "api/store/asset_store.h"
#include "api/store/audit_store.h"
#include "api/store/job_store.h"
#include "api/store/leader_store.h"
#include "api/store/lecture_store.h"
#include "api/store/link_store.h"
#include "api/store/live_store.h"
#include "api/store/resource_store.h"
#include "api/store/revocation_store.h"
#include "common/base/clock.h"
#include "common/exec/thread_pool.h"
#include "common/metrics/metrics.h"
#include "common/pg/pool.h"

namespace lectern::api {

// Thread-safe.
class ControlMetrics {
 public:
  explicit ControlMetrics(Metrics& metrics);

  void CountAttempt(const std::string& kind, const std::string& outcome);
  void ObserveStart(int job_class, absl::Duration waited);
  void SetDepths(const std::vector<QueueDepth>& depths);
  void SetSlots(int used, int free);
  void SetLeader(bool leader);
  void SetStreams(int streams);
  void CountLost(const std::string& why);
  void SetLiveStreams(const std::map<std::string, int64_t>& by_state);
  void CountFailover();
  void CountLateStart();
  void ObserveAcquire(absl::Duration took, bool placed);

 private:
  prometheus::Family<prometheus::Counter>& attempts_;
  prometheus::Family<prometheus::Histogram>& start_;
  prometheus::Family<prometheus::Gauge>& depth_;
  prometheus::Family<prometheus::Gauge>& oldest_;
  prometheus::Family<prometheus::Gauge>& slots_;
  prometheus::Gauge& leader_;
  prometheus::Gauge& streams_;
  prometheus::Family<prometheus::Counter>& lost_;
  prometheus::Family<prometheus::Gauge>& live_streams_;
  prometheus::Counter& live_failovers_;
  prometheus::Counter& live_late_;
  prometheus::Family<prometheus::Histogram>& live_acquire_;
};

struct Shared {
  Shared(ControlConfig config, ControlKeys keys, pg::Pool& pool, Metrics& metrics, Clock& clock)
      : config(std::move(config)), keys(std::move(keys)), pool(pool), clock(clock), metrics(metrics) {}

  LinkTimes link_times() const { return {config.suspect_after, config.lost_after, config.reconnect_grace}; }

  const ControlConfig config;
  const ControlKeys keys;
  pg::Pool& pool;
  Clock& clock;
  ControlMetrics metrics;
  JobStore jobs{pool};
  LinkStore links{pool};
  LiveStore live{pool};
  LeaderStore leaders{pool};
  AssetStore assets{pool};
  LectureStore lectures{pool};
  ResourceStore resources{pool};
  AuditStore audit{pool};
  RevocationStore revocations{pool};
  Hints hints;
};

}  // namespace lectern::api
