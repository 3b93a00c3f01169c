// What an administrator has set for the whole installation.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/pg/pool.h"

namespace lectern::api {

// Thread-safe. One statement a call.
class InstallationStore {
 public:
  explicit InstallationStore(pg::Pool& pool) : pool_(pool) {}

  // JSON (Installation); "{}" where nothing was set.
  absl::StatusOr<std::string> Get() const;
  // Replaces all of it.
  absl::Status Put(absl::string_view json);

 private:
  pg::Pool& pool_;
};

}  // namespace lectern::api
