#include "worker/ingest/live_jobs.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "common/log/log.h"
#include "lectern/v1/link.pb.h"
#include "worker/ingest/look.h"
#include "worker/ingest/vod_live.h"

namespace lectern::worker {
namespace {

constexpr char kApp[] = "ingest";
// A proxy and this worker hear of a lease from different instances of the API.
constexpr absl::Duration kAssignmentPatience = absl::Seconds(1);
constexpr absl::Duration kIdleWait = absl::Seconds(1);
// Looks may take this share of their thread's time; with many streams they become rarer.
constexpr double kLookShare = 0.25;

struct IngestName {
  int64_t job = 0;
  int64_t epoch = 0;
};

// "JOB-EPOCH"
std::optional<IngestName> ParseIngestName(absl::string_view name) {
  std::vector<absl::string_view> parts = absl::StrSplit(name, '-');
  if (parts.size() != 2) return std::nullopt;
  std::optional<uint64_t> job = ParseDigits(parts[0]), epoch = ParseDigits(parts[1]);
  if (!job || !epoch) return std::nullopt;
  return IngestName{static_cast<int64_t>(*job), static_cast<int64_t>(*epoch)};
}

// The first "key=" of a query.
absl::string_view KeyIn(absl::string_view query) {
  for (absl::string_view part : absl::StrSplit(query, '&')) {
    if (absl::ConsumePrefix(&part, "key=")) return part;
  }
  return "";
}

}  // namespace

LiveJobs::LiveJobs(LiveConfig config, PipelineFactory create_pipeline, Clock& clock, Metrics& metrics)
    : config_(std::move(config)), clock_(clock), metrics_(metrics), budget_(config_.spool_bytes),
      services_{.create_pipeline = std::move(create_pipeline), .budget = budget_, .metrics = metrics_, .clock = clock_} {
  services_.report = [this](const v1::LiveReport& report) {
    std::function<void(const v1::LiveReport&)> target;
    {
      absl::MutexLock lock(&mu_);
      target = report_;
    }
    if (target) target(report);
  };
  services_.hurry = [this] { return hurry_.load(); };
  services_.max_renditions = static_cast<int>(config_.max_renditions);
  services_.threads = config_.threads;
}

absl::StatusOr<std::unique_ptr<LiveJobs>> LiveJobs::Start(LiveConfig config, PipelineFactory create_pipeline, Clock& clock,
                                                          Metrics& metrics) {
  std::unique_ptr<LiveJobs> jobs(new LiveJobs(std::move(config), std::move(create_pipeline), clock, metrics));
  LiveJobs* self = jobs.get();
  if (!jobs->config_.rtmp_address.empty()) {
    rtmp::ServerOptions options;
    options.address = jobs->config_.rtmp_address;
    options.port = static_cast<uint16_t>(jobs->config_.rtmp_port);
    options.max_connections = jobs->config_.max_connections;
    rtmp::ServerHandlers handlers;
    handlers.authorize = [self](const rtmp::PublishRequest& request) { return self->Authorize(request); };
    handlers.serve = [self](const rtmp::PublishRequest& request, rtmp::PublisherConnection& connection) {
      self->Serve(request, connection);
    };
    ASSIGN_OR_RETURN(jobs->server_, rtmp::Server::Start(std::move(options), std::move(handlers)));
  }
  jobs->looks_ = std::thread([self] { self->LookLoop(); });
  return jobs;
}

LiveJobs::~LiveJobs() {
  {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
  }
  server_.reset();
  if (looks_.joinable()) looks_.join();
}

void LiveJobs::SetReporter(std::function<void(const v1::LiveReport&)> report) {
  absl::MutexLock lock(&mu_);
  report_ = std::move(report);
}

link::Outcome LiveJobs::Run(const v1::Assign& assign, const std::string& scratch_dir, link::JobContext& context) {
  auto job = std::make_shared<LiveJob>(assign, scratch_dir, services_);
  {
    absl::MutexLock lock(&mu_);
    jobs_[{job->job(), job->epoch()}] = job;
    metrics_.streams.Set(static_cast<double>(jobs_.size()));
  }
  log::Info("live stream begins", {{"job", job->job()}, {"epoch", job->epoch()}, {"pull", assign.spec().live_ingest().pull()}});
  link::Outcome outcome = job->Run(context);
  absl::MutexLock lock(&mu_);
  jobs_.erase({job->job(), job->epoch()});
  metrics_.streams.Set(static_cast<double>(jobs_.size()));
  return outcome;
}

absl::StatusOr<std::shared_ptr<LiveJob>> LiveJobs::Find(const rtmp::PublishRequest& request, absl::Duration patience) {
  std::optional<IngestName> name = ParseIngestName(request.name);
  if (request.app != kApp || !name) return absl::PermissionDeniedError("there is nothing to publish to here");
  std::shared_ptr<LiveJob> job;
  {
    absl::MutexLock lock(&mu_);
    auto known = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
      auto found = jobs_.find({name->job, name->epoch});
      job = found == jobs_.end() ? nullptr : found->second;
      return job != nullptr || stopping_;
    };
    mu_.AwaitWithTimeout(absl::Condition(&known), patience);
  }
  // One answer for both, so that nobody learns which streams there are.
  if (job == nullptr || !job->Admits(KeyIn(request.query))) {
    return absl::PermissionDeniedError("this worker does not have that stream, or the key is wrong");
  }
  return job;
}

