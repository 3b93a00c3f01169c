// Who this resource is: its instance key, its name and its credential, kept in its state folder.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/file.h"
#include "common/link/link.h"

namespace lectern::link {

struct Identity {
  std::string name;         // resources/12
  std::string credential;   // secret
  bool fresh = false;       // joined just now
};

// The state folder, made with mode 0700 where it is absent, and locked for this process until the result is destroyed: two
// processes with one credential would throw each other off the link for ever. Errors: kFailedPrecondition.
absl::StatusOr<Fd> LockStateDir(const std::string& state_dir);

// The stored identity; without one, joins with the organization token. Files: `instance_key` (made once) and `credential` (name
// and secret, a line each), mode 0600. Blocks and repeats while no API instance can be reached. Errors: as Link::Start.
absl::StatusOr<Identity> LoadOrJoin(const LinkConfig& config);

// After the API said that the resource was removed: keeps the file under another name, so that the next start may join anew.
void RetireCredential(const std::string& state_dir);

}  // namespace lectern::link
