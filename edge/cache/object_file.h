// One cached object as a file: a block that describes it, then the body. Internal to this room, but for ObjectMeta.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/file.h"

namespace lectern::edge {

// What is known of an object beside its bytes.
struct ObjectMeta {
  std::string key;           // "<resource>/<lecture>/<view>/<path>"
  uint64_t size = 0;         // of the body
  std::string etag;          // as the origin sent it, with quotes; empty: none
  absl::Time last_modified;  // whole seconds; InfinitePast: unknown
  absl::Time validated_at;   // when the origin last said that this is the current version
  absl::Duration max_age =
      absl::InfiniteDuration();  // for how long it said so, whole seconds; infinite: it did not say
};

// Where the body begins: a whole page, so that sendfile copies aligned pages.
inline constexpr uint64_t kBodyOffset = 4096;

// Writes the describing block at the start of the file. kInvalidArgument where it does not fit.
absl::Status WriteMeta(int fd, const ObjectMeta& meta);

// Errors: kDataLoss for a file that is not an object or whose length is not the one that it should have.
absl::StatusOr<ObjectMeta> ReadMeta(int fd);

// "ab/cdef...": below the cache's folder of objects.
std::string FileNameOf(absl::string_view key);

}  // namespace lectern::edge
