// The tree of organizations and its maintainers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "api/domain/access.h"
#include "api/store/page.h"
#include "common/pg/pool.h"

namespace lectern::api {

struct OrganizationRow {
  int64_t id = 0;
  std::optional<int64_t> parent_id;       // absent: a root
  std::string display_name;
  int depth = 0;                          // 0: a root
  std::optional<int64_t> quota_bytes;     // of recordings, here and below
  absl::Time created_at;
  bool maintained = false;                // by the caller for whom it was read, who may be an administrator
  // Of itself, without what is below; only where it is maintained by that caller, and from the statements that change it.
  int64_t courses = 0;
  int64_t resources = 0;
};

struct OrganizationFilter {
  std::optional<int64_t> root;            // only it and its subtree
  bool maintained = false;                // only those that the caller maintains
};

struct MaintainerRow {
  int64_t user_id = 0;
  std::string email;
  std::string display_name;
  int64_t organization_id = 0;            // where the right was granted
};

// Thread-safe. One statement a call. A quota counts the recordings of the subtree. NOT_FOUND: reason ORGANIZATION_NOT_FOUND.
class OrganizationStore {
 public:
  explicit OrganizationStore(pg::Pool& pool) : pool_(pool) {}

  // Errors: kAlreadyExists/ORGANIZATION_EXISTS (same parent and display name), kFailedPrecondition/TREE_TOO_DEEP,
  // kNotFound/ORGANIZATION_NOT_FOUND (the parent), kInvalidArgument/BAD_ORGANIZATION.
  absl::StatusOr<OrganizationRow> Insert(std::optional<int64_t> parent_id, absl::string_view display_name);
  absl::StatusOr<OrganizationRow> Get(const Caller& caller, int64_t id) const;
  // Depth first: parents before children, siblings by display name. An unknown root is an empty list.
  absl::StatusOr<Page<OrganizationRow>> List(const Caller& caller, const OrganizationFilter& filter, const PageRequest& page) const;
  // Errors as Insert's.
  absl::StatusOr<OrganizationRow> Rename(int64_t id, absl::string_view display_name);
  // With its subtree. `parent_id` absent: becomes a root. Errors: kFailedPrecondition/TREE_CYCLE and as Insert's.
  absl::StatusOr<OrganizationRow> Move(int64_t id, std::optional<int64_t> parent_id);
  absl::StatusOr<OrganizationRow> SetQuota(int64_t id, std::optional<int64_t> quota_bytes);
  // Its history (removed recordings and resources, ended tasks) goes with it.
  // Errors: kFailedPrecondition/ORGANIZATION_NOT_EMPTY while it has children, courses, recordings, open tasks or resources.
  absl::Status Delete(int64_t id);

  // Itself first, then its parent, up to the root. Unknown: kNotFound.
  absl::StatusOr<std::vector<int64_t>> Ancestors(int64_t id) const;

  // Idempotent. Errors: kNotFound/ORGANIZATION_NOT_FOUND, kNotFound/USER_NOT_FOUND.
  absl::StatusOr<MaintainerRow> AddMaintainer(int64_t organization_id, int64_t user_id);
  // Errors: kNotFound/MAINTAINER_NOT_FOUND; an inherited right is removed where it was granted.
  absl::Status RemoveMaintainer(int64_t organization_id, int64_t user_id);
  // With the inherited ones: nearest grant first, then by e-mail address. A person may stand in it more than once.
  absl::StatusOr<Page<MaintainerRow>> ListMaintainers(int64_t organization_id, const PageRequest& page) const;

 private:
  pg::Pool& pool_;
};

}  // namespace lectern::api
