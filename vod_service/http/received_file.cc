#include "vod_service/http/received_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/match.h"
#include "common/base/status.h"
#include "common/base/text.h"

namespace lectern::vod {
namespace {

constexpr uint64_t kFlushBytes = 32 << 20;

}  // namespace

ReceivedFile::~ReceivedFile() {
  if (file_.valid() && !kept_) unlink(path_.c_str());
}

absl::Status ReceivedFile::Open() {
  file_ = Fd(open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640));
  return file_.valid() ? absl::OkStatus() : ErrnoStatus(errno, "creating a file");
}

absl::Status ReceivedFile::Take(absl::string_view bytes) {
  if (limit_bytes_ > 0 && size_ + bytes.size() > limit_bytes_) {
    return WithReason(absl::OutOfRangeError("the file is too large"), "TOO_LARGE");
  }
  digest_.Update(bytes);
  while (!bytes.empty()) {
    ssize_t written = pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(size_));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoStatus(errno, "storing a file");
    size_ += static_cast<uint64_t>(written);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

bool ReceivedFile::SyncDue() {
  return size_ - flushed_ >= kFlushBytes;
}

absl::Status ReceivedFile::Sync() {
  sync_file_range(file_.get(), static_cast<off_t>(flushed_), static_cast<off_t>(size_ - flushed_),
                  SYNC_FILE_RANGE_WRITE);
  flushed_ = size_;
  return absl::OkStatus();
}

absl::Status ReceivedFile::CheckDigest(absl::string_view expected_sha256) const {
  if (expected_sha256.empty() || absl::EqualsIgnoreCase(expected_sha256, sha256())) return absl::OkStatus();
  return WithReason(absl::InvalidArgumentError("the file does not match its X-Content-SHA256"), "DIGEST_MISMATCH");
}

absl::Status ReceivedFile::SyncToDisk() {
  return fdatasync(file_.get()) == 0 ? absl::OkStatus() : ErrnoStatus(errno, "syncing a file");
}

std::string ReceivedFile::sha256() const {
  return HexEncode(digest_.Value());
}

}  // namespace lectern::vod
