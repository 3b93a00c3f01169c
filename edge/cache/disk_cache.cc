#include "edge/cache/disk_cache.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "common/log/log.h"

namespace lectern::edge {
namespace {

namespace fs = std::filesystem;

// The kernel writes dirty pages back after 30 s (vm.dirty_expire_centisecs); with a margin.
constexpr std::chrono::minutes kWriteBack(3);

// Identifies one boot of the machine.
std::string BootId() {
  return ReadFile("/proc/sys/kernel/random/boot_id").value_or("");
}

std::string ReadBody(int fd, uint64_t size) {
  std::string body(size, '\0');
  if (pread(fd, body.data(), size, kBodyOffset) != static_cast<ssize_t>(size)) body.clear();
  return body;
}

}  // namespace

absl::StatusOr<std::unique_ptr<DiskCache>> DiskCache::Open(CacheOptions options) {
  std::unique_ptr<DiskCache> cache(new DiskCache(std::move(options)));
  bool rebooted = false;
  RETURN_IF_ERROR(Annotate(cache->Prepare(rebooted), "cache"));
  cache->Scan(rebooted);
  log::Info("cache opened", {{"dir", cache->options_.dir}, {"objects", cache->objects()}, {"bytes", cache->bytes()}});
  return cache;
}

absl::Status DiskCache::Prepare(bool& rebooted) {
  RETURN_IF_ERROR(MakeDirectories(options_.dir));
  std::error_code ignored;
  fs::remove_all(options_.dir + "/filling", ignored);
  std::string boot_file = options_.dir + "/boot_id";
  std::string boot = BootId();
  rebooted = ReadFile(boot_file).value_or("") != boot;
  // Not synced: losing it only makes the next start more careful.
  if (rebooted) std::ofstream(boot_file, std::ios::trunc) << boot;
  RETURN_IF_ERROR(MakeDirectories(options_.dir + "/filling"));
  for (int i = 0; i < 256; ++i) {
    char byte = static_cast<char>(i);
    RETURN_IF_ERROR(MakeDirectories(absl::StrCat(options_.dir, "/objects/", HexEncode(absl::string_view(&byte, 1)))));
  }
  return absl::OkStatus();
}

void DiskCache::Scan(bool rebooted) {
  std::vector<std::pair<fs::file_time_type, std::string>> files;
  std::error_code error;
  for (auto it = fs::recursive_directory_iterator(options_.dir + "/objects", error);
       !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    std::error_code gone;
    if (it->is_regular_file(gone)) files.emplace_back(it->last_write_time(gone), it->path().string());
  }
  if (error) log::Warn("cache only partly read", {{"error", error.message()}});
  // Oldest first, so that the youngest become the most recently used.
  std::sort(files.begin(), files.end());
  // Bodies are not synced, which would cost more than they are worth: a power loss can leave a file of the right length
  // without its content. What is this much older than the youngest was written back long before the machine went down.
  fs::file_time_type trusted = rebooted && !files.empty() ? files.back().first - kWriteBack : fs::file_time_type::max();
  for (const auto& [time, path] : files) {
    if (time <= trusted) {
      AdoptFile(path);
    } else {
      unlink(path.c_str());
    }
  }
}

void DiskCache::AdoptFile(const std::string& path) {
  Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  absl::StatusOr<ObjectMeta> meta = fd.valid() ? ReadMeta(fd.get()) : ErrnoStatus(errno, "open");
  if (!meta.ok() || PathOf(meta->key) != path) {
    log::Warn("damaged cache file removed", {{"file", path}});
    unlink(path.c_str());
    return;
  }
  absl::MutexLock lock(&mu_);
  int64_t size = static_cast<int64_t>(meta->size + kBodyOffset);
  if (!MakeRoom(size)) {
    unlink(path.c_str());
    return;
  }
  bytes_ += size;
  Insert(std::make_shared<const ObjectMeta>(*std::move(meta)));
}

std::string DiskCache::PathOf(absl::string_view key) const {
  return absl::StrCat(options_.dir, "/objects/", FileNameOf(key));
}

CachedObject DiskCache::Snapshot(const Entry& entry) const {
  return {entry.meta, entry.headers, entry.file, entry.text, entry.validated_at};
}

DiskCache::Entry& DiskCache::Insert(std::shared_ptr<const ObjectMeta> meta) {
  auto entry = std::make_unique<Entry>();
  Entry& added = *entry;
  added.validated_at = meta->validated_at;
  added.headers = std::make_shared<const std::string>(options_.headers ? options_.headers(*meta) : "");
  added.meta = std::move(meta);
  uses_.push_front(&added);
  added.use = uses_.begin();
  entries_[added.meta->key] = std::move(entry);
  return added;
}

void DiskCache::Erase(Entry& entry, bool unlink_file) {
  if (entry.file != nullptr) CloseFile(entry);
  if (unlink_file) unlink(PathOf(entry.meta->key).c_str());
  bytes_ -= static_cast<int64_t>(entry.meta->size + kBodyOffset);
  uses_.erase(entry.use);
  std::string key = entry.meta->key;
  entries_.erase(key);
}

std::optional<CachedObject> DiskCache::Find(absl::string_view key) {
  absl::MutexLock lock(&mu_);
  auto found = entries_.find(key);
  if (found == entries_.end()) return std::nullopt;
  Entry& entry = *found->second;
  if (entry.file == nullptr && !OpenFile(entry)) {
    // With too many connections there is no descriptor left, which is no reason to lose what was cached.
    if (errno != EMFILE && errno != ENFILE && errno != ENOMEM) Erase(entry, /*unlink_file=*/true);
    return std::nullopt;
  }
  entry.used_lately = true;
  uses_.splice(uses_.begin(), uses_, entry.use);
  return Snapshot(entry);
}

bool DiskCache::OpenFile(Entry& entry) {
  Fd fd(open(PathOf(entry.meta->key).c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    const int error = errno;
    log::Warn("cached file cannot be opened", {{"error", ErrnoStatus(error, "open").message()}});
    errno = error;
    return false;
  }
  KeepOpen(entry, std::make_shared<const Fd>(std::move(fd)));
  return true;
}

void DiskCache::KeepOpen(Entry& entry, std::shared_ptr<const Fd> file) {
  if (open_.size() >= options_.max_open) CloseOneUnused();
  if (entry.meta->size <= options_.max_text_bytes) {
    std::string body = ReadBody(file->get(), entry.meta->size);
    if (body.size() == entry.meta->size) entry.text = std::make_shared<const std::string>(std::move(body));
  }
  entry.file = std::move(file);
  entry.open_place = open_.size();
  entry.used_lately = true;
  open_.push_back(&entry);
}

void DiskCache::CloseFile(Entry& entry) {
  open_.back()->open_place = entry.open_place;
  std::swap(open_[entry.open_place], open_.back());
  open_.pop_back();
  entry.file = nullptr;
  entry.text = nullptr;
}

// The clock algorithm: a file that was used since the hand last passed gets another round.
void DiskCache::CloseOneUnused() {
  for (size_t steps = 0; steps <= 2 * open_.size() && !open_.empty(); ++steps) {
    clock_hand_ = (clock_hand_ + 1) % open_.size();
    Entry& entry = *open_[clock_hand_];
    if (!std::exchange(entry.used_lately, false)) return CloseFile(entry);
  }
}

void DiskCache::Touch(absl::string_view key, absl::string_view etag, absl::Time validated_at) {
  absl::MutexLock lock(&mu_);
  auto found = entries_.find(key);
  if (found != entries_.end() && found->second->meta->etag == etag) found->second->validated_at = validated_at;
}

void DiskCache::Remove(absl::string_view key) {
  absl::MutexLock lock(&mu_);
  auto found = entries_.find(key);
  if (found != entries_.end()) Erase(*found->second, /*unlink_file=*/true);
}

int64_t DiskCache::bytes() const {
  absl::MutexLock lock(&mu_);
  return bytes_;
}

size_t DiskCache::objects() const {
  absl::MutexLock lock(&mu_);
  return entries_.size();
}

bool DiskCache::MakeRoom(int64_t bytes) {
  while (bytes_ + bytes > options_.max_bytes && !uses_.empty()) Erase(*uses_.back(), /*unlink_file=*/true);
  return bytes_ + bytes <= options_.max_bytes;
}

bool DiskCache::Reserve(int64_t bytes) {
  absl::MutexLock lock(&mu_);
  if (!MakeRoom(bytes)) return false;
  bytes_ += bytes;
  return true;
}

void DiskCache::Release(int64_t bytes) {
  absl::MutexLock lock(&mu_);
  bytes_ -= bytes;
}

// Frees a part of the cache where the disk is smaller than the bound says. False where nothing is left to throw out.
bool DiskCache::EvictSome() {
  absl::MutexLock lock(&mu_);
  if (uses_.empty()) return false;
  int64_t goal = bytes_ - std::max<int64_t>(bytes_ / 16, int64_t{8} << 20);
  while (bytes_ > goal && !uses_.empty()) Erase(*uses_.back(), /*unlink_file=*/true);
  return true;
}

absl::StatusOr<std::unique_ptr<DiskCache::Writer>> DiskCache::Create() {
  std::string path = absl::StrCat(options_.dir, "/filling/", RandomHex(8));
  Fd fd(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!fd.valid()) return ErrnoStatus(errno, "create a file in the cache");
  if (!Reserve(kBodyOffset)) {
    unlink(path.c_str());
    return absl::ResourceExhaustedError("the cache is too small");
  }
  return std::unique_ptr<Writer>(new Writer(*this, std::move(path), std::make_shared<const Fd>(std::move(fd))));
}

DiskCache::Writer::Writer(DiskCache& cache, std::string path, std::shared_ptr<const Fd> file)
    : cache_(cache), path_(std::move(path)), file_(std::move(file)) {}

DiskCache::Writer::~Writer() {
  if (committed_) return;
  unlink(path_.c_str());
  cache_.Release(static_cast<int64_t>(size_ + kBodyOffset));
}

absl::Status DiskCache::Writer::WriteAt(absl::string_view bytes) {
  uint64_t at = kBodyOffset + size_;
  while (!bytes.empty()) {
    ssize_t wrote = pwrite(file_->get(), bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0 && errno == ENOSPC && cache_.EvictSome()) continue;
    if (wrote < 0) return ErrnoStatus(errno, "write to the cache");
    bytes.remove_prefix(static_cast<size_t>(wrote));
    at += static_cast<uint64_t>(wrote);
  }
  return absl::OkStatus();
}

absl::Status DiskCache::Writer::Append(absl::string_view bytes) {
  int64_t count = static_cast<int64_t>(bytes.size());
  if (!cache_.Reserve(count)) return absl::ResourceExhaustedError("the object is larger than the cache");
  absl::Status written = WriteAt(bytes);
  if (!written.ok()) {
    cache_.Release(count);
    return written;
  }
  size_ += bytes.size();
  return absl::OkStatus();
}

absl::StatusOr<CachedObject> DiskCache::Writer::Commit(ObjectMeta meta) {
  meta.size = size_;
  RETURN_IF_ERROR(WriteMeta(file_->get(), meta));
  auto shared = std::make_shared<const ObjectMeta>(std::move(meta));
  absl::MutexLock lock(&cache_.mu_);
  if (rename(path_.c_str(), cache_.PathOf(shared->key).c_str()) != 0) return ErrnoStatus(errno, "rename in the cache");
  committed_ = true;
  auto old = cache_.entries_.find(shared->key);
  if (old != cache_.entries_.end()) cache_.Erase(*old->second, /*unlink_file=*/false);
  Entry& entry = cache_.Insert(std::move(shared));
  cache_.KeepOpen(entry, file_);
  return cache_.Snapshot(entry);
}

}  // namespace lectern::edge
