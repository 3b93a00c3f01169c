#include "flags.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "api/calls/key_ring.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/text.h"

namespace lectern::api {

void DefineFlags(Flags& flags, ApiConfig& config) {
  config.grpc.listen = "127.0.0.1:7000";
  flags.String("grpc_listen", &config.grpc.listen, "HOST:PORT for gRPC; port 0: the kernel chooses");
  flags.String("tls_cert", &config.grpc.tls_cert_file, "PEM certificate chain for gRPC");
  flags.String("tls_key", &config.grpc.tls_key_file, "PEM key for gRPC");
  flags.Bool("allow_plaintext", &config.grpc.allow_plaintext, "Serve other machines without TLS (behind a TLS proxy)");
  flags.String("gateway_listen", &config.gateway.listen, "HOST:PORT for the web pages and the JSON API; empty: none");
  flags.String("trusted_proxies", &config.gateway.trusted_proxies,
               "Addresses and networks, with commas, whose X-Forwarded-For and X-Forwarded-Proto are believed besides loopback");
  config.gateway.web_dir = "api/web/dist";
  flags.String("web_dir", &config.gateway.web_dir, "Folder of the built web pages");
  flags.String("database_url", &config.database_url, "libpq URL of the database");
  flags.String("database_url_file", &config.database_url_file, "File that holds the database's URL");
  flags.Int("db_connections", &config.db_connections, "Connections to the database, and threads that answer calls");
  flags.Bool("print_openapi", &config.print_openapi, "Print the OpenAPI description of the HTTP API, then exit");
  flags.Bool("migrate", &config.migrate, "Bring the database's schema up to date, then exit");
  flags.String("migrations_dir", &config.migrations_dir, "Folder of the schema's migrations");
  flags.String("master_key_file", &config.master_key_file, "File with the key that seals the signing keys");
  flags.Bool("create_master_key", &config.create_master_key, "Create the master key file where it does not exist");
  flags.String("create_admin", &config.create_admin,
               "E-mail address of the first administrator; created where there is none yet, then exit");
  flags.Secret("LECTERN_ADMIN_PASSWORD", &config.admin_password, "Password for --create_admin");
  flags.Double("rate_limit", &config.rate_limit, "Calls a second that one caller may make on average; 0: no limit");
  flags.Int("rate_burst", &config.rate_burst, "Calls that one caller may make at once after a pause");
  flags.Double("address_rate_limit", &config.address_rate_limit, "Calls a second from one address on average; 0: no limit");
  flags.Int("address_rate_burst", &config.address_rate_burst, "Calls from one address at once after a pause");
  flags.String("instance", &config.control.instance, "Name of this instance; empty: a random one");
  flags.Duration("beat_interval", &config.control.beat_interval, "How often resources send a beat");
  flags.Duration("lease", &config.control.lease, "How long a resource may publish after a beat that was answered");
  flags.Duration("suspect_after", &config.control.suspect_after, "Silence after which a resource gets no new work");
  flags.Duration("lost_after", &config.control.lost_after, "Silence after which a resource is lost");
  flags.Duration("reconnect_grace", &config.control.reconnect_grace,
                 "Time for a resource whose stream broke to come back");
  flags.Duration("accept_timeout", &config.control.accept_timeout, "Time for a resource to accept a job");
  flags.Duration("live_early", &config.live_early, "How long before its start a lecture takes an encoder");
  flags.Duration("live_late", &config.live_late, "How long after its end a lecture takes an encoder");
  flags.String("public_url", &config.public_url, "Address of the web pages, for links in calendars: https://lectern.example.org");
  flags.String("public_rtmp_url", &config.public_rtmp_url,
               "Server that lecturers type into their encoder, unless the administrators have set one");
  flags.String("public_grpc_endpoint", &config.public_grpc_endpoint,
               "HOST:PORT of gRPC as resources reach it, unless the administrators have set one");
  flags.Duration("live_grace", &config.control.live_grace, "Time for an encoder to come back until its lecture ends");
}

absl::Status Complete(ApiConfig& config) {
  if (!config.database_url_file.empty()) {
    ASSIGN_OR_RETURN(std::string url, ReadFile(config.database_url_file, 4096));
    config.database_url = std::string(absl::StripAsciiWhitespace(url));
  }
  if (config.database_url.empty()) return absl::InvalidArgumentError("give --database_url or --database_url_file");
  if (config.db_connections < 2 || config.db_connections > 500) {
    return absl::InvalidArgumentError(absl::StrCat("--db_connections=", config.db_connections, " must be 2 to 500"));
  }
  if (config.rate_limit < 0 || config.rate_burst < 1 || config.address_rate_limit < 0 || config.address_rate_burst < 1) {
    return absl::InvalidArgumentError("rate limits must not be negative, and bursts at least 1");
  }
  if (config.live_early < absl::ZeroDuration() || config.live_late < absl::ZeroDuration() ||
      config.control.live_grace < absl::Seconds(1)) {
    return absl::InvalidArgumentError("--live_early and --live_late must not be negative and --live_grace at least 1s");
  }
  config.control.playback_lifetime = MaxLifetime(Audience::kPlayback);
  if (config.control.instance.empty()) config.control.instance = RandomHex(8);
  config.control.address = config.grpc.listen;
  config.control.database_url = config.database_url;
  return absl::OkStatus();
}

}  // namespace lectern::api
