// What happened, for people who must account for it. Append-only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/store/page.h"
#include "common/pg/pool.h"

namespace lectern::api {

struct AuditEvent {
  std::string actor;                        // users/12, resources/3, system; empty: anonymous
  std::string action;                       // "CourseService.CreateCourse", "upload.rejected"
  std::string target;                       // name of the object
  std::optional<int64_t> organization_id;   // absent: of the installation; seen by administrators only
  std::string outcome;                      // "OK" or the status word
  std::string detail;                       // no secrets; cut at about 2000 bytes
};

struct AuditRow {
  int64_t id = 0;
  absl::Time at;
  AuditEvent event;
  std::string actor_name;   // display name of a person, host of a machine; empty: unknown by now
};

// Thread-safe. One statement a call.
class AuditStore {
 public:
  explicit AuditStore(pg::Pool& pool) : pool_(pool) {}

  absl::Status Insert(const AuditEvent& event);
  absl::Status Insert(pg::Session& session, const AuditEvent& event);
  // Newest first, of the organization and its subtree; absent: everything.
  absl::StatusOr<Page<AuditRow>> List(std::optional<int64_t> organization_id, const PageRequest& page) const;

 private:
  pg::Pool& pool_;
};

}  // namespace lectern::api
