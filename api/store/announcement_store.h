// What everybody is told on every page.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "api/store/page.h"
#include "common/pg/pool.h"

namespace lectern::api {

struct AnnouncementRow {
  int64_t id = 0;
  std::string text;
  std::string level;                        // "info", "warning"
  absl::Time starts_at;
  std::optional<absl::Time> ends_at;        // absent: until it is deleted
};

struct NewAnnouncement {
  std::string text;
  std::string level = "info";
  std::optional<absl::Time> starts_at;      // absent: now, by the database's clock
  std::optional<absl::Time> ends_at;
};

// Thread-safe. One statement a call. NOT_FOUND has the reason ANNOUNCEMENT_NOT_FOUND.
class AnnouncementStore {
 public:
  explicit AnnouncementStore(pg::Pool& pool) : pool_(pool) {}

  // Errors: kInvalidArgument/BAD_ANNOUNCEMENT where the end is not after the start or the text is not 1 to 1000 characters long.
  absl::StatusOr<AnnouncementRow> Insert(const NewAnnouncement& announcement);
  absl::Status Delete(int64_t id);
  // All of them, newest first.
  absl::StatusOr<Page<AnnouncementRow>> List(const PageRequest& page) const;
  // Those that are to be shown now: warnings first, then newest first; at most `limit`.
  absl::StatusOr<std::vector<AnnouncementRow>> ListCurrent(int limit = 10) const;

 private:
  pg::Pool& pool_;
};

}  // namespace lectern::api
