#include "rtmp_proxy/relay/spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/rtmp/bytes.h"
#include "common/rtmp/flv.h"

namespace lectern::proxy {
namespace {

absl::Status WriteAll(int fd, absl::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t count = write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoStatus(errno, "write to the spool");
    bytes.remove_prefix(count);
  }
  return absl::OkStatus();
}

absl::Status WriteTags(int fd, const std::vector<rtmp::MediaMessage>& messages) {
  constexpr size_t kPiece = 256 << 10;
  std::string piece = rtmp::FlvHeader();
  for (const rtmp::MediaMessage& message : messages) {
    rtmp::AppendFlvTag(message, piece);
    if (piece.size() < kPiece) continue;
    RETURN_IF_ERROR(WriteAll(fd, piece));
    piece.clear();
  }
  return WriteAll(fd, piece);
}

}  // namespace

absl::Status PrepareSpool(const std::string& dir) {
  RETURN_IF_ERROR(MakeDirectories(dir, 0700));
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(dir, error)) {
    if (absl::EndsWith(entry.path().string(), ".flv")) RemoveSpool(entry.path().string());
  }
  return error ? absl::InternalError(absl::StrCat("cannot list the spool: ", error.message())) : absl::OkStatus();
}

absl::Status WriteSpool(const std::string& path, const std::vector<rtmp::MediaMessage>& messages) {
  Fd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd.valid()) return ErrnoStatus(errno, "open the spool");
  absl::Status written = WriteTags(fd.get(), messages);
  if (!written.ok()) RemoveSpool(path);
  return written;
}

absl::StatusOr<std::vector<rtmp::MediaMessage>> ReadSpool(const std::string& path, int64_t near_ms, size_t count) {
  Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return ErrnoStatus(errno, "open the spool");
  std::vector<rtmp::MediaMessage> messages;
  rtmp::FlvReader reader;
  std::array<char, 64 << 10> buffer;
  while (true) {
    ssize_t got = read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoStatus(errno, "read the spool");
    if (got == 0) break;
    if (!reader.Feed(absl::string_view(buffer.data(), got)).ok()) return absl::DataLossError("the spool is damaged");
    rtmp::MediaMessage message;
    while (reader.Next(message)) {
      message.timestamp_ms = rtmp::UnwrapMs(static_cast<uint32_t>(message.timestamp_ms), near_ms);
      messages.push_back(std::move(message));
    }
  }
  if (messages.size() != count) return absl::DataLossError("the spool is damaged");
  return messages;
}

void RemoveSpool(const std::string& path) { unlink(path.c_str()); }

}  // namespace lectern::proxy
