// A file that is being received. Gone again unless it was kept.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/base/file.h"
#include "vod_service/http/receive.h"
#include "vod_service/upload/digest.h"

namespace lectern::vod {

class ReceivedFile final : public BodySink {
 public:
  // `limit_bytes` 0: none.
  ReceivedFile(std::string path, int64_t limit_bytes)
      : path_(std::move(path)), limit_bytes_(static_cast<uint64_t>(limit_bytes)) {}
  ~ReceivedFile() override;
  ReceivedFile(const ReceivedFile&) = delete;
  ReceivedFile& operator=(const ReceivedFile&) = delete;

  // Its folder exists.
  absl::Status Open();
  // Errors: kOutOfRange/TOO_LARGE, kResourceExhausted/DISK_FULL.
  absl::Status Take(absl::string_view bytes) override;
  // Write-back goes on beside receiving, so that the sync at the end is short.
  bool SyncDue() override;
  absl::Status Sync() override;

  // kInvalidArgument/DIGEST_MISMATCH; an empty digest is not checked.
  absl::Status CheckDigest(absl::string_view expected_sha256) const;
  absl::Status SyncToDisk();
  // It was moved away.
  void Keep() { kept_ = true; }

  const std::string& path() const { return path_; }
  uint64_t size() const { return size_; }
  std::string sha256() const;

 private:
  const std::string path_;
  const uint64_t limit_bytes_;
  Fd file_;
  Digest digest_{DigestAlgorithm::kSha256};
  uint64_t size_ = 0;
  uint64_t flushed_ = 0;
  bool kept_ = false;
};

}  // namespace lectern::vod
