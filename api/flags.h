// Configuration of lectern-api.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/calls/grpc_server.h"
#include "api/control/control.h"
#include "api/gateway/gateway.h"
#include "common/config/flags.h"

namespace lectern::api {

struct ApiConfig {
  GrpcServerOptions grpc;
  ControlConfig control;
  GatewayOptions gateway;  // empty `listen`: no pages
  std::string database_url;
  std::string database_url_file;
  int64_t db_connections = 12;
  bool migrate = false;
  bool print_openapi = false;
  std::string migrations_dir = "migrations";
  std::string master_key_file;
  bool create_master_key = false;
  std::string create_admin;  // e-mail address
  std::string admin_password;
  double rate_limit = 200;  // calls a second and caller; 0: none
  int64_t rate_burst = 1000;
  double address_rate_limit = 4000;   // the same for all callers of one address: a campus may come from one
  int64_t address_rate_burst = 20000;
  absl::Duration live_early = absl::Minutes(15);   // an encoder's lecture is due from so long before its start
  absl::Duration live_late = absl::Minutes(15);    // until so long after its end
  std::string public_rtmp_url;                     // shown to people where the administrators have set none
  std::string public_grpc_endpoint;
  std::string public_url;                          // of the pages, for links in calendars; empty: these have none
};

void DefineFlags(Flags& flags, ApiConfig& config);

// Fills what is derived: the database's URL from its file, the instance's name. Errors: kInvalidArgument.
absl::Status Complete(ApiConfig& config);

}  // namespace lectern::api
