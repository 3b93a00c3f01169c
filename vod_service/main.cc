// lectern-vod: receives recordings and what is on air, packages and keeps them, and is the origin for edges.
#include <atomic>
#include <memory>

#include "absl/strings/str_cat.h"
#include "common/app/app.h"
#include "common/base/status.h"
#include "common/exec/periodic_loop.h"
#include "common/link/link.h"
#include "common/log/log.h"
#include "lectern/v1/link.pb.h"
#include "vod_service/http/gauges.h"
#include "vod_service/http/router.h"
#include "vod_service/jobs/job_runner.h"
#include "vod_service/retention/sweeper.h"
#include "vod_service/upload/upload_reporter.h"

namespace lectern::vod {
namespace {

struct Config {
  std::string listen = "127.0.0.1";
  int64_t port = 8090;
  std::string data_dir = "/var/lib/lectern-vod";
  int64_t threads = 2;
  int64_t io_pool = 16;
  absl::Duration replace_retention = absl::Hours(24);
  UploadLimits limits;
  link::LinkConfig link;
};

constexpr absl::Duration kSweepInterval = absl::Seconds(30);
constexpr absl::Duration kOrphanInterval = absl::Hours(1);
constexpr absl::Duration kOrphanAge = absl::Hours(1);
constexpr absl::Duration kStopGrace = absl::Seconds(10);
constexpr size_t kMaxQueued = 20'000;

void DefineFlags(Flags& flags, Config& config) {
  config.link.kind = link::Kind::kVodService;
  config.link.slots = 2;
  config.link.capabilities = {"package", "finalise"};
  flags.String("listen", &config.listen, "Address of the public port");
  flags.Int("port", &config.port, "Public port: uploads, job files, playback (0: the kernel chooses)");
  flags.String("data_dir", &config.data_dir, "Folder of the catalog and the media");
  flags.Bytes("min_free_bytes", &config.limits.min_free_bytes, "Free space of the disk that uploads never take");
  flags.Bytes("max_upload_bytes", &config.limits.max_upload_bytes, "Largest file");
  flags.Int("max_open_uploads", &config.limits.max_open_uploads, "Uploads that may be open at once");
  flags.Duration("upload_expiry", &config.limits.expiry, "An upload without a byte for so long is given up");
  flags.Duration("replace_retention", &config.replace_retention, "How long a replaced recording is kept");
  flags.Int("threads", &config.threads, "Threads of the public port");
  flags.Int("io_pool", &config.io_pool, "Threads that wait for the disk");
  flags.Int("slots", &config.link.slots, "Jobs at once");
  link::DefineLinkFlags(flags, config.link);
}

absl::Status Check(const Config& config) {
  if (config.port < 0 || config.port > 65535) return absl::InvalidArgumentError("--port must be 0 to 65535");
  if (config.threads < 1 || config.io_pool < 1)
    return absl::InvalidArgumentError("--threads and --io_pool must be at least 1");
  if (config.data_dir.empty()) return absl::InvalidArgumentError("--data_dir is needed");
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<http::Server>> StartServer(const Config& config, Router& router) {
  http::ServerOptions options;
  options.address = config.listen;
  options.port = static_cast<uint16_t>(config.port);
  options.threads = static_cast<int>(config.threads);
  options.fast = [&router](const http::RequestHead& head) { return router.HandleFast(head); };
  return http::Server::Start(std::move(options), [&router](const http::RequestHead& head, http::BodyReader& body) {
    return router.Handle(head, body);
  });
}

absl::Status Serve(App& app, Config& config) {
  RETURN_IF_ERROR(Check(config));
  Clock& clock = RealClock();
  ASSIGN_OR_RETURN(std::unique_ptr<Catalog> catalog, Catalog::Open(config.data_dir));
  ASSIGN_OR_RETURN(std::unique_ptr<BlobStore> blobs, OpenLocalBlobStore(config.data_dir + "/store"));
  Access access(clock, config.data_dir + "/directory.pb");
  RETURN_IF_ERROR(access.Load());
  UploadService uploads(*catalog, *blobs, clock, config.limits);
  RETURN_IF_ERROR(uploads.Recover());
  Publisher publisher(*catalog, *blobs, clock, config.replace_retention);
  RETURN_IF_ERROR(publisher.WritePending());
  LiveLibrary live(*catalog, *blobs, clock, {.retention = config.replace_retention});
  RETURN_IF_ERROR(live.Load());
  Sweeper sweeper(*catalog, *blobs, uploads, clock);
  sweeper.CleanPackages();
  JobRunner runner(*catalog, *blobs, uploads, live, publisher, app.metrics());

  std::atomic<link::Link*> link_now = nullptr;
  UploadReporter reporter(uploads, [&link_now](const v1::UploadEvent& event) {
    if (link::Link* link = link_now.load()) link->SendUploadEvent(event);
  });
  uploads.SetOnEnded([&reporter] { reporter.Wake(); });
  absl::Time next_orphans = absl::InfinitePast();
  PeriodicLoop sweeping("sweep", kSweepInterval, [&] {
    sweeper.Run();
    if (clock.Now() < next_orphans) return;
    sweeper.SweepOrphans(kOrphanAge);
    next_orphans = clock.Now() + kOrphanInterval;
  });
  runner.SetOnSweep([&sweeping] { sweeping.Wake(); });
  sweeping.Wake();

  ThreadPool pool("vod-disk", static_cast<size_t>(config.io_pool), kMaxQueued);
  UploadHandler upload_handler(uploads, access, pool, clock, app.metrics(), {.public_url = config.link.public_url});
  JobHandler job_handler(*catalog, *blobs, access, pool, clock, {.min_free_bytes = config.limits.min_free_bytes});
  LiveHandler live_handler(live, *blobs, access, pool, clock, app.metrics(), {});
  PlaybackHandler playback_handler(*blobs, live, access);
  DownloadHandler download_handler(*blobs, access);
  Router router(upload_handler, job_handler, live_handler, playback_handler, download_handler, app.metrics());
  ASSIGN_OR_RETURN(std::unique_ptr<http::Server> server, StartServer(config, router));
  ServiceGauges gauges(app.metrics(), *catalog, uploads, live, *server);

  if (config.link.public_url.empty())
    config.link.public_url = absl::StrCat("http://", config.listen, ":", server->port());
  config.link.disk_dir = config.data_dir;
  if (config.link.state_dir.empty()) config.link.state_dir = config.data_dir + "/link";
  link::LinkHandlers handlers;
  handlers.run = [&runner](const v1::Assign& assign, link::JobContext& context) { return runner.Run(assign, context); };
  handlers.on_directory = [&access](const v1::Directory& directory) { access.SetDirectory(directory); };
  handlers.on_upload_recorded = [&reporter](const v1::UploadRecorded& recorded) {
    reporter.Recorded(recorded.upload_id());
  };
  handlers.on_attached = [&reporter] { reporter.Wake(); };
  ASSIGN_OR_RETURN(std::unique_ptr<link::Link> link,
                   link::Link::Start(config.link, std::move(handlers), app.metrics()));
  access.SetResource(link->resource_id());
  link_now = link.get();
  PeriodicLoop readiness("ready", absl::Seconds(1), [&] { app.SetReady(link->NotReadyReason()); });
  log::Info("serving", {{"address", config.listen}, {"port", server->port()}});
  app.WaitForStop();

  readiness.Stop();
  app.SetReady("draining");
  // Uploads go on elsewhere or later: what they sent is synced now, and their clients resume.
  uploads.writers().Close();
  link->Drain(app.drain_timeout());
  link_now = nullptr;
  reporter.Stop();
  server->Stop(kStopGrace);
  sweeping.Stop();
  pool.Stop();
  return absl::OkStatus();
}

}  // namespace
}  // namespace lectern::vod

int main(int argc, char** argv) {
  lectern::App app("lectern-vod", "Receives recordings, makes them playable, and keeps them.");
  lectern::vod::Config config;
  lectern::vod::DefineFlags(app.flags(), config);
  return app.Run(argc, argv, [&] { return lectern::vod::Serve(app, config); });
}
