// The edge's cache: whole objects as files, bounded in bytes, least recently used first out. Survives a restart.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/file.h"
#include "edge/cache/object_file.h"

namespace lectern::edge {

struct CacheOptions {
  std::string dir;
  int64_t max_bytes = int64_t{10} << 30;
  size_t max_open = 4096;             // files kept open between requests
  size_t max_text_bytes = 16 * 1024;  // smaller bodies are kept in memory while their file is open
  // The response header block of an object; made once, shared by all its responses.
  std::function<std::string(const ObjectMeta&)> headers;
};

// An object, ready to be sent. Stays usable after it left the cache.
struct CachedObject {
  std::shared_ptr<const ObjectMeta> meta;  // validated_at as of the time it was stored; see below
  std::shared_ptr<const std::string> headers;
  std::shared_ptr<const Fd> file;           // the body is at kBodyOffset
  std::shared_ptr<const std::string> text;  // the body where it is small, else null
  absl::Time validated_at;
};

// Thread-safe.
class DiskCache {
 public:
  // An object on its way into the cache. Not thread-safe. Destroyed without Commit it leaves nothing behind.
  class Writer {
   public:
    ~Writer();
    // kResourceExhausted where the disk is full (after older objects were thrown out) or the object is too large to be
    // kept.
    absl::Status Append(absl::string_view bytes);
    // The file being written; the body is at kBodyOffset.
    const std::shared_ptr<const Fd>& file() const { return file_; }
    uint64_t size() const { return size_; }
    // Puts the object in the place of an older one of the same key. `meta.size` is set to what was written.
    absl::StatusOr<CachedObject> Commit(ObjectMeta meta);

   private:
    friend class DiskCache;
    Writer(DiskCache& cache, std::string path, std::shared_ptr<const Fd> file);
    absl::Status WriteAt(absl::string_view bytes);

    DiskCache& cache_;
    const std::string path_;
    std::shared_ptr<const Fd> file_;
    uint64_t size_ = 0;
    bool committed_ = false;
  };

  // Takes over what an earlier process left. Files that are damaged are thrown away, and where the machine was started
  // anew since, the youngest as well: their bodies may not have reached the disk.
  static absl::StatusOr<std::unique_ptr<DiskCache>> Open(CacheOptions options);

  // Absent: nullopt. Counts as a use.
  std::optional<CachedObject> Find(absl::string_view key);

  absl::StatusOr<std::unique_ptr<Writer>> Create();

  // The origin confirmed that the version with this ETag is current.
  void Touch(absl::string_view key, absl::string_view etag, absl::Time validated_at);
  void Remove(absl::string_view key);

  int64_t bytes() const;  // files, and what is being written
  size_t objects() const;

 private:
  struct Entry {
    std::shared_ptr<const ObjectMeta> meta;
    std::shared_ptr<const std::string> headers;
    std::shared_ptr<const Fd> file;  // null: not open
    std::shared_ptr<const std::string> text;
    absl::Time validated_at;
    std::list<Entry*>::iterator use;  // place in uses_
    size_t open_place = 0;            // place in open_, while `file` is set
    bool used_lately = false;         // for the clock over open_
  };

  explicit DiskCache(CacheOptions options) : options_(std::move(options)) {}

  absl::Status Prepare(bool& rebooted);
  void Scan(bool rebooted);
  void AdoptFile(const std::string& path);
  std::string PathOf(absl::string_view key) const;
  CachedObject Snapshot(const Entry& entry) const ABSL_SHARED_LOCKS_REQUIRED(mu_);
  Entry& Insert(std::shared_ptr<const ObjectMeta> meta) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Erase(Entry& entry, bool unlink_file) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool OpenFile(Entry& entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void KeepOpen(Entry& entry, std::shared_ptr<const Fd> file) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void CloseFile(Entry& entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void CloseOneUnused() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Throws objects out until `bytes` more fit. False where they never will.
  bool MakeRoom(int64_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool Reserve(int64_t bytes);
  void Release(int64_t bytes);
  bool EvictSome();

  const CacheOptions options_;
  mutable absl::Mutex mu_;
  absl::flat_hash_map<std::string, std::unique_ptr<Entry>> entries_ ABSL_GUARDED_BY(mu_);
  std::list<Entry*> uses_ ABSL_GUARDED_BY(mu_);  // most recent first
  std::vector<Entry*> open_ ABSL_GUARDED_BY(mu_);
  size_t clock_hand_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t bytes_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace lectern::edge
