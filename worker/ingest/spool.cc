#include "worker/ingest/spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/log/log.h"

namespace lectern::worker {
namespace {

int64_t SizeOf(const SegmentSet& set) {
  int64_t size = 0;
  for (const TrackSegment& segment : set.segments) {
    if (segment.bytes != nullptr) size += static_cast<int64_t>(segment.bytes->size());
  }
  return size;
}

// Not synced: after a crash nobody reads it, since the proxy still has what was not stored.
absl::Status WriteSegments(const std::string& path, const SegmentSet& set) {
  Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file.valid()) return ErrnoStatus(errno, "make a spool file");
  for (const TrackSegment& segment : set.segments) {
    if (segment.bytes == nullptr) continue;
    absl::string_view rest(*segment.bytes);
    while (!rest.empty()) {
      ssize_t wrote = write(file.get(), rest.data(), rest.size());
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote <= 0) return ErrnoStatus(errno, "write a spool file");
      rest.remove_prefix(static_cast<size_t>(wrote));
    }
  }
  return absl::OkStatus();
}

}  // namespace

Spool::Spool(std::string directory, SpoolBudget& budget, int64_t memory_bytes)
    : directory_(std::move(directory)), budget_(budget), memory_bytes_(memory_bytes) {}

Spool::~Spool() {
  while (!empty()) Pop();
}

void Spool::Push(SegmentSet set) {
  auto entry = std::make_shared<Entry>();
  entry->size_bytes = SizeOf(set);
  std::string path;
  {
    absl::MutexLock lock(&mu_);
    if (in_memory_ + entry->size_bytes > memory_bytes_) path = absl::StrCat(directory_, "/spool-", ++files_);
  }
  if (!path.empty()) {
    absl::Status written = WriteSegments(path, set);
    if (written.ok()) {
      entry->file = path;
      for (TrackSegment& segment : set.segments) {
        entry->sizes.push_back(segment.bytes == nullptr ? 0 : segment.bytes->size());
        segment.bytes = nullptr;
      }
    } else {
      unlink(path.c_str());
      log::Warn("a set stays in memory", {{"error", written.ToString()}});
    }
  }
  entry->set = std::move(set);
  budget_.Add(entry->size_bytes, entry->file.empty());
  absl::MutexLock lock(&mu_);
  if (entry->file.empty()) in_memory_ += entry->size_bytes;
  entries_.push_back(std::move(entry));
}

absl::StatusOr<SegmentSet> Spool::Load(const Entry& entry) {
  if (entry.file.empty()) return entry.set;
  absl::StatusOr<std::string> content = ReadFile(entry.file, static_cast<size_t>(entry.size_bytes) + 1);
  if (!content.ok() || content->size() != static_cast<size_t>(entry.size_bytes)) {
    return absl::DataLossError(absl::StrCat("a spooled set cannot be read back: ", content.status().message()));
  }
  SegmentSet set = entry.set;
  size_t offset = 0;
  for (size_t i = 0; i < set.segments.size(); ++i) {
    if (entry.sizes[i] == 0) continue;
    set.segments[i].bytes = std::make_shared<const std::string>(content->substr(offset, entry.sizes[i]));
    offset += entry.sizes[i];
  }
  return set;
}

absl::StatusOr<SegmentSet> Spool::Front(absl::Duration patience) {
  std::shared_ptr<Entry> entry;
  {
    absl::MutexLock lock(&mu_);
    auto something = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return closed_ || !entries_.empty(); };
    if (!mu_.AwaitWithTimeout(absl::Condition(&something), patience)) return absl::DeadlineExceededError("nothing to store");
    if (closed_) return absl::CancelledError("the spool is closed");
    entry = entries_.front();
  }
  return Load(*entry);
}

void Spool::Pop() {
  std::shared_ptr<Entry> entry;
  {
    absl::MutexLock lock(&mu_);
    entry = std::move(entries_.front());
    entries_.pop_front();
    if (entry->file.empty()) in_memory_ -= entry->size_bytes;
  }
  budget_.Add(-entry->size_bytes, entry->file.empty());
  if (!entry->file.empty()) unlink(entry->file.c_str());
}

void Spool::Close() {
  absl::MutexLock lock(&mu_);
  closed_ = true;
}

bool Spool::empty() const {
  absl::MutexLock lock(&mu_);
  return entries_.empty();
}

absl::Time Spool::oldest() const {
  absl::MutexLock lock(&mu_);
  return entries_.empty() ? absl::InfiniteFuture() : entries_.front()->set.arrived;
}

}  // namespace lectern::worker
