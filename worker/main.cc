// lectern-worker: takes jobs over the link and runs FFmpeg for them.

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
#include "worker/runner/health.h"
#include "worker/runner/runner.h"
#include "worker/runner/scratch.h"
#include "worker/runner/self_test.h"
#include "worker/steps/source_proxy.h"
#include "worker/steps/step.h"

namespace lectern::worker {
namespace {

constexpr int64_t kMaxSlots = 256;
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
};

void DefineFlags(Flags& flags, WorkerConfig& config) {
  link::DefineLinkFlags(flags, config.link);
  flags.Int("slots", &config.slots, "Jobs at once");
  flags.String("scratch_dir", &config.scratch_dir, "Folder for files of running jobs; empty: scratch in --state_dir");
  flags.Bytes("scratch_bytes", &config.scratch_bytes, "What all running jobs together may write there");
  flags.Bytes("scratch_min_free", &config.scratch_min_free, "With less than this left on its disk no work is taken");
  flags.String("ffmpeg_dir", &config.ffmpeg_dir, "Folder of the programs ffmpeg and ffprobe; empty: found in PATH");
}

absl::Status Complete(WorkerConfig& config) {
  if (config.slots < 1 || config.slots > kMaxSlots) {
    return absl::InvalidArgumentError(absl::StrCat("--slots must be 1 to ", kMaxSlots));
  }
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
  Runner runner(RunStep, *sources, *scratch, threads, RealClock(), app.metrics());

  link::LinkHandlers handlers;
  handlers.run = [&runner](const v1::Assign& assign, link::JobContext& context) { return runner.Run(assign, context); };
  absl::StatusOr<std::unique_ptr<link::Link>> link = link::Link::Start(config.link, handlers, app.metrics());
  if (absl::IsCancelled(link.status())) return absl::OkStatus();
  RETURN_IF_ERROR(link.status());

  Health health({[&] { return SelfTest(scratch->directory()); }, [&] { return scratch->free_bytes(); }}, config.scratch_min_free,
                RealClock());
  PeriodicLoop health_loop("health", kHealthInterval, [&] {
    Fitness fitness = health.Check();
    (*link)->SetSlots(fitness.fit ? static_cast<int>(config.slots) : 0, 0, fitness.reason);
    std::string link_reason = (*link)->NotReadyReason();
    app.SetReady(fitness.fit ? link_reason : fitness.reason);
  });
  app.WaitForStop();
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
