// What must be known of an object to decide who may do what with it.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "api/domain/access.h"
#include "common/pg/pool.h"

namespace lectern::api {

// Thread-safe. One statement a call.
class AccessStore {
 public:
  explicit AccessStore(pg::Pool& pool) : pool_(pool) {}

  // `collection` is the first part of the object's name: organizations, courses, lectures, resources, jobs, tasks, bookmarks,
  // sections, liveStreams, halls.
  // `user_id` 0: nobody in particular. An object that does not exist, a removed resource and an unknown collection give
  // `exists` false, not an error.
  absl::StatusOr<AccessFacts> Facts(absl::string_view collection, int64_t id, int64_t user_id) const;

 private:
  pg::Pool& pool_;
};

}  // namespace lectern::api
