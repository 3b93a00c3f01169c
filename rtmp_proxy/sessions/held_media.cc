#include "rtmp_proxy/sessions/held_media.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "common/base/file.h"
#include "common/base/status.h"
#include "common/rtmp/flv.h"

namespace lectern::proxy {

HeldMedia::HeldMedia(std::string file, FILE* handle, int64_t max_bytes, Clock& clock)
    : file_(std::move(file)), max_bytes_(max_bytes), clock_(clock), begun_(clock.Steady()), handle_(handle) {}

absl::StatusOr<std::unique_ptr<HeldMedia>> HeldMedia::Create(std::string file, int64_t max_bytes, Clock& clock) {
  RETURN_IF_ERROR(MakeDirectories(std::filesystem::path(file).parent_path().string(), 0700));
  FILE* handle = fopen(file.c_str(), "w+e");
  if (handle == nullptr) return ErrnoStatus(errno, file);
  fchmod(fileno(handle), 0600);
  std::unique_ptr<HeldMedia> held(new HeldMedia(std::move(file), handle, max_bytes, clock));
  held->Write(rtmp::FlvHeader());
  return held;
}

HeldMedia::~HeldMedia() {
  fclose(handle_);
  unlink(file_.c_str());
}

void HeldMedia::Write(const std::string& text) {
  bool fits = bytes_ + static_cast<int64_t>(text.size()) <= max_bytes_;
  if (!fits || fwrite(text.data(), 1, text.size(), handle_) != text.size()) {
    ++lost_;
    return;
  }
  bytes_ += static_cast<int64_t>(text.size());
}

void HeldMedia::Append(const rtmp::MediaMessage& message) {
  bool frame = message.kind != rtmp::MediaMessage::kData && !rtmp::IsVideoHeader(message) && !rtmp::IsAudioHeader(message);
  rtmp::MediaMessage placed = message;
  int64_t clock_ms = absl::ToInt64Milliseconds(clock_.Steady() - begun_);
  placed.timestamp_ms = frame ? timeline_.Map(message.timestamp_ms, clock_ms).ms : timeline_.last_ms();
  std::string tag;
  rtmp::AppendFlvTag(placed, tag);
  // Once something is lost, nothing follows: pictures refer to those before them.
  if (lost_ > 0) {
    ++lost_;
  } else {
    Write(tag);
  }
}

absl::Status HeldMedia::Replay(const std::function<void(const rtmp::MediaMessage& message)>& take) {
  if (fflush(handle_) != 0) return ErrnoStatus(errno, file_);
  rewind(handle_);
  rtmp::FlvReader reader;
  std::string buffer(1 << 20, '\0');
  while (size_t got = fread(buffer.data(), 1, buffer.size(), handle_)) {
    RETURN_IF_ERROR(reader.Feed(absl::string_view(buffer).substr(0, got)));
    for (rtmp::MediaMessage message; reader.Next(message);) take(message);
  }
  return absl::OkStatus();
}

}  // namespace lectern::proxy
