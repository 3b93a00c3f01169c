// lectern-worker: takes jobs and live streams over the link and runs FFmpeg for them.

#include <algorithm>
#include <stop_token>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/app/app.h"
#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/exec/periodic_loop.h"
#include "common/link/link.h"
#include "flags.h"
#include "lectern/v1/link.pb.h"
#include "worker/ingest/live_jobs.h"
#include "worker/live/pipeline.h"
#include "worker/runner/health.h"
#include "worker/runner/runner.h"
#include "worker/runner/scratch.h"
#include "worker/runner/self_test.h"
#include "worker/steps/source_proxy.h"
#include "worker/steps/step.h"

namespace lectern::worker {
namespace {

constexpr char kLive[] = "live";
constexpr absl::Duration kHealthInterval = absl::Milliseconds(500);
// To stop what still runs, and to say so, within --drain_timeout.
constexpr absl::Duration kStopTime = absl::Seconds(8);

// Asks for a stop of whatever waits when the process is told to stop, as long as it lives.
class StopWatch {
 public:
  explicit StopWatch(App& app) : app_(app), thread_([this] {
    app_.WaitForStop();
    source_.request_stop();
  }) {}
  ~StopWatch() {
    app_.RequestStop();
    thread_.join();
  }
  std::stop_token token() const { return source_.get_token(); }

 private:
  App& app_;
  std::stop_source source_;
  std::thread thread_;
};

// Where proxies publish.
std::string PublicUrl(const WorkerConfig& config, uint16_t port) {
  if (!config.rtmp_public_url.empty()) return config.rtmp_public_url;
  bool v6 = absl::StrContains(config.live.rtmp_address, ':');
  return absl::StrCat(v6 ? "rtmp://[" : "rtmp://", config.live.rtmp_address, v6 ? "]:" : ":", port);
}

absl::Status Serve(App& app, WorkerConfig config) {
  RETURN_IF_ERROR(Complete(config));
  StopWatch stop(app);
  config.link.stop = stop.token();
  ASSIGN_OR_RETURN(std::unique_ptr<Scratch> scratch, Scratch::Open(config.scratch_dir, config.scratch_bytes));
  // Without FFmpeg the worker still attaches, so that people see it and why it takes no work.
  config.link.capabilities = FindCapabilities().value_or(std::vector<std::string>());
  ASSIGN_OR_RETURN(std::unique_ptr<SourceProxy> sources, SourceProxy::Start());
  int threads = static_cast<int>(std::max<int64_t>(1, Cores() / config.slots));
  ASSIGN_OR_RETURN(std::unique_ptr<LiveJobs> live, LiveJobs::Start(config.live, Pipeline::Create, RealClock(), app.metrics()));
  if (live->rtmp_port() != 0) {
    config.link.capabilities.push_back(kLive);
    config.link.public_url = PublicUrl(config, live->rtmp_port());
  }
  const int live_slots = live->rtmp_port() == 0 ? 0 : static_cast<int>(config.live_slots);
  auto step = [&live](const v1::Assign& assign, StepEnvironment& environment, link::JobContext& context) {
    if (assign.spec().has_live_ingest()) return live->Run(assign, environment.scratch_dir, context);
    return RunStep(assign, environment, context);
  };
  Runner runner(step, *sources, *scratch, threads, RealClock(), app.metrics());

  link::LinkHandlers handlers;
  handlers.run = [&runner](const v1::Assign& assign, link::JobContext& context) { return runner.Run(assign, context); };
  absl::StatusOr<std::unique_ptr<link::Link>> link = link::Link::Start(config.link, handlers, app.metrics());
  if (absl::IsCancelled(link.status())) return absl::OkStatus();
  RETURN_IF_ERROR(link.status());
  live->SetReporter([to = link->get()](const v1::LiveReport& report) { to->SendLiveReport(report); });

  Health health({[&] { return SelfTest(scratch->directory()); }, [&] { return scratch->free_bytes(); }}, config.scratch_min_free,
                RealClock());
  PeriodicLoop health_loop("health", kHealthInterval, [&] {
    Fitness fitness = health.Check();
    (*link)->SetSlots(fitness.fit ? static_cast<int>(config.slots) : 0, fitness.fit ? live_slots : 0, fitness.reason);
    std::string link_reason = (*link)->NotReadyReason();
    app.SetReady(fitness.fit ? link_reason : fitness.reason);
  });
  app.WaitForStop();
  live->Hurry();
  (*link)->Drain(std::max(app.drain_timeout() / 2, app.drain_timeout() - kStopTime));
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  App app("lectern-worker", "Runs the media jobs of an organization: probing, transcoding, pictures, loudness, silence.");
  WorkerConfig config;
  DefineFlags(app.flags(), config);
  return app.Run(argc, argv, [&] { return Serve(app, config); });
}

}  // namespace
}  // namespace lectern::worker

int main(int argc, char** argv) { return lectern::worker::Main(argc, argv); }
