// lectern-worker: takes jobs and live streams over the link and runs FFmpeg for them.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <stop_token>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/app/app.h"
#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/exec/periodic_loop.h"
#include "common/link/link.h"
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

constexpr int64_t kMaxSlots = 256, kMaxLiveSlots = 500, kMaxRenditions = 4;
constexpr char kLive[] = "live";
constexpr absl::Duration kHealthInterval = absl::Milliseconds(500);
// To stop what still runs, and to say so, within --drain_timeout.
constexpr absl::Duration kStopTime = absl::Seconds(8);

int64_t Cores() { return std::max<int64_t>(1, std::thread::hardware_concurrency()); }

struct WorkerConfig {
  link::LinkConfig link;
  int64_t slots = std::max<int64_t>(1, Cores() / 2);
  std::string scratch_dir;
  int64_t scratch_bytes = int64_t{40} << 30;
  int64_t scratch_min_free = int64_t{512} << 20;
  std::string ffmpeg_dir;
  LiveConfig live;
  int64_t live_slots = 2 * Cores();
  std::string rtmp_public_url;
};

void DefineFlags(Flags& flags, WorkerConfig& config) {
  link::DefineLinkFlags(flags, config.link);
  flags.Int("slots", &config.slots, "Jobs at once");
  flags.String("scratch_dir", &config.scratch_dir, "Folder for files of running jobs; empty: scratch in --state_dir");
  flags.Bytes("scratch_bytes", &config.scratch_bytes, "What all running jobs together may write there");
  flags.Bytes("scratch_min_free", &config.scratch_min_free, "With less than this left on its disk no work is taken");
  flags.String("ffmpeg_dir", &config.ffmpeg_dir, "Folder of the programs ffmpeg and ffprobe; empty: found in PATH");
  flags.String("rtmp_listen", &config.live.rtmp_address, "Address at which proxies publish live streams; empty: takes none");
  flags.Int("rtmp_port", &config.live.rtmp_port, "Port there; 0: the kernel chooses");
  flags.String("rtmp_public_url", &config.rtmp_public_url, "rtmp://HOST:PORT at which proxies reach it; empty: the address and port");
  flags.Int("live_slots", &config.live_slots, "Live streams at once, beside the jobs");
  flags.Int("live_renditions", &config.live.max_renditions, "Encoded pictures of a live stream beside its best one");
  flags.Bytes("live_spool_bytes", &config.live.spool_bytes, "Segments of all live streams that may wait for their VOD services");
  flags.Duration("live_preview_interval", &config.live.preview_interval, "Between two pictures of a live stream for its page");
}

absl::Status CheckLive(const WorkerConfig& config) {
  if (config.live_slots < 0 || config.live_slots > kMaxLiveSlots) {
    return absl::InvalidArgumentError(absl::StrCat("--live_slots must be 0 to ", kMaxLiveSlots));
  }
  if (config.live.max_renditions < 0 || config.live.max_renditions > kMaxRenditions) {
    return absl::InvalidArgumentError(absl::StrCat("--live_renditions must be 0 to ", kMaxRenditions));
  }
  if (config.live.rtmp_port < 0 || config.live.rtmp_port > 65535) return absl::InvalidArgumentError("--rtmp_port must be 0 to 65535");
  if (config.live.spool_bytes <= 0) return absl::InvalidArgumentError("--live_spool_bytes must be positive");
  if (config.live.preview_interval < absl::Seconds(1)) return absl::InvalidArgumentError("--live_preview_interval must be 1s or more");
  return absl::OkStatus();
}

absl::Status Complete(WorkerConfig& config) {
  if (config.slots < 1 || config.slots > kMaxSlots) {
    return absl::InvalidArgumentError(absl::StrCat("--slots must be 1 to ", kMaxSlots));
  }
  RETURN_IF_ERROR(CheckLive(config));
  if (config.link.state_dir.empty()) return absl::InvalidArgumentError("--state_dir is missing: a folder for the credential");
  if (config.scratch_dir.empty()) config.scratch_dir = config.link.state_dir + "/scratch";
  if (!config.ffmpeg_dir.empty()) {
    if (!std::filesystem::exists(config.ffmpeg_dir + "/ffmpeg")) {
      return absl::InvalidArgumentError(absl::StrCat("--ffmpeg_dir: there is no ffmpeg in ", config.ffmpeg_dir));
    }
    // Child processes are looked up in PATH; no other thread reads the environment yet.
    const char* path = std::getenv("PATH");
    setenv("PATH", absl::StrCat(config.ffmpeg_dir, ":", path != nullptr ? path : "/usr/bin:/bin").c_str(), 1);
  }
  config.link.disk_dir = config.scratch_dir;
  // Nothing is offered before the self-test.
  config.link.slots = 0;
  return absl::OkStatus();
}

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
    config.link.public_url = config.rtmp_public_url.empty()
                                 ? absl::StrCat("rtmp://", config.live.rtmp_address, ":", live->rtmp_port())
                                 : config.rtmp_public_url;
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
