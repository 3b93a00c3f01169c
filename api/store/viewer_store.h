// How many watch a live lecture, as each API instance counts its own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/pg/pool.h"

namespace lectern::api {

struct ViewerCount {
  int64_t lecture_id = 0;
  int64_t viewers = 0;          // at least 1
};

// Thread-safe. One statement a call. What is older than half a minute counts no more (LectureRow::viewers).
class ViewerStore {
 public:
  explicit ViewerStore(pg::Pool& pool) : pool_(pool) {}

  // What `instance` counts now, instead of what it counted before. Lectures that do not exist any more are left out.
  absl::Status Replace(absl::string_view instance, const std::vector<ViewerCount>& counts);
  // Deletes what instances that have gone left behind.
  absl::Status Sweep();

 private:
  pg::Pool& pool_;
};

}  // namespace lectern::api
