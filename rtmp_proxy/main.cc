// lectern-rtmp-proxy: takes lecturers' streams in and hands each to the worker that ingests it, whatever happens to that worker.
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/app/app.h"
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/exec/periodic_loop.h"
#include "common/link/link.h"
#include "common/log/log.h"
#include "rtmp_proxy/front/front.h"
#include "rtmp_proxy/sessions/live_api.h"
#include "rtmp_proxy/sessions/sessions.h"

namespace lectern::proxy {
namespace {

constexpr absl::Duration kReadyInterval = absl::Milliseconds(500);

struct Config {
  FrontOptions front;
  SessionsOptions sessions;
  int64_t rtmp_port = 1935;
  int64_t ring_bytes = 32 << 20;
  link::LinkConfig link;
};

void DefineFlags(Flags& flags, Config& config) {
  flags.String("listen", &config.front.listen, "Address that encoders connect to");
  flags.Int("rtmp_port", &config.rtmp_port, "Port that encoders connect to; 0: a free one, the same at each start");
  flags.Bytes("ring_bytes", &config.ring_bytes, "Media that is kept in memory for each stream");
  flags.Bytes("spool_bytes", &config.sessions.spool_bytes, "Disk for the media of all streams that no worker takes");
  flags.String("nginx", &config.front.nginx, "The nginx program; its RTMP module must be installed");
  link::DefineLinkFlags(flags, config.link);
}

absl::Status Check(Config& config) {
  if (config.link.state_dir.empty()) return absl::InvalidArgumentError("--state_dir is missing");
  if (config.rtmp_port < 0 || config.rtmp_port > 65535) return absl::InvalidArgumentError("--rtmp_port must be 0 to 65535");
  if (config.ring_bytes < 4 << 20) return absl::InvalidArgumentError("--ring_bytes must be at least 4M");
  if (config.sessions.spool_bytes < 0) return absl::InvalidArgumentError("--spool_bytes must not be negative");
  bool wildcard = config.front.listen == "0.0.0.0" || config.front.listen == "::";
  if (config.link.public_url.empty() && wildcard) {
    return absl::InvalidArgumentError("--public_url is missing: encoders cannot connect to a wildcard address");
  }
  if (!config.link.public_url.empty() && !absl::StartsWith(config.link.public_url, "rtmp://")) {
    return absl::InvalidArgumentError("--public_url must begin with rtmp://, as in rtmp://HOST:1935/live");
  }
  config.front.port = static_cast<uint16_t>(config.rtmp_port);
  config.front.state_dir = config.link.state_dir;
  config.sessions.state_dir = config.link.state_dir;
  config.sessions.ring_bytes = static_cast<size_t>(config.ring_bytes);
  config.link.kind = link::Kind::kRtmpProxy;
  if (config.link.public_url.empty() && config.rtmp_port != 0) {
    config.link.public_url = absl::StrCat("rtmp://", config.front.listen, ":", config.rtmp_port, "/live");
  }
  return absl::OkStatus();
}

std::string NotReadyReason(const Front& front, const link::Link& link) {
  std::string reason = front.NotReadyReason();
  return reason.empty() ? link.NotReadyReason() : reason;
}

absl::Status Serve(App& app, Config& config) {
  RETURN_IF_ERROR(Check(config));
  RETURN_IF_ERROR(MakeDirectories(config.link.state_dir, 0700));
  // First, since it locks the state folder: nobody else may touch the front that runs there.
  ASSIGN_OR_RETURN(std::unique_ptr<link::Link> link, link::Link::Start(config.link, {}, app.metrics()));
  LiveApiOptions api_options{config.link.api, config.link.api_ca_file, config.link.api_plaintext, link->credential()};
  ASSIGN_OR_RETURN(std::unique_ptr<LiveApi> api, LiveApi::Connect(api_options, RealClock()));
  TokenBook tokens(config.link.state_dir + "/tokens", RealClock());
  std::unique_ptr<Sessions> sessions = Sessions::Create(config.sessions, *api, tokens, RealClock(), app.metrics());
  ASSIGN_OR_RETURN(std::unique_ptr<Front> front,
                   Front::Start(config.front, sessions->Handlers(), tokens, RealClock(), app.metrics()));
  sessions->Run(*front);
  log::Info("taking streams in", {{"address", config.front.listen}, {"port", static_cast<int>(front->port())}});

  PeriodicLoop ready("ready", kReadyInterval, [&] { app.SetReady(NotReadyReason(*front, *link)); });
  app.WaitForStop();
  ready.Stop();
  app.SetReady("stopping");
  front->Close();
  sessions->Drain(app.drain_timeout());
  front.reset();
  link->Drain(absl::ZeroDuration());
  return absl::OkStatus();
}

}  // namespace
}  // namespace lectern::proxy

int main(int argc, char** argv) {
  lectern::App app("lectern-rtmp-proxy", "Takes lecturers' streams in and hands each to the worker that ingests it.");
  lectern::proxy::Config config;
  lectern::proxy::DefineFlags(app.flags(), config);
  return app.Run(argc, argv, [&] { return lectern::proxy::Serve(app, config); });
}
