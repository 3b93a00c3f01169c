// lectern-edge: serves lectures to viewers from a disk cache in front of the VOD services.
#include <algorithm>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/app/app.h"
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/link/link.h"
#include "common/log/log.h"
#include "edge/http/edge_server.h"
#include "edge/playback/directory.h"
#include "lectern/v1/link.pb.h"

namespace lectern::edge {
namespace {

struct Config {
  EdgeOptions edge;
  int64_t port = 0;
  int64_t threads = 0;
  link::LinkConfig link;
};

void DefineFlags(Flags& flags, Config& config) {
  flags.String("listen", &config.edge.listen, "Address to serve viewers on");
  flags.Int("port", &config.port, "Port to serve viewers on; 0: the kernel chooses");
  flags.String("cache_dir", &config.edge.cache_dir, "Folder of the cache");
  flags.Bytes("cache_bytes", &config.edge.cache_bytes, "Size that the cache may have on disk");
  flags.String("upstream", &config.edge.upstream, "Base URL of an edge to stand behind; empty: ask the VOD services");
  flags.Int("threads", &config.threads, "Threads that serve; 0: one a core");
  link::DefineLinkFlags(flags, config.link);
}

absl::Status Check(Config& config) {
  if (config.edge.cache_dir.empty()) return absl::InvalidArgumentError("--cache_dir is missing");
  if (config.link.state_dir.empty()) return absl::InvalidArgumentError("--state_dir is missing");
  if (config.link.public_url.empty() && (config.edge.listen == "0.0.0.0" || config.edge.listen == "::")) {
    return absl::InvalidArgumentError("--public_url is missing: viewers cannot reach a wildcard address");
  }
  if (config.port < 0 || config.port > 65535) return absl::InvalidArgumentError("--port must be 0 to 65535");
  if (config.threads < 0 || config.threads > 256) return absl::InvalidArgumentError("--threads must be 0 to 256");
  if (config.edge.cache_bytes < 64 << 20) return absl::InvalidArgumentError("--cache_bytes must be at least 64M");
  if (!config.edge.upstream.empty() && !absl::StartsWith(config.edge.upstream, "http://")) {
    return absl::InvalidArgumentError("--upstream must begin with http://");
  }
  config.edge.port = static_cast<uint16_t>(config.port);
  int64_t cores = std::max(1u, std::thread::hardware_concurrency());
  config.edge.threads = static_cast<int>(config.threads == 0 ? cores : config.threads);
  config.link.kind = link::Kind::kEdge;
  config.link.disk_dir = config.edge.cache_dir;
  return absl::OkStatus();
}

// What the API said last, from before a restart: good enough to serve with until it says more.
void TakeSavedDirectory(const std::string& file, EdgeServer& server) {
  absl::StatusOr<Directory> saved = LoadDirectory(file, RealClock().Now());
  if (saved.ok()) {
    server.SetDirectory(*saved);
  } else if (!absl::IsNotFound(saved.status())) {
    log::Warn("saved directory not used", {{"error", saved.status().message()}});
  }
}

absl::Status Serve(App& app, Config& config) {
  RETURN_IF_ERROR(Check(config));
  RETURN_IF_ERROR(MakeDirectories(config.link.state_dir, 0700));
  ASSIGN_OR_RETURN(std::unique_ptr<EdgeServer> server, EdgeServer::Start(config.edge, RealClock(), app.metrics()));
  if (config.link.public_url.empty()) {
    config.link.public_url = absl::StrCat("http://", config.edge.listen, ":", server->port());
  }
  log::Info("serving viewers", {{"port", static_cast<int>(server->port())}, {"public_url", config.link.public_url}});
  std::string directory_file = config.link.state_dir + "/directory";
  TakeSavedDirectory(directory_file, *server);
  auto update_ready = [&] { app.SetReady(server->has_keys() ? "" : "no keys to check playback tokens with yet"); };
  update_ready();

  link::LinkHandlers handlers;
  handlers.on_directory = [&](const v1::Directory& message) {
    server->SetDirectory(ReadDirectory(message, RealClock().Now()));
    absl::Status saved = SaveDirectory(directory_file, message);
    if (!saved.ok()) log::Error("directory not saved", {{"error", saved.message()}});
    update_ready();
  };
  ASSIGN_OR_RETURN(std::unique_ptr<link::Link> link, link::Link::Start(config.link, handlers, app.metrics()));
  app.WaitForStop();
  app.SetReady("stopping");
  link->Drain(absl::ZeroDuration());
  server->Stop(app.drain_timeout());
  return absl::OkStatus();
}

}  // namespace
}  // namespace lectern::edge

int main(int argc, char** argv) {
  lectern::App app("lectern-edge", "Serves lectures to viewers from a cache in front of the VOD services.");
  lectern::edge::Config config;
  lectern::edge::DefineFlags(app.flags(), config);
  return app.Run(argc, argv, [&] { return lectern::edge::Serve(app, config); });
}
