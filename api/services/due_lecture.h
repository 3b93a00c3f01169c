// From a lecturer's encoder to the lecture that it is for.
#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "api/services/services.h"
#include "api/store/live_store.h"
#include "api/store/user_store.h"

namespace lectern::api {

// Thread-safe.
class DueLecture {
 public:
  explicit DueLecture(const ServiceDeps& deps) : deps_(deps) {}

  // Opens the stream of the first of these: the lecture of `before`, the stream that the connection has already (no rehearsal, and
  // the person still teaches it); the lecture that they were in until a moment ago; the one that is due; one that runs over its
  // time; a rehearsal. `open.lecture_id` and its VOD
  // service are filled in here. A rehearsal that gives way to a lecture is ended.
  // Errors: kFailedPrecondition/NO_COURSE, /NO_VOD_SERVICE, /STREAM_ENDED; kResourceExhausted/DISK_FULL.
  absl::StatusOr<OpenedLive> Open(const UserRow& person, const std::optional<LiveStreamRow>& before, OpenLive open) const;

 private:
  absl::StatusOr<int64_t> Find(const UserRow& person, const std::optional<LiveStreamRow>& before, const std::string& view) const;
  absl::StatusOr<int64_t> VodServiceFor(int64_t lecture, const std::string& view) const;

  const ServiceDeps deps_;
};

}  // namespace lectern::api
