#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "api/control/shared.h"

namespace lectern::api {
namespace {

constexpr int kClasses = 5;

std::string ClassLabel(int job_class) { return absl::StrCat(job_class); }

// Bounds what a resource's words could do to the number of series.
std::string KnownOutcome(const std::string& outcome) {
  for (const char* word : {"done", "failed", "lost", "rejected", "not_accepted", "cancelled", "stalled", "overdue", "fenced",
                           "leg_failed", "moved"}) {
    if (outcome == word) return outcome;
  }
  return "other";
}

}  // namespace

ControlMetrics::ControlMetrics(Metrics& metrics)
    : attempts_(metrics.Counter("lectern_api_job_attempts_total", "Attempts of jobs that ended, by kind and outcome")),
      start_(metrics.Histogram("lectern_api_job_start_seconds", "From when a job was ready until a resource had it")),
      depth_(metrics.Gauge("lectern_api_queue_jobs", "Jobs that wait for a resource, by class")),
      oldest_(metrics.Gauge("lectern_api_queue_oldest_seconds", "Age of the oldest job that waits for a resource, by class")),
      slots_(metrics.Gauge("lectern_api_slots", "Slots of resources that are alive, used and free")),
      leader_(metrics.Gauge("lectern_api_leader", "1 where this instance places jobs").Add({})),
      streams_(metrics.Gauge("lectern_api_link_streams", "Resources attached to this instance").Add({})),
      lost_(metrics.Counter("lectern_api_sessions_lost_total", "Sessions of resources that were given up, by cause")),
      live_streams_(metrics.Gauge("lectern_api_live_streams", "Live streams, by state; at the leader")),
      live_failovers_(metrics.Counter("lectern_api_live_failovers_total",
                                      "Changes of a live stream's worker that nobody asked for").Add({})),
      live_late_(metrics.Counter("lectern_api_live_starts_late_total",
                                 "Lecture halls that went live later than their lecture").Add({})),
      live_acquire_(metrics.Histogram("lectern_api_live_acquire_seconds", "From a proxy's question for a worker to the answer")) {}

void ControlMetrics::CountAttempt(const std::string& kind, const std::string& outcome) {
  attempts_.Add({{"kind", kind}, {"outcome", KnownOutcome(outcome)}}).Increment();
}

void ControlMetrics::ObserveStart(int job_class, absl::Duration waited) {
  start_.Add({{"class", ClassLabel(job_class)}}, LatencyBuckets()).Observe(absl::ToDoubleSeconds(waited));
}

void ControlMetrics::SetDepths(const std::vector<QueueDepth>& depths) {
  std::map<int, QueueDepth> by_class;
  for (const QueueDepth& depth : depths) by_class[depth.job_class] = depth;
  for (int job_class = 0; job_class < kClasses; ++job_class) {
    depth_.Add({{"class", ClassLabel(job_class)}}).Set(static_cast<double>(by_class[job_class].ready));
    oldest_.Add({{"class", ClassLabel(job_class)}}).Set(absl::ToDoubleSeconds(by_class[job_class].oldest));
  }
}

void ControlMetrics::SetSlots(int used, int free) {
  slots_.Add({{"state", "used"}}).Set(used);
  slots_.Add({{"state", "free"}}).Set(free);
}

void ControlMetrics::SetLeader(bool leader) { leader_.Set(leader ? 1 : 0); }

void ControlMetrics::SetStreams(int streams) { streams_.Set(streams); }

void ControlMetrics::SetLiveStreams(const std::map<std::string, int64_t>& by_state) {
  for (const char* state : {"starting", "live", "interrupted", "ending"}) {
    const auto found = by_state.find(state);
    live_streams_.Add({{"state", state}}).Set(found == by_state.end() ? 0 : static_cast<double>(found->second));
  }
}

void ControlMetrics::CountFailover() { live_failovers_.Increment(); }

void ControlMetrics::CountLateStart() { live_late_.Increment(); }

void ControlMetrics::ObserveAcquire(absl::Duration took, bool placed) {
  live_acquire_.Add({{"placed", placed ? "yes" : "no"}}, LatencyBuckets()).Observe(absl::ToDoubleSeconds(took));
}

void ControlMetrics::CountLost(const std::string& why) { lost_.Add({{"cause", why}}).Increment(); }

}  // namespace lectern::api