absl::StatusOr<rtmp::Feedback> LiveJobs::Authorize(const rtmp::PublishRequest& request) {
  absl::StatusOr<std::shared_ptr<LiveJob>> job = Find(request, kAssignmentPatience);
  if (!job.ok()) {
    // The server logs it.
    return job.status();
  }
  return (*job)->intake().Greeting();
}

void LiveJobs::Serve(const rtmp::PublishRequest& request, rtmp::PublisherConnection& connection) {
  absl::StatusOr<std::shared_ptr<LiveJob>> job = Find(request, absl::ZeroDuration());
  if (!job.ok()) return;
  log::Info("a proxy publishes", {{"job", (*job)->job()}, {"epoch", (*job)->epoch()}, {"peer", request.peer}});
  (*job)->intake().Serve(connection);
}

std::shared_ptr<LiveJob> LiveJobs::NextLook(absl::Duration& wait) {
  absl::MutexLock lock(&mu_);
  std::shared_ptr<LiveJob> next;
  absl::Duration due = absl::InfiniteDuration();
  for (const auto& [key, job] : jobs_) {
    if (job->next_look() >= due) continue;
    due = job->next_look();
    next = job;
  }
  wait = std::clamp(due - clock_.Steady(), absl::ZeroDuration(), kIdleWait);
  return due <= clock_.Steady() ? next : nullptr;
}

void LiveJobs::LookLoop() {
  while (true) {
    absl::Duration wait;
    std::shared_ptr<LiveJob> job = NextLook(wait);
    if (job != nullptr) {
      absl::Duration started = clock_.Steady();
      LookAt(*job);
      wait = (clock_.Steady() - started) * (1 / kLookShare - 1);
      job.reset();
    }
    absl::MutexLock lock(&mu_);
    if (mu_.AwaitWithTimeout(absl::Condition(&stopping_), wait)) return;
  }
}

void LiveJobs::LookAt(LiveJob& job) {
  std::string sample;
  bool video = false, audio = false;
  if (!job.Peek(sample, video, audio)) {
    return job.SetLook(absl::NotFoundError("nothing to see"), clock_.Steady() + kIdleWait);
  }
  absl::StatusOr<Look> look = TakeLook(sample, video, audio, job.scratch_dir());
  if (!look.ok()) {
    metrics_.CountFailure("look");
    log::Warn("no look at a live stream", {{"job", job.job()}, {"error", look.status().ToString()}});
  } else if (!look->jpeg.empty()) {
    VodLive vod(job.vod(), [this] {
      absl::MutexLock lock(&mu_);
      return stopping_;
    });
    absl::Status put = vod.PutPreview(look->jpeg);
    if (!put.ok()) log::Warn("a preview was not stored", {{"job", job.job()}, {"error", put.ToString()}});
  }
  job.SetLook(look, clock_.Steady() + config_.preview_interval);
}

}  // namespace lectern::worker
