// Lecture halls and their sources.
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

struct HallSourceRow {
  std::string view;             // "comb", "cam", "pres"
  std::string shown_url;        // without user and password
};

struct HallRow {
  int64_t id = 0;
  int64_t organization_id = 0;
  std::string display_name;
  std::vector<HallSourceRow> sources;   // comb, cam, pres
  absl::Time created_at;
};

// Thread-safe. NOT_FOUND has the reason HALL_NOT_FOUND; removed halls are not found. Get and List are one statement; Insert and
// SetSource are one more.
class HallStore {
 public:
  explicit HallStore(pg::Pool& pool) : pool_(pool) {}

  // Errors: kNotFound/ORGANIZATION_NOT_FOUND, kAlreadyExists/HALL_EXISTS, kInvalidArgument/BAD_HALL.
  absl::StatusOr<HallRow> Insert(int64_t organization_id, absl::string_view display_name);
  absl::StatusOr<HallRow> Get(int64_t id) const;
  // Of the organization and those above it (absent: all), by name.
  absl::StatusOr<Page<HallRow>> List(std::optional<int64_t> organization_id, const PageRequest& page) const;
  // Empty `sealed_url`: none any more.
  absl::StatusOr<HallRow> SetSource(int64_t id, absl::string_view view, absl::string_view sealed_url, absl::string_view shown_url);
  // Lectures that have not begun yet lose it.
  absl::Status Delete(int64_t id);

  // Whether lectures of the course can take place there: it belongs to the course's organization or to one above.
  absl::StatusOr<bool> Serves(int64_t id, int64_t course_id) const;

 private:
  pg::Pool& pool_;
};

}  // namespace lectern::api
