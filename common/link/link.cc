#include "common/link/link.h"

#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/link/agent.h"
#include "common/link/identity.h"
#include "common/link/journal.h"
#include "common/link/wire_text.h"
#include "common/rpc/rpc.h"

namespace lectern::link {
namespace {

constexpr size_t kMaxHostBytes = 255;

absl::Status Complete(LinkConfig& config) {
  if (config.api.empty()) return absl::InvalidArgumentError("--api is missing: HOST:PORT of one or more API instances");
  if (config.state_dir.empty()) return absl::InvalidArgumentError("--state_dir is missing: a folder for the credential");
  for (const std::string& address : config.api) {
    // Made only to hear what is wrong with the address or the CA file, before anything waits for the network.
    absl::Status usable = rpc::MakeChannel({{address}, config.api_ca_file, config.api_plaintext}).status();
    if (!usable.ok()) return absl::InvalidArgumentError(absl::StrCat("--api: ", usable.message()));
  }
  if (config.host.empty()) {
    char name[256] = "";
    gethostname(name, sizeof name - 1);
    config.host = name;
  }
  config.host = WireText(config.host, kMaxHostBytes);
  if (config.disk_dir.empty()) config.disk_dir = config.state_dir;
  return absl::OkStatus();
}

}  // namespace

void DefineLinkFlags(Flags& flags, LinkConfig& config) {
  flags.Strings("api", &config.api, "Addresses HOST:PORT of one or more API instances, separated by commas");
  flags.String("api_ca", &config.api_ca_file, "PEM file of the authorities that vouch for the API; turns TLS on");
  flags.Bool("api_plaintext", &config.api_plaintext, "Allow no TLS to an API on another machine");
  flags.String("state_dir", &config.state_dir, "Folder of the credential and of outcomes that wait to be recorded");
  flags.String("public_url", &config.public_url, "Where others reach this program over HTTP");
  flags.String("host_name", &config.host, "Shown in lists of resources; empty: the machine's");
  flags.Secret("LECTERN_TOKEN", &config.organization_token, "organization token, to join with at the first start");
}

absl::StatusOr<std::unique_ptr<Link>> Link::Start(LinkConfig config, LinkHandlers handlers, Metrics& metrics) {
  rpc::RouteLogs();
  RETURN_IF_ERROR(Complete(config));
  ASSIGN_OR_RETURN(Fd lock, LockStateDir(config.state_dir));
  ASSIGN_OR_RETURN(Journal journal, Journal::Open(config.state_dir + "/outcomes"));
  ASSIGN_OR_RETURN(Identity identity, LoadOrJoin(config));
  config.organization_token.clear();
  // Outcomes of another resource's jobs are nobody's.
  if (identity.fresh) journal.Clear();
  return std::make_unique<Agent>(std::move(config), std::move(identity), std::move(lock), std::move(journal),
                                 std::move(handlers), RealClock(), metrics);
}

}  // namespace lectern::link
