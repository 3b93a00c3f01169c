// Where an organization's media is kept. A local folder now; the interface asks for nothing that S3 cannot do: whole
// objects, atomic replacement, listing by prefix, ranges.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/file.h"

namespace lectern {

struct BlobInfo {
  std::string key;
  uint64_t size_bytes = 0;
  absl::Time modified;
  std::string etag;  // strong, with quotes: changes with every replacement
};

// An object opened for reading: for a local store the file itself (for sendfile).
struct OpenBlob {
  BlobInfo info;
  std::shared_ptr<const Fd> file;
};

// Keys are relative paths of [A-Za-z0-9._-] components; anything else, "." and ".." are kInvalidArgument. A prefix
// names a folder: "a/b" covers "a/b/c" and not "a/bc". Thread-safe.
class BlobStore {
 public:
  virtual ~BlobStore() = default;
  virtual absl::StatusOr<OpenBlob> Open(absl::string_view key) = 0;                // kNotFound
  virtual absl::Status Put(absl::string_view key, absl::string_view content) = 0;  // atomic, durable
  // Moves a finished local file in; it must be below the store's own scratch folder (see ScratchDir). Atomic, durable.
  virtual absl::Status PutFile(absl::string_view key, const std::string& path) = 0;
  virtual absl::Status Delete(absl::string_view key) = 0;  // absent is fine
  virtual absl::Status DeletePrefix(absl::string_view prefix) = 0;
  virtual absl::StatusOr<std::vector<BlobInfo>> List(absl::string_view prefix) = 0;  // by key; "" lists everything
  // The names of the folders directly below a prefix ("": the top), sorted.
  virtual absl::StatusOr<std::vector<std::string>> ListFolders(absl::string_view prefix) = 0;
  // A folder for files that are being made; on the same file system as a local store. Its users sweep what they left
  // there.
  virtual std::string ScratchDir() const = 0;
};

// Objects live in `directory`/objects, files being made in `directory`/scratch.
absl::StatusOr<std::unique_ptr<BlobStore>> OpenLocalBlobStore(const std::string& directory);

}  // namespace lectern
