// lectern-api: the central service. Any number of instances run over one PostgreSQL.

#include <algorithm>
#include <cstdio>
#include <memory>

#include "absl/strings/str_cat.h"
#include "api/calls/authenticator.h"
#include "api/calls/grpc_server.h"
#include "api/calls/invoker.h"
#include "api/calls/key_ring.h"
#include "api/calls/statement_metrics.h"
#include "api/control/control.h"
#include "api/gateway/gateway.h"
#include "api/openapi/document.h"
#include "api/services/administration.h"
#include "api/services/installation.h"
#include "api/services/services.h"
#include "api/store/key_store.h"
#include "common/app/app.h"
#include "common/base/status.h"
#include "common/exec/periodic_loop.h"
#include "common/exec/thread_pool.h"
#include "common/log/log.h"
#include "common/pg/pool.h"
#include "flags.h"

namespace lectern::api {
namespace {

constexpr size_t kMaxQueuedCalls = 1024;

absl::Status PrintOpenApi() {
  std::fputs(OpenApiDocument(Version()).c_str(), stdout);
  return absl::OkStatus();
}

absl::Status Migrate(const ApiConfig& config) {
  ASSIGN_OR_RETURN(int applied, pg::Migrate(config.database_url, config.migrations_dir));
  std::printf("%d migrations applied\n", applied);
  return absl::OkStatus();
}

absl::Status CreateAdmin(const ApiConfig& config) {
  pg::Pool pool({.url = config.database_url, .connections = 1});
  UserStore users(pool);
  ASSIGN_OR_RETURN(std::string done, CreateFirstAdministrator(users, config.create_admin, config.admin_password));
  std::printf("%s\n", done.c_str());
  return absl::OkStatus();
}

ControlKeys KeysForControl(const KeyRing& keys, Clock& clock) {
  ControlKeys result;
  result.verify_resource = [&](absl::string_view token) {
    return keys.Verify(token, Audience::kResource, clock.Now());
  };
  result.sign_job = [&](const Claims& claims) -> absl::StatusOr<std::string> {
    return keys.Sign(Audience::kJob, claims);
  };
  result.public_keys = [&]() -> absl::StatusOr<std::vector<PublicKey>> { return keys.MediaKeys(); };
  result.ingest_key = [&](int64_t job, int64_t epoch) { return keys.IngestKey(job, epoch); };
  result.unseal = [&](absl::string_view sealed) { return keys.Unseal(sealed); };
  return result;
}

absl::Status Serve(App& app, const ApiConfig& config) {
  Clock& clock = RealClock();
  RETURN_IF_ERROR(CheckPublicAddresses(config.public_rtmp_url, config.public_grpc_endpoint));
  ASSIGN_OR_RETURN(std::string master_key, LoadMasterKey(config.master_key_file, config.create_master_key));
  pg::Pool pool({.url = config.database_url,
                 .connections = static_cast<int>(config.db_connections),
                 .observe = StatementObserver(app.metrics())});
  Stores stores(pool);
  KeyStore key_store(pool);
  ASSIGN_OR_RETURN(std::unique_ptr<KeyRing> keys, KeyRing::Load(key_store, master_key));
  Authenticator authenticator(*keys, stores.sessions, stores.resources, clock);
  RateLimiter limiter(config.rate_limit, static_cast<double>(config.rate_burst), clock);
  RateLimiter by_address(config.address_rate_limit, static_cast<double>(config.address_rate_burst), clock);
  std::unique_ptr<Control> control =
      Control::Create(config.control, KeysForControl(*keys, clock), pool, app.metrics(), clock);
  Viewers viewers(stores.viewers, config.control.instance, clock);
  Registry registry;
  AddServices(registry, {pool, stores, *keys, authenticator, control->hints(), control->live(), clock,
                         config.control.suspect_after, config.live_early, config.live_late,
                         config.control.live_grace, config.public_rtmp_url, config.public_grpc_endpoint, &viewers,
                         config.public_url});
  Invoker invoker({registry, authenticator, stores.access, stores.audit, limiter, app.metrics(), clock, &by_address});
  ThreadPool calls("calls", static_cast<size_t>(config.db_connections), kMaxQueuedCalls);

  RETURN_IF_ERROR(control->Start());
  ASSIGN_OR_RETURN(std::unique_ptr<GrpcServer> server,
                   GrpcServer::Start(config.grpc, registry, invoker, calls, {&control->service()}));
  std::unique_ptr<Gateway> gateway;
  if (!config.gateway.listen.empty()) {
    GatewayOptions options = config.gateway;
    options.openapi = OpenApiDocument(Version());
    ASSIGN_OR_RETURN(gateway, Gateway::Start(options, registry, invoker, calls));
    log::Info("serving JSON and pages", {{"listen", config.gateway.listen}, {"port", gateway->port()}});
  }
  // Reading the keys again shows at the same time whether the database answers.
  PeriodicLoop refresh("keys", absl::Seconds(5), [&] {
    absl::Status status = keys->Refresh();
    app.SetReady(status.ok() ? "" : absl::StrCat("signing keys cannot be read: ", status.message()));
  });
  PeriodicLoop sweep("sweep", absl::Minutes(10), [&] { Sweep(stores.sessions, stores.revocations, stores.viewers); });
  PeriodicLoop counting("viewers", absl::Seconds(5), [&] { viewers.Flush(); });
  log::Info("serving gRPC",
            {{"instance", config.control.instance}, {"listen", config.grpc.listen}, {"port", server->port()}});
  app.SetReady("");

  app.WaitForStop();
  refresh.Stop();
  app.SetReady("draining");
  server->StopServing();
  control->Drain(app.drain_timeout() / 2);
  if (gateway) gateway->Stop(absl::Seconds(1));
  server->Shutdown(app.drain_timeout() / 2);
  // A call that waits for the database longer than the gateway waited for it still needs the gateway's threads' context.
  calls.Stop();
  control->Stop();
  return absl::OkStatus();
}

absl::Status Run(App& app, ApiConfig& config) {
  if (config.print_openapi) return PrintOpenApi();
  RETURN_IF_ERROR(Complete(config));
  if (config.migrate) return Migrate(config);
  if (!config.create_admin.empty()) return CreateAdmin(config);
  if (config.master_key_file.empty()) return absl::InvalidArgumentError("give --master_key_file");
  return Serve(app, config);
}

}  // namespace
}  // namespace lectern::api

int main(int argc, char** argv) {
  lectern::App app("lectern-api", "Knows people, courses and resources, and schedules jobs.");
  lectern::api::ApiConfig config;
  lectern::api::DefineFlags(app.flags(), config);
  return app.Run(argc, argv, [&] { return lectern::api::Run(app, config); });
}
